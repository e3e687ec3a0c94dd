import type { RunnerEvent, RunnerEventBody } from '../../src/core/runnerEvents.ts';
import type { Session } from '../../src/core/session.ts';
import { sessionId } from './ids.ts';

/** Where the wall clock of `FakeTime` begins. */
export const wallStart = 1_700_000_000_000;

/** A running session, changed as told. */
export function aSession(patch: Partial<Session> = {}): Session {
  return {
    id: sessionId(1),
    name: 'docs',
    driver: 'scripted',
    spec: { policy: 'ask', cwd: '/work/docs' },
    attempt: 1,
    status: 'running',
    lastRunnerSeq: 0,
    artifacts: [],
    historySeq: 0,
    skipped: 0,
    createdAt: wallStart,
    lastActivityAt: wallStart,
    ...patch,
  };
}

/** An event of the runner; its time follows from its number. */
export function event(seq: number, body: RunnerEventBody): RunnerEvent {
  return { ...body, seq, at: wallStart + seq * 1000 };
}

export const started: RunnerEventBody = {
  kind: 'started',
  runner: { pid: 10, startTime: 't10', bootId: 'boot-1' },
  agent: { pid: 11, startTime: 't11', bootId: 'boot-1' },
};

export function exited(code: number | null, patch: { signal?: string; cause?: 'agent' | 'stopped' | 'hangup' } = {}): RunnerEventBody {
  return { kind: 'exited', code, signal: patch.signal ?? null, cause: patch.cause ?? 'agent' };
}
