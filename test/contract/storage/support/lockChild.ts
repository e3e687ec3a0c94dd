import { nullLogger } from '../../../../src/base/ports.ts';
import { RegistryLock } from '../../../../src/storage/registryLock.ts';
import { nodeFiles } from '../../../../src/storage/storageFiles.ts';
import { toDisposable } from '../../../../src/base/disposable.ts';
import { identifySelf, linuxProbe } from './processes.ts';

/** A process that wants the lock of the folder in its argument, says when it has it, and holds it until it is killed. */
const lock = new RegistryLock({
  folder: process.argv[2] ?? '',
  files: nodeFiles,
  probe: linuxProbe,
  identify: identifySelf,
  host: 'here',
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  timers: { after: () => toDisposable(() => {}), every: () => toDisposable(() => {}) },
  logger: nullLogger,
});
process.send?.('ready');
await new Promise<void>((resolve) => process.once('message', () => resolve()));
while ((await lock.acquire()) === 'held');
process.send?.('acquired');
while (await lock.isOurs());
process.send?.('lost');
