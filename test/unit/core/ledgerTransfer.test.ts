import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { exportSession } from '../../../src/core/ledgerExport.ts';
import { inBatches, sessionsToImport } from '../../../src/core/ledgerTransfer.ts';
import type { FleetEvent } from '../../../src/protocol/event.ts';
import { sessionId } from '../../fakes/ids.ts';
import { wallStart } from '../../fakes/sessions.ts';
import { FakeWindow } from '../../fakes/window.ts';

const options = { hash: (text: string) => createHash('sha256').update(text).digest('hex'), cwd: '/work', now: wallStart };
const foreign = (task_id: string, seq: number, payload: FleetEvent['payload']): FleetEvent => ({ seq, run_id: 'r', worker_id: 'w', task_id, timestamp: '2026-11-01T00:00:00Z', payload, extra: {}, unknownFields: {} });

describe('sessions to import', () => {
  let window: FakeWindow;
  beforeEach(async () => {
    window = await FakeWindow.open();
  });
  afterEach(() => window.dispose());

  async function exportOf(id: string): Promise<readonly FleetEvent[]> {
    return exportSession({ session: window.fleet.get(id), history: await window.fleet.history(id) }, { runId: 'here' });
  }

  it('A9: what was exported and is imported elsewhere is there again, under its own id and marked as external', async () => {
    const { id } = await window.spawner.spawn({ driver: 'scripted', name: 'docs', prompt: 'write', policy: 'ask', cwd: '/work/docs' });
    await window.fleet.cancelled(id, 'enough');
    const events = await exportOf(id);
    // Another window, as after a clear.
    window.dispose();
    window = await FakeWindow.open();
    const told = sessionsToImport(events, options);
    assert.equal(await window.fleet.importSessions(told), 1);
    const back = window.fleet.get(id);
    assert.deepEqual([back.name, back.driver, back.status, back.outcome, back.spec.prompt, back.channel], ['docs', 'scripted', 'cancelled', { type: 'cancelled', reason: 'enough' }, 'write', 'external']);
    const history = await window.fleet.history(id);
    assert.deepEqual([history.map(({ seq }) => seq), back.historySeq], [events.map((_, index) => index + 1), events.length]);
    assert.equal(await window.fleet.importSessions(sessionsToImport(events, options)), 0, 'what is here already is passed over');
    assert.deepEqual((await exportOf(id)).map(({ payload }) => payload), events.map(({ payload }) => payload));
  });

  it('foreign tasks get the same well-formed id each time; one without an end is unknown', () => {
    const events = [foreign('a', 1, { state: 'running' }), foreign('b', 1, { state: 'running' }), foreign('b', 2, { state: 'completed' })];
    const [first, second] = [sessionsToImport(events, options), sessionsToImport(events, options)];
    assert.deepEqual(first, second);
    assert.deepEqual(first.map(({ session }) => [/^agent-[a-z2-7]{20}$/.test(session.id), session.status, session.historySeq]), [[true, 'unknown', 0], [true, 'completed', 0]]);
    assert.notEqual(first[0]?.session.id, first[1]?.session.id);
  });

  it('an import travels in pieces, in order; a large session travels alone', () => {
    const sessions = sessionsToImport(['a', 'b', 'c', 'd', 'e'].map((id) => foreign(id, 1, { state: 'failed', reason: id === 'c' ? 'x'.repeat(5000) : 'y', recoverable: false })), options);
    const sizes = (most: Parameters<typeof inBatches>[1]): readonly number[] => [...inBatches(sessions, most)].map(({ length }) => length);
    assert.deepEqual([sizes({ sessions: 2, characters: 1e6 }), sizes({ sessions: 9, characters: 3000 }), sizes(undefined)], [[2, 2, 1], [2, 1, 2], [5]]);
    assert.deepEqual([...inBatches(sessions)].flat(), sessions);
    assert.deepEqual([...inBatches([])], []);
  });

  it('a task id that only looks like a path is never used; an id that comes twice is used once', () => {
    const mine = sessionId(1);
    const twice = [{ ...foreign(mine, 1, { state: 'completed' }), run_id: 'x' }, foreign(mine, 1, { state: 'completed' }), foreign('agent-../../../etc', 1, { state: 'completed' })];
    const ids = sessionsToImport(twice, options).map(({ session }) => session.id);
    assert.equal(new Set(ids).size, 3);
    assert.ok(ids.every((id) => /^agent-[a-z0-9]{20}$/.test(id)));
  });
});
