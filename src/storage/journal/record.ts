import { crc32 } from 'node:zlib';
import type { AuditEntry, HistoryEntry } from '../../core/ports.ts';
import type { Session } from '../../core/session.ts';
import { checkAudit, checkFields, checkHistory, checkId, checkNumbers, historyJson, isCount, isPlainObject, sessionJson } from './recordChecks.ts';

/** Top-level fields of a session that changed; `null`: the field is gone. */
export type SessionPatch = { readonly [Field in keyof Session]?: Session[Field] | null };

/** A line of history inside a put, the session's id left out. `data` is a JSON value. */
export type HistoryLine = readonly [seq: number, at: number, kind: string, actor: HistoryEntry['actor'], data: unknown];

interface Numbered {
  /** 1, 2, 3 … over all segments, without a gap. */
  readonly q: number;
  /** Wall clock of the append, epoch milliseconds. */
  readonly t: number;
}

/** A session was added or changed, with the history that explains it. */
export interface PutRecord extends Numbered {
  readonly k: 'put';
  /** Session id. */
  readonly s: string;
  readonly p: SessionPatch;
  /** `p` is the whole session. */
  readonly f?: 1;
  readonly h?: readonly HistoryLine[];
}

/** A session left the fleet's list; it stays searchable, and its body is read from this record. */
export interface EvictRecord extends Numbered {
  readonly k: 'evict';
  readonly s: string;
  readonly b: Session;
}

/** Sessions and their history were forgotten. */
export interface DeleteRecord extends Numbered {
  readonly k: 'del';
  readonly s: readonly string[];
}

export interface AuditRecord extends Numbered {
  readonly k: 'audit';
  readonly a: AuditEntry;
}

export type JournalRecord = PutRecord | EvictRecord | DeleteRecord | AuditRecord;

/** First line of a segment. `epoch`: a live segment of that owner; `base`: a base segment that covers all q up to it. */
export interface SegmentHead {
  readonly format: number;
  /** First q that is new in this segment; copies of earlier records, which could not be synced elsewhere, may come before it. */
  readonly first: number;
  readonly epoch?: number;
  readonly base?: number;
}

/** Version of the journal's format. A segment with a higher one belongs to a newer version of the extension. */
export const journalFormat = 2;

const space = 0x20;
const newline = 0x0a;
/** Eight hex digits and a space. */
export const crcPrefix = 9;
/** The shortest line worth looking at: CRC, `{}`, line feed. */
const shortest = crcPrefix + 3;
/** `{"q":` */
const qPrefix = Buffer.from('{"q":', 'latin1');

/** What a line that is whole (its CRC fits) turned out to be. */
export type JournalLine =
  | { readonly is: 'record'; readonly record: JournalRecord }
  | { readonly is: 'head'; readonly head: SegmentHead }
  /** Undamaged, but of a kind or shape that this version does not know. It has a q of its own, so it is no gap. */
  | { readonly is: 'unknown'; readonly q: number };

const hexDigits = Buffer.from('0123456789abcdef', 'latin1');

/** A line: CRC, space, JSON, line feed. `json` must hold no raw line feed, as `JSON.stringify` guarantees. */
export function lineOf(json: string): Buffer {
  const line = Buffer.from(`00000000 ${json}\n`, 'utf8');
  stamp(line, line.length);
  return line;
}

/** How many bytes of room are enough for the line of this JSON. */
export function lineRoom(json: string): number {
  // A UTF-16 unit takes three bytes at most.
  return crcPrefix + json.length * 3 + 1;
}

/** As `lineOf`, into memory that is there: `bytes` has at least `lineRoom` of them. @returns the line's length. */
export function writeLine(json: string, bytes: Buffer): number {
  bytes[crcPrefix - 1] = space;
  const end = crcPrefix + bytes.write(json, crcPrefix, 'utf8');
  bytes[end] = newline;
  stamp(bytes, end + 1);
  return end + 1;
}

/** Puts the CRC before the JSON of a line of this length. */
function stamp(line: Buffer, length: number): void {
  let crc = crc32(line.subarray(crcPrefix, length - 1));
  for (let at = 7; at >= 0; at--) {
    line[at] = hexDigits[crc & 0xf] ?? 0;
    crc >>>= 4;
  }
}

/** The first line of a segment; `t` (epoch milliseconds) is for people. */
export function encodeHead(head: SegmentHead & { readonly t: number }): Buffer {
  const { format, first, epoch, base, t } = head;
  return lineOf(JSON.stringify({ q: 0, k: 'head', format, epoch, base, first, t }));
}

/** The line of a record, line feed included. @throws as `recordJson`. */
export function encodeRecord(record: JournalRecord): Buffer {
  return lineOf(recordJson(record));
}

/**
 * The JSON of a record as its line has it.
 * @throws FleetError `InvalidSession` or `InvalidHistory` for what could not be read back or has no place in a column.
 */
export function recordJson(record: JournalRecord): string {
  checkNumbers(record);
  return `{"q":${record.q},"t":${record.t},"k":"${record.k}",${payloadOf(record)}}`;
}

function payloadOf(record: JournalRecord): string {
  switch (record.k) {
    case 'put': {
      const { s, p, h } = record;
      checkId(s);
      checkFields(s, p, record.f === 1);
      const head = `"s":"${s}","p":${sessionJson(p, s)}${record.f === 1 ? ',"f":1' : ''}`;
      if (h === undefined || h.length === 0) return head;
      checkHistory(s, h);
      return `${head},"h":${historyJson(h, s)}`;
    }
    case 'evict':
      checkId(record.s);
      checkFields(record.s, { ...record.b }, true);
      return `"s":"${record.s}","b":${sessionJson(record.b, record.s)}`;
    case 'del':
      record.s.forEach(checkId);
      return `"s":${JSON.stringify(record.s)}`;
    case 'audit':
      checkAudit(record.a);
      return `"a":${historyJson(record.a)}`;
  }
}

/** Whether the CRC of the line `bytes[start, end)`, line feed excluded, fits. */
export function isWhole(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < crcPrefix + 2 || bytes[start + 8] !== space) return false;
  let written = 0;
  for (let at = start; at < start + 8; at++) {
    const digit = hexDigit(bytes[at] ?? 0);
    if (digit < 0) return false;
    written = written * 16 + digit;
  }
  return crc32(bytes.subarray(start + crcPrefix, end)) === written;
}

/** Lower case only: a damaged digit must not pass as its upper case twin. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}

/** The q of the line that begins at `start`, read from the bytes without a look at the rest; `undefined` if there is none. */
export function qOfLine(bytes: Buffer, start = 0): number | undefined {
  let at = start + crcPrefix;
  for (const byte of qPrefix) if (bytes[at++] !== byte) return undefined;
  let q = 0;
  const begin = at;
  for (; ; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte < 0x30 || byte > 0x39) break;
    q = q * 10 + byte - 0x30;
  }
  // Sixteen digits are more than a safe integer holds.
  return at === begin || at - begin > 15 ? undefined : q;
}

/** Reads one line, with or without its line feed. `undefined`: it is damaged (S4). Fields that we do not know are kept. */
export function readLine(bytes: Buffer): JournalLine | undefined {
  const end = bytes[bytes.length - 1] === newline ? bytes.length - 1 : bytes.length;
  return end + 1 >= shortest && isWhole(bytes, 0, end) ? parseLine(bytes, 0, end) : undefined;
}

/** The record of a line, with or without its line feed. `undefined`: damaged, a header, or of a kind that this version does not know. */
export function decodeLine(bytes: Buffer): JournalRecord | undefined {
  const line = readLine(bytes);
  return line?.is === 'record' ? line.record : undefined;
}

/** Reads the JSON of `bytes[start, end)`, a line whose CRC fits, line feed excluded. */
export function parseLine(bytes: Buffer, start: number, end: number): JournalLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8', start + crcPrefix, end));
  } catch {
    return undefined;
  }
  if (!isPlainObject(value) || !isCount(value['q'])) return undefined;
  const q = value['q'];
  if (value['k'] === 'head') {
    return q === 0 && isHead(value) ? { is: 'head', head: value as unknown as SegmentHead } : undefined;
  }
  if (q === 0) return undefined;
  return isRecord(value) ? { is: 'record', record: value as unknown as JournalRecord } : { is: 'unknown', q };
}

function isHead(value: Readonly<Record<string, unknown>>): boolean {
  return isCount(value['format']) && isCount(value['first']) && (isCount(value['epoch']) || isCount(value['base']));
}

function isRecord(value: Readonly<Record<string, unknown>>): boolean {
  if (!isCount(value['t'])) return false;
  switch (value['k']) {
    case 'put':
      return typeof value['s'] === 'string' && isPlainObject(value['p']) && (value['h'] === undefined || isHistory(value['h']));
    case 'evict':
      return typeof value['s'] === 'string' && isPlainObject(value['b']);
    case 'del':
      return Array.isArray(value['s']) && value['s'].every((each) => typeof each === 'string');
    case 'audit':
      return isPlainObject(value['a']);
    default:
      return false;
  }
}

function isHistory(value: unknown): boolean {
  return Array.isArray(value) && value.every((line) => Array.isArray(line) && isCount(line[0]) && isCount(line[1]));
}
