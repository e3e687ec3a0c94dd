// What a busy fleet writes: twenty sessions at a time, each with a history; the ended ones leave the list as retention would have it.

/** @typedef {import('../../../src/core/session.ts').Session} Session */
/** @typedef {import('../../../src/core/ports.ts').HistoryEntry} HistoryEntry */
/**
 * One change. `evict` has no history and is no event.
 * @typedef {{ op: 'register' | 'update' | 'end' | 'evict', session: Session, before: Session | undefined, history: readonly HistoryEntry[] }} Step
 */

const active = 20;
const finished = 256;
/** Every hundredth session has a history of this length, the others the short one: ten on average. */
const longEvery = 100;
const longEvents = 109;
const shortEvents = 9;

const drivers = ['claude', 'codex', 'gemini', 'opencode'];
const areas = ['login', 'search', 'billing', 'export', 'settings', 'tests', 'docs', 'build'];
const tools = ['Bash', 'Read', 'Edit', 'Grep', 'Write', 'WebFetch'];

/** @param {number} n */
export const idOf = (n) => `agent-${(n * 2654435761 % 4294967296).toString(36).padStart(7, '0')}${String(n).padStart(9, '0')}`;
/** @param {number} n */
export const eventsOf = (n) => (n % longEvery === 0 ? longEvents : shortEvents);
/** The n-th session with a long history. @param {number} n */
export const longId = (n) => idOf(n * longEvery);

export class Workload {
  /** Sessions begun so far. */
  sessions = 0;
  /** Lines of history so far. */
  events = 0;
  #at;
  #seed;
  #feedSeq = 0;
  /** @type {{ session: Session, left: number }[]} */
  #active = [];
  /** @type {Session[]} */
  #finished = [];
  /** @type {Session | undefined} */
  #due;

  /**
   * @param {number} at  epoch milliseconds of the first event
   * @param {number} [first]  number of the first session
   */
  constructor(at, first = 0) {
    this.#at = at;
    this.#seed = at % 65_536 + 1;
    this.sessions = first;
  }

  /** @returns {Step} */
  next() {
    if (this.#due !== undefined) {
      const session = this.#due;
      this.#due = undefined;
      return { op: 'evict', session, before: session, history: [] };
    }
    this.events++;
    this.#at += 1 + this.#random(40);
    if (this.#active.length < active) return this.#register();
    const index = this.#random(active);
    const one = /** @type {{ session: Session, left: number }} */ (this.#active[index]);
    if (--one.left > 0) return this.#update(one);
    this.#active.splice(index, 1);
    return this.#end(one.session);
  }

  /** @param {number} events  @returns {Step[]} */
  take(events) {
    const steps = [];
    for (const end = this.events + events; this.events < end || this.#due !== undefined; ) steps.push(this.next());
    return steps;
  }

  /** @returns {Step} */
  #register() {
    const n = this.sessions++;
    const id = idOf(n);
    const area = areas[n % areas.length];
    const hex = (n + 1).toString(16).padStart(8, '0');
    /** @type {Session} */
    const session = {
      id, name: `${area}-${n}`, driver: /** @type {string} */ (drivers[n % drivers.length]),
      spec: { prompt: `Make the ${area} pages work again (${n}) and run the tests.`, policy: 'ask', cwd: `/home/someone/work/project/${area}-${n % 50}` },
      attempt: 1, status: 'running',
      runner: { pid: 10_000 + (n % 50_000), startTime: String(1_000_000 + n), bootId: '0f9b1c1e-6a53-4d7c-9a55-3f4f7d1c2b10' },
      tokenHash: hex.repeat(8),
      lastRunnerSeq: 1, artifacts: [], historySeq: 1, skipped: 0, createdAt: this.#at, startedAt: this.#at, lastActivityAt: this.#at,
    };
    this.#active.push({ session, left: eventsOf(n) - 1 });
    return { op: 'register', session, before: undefined, history: [this.#line(session, 'registered', 'fleet')] };
  }

  /** @param {{ session: Session }} one  @returns {Step} */
  #update(one) {
    const before = one.session;
    const at = this.#at;
    const seq = before.historySeq + 1;
    /** @type {Session} */
    const session =
      seq % 3 === 0
        ? { ...before, lastActivityAt: at, lastRunnerSeq: before.lastRunnerSeq + 1, historySeq: seq, signal: { activity: 'running_tool', detail: `runs npm test -- --grep ${seq}`, source: 'hook', event: 'PreToolUse', at } }
        : { ...before, lastActivityAt: at, lastRunnerSeq: before.lastRunnerSeq + 1, historySeq: seq };
    one.session = session;
    return { op: 'update', session, before, history: [this.#line(session, 'hook', 'agent')] };
  }

  /** @param {Session} before  @returns {Step} */
  #end(before) {
    const at = this.#at;
    /** @type {Session} */
    const session = {
      ...before, status: 'completed', outcome: { type: 'completed', by: 'exit' }, feedSeq: ++this.#feedSeq,
      completedAt: at, lastActivityAt: at, lastRunnerSeq: before.lastRunnerSeq + 1, historySeq: before.historySeq + 1,
    };
    this.#finished.push(session);
    if (this.#finished.length > finished) this.#due = this.#finished.shift();
    return { op: 'end', session, before, history: [this.#line(session, 'exited', 'runner')] };
  }

  /**
   * @param {Session} session
   * @param {string} kind
   * @param {HistoryEntry['actor']} actor
   * @returns {HistoryEntry}
   */
  #line(session, kind, actor) {
    const seq = session.historySeq;
    // About 150 bytes of JSON.
    const data = { tool: tools[seq % tools.length], event: 'PostToolUse', input: { command: `npm test -- --grep "${session.name} case ${seq}" --retries 2` }, ok: true, ms: this.#random(100_000), exit: 0 };
    return { sessionId: session.id, seq, at: this.#at, kind, actor, data };
  }

  /** A whole number below `limit`. @param {number} limit */
  #random(limit) {
    this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (this.#seed >>> 8) % limit;
  }
}
