import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeHead, encodeRecord, lineOf } from '../../../../src/storage/journal/record.ts';
import { SegmentReader, type SegmentPart } from '../../../../src/storage/journal/segmentReader.ts';
import { put } from '../../../unit/storage/journal/support/records.ts';

const head = encodeHead({ format: 2, epoch: 1, first: 1, t: 5 });
const line = (q: number, text = ''): Buffer => encodeRecord(put(q, 1, text));
const qs = (part: SegmentPart): readonly number[] => part.records.map(({ record }) => record.q);

describe('segment reader', () => {
  let folder: string;
  let path: string;
  const readers: SegmentReader[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-journal-'));
    path = join(folder, 'j-000000000001-000000000001.log');
  });
  afterEach(async () => {
    for (const reader of readers.splice(0)) await reader.close();
    await rm(folder, { recursive: true });
  });

  const reader = (chunkBytes?: number): SegmentReader => {
    const made = new SegmentReader(path, chunkBytes);
    readers.push(made);
    return made;
  };
  const fill = (...parts: readonly Buffer[]): Promise<void> => writeFile(path, Buffer.concat(parts));

  it('tells each record with its exact place, whatever the size of the chunks', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => line(index + 1, 'ü'.repeat((index * 37) % 300)));
    await fill(head, ...lines);
    for (const chunk of [1, 2, 7, 64, 100, 333, 4_096, 1 << 18]) {
      const part = await reader(chunk).readFrom(0);
      assert.deepEqual([part.head?.epoch, part.badLines, part.torn, part.more, part.missing], [1, 0, 0, false, false]);
      let offset = head.length;
      part.records.forEach((record, index) => {
        assert.deepEqual([record.record.q, record.offset, record.length], [index + 1, offset, lines[index]?.length]);
        offset += record.length;
      });
      assert.equal(part.nextOffset, offset);
      assert.equal(part.records.length, 40);
    }
  });

  it('reads a line that is longer than many chunks', async () => {
    await fill(head, line(1), line(2, 'x'.repeat(100_000)), line(3));
    const part = await reader(1_000).readFrom(0, { maxBytes: 1_000_000 });
    assert.deepEqual([qs(part), part.badLines], [[1, 2, 3], 0]);
  });

  it('goes on where it stopped while the file grows, and takes no line before it is whole', async () => {
    const live = reader(64);
    assert.deepEqual(await live.readFrom(0), { nextOffset: 0, badLines: 0, torn: 0, more: false, missing: true, records: [], unknownKinds: [] });
    await fill(head);
    let { nextOffset } = await live.readFrom(0);
    for (let q = 1; q <= 5; q++) {
      const bytes = line(q, 'words');
      await appendFile(path, bytes.subarray(0, 20));
      const half = await live.readFrom(nextOffset);
      assert.deepEqual([qs(half), half.torn, half.nextOffset, half.badLines], [[], 20, nextOffset, 0]);
      await appendFile(path, bytes.subarray(20));
      const whole = await live.readFrom(nextOffset);
      assert.deepEqual([qs(whole), whole.torn, whole.nextOffset], [[q], 0, nextOffset + bytes.length]);
      nextOffset = whole.nextOffset;
    }
  });

  it('bounds each call, by bytes and by q', async () => {
    await fill(head, ...Array.from({ length: 100 }, (_, index) => line(index + 1)));
    const bounded = reader(256);
    const seen: number[] = [];
    let calls = 0;
    for (let offset = 0, more = true; more; calls++) {
      const part = await bounded.readFrom(offset, { maxBytes: 1_000 });
      assert.ok(part.nextOffset - offset < 1_300);
      seen.push(...qs(part));
      ({ nextOffset: offset, more } = part);
    }
    assert.deepEqual([seen, calls > 5], [Array.from({ length: 100 }, (_, index) => index + 1), true]);
    const part = await reader().readFrom(0, { fromQ: 10, toQ: 12 });
    assert.deepEqual([qs(part), part.more, part.nextOffset], [[10, 11, 12], true, part.records[2] && part.records[2].offset + part.records[2].length]);
  });

  it('S4: counts damage apart from kinds that it does not know, and goes on', async () => {
    const bad = line(2);
    bad[30] = (bad[30] ?? 0) ^ 1;
    await fill(head, line(1), bad, Buffer.from('\n\nnonsense\n'), lineOf('{"q":3,"t":1,"k":"merge"}'), lineOf('{"q":4,'), line(5), line(6).subarray(0, 40));
    const part = await reader(50).readFrom(0);
    assert.deepEqual([qs(part), part.badLines, part.unknownKinds, part.torn], [[1, 5], 5, [3], 40]);
    const damagedHead = Buffer.from(head);
    damagedHead[12] = 0;
    await fill(damagedHead, line(1));
    const headless = await reader().readFrom(0);
    assert.deepEqual([qs(headless), headless.badLines, headless.head], [[1], 1, undefined]);
  });

  it('scans without parsing', async () => {
    const lines = [line(1), line(2, 'y'.repeat(500)), line(3)];
    await fill(head, ...lines, Buffer.from('torn'));
    const seen: (readonly [number, number, string])[] = [];
    const part = await reader(128).scanFrom(0, (q, offset, length, bytes, start) => seen.push([q, offset, bytes.toString('utf8', start, start + length)]));
    let offset = 0;
    assert.deepEqual(seen, [head, ...lines].map((each, q) => {
      const at = offset;
      offset += each.length;
      return [q, at, each.toString()];
    }));
    assert.deepEqual(part, { nextOffset: offset, badLines: 0, torn: 4, more: false, missing: false, lines: 4 });
  });

  it('rejects for other errors than a missing file', async () => {
    await assert.rejects(new SegmentReader(folder).readFrom(0).finally(() => undefined), (error) => (error as { code?: string }).code === 'EISDIR');
    await assert.rejects(new SegmentReader(join(folder, 'x'.repeat(300))).readFrom(0), (error) => (error as { code?: string }).code === 'ENAMETOOLONG');
  });
});
