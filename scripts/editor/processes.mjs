// Finding and ending whole trees of processes. A terminal starts its own process group, and a program in it may
// detach from everything: so a tree is found by parent links and, on Linux, by a mark in the environment.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The environment variable that marks everything started by one editor. */
export const markVariable = 'AGENT_FLEET_EDITOR_MARK';

/** @typedef {{ pid: number, parent: number, command: string }} ProcessInfo */

/**
 * Says whether a process with this id exists. One that has ended but was not yet collected by its parent counts as existing.
 * @param {number} pid
 * @returns {boolean}
 */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Lists all processes, zombies left out.
 * @returns {Promise<ProcessInfo[]>}
 */
export async function listProcesses() {
  if (process.platform === 'linux') return listFromProc();
  if (process.platform === 'win32') {
    const script = 'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId) S $($_.CommandLine)" }';
    return parse((await execute('powershell.exe', ['-NoProfile', '-Command', script], { maxBuffer: 1 << 26 })).stdout);
  }
  return parse((await execute('ps', ['-axo', 'pid=,ppid=,stat=,command='], { maxBuffer: 1 << 26 })).stdout);
}

/**
 * Lists the processes below one process, children before grandchildren.
 * @param {number} root
 * @param {readonly ProcessInfo[]} [all]
 * @returns {Promise<ProcessInfo[]>}
 */
export async function descendants(root, all) {
  const list = all ?? (await listProcesses());
  const found = list.filter((entry) => entry.parent === root);
  for (let index = 0; index < found.length; index++) {
    const parent = found[index]?.pid;
    found.push(...list.filter((entry) => entry.parent === parent && !found.includes(entry)));
  }
  return found;
}

/**
 * Ends a process, everything below it and everything that carries its mark: politely first, by force after the grace time.
 * @param {{ pid?: number | undefined, mark?: string, graceMs?: number }} target
 * @returns {Promise<void>}
 */
export async function endTree({ pid, mark, graceMs = 2_000 }) {
  if (process.platform === 'win32') {
    if (pid) await execute('taskkill', ['/pid', String(pid), '/T', '/F']).catch(() => undefined);
    return;
  }
  const find = async () => {
    const all = await listProcesses();
    const pids = new Set(await marked(mark, all));
    if (pid) {
      if (all.some((entry) => entry.pid === pid)) pids.add(pid);
      for (const entry of await descendants(pid, all)) pids.add(entry.pid);
    }
    pids.delete(process.pid);
    return pids;
  };
  // What was found once is remembered: a child loses its parent link when its parent goes first.
  let left = await find();
  for (const one of left) signal(one, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  for (let force = false; left.size > 0; ) {
    await pause(force ? 100 : 40);
    const seen = await find();
    const alive = new Set((await listProcesses()).map((entry) => entry.pid));
    left = new Set([...left, ...seen].filter((one) => alive.has(one)));
    if (Date.now() < deadline) continue;
    if (Date.now() > deadline + 5_000) return;
    force = true;
    for (const one of left) signal(one, 'SIGKILL');
  }
}

/**
 * @param {string | undefined} mark
 * @param {readonly ProcessInfo[]} all
 * @returns {Promise<number[]>}
 */
async function marked(mark, all) {
  if (!mark || process.platform !== 'linux') return [];
  const wanted = `${markVariable}=${mark}`;
  const pids = await Promise.all(
    all.map(async ({ pid }) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return environment.split('\0').includes(wanted) ? pid : 0;
    }),
  );
  return pids.filter((pid) => pid > 0);
}

/** @returns {Promise<ProcessInfo[]>} */
async function listFromProc() {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const entries = await Promise.all(
    names.map(async (name) => {
      const [status, command] = await Promise.all([
        readFile(`/proc/${name}/stat`, 'utf8').catch(() => ''),
        readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => ''),
      ]);
      // The program's name stands in parentheses and may hold anything; the fields that count follow the last one.
      const [state, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ');
      if (!state || state === 'Z' || state === 'X') return undefined;
      return { pid: Number(name), parent: Number(parent), command: command.replaceAll('\0', ' ').trim() };
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}

/**
 * @param {string} text lines of `pid parent state command`
 * @returns {ProcessInfo[]}
 */
function parse(text) {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s?(.*)$/.exec(line.trimEnd());
    return match && !match[3]?.startsWith('Z') ? [{ pid: Number(match[1]), parent: Number(match[2]), command: match[4] ?? '' }] : [];
  });
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile: what we wanted.
  }
}
