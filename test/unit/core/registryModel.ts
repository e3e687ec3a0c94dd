import { isActive, isTerminal, type Session, type SessionOutcome } from '../../../src/core/session.ts';
import { canTransition, lifecycleTable, type LifecycleAction } from '../../../src/core/transitions.ts';

/** What the model knows of a session: what commands decide by, and what they leave. */
export interface Row {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly worktree?: string;
  /** Its process is proven gone; otherwise nobody can tell. */
  readonly isDead: boolean;
  readonly order: number;
  status: Session['status'];
  outcome?: SessionOutcome['type'];
  feedSeq?: number;
  isPeerReady: boolean;
  progress: number;
  turns: number;
  /** The newest turn that was reported. */
  turn?: number;
  skipped: number;
  isIdle: boolean;
  promptToType?: string;
  stop?: 'cancel' | 'timeout';
  /** A person gave its worktree free; `now`: only this window knows. */
  released?: 'now' | 'ever';
  retryAt?: number;
  isEscalated: boolean;
}

/** A refusal, by its code. */
export class Refusal extends Error {}

/** One folder that sessions may hold for themselves. */
export const worktree = '/work/tree';

type End = Exclude<LifecycleAction, 'provisioning_succeeded' | 'peer_ready' | 'report_progress' | 'request_retire'>;
const outcomes: Readonly<Record<End, SessionOutcome['type']>> = {
  provisioning_failed: 'failed', abort_provisioning: 'aborted', complete_operation: 'completed', fail_operation: 'failed',
  cancel_operation: 'cancelled', mark_retired: 'retired', terminate_owner: 'terminated',
};

/** The registry as its commands describe it, in the simplest way that can be read: one map, no store, no promises. */
export class RegistryModel {
  readonly rows = new Map<string, Row>();
  readonly evicted = new Map<string, Row>();
  readonly feed: string[] = [];
  /** What each watch has come to; absent: nothing yet. */
  readonly watches: { readonly id: string; end?: SessionOutcome['type'] | 'WatchDropped' }[] = [];
  audits = 0;
  #order = 0;
  readonly #limit: number;
  readonly #maxFinished: number;

  constructor(limit: number, maxFinished: number) {
    this.#limit = limit;
    this.#maxFinished = maxFinished;
  }

  get(id: string): Row {
    const row = this.rows.get(id);
    if (row === undefined) throw new Refusal('NotFound');
    return row;
  }

  register(row: Pick<Row, 'id' | 'name' | 'kind' | 'worktree' | 'promptToType'>): void {
    if (this.rows.has(row.id)) throw new Refusal('AlreadyRegistered');
    const active = this.#active();
    if (active.some(({ name }) => name === row.name)) throw new Refusal('NameTaken');
    if (this.#limit > 0 && active.length >= this.#limit) throw new Refusal('MaxConcurrentExceeded');
    this.#add({ ...row, status: 'provisioning', isDead: false });
  }

  /** One session that ran elsewhere; one that is known is passed over. */
  imported(row: Pick<Row, 'id' | 'name' | 'kind' | 'worktree' | 'status' | 'isDead'>): void {
    if (this.rows.has(row.id)) return;
    const added = this.#add(row);
    if (isTerminal(row.status)) this.#ended(added, row.status);
  }

  act(id: string, action: LifecycleAction): Row {
    const row = this.get(id);
    if (!canTransition(row.status, action)) throw new Refusal('InvalidTransition');
    const { to } = lifecycleTable[action];
    if (to !== 'same') row.status = to;
    if (action in outcomes) this.#ended(row, outcomes[action as End]);
    return row;
  }

  peerReady(id: string): void {
    const row = this.get(id);
    if (row.kind !== 'child_agent') throw new Refusal('PeerNotExpected');
    if (row.isPeerReady) throw new Refusal('AlreadyPeerReady');
    this.act(id, 'peer_ready').isPeerReady = true;
  }

  terminateOwner(): void {
    for (const { id } of this.#active()) this.act(id, 'terminate_owner');
  }

  /** @returns whether somebody holds the worktree, or matches (those who have ended do not). */
  survives(how: 'holds' | 'matches'): boolean {
    this.tidy();
    this.reap(true);
    return [...this.rows.values()].some((row) => row.worktree === worktree && (isActive(row.status) || (how === 'holds' && this.#endedOnPaper(row))));
  }

  /** It was to end, and ended without a proof that its agent is gone. */
  #endedOnPaper({ status, stop, isDead, released }: Row): boolean {
    return ['completed', 'retired', 'terminated'].includes(status) && stop !== undefined && !isDead && released === undefined;
  }

  reap(inWorktree: boolean): number {
    const dead = this.#active().filter((row) => row.isDead && (!inWorktree || row.worktree === worktree));
    for (const { id } of dead) this.act(id, 'terminate_owner');
    return dead.length;
  }

  release(id: string): void {
    const row = this.get(id);
    // That the row says so itself is kept.
    if (isActive(row.status)) {
      row.released = 'ever';
      this.act(id, 'terminate_owner');
    } else if (this.#endedOnPaper(row)) row.released = 'now';
  }

  clear(ids: readonly string[]): void {
    for (const id of ids) {
      const row = this.rows.get(id);
      if (row === undefined || isActive(row.status)) continue;
      this.rows.delete(id);
      this.#drop(id);
    }
  }

  collect(): void {
    for (const row of [...this.rows.values()]) {
      const isNeeded = row.retryAt !== undefined || (['completed', 'retired', 'terminated'].includes(row.status) && row.stop !== undefined);
      if (row.outcome !== undefined && !isNeeded) this.#evict(row);
    }
  }

  watch(id: string): void {
    const { outcome } = this.get(id);
    this.watches.push({ id, ...(outcome === undefined ? {} : { end: outcome }) });
  }

  /** The window goes, and another one opens. */
  reopen(): void {
    for (const watch of this.watches) watch.end ??= 'WatchDropped';
    for (const row of this.rows.values()) if (row.released === 'now') delete row.released;
    this.tidy();
  }

  /** The oldest ends leave the list, except those that are still needed. */
  tidy(): void {
    if (this.#maxFinished === 0) return;
    const ended = [...this.rows.values()].filter(({ status }) => isTerminal(status)).sort((a, b) => (a.feedSeq ?? 0) - (b.feedSeq ?? 0));
    for (const row of ended.slice(0, Math.max(0, ended.length - this.#maxFinished))) {
      if (row.retryAt === undefined && !(['completed', 'retired', 'terminated'].includes(row.status) && row.stop !== undefined)) this.#evict(row);
    }
  }

  #active(): Row[] {
    return [...this.rows.values()].filter(({ status }) => isActive(status)).sort((a, b) => a.order - b.order);
  }

  #add(row: Pick<Row, 'id' | 'name' | 'kind' | 'worktree' | 'promptToType' | 'status' | 'isDead'>): Row {
    const added: Row = { ...row, order: ++this.#order, isPeerReady: false, progress: 0, turns: 0, skipped: 0, isIdle: false, isEscalated: false };
    this.rows.set(row.id, added);
    return added;
  }

  #ended(row: Row, outcome: SessionOutcome['type']): void {
    row.outcome = outcome;
    row.feedSeq = this.feed.push(row.id);
    for (const watch of this.watches) if (watch.id === row.id) watch.end ??= outcome;
    this.tidy();
  }

  #evict(row: Row): void {
    this.rows.delete(row.id);
    this.evicted.set(row.id, row);
    this.#drop(row.id);
  }

  #drop(id: string): void {
    for (const watch of this.watches) if (watch.id === id) watch.end ??= 'WatchDropped';
  }
}
