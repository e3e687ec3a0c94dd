/** Takes the terminal over (raw mode, alternate screen, mouse, hidden cursor), and dies without putting it back. */
process.stdin.setRawMode?.(true);
process.stdout.write('\u001b[?1049h\u001b[?1003h\u001b[?2004h\u001b[?25l\u001b]0;half a tit');
process.kill(process.pid, 'SIGKILL');
