import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isExpectedToSpeak, isForeign, leaseMsOf, type PidEvidence } from '../../../src/core/liveness.ts';
import { lookAt } from '../../../src/core/sessionEvidence.ts';
import type { ActivityKind, Liveness, ProcessIdentity, Session, SessionStatus } from '../../../src/core/session.ts';
import { LocalProcessProbe } from '../../../src/hosts/local/probe.ts';
import { aSession } from '../../fakes/sessions.ts';

const full: ProcessIdentity = { pid: 7, startTime: '100', bootId: 'a' };
const bare: ProcessIdentity = { pid: 7 };
const runner: ProcessIdentity = { ...full, pid: 8 };
const here: PidEvidence = { presence: 'present', startTime: '100' };
const missing: PidEvidence = { presence: 'missing' };

/** What this machine says. */
interface Machine {
  readonly bootId?: string;
  readonly pids: Readonly<Record<number, PidEvidence>>;
}
const look = (agent: PidEvidence, bootId: string | undefined = 'a', ofRunner: PidEvidence = { presence: 'unknown' }): Machine => ({
  pids: { 7: agent, 8: ofRunner, 0: missing }, ...(bootId === undefined ? {} : { bootId }),
});

/** The code that runs in the product: the look at a session, on the probe of this machine; only the process table is made up. */
async function verdict(session: Session, { bootId, pids }: Machine): Promise<{ readonly verdict: Liveness; readonly asked: readonly number[] }> {
  const asked: number[] = [];
  const fail = (): Promise<never> => Promise.reject(new Error('not part of a verdict'));
  const probe = new LocalProcessProbe({
    bootId: () => Promise.resolve(bootId),
    look: (pid) => Promise.resolve((asked.push(pid), pids[pid] ?? { presence: 'unknown' })),
    list: fail, measure: fail, hasVariable: fail,
  });
  return { verdict: (await lookAt(probe, session, 'desk')).verdict, asked };
}

const adopted = (agent: ProcessIdentity): Partial<Session> => ({ channel: 'external', agent });
const ours: Partial<Session> = { agent: full, runner };

const table: readonly (readonly [row: string, what: string, session: Partial<Session>, evidence: Machine, expected: Liveness])[] = [
  ['V1', 'pid, start time and boot id agree', adopted(full), look(here), 'alive'],
  ['V1', 'a pid alone is not proof', adopted(bare), look({ presence: 'present' }), 'unknown'],
  ['V1', 'a pid with a start time that nobody recorded is not proof', adopted(bare), look(here), 'unknown'],
  ['V1', 'start time recorded, but it cannot be read now', adopted(full), look({ presence: 'present' }), 'unknown'],
  ['V1', 'the pid is gone', adopted(full), look(missing), 'dead'],
  ['V1', 'the system did not answer', adopted(full), look({ presence: 'unknown' }), 'unknown'],
  ['V1', 'an old heartbeat says nothing about a live process', { ...ours, lastActivityAt: 0 }, look(here), 'alive'],
  ['V2', 'the pid was given to another process', adopted(full), look({ presence: 'present', startTime: '101' }), 'dead'],
  ['V2', 'the pid was given to another user’s process', adopted(full), look({ presence: 'denied', startTime: '101' }), 'dead'],
  ['V2', 'EPERM is alive', adopted(full), look({ presence: 'denied' }), 'alive'],
  ['V2', 'EPERM is alive without a start time', adopted(bare), look({ presence: 'denied' }), 'alive'],
  ['V2', 'after a reboot dead, though pid and start time agree by chance', adopted(full), look(here, 'b'), 'dead'],
  ['V2', 'after a reboot dead, though the pid may not be looked at', adopted(full), look({ presence: 'denied' }, 'b'), 'dead'],
  ['V2', 'no boot id now: not compared', adopted(full), { pids: { 7: here } }, 'alive'],
  ['V2', 'no boot id recorded: not compared', adopted({ pid: 7, startTime: '100' }), look(here, 'b'), 'alive'],
  ['V4', 'no process recorded', {}, look(missing), 'unknown'],
  ['V4', 'a pid that is none', adopted({ pid: 0, bootId: 'a' }), look(missing), 'unknown'],
  ['V4', 'another host: its pids are not ours', { ...ours, host: 'container' }, look(missing, 'a', missing), 'unknown'],
  ['V4', 'another host: its boot id is not ours', { ...ours, host: 'container' }, look(here, 'b'), 'unknown'],
  ['V4', 'our own host by name', { ...ours, host: 'desk' }, look(missing, 'a', missing), 'dead'],
  ['V4', 'one of ours without a runner: it may still be about to write the end', { agent: full }, look(missing), 'unknown'],
  ['V10', 'the runner is gone, the agent lives', ours, look(here, 'a', missing), 'alive'],
  ['V10', 'the agent is gone, its runner still cleans up', ours, look(missing, 'a', here), 'alive'],
  ['V10', 'both are gone', ours, look(missing, 'a', missing), 'dead'],
  ['V10', 'one is gone, nobody can tell about the other', ours, look(missing), 'unknown'],
  ['V10', 'an adopted one has no runner: its own process decides', adopted(full), look(missing), 'dead'],
];

describe('core/liveness: verdict', () => {
  for (const [row, what, session, evidence, expected] of table) {
    it(`${row} ${what}: ${expected}`, async () => assert.equal((await verdict(aSession(session), evidence)).verdict, expected));
  }

  it('V2 after a reboot dead, without looking at the pids: they belong to others', async () => {
    assert.deepEqual(await verdict(aSession(ours), look(here, 'b', here)), { verdict: 'dead', asked: [] });
  });

  it('V4 of another host nothing is looked at', async () => {
    assert.deepEqual(await verdict(aSession({ ...ours, host: 'container' }), look(missing, 'b', missing)), { verdict: 'unknown', asked: [] });
  });

  it('V2 nothing but a missing pid, another start time or another boot proves death', async () => {
    const text = fc.constantFrom('a', 'b', undefined);
    const presence = fc.constantFrom('present', 'denied', 'missing', 'unknown');
    await fc.assert(
      fc.asyncProperty(text, text, text, text, presence, async (bootThen, bootNow, startThen, startNow, seen) => {
        const identity = { pid: 7, ...(bootThen === undefined ? {} : { bootId: bootThen }), ...(startThen === undefined ? {} : { startTime: startThen }) };
        const evidence = { presence: seen, ...(startNow === undefined ? {} : { startTime: startNow }) };
        const differs = (then: string | undefined, now: string | undefined): boolean => then !== undefined && now !== undefined && then !== now;
        const isProven = differs(bootThen, bootNow) || seen === 'missing' || (seen !== 'unknown' && differs(startThen, startNow));
        const found = await verdict(aSession(adopted(identity)), { pids: { 7: evidence }, ...(bootNow === undefined ? {} : { bootId: bootNow }) });
        assert.equal(found.verdict === 'dead', isProven);
      }),
    );
  });

  it('V4 rows of older versions name no host: they are ours', () => {
    assert.deepEqual([isForeign(aSession(), 'desk'), isForeign(aSession({ host: 'desk' }), 'desk'), isForeign(aSession({ host: 'wsl' }), 'desk')], [false, false, true]);
  });
});

const said = (activity: ActivityKind | undefined, status: SessionStatus = 'running'): Session =>
  aSession({ status, ...(activity === undefined ? {} : { signal: { activity, source: 'hook', at: 1 } }) });

describe('core/liveness: whose silence is suspicious', () => {
  it('V3 that of a busy, live agent, also of one that never said anything', () => {
    assert.deepEqual([said('working'), said('running_tool'), said(undefined)].map((session) => isExpectedToSpeak(session, 'alive')), [true, true, true]);
  });

  it('V3 the lease is a setting between 30 seconds and an hour', () => {
    assert.deepEqual([300, 30, 3600, 1, 0, 99_999, Number.NaN].map(leaseMsOf), [300_000, 30_000, 3_600_000, 30_000, 30_000, 3_600_000, 300_000]);
  });

  it('V8 not that of an agent that rests or waits for a person', () => {
    for (const activity of ['idle', 'needs_permission', 'needs_answer', 'blocked'] as const) assert.equal(isExpectedToSpeak(said(activity), 'alive'), false);
  });

  it('V3 not that of the dead, the unknown and the ended', () => {
    assert.equal(isExpectedToSpeak(said('working'), 'dead'), false);
    assert.equal(isExpectedToSpeak(said('working'), 'unknown'), false);
    assert.equal(isExpectedToSpeak(said('working', 'completed'), 'alive'), false);
  });
});
