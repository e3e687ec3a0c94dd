import { FleetError } from '../base/errors.ts';
import { oneLine } from '../base/text.ts';
import type { AgentDriver, DriverInfo, LaunchContext } from '../core/driver.ts';
import type { DriverCatalog } from '../core/ports.ts';
import { createCustomDriver } from './custom/customDriver.ts';
import { readCustomDefinitions } from './custom/definition.ts';
import { findExecutable } from './findExecutable.ts';

/** What the settings say of an agent. */
export interface AgentSettings {
  /** Executable; '' = look on the PATH. */
  readonly path: string;
  readonly extraArgs: readonly string[];
  /** Id of the setting that holds the path. */
  readonly pathSetting: string;
  /** Whether the person agreed that our hooks run; only asked for where the CLI itself asks. */
  readonly hooksAllowed: boolean;
}

export interface InstalledDriversOptions {
  readonly platform: LaunchContext['platform'];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly drivers: readonly AgentDriver[];
  /** Read at each use. `undefined` for agents without settings. */
  readonly settings: (driverId: string) => AgentSettings | undefined;
  /** The setting with the custom agents, as it stands there: the same value until it changes. */
  readonly customAgents: () => unknown;
  /** Told what is wrong with the custom agents. */
  readonly onProblem: (problem: string) => void;
  readonly node: LaunchContext['node'];
  readonly assetsDir: string;
}

export interface DriverAvailability {
  readonly info: DriverInfo;
  readonly installed: boolean;
  readonly executable?: string;
}

/** The agents that come with the extension and those of the settings; which of them are installed is looked up when asked. */
export class InstalledDrivers implements DriverCatalog {
  readonly #options: InstalledDriversOptions;
  #custom: { readonly source: unknown; readonly drivers: readonly AgentDriver[] } = { source: undefined, drivers: [] };

  constructor(options: InstalledDriversOptions) {
    this.#options = options;
  }

  get(driverId: string): AgentDriver | undefined {
    return this.#options.drivers.find((driver) => driver.info.id === driverId) ?? this.#customDrivers().find((driver) => driver.info.id === driverId);
  }

  /** All agents, installed or not. */
  availability(): Promise<readonly DriverAvailability[]> {
    return Promise.all(
      this.#all().map(async ({ info }): Promise<DriverAvailability> => {
        if (info.binaries.length === 0) return { info, installed: true };
        const executable = await this.#find(info);
        return executable === undefined ? { info, installed: false } : { info, installed: true, executable };
      }),
    );
  }

  /** Id of the setting in which another place of an agent can be given. */
  pathSetting(driverId: string): string | undefined {
    return this.#options.settings(driverId)?.pathSetting;
  }

  async locate(driverId: string): Promise<Omit<LaunchContext, 'sessionDir'>> {
    const driver = this.get(driverId);
    if (driver === undefined) throw new FleetError('UnknownDriver', `No agent is called “${oneLine(driverId, 60)}”.`);
    const { info } = driver;
    const { platform, node, assetsDir } = this.#options;
    const executable = info.binaries.length === 0 ? node.executable : await this.#find(info);
    if (executable === undefined) {
      const place = this.pathSetting(driverId);
      const elsewhere = place === undefined ? '' : ` If it is installed elsewhere, set ${place}.`;
      throw new FleetError('NotInstalled', `${info.label} was not found. ${info.installHint}${elsewhere}`, { details: { driver: driverId } });
    }
    const settings = this.#options.settings(driverId);
    const hooksAllowed = info.asksForHooks === undefined || settings?.hooksAllowed === true;
    return { platform, executable, extraArgs: settings?.extraArgs ?? [], hooksAllowed, node, assetsDir };
  }

  #find(info: DriverInfo): Promise<string | undefined> {
    const { platform, env } = this.#options;
    const configured = this.#options.settings(info.id)?.path.trim() ?? '';
    return findExecutable(configured === '' ? info.binaries : [configured], { platform, env });
  }

  #all(): readonly AgentDriver[] {
    return [...this.#options.drivers, ...this.#customDrivers()];
  }

  #customDrivers(): readonly AgentDriver[] {
    const setting = this.#options.customAgents();
    if (this.#custom.source !== setting) {
      const { definitions, problems } = readCustomDefinitions(setting);
      this.#custom = { source: setting, drivers: definitions.map(createCustomDriver) };
      for (const problem of problems) this.#options.onProblem(problem);
    }
    return this.#custom.drivers;
  }
}

