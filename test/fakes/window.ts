import { createHash } from 'node:crypto';
import { DisposableStore, type Disposable } from '../../src/base/disposable.ts';
import type { OwnerWindow } from '../../src/core/fleetCommands.ts';
import { FleetService } from '../../src/core/fleetService.ts';
import type { FleetChange } from '../../src/core/sessionLedger.ts';
import type { WorktreeEvidence } from '../../src/core/ports.ts';
import { lookAt } from '../../src/core/sessionEvidence.ts';
import { SessionController } from '../../src/core/sessionController.ts';
import { SessionRecovery } from '../../src/core/sessionRecovery.ts';
import { Spawner } from '../../src/core/spawner.ts';
import type { Session } from '../../src/core/session.ts';
import { FakeCatalog } from './drivers.ts';
import { CountingIds } from './ids.ts';
import { RecordingLogger } from './logger.ts';
import { FakeOtherWindows } from './otherWindows.ts';
import { FakeMachine } from './processes.ts';
import { FakeRunners } from './runnerGateway.ts';
import { FakeFolders } from './sessionFolders.ts';
import { MemoryStore } from './sessionStore.ts';
import { FakeTerminals } from './terminalHost.ts';
import { FakeTime } from './time.ts';

/** What outlives a window: the disk, the machine, the clock. */
export interface Surroundings {
  readonly store?: MemoryStore;
  readonly folders?: FakeFolders;
  readonly machine?: FakeMachine;
  readonly time?: FakeTime;
  /** The window that owns the registry, when this one does not. */
  readonly owner?: OwnerWindow;
}

/** One window's core, on fakes. */
export class FakeWindow implements Disposable {
  readonly time: FakeTime;
  readonly store: MemoryStore;
  readonly folders: FakeFolders;
  readonly machine: FakeMachine;
  readonly terminals = new FakeTerminals();
  readonly others = new FakeOtherWindows();
  readonly runners = new FakeRunners();
  readonly catalog = new FakeCatalog();
  readonly logger = new RecordingLogger();
  readonly ids = new CountingIds();
  readonly changes: FleetChange[] = [];
  readonly fleet: FleetService;
  readonly spawner: Spawner;
  readonly controller: SessionController;
  readonly recovery: SessionRecovery;
  limit = 0;
  readonly evidence: WorktreeEvidence = {
    liveness: async (session) => (await lookAt(this.machine, session)).verdict,
    realPath: (path) => Promise.resolve(this.links.get(path) ?? path),
    host: 'here',
  };
  /** No limits, unless a test sets them. */
  retention = { maxFinished: 0, maxAgeMs: 0 };
  isTrusted = true;
  hasFolder = true;
  /** Folders that are links, with their targets. */
  readonly links = new Map<string, string>();
  /** Folders that do not belong to the workspace. */
  readonly outside = new Set<string>();
  readonly #disposables = new DisposableStore();

  constructor(around: Surroundings = {}) {
    this.time = around.time ?? new FakeTime();
    this.store = around.store ?? new MemoryStore();
    this.folders = around.folders ?? new FakeFolders();
    this.machine = around.machine ?? new FakeMachine();
    const { store, folders, terminals, others, runners, catalog: drivers, logger, ids, machine, time } = this;
    this.fleet = this.#disposables.add(new FleetService({ store, drivers, clock: time, timers: time, logger, maxConcurrent: () => this.limit, retention: () => this.retention, evidence: this.evidence, ...(around.owner === undefined ? {} : { owner: around.owner }) }));
    this.#disposables.add(this.fleet.onDidChange((change) => this.changes.push(change)));
    const { fleet } = this;
    this.recovery = this.#disposables.add(
      new SessionRecovery({ fleet, runners, terminals, others, folders, probe: machine, processes: machine, host: this.evidence.host, clock: time, timers: time, logger }),
    );
    this.controller = this.#disposables.add(
      new SessionController({ fleet, drivers, terminals, others, runners, timers: time, logger, graceMs: () => 750, isTrusted: () => this.isTrusted }),
    );
    this.spawner = new Spawner({
      fleet,
      drivers,
      folders,
      terminals,
      ids,
      hash: (text) => createHash('sha256').update(text).digest('hex'),
      realFolder: (path) => Promise.resolve(this.hasFolder ? (this.links.get(path) ?? path) : undefined),
      isTrusted: (folder) => this.isTrusted && (folder === undefined || !this.outside.has(folder)),
      logger,
    });
  }

  /** A window that has read its registry. */
  static async open(sessions: readonly Session[] = [], around: Surroundings = {}): Promise<FakeWindow> {
    const window = new FakeWindow({ store: new MemoryStore(sessions), ...around });
    await window.fleet.open();
    window.changes.length = 0;
    return window;
  }

  dispose(): void {
    this.#disposables.dispose();
  }
}
