import { join } from 'node:path';
import type { Clock, Logger } from '../base/ports.ts';
import type { JournalWriter } from './journal/journalWriter.ts';
import type { HistoryLine } from './journal/record.ts';
import { corruptName } from './journal/segmentNames.ts';
import { codeOf, type StorageFiles } from './storageFiles.ts';
import type { OpenResult } from './worker/contract.ts';
import type { OldRegistry } from './worker/readV1.ts';

/** Lines of history in one record at most, so that no record grows without bound. */
const linesPerRecord = 200;
const newest = 'registry.db';
const previous = 'registry.db.previous';
const draftPrefix = 'registry.db.tmp-';

export interface MigrationOptions {
  readonly folder: string;
  readonly files: StorageFiles;
  readonly journal: JournalWriter;
  readonly old: OldRegistry;
  /** What the journal holds already: a migration that was cut short is taken up where it stopped. */
  readonly content: OpenResult;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a migration did. */
export interface Migrated {
  /** How many sessions were written to the journal. */
  readonly sessions: number;
  /** New paths of damaged files. */
  readonly setAside: readonly string[];
}

/** Whether there are files of a registry of version 1, or what has taken their place. */
export function mayBeOld(names: readonly string[]): boolean {
  return names.includes(newest) || names.includes(previous);
}

/**
 * Takes over a registry of version 1: its sessions and their history go into the journal. The old file is kept under another name,
 * and a sealed empty database of the present version takes its place, so that an extension of version 1 says "newer version" and
 * leaves the folder alone. Nothing else may be written before this is done; after a failure it is done again.
 * @throws the system's error.
 */
export async function migrate(options: MigrationOptions): Promise<Migrated> {
  const { folder, files, journal, old, content, clock, logger } = options;
  const known = new Map(content.sessions.map(({ id, historySeq }) => [id, historySeq]));
  let sessions = 0;
  for (const { session, history } of old.sessions) {
    const reached = known.get(session.id);
    if (reached !== undefined && reached >= session.historySeq) continue;
    for (const put of partsOf(session, history, reached)) journal.append((q, t) => ({ q, t, k: 'put', s: session.id, ...put }));
    sessions++;
  }
  await journal.flush();
  const setAside: string[] = [];
  for (const name of old.damaged) {
    const target = await freeName(files, corruptName(join(folder, name), clock.now()));
    await files.rename(join(folder, name), target);
    setAside.push(target);
  }
  await retire(options);
  if (old.file !== undefined) {
    logger.info(`${sessions} sessions of the former registry were taken over${old.skipped > 0 ? `; ${old.skipped} rows could not be read` : ''}`);
  }
  return { sessions, setAside };
}

type Part = { readonly p: Session | Pick<Session, 'historySeq'>; readonly f?: 1; readonly h?: readonly HistoryLine[] };
type Session = OldRegistry['sessions'][number]['session'];

/** The records of a session. Its `historySeq` grows with them: where a migration was cut short, it says what is there. */
function* partsOf(session: Session, history: readonly HistoryLine[], reached: number | undefined): Generator<Part> {
  const lines = history.filter(([seq]) => seq > (reached ?? 0));
  for (let at = 0; at === 0 || at < lines.length; at += linesPerRecord) {
    const h = lines.slice(at, at + linesPerRecord);
    const isLast = at + linesPerRecord >= lines.length;
    const historySeq = isLast ? session.historySeq : (h.at(-1)?.[0] ?? 0);
    const whole = at === 0 && reached === undefined;
    yield { p: whole ? { ...session, historySeq } : { historySeq }, ...(whole ? { f: 1 } : {}), ...(h.length === 0 ? {} : { h }) };
  }
}

/** The copy goes first: were it left alone for a moment, it would be taken for the newest. */
async function retire({ folder, files, old }: MigrationOptions): Promise<void> {
  const names = await files.list(folder);
  const kept = await freeName(files, join(folder, 'registry.db.v1'));
  if (names.includes(previous) && old.file !== previous && !old.damaged.includes(previous)) await files.rename(join(folder, previous), `${kept}.previous`);
  for (const name of names) if (name.startsWith(draftPrefix)) await files.remove(join(folder, name));
  const draft = join(folder, `${draftPrefix}v2`);
  await files.create(draft, old.placeholder);
  await files.syncFile(draft);
  if (old.file !== undefined) await files.rename(join(folder, old.file), kept);
  await files.rename(draft, join(folder, newest));
  await files.syncFolder(folder);
}

async function freeName(files: StorageFiles, wanted: string): Promise<string> {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}-${n}`;
    if ((await files.identity(name)) === undefined) return name;
  }
}

/** Puts the placeholder in place where a crash left the former registry retired and nothing in its place. */
export function isHalfRetired(names: readonly string[]): boolean {
  return !names.includes(newest) && names.some((name) => name === `${draftPrefix}v2`);
}

/** @throws the system's error. */
export async function finishRetiring(folder: string, files: StorageFiles): Promise<void> {
  await files.rename(join(folder, `${draftPrefix}v2`), join(folder, newest)).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  await files.syncFolder(folder);
}
