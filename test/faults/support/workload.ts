import type { HistoryEntry } from '../../../src/core/ports.ts';
import type { Session, SessionOutcome, TerminalStatus } from '../../../src/core/session.ts';
import type { Change } from './change.ts';
import type { Random } from './settings.ts';

export interface WorkloadOptions {
  readonly random: Random;
  /** What is in the list at the beginning. */
  readonly sessions: readonly Session[];
  readonly feedSeq: number;
  /** Makes the ids of this workload its own. */
  readonly prefix: string;
  /** Whether sessions may be forgotten, and change without a line of history; without, each change leaves a trace by which it is found. */
  readonly removes: boolean;
  /** How many sessions the list has at most, more or less. */
  readonly listed?: number;
}

const words = ['fix', 'the', 'parser', 'größe', '日本', '🙂', '"quoted"', 'a\\b', 'line\nfeed', '{"q":7,', '\u2028', 'tests'];
const endings: readonly TerminalStatus[] = ['completed', 'failed', 'aborted', 'cancelled', 'retired', 'terminated'];

/** Random changes of a fleet, each of which fits to those before. */
export class Workload {
  readonly #options: WorkloadOptions;
  readonly #sessions: Map<string, Session>;
  readonly #evicted: string[] = [];
  #feedSeq: number;
  #made = 0;
  #time = 1_700_000_000_000;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#sessions = new Map(options.sessions.map((session) => [session.id, session]));
    this.#feedSeq = options.feedSeq;
  }

  next(): Change {
    const { random, removes, listed = 24 } = this.#options;
    this.#time += random.int(1_000);
    const all = [...this.#sessions.values()];
    const active = all.filter(({ status }) => status === 'running');
    const ended = all.filter(({ status }) => status !== 'running');
    const dice = random.next();
    if (active.length === 0 || (all.length < listed && dice < 0.12)) return this.#new();
    if (dice < 0.2) return this.#audit();
    if (dice < 0.28) return this.#end(random.pick(active));
    if (ended.length > 0 && (dice < 0.33 || all.length > listed)) return this.#evict(ended);
    if (removes && dice < 0.36) return this.#remove(ended);
    return this.#update(random.pick(dice < 0.38 ? all : active));
  }

  #new(): Change {
    const { random, prefix } = this.#options;
    const id = `${prefix}-${++this.#made}`;
    const s: Session = {
      id, name: this.#text(3), driver: 'claude', attempt: 1, status: 'running', lastRunnerSeq: 0, artifacts: [], skipped: 0,
      spec: { prompt: this.#text(12), policy: 'ask', cwd: '/work' },
      historySeq: 0, createdAt: this.#time, startedAt: this.#time + 100, lastActivityAt: this.#time + 200,
      ...(random.chance(0.2) ? { runner: { pid: 1 + random.int(9_999), startTime: String(random.int(1e6)) } } : {}),
    };
    return this.#put('new', s, 1);
  }

  #update(before: Session): Change {
    const { random } = this.#options;
    const after: { -readonly [Field in keyof Session]: Session[Field] } = { ...before, lastActivityAt: this.#time };
    switch (random.int(6)) {
      case 0:
        if (before.model !== undefined && random.chance(0.5)) delete after.model;
        else after.model = this.#text(1);
        break;
      case 1:
        after.signal = { activity: random.pick(['working', 'idle', 'running_tool', 'needs_answer']), source: 'hook', at: this.#time, detail: this.#text(4) };
        break;
      case 2:
        after.artifacts = [...before.artifacts.slice(-4), { path: `/work/${random.int(1e6)}.ts`, kind: 'patch', at: this.#time }];
        break;
      case 3:
        after.usage = { turns: random.int(99), inputTokens: random.int(1e9), costMicroUsd: random.int(1e12) };
        break;
      case 4:
        after.progress = { count: (before.progress?.count ?? 0) + 1, message: this.#text(3), percent: random.int(101), at: this.#time };
        break;
      default:
        after.lastRunnerSeq = before.lastRunnerSeq + 1;
    }
    return this.#put('update', after, random.pick(this.#options.removes ? [0, 1, 1, 1, 2, 3] : [1, 1, 2, 3]));
  }

  #end(before: Session): Change {
    const status = this.#options.random.pick(endings);
    const after = { ...before, status, outcome: this.#outcome(status), completedAt: this.#time, lastActivityAt: this.#time, feedSeq: ++this.#feedSeq };
    return this.#put('end', after, 1);
  }

  #outcome(status: TerminalStatus): SessionOutcome {
    switch (status) {
      case 'completed':
        return { type: 'completed', by: 'exit', summary: this.#text(5) };
      case 'failed':
        return { type: 'failed', error: this.#text(5), exitCode: 1 };
      case 'retired':
        return { type: 'retired' };
      case 'cancelled':
        return { type: 'cancelled' };
      default:
        return { type: status, reason: this.#text(2) };
    }
  }

  #put(how: 'new' | 'update' | 'end', session: Session, lines: number): Change {
    const h: HistoryEntry[] = [];
    for (let n = 0; n < lines; n++) {
      h.push({ sessionId: session.id, seq: session.historySeq + n + 1, at: this.#time + n, kind: how === 'new' ? 'registered' : 'signal', actor: 'agent', data: this.#data() });
    }
    const s = { ...session, historySeq: session.historySeq + lines };
    this.#sessions.set(s.id, s);
    return { k: 'put', how, s, h };
  }

  #evict(ended: readonly Session[]): Change {
    const ss = ended.slice(0, 1 + this.#options.random.int(3));
    for (const { id } of ss) {
      this.#sessions.delete(id);
      this.#evicted.push(id);
    }
    return { k: 'evict', ss };
  }

  #remove(ended: readonly Session[]): Change {
    const { random } = this.#options;
    const ids = new Set<string>();
    if (ended.length > 0 && random.chance(0.7)) ids.add(random.pick(ended).id);
    const evicted = this.#evicted.pop();
    if (evicted !== undefined) ids.add(evicted);
    for (const id of ids) this.#sessions.delete(id);
    return ids.size === 0 ? this.#audit() : { k: 'del', ids: [...ids] };
  }

  #audit(): Change {
    const { random, prefix } = this.#options;
    const target = random.chance(0.5) ? { target: this.#text(1), detail: this.#text(4) } : {};
    return { k: 'audit', e: { at: this.#time, actor: 'user', action: `${prefix} ${++this.#made}`, result: 'ok', ...target } };
  }

  /** Mostly small; now and then more than a read buffer or a whole segment holds. */
  #data(): unknown {
    const { random } = this.#options;
    const size = random.chance(0.004) ? 60_000 : random.chance(0.03) ? 4_000 : random.int(220);
    return { text: this.#text(3), fill: 'x'.repeat(size), n: random.next() };
  }

  #text(most: number): string {
    const { random } = this.#options;
    return Array.from({ length: 1 + random.int(most) }, () => random.pick(words)).join(' ');
  }
}
