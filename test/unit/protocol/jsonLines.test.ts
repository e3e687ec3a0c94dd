import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeEvent } from '../../../src/protocol/encodeEvent.ts';
import type { FleetEvent } from '../../../src/protocol/event.ts';
import { maxLineLength, parseEventLog, readEventLog, readJsonLines, writeJsonLines, type LogLine } from '../../../src/protocol/jsonLines.ts';
import { ledgerRecordNames } from '../../../src/protocol/ledgerRecords.ts';
import { arbitraryEvent } from './arbitraryEvent.ts';

const envelope = (seq: number) => ({ seq, run_id: 'r', worker_id: 'w', task_id: 't', timestamp: '2026-05-04T08:15:30Z' });
const line = (seq: number, rest: object = { state: 'running' }): string => JSON.stringify({ ...envelope(seq), ...rest });
const seqs = (events: readonly FleetEvent[]): readonly number[] => events.map((event) => event.seq);

async function lines(chunks: Iterable<string>): Promise<readonly LogLine[]> {
  const all: LogLine[] = [];
  for await (const each of readJsonLines(chunks)) all.push(each);
  return all;
}

describe('event logs as JSON lines', () => {
  it('half a line at the end costs one event (seed row A9)', () => {
    const text = [line(1), line(2), line(3)].join('\n').slice(0, -9);
    const log = parseEventLog(text);
    assert.deepEqual(seqs(log.events), [1, 2]);
    assert.deepEqual(log.skipped, [{ line: 3, reason: 'is not JSON; the last line is cut off' }]);
    assert.equal(log.skippedCount, 1);
  });

  it('a bad line costs itself, and is told by number and reason', () => {
    const log = parseEventLog(`${line(1)}\r\n\n{"seq":\n${line(4, { state: 'done' })}\n[]\n  \n${line(7)}`);
    assert.deepEqual(seqs(log.events), [1, 7]);
    assert.deepEqual(
      log.skipped.map(({ line: number, reason }) => [number, reason.replace(/none of.*/, '…')]),
      [
        [3, 'is not JSON'],
        [4, "The fleet event's field “state” is “done”, which is …"],
        [5, 'A fleet event must be a JSON object.'],
      ],
    );
  });

  it('a line after a torn one, as the reference writes them, is read', () => {
    assert.deepEqual(seqs(parseEventLog(`${line(1)}\n{"seq":2,"run\n${line(3)}\n`).events), [1, 3]);
  });

  it('a byte order mark before the first line is passed over', () => {
    assert.deepEqual(seqs(parseEventLog(`\ufeff${line(1)}\n${line(2)}\n`).events), [1, 2]);
  });

  it('empty text holds nothing', async () => {
    for (const text of ['', '\n', ' \n\n']) assert.deepEqual(await lines([text]), []);
    assert.deepEqual(await lines([]), []);
  });

  it('a line that is too long is not kept, and the next one is read', async () => {
    const chunks = [`${line(1)}\n"`, ...Array.from({ length: 5 }, () => 'x'.repeat(maxLineLength / 4)), `"\n${line(3)}`];
    const log = await readEventLog(chunks);
    assert.deepEqual(seqs(log.events), [1, 3]);
    assert.deepEqual(log.skipped, [{ line: 2, reason: `is longer than ${maxLineLength} characters` }]);
  });

  it('keeps no more than the first thousand reasons, and counts all', () => {
    const log = parseEventLog('?\n'.repeat(1500));
    assert.equal(log.skipped.length, 1000);
    assert.equal(log.skippedCount, 1500);
  });

  it('means the same however the text is cut into pieces', async () => {
    const cut = fc.record({
      parts: fc.array(fc.oneof(arbitraryEvent.map(encodeEvent), fc.string({ maxLength: 20 })), { maxLength: 6 }),
      size: fc.integer({ min: 1, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(cut, async ({ parts, size }) => {
        const text = parts.join('\n');
        const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));
        assert.deepEqual(await readEventLog(pieces), parseEventLog(text));
      }),
      { numRuns: 60 },
    );
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(arbitraryEvent, { maxLength: 5 }), (events) => {
        const log = parseEventLog([...writeJsonLines(events)].join(''));
        assert.deepEqual(log, { events, skipped: [], skippedCount: 0, others: {} });
      }),
      { numRuns: 60 },
    );
  });

  it("the protocol's own lifecycle test", () => {
    const of = (seq: number, timestamp: string, payload: FleetEvent['payload']): FleetEvent => ({
      seq,
      run_id: 'run-002',
      worker_id: 'worker-a',
      task_id: 'task-1',
      timestamp,
      payload,
      extra: {},
      unknownFields: {},
    });
    const events = [
      of(1, '2026-06-12T17:01:00Z', { state: 'queued' }),
      of(2, '2026-06-12T17:01:05Z', { state: 'running_tool', tool: 'bash', call_id: 'call-1' }),
      of(3, '2026-06-12T17:02:00Z', { state: 'completed', exit_code: 0, summary: 'ok' }),
    ];
    assert.deepEqual(parseEventLog([...writeJsonLines(events)].join('')).events, events);
  });
});

describe('ledger records', () => {
  const event = { ...envelope(5), state: 'failed', reason: 'no disk', recoverable: false };

  it('an appended event is found wherever serde can have put it', () => {
    for (const record of [{ record: 'event_appended', event }, { record: 'event_appended', ...event }, { at: 'x', record: 'event_appended', data: event }]) {
      const { events, others, skipped } = parseEventLog(JSON.stringify(record));
      assert.deepEqual({ others, skipped }, { others: {}, skipped: [] });
      assert.equal(encodeEvent(events[0] ?? assert.fail('no event')), JSON.stringify(event));
    }
  });

  it('the event that ends an attempt counts, when its record holds one', () => {
    const receipt = { run_id: 'r', task_id: 't', worker_id: 'w', completed_at: 'x', result: 'fail' };
    const text = [{ event, receipt }, { receipt }].map((rest) => JSON.stringify({ record: 'task_attempt_finalized', ...rest })).join('\n');
    const log = parseEventLog(text);
    assert.deepEqual(seqs(log.events), [5]);
    assert.deepEqual(log.others, { task_attempt_finalized: 1 });
  });

  it('an appended event that cannot be read is skipped with its reason', () => {
    const text = [{ event: { ...event, seq: -1 } }, {}].map((rest) => JSON.stringify({ record: 'event_appended', ...rest })).join('\n');
    assert.deepEqual(parseEventLog(text).skipped, [
      { line: 1, reason: "The fleet event's field “seq” must be a whole number from 0 to 9007199254740991." },
      { line: 2, reason: "The fleet event's field “state” is missing." },
    ]);
  });

  it('all others are counted by name, those of later versions too, and are no errors', async () => {
    const names = [...ledgerRecordNames.filter((name) => name !== 'event_appended'), 'heartbeat', 'later', '__proto__'];
    const text = names.map((record) => JSON.stringify({ record, at: 1 })).join('\n');
    const log = parseEventLog(text);
    assert.deepEqual([log.events, log.skipped], [[], []]);
    assert.equal(log.others['heartbeat'], 2);
    assert.equal(Object.values(log.others).reduce((sum, count) => sum + count, 0), names.length);
    assert.deepEqual((await lines([text]))[0], { type: 'other', line: 1, record: 'replay_epoch' });
  });

  it('an event may have an unknown field of that name', () => {
    const [read] = parseEventLog(line(1, { state: 'running', record: 'mine' })).events;
    assert.deepEqual(read?.unknownFields, { record: 'mine' });
  });
});
