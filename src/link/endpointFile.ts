import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Endpoint } from './launchFile.ts';
import { isEndpoint } from './wireChecks.ts';

/** What the endpoint file says; undefined when there is none or it cannot be understood. */
export async function readEndpoint(path: string): Promise<Endpoint | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isEndpoint(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the endpoint file in one step (mode 0600). `unique` keeps two windows that write at once apart. */
export function writeEndpoint(path: string, endpoint: Endpoint, unique: string): Promise<void> {
  return writePrivateJson(path, endpoint, unique);
}

/** Replaces a file by this value as JSON, in one step (mode 0600). `unique` keeps two writers apart. @throws Error of the system. */
export async function writePrivateJson(path: string, value: unknown, unique: string): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${unique}`);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify(value));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
