import type * as vscode from 'vscode';
import type { Signal } from '../../../src/core/session.ts';
import type { AgentFleetApi } from '../../../src/editor/api.ts';

/** Milliseconds from an agent's write to … */
export interface Spread {
  /** … the moment the runner took note of it, whole milliseconds. */
  readonly runner: number[];
  /** … the change of the session in the window. */
  readonly fleet: number[];
  /** … the tree's change event, which may be held back to the end of a burst. */
  readonly tree: number[];
  /** How many of them were held back. */
  gathered: number;
}

/** Reads the times that the agents wrote into their details, and compares them with the clock when they arrive. */
export class Meter {
  readonly #spread: Spread = { runner: [], fleet: [], tree: [], gathered: 0 };
  readonly #seen = new Map<string, number>();
  readonly #listeners: { dispose(): void }[] = [];
  /** Written times that are in the fleet and not in the tree yet. */
  #waiting: number[] = [];
  /** The tree changed in this turn: what the fleet tells in the same turn is in it already. */
  #treeChangedNow = false;

  constructor(api: AgentFleetApi, onDidChangeTreeData: vscode.Event<unknown>) {
    for (const session of api.sessions()) this.#seen.set(session.id, writtenAt(session.signal?.detail) ?? 0);
    this.#listeners.push(api.onDidChange(({ changed }) => changed.forEach((session) => this.#inFleet(session.id, session.signal))));
    this.#listeners.push(onDidChangeTreeData(() => this.#inTree()));
  }

  stop(): Spread {
    for (const listener of this.#listeners) listener.dispose();
    return this.#spread;
  }

  #inFleet(id: string, signal: Signal | undefined): void {
    const written = writtenAt(signal?.detail);
    if (signal === undefined || written === undefined || written === this.#seen.get(id)) return;
    this.#seen.set(id, written);
    const now = clock();
    this.#spread.fleet.push(now - written);
    this.#spread.runner.push(signal.at - Math.floor(written));
    if (this.#treeChangedNow) this.#spread.tree.push(now - written);
    else this.#waiting.push(written);
  }

  #inTree(): void {
    this.#treeChangedNow = true;
    queueMicrotask(() => (this.#treeChangedNow = false));
    const now = clock();
    for (const written of this.#waiting) this.#spread.tree.push(now - written);
    this.#spread.gathered += this.#waiting.length;
    this.#waiting = [];
  }
}

function writtenAt(detail: string | undefined): number | undefined {
  const text = /at ([\d.]+)$/.exec(detail ?? '')?.[1];
  return text === undefined ? undefined : Number(text);
}

/** Wall clock with fractions; the same on all processes of a machine but for a fraction of a millisecond. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}
