import { chmod, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Deferred, detach } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { FleetError, isFleetError, messageOf } from '../base/errors.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import type { StopRequest } from '../core/ports.ts';
import type { ExitCause, RunnerEventBody } from '../core/runnerEvents.ts';
import type { ProcessIdentity } from '../core/session.ts';
import { agentMark } from '../hosts/local/agentMark.ts';
import { identify } from '../hosts/local/probe.ts';
import type { ProcessTable } from '../hosts/local/processTable.ts';
import { ProcessTree } from '../hosts/local/processTree.ts';
import { StopLadder, type LadderTree } from '../hosts/local/stopLadder.ts';
import type { LinkClient } from '../link/client.ts';
import { sessionFiles, type LaunchFile } from '../link/launchFile.ts';
import { Spool } from '../link/spool.ts';
import { agentEnvironment } from './agentEnvironment.ts';
import { startAgent, type AgentProcess } from './agentProcess.ts';
import { EventsFile } from './eventsFile.ts';
import { Heartbeat } from './heartbeat.ts';
import { HookFolder } from './hookFolder.ts';
import { charactersWritten, quietMoment } from './quietMoment.ts';
import { onSignals, type Terminal } from './terminal.ts';
import { closeFrame, endLine, exitStatus, openFrame, restoreModes, spawnFailedLine } from './words.ts';

export interface RunnerOptions {
  readonly launch: LaunchFile;
  /** Called once the spool says how the start went: until then the launch file is the only trace of it. Must not reject. */
  readonly forgetLaunch: () => Promise<void>;
  /** This process's environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly table: ProcessTable;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** How long the last events may take to reach a window when this process must end; milliseconds. */
const lastWordsMs = 1000;
/** Listing processes starts PowerShell on Windows. */
const windowsMeasureMs = 30_000;
/** What a shell reports for a command that it could not start. */
const spawnFailedStatus = 127;

/** One agent from start to end. */
export class Runner implements Disposable {
  readonly #options: RunnerOptions;
  readonly #store = new DisposableStore();
  readonly #spool: Spool;
  readonly #hookDir: string;
  readonly #eventsPath: string;
  #client: LinkClient | undefined;
  #agent: AgentProcess | undefined;
  #hasEnded = false;
  #ladder: StopLadder | undefined;
  /** Orders that came before there was anybody to stop. */
  #early: { readonly from: 'SIGHUP' | 'SIGTERM' } | undefined;
  #cause: ExitCause = 'agent';
  #isHungUp = false;
  /** Ends the wait for Enter. */
  #release = new Deferred<void>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { sessionDir } = options.launch;
    this.#hookDir = join(sessionDir, sessionFiles.hooks);
    this.#eventsPath = join(sessionDir, sessionFiles.events);
    this.#spool = this.#store.add(new Spool(join(sessionDir, sessionFiles.spool), options));
  }

  /** Resolves when the terminal may close. */
  async run(): Promise<void> {
    const { terminal, launch, logger, timers } = this.#options;
    this.#store.add(
      onSignals({
        // The terminal sent these to the agent as well; what they mean is the agent's business.
        SIGINT: () => undefined,
        SIGQUIT: () => undefined,
        SIGTERM: () => this.#terminate(),
        SIGHUP: () => this.#hangUp(),
      }),
    );
    this.#spool.open();
    await this.#prepareFolder();
    terminal.write(openFrame);
    const runner = await identify(this.#options.table, process.pid);
    const agent = await this.#start();
    if (isFleetError(agent)) {
      this.#hasEnded = true;
      this.#report({ kind: 'spawnFailed', code: agent.code, message: `${launch.name} could not be started: ${agent.message}.` });
      await this.#options.forgetLaunch();
      await this.#connect(runner, undefined);
      return this.#farewell(spawnFailedLine(launch.name, agent.message), spawnFailedStatus, false);
    }
    const root = await identify(this.#options.table, agent.pid);
    this.#report({ kind: 'started', runner, agent: root });
    await this.#options.forgetLaunch();
    const tree = this.#treeOf(root);
    const ladder = this.#ladderOf(tree, root);
    const hooks = this.#store.add(new HookFolder({ folder: this.#hookDir, report: (event) => this.#report(event), ...this.#options }));
    const events = this.#store.add(new EventsFile({ path: this.#eventsPath, report: (event) => this.#report(event), timers, logger }));
    hooks.start();
    events.start();
    await this.#connect(runner, tree);

    const exit = await agent.exit;
    this.#hasEnded = true;
    ladder.nudge();
    // The end is told when all of the tree is gone, and after what it said.
    const survivors = (await ladder.running) ?? [];
    const hooksRead = await this.#drain(hooks, 'the last hooks could not be read');
    const eventsRead = await this.#drain(events, 'the last lines of the events file could not be read');
    if (survivors.length > 0) this.#report({ kind: 'survivors', pids: survivors });
    this.#report({ kind: 'exited', code: exit.code, signal: exit.signal, cause: this.#cause });
    if (hooksRead && eventsRead) await this.#removeHandedOver();
    const line = endLine(launch.name, { ...exit, stopped: this.#cause === 'stopped' });
    // Whoever was ended by a signal could not put the terminal back in order.
    await this.#farewell(line, exitStatus(exit.code, exit.signal), exit.signal !== null);
  }

  dispose(): void {
    this.#store.dispose();
  }

  #report(event: RunnerEventBody): void {
    this.#spool.append(event);
  }

  /** Whether all of it was read. Nothing may keep the end from being told. */
  async #drain(source: { drain(): Promise<void> }, failure: string): Promise<boolean> {
    try {
      await source.drain();
      return true;
    } catch (error) {
      this.#options.logger.error(failure, error);
      return false;
    }
  }

  /** What the agent handed over is told; its raw payloads need not stay on disk. */
  async #removeHandedOver(): Promise<void> {
    for (const path of [this.#hookDir, this.#eventsPath]) {
      try {
        await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      } catch (error) {
        this.#options.logger.warn('what the agent handed over could not be removed', error);
      }
    }
  }

  /** A folder that cannot be prepared costs the hooks, not the agent. */
  async #prepareFolder(): Promise<void> {
    try {
      await mkdir(this.#hookDir, { mode: 0o700, recursive: true });
      await chmod(this.#hookDir, 0o700);
      await (await open(this.#eventsPath, 'a', 0o600)).close();
    } catch (error) {
      this.#options.logger.warn('the folder for hooks could not be prepared', error);
    }
  }

  async #start(): Promise<AgentProcess | FleetError> {
    const { launch, env } = this.#options;
    const session = { sessionId: launch.sessionId, hookDir: this.#hookDir, events: this.#eventsPath };
    try {
      this.#agent = await startAgent({
        argv: launch.argv,
        cwd: launch.cwd,
        env: agentEnvironment(env, [...launch.hideEnv, ...launch.unsetEnv], session, process.platform),
      });
      return this.#agent;
    } catch (error) {
      return isFleetError(error) ? error : new FleetError('UNKNOWN', messageOf(error), { cause: error });
    }
  }

  #treeOf(root: ProcessIdentity): ProcessTree {
    const mark = agentMark(this.#options.launch.sessionId);
    return new ProcessTree(this.#options.table, { root, supervisorPid: process.pid, mark });
  }

  #ladderOf(tree: ProcessTree, root: ProcessIdentity): StopLadder {
    const { logger } = this.#options;
    const reach: LadderTree = {
      members: async (options) => {
        const members = await tree.members(options).catch((error: unknown) => {
          logger.warn('the processes cannot be listed; only the agent itself is ended', error);
          return [];
        });
        // Our own child is there until we were told of its end, whatever the list says.
        if (this.#hasEnded || members.some((row) => row.pid === root.pid)) return members;
        return [...members, { pid: root.pid, parentPid: process.pid, startTime: root.startTime ?? '' }];
      },
      signal: async (members, signal) => {
        const report = await tree.signal(members, signal);
        // A child that was not reaped keeps its pid, so this cannot meet anybody else.
        if (!this.#hasEnded && !report.signalled.includes(root.pid)) this.#agent?.kill(signal);
        return report;
      },
    };
    const ladder = new StopLadder({
      ...this.#options,
      tree: reach,
      platform: process.platform,
      onSignal: (signal) => this.#report({ kind: 'stopping', signal }),
    });
    this.#ladder = ladder;
    if (this.#early !== undefined) this.#climb(ladder, this.#early.from, this.#options.launch.graceMs);
    return ladder;
  }

  /** Loads the link only now: until the agent runs, nothing is worth its start time. */
  async #connect(runner: ProcessIdentity, tree: ProcessTree | undefined): Promise<void> {
    const { launch, timers, logger } = this.#options;
    try {
      const { LinkClient } = await import('../link/client.ts');
      const client = this.#store.add(
        new LinkClient({
          ...launch,
          runner,
          outbox: this.#spool,
          orders: {
            stop: (request) => this.#stop(request),
            signal: (signal) => this.#agent?.kill(signal),
            reframe: () => this.#reframe(tree),
          },
          timers,
          logger,
        }),
      );
      this.#client = client;
      client.start();
      if (tree !== undefined) this.#store.add(this.#heartbeat(tree, client)).start();
    } catch (error) {
      logger.error('the link could not be started; the spool has to do', error);
    }
  }

  #heartbeat(tree: ProcessTree, client: LinkClient): Heartbeat {
    const { heartbeatMs } = this.#options.launch;
    return new Heartbeat({
      ...this.#options,
      usage: () => tree.usage(),
      send: (beat) => client.heartbeat(beat),
      everyMs: heartbeatMs,
      measureEveryMs: process.platform === 'win32' ? Math.max(windowsMeasureMs, heartbeatMs) : heartbeatMs,
    });
  }

  #stop(request: StopRequest): void {
    this.#end(request.from, request.graceMs, 'stopped');
  }

  /** Sent to this process by its pid. With no agent left to end, it means the terminal. */
  #terminate(): void {
    if (this.#hasEnded) this.#release.resolve();
    else this.#end('SIGTERM', this.#options.launch.graceMs, 'stopped');
  }

  /** The terminal was closed: nobody can press Enter any more. */
  #hangUp(): void {
    this.#isHungUp = true;
    this.#end('SIGHUP', this.#options.launch.graceMs, 'hangup');
    this.#release.resolve();
  }

  /** Whoever begins the end is its cause; later ones only hurry it. */
  #end(from: 'SIGHUP' | 'SIGINT' | 'SIGTERM', graceMs: number, cause: ExitCause): void {
    if (this.#hasEnded) return;
    if (this.#cause === 'agent') this.#cause = cause;
    if (this.#ladder === undefined) this.#early = { from: from === 'SIGHUP' ? from : 'SIGTERM' };
    else this.#climb(this.#ladder, from, graceMs);
  }

  #climb(ladder: StopLadder, from: 'SIGHUP' | 'SIGINT' | 'SIGTERM', graceMs: number): void {
    detach(ladder.begin(from, graceMs), this.#options.logger, 'ending the agent');
  }

  async #reframe(tree: ProcessTree | undefined): Promise<void> {
    if (tree === undefined || this.#hasEnded) return;
    const members = await tree.members({ full: false });
    const pids = members.map((row) => row.pid);
    await quietMoment(() => charactersWritten(pids), this.#options);
    if (!this.#hasEnded) this.#options.terminal.write(closeFrame() + openFrame);
  }

  /** The last line, and the wait for Enter. */
  async #farewell(text: string, status: number, isUntidy: boolean): Promise<void> {
    const { terminal } = this.#options;
    if (!this.#isHungUp) {
      await terminal.restoreLineMode();
      terminal.write(restoreModes(isUntidy) + closeFrame(status));
      await Promise.race([this.#release.promise, terminal.enter(() => terminal.write(text))]);
    }
    // With nobody there, the spool is what remains; waiting would only hold up the terminal.
    if (this.#client?.isConnected === true) await this.#client.flush(lastWordsMs);
  }
}
