import { isDeepStrictEqual } from 'node:util';
import type { Session } from '../../../src/core/session.ts';
import { recordsOf, type Change } from './change.ts';
import type { Found } from './found.ts';
import { Model } from './model.ts';
import type { Tally } from './tally.ts';

/** Everything that ever was true of a registry. */
export class Truth {
  readonly model = new Model();
  readonly #changes: Change[] = [];
  /** All states of each session, and all values of each of its fields; JSON. */
  readonly #states = new Map<string, Set<string>>();
  readonly #values = new Map<string, Map<string, Set<string>>>();
  readonly #history = new Map<string, readonly unknown[]>();

  apply(change: Change): void {
    this.model.apply(change, recordsOf(change));
    this.#changes.push(change);
    if (change.k !== 'put') return;
    const { s } = change;
    const states = getOr(this.#states, s.id, () => new Set<string>());
    states.add(stable(s));
    const values = getOr(this.#values, s.id, () => new Map<string, Set<string>>());
    for (const [field, value] of Object.entries(s)) getOr(values, field, () => new Set()).add(stable(value));
    this.#history.set(s.id, [...(this.#history.get(s.id) ?? []), ...change.h]);
  }

  /**
   * Compares what a damaged registry shows. Nothing in it may be wrong, and what is missing must be said.
   * @param told an earlier opening said that something is missing.
   */
  compare(found: Found, tally: Tally, where: string, told: boolean): void {
    const { model } = this;
    const wrong = (what: string): void => tally.found('invented', `${where}: ${what}`);
    const silent = (what: string): void => tally.found('lost', `${where}: ${what}, and nobody says so`);
    const said = told || found.restored || found.lost + found.skipped > 0;
    tally.skipped += found.skipped;
    tally.reportedLost += found.lost;
    if (!said && found.lastQ < model.records) {
      // The end of the newest segment is cut off: no reader can tell it from what was never written. It must be an earlier moment, then.
      this.#momentOf(found.lastQ).compare(found, tally, { where });
      return tally.count('cut tails, as if never written');
    }
    for (const id of found.listed.keys()) if (found.evicted.has(id)) tally.found('twoStates', `${where}: ${id}`);
    if (found.counted !== found.listed.size + found.evicted.size) tally.found('twoStates', `${where}: ${found.counted} are counted`);
    for (const [id, session] of found.listed) this.#compareSession(id, session, tally, where, said);
    for (const id of model.listed.keys()) if (!found.listed.has(id) && !said) silent(`${id} is not in the list`);
    for (const id of found.evicted) {
      if (!model.history.has(id) && !said) wrong(`${id} is evicted`);
      const body = found.load(id);
      if (body !== undefined && !this.#states.get(id)?.has(stable(body))) wrong(`the body of the evicted ${id}`);
    }
    for (const id of model.evicted.keys()) if (!found.evicted.has(id) && !said) silent(`the evicted ${id}`);
    let absent = 0;
    for (const id of [...found.listed.keys(), ...found.evicted]) {
      const truth = this.#history.get(id) ?? [];
      const there = found.history(id);
      absent += Math.max(0, (model.history.get(id)?.length ?? 0) - there.length);
      for (const entry of there) if (!isDeepStrictEqual(entry, truth[entry.seq - 1])) wrong(`line ${entry.seq} of the history of ${id}`);
    }
    if (absent > 0 && !said && found.missingBodies === 0) silent(`${absent} lines of history`);
    const audit = new Set(model.audit.map(stable));
    for (const { seq: _seq, ...entry } of found.audit) if (!audit.has(stable(entry))) wrong('a line of the audit');
    if (found.audit.length < model.audit.length && !said) silent('lines of the audit');
    for (const { seq, ...entry } of found.feed) {
      const line = model.feed.get(seq);
      if (line !== undefined ? !isDeepStrictEqual(entry, line) : !said) wrong(`number ${seq} of the feed`);
    }
    if (found.feedSeq < model.feedSeq && !said) silent(`the feed ends at ${found.feedSeq}`);
    if (said) tally.count('with loss, reported');
    else if (found.missingBodies > 0) tally.count('with bodies missing, counted');
    else tally.count('with nothing lost');
  }

  #momentOf(q: number): Model {
    const moment = new Model();
    for (const change of this.#changes) moment.apply(change, Math.max(0, Math.min(recordsOf(change), q - moment.records)));
    return moment;
  }

  #compareSession(id: string, session: Session, tally: Tally, where: string, said: boolean): void {
    const states = this.#states.get(id);
    if (states === undefined) return tally.found('invented', `${where}: there never was ${id}`);
    const truth = this.model.listed.get(id);
    if (truth !== undefined && isDeepStrictEqual(session, truth)) return;
    if (!said) return tally.found('invented', `${where}: ${id} is not as it was, and nobody says so`);
    if (states.has(stable(session))) return tally.count('sessions in an older state');
    const values = this.#values.get(id);
    for (const [field, value] of Object.entries(session)) {
      if (!values?.get(field)?.has(stable(value))) return tally.found('invented', `${where}: ${field} of ${id} never was ${JSON.stringify(value)}`);
    }
    if ((session.outcome !== undefined) === (session.status === 'running')) return tally.found('twoStates', `${where}: ${id} is ${session.status} with an outcome`);
    tally.count('sessions with fields of different moments');
  }
}

function getOr<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

/** JSON with the fields in an order of their own. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
