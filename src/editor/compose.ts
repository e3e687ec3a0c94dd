import { mkdir, realpath, stat } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { detach } from '../base/async.ts';
import { DisposableStore } from '../base/disposable.ts';
import { messageOf } from '../base/errors.ts';
import { AuditTrail } from '../core/auditTrail.ts';
import { FleetService } from '../core/fleetService.ts';
import type { WorktreeEvidence } from '../core/ports.ts';
import type { ProcessIdentity } from '../core/session.ts';
import { isActive } from '../core/session.ts';
import { SessionController } from '../core/sessionController.ts';
import { lookAt } from '../core/sessionEvidence.ts';
import { SessionLeftovers } from '../core/sessionLeftovers.ts';
import { SessionRecovery } from '../core/sessionRecovery.ts';
import { LatestTitles } from '../core/latestTitles.ts';
import { TitleSettler } from '../core/titleSettler.ts';
import { RetiringAgents } from '../core/retiringAgents.ts';
import { defaultRetries, Retries } from '../core/retries.ts';
import { TimeLimits } from '../core/timeLimits.ts';
import { Spawner } from '../core/spawner.ts';
import { builtInDrivers } from '../drivers/builtIn.ts';
import { InstalledDrivers } from '../drivers/catalog.ts';
import { endTree } from '../hosts/local/endTree.ts';
import { presenceBySignal } from '../hosts/local/presence.ts';
import { identify, LocalProcessProbe } from '../hosts/local/probe.ts';
import { systemClock, systemTimers } from '../hosts/local/systemPorts.ts';
import { systemProcessTable } from '../hosts/local/systemTable.ts';
import { linkAddress, type LinkAddress } from '../link/address.ts';
import { FleetRole } from '../link/fleetRole.ts';
import { FleetWindows } from '../link/fleetWindows.ts';
import { LinkGateway } from '../link/linkGateway.ts';
import { LinkServer } from '../link/server.ts';
import { DiskSessionFolders } from '../link/sessionFolders.ts';
import { SharedGateway } from '../link/sharedGateway.ts';
import { hashToken, sameHash } from '../link/token.ts';
import { WindowClient } from '../link/windowClient.ts';
import { windowFileName } from '../link/windowContract.ts';
import { WindowServer } from '../link/windowServer.ts';
import { windowTerminals } from '../link/windowTerminals.ts';
import { contextKeyValues, settingIds, type RegistryState } from '../presentation/contributions.ts';
import { activationFailed, badCustomAgent, registryDamaged } from '../presentation/messages.ts';
import { countSessions } from '../presentation/statusLine.ts';
import type { Translate } from '../presentation/translate.ts';
import { registryFolder } from '../storage/registryFolder.ts';
import { RegistryStore } from '../storage/registryStore.ts';
import { agentSettings, customAgents } from './agentSettings.ts';
import { createApi, type AgentFleetApi } from './api.ts';
import { ArtifactOpener } from './artifactOpener.ts';
import type { CommandContext } from './commands/context.ts';
import { registerEndingCommands } from './commands/endingCommands.ts';
import { registerHistoryCommands } from './commands/historyCommands.ts';
import { registerReviewCommands } from './commands/reviewCommands.ts';
import { registerSessionCommands } from './commands/sessionCommands.ts';
import { registerSpawnCommands } from './commands/spawnCommands.ts';
import { registerTransferCommands } from './commands/transferCommands.ts';
import { ContextKeys } from './contextKeys.ts';
import { feedCursors } from './feedCursors.ts';
import { FleetModel } from './fleetModel.ts';
import { FleetNotifications } from './fleetNotifications.ts';
import { FleetStatusBar } from './fleetStatusBar.ts';
import { FleetTree } from './fleetTree.ts';
import { randomIds } from './ids.ts';
import { InspectDocuments } from './inspectDocuments.ts';
import { channelLogger } from './logger.ts';
import { boundedSetting, retentionSetting, setting, staleAfterSetting } from './settings.ts';
import { EditorTerminals } from './terminals.ts';
import { WorkspaceRoots, workspaceFolders } from './workspaceFolders.ts';

/** What lives as long as the window. */
export interface Fleet {
  /** For other extensions. */
  readonly api: AgentFleetApi;
  /** Writes what is pending and lets go of the registry. Agents run on. */
  close(): Promise<void>;
}

/** Builds the object graph, from the inside out. Nothing is read or started yet but what the view needs to be there. */
export function compose(extension: vscode.ExtensionContext): Fleet {
  const disposables = new DisposableStore();
  const t: Translate = (message, ...args) => vscode.l10n.t(message, ...args);
  const channel = vscode.window.createOutputChannel('Agent Fleet', { log: true });
  const logger = channelLogger(channel);
  const clock = systemClock;
  const timers = systemTimers;
  const workspaceRoots = disposables.add(new WorkspaceRoots(logger));
  const isTrusted = (folder?: string): boolean =>
    vscode.workspace.isTrusted && (folder === undefined || workspaceRoots.contain(folder));

  const registryDir = registryFolder((extension.storageUri ?? extension.globalStorageUri).fsPath);
  const endpointFile = path.join(registryDir, 'endpoint.json');
  const dist = path.join(extension.extensionPath, 'dist');
  const node = editorNode();
  const graceMs = (): number => boundedSetting(settingIds.graceMs);

  const table = systemProcessTable();
  const probe = new LocalProcessProbe(table);
  const host = hostname();
  const store = new RegistryStore({
    folder: registryDir,
    worker: { entry: path.join(dist, 'registry-worker.cjs'), wasmFile: path.join(dist, 'sql-wasm.wasm') },
    host,
    identify: (): Promise<ProcessIdentity> => identify(table, process.pid),
    probe,
    clock,
    timers,
    logger,
  });
  let custom = customAgents();
  disposables.add(vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration(settingIds.customAgents) && (custom = customAgents())));
  const drivers = new InstalledDrivers({
    platform: platformName(),
    env: process.env,
    drivers: builtInDrivers,
    settings: agentSettings,
    customAgents: () => custom,
    onProblem: (problem) => void vscode.window.showWarningMessage(badCustomAgent(t, problem)),
    node,
    assetsDir: dist,
  });
  const terminals = disposables.add(new EditorTerminals(logger));
  // The other windows of this workspace: one of them may own the registry, and hold terminals.
  const windowId = randomIds.uuid();
  const windowFile = path.join(registryDir, windowFileName);
  const ownTerminals = windowTerminals(terminals, (id, text) => controller.sendPromptFor(id, text));
  const owner = disposables.add(new WindowClient({ file: windowFile, windowId, terminals: ownTerminals, timers, logger }));
  const evidence: WorktreeEvidence = {
    liveness: async (session) => (await lookAt(probe, session)).verdict,
    realPath: realpath,
    host,
    readLastWords: (id) => recovery.check(id),
  };
  const fleet = disposables.add(
    new FleetService({
      store, drivers, clock, timers, logger, owner, evidence,
      maxConcurrent: () => boundedSetting(settingIds.maxConcurrent),
      retention: retentionSetting,
      cursors: feedCursors(extension.workspaceState, logger),
    }),
  );
  const audit = new AuditTrail({ fleet, clock, logger });
  const role = disposables.add(new FleetRole({ fleet, store, logger }));
  const runners = disposables.add(
    new LinkGateway({
      endpointFile,
      logger,
      listen: (file) =>
        LinkServer.listen({
          where: freshAddress(),
          endpointFile: file,
          pid: process.pid,
          authenticate: (sessionId, tokenHash) =>
            sameHash(fleet.find(sessionId)?.tokenHash, tokenHash) ? { ok: true, ackedSeq: fleet.durableSeq(sessionId) } : { ok: false, reason: 'unknown session or wrong token' },
          sink: (sessionId, events) => fleet.applyRunnerEvents(sessionId, events),
          isGone: (pid) => presenceBySignal(pid) === 'missing',
          timers,
          logger,
        }),
    }),
  );
  const gateway = disposables.add(new SharedGateway({ local: runners, remote: owner, role, logger }));
  const windows = disposables.add(
    new FleetWindows({
      role,
      client: owner,
      listen: async () => {
        await mkdir(registryDir, { recursive: true, mode: 0o700 });
        return WindowServer.listen({
          where: freshAddress(), file: windowFile, token: randomIds.token(), pid: process.pid, windowId, fleet, runners, terminals: ownTerminals,
          isGone: (pid) => presenceBySignal(pid) === 'missing', timers, logger,
        });
      },
      timers,
      logger,
    }),
  );
  const folders = new DiskSessionFolders({
    registryDir,
    endpointFile,
    runnerScript: path.join(dist, 'runner.cjs'),
    node,
    graceMs,
    heartbeatMs: () => boundedSetting(settingIds.heartbeatSeconds) * 1000,
    listen: () => gateway.start(),
  });
  const latestTitles = disposables.add(new LatestTitles({ fleet, others: windows, logger }));
  const titles = disposables.add(
    new TitleSettler({
      timers,
      saysIdle: (id, title) => (drivers.get(fleet.find(id)?.driver ?? '')?.readTitle(title) ?? []).some((fact) => fact.type === 'activity' && fact.activity === 'idle'),
      clock,
      apply: (id, title, at) => latestTitles.apply(id, title, at),
    }),
  );
  disposables.add(terminals.onLongOutput(({ sessionId }) => detach(gateway.reframe(sessionId), logger, `reframing ${sessionId}`)));
  disposables.add(terminals.onTitle(({ sessionId, title }) => titles.push(sessionId, title)));
  const recovery = disposables.add(
    new SessionRecovery({ fleet, runners: gateway, terminals, others: windows, folders, probe, processes: { end: (id, agent) => endTree(table, timers, id, agent, graceMs()) }, host, clock, timers, logger }),
  );
  const controller = disposables.add(new SessionController({ fleet, drivers, terminals, others: windows, runners: gateway, timers, logger, graceMs, isTrusted, audit }));
  disposables.add(new SessionLeftovers({ fleet, terminals, folders, logger }));
  disposables.add(new RetiringAgents({ fleet, runners: gateway, logger, graceMs }));
  const spawner = new Spawner({ fleet, drivers, folders, terminals, ids: randomIds, hash: hashToken, realFolder, isTrusted, host, logger, audit });
  disposables.add(
    new Retries({
      fleet, restart: (id) => spawner.restart(id, { by: 'fleet' }), clock, timers, logger,
      policy: () => ({ ...defaultRetries, maxAttempts: boundedSetting(settingIds.retryMaxAttempts) }),
    }),
  );
  disposables.add(
    new TimeLimits({ fleet, stop: (id, reason) => controller.timeOut(id, reason), limitMinutes: () => boundedSetting(settingIds.timeLimitMinutes), clock, timers, logger }),
  );

  const model = disposables.add(new FleetModel({ fleet, recovery, drivers, terminals, others: windows, runners: gateway, clock, timers, logger, isTrusted, staleAfterMs: staleAfterSetting }));
  disposables.add(vscode.workspace.onDidGrantWorkspaceTrust(() => model.refresh()));
  const tree = disposables.add(new FleetTree({ model, clock, timers, t, revealTerminalOnClick: () => setting(settingIds.revealTerminalOnClick) }));
  disposables.add(new FleetStatusBar({ model, tree, fleet, store, clock, memento: extension.workspaceState, isTrusted, windows, logger, t }));
  const notifications = disposables.add(new FleetNotifications({ model, clock, timers, t, isLookedAt: (id) => terminals.isLookedAt(id) }));
  const artifacts = disposables.add(new ArtifactOpener(t));
  const documents = disposables.add(new InspectDocuments({ fleet, model, clock, timers, t }));
  const context: CommandContext = {
    fleet, spawner, controller, drivers, folders, terminals, model, tree, artifacts, channel, clock, timers, logger, t, audit,
    actedOn: (ids) => notifications.actedOn(ids),
  };
  disposables.add(registerSpawnCommands(context));
  disposables.add(registerSessionCommands(context));
  disposables.add(registerReviewCommands(context, documents));
  disposables.add(registerEndingCommands(context));
  disposables.add(registerHistoryCommands(context, documents));
  disposables.add(registerTransferCommands(context));
  const keys = new ContextKeys(logger);
  let registry: RegistryState = 'loading';
  const setKeys = (): void => keys.set(contextKeyValues(registry, countSessions(model.views)));
  disposables.add(model.onDidChange(setKeys));
  setKeys();

  disposables.add(
    fleet.onDidOpen((report) => {
      registry = 'ready';
      setKeys();
      const damage = registryDamaged(t, report);
      if (damage !== undefined) void vscode.window.showWarningMessage(damage);
      // Runners of an earlier window wait for somebody to call.
      if (report.role === 'owner' && report.sessions.some((session) => isActive(session.status))) detach(runners.start(), logger, 'opening the link');
    }),
  );
  const opening = fleet.open().catch((error: unknown) => {
    registry = 'failed';
    setKeys();
    tree.view.message = activationFailed(t, messageOf(error));
    logger.error('the registry could not be opened', error);
  });
  detach(opening, logger, 'reading the registry');

  return {
    api: createApi(fleet, { clock, logger, audit, cwd: () => workspaceFolders()[0]?.path ?? '/' }),
    async close() {
      // The log goes last: what fails on the way out still finds it.
      try {
        disposables.dispose();
      } finally {
        await windows.shutDown().finally(() => runners.close()).finally(() => store.close()).finally(() => channel.dispose());
      }
    },
  };
}

/** An address that was never used before. */
function freshAddress(): LinkAddress {
  return linkAddress(process.platform, [process.env['XDG_RUNTIME_DIR'], tmpdir()], randomIds.token().slice(0, 16).replace(/[^\w-]/g, 'x'));
}

/** The editor's own Node. On the desktop that is Electron, which needs to be told. */
function editorNode(): { executable: string; env: Record<string, string> } {
  return { executable: process.execPath, env: process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' } };
}

function platformName(): 'linux' | 'darwin' | 'win32' {
  return process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux';
}

/** The real path of an existing folder: agents and git report real paths, whatever link led to it. */
async function realFolder(folder: string): Promise<string | undefined> {
  try {
    return (await stat(folder)).isDirectory() ? await realpath(folder) : undefined;
  } catch {
    return undefined;
  }
}

