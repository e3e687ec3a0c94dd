import { watch } from 'node:fs';
import { DisposableStore, toDisposable, type Disposable } from '../base/disposable.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger, Timers } from '../base/ports.ts';

/**
 * Calls `onChange` with the name of what changed in a folder, and every `pollMs` milliseconds without one: watches are lost on network
 * folders, and when the system has no more of them.
 */
export function watchFolder(
  folder: string,
  pollMs: number,
  onChange: (name: string | undefined) => void,
  ports: { readonly timers: Timers; readonly logger: Logger },
): Disposable {
  const store = new DisposableStore();
  store.add(ports.timers.every(pollMs, () => onChange(undefined)));
  try {
    const watcher = watch(folder, (_, name) => onChange(name ?? undefined));
    store.add(toDisposable(() => watcher.close()));
    watcher.on('error', (error) => ports.logger.debug(`a folder is no longer watched: ${messageOf(error)}`));
  } catch (error) {
    ports.logger.debug(`a folder cannot be watched: ${messageOf(error)}`);
  }
  return store;
}
