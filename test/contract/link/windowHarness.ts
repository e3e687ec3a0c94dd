import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextEvent } from '../../../src/base/event.ts';
import { nullLogger } from '../../../src/base/ports.ts';
import type { PromptResult } from '../../../src/core/prompt.ts';
import type { Session } from '../../../src/core/session.ts';
import { systemTimers } from '../../../src/hosts/local/systemPorts.ts';
import { linkAddress } from '../../../src/link/address.ts';
import { WindowClient } from '../../../src/link/windowClient.ts';
import { WindowServer, type WindowServerOptions } from '../../../src/link/windowServer.ts';
import { windowTerminals } from '../../../src/link/windowTerminals.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { FakeRoad } from '../../fakes/runnerRoad.ts';
import { FakeTerminals } from '../../fakes/terminalHost.ts';
import { FakeWindow } from '../../fakes/window.ts';
import { withFolder } from './linkHarness.ts';

/** How often windows that are made from now on ask whether their owner is there, milliseconds: seldom, because a loaded machine is no dead owner. */
export const pulse = { ms: 60_000 };

/** A window that may own the registry or ask its owner: fakes inside, a real socket in between. */
export class LinkedWindow {
  readonly id: string;
  readonly terminals = new FakeTerminals();
  /** What this window was asked to type. */
  readonly prompts: { readonly sessionId: string; readonly text: string }[] = [];
  /** Replaced by tests: what comes of it. */
  onPrompt: () => Promise<PromptResult> = () => Promise.resolve('submitted');
  readonly road = new FakeRoad();
  readonly client: WindowClient;
  readonly core: FakeWindow;
  server: WindowServer | undefined;
  readonly #file: string;

  constructor(folder: string, id: string, role: 'owner' | 'reader', sessions: readonly Session[]) {
    this.id = id;
    this.#file = join(folder, 'window.json');
    this.client = new WindowClient({ file: this.#file, windowId: id, terminals: this.own, timers: systemTimers, logger: nullLogger, silentAfterMs: 200, pulseMs: pulse.ms });
    const store = new MemoryStore(sessions);
    store.role = role;
    this.core = new FakeWindow({ store, owner: this.client });
  }

  get own(): ReturnType<typeof windowTerminals> {
    return windowTerminals(this.terminals, (sessionId, text) => {
      this.prompts.push({ sessionId, text });
      return this.onPrompt();
    });
  }

  async listen(options: Partial<WindowServerOptions> = {}): Promise<WindowServer> {
    this.server = await WindowServer.listen({
      where: linkAddress(process.platform, [tmpdir()], randomBytes(9).toString('hex')),
      file: this.#file,
      token: `token-${this.id}`,
      pid: process.pid,
      windowId: this.id,
      fleet: this.core.fleet,
      runners: this.road,
      terminals: this.own,
      timers: systemTimers,
      logger: nullLogger,
      ...options,
    });
    return this.server;
  }

  async join(): Promise<void> {
    const greeted = until(this.client.onDidChange, () => this.client.isReachable);
    this.client.look();
    await greeted;
  }

  async leave(): Promise<void> {
    this.client.dispose();
    this.core.dispose();
    await this.server?.stop();
  }
}

/** Resolves when `check` holds; it is asked again at each event. */
export async function until<T>(event: Parameters<typeof nextEvent<T>>[0], check: () => boolean): Promise<void> {
  if (!check()) await nextEvent(event, check);
}

/** Resolves when `check` holds; for what has no event. */
export async function eventually(check: () => boolean): Promise<void> {
  while (!check()) await new Promise<void>((resolve) => setImmediate(resolve));
}

export interface Setup {
  readonly folder: string;
  readonly owner: LinkedWindow;
  /** Another window, that knows the same sessions. */
  readonly another: (id: string, role?: 'owner' | 'reader') => Promise<LinkedWindow>;
}

/** An owner that listens, and as many other windows as a test wants. */
export async function withWindows(sessions: readonly Session[], work: (setup: Setup) => Promise<void>, options: Partial<WindowServerOptions> = {}): Promise<void> {
  await withFolder(async (folder) => {
    const windows: LinkedWindow[] = [];
    const open = async (id: string, role: 'owner' | 'reader'): Promise<LinkedWindow> => {
      const window = new LinkedWindow(folder, id, role, sessions);
      windows.push(window);
      await window.core.fleet.open();
      return window;
    };
    try {
      const owner = await open('owner', 'owner');
      await owner.listen(options);
      await work({ folder, owner, another: (id, role = 'reader') => open(id, role) });
    } finally {
      for (const window of windows.reverse()) await window.leave();
    }
  });
}

