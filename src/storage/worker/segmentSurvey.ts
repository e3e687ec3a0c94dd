import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { baseName, fencesOf, liveSegments, parseName, type BaseName, type MarkerName } from '../journal/segmentNames.ts';
import { codeOf, type StorageFiles } from '../storageFiles.ts';

/** A segment that is to be read. */
export interface Segment {
  readonly name: string;
  readonly path: string;
  readonly kind: 'base' | 'live';
  /** First q that is new in it; 0 for base segments. */
  readonly first: number;
  /** Records with this q or a higher one are void: a later segment has them. */
  readonly fence: number;
}

/** What is in the folder `journal`. */
export interface Survey {
  /** The base in force covers all q up to this; 0: there is none. */
  readonly upTo: number;
  /** File name of the base's marker. */
  readonly marker?: string;
  /** In reading order: the base, then the live segments that it does not cover. */
  readonly segments: readonly Segment[];
  /** What the base in force makes superfluous: live segments, then markers and segments of older bases. Names. */
  readonly covered: readonly string[];
  /** Segments of bases that have no marker: half made. Names. */
  readonly strays: readonly string[];
  /** Markers that are damaged or whose segments are not all there. Names. */
  readonly badMarkers: readonly string[];
  /** Highest epoch; 0: no live segment. */
  readonly epoch: number;
}

export const noSurvey: Survey = { upTo: 0, segments: [], covered: [], strays: [], badMarkers: [], epoch: 0 };

/** Content of a marker. */
export interface MarkerContent {
  readonly upTo: number;
  readonly segments: readonly { readonly name: string; readonly bytes: number; readonly crc: string }[];
}

/**
 * Looks into the folder.
 * @param before the look before this one: its marker is not checked again.
 * @throws the system's error if the folder is there and cannot be listed.
 */
export async function surveySegments(folder: string, files: StorageFiles, before: Survey = noSurvey): Promise<Survey> {
  const names = await files.list(folder);
  const markers: MarkerName[] = [];
  const bases: BaseName[] = [];
  for (const name of names) {
    const parsed = parseName(name);
    if (parsed?.type === 'marker') markers.push(parsed);
    else if (parsed?.type === 'base') bases.push(parsed);
  }
  markers.sort((a, b) => b.upTo - a.upTo || b.count - a.count);
  const present = new Set(names);
  const badMarkers: string[] = [];
  let valid: MarkerName | undefined;
  for (const marker of markers) {
    if (before.marker === marker.name || (await isValid(folder, files, marker, present))) valid = marker;
    else badMarkers.push(marker.name);
    if (valid !== undefined) break;
  }
  const live = liveSegments(names);
  const unmarked = valid === undefined ? withoutMarker(bases, live[0]?.first) : [];
  const upTo = valid?.upTo ?? unmarked[0]?.upTo ?? 0;
  const fences = fencesOf(live);
  const segments: Segment[] = [];
  const covered: string[] = [];
  for (const name of valid === undefined ? unmarked.map((base) => base.name) : baseNames(valid)) {
    segments.push({ name, path: join(folder, name), kind: 'base', first: 0, fence: upTo + 1 });
  }
  live.forEach(({ name, first }, index) => {
    const fence = fences[index] ?? Infinity;
    // All that is valid in it is below the fence.
    if (upTo > 0 && fence <= upTo + 1) covered.push(name);
    else segments.push({ name, path: join(folder, name), kind: 'live', first, fence });
  });
  covered.push(...markers.filter((marker) => marker !== valid && marker.upTo <= upTo && !badMarkers.includes(marker.name)).map(({ name }) => name));
  const marked = new Map(markers.map((marker) => [marker.upTo, marker]));
  const strays: string[] = [];
  for (const base of bases) {
    const marker = marked.get(base.upTo);
    if (unmarked.includes(base)) continue;
    if (marker === undefined || base.n >= marker.count) (base.upTo < upTo ? covered : strays).push(base.name);
    else if (base.upTo < upTo) covered.push(base.name);
  }
  return {
    upTo,
    segments,
    covered,
    strays,
    badMarkers,
    epoch: live.reduce((highest, { epoch }) => Math.max(highest, epoch), 0),
    ...(valid === undefined ? {} : { marker: valid.name }),
  };
}

function baseNames(marker: MarkerName): readonly string[] {
  return Array.from({ length: marker.count }, (_, n) => baseName(marker.upTo, n));
}

/**
 * The segments of a base whose marker was lost. Segments are covered by a base before they are deleted, so where the live ones do not
 * begin at the beginning, the newest base that reaches up to them was complete once; what is left of it is better than nothing.
 */
function withoutMarker(bases: readonly BaseName[], firstLive: number | undefined): readonly BaseName[] {
  if (firstLive === 1) return [];
  const upTo = bases.reduce((newest, base) => Math.max(newest, base.upTo), 0);
  if (firstLive !== undefined && upTo + 1 < firstLive) return [];
  return bases.filter((base) => base.upTo === upTo).sort((a, b) => a.n - b.n);
}

/**
 * Whether all segments that a marker names are there as it says. The name alone proves that the base was complete once, so a
 * marker with damaged content still counts if all its segments exist: each of their lines has a checksum of its own.
 */
async function isValid(folder: string, files: StorageFiles, marker: MarkerName, present: ReadonlySet<string>): Promise<boolean> {
  if (!baseNames(marker).every((name) => present.has(name))) return false;
  const content = await readMarker(join(folder, marker.name), files, marker);
  if (content === undefined) return true;
  for (const segment of content.segments) {
    const identity = await files.identity(join(folder, segment.name));
    if (identity?.size !== segment.bytes) return false;
  }
  return true;
}

async function readMarker(path: string, files: StorageFiles, marker: MarkerName): Promise<MarkerContent | undefined> {
  let bytes: Buffer;
  try {
    bytes = await files.read(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  if (crc32(bytes) !== marker.crc) return undefined;
  return JSON.parse(bytes.toString('utf8')) as MarkerContent;
}
