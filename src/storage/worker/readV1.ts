import { join } from 'node:path';
import type { SqlJsStatic } from 'sql.js';
import { errorCode, FleetError } from '../../base/errors.ts';
import type { Session } from '../../core/session.ts';
import { diskReason } from '../diskReason.ts';
import type { HistoryLine } from '../journal/record.ts';
import { firstVersion, migrateV1 } from '../projection/migrateV1.ts';
import { sealOf, unseal, type Unsealed } from '../seal.ts';
import type { StorageFiles } from '../storageFiles.ts';

/** The registry of version 1: one sealed SQLite file, and the one before it. Newest first. */
export const oldNames = ['registry.db', 'registry.db.previous'] as const;

/** `user_version` of what takes the place of `registry.db`; it is raised when an older extension must not touch the journal. */
const placeholderVersion = 2;

export type OldName = (typeof oldNames)[number];

/** What is left of a registry of version 1. */
export interface OldRegistry {
  /** In the order in which they were created. */
  readonly sessions: readonly { readonly session: Session; readonly history: readonly HistoryLine[] }[];
  /** Rows that could not be read and are left out. */
  readonly skipped: number;
  /** The file that was read; absent: none could be. */
  readonly file?: OldName;
  /** Files that do not agree with their seal, or hold no registry. */
  readonly damaged: readonly OldName[];
  /** What takes the place of `registry.db`: sealed, empty, of the present version. */
  readonly placeholder: Uint8Array;
}

export interface ReadOldOptions {
  /** The registry's folder. */
  readonly folder: string;
  readonly files: StorageFiles;
  readonly engine: () => Promise<SqlJsStatic>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Format of `registry.db`, if a version of the extension wrote it that is newer than this one. @throws FleetError `RegistryUnreadable`. */
export async function newerFormat(folder: string, files: StorageFiles): Promise<number | undefined> {
  const found = await readSealed(folder, files, oldNames[0]);
  return typeof found === 'object' && found.version > placeholderVersion ? found.version : undefined;
}

/**
 * Reads the registry of version 1, or the copy before it if it is damaged. Writes nothing.
 * @returns `undefined`: there is none, or it was taken over already.
 * @throws FleetError `EngineFailed`; `RegistryUnreadable` when something is there and the system does not hand it out.
 */
export async function readV1({ folder, files, engine, now }: ReadOldOptions): Promise<OldRegistry | undefined> {
  const damaged: OldName[] = [];
  for (const name of oldNames) {
    const found = await readSealed(folder, files, name);
    if (found === undefined) continue;
    if (found !== 'damaged' && found.version > firstVersion) return damaged.length === 0 ? undefined : nothingLeft(await engine(), damaged);
    const sql = await engine();
    const content = found === 'damaged' ? undefined : sessionsIn(sql, found.image, now);
    if (content !== undefined) return { ...content, file: name, damaged, placeholder: placeholderOf(sql) };
    damaged.push(name);
  }
  return damaged.length === 0 ? undefined : nothingLeft(await engine(), damaged);
}

function nothingLeft(sql: SqlJsStatic, damaged: readonly OldName[]): OldRegistry {
  return { sessions: [], skipped: 0, damaged, placeholder: placeholderOf(sql) };
}

async function readSealed(folder: string, files: StorageFiles, name: OldName): Promise<Unsealed | 'damaged' | undefined> {
  try {
    return unseal(await files.read(join(folder, name))) ?? 'damaged';
  } catch (error) {
    // A folder that is a file has nothing in it, either.
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw new FleetError('RegistryUnreadable', `The fleet cannot be read from ${join(folder, name)}. ${diskReason(error, folder)}`, { cause: error });
  }
}

function sessionsIn(sql: SqlJsStatic, image: Uint8Array, now: number): Pick<OldRegistry, 'sessions' | 'skipped'> | undefined {
  try {
    const migrated = migrateV1(sql, image, 1, now);
    try {
      const sessions: { session: Session; history: HistoryLine[] }[] = [];
      for (const { s, p, f, h = [] } of migrated.records) {
        if (f === 1) sessions.push({ session: p as Session, history: [...h] });
        else if (sessions.at(-1)?.session.id === s) sessions.at(-1)?.history.push(...h);
      }
      return { sessions, skipped: migrated.skipped() };
    } finally {
      migrated.close();
    }
  } catch {
    // The seal fits, but it holds no registry.
    return undefined;
  }
}

function placeholderOf(sql: SqlJsStatic): Uint8Array {
  const database = new sql.Database();
  try {
    // Without a table the image would be empty, and an empty file has no version.
    database.run(`CREATE TABLE moved (what TEXT) STRICT; INSERT INTO moved VALUES ('The fleet is kept in the folder journal.'); PRAGMA user_version = ${placeholderVersion};`);
    const image = database.export();
    return Uint8Array.from(Buffer.concat([image, sealOf(image)]));
  } finally {
    database.close();
  }
}
