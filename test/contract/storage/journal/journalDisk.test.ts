import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nullLogger } from '../../../../src/base/ports.ts';
import { nodeJournalFiles, type JournalFiles } from '../../../../src/storage/journal/journalFiles.ts';
import { JournalWriter, type Appended, type JournalWriterOptions } from '../../../../src/storage/journal/journalWriter.ts';
import { put, recovered } from '../../../unit/storage/journal/support/records.ts';

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;
const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('journal on a disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-journal-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = (more: Partial<JournalWriterOptions> = {}): Promise<JournalWriter> =>
    JournalWriter.open({ folder, epoch: 1, firstQ: 1, files: nodeJournalFiles, clock: { now: () => 5 }, logger: nullLogger, ...more });
  const append = (writer: JournalWriter, text = ''): Appended => writer.append((q, t) => put(q, t, text));
  const read = async (): Promise<{ readonly qs: readonly number[]; readonly bad: number }> => {
    const files = new Map<string, Buffer>();
    for (const name of await readdir(folder)) files.set(name, await readFile(join(folder, name)));
    const { records, bad } = recovered(files);
    return { qs: records.map(({ q }) => q), bad };
  };

  it('writes what the next owner reads, each owner in files of its own', async () => {
    for (const epoch of [1, 2, 3]) {
      const { qs } = await read();
      const writer = await open({ epoch, firstQ: qs.length + 1, segmentBytes: 4_000 });
      for (let n = 0; n < 50; n++) {
        const { durable, position } = append(writer, 'some words');
        assert.equal((await stat(join(folder, position.segment))).size, position.end);
        if (n % 7 === 0) await durable;
      }
      await writer.close();
    }
    assert.deepEqual(await read(), { qs: upTo(150), bad: 0 });
    await assert.rejects(open({ epoch: 3, firstQ: 101 }), code('EEXIST'));
    if (process.platform !== 'win32') for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
  });

  it('a former owner that wakes up late changes nothing', async () => {
    const former = await open();
    for (let n = 0; n < 5; n++) append(former, 'former');
    const owner = await open({ epoch: 2, firstQ: 6 });
    append(former, 'zombie');
    append(owner, 'owner');
    await former.close();
    await owner.close();
    assert.deepEqual(await read(), { qs: upTo(6), bad: 0 });
    const last = await readFile(join(folder, 'j-000000000002-000000000006.log'), 'utf8');
    assert.match(last, /"owner"/);
  });

  it('a full disk costs no accepted record', async () => {
    let room = 3_000;
    const files: JournalFiles = {
      ...nodeJournalFiles,
      writeSync(fd, bytes, offset, position) {
        if (room === 0) throw Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' });
        const part = bytes.subarray(0, Math.min(bytes.length, offset + room));
         
        const written = nodeJournalFiles.writeSync(fd, part, offset, position);
        room -= written;
        return written;
      },
    };
    const writer = await open({ files, segmentBytes: 2_000 });
    let accepted = 0;
    let refused = 0;
    for (let n = 0; n < 60; n++) {
      if (n === 45) room = Infinity;
      try {
        append(writer, 'some words');
        accepted++;
      } catch (error) {
        assert.ok(code('ENOSPC')(error));
        refused++;
      }
      if (n % 5 === 0) await writer.flush();
    }
    await writer.close();
    assert.ok(accepted > 20 && refused > 10, `${accepted} ${refused}`);
    assert.deepEqual(await read(), { qs: upTo(accepted), bad: 0 });
  });

  it('notices that the folder was removed, and goes on when it is back', async () => {
    const writer = await open();
    await append(writer).durable;
    await rename(folder, `${folder}-gone`);
    await rm(`${folder}-gone`, { recursive: true });
    await assert.rejects(append(writer).durable, code('ENOENT'));
    assert.throws(() => append(writer), code('ENOENT'));
    await mkdir(folder);
    await writer.rescue();
    assert.equal(append(writer).q, 3);
    await writer.close();
    assert.deepEqual((await read()).qs, [2, 3]);
  });

  it('what was appended outlives kill -9', async () => {
    for (let round = 1; round <= 2; round++) {
      const { qs } = await read();
      const child = fork(join(import.meta.dirname, 'support', 'appendingChild.ts'), [folder, String(round), String(qs.length + 1)]);
      const exited = once(child, 'exit');
      let said = 0;
      child.on('message', (q: number) => {
        said = q;
        if (q >= qs.length + 100) child.kill('SIGKILL');
      });
      await exited;
      const after = await read();
      assert.ok(said > qs.length && after.qs.length >= said, `${after.qs.length} of ${said}`);
      assert.deepEqual(after, { qs: upTo(after.qs.length), bad: 0 });
    }
  }).timeout(30_000);
});
