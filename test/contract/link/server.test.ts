import assert from 'node:assert/strict';
import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FleetError, isFleetError } from '../../../src/base/errors.ts';
import { nextEvent } from '../../../src/base/event.ts';
import type { RunnerEvent } from '../../../src/core/runnerEvents.ts';
import { linkAddress } from '../../../src/link/address.ts';
import { maxMessageBytes } from '../../../src/link/contract.ts';
import { readEndpoint } from '../../../src/link/endpointFile.ts';
import type { LinkServer, LinkServerOptions } from '../../../src/link/server.ts';
import { FakeTime } from '../../fakes/time.ts';
import { FakeHost, RawPeer, withFolder } from './linkHarness.ts';

const runner = { pid: 4711 };
const hello = (token = 'right', sessionId = 'agent-1', version = 1): unknown => ({ version, sessionId, token, runner });
const event = (seq: number): RunnerEvent => ({ kind: 'stopping', signal: 'SIGINT', seq, at: 1 });

interface Setup {
  readonly host: FakeHost;
  readonly server: LinkServer;
  readonly address: string;
  readonly endpointFile: string;
}

async function withServer(work: (setup: Setup) => Promise<void>, options: Partial<LinkServerOptions> = {}): Promise<void> {
  await withFolder(async (folder) => {
    const host = new FakeHost();
    for (const id of ['agent-1', 'agent-2']) host.tokens.set(id, 'right');
    const endpointFile = join(folder, 'endpoint.json');
    const server = await host.listen(endpointFile, options);
    try {
      const address = (await readEndpoint(endpointFile))?.address;
      assert.ok(address !== undefined);
      await work({ host, server, address, endpointFile });
    } finally {
      await server.close();
    }
  });
}

async function greeted({ host, server, address }: Setup, sessionId = 'agent-1'): Promise<RawPeer> {
  const peer = await RawPeer.connect(address);
  const connected = nextEvent(server.onDidConnect, (who) => who.sessionId === sessionId);
  peer.request(1, 'runner/hello', hello('right', sessionId));
  await connected;
  host.point.changed();
  return peer;
}

/** The server still serves somebody who behaves. */
async function assertServes(setup: Setup): Promise<void> {
  const peer = await greeted(setup, 'agent-2');
  const before = setup.host.events.length;
  peer.request(2, 'runner/events', { events: [event(setup.host.ackedSeq + 1)] });
  await setup.host.point.until(() => setup.host.events.length > before);
  peer.socket.destroy();
  await peer.closed;
}

describe('link server', () => {
  it('listens where only this user can connect, and says where', async function () {
    if (process.platform === 'win32') this.skip();
    await withServer(async ({ address, endpointFile }) => {
      assert.equal((await stat(address)).mode & 0o777, 0o600);
      assert.equal((await stat(dirname(address))).mode & 0o777, 0o700);
      assert.equal((await stat(endpointFile)).mode & 0o777, 0o600);
      assert.ok(Buffer.byteLength(address) < 100);
    });
  });

  it('takes socket, folder and endpoint file away at its end', async () => {
    await withFolder(async (folder) => {
      const file = join(folder, 'endpoint.json');
      const server = await new FakeHost().listen(file);
      const address = (await readEndpoint(file))?.address ?? '';
      await server.close();
      await assert.rejects(access(dirname(address)));
      await assert.rejects(access(file));
    });
  });

  it('leaves the endpoint file of its successor alone', async () => {
    await withFolder(async (folder) => {
      const file = join(folder, 'endpoint.json');
      const first = await new FakeHost().listen(file);
      const second = await new FakeHost().listen(file);
      const before = await readFile(file, 'utf8');
      await first.close();
      assert.equal(await readFile(file, 'utf8'), before);
      await second.close();
    });
  });

  it('removes the socket of a window that crashed, and nothing of one that lives', async () => {
    await withFolder(async (folder) => {
      const file = join(folder, 'endpoint.json');
      const stale = linkAddress('linux', [folder], 'stale-window');
      await mkdir(stale.folder ?? '');
      await writeFile(stale.address, '');
      await writeFile(file, JSON.stringify({ version: 1, address: stale.address, pid: 4711 }));
      await (await new FakeHost().listen(file, { isGone: () => false })).close();
      await access(stale.address);
      await writeFile(file, JSON.stringify({ version: 1, address: stale.address, pid: 4711 }));
      await (await new FakeHost().listen(file, { isGone: (pid) => pid === 4711 })).close();
      await assert.rejects(access(stale.folder ?? ''));
    });
  });

  it('does not take over a folder that exists already, nor remove it', async () => {
    await withFolder(async (folder) => {
      const where = linkAddress('linux', [folder], 'somebody');
      await mkdir(where.folder ?? '');
      await assert.rejects(new FakeHost().listen(join(folder, 'endpoint.json'), { where }));
      await access(where.folder ?? '');
      await assert.rejects(access(join(folder, 'endpoint.json')));
    });
  });

  const strangers: readonly (readonly [string, (peer: RawPeer) => void])[] = [
    ['a wrong token', (peer) => peer.request(1, 'runner/hello', hello('wrong'))],
    ['an unknown session', (peer) => peer.request(1, 'runner/hello', hello('right', 'agent-9'))],
    ['another version', (peer) => peer.request(1, 'runner/hello', hello('right', 'agent-1', 2))],
    ['a malformed hello', (peer) => peer.request(1, 'runner/hello', { version: 1 })],
    ['events before the hello', (peer) => peer.request(1, 'runner/events', { events: [event(1)] })],
    ['a heartbeat before the hello', (peer) => peer.send({ jsonrpc: '2.0', method: 'runner/heartbeat', params: { at: 1, processes: 1 } })],
    ['an unknown request', (peer) => peer.request(1, 'agent/stop', { from: 'SIGINT', graceMs: 1 })],
    ['something that is not JSON', (peer) => peer.send('{"jsonrpc":')],
    ['a message that is no object', (peer) => peer.send('null')],
    ['another protocol', (peer) => void peer.socket.write('GET / HTTP/1.1\r\n\r\n')],
    ['a header without end', (peer) => void peer.socket.write(`Content-Length: ${' '.repeat(4096)}`)],
    ['a message that is too large', (peer) => void peer.socket.write(`Content-Length: ${maxMessageBytes + 1}\r\n\r\n`)],
  ];
  for (const [what, misbehave] of strangers) {
    it(`closes the connection on ${what}, logs it, and serves others`, async () => {
      await withServer(async (setup) => {
        const peer = await RawPeer.connect(setup.address);
        misbehave(peer);
        await peer.closed;
        await setup.host.point.until(() => setup.host.logged.length > 0);
        assert.equal(setup.host.events.length, 0);
        assert.ok(setup.host.logged.every((line) => !line.includes('wrong') || line.includes('wrong token')), 'a secret was logged');
        await assertServes(setup);
      });
    });
  }

  it('closes a connection that sends malformed events, others are not disturbed', async () => {
    await withServer(async (setup) => {
      const peer = await greeted(setup);
      peer.request(2, 'runner/events', { events: [{ kind: 'exited', seq: 1, at: 1 }] });
      await peer.closed;
      assert.equal(setup.host.events.length, 0);
      await assertServes(setup);
    });
  });

  it('closes a connection that does not say who it is in time', async () => {
    const time = new FakeTime();
    await withServer(
      async ({ host, address }) => {
        const peer = await RawPeer.connect(address);
        await host.point.until(() => true);
        while (time.pending === 0) await new Promise((resolve) => setImmediate(resolve));
        await time.advance(1000);
        await peer.closed;
        assert.match(host.logged[0] ?? '', /in time/);
      },
      { timers: time, helloDeadlineMs: 1000 },
    );
  });

  it('answers only when the events are durable, in the order they came', async () => {
    await withServer(async (setup) => {
      const { host } = setup;
      const peer = await greeted(setup);
      let release = (): void => undefined;
      host.keep = () => new Promise((resolve) => (release = resolve));
      peer.request(2, 'runner/events', { events: [event(1)] });
      peer.request(3, 'runner/events', { events: [event(2)] });
      await host.point.until(() => host.batches.length === 1);
      assert.doesNotMatch(peer.received, /"id":2/);
      host.keep = () => Promise.resolve();
      release();
      await host.point.until(() => host.events.length === 2);
      while (!peer.received.includes('"id":3')) await new Promise((resolve) => peer.socket.once('data', resolve));
      assert.ok(peer.received.indexOf('"id":2') < peer.received.indexOf('"id":3'));
      peer.socket.destroy();
    });
  });

  it('answers an error and stays connected when the events cannot be kept', async () => {
    await withServer(async (setup) => {
      const peer = await greeted(setup);
      setup.host.keep = () => Promise.reject(new Error('disk full'));
      peer.request(2, 'runner/events', { events: [event(1)] });
      while (!peer.received.includes('"id":2')) await new Promise((resolve) => peer.socket.once('data', resolve));
      assert.match(peer.received, /disk full/);
      assert.ok(setup.server.isConnected('agent-1'));
      peer.socket.destroy();
    });
  });

  it('says what it took although it is not durable yet, and that it is once it is', async () => {
    await withServer(async (setup) => {
      const peer = await greeted(setup);
      const answer = async (id: number): Promise<unknown> => {
        const pattern = new RegExp(`\\{[^{}]*"id":${id},"result":(\\{[^}]*\\})`);
        for (;;) {
          const match = pattern.exec(peer.received);
          if (match?.[1] !== undefined) return JSON.parse(match[1]);
          await new Promise((resolve) => peer.socket.once('data', resolve));
        }
      };
      peer.request(2, 'runner/events', { events: [event(1)] });
      assert.deepEqual(await answer(2), { ackedSeq: 1, takenSeq: 1 });
      setup.host.settle = () => Promise.reject(new FleetError('NotPersisted', 'disk full'));
      peer.request(3, 'runner/events', { events: [event(2), event(3)] });
      assert.deepEqual(await answer(3), { ackedSeq: 1, takenSeq: 3 });
      setup.host.settle = () => Promise.resolve();
      peer.request(4, 'runner/events', { events: [] });
      assert.deepEqual(await answer(4), { ackedSeq: 3, takenSeq: 3 });
      peer.socket.destroy();
    });
  });

  it('listens elsewhere when the first folder is missing or not a folder', async function () {
    if (process.platform === 'win32') this.skip();
    await withFolder(async (folder) => {
      const file = join(folder, 'endpoint.json');
      await writeFile(join(folder, 'file'), '');
      for (const base of ['missing', 'file']) {
        const server = await new FakeHost().listen(file, { where: linkAddress('linux', [join(folder, base), folder], `else-${base}`) });
        const address = (await readEndpoint(file))?.address;
        assert.equal(address, join(folder, `agent-fleet-else-${base}`, 's'));
        await server.close();
        await assert.rejects(access(dirname(address ?? '')));
        await assert.rejects(access(file));
      }
    });
  });

  it('lets a newer connection of a session take the place of the older', async () => {
    await withServer(async (setup) => {
      let disconnects = 0;
      setup.server.onDidDisconnect(() => disconnects++);
      const first = await greeted(setup);
      const second = await greeted(setup);
      await first.closed;
      assert.ok(setup.server.isConnected('agent-1'));
      assert.equal(disconnects, 0);
      const gone = nextEvent(setup.server.onDidDisconnect);
      second.socket.destroy();
      assert.deepEqual(await gone, { sessionId: 'agent-1' });
      assert.ok(!setup.server.isConnected('agent-1'));
    });
  });

  it('tells who connects, and passes heartbeats on', async () => {
    await withServer(async (setup) => {
      const connected = nextEvent(setup.server.onDidConnect);
      const peer = await greeted(setup);
      assert.deepEqual(await connected, { sessionId: 'agent-1', runner });
      const beat = nextEvent(setup.server.onHeartbeat);
      peer.send({ jsonrpc: '2.0', method: 'runner/heartbeat', params: { at: 5, processes: 2, cpuPercent: 1.5 } });
      assert.deepEqual(await beat, { sessionId: 'agent-1', heartbeat: { at: 5, processes: 2, cpuPercent: 1.5 } });
      peer.socket.destroy();
    });
  });

  it('refuses orders for a runner that is not there, goes away, or does not answer', async () => {
    await withServer(
      async (setup) => {
        const order = (): Promise<void> => setup.server.stop('agent-1', { from: 'SIGINT', graceMs: 1 });
        await assert.rejects(order(), (error) => isFleetError(error, 'NotConnected'));
        const peer = await greeted(setup);
        await assert.rejects(order(), (error) => isFleetError(error, 'Timeout'));
        const pending = order();
        peer.socket.destroy();
        await assert.rejects(pending, (error) => isFleetError(error, 'NotConnected'));
      },
      { answerDeadlineMs: 30 },
    );
  });
});
