import type { ProcessControl, ProcessProbe } from '../../src/core/ports.ts';
import type { Liveness, ProcessIdentity } from '../../src/core/session.ts';

/**
 * A machine with processes that a test starts and kills. Judges as the real probe does: boot id, then pid, then start
 * time; what is not known is no evidence.
 */
export class FakeMachine implements ProcessProbe, ProcessControl {
  bootId = 'boot-1';
  /** False: the machine tells nothing (another host, no rights). */
  canLook = true;
  /** Set: the next look fails with it. */
  fault: Error | undefined;
  /** True: `end` does not work. */
  isStubborn = false;
  /** Called at each look, before the answer. */
  duringLook: () => void = () => undefined;
  readonly ended: ProcessIdentity[] = [];
  readonly #running = new Map<number, string>();

  /** Starts a process and says who it is. */
  start(pid: number, startTime = `t${pid}`): ProcessIdentity {
    this.#running.set(pid, startTime);
    return { pid, startTime, bootId: this.bootId };
  }

  kill(pid: number): void {
    this.#running.delete(pid);
  }

  /** Everything dies and the boot id changes. */
  reboot(): void {
    this.#running.clear();
    this.bootId += '+';
  }

  async liveness(identity: ProcessIdentity | undefined): Promise<Liveness> {
    await Promise.resolve();
    this.duringLook();
    if (this.fault !== undefined) throw this.fault;
    if (identity === undefined || !this.canLook) return 'unknown';
    if (identity.bootId !== undefined && identity.bootId !== this.bootId) return 'dead';
    const startTime = this.#running.get(identity.pid);
    if (startTime === undefined) return 'dead';
    if (identity.startTime === undefined) return 'unknown';
    return identity.startTime === startTime ? 'alive' : 'dead';
  }

  async end(_sessionId: string, agent: ProcessIdentity): Promise<void> {
    await Promise.resolve();
    this.ended.push(agent);
    if (!this.isStubborn) this.kill(agent.pid);
  }
}
