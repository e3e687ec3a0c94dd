import { open } from 'node:fs/promises';
import { errorCode } from '../base/errors.ts';
import type { RunnerEvent } from '../core/runnerEvents.ts';
import { decodeSpool } from './spoolCodec.ts';

export interface SpoolContent {
  /** Oldest first, numbers rising. */
  readonly events: readonly RunnerEvent[];
  /** Lines that were damaged or torn. */
  readonly bad: number;
}

/** Largest spool that is read, bytes: four times what a runner writes. */
const maxReadBytes = 64 * 1024 * 1024;

/**
 * Events after `afterSeq` that a runner left in its spool. A missing file is an empty spool. The runner may be alive and writing:
 * what it replaces meanwhile is durable already.
 * @throws Error of the system when the file exists and cannot be read.
 */
export async function readSpool(path: string, afterSeq: number): Promise<SpoolContent> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { events: [], bad: 0 };
    throw error;
  }
  try {
    const { size } = await file.stat();
    const content = Buffer.alloc(Math.min(size, maxReadBytes));
    let read = 0;
    while (read < content.length) {
      const { bytesRead } = await file.read(content, read, content.length - read, read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    const { lines, bad } = decodeSpool(content.subarray(0, read));
    return { events: lines.map((line) => line.event).filter((event) => event.seq > afterSeq), bad };
  } finally {
    await file.close();
  }
}
