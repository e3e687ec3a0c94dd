import type { ImportedSession } from './fleetCommands.ts';
import { importLedger, type ImportedSession as LedgerSession } from './ledgerImport.ts';
import type { FleetEvent } from '../protocol/event.ts';

export interface TransferOptions {
  /** SHA-256 of a text in hex. */
  readonly hash: (text: string) => string;
  /** Absolute folder in which the sessions are said to have worked. */
  readonly cwd: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** As `IdSource.sessionId` makes them. */
const ownId = /^agent-[a-z0-9]{20}$/;
const base32 = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * The sessions that events tell of, ready for `FleetCommands.importSessions`. Each has the same id whenever it is imported: its own, if
 * its events were exported by us (and no other of this file has it), else one made of run, worker and task. So what is here already is
 * recognised, and an import can be repeated. Sessions without an end are `unknown`: nobody here saw them alive.
 */
export function sessionsToImport(events: Iterable<FleetEvent>, options: TransferOptions): readonly ImportedSession[] {
  const { hash, cwd, now } = options;
  const taken = new Set<string>();
  return importLedger(events, { newSessionId: () => '', cwd, now, active: 'unknown' }).flatMap((told) => {
    const { task_id } = told.origin;
    const id = ownId.test(task_id) && !taken.has(task_id) ? task_id : idOf(told, hash);
    if (taken.has(id)) return [];
    taken.add(id);
    // The ledger numbers the notes anew.
    const session = { ...told.session, id, historySeq: 0 };
    return [{ session, notes: told.history.map(({ kind, actor, at, data }) => ({ kind, actor, at, data })) }];
  });
}

/** Pieces of an import that may be sent to another window: each of at most so many sessions and characters, or of one session. */
export function* inBatches(sessions: readonly ImportedSession[], most = { sessions: 50, characters: 2_000_000 }): Generator<readonly ImportedSession[], void, undefined> {
  let batch: ImportedSession[] = [];
  let characters = 0;
  for (const session of sessions) {
    const length = JSON.stringify(session).length;
    if (batch.length > 0 && (batch.length >= most.sessions || characters + length > most.characters)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(session);
    characters += length;
  }
  if (batch.length > 0) yield batch;
}

function idOf({ origin }: LedgerSession, hash: (text: string) => string): string {
  const digest = hash(JSON.stringify([origin.run_id, origin.worker_id, origin.task_id]));
  const letters = Array.from({ length: 20 }, (_, index) => base32[Number.parseInt(digest.slice(2 * index, 2 * index + 2), 16) % base32.length]);
  return `agent-${letters.join('')}`;
}
