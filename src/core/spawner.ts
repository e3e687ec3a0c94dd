import { FleetError, isFleetError, messageOf } from '../base/errors.ts';
import type { IdSource, Logger } from '../base/ports.ts';
import { oneLine, plainText } from '../base/text.ts';
import type { AuditTrail } from './auditTrail.ts';
import { refused } from './errors.ts';
import type { NewSession } from './fleetCommands.ts';
import type { FleetService } from './fleetService.ts';
import { worktreeTaken } from './lookupErrors.ts';
import type { DriverCatalog, SessionFolders, TerminalHost } from './ports.ts';
import { isAbsolute } from './paths.ts';
import { cleanPrompt } from './prompt.ts';
import { isActive, type PermissionPolicy, type Session } from './session.ts';
import { validActions } from './actions.ts';

export interface SpawnRequest {
  readonly driver: string;
  readonly name: string;
  /** Absent or blank: the agent starts and waits. */
  readonly prompt?: string;
  readonly policy: PermissionPolicy;
  /** Absolute path of an existing folder. */
  readonly cwd: string;
  readonly variant?: string;
  readonly parentId?: string;
  /** It shall be the one live agent that writes in the folder; refused while another one has it. */
  readonly exclusive?: boolean;
}

export interface SpawnerOptions {
  readonly fleet: FleetService;
  readonly drivers: DriverCatalog;
  readonly folders: SessionFolders;
  readonly terminals: TerminalHost;
  readonly ids: IdSource;
  /** SHA-256 in hex. */
  readonly hash: (text: string) => string;
  /** The real path (no symbolic links) of an existing folder; `undefined` when there is none. */
  readonly realFolder: (path: string) => Promise<string | undefined>;
  /**
   * Whether the person trusts the workspace; with a folder, whether it belongs to the trusted workspace. Checked here too, because
   * commands can be called without the view.
   */
  readonly isTrusted: (folder?: string) => boolean;
  readonly logger: Logger;
  /** Name of this machine. */
  readonly host?: string;
  /** Where spawns and restarts are kept, also refused ones. */
  readonly audit?: Pick<AuditTrail, 'run'>;
}

const maxNameLength = 80;

/**
 * Starts agents (seed row T1): check, register in `provisioning`, prepare, open the terminal. The session becomes `running` when
 * its runner says so. What fails on the way ends the session as failed and takes back what was made.
 */
export class Spawner {
  readonly #options: SpawnerOptions;

  constructor(options: SpawnerOptions) {
    this.#options = options;
  }

  /**
   * @returns the session as registered; its start shows in the fleet.
   * @throws FleetError `NotTrusted`, `BadName`, `NameTaken`, `EmptyPrompt`, `PromptTooLong`, `BadFolder`, `FolderGone`, `UnknownDriver`,
   * `NotInstalled`, `UnsupportedPolicy`, `MaxConcurrentExceeded`, `LiveOwner` with `{sessionId, name}`, `NotOwner`, `TerminalFailed`, `Cancelled`.
   */
  async spawn(request: SpawnRequest): Promise<Session> {
    const start = (): Promise<Session> => this.#start(request, { attempt: 1 });
    const { audit } = this.#options;
    if (audit === undefined) return start();
    return audit.run({ action: 'spawn', detail: `${request.name} (${request.driver})` }, start, ({ id }) => id);
  }

  /**
   * A new attempt of a session that ended without success (seed row L15). One that had its folder for itself gets it so again, unless told
   * otherwise. `by: 'fleet'`: nobody asked for it now, it is a retry. @throws FleetError `Refused` and those of `spawn`.
   */
  async restart(id: string, options: { readonly exclusive?: boolean; readonly by?: 'fleet' } = {}): Promise<Session> {
    const start = (): Promise<Session> => this.#restart(id, options);
    const { audit, fleet } = this.#options;
    if (audit === undefined) return start();
    const actor = options.by ?? 'user';
    return audit.run({ action: 'restart', target: id, actor, detail: `a new attempt of ${fleet.find(id)?.name ?? id}` }, start, (session) => session.id);
  }

  async #restart(id: string, options: { readonly exclusive?: boolean }): Promise<Session> {
    const { fleet } = this.#options;
    const old = fleet.get(id);
    if (!validActions(old, { hasTerminal: false, canChange: true }).has('restart')) {
      throw refused(old, 'cannot be restarted', `it is ${old.status}. Only failed, aborted, cancelled and terminated sessions can.`);
    }
    const { prompt, policy, cwd, variant } = old.spec;
    const taken = new Set(fleet.sessions.filter((session) => isActive(session.status)).map((session) => session.name));
    const session = await this.#start(
      {
        driver: old.driver,
        name: freeName(old.name, taken),
        policy,
        cwd,
        ...(prompt === undefined ? {} : { prompt }),
        ...(variant === undefined ? {} : { variant }),
        ...(old.parentId === undefined ? {} : { parentId: old.parentId }),
        exclusive: options.exclusive ?? old.worktree !== undefined,
      },
      { attempt: old.attempt + 1, restartOf: old.id },
    );
    this.#options.terminals.close(old.id);
    return session;
  }

  async #start(request: SpawnRequest, lineage: { attempt: number; restartOf?: string }): Promise<Session> {
    const { fleet, drivers, folders, terminals, ids, hash, logger } = this.#options;
    if (!this.#options.isTrusted()) {
      throw new FleetError('NotTrusted', 'This folder is not trusted, so no agent is started in it. Trust the workspace first.');
    }
    const name = checkName(request.name);
    const prompt = request.prompt === undefined || request.prompt.trim() === '' ? undefined : cleanPrompt(request.prompt);
    const cwd = await this.#folder(request.cwd);
    const driver = drivers.get(request.driver);
    if (driver === undefined) throw new FleetError('UnknownDriver', `No agent is called “${oneLine(request.driver, 60)}”.`);
    const context = await drivers.locate(request.driver, request.variant);
    const sessionId = ids.sessionId();
    const token = ids.token();
    const shared = {
      policy: request.policy,
      cwd,
      ...(prompt === undefined ? {} : { prompt }),
      ...(request.variant === undefined ? {} : { variant: request.variant }),
    };
    const parent = request.parentId === undefined ? {} : { parentId: request.parentId };
    const plan = await driver.plan(
      { sessionId, name, conversationId: ids.uuid(), folderTrusted: true, ...shared },
      { ...context, sessionDir: folders.pathOf(sessionId) },
    );
    if (plan.note !== undefined) logger.warn(`${name}: ${oneLine(plan.note, 300)}`);
    const wanted: NewSession = {
      id: sessionId,
      name,
      driver: request.driver,
      spec: shared,
      tokenHash: hash(token),
      // Who was started by another agent may be handed over to it (meerkat).
      ...(request.parentId === undefined ? {} : { kind: 'child_agent' as const }),
      ...(this.#options.host === undefined ? {} : { host: this.#options.host }),
      ...parent,
      ...lineage,
      ...(plan.conversationId === undefined ? {} : { conversationId: plan.conversationId }),
      ...(prompt !== undefined && !plan.promptInArgv ? { promptToType: prompt } : {}),
    };
    if (request.exclusive === true) await this.#reserve(cwd, wanted);
    else await fleet.register(wanted);
    try {
      const launch = await folders.prepare({ sessionId, name, token, cwd, plan, ...parent });
      if (fleet.get(sessionId).status !== 'provisioning') throw new FleetError('Cancelled', `“${name}” was cancelled before its agent was started.`);
      await terminals.launch(launch);
    } catch (error) {
      // It may have been cancelled meanwhile: that end stands.
      if (fleet.find(sessionId)?.status === 'provisioning') {
        const reason = isFleetError(error) ? error.message : `the agent could not be started: ${messageOf(error)}`;
        await fleet.provisioningFailed(sessionId, oneLine(reason, 300));
      }
      await folders.remove(sessionId).catch((cause: unknown) => logger.warn(`could not remove the folder of ${sessionId}`, cause));
      throw error;
    }
    return fleet.get(sessionId);
  }

  /** @throws FleetError `LiveOwner`, and as `register`. */
  async #reserve(folder: string, wanted: NewSession): Promise<void> {
    const outcome = await this.#options.fleet.reserve(folder, wanted);
    if (outcome.type === 'liveOwner') throw worktreeTaken(outcome.session);
  }

  /**
   * The real folder behind `path`: the one that the agent sees and in which it reports files.
   * @throws FleetError `BadFolder`, `FolderGone`, `NotTrusted`.
   */
  async #folder(path: string): Promise<string> {
    const { realFolder, isTrusted } = this.#options;
    if (!isAbsolute(path)) throw new FleetError('BadFolder', `The folder ${oneLine(path)} is not an absolute path. Give the whole path.`);
    const real = await realFolder(path);
    if (real === undefined) throw new FleetError('FolderGone', `The folder ${path} does not exist. Choose another folder.`);
    if (!isTrusted(path) && !isTrusted(real)) {
      throw new FleetError('NotTrusted', `The folder ${path} does not belong to this trusted workspace. Open it as a workspace folder first.`);
    }
    return real;
  }
}

/** @throws FleetError `BadName`. */
export function checkName(name: string): string {
  const trimmed = name.trim();
  const clean = oneLine(trimmed, maxNameLength + 1);
  if (clean === '') throw new FleetError('BadName', 'The name is empty. Give the session a short name.');
  if (clean.length > maxNameLength) throw new FleetError('BadName', `The name is too long: at most ${maxNameLength} characters.`);
  if (plainText(trimmed) !== trimmed || /[\n\t]/.test(trimmed)) throw new FleetError('BadName', 'The name holds control characters. Use one line of plain text.');
  return clean;
}

/** `wanted`, or `wanted-2`, `wanted-3` … when an active session has that name. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let n = 2; ; n++) {
    const name = `${[...wanted].slice(0, maxNameLength - `-${n}`.length).join('')}-${n}`;
    if (!taken.has(name)) return name;
  }
}
