import { open } from 'node:fs/promises';
import type { WindowFile } from './windowContract.ts';
import { isRecord } from './wireChecks.ts';

/** Longest file that is read, bytes. */
const maxBytes = 4096;

/** What `window.json` says; undefined when there is none or it cannot be understood. */
export async function readWindowFile(path: string): Promise<WindowFile | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
      const value: unknown = JSON.parse(buffer.toString('utf8', 0, bytesRead));
      return isWindowFile(value) ? value : undefined;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

function isWindowFile(value: unknown): value is WindowFile {
  if (!isRecord(value) || value['version'] !== 1) return false;
  const { address, token, pid } = value;
  return typeof address === 'string' && address !== '' && typeof token === 'string' && token !== '' && typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0;
}
