import assert from 'node:assert/strict';
import { contextQueriesOf, contextQueryNote } from '../../../src/core/contextQueries.ts';
import type { HistoryEntry } from '../../../src/core/ports.ts';
import { allStatuses } from '../../../src/core/transitions.ts';
import { isActive } from '../../../src/core/session.ts';
import { aSession } from '../../fakes/sessions.ts';

const entry = (part: Partial<HistoryEntry>): HistoryEntry => ({ sessionId: 'a', seq: 1, at: 5, kind: 'contextQuery', actor: 'agent', data: {}, ...part });

describe('core/contextQueries', () => {
  it('A13 a query is kept with path, scope and time', () => {
    assert.deepEqual(contextQueryNote(aSession(), { path: 'src/a.ts', scope: 'callers', at: 5 }), {
      kind: 'contextQuery', actor: 'agent', at: 5, data: { path: 'src/a.ts', scope: 'callers' },
    });
    assert.deepEqual(contextQueryNote(aSession(), { path: 'src/a.ts', at: 5 })?.data, { path: 'src/a.ts' });
  });

  it('A13 only while the session is active; ignored afterwards', () => {
    const kept = allStatuses.filter((status) => contextQueryNote(aSession({ status }), { path: 'a', at: 5 }) !== undefined);
    assert.deepEqual(kept, allStatuses.filter(isActive));
  });

  it('A13 what an agent says is one short line, and a query without a path is none', () => {
    assert.deepEqual(contextQueryNote(aSession(), { path: 'a\n\u001b[31mb', scope: '  ', at: 5 })?.data, { path: 'a b' });
    assert.equal(contextQueryNote(aSession(), { path: ' \n', at: 5 }), undefined);
    assert.equal(JSON.stringify(contextQueryNote(aSession(), { path: 'x'.repeat(1e6), scope: 'y'.repeat(1e6), at: 5 })).length < 2000, true);
  });

  it('A13 is read back from the history, past lines that say something else', () => {
    const history = [
      entry({ data: { path: 'a', scope: 's' } }),
      entry({ kind: 'prompt', data: { path: 'b' } }),
      ...[null, 'x', {}, { path: 3 }].map((data) => entry({ data })),
      entry({ at: 9, data: { path: 'c', scope: 4 } }),
    ];
    assert.deepEqual(contextQueriesOf(history), [{ path: 'a', scope: 's', at: 5 }, { path: 'c', at: 9 }]);
  });
});
