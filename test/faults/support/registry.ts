import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nullLogger } from '../../../src/base/ports.ts';
import type { Session } from '../../../src/core/session.ts';
import type { JournalFiles } from '../../../src/storage/journal/journalFiles.ts';
import { JournalWriter } from '../../../src/storage/journal/journalWriter.ts';
import type { JournalRecord } from '../../../src/storage/journal/record.ts';
import { patchOf } from '../../../src/storage/journal/sessionPatch.ts';
import type { StorageFiles } from '../../../src/storage/storageFiles.ts';
import type { OpenResult, RegistryLimits } from '../../../src/storage/worker/contract.ts';
import { InstantTime } from '../../contract/storage/support/instantTime.ts';
import { ServerInProcess } from '../../contract/storage/worker/serverKit.ts';
import type { Change } from './change.ts';

export interface RegistryOptions {
  readonly folder: string;
  readonly files: StorageFiles;
  readonly journalFiles: JournalFiles;
  readonly limits?: Partial<RegistryLimits>;
  readonly segmentBytes?: number;
  /** Wall clock of the journal; default: it stands still. */
  readonly now?: () => number;
}

/** An owner without a lock and without a thread: journal and worker of one registry in this process. */
export class Registry {
  readonly server: ServerInProcess;
  readonly journal: JournalWriter;
  readonly opened: OpenResult;
  readonly #sessions: Map<string, Session>;

  private constructor(server: ServerInProcess, journal: JournalWriter, opened: OpenResult) {
    this.server = server;
    this.journal = journal;
    this.opened = opened;
    this.#sessions = new Map(opened.sessions.map((session) => [session.id, session]));
  }

  static async open({ folder, files, journalFiles, limits = {}, segmentBytes = 8_192, now }: RegistryOptions): Promise<Registry> {
    await mkdir(join(folder, 'journal'), { recursive: true });
    const time = new InstantTime();
    const server = new ServerInProcess(folder, time, files, limits);
    try {
      const opened = await server.call('open', { role: 'owner' });
      const journal = await JournalWriter.open({
        folder: join(folder, 'journal'), epoch: opened.epoch + 1, firstQ: opened.lastQ + 1, files: journalFiles, clock: { now: now ?? (() => time.now()) }, logger: nullLogger, segmentBytes,
      });
      return new Registry(server, journal, opened);
    } catch (error) {
      await server.call('close', {}).catch(() => undefined);
      throw error;
    }
  }

  /** As the store writes it. One promise for each record. @throws what the journal throws. */
  write(change: Change): readonly Promise<void>[] {
    const made = this.#records(change).map((make) => this.journal.append(make).durable);
    this.server.advance(this.journal.nextQ - 1);
    return made;
  }

  #records(change: Change): readonly ((q: number, t: number) => JournalRecord)[] {
    switch (change.k) {
      case 'put': {
        const { s, h, how } = change;
        const { p, full } = patchOf(how === 'update' ? this.#sessions.get(s.id) : undefined, s);
        this.#sessions.set(s.id, s);
        const lines = h.map(({ seq, at, kind, actor, data }) => [seq, at, kind, actor, data] as const);
        return [(q, t) => ({ q, t, k: 'put', s: s.id, p, ...(full ? { f: 1 as const } : {}), ...(lines.length === 0 ? {} : { h: lines }) })];
      }
      case 'evict':
        return change.ss.map((b) => (q, t) => ({ q, t, k: 'evict', s: b.id, b }));
      case 'del':
        return [(q, t) => ({ q, t, k: 'del', s: change.ids })];
      case 'audit':
        return [(q, t) => ({ q, t, k: 'audit', a: change.e })];
    }
  }

  async close(): Promise<void> {
    await this.journal.close().catch(() => undefined);
    await this.server.call('close', {}).catch(() => undefined);
  }
}
