import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { SqlJsStatic } from 'sql.js';
import type { AuditEntry } from '../../../../src/core/ports.ts';
import type { Session } from '../../../../src/core/session.ts';
import { lineOf, type HistoryLine, type JournalRecord } from '../../../../src/storage/journal/record.ts';
import { Projection, type Applied, type JournalEntry } from '../../../../src/storage/projection/projection.ts';
import { SqlEngine } from '../../../../src/storage/sqlEngine.ts';

const wasmPath = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');
const sqlEngine = new SqlEngine(() => readFile(wasmPath));

export function engine(): Promise<SqlJsStatic> {
  return sqlEngine.load();
}

/** A session as JSON gives it back. */
export function session(id: string, more: Partial<Session> = {}): Session {
  const base: Session = {
    id,
    name: id,
    driver: 'claude',
    spec: { prompt: 'do it', policy: 'ask', cwd: '/work' },
    attempt: 1,
    status: 'running',
    lastRunnerSeq: 0,
    artifacts: [],
    historySeq: 0,
    skipped: 0,
    createdAt: 1_000,
    startedAt: 1_100,
    lastActivityAt: 1_200,
  };
  return JSON.parse(JSON.stringify({ ...base, ...more })) as Session;
}

export function line(seq: number, data: unknown = { n: seq }): HistoryLine {
  return [seq, 2_000 + seq, 'signal', 'agent', data];
}

/** A journal in memory, with the bytes that its segments would have. */
export class Journal {
  readonly entries: JournalEntry[] = [];
  readonly #segments = new Map<string, Buffer[]>();
  #segment = 'a.log';
  #offset = 0;
  #q = 0;

  get q(): number {
    return this.#q;
  }

  /** The entries that were not given out yet. */
  take(): JournalEntry[] {
    return this.entries.splice(0);
  }

  put(after: Session, ...history: HistoryLine[]): this {
    return this.add({ k: 'put', s: after.id, p: after, f: 1, ...(history.length > 0 ? { h: history } : {}) });
  }

  patch(id: string, p: Record<string, unknown>, ...history: HistoryLine[]): this {
    return this.add({ k: 'put', s: id, p, ...(history.length > 0 ? { h: history } : {}) });
  }

  evict(b: Session): this {
    return this.add({ k: 'evict', s: b.id, b });
  }

  remove(...s: string[]): this {
    return this.add({ k: 'del', s });
  }

  audit(a: Partial<AuditEntry> = {}): this {
    return this.add({ k: 'audit', a: { at: 5, actor: 'user', action: 'spawn', result: 'ok', ...a } });
  }

  /** Any record, right or wrong. */
  add(record: Record<string, unknown>): this {
    return this.write({ q: ++this.#q, t: 9_000, ...record } as unknown as JournalRecord);
  }

  /** A record with its number. */
  write(record: JournalRecord): this {
    this.#q = Math.max(this.#q, record.q);
    const bytes = lineOf(JSON.stringify(record));
    this.entries.push({ record: JSON.parse(JSON.stringify(record)) as JournalRecord, segment: this.#segment, offset: this.#offset, length: bytes.length });
    this.raw(bytes);
    return this;
  }

  raw(bytes: Buffer): void {
    this.#segments.set(this.#segment, [...(this.#segments.get(this.#segment) ?? []), bytes]);
    this.#offset += bytes.length;
  }

  /** Numbers that were used up and are not there. */
  lose(records: number): this {
    this.#q += records;
    return this;
  }

  roll(name: string): this {
    this.#segment = name;
    this.#offset = 0;
    return this;
  }

  async save(folder: string): Promise<void> {
    for (const [name, parts] of this.#segments) await writeFile(join(folder, name), Buffer.concat(parts));
  }
}

/** A projection with what a journal says, and the journal to go on with. */
export class Bench {
  readonly journal = new Journal();
  readonly projection: Projection;

  private constructor(projection: Projection) {
    this.projection = projection;
  }

  static async open(image?: Uint8Array): Promise<Bench> {
    return new Bench(new Projection(await engine(), image, 1));
  }

  /** Applies what the journal got since the last time. */
  apply(sparse = false, unknownKinds: readonly number[] = []): Applied {
    return this.projection.applyBatch(this.journal.take(), sparse, unknownKinds);
  }

  ids(...query: Parameters<Projection['queries']['query']>): string[] {
    return this.projection.queries.query(...query).sessions.map((each) => each.id);
  }

  found(...search: Parameters<Projection['queries']['search']>): string[] {
    return this.projection.queries.search(...search).map((each) => each.id);
  }
}
