import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFleetError } from '../../../src/base/errors.ts';
import { nullLogger } from '../../../src/base/ports.ts';
import { systemTimers } from '../../../src/hosts/local/systemPorts.ts';
import type { Session } from '../../../src/core/session.ts';
import { linkAddress } from '../../../src/link/address.ts';
import { FleetRole } from '../../../src/link/fleetRole.ts';
import { FleetWindows } from '../../../src/link/fleetWindows.ts';
import { SharedGateway } from '../../../src/link/sharedGateway.ts';
import { WindowClient } from '../../../src/link/windowClient.ts';
import { WindowServer } from '../../../src/link/windowServer.ts';
import { windowTerminals } from '../../../src/link/windowTerminals.ts';
import { RecordingLogger } from '../../fakes/logger.ts';
import { sessionId } from '../../fakes/ids.ts';
import { FakeRoad } from '../../fakes/runnerRoad.ts';
import { aSession } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { FakeTerminals } from '../../fakes/terminalHost.ts';
import { FakeWindow } from '../../fakes/window.ts';
import { withFolder } from './linkHarness.ts';
import { eventually, until } from './windowHarness.ts';

const id = sessionId(1);

/** A window as `compose.ts` builds it, as far as other windows are concerned. */
class WholeWindow {
  readonly terminals = new FakeTerminals();
  readonly road = new FakeRoad();
  readonly logger = new RecordingLogger();
  readonly store: MemoryStore;
  readonly core: FakeWindow;
  readonly client: WindowClient;
  readonly role: FleetRole;
  readonly gateway: SharedGateway;
  readonly windows: FleetWindows;
  /** How often the socket could not be opened. */
  faults = 0;

  constructor(folder: string, name: string, role: 'owner' | 'reader', sessions: readonly Session[]) {
    const file = join(folder, 'window.json');
    this.store = new MemoryStore(sessions);
    this.store.role = role;
    const own = windowTerminals(this.terminals, () => Promise.resolve('submitted'));
    this.client = new WindowClient({ file, windowId: name, terminals: own, timers: systemTimers, logger: nullLogger, silentAfterMs: 100 });
    this.core = new FakeWindow({ store: this.store, owner: this.client });
    const { fleet, time } = this.core;
    this.role = new FleetRole({ fleet, store: this.store, logger: nullLogger });
    this.gateway = new SharedGateway({ local: this.road, remote: this.client, role: this.role, logger: nullLogger });
    this.windows = new FleetWindows({
      role: this.role,
      client: this.client,
      listen: () => {
        if (this.faults-- > 0) return Promise.reject(new Error('no socket today'));
        const where = linkAddress(process.platform, [tmpdir()], randomBytes(9).toString('hex'));
        return WindowServer.listen({ where, file, token: name, pid: process.pid, windowId: name, fleet, runners: this.road, terminals: own, timers: systemTimers, logger: nullLogger });
      },
      timers: time,
      logger: this.logger,
    });
  }

  async close(): Promise<void> {
    await this.windows.shutDown();
    for (const part of [this.gateway, this.role, this.client, this.core]) part.dispose();
  }
}

async function withWhole(work: (open: (name: string, role: 'owner' | 'reader', sessions?: readonly Session[]) => Promise<WholeWindow>, folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const windows: WholeWindow[] = [];
    try {
      await work(async (name, role, sessions = [aSession()]) => {
        const window = new WholeWindow(folder, name, role, sessions);
        windows.push(window);
        await window.core.fleet.open();
        return window;
      }, folder);
    } finally {
      for (const window of windows) await window.close();
    }
  });
}

const isThere = (file: string): Promise<boolean> => stat(file).then(() => true, () => false);

describe('S3: windows of one workspace', () => {
  it('a fresh workspace: nothing is opened and nothing is written before the first session', async () => {
    await withWhole(async (open, folder) => {
      const window = await open('a', 'owner', []);
      await window.core.time.advance(60_000);
      assert.deepEqual(await readdir(folder), []);
      await window.core.fleet.register({ id, name: 'ui', driver: 'scripted', spec: { policy: 'ask', cwd: '/' }, tokenHash: 'x', attempt: 1 });
      while (!(await isThere(join(folder, 'window.json')))) await new Promise((resolve) => setImmediate(resolve));
    });
  });

  it('a reader acts through the owner; when the owner is gone it takes over, and a third window acts through it', async () => {
    await withWhole(async (open) => {
      const [a, b, c] = [await open('a', 'owner'), await open('b', 'reader'), await open('c', 'reader')];
      await until(b.windows.onDidChange, () => b.core.fleet.canChange);
      await until(c.windows.onDidChange, () => c.core.fleet.canChange);
      await b.core.fleet.record(id, 'note', 'user', 'through a');
      a.road.connect(id, { pid: 7 });
      await until(c.gateway.onDidConnect, () => c.gateway.isConnected(id));
      // Its terminals are gone with it; what it wrote is on the disk.
      const rows = [...a.store.rows.values()];
      await a.close();
      await until(c.windows.onDidChange, () => !c.core.fleet.canChange);
      assert.equal(c.gateway.isConnected(id), false);
      await assert.rejects(c.core.fleet.record(id, 'note', 'user', 1), (error) => isFleetError(error, 'NotOwner'));
      for (const row of rows) b.store.rows.set(row.id, row);
      b.store.becomeOwner();
      assert.deepEqual([b.core.fleet.isOwner, b.core.fleet.get(id).historySeq], [true, 1]);
      await until(c.windows.onDidChange, () => c.core.fleet.canChange);
      await c.core.fleet.record(id, 'note', 'user', 'through b');
      assert.deepEqual((await b.core.fleet.history(id)).map(({ data }) => data), ['through b']);
      b.road.connect(id, { pid: 7 });
      await until(c.gateway.onDidConnect, () => c.gateway.isConnected(id));
    });
  });

  it('U11: what another window holds is known in the owner and in readers, and gone with that window', async () => {
    await withWhole(async (open) => {
      const [a, b] = [await open('a', 'owner'), await open('b', 'reader')];
      await until(b.windows.onDidChange, () => b.core.fleet.canChange);
      b.terminals.open(id);
      await until(a.windows.onDidChange, () => a.windows.holds(id));
      assert.equal(b.windows.holds(id), false);
      await a.windows.write(id, 'x');
      assert.equal(await a.windows.prompt(id, 'go'), 'submitted');
      assert.deepEqual(b.terminals.typed(id), ['x']);
      await b.close();
      await until(a.windows.onDidChange, () => !a.windows.holds(id));
      await assert.rejects(a.windows.write(id, 'x'), (error) => isFleetError(error, 'NoTerminal'));
    });
  });

  it('another window took the registry: the own socket is closed, and this window becomes one of the others', async () => {
    await withWhole(async (open) => {
      const a = await open('a', 'owner');
      const c = await open('c', 'reader');
      await until(c.windows.onDidChange, () => c.core.fleet.canChange);
      const b = await open('b', 'owner');
      a.store.changeElsewhere([aSession()]);
      await until(a.windows.onDidChange, () => a.core.fleet.canChange);
      assert.deepEqual([a.core.fleet.isOwner, a.road.releases], [false, 1]);
      await a.core.fleet.record(id, 'note', 'user', 'through b');
      assert.equal((await b.core.fleet.history(id)).length, 1);
      await eventually(() => c.core.fleet.canChange);
    });
  });

  it('an owner that does not answer is told of after a while, and no more when it does', async () => {
    await withWhole(async (open) => {
      const b = await open('b', 'reader');
      assert.equal(b.windows.isOwnerSilent, false);
      await until(b.windows.onDidChange, () => b.windows.isOwnerSilent);
      await open('a', 'owner');
      await until(b.windows.onDidChange, () => !b.windows.isOwnerSilent);
    });
  });

  it('a socket that cannot be opened is tried again, and harms nothing else', async () => {
    await withWhole(async (open) => {
      const a = await open('a', 'owner', []);
      a.faults = 1;
      await a.core.fleet.register({ id, name: 'ui', driver: 'scripted', spec: { policy: 'ask', cwd: '/' }, tokenHash: 'x', attempt: 1 });
      await eventually(() => a.logger.complaints.length === 1);
      const b = await open('b', 'reader');
      await a.core.time.advance(5000);
      await until(b.windows.onDidChange, () => b.core.fleet.canChange);
    });
  });
});
