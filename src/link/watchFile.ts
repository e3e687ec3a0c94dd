import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { toDisposable, type Disposable } from '../base/disposable.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/ports.ts';

/** Calls back when the file may have changed. A hint only: look again and again as well, watches fail on some disks. */
export function watchFile(path: string, logger: Logger, changed: () => void): Disposable {
  const name = basename(path);
  try {
    const watcher = watch(dirname(path), (_, file) => {
      if (file === null || file === name) changed();
    });
    watcher.on('error', (error) => logger.debug(`${name} is no longer watched: ${messageOf(error)}`));
    return toDisposable(() => watcher.close());
  } catch (error) {
    logger.debug(`${name} cannot be watched: ${messageOf(error)}`);
    return toDisposable(() => undefined);
  }
}
