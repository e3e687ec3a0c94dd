import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf } from '../../base/errors.ts';
import { fieldsOf, listOf } from '../shared/payload.ts';
import type { HookHashes } from './hookHashes.ts';

/** Measured with codex 0.169.0: 0.1 s, 0.4 s the first time. */
const patienceMs = 5000;
const maxLine = 1024 * 1024;

/**
 * Asks `codex app-server` by which key and hash it knows the hooks of these flags ("codex app-server": initialize, hooks/list). It runs with an
 * empty home and working folder of its own, both removed afterwards: neither the person's configuration nor the workspace is opened.
 */
export const askCodexForHashes: HookHashes = async (executable, hookFlags) => {
  const home = await mkdtemp(join(tmpdir(), 'agent-fleet-codex-'));
  try {
    return await converse(executable, hookFlags, home);
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
};

async function converse(executable: string, hookFlags: readonly string[], home: string): Promise<ReadonlyMap<string, string>> {
  const child = spawn(executable, ['app-server', ...hookFlags], {
    cwd: home,
    env: { ...process.env, CODEX_HOME: home },
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  });
  // Not `close`: a process that the launcher left behind may keep the pipes open.
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs / 1000} s`)), patienceMs);
      ended.then(() => reject(new Error('it ended without an answer')), reject).finally(() => clearTimeout(timer));
      child.once('error', (error) => reject(new Error(`it could not be started (${messageOf(error)})`)));
      // A program that ends early breaks the pipe: its end is what is reported.
      child.stdin.on('error', () => undefined);
      const send = (message: object): unknown => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
      createInterface({ input: child.stdout }).on('line', (line) => {
        const message = messageOfLine(line);
        if (message['id'] === 1) {
          send({ method: 'initialized' });
          send({ id: 2, method: 'hooks/list', params: { cwds: [home] } });
        } else if (message['id'] === 2) {
          const hashes = hashesIn(message['result']);
          const wanted = hookFlags.length / 2;
          if (hashes.size === wanted) resolve(hashes);
          else reject(new Error(`it knows ${hashes.size} of ${wanted} hooks`));
        }
      });
      send({ id: 1, method: 'initialize', params: { clientInfo: { name: 'agent-fleet', title: 'Agent Fleet', version: '0' } } });
    });
  } finally {
    child.stdin.destroy();
    // The end of its input ends it (measured); one that hangs is made to.
    const ladder = [setTimeout(() => child.kill('SIGTERM'), 500), setTimeout(() => child.kill('SIGKILL'), 1500)];
    // The folder can be removed only when nobody writes into it any more.
    if (child.pid !== undefined) await ended;
    ladder.forEach(clearTimeout);
    child.stdout.destroy();
  }
}

function messageOfLine(line: string): Readonly<Record<string, unknown>> {
  if (line.length > maxLine) return {};
  try {
    return fieldsOf(JSON.parse(line));
  } catch {
    return {};
  }
}

/** Hooks of the command line only: those of the person are not ours to vouch for. */
export function hashesIn(result: unknown): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const folder of listOf(fieldsOf(result)['data'])) {
    for (const hook of listOf(fieldsOf(folder)['hooks']).map(fieldsOf)) {
      const { key, currentHash, source } = hook;
      if (source === 'sessionFlags' && typeof key === 'string' && typeof currentHash === 'string') hashes.set(key, currentHash);
    }
  }
  return hashes;
}
