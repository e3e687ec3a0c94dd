import { toDisposable, type Disposable } from '../base/disposable.ts';

/** What we need of an `AbortSignal`, which is no part of the language itself. A real one fits. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Calls `run` when the signal is aborted; not if it is aborted already. Dispose the result to stop listening. */
export function onAbort(signal: AbortSignalLike, run: () => void): Disposable {
  signal.addEventListener('abort', run);
  return toDisposable(() => signal.removeEventListener('abort', run));
}
