/** Names of the files of the registry; numbers are decimal. See `parseName`. */
export type RegistryName = LiveName | BaseName | MarkerName | SnapshotName;

/** `journal/j-<epoch12>-<first12>.log`, and `…-<retry4>.log` where an earlier segment with the same numbers had to be given up. */
export interface LiveName {
  readonly type: 'live';
  readonly name: string;
  readonly epoch: number;
  /** First q that is new in it. No valid record of an earlier segment has this q or a higher one. */
  readonly first: number;
  /** 0 for the first attempt. */
  readonly retry: number;
}

/** `journal/b-<upTo12>-<n4>.log` */
export interface BaseName {
  readonly type: 'base';
  readonly name: string;
  readonly upTo: number;
  readonly n: number;
}

/** `journal/base-<upTo12>-<count4>-<crc8>.json` */
export interface MarkerName {
  readonly type: 'marker';
  readonly name: string;
  readonly upTo: number;
  readonly count: number;
  /** CRC-32 of the content. */
  readonly crc: number;
}

/** `snapshots/snap-<q12>-<bytes>-<crc8>.db` */
export interface SnapshotName {
  readonly type: 'snapshot';
  readonly name: string;
  readonly q: number;
  readonly bytes: number;
  readonly crc: number;
}

function digits(value: number, width: number): string {
  const text = String(value).padStart(width, '0');
  if (!Number.isSafeInteger(value) || value < 0 || text.length > width) throw new RangeError(`${value} does not fit into ${width} digits.`);
  return text;
}

const hex = (crc: number): string => (crc >>> 0).toString(16).padStart(8, '0');

export function liveName(epoch: number, first: number, retry = 0): string {
  return `j-${digits(epoch, 12)}-${digits(first, 12)}${retry === 0 ? '' : `-${digits(retry, 4)}`}.log`;
}

export function baseName(upTo: number, n: number): string {
  return `b-${digits(upTo, 12)}-${digits(n, 4)}.log`;
}

export function markerName(upTo: number, count: number, crc: number): string {
  return `base-${digits(upTo, 12)}-${digits(count, 4)}-${hex(crc)}.json`;
}

export function snapshotName(q: number, bytes: number, crc: number): string {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`${bytes} is no size.`);
  return `snap-${digits(q, 12)}-${bytes}-${hex(crc)}.db`;
}

/** The name under which a damaged file is set aside. */
export function corruptName(name: string, epochMs: number): string {
  return `${name}.corrupt-${Math.round(epochMs)}`;
}

const livePattern = /^j-(\d{12})-(\d{12})(?:-(?!0000)(\d{4}))?\.log$/;
const basePattern = /^b-(\d{12})-(\d{4})\.log$/;
const markerPattern = /^base-(\d{12})-(\d{4})-([0-9a-f]{8})\.json$/;
const snapshotPattern = /^snap-(\d{12})-(0|[1-9]\d{0,14})-([0-9a-f]{8})\.db$/;

/** What a file name (no folder) stands for; `undefined` for every other file. */
export function parseName(name: string): RegistryName | undefined {
  let found = livePattern.exec(name);
  if (found !== null) return { type: 'live', name, epoch: Number(found[1]), first: Number(found[2]), retry: Number(found[3] ?? 0) };
  found = basePattern.exec(name);
  if (found !== null) return { type: 'base', name, upTo: Number(found[1]), n: Number(found[2]) };
  found = markerPattern.exec(name);
  if (found !== null) return { type: 'marker', name, upTo: Number(found[1]), count: Number(found[2]), crc: parseInt(found[3] ?? '', 16) };
  found = snapshotPattern.exec(name);
  if (found !== null) return { type: 'snapshot', name, q: Number(found[1]), bytes: Number(found[2]), crc: parseInt(found[3] ?? '', 16) };
  return undefined;
}

/** The live segments among these names, in the order in which they must be read. */
export function liveSegments(names: readonly string[]): readonly LiveName[] {
  const found: LiveName[] = [];
  for (const name of names) {
    const parsed = parseName(name);
    if (parsed?.type === 'live') found.push(parsed);
  }
  return found.sort((a, b) => a.epoch - b.epoch || a.first - b.first || a.retry - b.retry);
}

/**
 * For each of these segments, in reading order, the q from which on its records are void: the lowest `first` of the later
 * ones. It keeps out what a former owner wrote after it had been replaced, and a line that reached the disk although its append failed.
 */
export function fencesOf(segments: readonly LiveName[]): readonly number[] {
  const fences: number[] = [];
  let fence = Infinity;
  for (let at = segments.length - 1; at >= 0; at--) {
    fences[at] = fence;
    fence = Math.min(fence, segments[at]?.first ?? Infinity);
  }
  return fences;
}
