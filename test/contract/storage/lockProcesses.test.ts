import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linuxProbe } from './support/processes.ts';
import { change } from './support/sessions.ts';
import { StoreKit } from './support/storeKit.ts';

const program = join(import.meta.dirname, 'support', 'lockChild.ts');
/** More for a longer run by hand. */
const rounds = Number(process.env['LOCK_ROUNDS'] ?? 2);

describe('registry lock between processes (Linux)', function () {
  this.timeout(20_000 + rounds * 5_000);
  let folder = '';
  const children = new Set<ChildProcess>();

  before(function () {
    if (process.platform !== 'linux') this.skip();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-lock-'));
  });
  afterEach(async () => {
    for (const child of children) await kill(child);
    await rm(folder, { recursive: true, force: true });
  });

  async function contender(inFolder: string): Promise<ChildProcess> {
    const child = fork(program, [inFolder], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    children.add(child);
    const [message] = (await once(child, 'message')) as [unknown];
    assert.equal(message, 'ready');
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  it('S3: four contenders, each holder killed in turn: never two owners, always one in the end', async () => {
    let kills = 0;
    for (let round = 0; round < rounds; round++) {
      const racers = await Promise.all([1, 2, 3, 4].map(() => contender(folder)));
      const owners: ChildProcess[] = [];
      const problems: string[] = [];
      let woken = (): void => {};
      for (const racer of racers) {
        racer.on('exit', (code) => {
          if (code !== null) problems.push(`a contender ended with code ${code}`);
          woken();
        });
        racer.on('message', (message) => {
          if (message === 'lost') problems.push('an owner saw another owner');
          // A killed owner has left the list before it was killed: whoever is in it is alive.
          if (message === 'acquired' && owners.length > 0) problems.push('two owners');
          if (message === 'acquired') owners.push(racer);
          woken();
        });
      }
      for (const racer of racers) racer.send('go');
      for (let left = racers.length; left > 0; left--) {
        while (owners.length === 0 && problems.length === 0) await new Promise<void>((resolve) => (woken = resolve));
        assert.deepEqual(problems, []);
        const [owner] = owners.splice(0);
        if (owner !== undefined) await kill(owner);
        kills++;
      }
    }
    assert.equal(kills, rounds * 4);
  });

  it('S3: a store takes over from a window that was killed', async () => {
    const kit = new StoreKit();
    await kit.start();
    const seed = kit.store(1, { host: 'here' });
    await seed.open();
    await seed.registerActive(change('agent-1'));
    await seed.close();
    const child = await contender(kit.folder);
    const acquired = once(child, 'message');
    child.send('go');
    await acquired;
    const store = kit.store(2, { host: 'here', probe: linuxProbe });
    assert.equal((await store.open()).role, 'reader');
    const owner = new Promise<void>((resolve) => void store.onDidBecomeOwner(() => resolve()));
    await kill(child);
    kit.time.pass(1_000);
    await owner;
    await store.registerActive(change('agent-2'));
    await kit.stop();
  });
});
