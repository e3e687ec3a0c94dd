import { crcPrefix, isWhole, qOfLine } from './record.ts';

const newline = 0x0a;
/** What stands between the CRC of a line and its q; the writer's JSON holds it nowhere else. */
const lineMiddle = Buffer.from(' {"q":', 'latin1');

/** What a scan finds, in the order of the bytes. */
export interface LineVisitor {
  /** A line whose CRC fits, at `bytes[start, end)`, line feed excluded. False: stop behind it. */
  line(bytes: Buffer, start: number, end: number, q: number): boolean;
  /** Bytes `[start, end)` that are no line. */
  bad(start: number, end: number): void;
}

/**
 * Splits bytes into lines and checks each one's CRC, without parsing. What follows the last line feed is left for later.
 * @returns where the first byte stands that was not dealt with.
 */
export function scanLines(bytes: Buffer, visitor: LineVisitor): number {
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(newline, start);
    if (end < 0) return start;
    const q = isWhole(bytes, start, end) ? qOfLine(bytes, start) : undefined;
    if (q === undefined) salvage(bytes, start, end, visitor);
    else if (!visitor.line(bytes, start, end, q)) return end + 1;
    start = end + 1;
  }
}

/** A damaged line feed glues two lines together; each of them may still be whole (S4). Goes on to `end` even if told to stop. */
function salvage(bytes: Buffer, start: number, end: number, visitor: LineVisitor): void {
  let from = start;
  while (from < end) {
    const middle = bytes.indexOf(lineMiddle, from + crcPrefix);
    const next = middle < 0 || middle >= end ? end : Math.max(middle - crcPrefix + 1, from + 1);
    // The byte before the next line is what is left of the line feed.
    const to = next === end ? end : next - 1;
    const q = isWhole(bytes, from, to) ? qOfLine(bytes, from) : undefined;
    if (q === undefined) visitor.bad(from, to);
    else visitor.line(bytes, from, to, q);
    from = next;
  }
  if (start === end) visitor.bad(start, end);
}
