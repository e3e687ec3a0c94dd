import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { DisposableStore, toDisposable, type Disposable } from '../base/disposable.ts';
import { errorCode } from '../base/errors.ts';
import type { Timers } from '../base/ports.ts';

/** The terminal as the runner uses it: rarely, and never while it may be gone. */
export interface Terminal {
  write(text: string): void;
  /** Gives lines and echo back, which an agent that was killed could not do. */
  restoreLineMode(): Promise<void>;
  /** Resolves with the next Enter, or when the terminal is gone. What was typed before is dropped; `ready` is called once it was. */
  enter(ready: () => void): Promise<void>;
}

/** How often a full terminal is tried again, and how long it is waited for each time; milliseconds. */
const writeAttempts = 100;
const writePauseMs = 5;

/** What the terminal still holds of keys that were meant for the agent arrives within this time, milliseconds. */
const typedAheadMs = 50;

/**
 * Standard input and output. Written by `write(2)` directly: Node's streams would set the descriptors, which the agent shares, to non-blocking, and
 * a stream of standard input must not exist while the agent reads there.
 */
export class StandardTerminal implements Terminal {
  readonly #timers: Timers;
  #isGone = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** One `write` for the whole text, so that the system does not mix it with the agent's. A terminal that is gone is no error. */
  write(text: string): void {
    let rest = Buffer.from(text);
    for (let attempt = 0; rest.length > 0 && !this.#isGone && attempt < writeAttempts; attempt++) {
      try {
        rest = rest.subarray(writeSync(1, rest));
      } catch (error) {
        // The agent may have left the shared descriptor non-blocking.
        if (errorCode(error) === 'EAGAIN') pause(writePauseMs);
        else this.#isGone = true;
      }
    }
  }

  restoreLineMode(): Promise<void> {
    if (process.platform === 'win32' || !isatty(0)) return Promise.resolve();
    return new Promise((resolve) => {
      const stty = spawn('stty', ['sane'], { stdio: ['inherit', 'ignore', 'ignore'] });
      stty.on('error', () => resolve());
      stty.on('exit', () => resolve());
    });
  }

  async enter(ready: () => void): Promise<void> {
    const store = new DisposableStore();
    await new Promise<void>((resolve) => {
      const input = process.stdin;
      let isReady = false;
      const onData = (chunk: Buffer): void => {
        if (isReady && (chunk.includes(0x0a) || chunk.includes(0x0d))) resolve();
      };
      const end = (): void => {
        if (!isReady) beReady();
        resolve();
      };
      const beReady = (): void => {
        isReady = true;
        ready();
      };
      input.on('data', onData).on('end', end).on('close', end).on('error', end);
      store.add(toDisposable(() => input.off('data', onData).off('end', end).off('close', end).pause()));
      store.add(this.#timers.after(typedAheadMs, () => isReady || beReady()));
    });
    store.dispose();
  }
}

/** Blocks for a moment: only while a terminal cannot take our few bytes. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The signals that the runner must survive: they are meant for the agent, or begin its end. */
export function onSignals(handlers: Readonly<Partial<Record<NodeJS.Signals, () => void>>>): Disposable {
  const store = new DisposableStore();
  for (const [signal, handler] of Object.entries(handlers)) {
    process.on(signal, handler);
    store.add(toDisposable(() => process.off(signal, handler)));
  }
  return store;
}
