import { auditRows, completionRows, poisonRows } from './schema.ts';
import { cell, looseOf, type Loose } from './searchText.ts';
import { numberOf, type Statements } from './statements.ts';

/** The bounded lists beside the sessions: audit, completion feed, and records that could not be applied. Within the caller's transaction. */
export class Ledgers {
  readonly #sql: Statements;
  #audited = 0;
  #poisoned = 0;
  /** Numbers of the completion feed that have a row: an eviction tells the end once more. */
  readonly #completed = new Set<number>();

  constructor(sql: Statements) {
    this.#sql = sql;
    this.reload();
  }

  /** Counts the rows, at the start and after a rollback. */
  reload(): void {
    this.#audited = numberOf(this.#sql.first('SELECT count(*) FROM audit')?.[0]);
    this.#poisoned = numberOf(this.#sql.first('SELECT count(*) FROM poison')?.[0]);
    this.#completed.clear();
    for (const [seq] of this.#sql.all('SELECT seq FROM completions')) this.#completed.add(numberOf(seq));
  }

  /** @returns why it is no audit entry. */
  audit(q: number, entry: unknown): string | undefined {
    const { at, actor, action, target, result, detail } = looseOf(entry);
    if (typeof at !== 'number' || !Number.isFinite(at) || typeof actor !== 'string' || typeof action !== 'string' || typeof result !== 'string') {
      return 'no audit entry';
    }
    const optional = (value: unknown): string | null => (typeof value === 'string' ? cell(value) : null);
    const values = [q, Math.round(at), cell(actor), cell(action), optional(target), cell(result), optional(detail)];
    this.#sql.run('INSERT INTO audit (seq, at, actor, action, target, result, detail) VALUES (?, ?, ?, ?, ?, ?, ?)', values);
    this.#audited++;
    return undefined;
  }

  /**
   * Writes the session's line of the completion feed when it has a number and an outcome.
   * @param at epoch milliseconds, should it not say when it ended.
   * @returns its number; 0: none.
   */
  complete(session: Loose, at: unknown): number {
    const seq = session['feedSeq'];
    const outcome = session['outcome'];
    if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1 || typeof outcome !== 'object' || outcome === null) return 0;
    if (this.#completed.has(seq)) return seq;
    this.#completed.add(seq);
    const time = session['completedAt'] ?? at;
    const ended = typeof time === 'number' && Number.isFinite(time) ? Math.round(time) : 0;
    this.#sql.run('INSERT OR IGNORE INTO completions (seq, session_id, kind, name, outcome, at) VALUES (?, ?, ?, ?, ?, ?)', [
      seq,
      cell(session['id']),
      cell(session['kind']) || 'agent',
      cell(session['name']),
      JSON.stringify(outcome),
      ended,
    ]);
    return seq;
  }

  poison(q: number, problem: string): void {
    if (this.#poisoned >= poisonRows) return;
    this.#poisoned++;
    this.#sql.run('INSERT OR REPLACE INTO poison (q, error) VALUES (?, ?)', [q, cell(problem)]);
  }

  forget(sessionId: string): void {
    for (const [seq] of this.#sql.all('DELETE FROM completions WHERE session_id = ? RETURNING seq', [sessionId])) this.#completed.delete(numberOf(seq));
  }

  /** Keeps the newest rows only. */
  trim(feedSeq: number): void {
    const last = feedSeq - completionRows;
    for (const seq of this.#completed.size > completionRows ? this.#completed : []) if (seq <= last) this.#completed.delete(seq);
    if (last > 0) this.#sql.run('DELETE FROM completions WHERE seq <= ?', [last]);
    if (this.#audited <= auditRows) return;
    this.#sql.run('DELETE FROM audit WHERE seq IN (SELECT seq FROM audit ORDER BY seq LIMIT ?)', [this.#audited - auditRows]);
    this.#audited = auditRows;
  }
}
