// Runs one program to its end. Output is kept for the error message, or goes straight to the terminal.
import { spawn } from 'node:child_process';

/** An error whose message alone tells a person what went wrong and what to do. */
export class UserError extends Error {
  name = 'UserError';
}

/**
 * Runs a program and returns what it printed; throws with the end of its output when it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean }} [options] `show`: print the output as it comes
 * @returns {Promise<string>}
 */
export function run(command, args, { cwd, env = process.env, show = false } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'], windowsHide: true });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('error', fail);
    child.on('close', (code, signal) => {
      if (code === 0) return done(output);
      fail(new Error(`${command} ${args.join(' ')} ended with ${signal ?? `code ${code}`}\n${output.slice(-2000)}`.trimEnd()));
    });
  });
}

/**
 * Runs npm, also on Windows, where npm is a script that only a shell can start.
 * @param {readonly string[]} args Must be free of spaces: on Windows they pass through a shell.
 * @param {{ cwd?: string, show?: boolean }} [options]
 * @returns {Promise<string>}
 */
export function npm(args, options = {}) {
  // Under `npm start` the outer npm describes its own package in these variables; the inner one must not see them.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(command|lifecycle|package|config_local_prefix)/.test(name)));
  if (process.platform !== 'win32') return run('npm', args, { ...options, env });
  return run(process.env.ComSpec ?? 'cmd.exe', ['/d', '/s', '/c', 'npm', ...args], { ...options, env });
}
