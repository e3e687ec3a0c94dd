import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Session } from '../../../../src/core/session.ts';
import { applyPatch, patchOf } from '../../../../src/storage/journal/sessionPatch.ts';
import { session } from '../../../contract/storage/support/sessions.ts';
import { arbitrarySession } from './support/records.ts';

describe('session patch', () => {
  it('makes the one session of the other, also through JSON', () => {
    fc.assert(
      fc.property(fc.option(arbitrarySession, { nil: undefined }), arbitrarySession, (before, after) => {
        const { p, full } = patchOf(before, after);
        assert.equal(full, before === undefined);
        assert.deepEqual(applyPatch(before, p, full), after);
        assert.deepEqual(applyPatch(before, JSON.parse(JSON.stringify(p)) as typeof p, full), after);
      }),
    );
  });

  it('holds only what is another value, and null for what is gone', () => {
    const before = session('a', { signal: { activity: 'idle', source: 'hook', at: 1 }, completedAt: 3 });
    const { signal: _, ...rest } = before;
    const after = { ...rest, name: 'b', completedAt: undefined } as unknown as Session;
    assert.deepEqual(patchOf(before, after), { p: { name: 'b', signal: null, completedAt: null }, full: false });
    assert.deepEqual(patchOf(before, { ...before }).p, {});
    assert.deepEqual(Object.keys(applyPatch(before, patchOf(before, after).p, false) ?? {}).includes('signal'), false);
  });

  it('gives nothing for a partial patch to nothing, and the whole session for a whole one', () => {
    assert.equal(applyPatch(undefined, { name: 'x' }, false), undefined);
    assert.deepEqual(applyPatch(session('a', { feedSeq: 3 }), session('a'), true), session('a'));
  });

  it('S17: a field named __proto__ changes no prototype', () => {
    const patched = applyPatch(session('a'), JSON.parse('{"__proto__":{"polluted":1}}') as object, false);
    assert.equal((patched as unknown as { polluted?: number }).polluted, undefined);
    assert.equal(Object.getPrototypeOf(patched), Object.prototype);
  });
});
