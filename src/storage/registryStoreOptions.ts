import type { Clock, Logger, Timers } from '../base/ports.ts';
import type { ProcessProbe } from '../core/ports.ts';
import type { ProcessIdentity } from '../core/session.ts';
import type { JournalFiles } from './journal/journalFiles.ts';
import type { StorageFiles } from './storageFiles.ts';
import type { RegistryLimits } from './worker/contract.ts';

export interface RegistryStoreOptions {
  /** Absolute path; made when the first session is stored. See `registryFolder`. */
  readonly folder: string;
  /** The script of the worker thread and the engine it loads; absolute paths. */
  readonly worker: { readonly entry: URL | string; readonly wasmFile: string; readonly limits?: Partial<RegistryLimits> };
  /** Identity of this process, for the lock: without start time and boot id others cannot prove its death. */
  readonly identify: () => Promise<ProcessIdentity>;
  readonly probe: ProcessProbe;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Default: the real ones. */
  readonly files?: StorageFiles;
  readonly journalFiles?: JournalFiles;
  /** Size of a journal segment, bytes. Default 8 MiB. */
  readonly segmentBytes?: number;
  /** Name of this machine. Default: the system's. */
  readonly host?: string;
}
