import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hashToken, sameHash } from '../../../src/link/token.ts';
import { isEndpoint, isEventsParams, isHeartbeat, isHelloParams, isRunnerEvent, isStopRequest } from '../../../src/link/wireChecks.ts';
import { arbitraryEvents, asJson } from './arbitraryRunnerEvent.ts';

const checks = [isRunnerEvent, isEventsParams, isHelloParams, isHeartbeat, isStopRequest, isEndpoint];

describe('wire checks', () => {
  it('take every event that a runner may send', () => {
    fc.assert(fc.property(arbitraryEvents, (events) => assert.ok(asJson(events).every(isRunnerEvent))));
  });

  it('never throw, and take nothing that came by chance', () => {
    fc.assert(fc.property(fc.anything(), (value) => assert.ok(checks.every((check) => !check(value)))));
  });

  const event = { kind: 'stopping', signal: 'SIGINT', seq: 1, at: 0 };
  const bad: readonly unknown[] = [
    { ...event, seq: 0 },
    { ...event, seq: 1.5 },
    { ...event, at: Number.NaN },
    { ...event, kind: 'toString' },
    { ...event, kind: '__proto__' },
    { ...event, signal: 7 },
    { kind: 'exited', code: 0, signal: null, cause: 'magic', seq: 1, at: 0 },
    { kind: 'survivors', pids: [0], seq: 1, at: 0 },
    { kind: 'hook', name: 'x', seq: 1, at: 0 },
    { kind: 'started', runner: { pid: 1 }, agent: { pid: '1' }, seq: 1, at: 0 },
  ];
  for (const value of bad) it(`refuse ${JSON.stringify(value)}`, () => assert.equal(isRunnerEvent(value), false));

  it('want rising numbers, or none', () => {
    assert.ok(isEventsParams({ events: [event, { ...event, seq: 3 }] }));
    assert.ok(!isEventsParams({ events: [event, event] }));
    assert.ok(isEventsParams({ events: [] }));
  });

  it('want a stop that stops', () => {
    assert.ok(isStopRequest({ from: 'SIGINT', graceMs: 0 }));
    assert.ok(!isStopRequest({ from: 'SIGKILL', graceMs: 0 }));
    assert.ok(!isStopRequest({ from: 'SIGINT', graceMs: 1e12 }));
    assert.ok(!isStopRequest({ from: 'SIGINT', graceMs: -1 }));
  });
});

describe('token hashes', () => {
  it('match only themselves', () => {
    assert.ok(sameHash(hashToken('secret'), hashToken('secret')));
    assert.ok(!sameHash(hashToken('secret'), hashToken('secreu')));
  });

  it('never match when missing or malformed', () => {
    assert.ok(!sameHash(undefined, undefined));
    assert.ok(!sameHash('', ''));
    assert.ok(!sameHash('zz', 'zz'));
    assert.ok(!sameHash('ab', 'ab'));
  });
});
