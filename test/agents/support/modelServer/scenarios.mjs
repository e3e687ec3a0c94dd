/**
 * What the scripted model can be asked to do. A prompt chooses with `scenario=NAME`, and may set the
 * parameters behind it: `scenario=write file=notes.txt content=hello`.
 * @typedef {import('./types.mjs').Scenario} Scenario
 */

/** Used when a prompt names no scenario, or one that does not exist. */
export const fallbackScenario = 'text';

/** @type {Readonly<Record<string, Scenario>>} */
export const builtInScenarios = {
  text: { steps: [{ text: 'Hello from the scripted model. E2E-FINAL-TEXT' }] },
  slow: { steps: [{ delay: 2000, chunk: 200, text: 'one two three four five E2E-FINAL-SLOW' }] },
  hold: { steps: [{ hold: true, text: 'Released. E2E-FINAL-HOLD' }] },

  shell: {
    params: { command: 'echo hello-from-tool > tool-out.txt && cat tool-out.txt' },
    steps: [{ text: 'I will run one command.', shell: '{{command}}' }, { text: 'The command ran. E2E-FINAL-SHELL' }],
  },
  fail: { steps: [{ shell: 'echo oops >&2; exit 3' }, { text: 'The command failed. E2E-FINAL-FAIL' }] },
  // A tool that runs for long and has children of its own, so that tests can see whether the whole tree ends.
  // (Claude Code refuses commands that only sleep; --foreground keeps them in the tool's process group.)
  long: {
    params: { seconds: '60', pidfile: 'long.pid' },
    steps: [
      { shell: 'timeout --foreground {{seconds}} tail -f /dev/null & echo $! > {{pidfile}}; wait $!' },
      { text: 'The long command is done. E2E-FINAL-LONG' },
    ],
  },

  write: {
    params: { file: 'hello.txt', content: 'written by the agent' },
    steps: [
      { write: { path: '{{file}}', content: '{{content}}\n' } },
      { text: 'The file is written. E2E-FINAL-WRITE' },
    ],
  },
  edit: {
    params: { file: 'notes.txt' },
    steps: [
      { text: 'First the file.', write: { path: '{{file}}', content: 'first line\nsecond line\n' } },
      { text: 'Now the change.', edit: { path: '{{file}}', from: 'second line', to: 'another line' } },
      { text: 'The file is edited. E2E-FINAL-EDIT' },
    ],
  },

  // Codex asks only when the model wants to leave the sandbox. Other agents ignore the extra arguments.
  perm: {
    params: { file: 'perm-out.txt' },
    steps: [
      {
        text: 'I need a permission.',
        shell: 'echo allowed > {{file}}',
        args: { sandbox_permissions: 'require_escalated', justification: 'May I write {{file}}?' },
      },
      { text: 'The permission step is done. E2E-FINAL-PERM' },
    ],
  },
  ask: { steps: [{ ask: 'Which colour?' }, { text: 'You answered. E2E-FINAL-ASK' }] },
  subagent: {
    params: { task: 'text' },
    steps: [{ subagent: 'Say hello. scenario={{task}}' }, { text: 'The sub-agent is done. E2E-FINAL-SUBAGENT' }],
  },

  err400: { steps: [{ status: 400, message: 'scripted bad request' }] },
  err401: { steps: [{ status: 401, message: 'scripted invalid api key' }] },
  err429: { steps: [{ status: 429, message: 'scripted rate limit', headers: { 'retry-after': '1' } }] },
  err500: { steps: [{ status: 500, message: 'scripted server error' }] },
  limit: {
    steps: [{ status: 429, errorType: 'usage_limit_reached', message: 'You have hit your usage limit.' }],
  },
  drop: { steps: [{ drop: true }] },
};
