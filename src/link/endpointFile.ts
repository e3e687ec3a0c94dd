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
export async function writeEndpoint(path: string, endpoint: Endpoint, unique: string): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${unique}`);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify(endpoint));
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
