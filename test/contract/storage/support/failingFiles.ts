import { nodeFiles, type StorageFiles } from '../../../../src/storage/storageFiles.ts';

type Operation = Exclude<keyof StorageFiles, 'watch'>;

/** The steps that change something; the others may be killed as well, but leave nothing to see. */
const changing: readonly Operation[] = ['makeFolder', 'create', 'syncFile', 'syncFolder', 'link', 'rename', 'remove', 'touch'];

/**
 * The real file system with faults. `refuse` makes single operations fail as the system would; `killAt` ends the
 * process, so to say, before its n-th changing step: nothing happens on the disk any more, but a file that was being
 * written is left half done.
 */
export class FailingFiles {
  /** Returns the system's error code for an operation that must fail. */
  refuse: (operation: Operation, path: string) => string | undefined = () => undefined;
  killAt = Infinity;
  /** Changing steps so far. */
  steps = 0;
  readonly log: string[] = [];

  readonly files: StorageFiles = {
    makeFolder: (path) => this.#step('makeFolder', path, () => nodeFiles.makeFolder(path)),
    list: (path) => this.#step('list', path, () => nodeFiles.list(path)),
    read: (path) => this.#step('read', path, () => nodeFiles.read(path)),
    create: (path, ...parts) =>
      this.#step(
        'create',
        path,
        () => nodeFiles.create(path, ...parts),
        () => nodeFiles.create(path, ...parts.map((part) => part.subarray(0, part.length >> 1)).slice(0, 1)),
      ),
    syncFile: (path) => this.#step('syncFile', path, () => nodeFiles.syncFile(path)),
    syncFolder: (path) => this.#step('syncFolder', path, () => nodeFiles.syncFolder(path)),
    link: (from, to) => this.#step('link', to, () => nodeFiles.link(from, to)),
    rename: (from, to) => this.#step('rename', to, () => nodeFiles.rename(from, to)),
    remove: (path) => this.#step('remove', path, () => nodeFiles.remove(path)),
    identity: (path) => this.#step('identity', path, () => nodeFiles.identity(path)),
    touch: (path, epochMs) => this.#step('touch', path, () => nodeFiles.touch(path, epochMs)),
    watch: (folder, changed) => nodeFiles.watch(folder, changed),
  };

  async #step<T>(operation: Operation, path: string, run: () => Promise<T>, half?: () => Promise<void>): Promise<T> {
    if (this.steps >= this.killAt) throw systemError('EKILLED', operation, path);
    if (changing.includes(operation)) {
      this.steps++;
      this.log.push(`${operation} ${path.slice(path.lastIndexOf('/') + 1)}`);
      if (this.steps >= this.killAt) {
        await half?.();
        throw systemError('EKILLED', operation, path);
      }
    }
    const code = this.refuse(operation, path);
    if (code !== undefined) throw systemError(code, operation, path);
    return run();
  }
}

function systemError(code: string, operation: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${operation} '${path}'`), { code });
}
