import type { ProcessIdentity } from '../../src/core/session.ts';
import type { RunnerRoad } from '../../src/link/linkGateway.ts';
import type { ConnectedRunner } from '../../src/link/server.ts';
import { FakeRunners } from './runnerGateway.ts';

/** Runners as windows share them. */
export class FakeRoad extends FakeRunners implements RunnerRoad {
  /** How often somebody made sure that runners can call. */
  starts = 0;
  releases = 0;
  readonly #runners = new Map<string, ProcessIdentity>();

  get connected(): readonly ConnectedRunner[] {
    return [...this.#runners].map(([sessionId, runner]) => ({ sessionId, runner }));
  }

  override connect(sessionId: string, runner: ProcessIdentity = { pid: 1 }): void {
    this.#runners.set(sessionId, runner);
    super.connect(sessionId, runner);
  }

  override disconnect(sessionId: string): void {
    this.#runners.delete(sessionId);
    super.disconnect(sessionId);
  }

  async start(): Promise<void> {
    await Promise.resolve();
    this.starts++;
  }

  async release(): Promise<void> {
    await Promise.resolve();
    this.releases++;
  }
}
