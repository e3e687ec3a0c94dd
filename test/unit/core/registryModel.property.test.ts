import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFleetError } from '../../../src/base/errors.ts';
import { nullLogger } from '../../../src/base/ports.ts';
import { fleetCommandNames, type FleetCommandName, type NewSession } from '../../../src/core/fleetCommands.ts';
import { FleetService } from '../../../src/core/fleetService.ts';
import { isActive, isTerminal, type Session, type SessionOutcome } from '../../../src/core/session.ts';
import { lookAt } from '../../../src/core/sessionEvidence.ts';
import { allStatuses } from '../../../src/core/transitions.ts';
import { FakeCatalog } from '../../fakes/drivers.ts';
import { FakeMachine } from '../../fakes/processes.ts';
import { aSession, wallStart } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { FakeTime } from '../../fakes/time.ts';
import { Refusal, RegistryModel, worktree, type Row } from './registryModel.ts';

/** What is generated: what to do, and dice from which its arguments follow. */
interface Op {
  readonly what: FleetCommandName | 'watch' | 'reopen';
  readonly pick: number;
  readonly other: number;
  readonly flag: boolean;
}

/** In the order of their numbers, as text, too: the clock stands still, so ids decide between equals. */
const idOf = (n: number): string => `agent-${String(n).padStart(20, '0')}`;
const idle = JSON.stringify([{ type: 'activity', activity: 'idle' }]);

/** A registry and its model, side by side. */
class Pair {
  readonly store = new MemoryStore();
  readonly model: RegistryModel;
  readonly watches: { end?: SessionOutcome['type'] | 'WatchDropped' }[] = [];
  fleet: FleetService;
  readonly #limits: { readonly limit: number; readonly maxFinished: number };
  /** Highest number that was given to a session; ids are never used again. */
  #last = 0;

  constructor(limit: number, maxFinished: number) {
    this.#limits = { limit, maxFinished };
    this.model = new RegistryModel(limit, maxFinished);
    this.fleet = this.#fleet();
  }

  async run(op: Op): Promise<void> {
    const { what } = op;
    if (what === 'reopen') return this.#reopen();
    const expected = codeOf(() => (what === 'watch' ? this.model.watch(this.#id(op)) : this.#rules[what](op)));
    const actual = await this.#perform(op).then(() => undefined, (error: unknown) => (isFleetError(error) ? error.code : String(error)));
    assert.equal(actual, expected, what);
  }

  /** What can be seen of both. */
  async check(): Promise<void> {
    assert.deepEqual(new Map(this.fleet.sessions.map((session) => [session.id, seen(session)])), new Map([...this.model.rows].map(([id, row]) => [id, seenOf(row)])));
    const evicted = (await this.fleet.search({})).filter((found) => found.evicted).map(({ id }) => id);
    assert.deepEqual(evicted.sort(), [...this.model.evicted.keys()].sort());
    const { entries, watermark } = await this.fleet.feed.listSince(0);
    // What was cleared is gone from the store's feed, but no number is given twice.
    const kept = this.model.feed.filter((id) => this.model.rows.has(id) || this.model.evicted.has(id));
    assert.deepEqual(new Set(entries.map(({ sessionId }) => sessionId).filter((id) => kept.includes(id))), new Set(kept));
    assert.ok(entries.every(({ seq, sessionId }) => this.model.feed[seq - 1] === sessionId) && watermark <= this.model.feed.length);
    assert.equal((await this.fleet.auditTrail()).length, this.model.audits);
    assert.deepEqual(this.watches.map(({ end }) => end), this.model.watches.map(({ end }) => end));
    for (const { id, historySeq, escalatedAt } of this.fleet.sessions) {
      const lines = await this.fleet.history(id);
      assert.deepEqual(lines.map(({ seq }) => seq), Array.from({ length: historySeq }, (_, index) => index + 1), id);
      assert.equal(lines.filter(({ kind }) => kind === 'escalated').length, escalatedAt === undefined ? 0 : 1, id);
    }
  }

  async #reopen(): Promise<void> {
    // Opening does it, too.
    await this.fleet.tidy();
    const before = byId(this.fleet.sessions);
    const { watermark } = this.fleet.feed;
    this.fleet.dispose();
    this.fleet = this.#fleet();
    this.model.reopen();
    await this.fleet.open();
    assert.deepEqual(byId(this.fleet.sessions), before);
    // A cleared session takes its number with it: the store knows of none above it.
    assert.ok(this.fleet.feed.watermark <= watermark);
    if (this.fleet.feed.watermark < watermark) this.model.feed.length = this.fleet.feed.watermark;
  }

  #fleet(): FleetService {
    const [time, machine] = [new FakeTime(), new FakeMachine()];
    const { limit, maxFinished } = this.#limits;
    return new FleetService({
      store: this.store, drivers: new FakeCatalog(), clock: time, timers: time, logger: nullLogger,
      maxConcurrent: () => limit,
      retention: () => ({ maxFinished, maxAgeMs: 0 }),
      evidence: { liveness: async (session) => (await lookAt(machine, session)).verdict, realPath: (path) => Promise.resolve(path), host: 'here' },
    });
  }

  /** A known session, one that is gone, or none at all. */
  #id({ pick }: Op): string {
    return idOf((pick % (this.#last + 1)) + 1);
  }

  /** A new one, or, to be refused or passed over, one that is in the list and stays there. */
  #newId(op: Op): string {
    const id = this.#id(op);
    if ((op.what === 'register' || op.what === 'importSessions') && this.model.rows.has(id)) return id;
    return idOf(this.#last + 1);
  }

  #request(op: Op): NewSession {
    const id = this.#newId(op);
    const kind = op.flag ? 'child_agent' : 'agent';
    return { id, name: op.other === 0 ? 'same' : id, driver: 'scripted', spec: { policy: 'ask', cwd: '/work' }, tokenHash: 'h', attempt: 1, kind, promptToType: 'go' };
  }

  #rowOf(op: Op, patch: Partial<Row> = {}): Pick<Row, 'id' | 'name' | 'kind' | 'worktree' | 'promptToType'> {
    const { id, name, kind = 'agent', promptToType } = this.#request(op);
    return { id, name, kind, ...(promptToType === undefined ? {} : { promptToType }), ...patch };
  }

  #imported(op: Op): Session {
    const { id, name, kind } = this.#rowOf(op);
    const status = allStatuses[op.other % allStatuses.length] ?? 'running';
    const gone = { pid: 99, startTime: 'x', bootId: 'boot-1' };
    const session = aSession({ id, name, kind: kind as 'agent', status, worktree, ...(op.flag ? { runner: gone, agent: gone } : {}) });
    return isTerminal(status) ? { ...session, completedAt: wallStart, outcome: { type: status, reason: 'x', error: 'x', by: 'exit' } as unknown as SessionOutcome } : session;
  }

  #gone({ pick, other }: Op): readonly string[] {
    return [this.#id({ pick } as Op), this.#id({ pick: other } as Op)];
  }

  #perform(op: Op): Promise<unknown> {
    const { fleet } = this;
    const [id, at] = [this.#id(op), op.flag ? wallStart + op.other : undefined];
    const isNew = op.what === 'register' || op.what === 'reserve' || op.what === 'findOrCreate' || op.what === 'importSessions';
    // The model has gone first: it may have the new session already.
    const request = isNew ? this.#pending : undefined;
    switch (op.what) {
      case 'register': return fleet.register(request as NewSession);
      case 'reserve': return fleet.reserve(worktree, request as NewSession);
      case 'findOrCreate': return fleet.findOrCreate({ worktree }, { ...(request as NewSession), worktree });
      case 'importSessions': return fleet.importSessions([{ session: request as Session, notes: [{ kind: 'registered', actor: 'agent', at: 1, data: {} }] }]);
      case 'reap': return fleet.reap(op.flag ? 'all' : { worktree });
      case 'release': return fleet.release(id);
      case 'complete': return fleet.complete(id, 'x', { isStillToEnd: op.flag });
      case 'cancelled': return fleet.cancelled(id, 'x');
      case 'failed': return fleet.failed(id, 'x');
      case 'agentGone': return fleet.agentGone(id);
      case 'provisioningFailed': return fleet.provisioningFailed(id, 'x');
      case 'abortProvisioning': return fleet.abortProvisioning(id, 'x');
      case 'terminated': return fleet.terminated(id, 'x');
      case 'terminateOwner': return fleet.terminateOwner('x');
      case 'requestRetire': return fleet.requestRetire(id, op.flag ? 60_000 : undefined);
      case 'markRetired': return fleet.markRetired(id);
      case 'peerReady': return fleet.peerReady(id, { name: 'n', address: 'a' });
      case 'reportProgress': return fleet.reportProgress(id, { percent: op.other });
      case 'reportUsage': return fleet.reportUsage(id, { turn: String(op.other), inputTokens: 1 });
      case 'contextQuery': return fleet.contextQuery(id, { path: 'p' });
      case 'requestStop': return fleet.requestStop(id, 'x', op.flag ? 'timeout' : undefined);
      case 'planRetry': return fleet.planRetry(id, at);
      case 'escalate': return fleet.escalate(id, 'x');
      case 'promptSent': return fleet.promptSent(id, { text: op.flag ? 'go' : 'other', result: 'typed' });
      case 'record': return fleet.record(id, 'k', 'user', {});
      case 'applyTitle': return fleet.applyTitle(id, idle);
      case 'countSpoolSkipped': return fleet.countSpoolSkipped(id, op.other);
      case 'clear': return fleet.clear(this.#gone(op));
      case 'collect': return fleet.collect();
      case 'audit': return fleet.audit({ at: 1, actor: 'user', action: 'x', result: 'ok' });
      case 'watch': return this.#watch(id);
      case 'reopen': return Promise.resolve();
    }
  }

  async #watch(id: string): Promise<void> {
    const outcome = this.fleet.watch(id);
    const watch: Pair['watches'][number] = {};
    this.watches.push(watch);
    outcome.then(({ type }) => (watch.end = type), () => (watch.end = 'WatchDropped'));
    await Promise.resolve();
  }

  /** The request that the model was given last. */
  #pending: NewSession | Session | undefined;

  #register(op: Op, patch: Partial<Row> = {}): void {
    this.model.register(this.#rowOf(op, patch));
    this.#last = Math.max(this.#last, Number(this.#pending?.id.slice(6)));
  }

  /** What each command does to the model. */
  readonly #rules: Readonly<Record<FleetCommandName, (op: Op) => void>> = {
    register: (op) => {
      this.#pending = this.#request(op);
      this.#register(op);
    },
    reserve: (op) => {
      this.#pending = this.#request(op);
      if (!this.model.survives(op.what === 'reserve' ? 'holds' : 'matches')) this.#register(op, { worktree });
    },
    findOrCreate: (op) => this.#rules.reserve(op),
    importSessions: (op) => {
      const session = this.#imported(op);
      this.#pending = session;
      this.model.imported({ id: session.id, name: session.name, kind: session.kind ?? 'agent', worktree, status: session.status, isDead: op.flag && isActive(session.status) });
      this.#last = Math.max(this.#last, Number(session.id.slice(6)));
    },
    reap: ({ flag }) => void this.model.reap(!flag),
    release: (op) => this.model.release(this.#id(op)),
    complete: (op) => {
      // Asked for before it ends: what is still needed is not evicted by its own end.
      const row = this.model.get(this.#id(op));
      const wish = { isNew: row.stop === undefined && op.flag && (row.status === 'running' || row.status === 'retiring') };
      if (wish.isNew) row.stop = 'cancel';
      this.model.act(row.id, 'complete_operation');
    },
    cancelled: (op) => {
      const row = this.model.get(this.#id(op));
      this.model.act(row.id, row.stop === 'timeout' ? 'fail_operation' : 'cancel_operation');
    },
    failed: (op) => void this.model.act(this.#id(op), 'fail_operation'),
    agentGone: (op) => {
      const row = this.model.get(this.#id(op));
      if (isTerminal(row.status)) delete row.stop;
    },
    provisioningFailed: (op) => void this.model.act(this.#id(op), 'provisioning_failed'),
    abortProvisioning: (op) => void this.model.act(this.#id(op), 'abort_provisioning'),
    terminated: (op) => void this.model.act(this.#id(op), 'terminate_owner'),
    terminateOwner: () => this.model.terminateOwner(),
    requestRetire: (op) => void this.model.act(this.#id(op), 'request_retire'),
    markRetired: (op) => void this.model.act(this.#id(op), 'mark_retired'),
    peerReady: (op) => this.model.peerReady(this.#id(op)),
    reportProgress: (op) => void this.model.act(this.#id(op), 'report_progress').progress++,
    reportUsage: (op) => {
      const row = this.model.get(this.#id(op));
      if (row.turn !== op.other) row.turns++;
      row.turn = op.other;
    },
    contextQuery: (op) => void this.model.get(this.#id(op)),
    requestStop: (op) => {
      const row = this.model.get(this.#id(op));
      if (isActive(row.status)) row.stop ??= op.flag ? 'timeout' : 'cancel';
    },
    planRetry: (op) => {
      const row = this.model.get(this.#id(op));
      if (!isTerminal(row.status) || (op.flag && row.isEscalated)) return;
      if (op.flag) row.retryAt = wallStart + op.other;
      else delete row.retryAt;
    },
    escalate: (op) => {
      const row = this.model.get(this.#id(op));
      if (!isTerminal(row.status) || row.isEscalated) return;
      row.isEscalated = true;
      delete row.retryAt;
    },
    promptSent: (op) => {
      const row = this.model.get(this.#id(op));
      if (op.flag) delete row.promptToType;
    },
    record: (op) => void this.model.get(this.#id(op)),
    applyTitle: (op) => {
      const row = this.model.rows.get(this.#id(op));
      if (row !== undefined && isActive(row.status)) row.isIdle = true;
    },
    countSpoolSkipped: (op) => {
      const row = this.model.get(this.#id(op));
      row.skipped = Math.max(row.skipped, op.other);
    },
    clear: (op) => this.model.clear(this.#gone(op)),
    collect: () => this.model.collect(),
    audit: () => void this.model.audits++,
  };
}

function codeOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

function byId(sessions: readonly Session[]): readonly Session[] {
  return [...sessions].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The part of a session that the model has, too. */
function seen(session: Session): unknown {
  const { status, outcome, feedSeq, peer, progress, usage, skipped, signal, promptToType, stopRequest, retryAt, escalatedAt } = session;
  const stop = stopRequest === undefined ? undefined : (stopRequest.cause ?? 'cancel');
  return [status, outcome?.type, feedSeq, peer !== undefined, progress?.count ?? 0, usage?.turns ?? 0, skipped, signal?.activity === 'idle', promptToType, stop, retryAt, escalatedAt !== undefined];
}

function seenOf(row: Row): unknown {
  return [row.status, row.outcome, row.feedSeq, row.isPeerReady, row.progress, row.turns, row.skipped, row.isIdle, row.promptToType, row.stop, row.retryAt, row.isEscalated];
}

const op: fc.Arbitrary<Op> = fc.record({
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('register' as const, 'importSessions' as const, 'reserve' as const, 'findOrCreate' as const) },
    { weight: 20, arbitrary: fc.constantFrom(...fleetCommandNames) },
    { weight: 3, arbitrary: fc.constantFrom('watch' as const, 'reopen' as const) },
  ),
  // Mostly few sessions, so that several things happen to the same one.
  pick: fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, fc.nat(30)),
  other: fc.nat(12),
  flag: fc.boolean(),
});

const last: Op = { what: 'reopen', pick: 0, other: 0, flag: false };

describe('the registry, whatever is asked of it', () => {
  it('L1 L2 L3 L5 L9 L11 L12 L13 L16 L17 S8 S9: answers as the model does, and a reopened store gives the same sessions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(op, { maxLength: 80, size: 'max' }), fc.constantFrom(0, 3), fc.constantFrom(0, 1, 3), async (ops, limit, maxFinished) => {
        const pair = new Pair(limit, maxFinished);
        try {
          await pair.fleet.open();
          for (const one of [...ops, last]) {
            await pair.run(one);
            await pair.check();
          }
        } finally {
          pair.fleet.dispose();
        }
      }),
      { numRuns: 300 },
    );
  });
});
