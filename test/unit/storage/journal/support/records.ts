import fc from 'fast-check';
import type { AuditEntry } from '../../../../../src/core/ports.ts';
import type { Session } from '../../../../../src/core/session.ts';
import { parseLine, type HistoryLine, type JournalRecord, type PutRecord } from '../../../../../src/storage/journal/record.ts';
import { scanLines } from '../../../../../src/storage/journal/segmentLines.ts';
import { fencesOf, liveSegments } from '../../../../../src/storage/journal/segmentNames.ts';
import { session } from '../../../../contract/storage/support/sessions.ts';

/** A small put whose history holds `text`. */
export function put(q: number, t: number, text = ''): PutRecord {
  return { q, t, k: 'put', s: 'agent-a', p: { historySeq: q }, h: [[q, t, 'signal', 'agent', { text }]] };
}

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const words = fc.string({ unit: 'binary', maxLength: 20 });
const id = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,30}$/);
// JSON has no minus zero.
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

const historyLine: fc.Arbitrary<HistoryLine> = fc.tuple(
  count.filter((seq) => seq > 0),
  count,
  words,
  fc.constantFrom('user', 'agent', 'runner', 'fleet'),
  json,
);

export const arbitrarySession: fc.Arbitrary<Session> = fc
  .record(
    {
      id,
      name: words,
      status: fc.constantFrom('provisioning', 'running', 'completed', 'terminated', 'unknown'),
      createdAt: count,
      completedAt: count,
      lastActivityAt: count,
      feedSeq: fc.integer({ min: 1, max: 2 ** 40 }),
      parentId: id,
      signal: fc.record({ activity: fc.constantFrom('idle', 'working'), detail: words, source: fc.constant('hook'), at: count }),
      outcome: fc.record({ type: fc.constant('failed' as const), error: words }),
      artifacts: fc.array(fc.record({ path: words, kind: words, at: count }), { maxLength: 3 }),
    },
    { requiredKeys: ['id', 'name', 'status', 'createdAt', 'lastActivityAt'] },
  )
  .map(({ id: own, ...more }) => JSON.parse(JSON.stringify({ ...session(own), ...more })) as Session);

const audit: fc.Arbitrary<AuditEntry> = fc
  .record({ at: count, actor: words, action: words, target: words, result: words, detail: words }, { requiredKeys: ['at', 'actor', 'action', 'result'] })
  .map((entry) => ({ ...entry }));

const numbers = { q: fc.integer({ min: 1, max: 999_999_999_999_999 }), t: count };

/** Any record that may be written. */
export const arbitraryRecord: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc.record({ ...numbers, session: arbitrarySession, h: fc.array(historyLine, { minLength: 1, maxLength: 3 }) }).map(({ session: p, ...rest }): JournalRecord => ({ ...rest, k: 'put', s: p.id, p, f: 1 })),
  fc.record({ ...numbers, s: id, p: fc.record({ name: words, signal: fc.constant(null), startedAt: fc.option(count) }, { requiredKeys: [] }) }).map((rest): JournalRecord => ({ ...rest, p: { ...rest.p }, k: 'put' })),
  fc.record({ ...numbers, b: arbitrarySession }).map((rest): JournalRecord => ({ ...rest, k: 'evict', s: rest.b.id })),
  fc.record({ ...numbers, s: fc.array(id, { maxLength: 4 }) }).map((rest): JournalRecord => ({ ...rest, k: 'del' })),
  fc.record({ ...numbers, a: audit }).map((rest): JournalRecord => ({ ...rest, k: 'audit' })),
);

/** What recovery reads: the live segments in order, each record once by q, none beyond the fence of its segment. */
export function recovered(files: ReadonlyMap<string, Buffer>): { readonly records: readonly JournalRecord[]; readonly bad: number } {
  const records: JournalRecord[] = [];
  let bad = 0;
  let lastQ = 0;
  const segments = liveSegments([...files.keys()]);
  const fences = fencesOf(segments);
  segments.forEach(({ name }, index) => {
    scanLines(files.get(name) ?? Buffer.alloc(0), {
      line(bytes, start, end, q) {
        if (q <= lastQ || q >= (fences[index] ?? Infinity)) return true;
        const line = parseLine(bytes, start, end);
        if (line?.is === 'record') {
          records.push(line.record);
          lastQ = q;
        } else bad++;
        return true;
      },
      bad: () => void bad++,
    });
  });
  return { records, bad };
}
