import { FleetError } from '../../src/base/errors.ts';
import type { AgentDriver, AgentFact, DriverInfo, InterruptMeans, LaunchContext, LaunchPlan, LaunchRequest } from '../../src/core/driver.ts';
import type { DriverCatalog } from '../../src/core/ports.ts';

/**
 * A driver whose agent hands over its facts as they are: a hook's payload and a title (as JSON) are lists of facts. It checks
 * nothing, as a careless driver would.
 */
export class ScriptedDriver implements AgentDriver {
  readonly info: DriverInfo = { id: 'scripted', label: 'Scripted', binaries: ['scripted'], installHint: 'Nothing to install.' };
  provesPrompts = false;
  interrupt: InterruptMeans = { type: 'keys', keys: '\u001b' };
  clearInput = '';
  promptInArgv = true;
  /** Set: `plan` fails with it. */
  planFault: Error | undefined;
  /** Set: reading hooks and titles fails with it. */
  readFault: Error | undefined;
  readonly requests: LaunchRequest[] = [];

  async plan(request: LaunchRequest, context: LaunchContext): Promise<LaunchPlan> {
    await Promise.resolve();
    if (this.planFault !== undefined) throw this.planFault;
    this.requests.push(request);
    const prompt = this.promptInArgv && request.prompt !== undefined ? [request.prompt] : [];
    return { argv: [context.executable, ...prompt], env: {}, files: [], promptInArgv: this.promptInArgv, conversationId: request.conversationId };
  }

  readHook(_name: string, payload: unknown): readonly AgentFact[] {
    if (this.readFault !== undefined) throw this.readFault;
    return payload as readonly AgentFact[];
  }

  readTitle(title: string): readonly AgentFact[] {
    if (this.readFault !== undefined) throw this.readFault;
    return title.startsWith('[') ? (JSON.parse(title) as readonly AgentFact[]) : [];
  }
}

/** A catalog with one driver, `scripted`. */
export class FakeCatalog implements DriverCatalog {
  readonly driver = new ScriptedDriver();
  /** False: the agent's program is not on this machine. */
  isInstalled = true;

  get(driverId: string): AgentDriver | undefined {
    return driverId === this.driver.info.id ? this.driver : undefined;
  }

  async locate(driverId: string): Promise<Omit<LaunchContext, 'sessionDir'>> {
    await Promise.resolve();
    if (this.get(driverId) === undefined) throw new FleetError('UnknownDriver', `No agent is called “${driverId}”.`);
    if (!this.isInstalled) throw new FleetError('NotInstalled', 'Scripted is not installed.');
    return { platform: 'linux', executable: '/bin/scripted', extraArgs: [], node: { executable: '/node', env: {} }, assetsDir: '/dist', hooksAllowed: true };
  }
}
