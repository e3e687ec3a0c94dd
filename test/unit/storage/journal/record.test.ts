import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FleetError } from '../../../../src/base/errors.ts';
import type { Session } from '../../../../src/core/session.ts';
import { decodeLine, encodeHead, encodeRecord, lineOf, qOfLine, readLine, type JournalRecord } from '../../../../src/storage/journal/record.ts';
import { session } from '../../../contract/storage/support/sessions.ts';
import { arbitraryRecord, put } from './support/records.ts';

const full = (more: object): JournalRecord => ({ q: 1, t: 2, k: 'put', s: 'a', f: 1, p: { ...session('a'), ...more } });
const patch = (p: object): JournalRecord => ({ q: 1, t: 2, k: 'put', s: 'a', p: p });
const history = (...line: unknown[]): JournalRecord => ({ ...put(1, 2), h: [line as never] });

function refuses(record: JournalRecord, code: string): void {
  assert.throws(() => encodeRecord(record), (error) => error instanceof FleetError && error.code === code, JSON.stringify(Object.keys(record)));
}

describe('journal record', () => {
  it('comes back as it was written, one line each', () => {
    fc.assert(
      fc.property(arbitraryRecord, (record) => {
        const line = encodeRecord(record);
        assert.equal(line.indexOf(0x0a), line.length - 1);
        assert.match(line.toString('latin1'), new RegExp(`^[0-9a-f]{8} \\{"q":${record.q},`));
        assert.deepEqual(JSON.parse(JSON.stringify(decodeLine(line))), JSON.parse(JSON.stringify(record)));
        assert.deepEqual(decodeLine(line.subarray(0, -1)), decodeLine(line));
        assert.equal(qOfLine(line), record.q);
      }),
      { numRuns: 300 },
    );
  });

  it('S4: any flipped bit and any cut is noticed', () => {
    const line = encodeRecord(put(12, 34, 'héllo'));
    // The line feed is no part of what is checked.
    for (let bit = 0; bit < (line.length - 1) * 8; bit++) {
      const bad = Buffer.from(line);
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(decodeLine(bad), undefined, `bit ${bit}`);
    }
    for (let length = 0; length < line.length - 1; length++) assert.equal(decodeLine(line.subarray(0, length)), undefined);
  });

  it('refuses what a column could not hold', () => {
    for (const field of ['createdAt', 'startedAt', 'completedAt', 'lastActivityAt', 'historySeq', 'lastRunnerSeq', 'feedSeq']) {
      for (const value of [NaN, Infinity, -1, 1.5, '1', 2 ** 53, 1n, {}]) {
        refuses(full({ [field]: value }), 'InvalidSession');
        refuses(patch({ [field]: value }), 'InvalidSession');
      }
    }
    for (const value of [NaN, Infinity, -1, 1.5, '1']) {
      refuses(history(value, 1, 'k', 'agent', 1), 'InvalidHistory');
      refuses(history(1, value, 'k', 'agent', 1), 'InvalidHistory');
      refuses({ q: 1, t: 1, k: 'audit', a: { at: value as number, actor: 'user', action: 'spawn', result: 'ok' } }, 'InvalidHistory');
      refuses(put(1, value as number), 'InvalidSession');
      refuses({ q: 1, t: value as number, k: 'audit', a: { at: 1, actor: 'user', action: 'spawn', result: 'ok' } }, 'InvalidHistory');
      refuses(put(value as number, 1), 'InvalidSession');
    }
    refuses(put(0, 1), 'InvalidSession');
  });

  it('S6: refuses ids that are none', () => {
    for (const id of ['', '-a', 'a/b', 'a"b', 'a b', 'é', 'a\n', 'x'.repeat(129), undefined, 7]) {
      refuses({ ...patch({}), s: id as string } as JournalRecord, 'InvalidSession');
      refuses({ q: 1, t: 1, k: 'evict', s: id as string, b: session('a') }, 'InvalidSession');
      refuses({ q: 1, t: 1, k: 'del', s: ['a', id as string] }, 'InvalidSession');
      if (id !== undefined) refuses(full({ parentId: id }), 'InvalidSession');
    }
    refuses(full({ id: 'b' }), 'InvalidSession');
  });

  it('refuses what could not be read back', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const value of [cycle, { n: 1n }]) {
      refuses(full({ signal: value }), 'InvalidSession');
      refuses(history(1, 1, 'k', 'agent', value), 'InvalidHistory');
    }
    refuses(history(1, 1, 'k', 'agent', () => 1), 'InvalidHistory');
    refuses(history(1, 1, 'k', 'nobody', 1), 'InvalidHistory');
    refuses(history(1, 1, 7, 'agent', 1), 'InvalidHistory');
    for (const more of [{ status: 'sleeping' }, { name: undefined }, { spec: {} }, { artifacts: 'x' }, { lastActivityAt: null }]) refuses(full(more), 'InvalidSession');
    refuses(patch({ status: null }), 'InvalidSession');
    refuses({ q: 1, t: 1, k: 'evict', s: 'a', b: { id: 'a' } as Session }, 'InvalidSession');
    assert.ok(decodeLine(encodeRecord(patch({ completedAt: null, signal: null }))));
  });

  it('keeps fields that it does not know, and tells kinds that it does not know from damage', () => {
    const newer = lineOf('{"q":7,"t":1,"k":"put","s":"a","p":{"hat":"red"},"z":[1]}');
    assert.deepEqual(decodeLine(newer), { q: 7, t: 1, k: 'put', s: 'a', p: { hat: 'red' }, z: [1] });
    for (const text of ['{"q":7,"t":1,"k":"merge"}', '{"q":7,"t":1,"k":"put"}', '{"q":7,"t":1,"k":"put","s":"a","p":{},"h":[[1]]}']) {
      assert.deepEqual(readLine(lineOf(text)), { is: 'unknown', q: 7 });
      assert.equal(decodeLine(lineOf(text)), undefined);
    }
    for (const text of ['{"t":1,"k":"del"}', '[]', '7', 'null', '{"q":-1}', '{"q":0,"t":1,"k":"del","s":[]}', '{']) assert.equal(readLine(lineOf(text)), undefined);
  });

  it('reads headers of live and of base segments', () => {
    assert.deepEqual(readLine(encodeHead({ format: 2, epoch: 3, first: 9, t: 5 })), { is: 'head', head: { q: 0, k: 'head', format: 2, epoch: 3, first: 9, t: 5 } });
    assert.deepEqual(readLine(encodeHead({ format: 2, base: 8, first: 1, t: 5 })), { is: 'head', head: { q: 0, k: 'head', format: 2, base: 8, first: 1, t: 5 } });
    assert.match(encodeHead({ format: 2, epoch: 3, first: 9, t: 5 }).toString(), /^[0-9a-f]{8} \{"q":0,"k":"head","format":2,"epoch":3,"first":9/);
    assert.equal(readLine(lineOf('{"q":0,"k":"head"}')), undefined);
  });
});
