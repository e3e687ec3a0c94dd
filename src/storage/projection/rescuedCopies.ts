import { SegmentReader, type PlacedRecord } from '../journal/segmentReader.ts';
import type { Segment } from '../worker/segmentSurvey.ts';

/** A record, and the segment in which its line stands. */
export interface FoundRecord extends PlacedRecord {
  readonly segment: string;
}

/**
 * The records of a part of one segment, with its holes filled. A sync that failed may leave a hole in the middle of a segment; the
 * writer has then put copies of all records that it could not be sure of at the head of the next one. Without them the
 * records behind the hole would be taken, and the copies passed over as repeats.
 * @param lastQ number of the record before the first of these
 * @param next the segment behind this one
 */
export async function withRescuedCopies(segment: Segment, records: readonly PlacedRecord[], lastQ: number, next: Segment | undefined): Promise<readonly FoundRecord[]> {
  const valid = records.filter(({ record }) => record.q < segment.fence);
  const found = valid.map((placed): FoundRecord => ({ ...placed, segment: segment.name }));
  const hasHole = valid.some(({ record }, index) => record.q > (valid[index - 1]?.record.q ?? lastQ) + 1);
  if (!hasHole || segment.kind !== 'live' || next?.kind !== 'live') return found;
  const copies = await copiesAtHead(next);
  const known = new Set(valid.map(({ record }) => record.q));
  const newest = valid.at(-1)?.record.q ?? lastQ;
  for (const copy of copies) {
    const { q } = copy.record;
    if (q > lastQ && q < newest && !known.has(q)) found.push(copy);
  }
  return found.sort((a, b) => a.record.q - b.record.q);
}

/** Records of a segment whose numbers are lower than the first one that is new in it. */
async function copiesAtHead({ name, path, first }: Segment): Promise<readonly FoundRecord[]> {
  const reader = new SegmentReader(path);
  const copies: FoundRecord[] = [];
  try {
    for (let offset = 0, more = true; more; ) {
      const part = await reader.readFrom(offset, { toQ: first - 1 });
      for (const placed of part.records) {
        if (placed.record.q >= first) return copies;
        copies.push({ ...placed, segment: name });
      }
      more = part.more && part.nextOffset > offset;
      offset = part.nextOffset;
    }
    return copies;
  } finally {
    await reader.close();
  }
}
