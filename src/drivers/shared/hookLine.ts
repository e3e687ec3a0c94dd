import { FleetError } from '../../base/errors.ts';
import type { LaunchContext } from '../../core/driver.ts';

/** Who runs a hook's line. Each agent has its own habit on Windows; everywhere else it is a POSIX shell. */
export type HookShell = 'sh' | 'cmd' | 'powershell';

/** Largest payload that the runner takes, bytes. */
export const maxHookBytes = 1024 * 1024;
/** What a hook keeps at most: one byte more, so that the runner sees at once that a payload was cut, instead of waiting for the rest of it. */
export const keptHookBytes = maxHookBytes + 1;

/** Variables that the Windows lines use, set by the launch plan. Only there: no variable with a path in it is needed elsewhere. */
export const hookVariables = {
  /** `cmd`: the whole command up to the event's name, already quoted. */
  command: 'FLEET_HOOK_COMMAND',
  /** `powershell`: the executable and the program, one each. */
  node: 'FLEET_HOOK_NODE',
  program: 'FLEET_HOOK_PROGRAM',
} as const;

const bundle = 'hook.cjs';
const eventForm = /^[A-Za-z][A-Za-z0-9_]{0,60}$/;

/**
 * The command line of one hook: it keeps what the agent hands over on stdin as a file in `$FLEET_HOOK_DIR`, says nothing, always exits with 0,
 * and does nothing where that folder is missing, which is everywhere outside our sessions. The text is the same for every session and machine:
 * Codex remembers consent by a hash of it ("codex hooks").
 *
 * POSIX: `head` stops at the limit. It is not run by `exec`: where the file cannot be made, dash would end with 2, and 2 is how a hook tells
 * Claude Code to block what the agent is about to do.
 * Windows: paths come from variables, so that the line itself needs no quotes, which would not survive each agent's way of handing it
 * to `cmd.exe`. `ELECTRON_RUN_AS_NODE` is set inside the line: the agent's own children must not inherit it.
 *
 * `unlessSet` names a variable that an agent gives to what its tools run: hooks that travel by the environment would otherwise also fire in
 * an agent that was started inside the session's agent.
 */
export function hookLine(event: string, shell: HookShell, unlessSet?: string): string {
  if (!eventForm.test(event)) throw new FleetError('BadHookEvent', `“${event}” cannot be the name of a hook event.`);
  const { command, node, program } = hookVariables;
  const nested = unlessSet ?? '';
  switch (shell) {
    case 'sh':
      // In a group, because the shell itself complains where the folder is read-only or full.
      return `{ [ -d "$FLEET_HOOK_DIR" ]${nested && ` && [ -z "$${nested}" ]`} && head -c ${keptHookBytes} > "$FLEET_HOOK_DIR/${event}.$$.hook"; } 2>/dev/null; exit 0`;
    case 'cmd':
      return `${nested && `if not defined ${nested} `}if defined FLEET_HOOK_DIR set ELECTRON_RUN_AS_NODE=1&& %${command}% ${event} >nul 2>nul & exit 0`;
    case 'powershell':
      // The pipe makes PowerShell wait for a program that has windows, as the editor's executable does.
      return `if ($env:FLEET_HOOK_DIR${nested && ` -and -not $env:${nested}`}) { $env:ELECTRON_RUN_AS_NODE = '1'; & $env:${node} $env:${program} ${event} 2>$null | Out-Null }; exit 0`;
  }
}

/** The shell that runs an agent's hooks on a platform. */
export function hookShell(platform: LaunchContext['platform'], onWindows: Exclude<HookShell, 'sh'>): HookShell {
  return platform === 'win32' ? onWindows : 'sh';
}

/**
 * Variables that the lines of this shell need. `SHLVL` says what is true of an agent that a person starts by hand, too: that it runs below a shell.
 * Without it, bash takes the socket on which Node hands over a payload for a remote login and runs the person's `.bashrc` for each hook:
 * slow, and what that prints becomes the hook's answer. @throws FleetError `BadPath` for a path that `cmd.exe` would read as something else. */
export function hookEnv(shell: HookShell, context: Pick<LaunchContext, 'node' | 'assetsDir'>): Record<string, string> {
  const { executable } = context.node;
  const program = `${context.assetsDir}\\${bundle}`;
  switch (shell) {
    case 'sh':
      return { SHLVL: '1' };
    case 'cmd':
      for (const path of [executable, program]) {
        if (/["\r\n]/.test(path)) throw new FleetError('BadPath', `The path ${path} cannot stand in a hook: it holds a quote or a line break.`);
      }
      return { [hookVariables.command]: `"${executable}" "${program}"` };
    case 'powershell':
      return { [hookVariables.node]: executable, [hookVariables.program]: program };
  }
}
