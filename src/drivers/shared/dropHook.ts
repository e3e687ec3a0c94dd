import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keptHookBytes } from './hookLine.ts';

const eventForm = /^[A-Za-z][A-Za-z0-9_]{0,60}$/;
let drops = 0;

/**
 * Keeps what a hook was handed as `<event>.<pid>-<n>.hook`, complete at once: it is written under another name first. Does nothing outside a session,
 * and never makes the folder. @throws Error of the system.
 */
export async function dropHook(event: string, folder: string | undefined, input: AsyncIterable<Uint8Array>, pid: number): Promise<void> {
  if (folder === undefined || folder === '' || !eventForm.test(event)) return;
  if (!(await stat(folder)).isDirectory()) return;
  const payload = await readUpTo(input, keptHookBytes);
  await keepDrop(folder, event, pid, payload);
}

/** Keeps one payload. The number in its name tells the order of those that fall into the same tick. @throws Error of the system. */
export async function keepDrop(folder: string, event: string, pid: number, payload: Uint8Array | string): Promise<void> {
  const name = `${event}.${pid}-${++drops}`;
  const temporary = join(folder, `${name}.tmp`);
  try {
    await writeFile(temporary, payload, { flag: 'wx', mode: 0o600 });
    await rename(temporary, join(folder, `${name}.hook`));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function readUpTo(input: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of input) {
    parts.push(part.subarray(0, limit - size));
    size += Math.min(part.length, limit - size);
    if (size >= limit) break;
  }
  return Buffer.concat(parts);
}
