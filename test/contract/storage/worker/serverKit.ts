import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FleetError } from '../../../../src/base/errors.ts';
import { nullLogger } from '../../../../src/base/ports.ts';
import type { Session } from '../../../../src/core/session.ts';
import { nodeJournalFiles } from '../../../../src/storage/journal/journalFiles.ts';
import { JournalWriter } from '../../../../src/storage/journal/journalWriter.ts';
import type { HistoryLine } from '../../../../src/storage/journal/record.ts';
import { patchOf } from '../../../../src/storage/journal/sessionPatch.ts';
import { SqlEngine } from '../../../../src/storage/sqlEngine.ts';
import { nodeFiles, type StorageFiles } from '../../../../src/storage/storageFiles.ts';
import { defaultLimits, type RegistryLimits, type WorkerEvent, type WorkerMessage, type WorkerMethod, type WorkerMethods, type WorkerRequest } from '../../../../src/storage/worker/contract.ts';
import { RegistryServer } from '../../../../src/storage/worker/registryWorker.ts';
import { InstantTime } from '../support/instantTime.ts';
import { session } from '../support/sessions.ts';

export const wasmPath = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');
const engine = new SqlEngine(() => readFile(wasmPath));

/** Everything that the registry can be asked for. */
export interface Content {
  readonly sessions: readonly Session[];
  readonly [part: string]: unknown;
}

/** A worker without its thread. */
export class ServerInProcess {
  readonly events: WorkerEvent[] = [];
  readonly #server: RegistryServer;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  readonly #told = new Set<(event: WorkerEvent) => void>();
  #nextId = 1;

  constructor(folder: string, time: InstantTime, files: StorageFiles, limits: Partial<RegistryLimits>) {
    const post = (message: WorkerMessage): void => this.#heard(message);
    this.#server = new RegistryServer({ folder, engine, files, limits: { ...defaultLimits, ...limits }, clock: time, timers: time, post });
  }

  call<M extends WorkerMethod>(method: M, params: WorkerMethods[M]['params']): Promise<WorkerMethods[M]['result']> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#server.receive({ id, method, params } as unknown as WorkerRequest);
    });
  }

  advance(q: number): void {
    this.#server.receive({ method: 'advance', params: { q } });
  }

  /** The first event of that kind, told already or yet to come. */
  event<E extends WorkerEvent['event']>(kind: E, accept: (event: Extract<WorkerEvent, { event: E }>) => boolean = () => true): Promise<Extract<WorkerEvent, { event: E }>> {
    const fits = (event: WorkerEvent): event is Extract<WorkerEvent, { event: E }> => event.event === kind && accept(event as Extract<WorkerEvent, { event: E }>);
    const told = this.events.find(fits);
    if (told !== undefined) return Promise.resolve(told);
    return new Promise((resolve) => {
      const hear = (event: WorkerEvent): void => {
        if (!fits(event)) return;
        this.#told.delete(hear);
        resolve(event);
      };
      this.#told.add(hear);
    });
  }

  /** All that can be read, in an order of its own. */
  async content(upTo = 0): Promise<Content> {
    const sessions = await this.call('query', { query: {}, upTo });
    const found = await this.call('search', { search: { limit: 0 }, upTo });
    const histories: Record<string, unknown> = {};
    const loaded: Record<string, unknown> = {};
    for (const { id } of [...found].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      histories[id] = await this.call('history', { sessionId: id, upTo });
      loaded[id] = await this.call('load', { sessionId: id, upTo });
    }
    const [counts, audit, feed] = [await this.call('counts', { upTo }), await this.call('auditTrail', { upTo }), await this.call('completions', { afterSeq: 0, upTo })];
    return { sessions, found, histories, loaded, counts, audit, feed };
  }

  #heard(message: WorkerMessage): void {
    if ('event' in message) {
      this.events.push(message);
      for (const hear of [...this.#told]) hear(message);
      return;
    }
    const call = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.ok) call?.resolve(structuredClone(message.result));
    else call?.reject(new FleetError(message.error.code, message.error.message));
  }
}

/** A registry's folder, an owner's journal in it, and workers without threads. */
export class ServerKit {
  readonly time = new InstantTime();
  readonly #servers: ServerInProcess[] = [];
  readonly #sessions = new Map<string, Session>();
  #writer: JournalWriter | undefined;
  #feed = 0;
  folder = '';

  async start(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'fleet-worker-'));
    await mkdir(this.journal);
    this.#sessions.clear();
    this.#feed = 0;
  }

  async stop(): Promise<void> {
    await this.closeWriter();
    for (const server of this.#servers.splice(0)) await server.call('close', {});
    await rm(this.folder, { recursive: true, force: true });
  }

  get journal(): string {
    return join(this.folder, 'journal');
  }

  get lastQ(): number {
    return this.writer.nextQ - 1;
  }

  get writer(): JournalWriter {
    if (this.#writer === undefined) throw new Error('There is no writer.');
    return this.#writer;
  }

  async names(folder: 'journal' | 'snapshots'): Promise<readonly string[]> {
    return (await readdir(join(this.folder, folder)).catch(() => [])).sort();
  }

  async open(epoch: number, firstQ: number, segmentBytes = 4096): Promise<void> {
    await this.closeWriter();
    this.#writer = await JournalWriter.open({ folder: this.journal, epoch, firstQ, files: nodeJournalFiles, clock: this.time, logger: nullLogger, segmentBytes });
  }

  async closeWriter(): Promise<void> {
    await this.#writer?.close();
    this.#writer = undefined;
  }

  server(limits: Partial<RegistryLimits> = {}, files: StorageFiles = nodeFiles, folder = this.folder): ServerInProcess {
    const server = new ServerInProcess(folder, this.time, files, limits);
    this.#servers.push(server);
    return server;
  }

  /** Forgets a server as if its process had been killed. */
  abandon(server: ServerInProcess): void {
    this.#servers.splice(this.#servers.indexOf(server), 1);
  }

  put(id: string, more: Partial<Session> = {}, lines: readonly HistoryLine[] = []): void {
    const before = this.#sessions.get(id);
    const after = { ...(before ?? session(id)), ...more };
    this.#sessions.set(id, after);
    const { p, full } = patchOf(before, after);
    const ends = full || more.feedSeq !== undefined;
    this.writer.append((q, t) => ({ q, t, k: 'put', s: id, p: ends ? after : p, ...(ends ? { f: 1 as const } : {}), ...(lines.length === 0 ? {} : { h: lines }) }));
  }

  evict(id: string): void {
    const b = this.#sessions.get(id) ?? session(id);
    this.writer.append((q, t) => ({ q, t, k: 'evict', s: id, b }));
  }

  del(...ids: string[]): void {
    for (const id of ids) this.#sessions.delete(id);
    this.writer.append((q, t) => ({ q, t, k: 'del', s: ids }));
  }

  audit(action: string): void {
    this.writer.append((q, t) => ({ q, t, k: 'audit', a: { at: 1_700_000_000_000 + q, actor: 'user', action, result: 'ok' } }));
  }

  /** A life: made, worked, and by its number ended, evicted or forgotten. */
  life(n: number, lines = 6): void {
    const id = `s${n}`;
    let seq = 1;
    const line = (kind: string): HistoryLine => [seq, 1_700_000_000_000 + seq++, kind, 'agent', { text: `${id} ${kind} ${'x'.repeat(60)}` }];
    this.put(id, { spec: { prompt: `do ${n}`, policy: 'ask', cwd: '/work' }, lastActivityAt: 1_700_000_001_000 + n }, [line('registered')]);
    for (let at = 0; at < lines; at++) {
      this.put(id, { historySeq: seq, skipped: at, ...(at % 2 === 0 ? { model: `model-${at}` } : {}) }, [line('signal')]);
    }
    this.audit(`spawn ${id}`);
    if (n % 4 === 0) return;
    this.put(id, { status: 'completed', outcome: { type: 'completed', by: 'exit' }, completedAt: 1_700_000_002_000 + n, feedSeq: ++this.#feed }, [line('completed')]);
    if (n % 4 === 2) this.evict(id);
    if (n % 4 === 3) this.del(id);
  }
}
