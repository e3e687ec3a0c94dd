import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DisposableStore } from '../../../src/base/disposable.ts';
import { FleetError } from '../../../src/base/errors.ts';
import { nullLogger } from '../../../src/base/ports.ts';
import type { StopRequest } from '../../../src/core/ports.ts';
import type { RunnerEventBody } from '../../../src/core/runnerEvents.ts';
import { systemClock, systemTimers } from '../../../src/hosts/local/systemPorts.ts';
import { LinkClient } from '../../../src/link/client.ts';
import type { LinkServer } from '../../../src/link/server.ts';
import { Spool } from '../../../src/link/spool.ts';
import { FakeHost, withFolder } from './linkHarness.ts';

const hook = (n: number): RunnerEventBody => ({ kind: 'hook', name: 'x', payload: n });

interface Setup {
  readonly host: FakeHost;
  readonly spool: Spool;
  readonly client: LinkClient;
  readonly endpointFile: string;
  readonly stops: StopRequest[];
  readonly listen: () => Promise<LinkServer>;
}

async function withClient(work: (setup: Setup) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const store = new DisposableStore();
    const host = new FakeHost();
    host.tokens.set('agent-1', 'secret');
    const endpointFile = join(folder, 'endpoint.json');
    const stops: StopRequest[] = [];
    const servers: LinkServer[] = [];
    const spool = store.add(new Spool(join(folder, 'spool.jsonl'), { clock: systemClock, logger: nullLogger }));
    spool.open();
    const client = store.add(
      new LinkClient({
        endpointFile,
        sessionId: 'agent-1',
        token: 'secret',
        runner: { pid: process.pid },
        outbox: spool,
        orders: { stop: (request) => void stops.push(request), signal: () => undefined, reframe: () => Promise.resolve() },
        timers: systemTimers,
        logger: nullLogger,
      }),
    );
    const listen = async (): Promise<LinkServer> => {
      const server = await host.listen(endpointFile);
      servers.push(server);
      return server;
    };
    try {
      await work({ host, spool, client, endpointFile, stops, listen });
    } finally {
      store.dispose();
      for (const server of servers) await server.close();
    }
  });
}

describe('link client', () => {
  it('tells everything in order when a window appears late', async () => {
    await withClient(async ({ host, spool, client, listen }) => {
      for (let n = 1; n <= 50; n++) spool.append(hook(n));
      client.start();
      await listen();
      await host.point.until(() => host.events.length === 50);
      assert.deepEqual(host.events.map((event) => event.seq), Array.from({ length: 50 }, (_, index) => index + 1));
      spool.append(hook(51));
      await host.point.until(() => host.events.length === 51);
    });
  });

  it('sends again, with the same numbers, what a window took and did not live to acknowledge', async () => {
    await withClient(async ({ host, spool, client, listen }) => {
      const first = await listen();
      host.keep = () => new Promise(() => undefined);
      client.start();
      spool.append(hook(1));
      spool.append(hook(2));
      await host.point.until(() => host.batches.length > 0);
      await first.close();
      assert.equal(host.events.length, 0);
      host.keep = () => Promise.resolve();
      await listen();
      await host.point.until(() => host.events.length === 2);
      assert.deepEqual(host.events.map((event) => event.seq), [1, 2]);
      assert.equal(host.batches[0]?.[0]?.seq, 1);
      await new Promise<void>((resolve) => setImmediate(resolve));
    });
  });

  it('believes the window about what is durable', async () => {
    await withClient(async ({ host, spool, client, listen }) => {
      for (let n = 1; n <= 3; n++) spool.append(hook(n));
      host.ackedSeq = 2;
      await listen();
      client.start();
      await host.point.until(() => host.batches.length > 0);
      assert.deepEqual(host.batches[0]?.map((event) => event.seq), [3]);
    });
  });

  it('moves to a new window while the old one still listens', async () => {
    await withClient(async ({ host, spool, client, listen }) => {
      const first = await listen();
      client.start();
      await host.point.until(() => first.isConnected('agent-1'));
      const second = await listen();
      await host.point.until(() => second.isConnected('agent-1'));
      await host.point.until(() => !first.isConnected('agent-1'));
      spool.append(hook(1));
      await host.point.until(() => host.events.length === 1);
    });
  });

  it('tries again when the window could not keep the events', async function () {
    await withClient(async ({ host, spool, client, listen }) => {
      await listen();
      host.keep = () => Promise.reject(new Error('disk full'));
      client.start();
      spool.append(hook(1));
      await host.point.until(() => host.batches.length > 0);
      host.keep = () => Promise.resolve();
      await host.point.until(() => host.events.length === 1);
    });
  });

  it('goes on telling while the disk of the window fails, and forgets nothing before it is durable', async function () {
    this.timeout(10_000);
    await withClient(async ({ host, spool, client, listen }) => {
      await listen();
      host.settle = () => Promise.reject(new FleetError('NotPersisted', 'disk full'));
      client.start();
      for (let n = 1; n <= 3; n++) {
        spool.append(hook(n));
        await host.point.until(() => host.events.length === n);
      }
      assert.deepEqual(host.batches.map((batch) => batch.map((event) => event.seq)), [[1], [2], [3]]);
      assert.equal(spool.pending(1e6).length, 3);
      host.settle = () => Promise.resolve();
      await host.point.until(() => host.batches.length === 4);
      assert.deepEqual(host.batches[3], []);
      await client.flush(5000);
      assert.ok(!spool.hasPending);
    });
  });

  it('sends what was taken but not durable again to the next window', async () => {
    await withClient(async ({ host, spool, client, listen }) => {
      const first = await listen();
      host.settle = () => Promise.reject(new FleetError('NotPersisted', 'disk full'));
      client.start();
      spool.append(hook(1));
      await host.point.until(() => host.events.length === 1);
      await first.close();
      host.settle = () => Promise.resolve();
      host.ackedSeq = 0;
      host.events.length = 0;
      await listen();
      await host.point.until(() => host.events.length === 1);
    });
  });

  it('gives up what somebody cut from the spool, and goes on', async () => {
    await withClient(async ({ host, spool, client, endpointFile, listen }) => {
      spool.append(hook(1));
      spool.append(hook(2));
      writeFileSync(join(dirname(endpointFile), 'spool.jsonl'), '');
      client.start();
      await listen();
      await host.point.until(() => host.events.length === 1);
      spool.append(hook(3));
      await host.point.until(() => host.events.length === 2);
      assert.deepEqual(host.events.map((event) => [event.seq, event.kind]), [[3, 'skipped'], [4, 'hook']]);
    });
  });

  it('passes orders on', async () => {
    await withClient(async ({ host, client, stops, listen }) => {
      const server = await listen();
      client.start();
      await host.point.until(() => server.isConnected('agent-1'));
      await server.stop('agent-1', { from: 'SIGTERM', graceMs: 10 });
      await server.signal('agent-1', 'SIGINT');
      await server.reframe('agent-1');
      assert.deepEqual(stops, [{ from: 'SIGTERM', graceMs: 10 }]);
    });
  });

  it('flushes: resolves when all is acknowledged, or when the time is over', async () => {
    await withClient(async ({ host, spool, client, listen }) => {
      client.start();
      spool.append(hook(1));
      await client.flush(30);
      assert.ok(spool.hasPending);
      await listen();
      await client.flush(5000);
      assert.ok(!spool.hasPending);
      assert.equal(host.events.length, 1);
    });
  });
});
