import assert from 'node:assert/strict';
import { isFleetError } from '../../../../src/base/errors.ts';
import { nullLogger } from '../../../../src/base/ports.ts';
import { JournalWriter, type Appended, type JournalWriterOptions } from '../../../../src/storage/journal/journalWriter.ts';
import { MemoryJournalFiles, turn } from './support/memoryJournalFiles.ts';
import { put, recovered } from './support/records.ts';

const first = 'j-000000000007-000000000001.log';

describe('journal writer', () => {
  let files: MemoryJournalFiles;
  beforeEach(() => {
    files = new MemoryJournalFiles();
  });

  const open = (more: Partial<JournalWriterOptions> = {}): Promise<JournalWriter> =>
    JournalWriter.open({ folder: '/journal', epoch: 7, firstQ: 1, files, clock: { now: () => 1000.4 }, logger: nullLogger, ...more });
  const append = (writer: JournalWriter, text = ''): Appended => writer.append((q, t) => put(q, t, text));
  const qs = (): readonly number[] => recovered(new Map([...files.files].map(([name, { data }]) => [name, data]))).records.map(({ q }) => q);
  const calls = (operation: string): readonly string[] => files.log.filter((line) => line.startsWith(`${operation} `));
  const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

  it('numbers without a gap, tells where a record ends, and leaves no file open', async () => {
    const writer = await open({ firstQ: 1 });
    const one = append(writer);
    const two = append(writer, 'x');
    assert.deepEqual([one.q, two.q, writer.nextQ], [1, 2, 3]);
    assert.equal(two.position.segment, first);
    assert.equal(two.position.end, files.files.get(first)?.data.length);
    assert.equal(recovered(new Map([[first, files.files.get(first)?.data ?? Buffer.alloc(0)]])).records[0]?.t, 1000);
    await writer.close();
    assert.equal(files.open.size, 0);
    assert.throws(() => append(writer), (error) => isFleetError(error, 'JournalClosed'));
    assert.deepEqual(qs(), [1, 2]);
  });

  it('takes no existing file', async () => {
    await (await open()).close();
    await assert.rejects(open(), code('EEXIST'));
  });

  it('a start that cannot write its header leaves nothing behind', async () => {
    files.fault = (operation) => (operation === 'write' ? { code: 'ENOSPC', written: 5 } : undefined);
    await assert.rejects(open(), code('ENOSPC'));
    assert.deepEqual([files.open.size, files.files.size], [0, 0]);
    files.fault = (operation) => (operation === 'write' || operation === 'truncate' ? { code: 'EIO', written: 5 } : undefined);
    await assert.rejects(open(), code('EIO'));
    assert.deepEqual([files.open.size, files.files.size], [0, 0]);
  });

  it('a refused record uses up no q', async () => {
    const writer = await open();
    assert.throws(() => writer.append((q, t) => ({ q, t, k: 'put', s: '../x', p: {} })), (error) => isFleetError(error, 'InvalidSession'));
    assert.throws(() => writer.append((_, t) => put(9, t)), RangeError);
    assert.equal(append(writer).q, 1);
    await writer.close();
    assert.deepEqual(qs(), [1]);
  });

  it('what is appended in one turn, and during a sync, shares a sync', async () => {
    const writer = await open();
    let release = (): void => {};
    files.gate = new Promise((resolve) => (release = resolve));
    const early = [append(writer), append(writer), append(writer)];
    assert.ok(early.every(({ durable }) => durable === early[0]?.durable));
    await turn();
    const late = [append(writer), append(writer)];
    await turn();
    assert.notEqual(late[0]?.durable, early[0]?.durable);
    assert.equal(writer.durableQ, 0);
    release();
    await late[1]?.durable;
    assert.equal(writer.durableQ, 5);
    assert.equal(calls('fdatasync').length, 2);
    assert.equal(calls('syncFolder').length, 1, 'the name of the file is synced once');
    await writer.close();
  });

  it('a failed or short write is taken back, and its q goes to the next record', async () => {
    const writer = await open();
    append(writer);
    for (const written of [0, 1, 40, 9999]) {
      files.fault = (operation) => (operation === 'write' ? { code: 'ENOSPC', written } : undefined);
      assert.throws(() => append(writer), code('ENOSPC'));
      files.fault = () => undefined;
      assert.deepEqual([writer.nextQ, qs().length], [2, 1]);
    }
    files.fault = (operation) => (operation === 'write' ? { written: 7 } : undefined);
    assert.equal(append(writer).q, 2);
    files.fault = (operation) => (operation === 'write' ? { written: 0 } : undefined);
    assert.throws(() => append(writer), code('EIO'));
    files.fault = () => undefined;
    await writer.close();
    assert.deepEqual([qs(), calls('openNew').length, calls('openNewSync').length], [[1, 2], 1, 0]);
  });

  it('a write that cannot be taken back ends the segment; what was in it is synced all the same', async () => {
    const writer = await open();
    const one = append(writer, 'one');
    files.fault = (operation) => (operation === 'write' || operation === 'truncate' ? { code: 'EIO', written: 9999 } : undefined);
    assert.throws(() => append(writer, 'phantom'), code('EIO'));
    assert.deepEqual(qs(), [1, 2], 'the system wrote it and said that it did not');
    files.fault = (operation) => (operation === 'truncate' ? { code: 'EIO' } : undefined);
    const two = append(writer, 'two');
    await Promise.all([one.durable, two.durable]);
    await writer.close();
    assert.equal(two.position.segment, 'j-000000000007-000000000002.log');
    assert.deepEqual(JSON.stringify(recovered(new Map([...files.files].map(([name, { data }]) => [name, data]))).records.map((record) => 'h' in record && record.h?.[0]?.[4])), '[{"text":"one"},{"text":"two"}]');
    assert.equal(files.open.size, 0);
  });

  for (const [operation, failure] of [['fdatasync', 'EIO'], ['fstat', 'EIO'], ['syncFolder', 'ENOSPC']] as const) {
    it(`a failing ${operation} rejects exactly those that wait, and they move to the next segment`, async () => {
      const writer = await open({ firstQ: 1 });
      if (operation !== 'syncFolder') await append(writer).durable;
      const before = writer.nextQ;
      files.fault = (each) => (each === operation ? { code: failure } : undefined);
      const waiting = [append(writer), append(writer)];
      for (const { durable } of waiting) await assert.rejects(durable, code(failure));
      assert.deepEqual([writer.kept, writer.durableQ], [2, before - 1]);
      files.fault = () => undefined;
      const next = append(writer);
      assert.equal(writer.kept, 0);
      assert.notEqual(next.position.segment, waiting[0]?.position.segment);
      await next.durable;
      assert.equal(writer.durableQ, before + 2);
      await writer.close();
      assert.deepEqual(qs(), Array.from({ length: before + 2 }, (_, index) => index + 1));
      const rescued = files.files.get(next.position.segment)?.synced.toString().match(/"q":\d+/g);
      assert.deepEqual(rescued, [0, before, before + 1, before + 2].map((q) => `"q":${q}`));
      assert.equal(files.open.size, 0);
    });
  }

  it('rescues without a new record, again and again until the disk is back', async () => {
    const writer = await open();
    files.fault = (each) => (each === 'fdatasync' ? { code: 'EIO' } : undefined);
    await assert.rejects(append(writer).durable, code('EIO'));
    await assert.rejects(writer.rescue(), code('EIO'));
    await assert.rejects(writer.flush(), code('EIO'));
    files.fault = (each) => (each === 'openNewSync' ? { code: 'ENOSPC' } : undefined);
    await assert.rejects(writer.rescue(), code('ENOSPC'));
    assert.throws(() => append(writer), code('ENOSPC'));
    assert.deepEqual([writer.kept, writer.nextQ], [1, 2]);
    files.fault = () => undefined;
    await writer.rescue();
    await writer.rescue();
    assert.deepEqual([writer.kept, writer.durableQ], [0, 1]);
    await writer.close();
    assert.deepEqual(qs(), [1]);
    assert.ok(files.files.has('j-000000000007-000000000002-0002.log'));
  });

  describe('when a rescue got only half-way', () => {
    /** Three records whose sync failed; the first of them was written again, the second could not be. */
    async function halfRescued(): Promise<JournalWriter> {
      const writer = await open();
      files.fault = (each) => (each === 'fdatasync' ? { code: 'EIO' } : undefined);
      await assert.rejects(Promise.all([append(writer), append(writer), append(writer)].map(({ durable }) => durable)), code('EIO'));
      // The header, one record, and no more.
      let room = 2;
      files.fault = (each) => (each === 'write' && room-- <= 0 ? { code: 'ENOSPC', written: 9 } : undefined);
      assert.throws(() => append(writer), code('ENOSPC'));
      assert.deepEqual([writer.kept, writer.nextQ], [2, 4]);
      return writer;
    }

    it('a failing sync of that half keeps the order', async () => {
      const writer = await halfRescued();
      files.fault = (each) => (each === 'fdatasync' || each === 'write' ? { code: 'EIO' } : undefined);
      await assert.rejects(writer.flush(), code('EIO'));
      while (writer.kept < 3) await turn();
      files.fault = () => undefined;
      const { durable, position } = append(writer);
      await durable;
      assert.deepEqual(files.files.get(position.segment)?.synced.toString().match(/"q":\d+/g), ['"q":0', '"q":1', '"q":2', '"q":3', '"q":4']);
      await writer.close();
    });

    it('closing waits for the sync of that half', async () => {
      const writer = await halfRescued();
      await assert.rejects(writer.close(), code('ENOSPC'));
      assert.deepEqual([writer.durableQ, writer.kept, files.open.size], [1, 2, 0]);
    });
  });

  it('notices that its file was removed', async () => {
    const writer = await open();
    await append(writer).durable;
    files.unlink(first);
    const lost = append(writer);
    await assert.rejects(lost.durable, code('ENOENT'));
    await append(writer).durable;
    await writer.close();
    assert.deepEqual(qs(), [2, 3]);
  });

  it('notices that its file was cut short', async () => {
    const writer = await open();
    const one = append(writer);
    const file = files.files.get(first);
    assert.ok(file);
    file.data = file.data.subarray(0, 20);
    await assert.rejects(one.durable, code('EIO'));
    await writer.close();
    assert.deepEqual(qs(), [1]);
  });

  it('rolls at the size, into a file that was opened ahead', async () => {
    const writer = await open({ segmentBytes: 2_000 });
    for (let n = 0; n < 60; n++) {
      await append(writer, 'some words').durable;
    }
    await writer.close();
    assert.deepEqual(qs(), Array.from({ length: 60 }, (_, index) => index + 1));
    const sizes = [...files.files.values()].map(({ data }) => data.length);
    assert.ok(sizes.length >= 4 && sizes.every((size) => size > 0 && size < 2_400), String(sizes));
    assert.equal(calls('openNewSync').length, 0);
    assert.equal(files.open.size, 0);
  });

  it('rolls at the size also within one turn, when nothing could be opened ahead', async () => {
    const writer = await open({ segmentBytes: 2_000 });
    const all = Array.from({ length: 60 }, () => append(writer, 'some words').durable);
    await Promise.all(all);
    await writer.close();
    assert.deepEqual(qs(), Array.from({ length: 60 }, (_, index) => index + 1));
    assert.ok(calls('openNewSync').length >= 3);
    assert.equal(files.open.size, 0);
    assert.ok([...files.files.values()].every(({ data, synced }) => data.length === synced.length && data.length > 0));
  });

  it('a segment that cannot be opened ahead, nor at once, leaves the present one in use', async () => {
    const writer = await open({ segmentBytes: 1_000 });
    files.fault = (each) => (each.startsWith('openNew') ? { code: 'EMFILE' } : undefined);
    for (let n = 0; n < 60; n++) await append(writer, 'some words').durable;
    assert.equal(files.files.size, 1);
    files.fault = () => undefined;
    for (let n = 0; n < 60; n++) await append(writer, 'some words').durable;
    await writer.close();
    assert.equal(qs().length, 120);
    assert.ok(files.files.size > 5);
  });

  it('closing while the disk fails tells so, and closes the files', async () => {
    const writer = await open({ segmentBytes: 1_000 });
    for (let n = 0; n < 6; n++) await append(writer, 'some words').durable;
    files.fault = (each) => (each === 'fdatasync' ? { code: 'EIO' } : undefined);
    append(writer);
    await assert.rejects(writer.close(), code('EIO'));
    assert.equal(files.open.size, 0);
  });
});
