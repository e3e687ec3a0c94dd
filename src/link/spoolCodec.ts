import { crc32 } from 'node:zlib';
import type { RunnerEvent } from '../core/runnerEvents.ts';
import { isRunnerEvent } from './wireChecks.ts';

/**
 * One line of a spool: eight hex digits of CRC-32, a space, the event as JSON, a line feed. The sum finds the lines that a full
 * disk, a crash of the machine or a stray writer has damaged, also where the damage still reads as JSON.
 */
export function encodeSpoolLine(event: RunnerEvent): string {
  const json = JSON.stringify(event);
  return `${sumOf(Buffer.from(json))} ${json}\n`;
}

/** The event of one line (without its line feed); undefined when the line is damaged. */
export function decodeSpoolLine(line: Buffer): RunnerEvent | undefined {
  if (line.length < 11 || line[8] !== 0x20) return undefined;
  const json = line.subarray(9);
  if (line.toString('latin1', 0, 8) !== sumOf(json)) return undefined;
  try {
    const value: unknown = JSON.parse(json.toString('utf8'));
    return isRunnerEvent(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export interface SpoolLine {
  readonly event: RunnerEvent;
  /** Where the line begins, bytes. */
  readonly offset: number;
  /** Its length with the line feed, bytes. */
  readonly length: number;
}

/**
 * Reads a whole spool. Lines whose number does not rise are repeats and are left out; damaged lines and a torn tail are
 * left out and counted (CodeWhale ledger).
 */
export function decodeSpool(content: Buffer): { readonly lines: readonly SpoolLine[]; readonly bad: number } {
  const lines: SpoolLine[] = [];
  let bad = 0;
  let last = 0;
  for (let offset = 0; offset < content.length; ) {
    const feed = content.indexOf(0x0a, offset);
    const end = feed < 0 ? content.length : feed;
    const event = feed < 0 ? undefined : decodeSpoolLine(content.subarray(offset, end));
    if (event === undefined) bad += feed === offset ? 0 : 1;
    else if (event.seq > last) {
      lines.push({ event, offset, length: end + 1 - offset });
      last = event.seq;
    }
    offset = end + 1;
  }
  return { lines, bad };
}

function sumOf(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}
