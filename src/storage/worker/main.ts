import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { toDisposable } from '../../base/disposable.ts';
import type { Clock, Timers } from '../../base/ports.ts';
import { SqlEngine } from '../sqlEngine.ts';
import { nodeFiles } from '../storageFiles.ts';
import { defaultLimits, type WorkerMessage, type WorkerRequest, type WorkerAdvance, type WorkerSetup } from './contract.ts';
import { RegistryServer } from './registryWorker.ts';

/** The entry of the worker thread: builds the graph and connects it to the port. Nothing else imports this file. */

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const timers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return toDisposable(() => clearTimeout(timer));
  },
  every(ms, run) {
    const timer = setInterval(run, ms);
    return toDisposable(() => clearInterval(timer));
  },
};

if (parentPort === null) throw new Error('This file runs in a worker thread only.');
const port = parentPort;
const setup = workerData as WorkerSetup;
const server = new RegistryServer({
  folder: setup.folder,
  engine: new SqlEngine(() => readFile(setup.wasmFile)),
  files: nodeFiles,
  limits: { ...defaultLimits, ...setup.limits },
  clock,
  timers,
  post: (message: WorkerMessage) => port.postMessage(message),
});
port.on('message', (message: WorkerRequest | WorkerAdvance) => server.receive(message));
