import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { on } from 'node:events';
import { access, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError, isFleetError } from '../../../src/base/errors.ts';
import { nextEvent } from '../../../src/base/event.ts';
import type { NewSession } from '../../../src/core/fleetCommands.ts';
import { maxRequestBytes, maxWindowMessageBytes, windowVersion } from '../../../src/link/windowContract.ts';
import { readWindowFile } from '../../../src/link/windowFile.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, started } from '../../fakes/sessions.ts';
import { RawPeer } from './linkHarness.ts';
import { eventually, until, withWindows, type Setup, pulse } from './windowHarness.ts';

const [first, second, third] = [sessionId(1), sessionId(2), sessionId(3)];
const wanted = (id: string, name: string): NewSession => ({ id, name, driver: 'scripted', spec: { policy: 'ask', cwd: '/work/docs' }, tokenHash: 'x', attempt: 1 });

async function addressOf({ folder }: Pick<Setup, 'folder'>): Promise<string> {
  return (await readWindowFile(join(folder, 'window.json')))?.address ?? '';
}

describe('S3: link between windows', () => {
  describe('hello', () => {
    it('says where it listens, to this user only, and takes everything away at its end', async function () {
      if (process.platform === 'win32') this.skip();
      await withWindows([], async (setup) => {
        const file = join(setup.folder, 'window.json');
        const address = await addressOf(setup);
        assert.deepEqual([(await stat(file)).mode & 0o777, (await stat(address)).mode & 0o777], [0o600, 0o600]);
        await setup.owner.server?.stop();
        await assert.rejects(access(file));
        await assert.rejects(access(address));
      });
    });

    it('leaves the file of its successor alone', async () => {
      await withWindows([], async (setup) => {
        const next = await setup.another('next', 'owner');
        await next.listen();
        const address = await addressOf(setup);
        await setup.owner.server?.stop();
        assert.equal(await addressOf(setup), address);
      });
    });

    const hello = (patch: Record<string, unknown> = {}): unknown => ({ version: windowVersion, windowId: 'raw', token: 'token-owner', held: [], ...patch });
    const strangers: readonly (readonly [what: string, send: (peer: RawPeer) => void])[] = [
      ['a wrong token', (peer) => peer.request(1, 'window/hello', hello({ token: 'guess' }))],
      ['another version', (peer) => peer.request(1, 'window/hello', hello({ version: 99 }))],
      ['no window id', (peer) => peer.request(1, 'window/hello', hello({ windowId: '../x' }))],
      ['the owner itself', (peer) => peer.request(1, 'window/hello', hello({ windowId: 'owner' }))],
      ['terminals that are none', (peer) => peer.request(1, 'window/hello', hello({ held: ['../etc'] }))],
      ['a command before its hello', (peer) => peer.request(1, 'fleet/perform', { command: 'collect', args: [] })],
      ['terminals before its hello', (peer) => peer.send({ jsonrpc: '2.0', method: 'terminals/held', params: { held: [] } })],
      ['a method that does not exist', (peer) => peer.request(1, 'fleet/destroy', {})],
      ['no JSON', (peer) => peer.send('{')],
      ['a message that is too large', (peer) => void peer.socket.write(`Content-Length: ${maxWindowMessageBytes + 1}\r\n\r\n`)],
    ];
    for (const [what, send] of strangers) {
      it(`${what}: the connection is closed, and others are served`, async () => {
        await withWindows([aSession()], async (setup) => {
          const reader = await setup.another('reader');
          await reader.join();
          const peer = await RawPeer.connect(await addressOf(setup));
          send(peer);
          await peer.closed;
          await reader.core.fleet.record(first, 'note', 'user', 1);
          assert.deepEqual(setup.owner.server?.windows, ['reader']);
        });
      });
    }

    it('a connection that says nothing is closed', async () => {
      await withWindows([], async (setup) => (await RawPeer.connect(await addressOf(setup))).closed, { helloDeadlineMs: 20 });
    });

    it('a window that comes again takes the place of its former self', async () => {
      await withWindows([], async (setup) => {
        const one = await setup.another('same');
        await one.join();
        const two = await setup.another('same');
        const lost = until(one.client.onDidChange, () => !one.client.isReachable);
        await two.join();
        await lost;
        one.client.leave();
        assert.deepEqual(setup.owner.server?.windows, ['same']);
      });
    });
  });

  describe('acting through the owner', () => {
    it('a reader registers, prompts, completes and clears: both windows show it, and one of them wrote it', async () => {
      await withWindows([aSession()], async ({ owner, another }) => {
        const reader = await another('reader');
        assert.equal(reader.core.fleet.canChange, false);
        await reader.join();
        assert.deepEqual([reader.core.fleet.isOwner, reader.core.fleet.canChange], [false, true]);
        const session = await reader.core.fleet.register(wanted(second, 'ui'));
        assert.deepEqual([session.status, owner.core.fleet.get(second), reader.core.fleet.get(second)], ['provisioning', session, session]);
        await reader.core.fleet.complete(first, undefined);
        assert.deepEqual(await reader.core.fleet.clear([first, second]), [first]);
        assert.deepEqual([owner.core.fleet.find(first), reader.core.fleet.find(first)], [undefined, undefined]);
        assert.deepEqual([reader.core.store.writes, owner.core.store.rows.has(second)], [[], true]);
      });
    });

    it('an error is the same on the other side, with its code, sentence and details', async () => {
      await withWindows([aSession()], async ({ owner, another }) => {
        owner.core.limit = 1;
        const reader = await another('reader');
        await reader.join();
        const here = await owner.core.fleet.register(wanted(second, 'ui')).catch((error: unknown) => error);
        const there = await reader.core.fleet.register(wanted(second, 'ui')).catch((error: unknown) => error);
        assert.ok(isFleetError(here, 'MaxConcurrentExceeded') && isFleetError(there, 'MaxConcurrentExceeded'));
        assert.deepEqual([there.message, there.details], [here.message, { limit: 1, active: 1 }]);
        owner.core.store.registerFault = new TypeError('a bug');
        owner.core.limit = 0;
        await assert.rejects(reader.core.fleet.register(wanted(second, 'ui')), (error) => isFleetError(error, 'Failed') && error.message === 'a bug');
      });
    });

    it('arguments that are none are refused in words, and the connection stands', async () => {
      await withWindows([aSession()], async ({ another }) => {
        const reader = await another('reader');
        await reader.join();
        for (const [command, args] of [['complete', [7]], ['register', [{}]], ['clear', [['../x']]], ['collect', [1]], ['toString', []]] as const) {
          await assert.rejects(reader.client.perform(command as 'collect', args), (error) => isFleetError(error, 'BadRequest'));
        }
        assert.equal(reader.client.isReachable, true);
      });
    });

    it('a large message arrives whole; one that is too large is refused before it is sent', async () => {
      await withWindows([aSession()], async ({ owner, another }) => {
        const reader = await another('reader');
        await reader.join();
        const data = 'ä'.repeat(200_000);
        await reader.core.fleet.record(first, 'note', 'user', data);
        assert.equal((await owner.core.fleet.history(first)).at(-1)?.data, data);
        const many = Array.from({ length: 3000 }, (_, n) => ({ session: aSession({ id: `imported-${n}`, name: `n${n}`, spec: { policy: 'ask', cwd: '/work', prompt: 'x'.repeat(1000) } }), notes: [] }));
        assert.equal(await reader.core.fleet.importSessions(many), many.length);
        await assert.rejects(reader.core.fleet.record(first, 'note', 'user', 'x'.repeat(maxRequestBytes)), (error) => isFleetError(error, 'TooLarge'));
        await assert.rejects(reader.core.fleet.record(first, 'note', 'user', 'x'.repeat(300_000)), (error) => isFleetError(error, 'BadRequest'));
        assert.equal(reader.client.isReachable, true);
      });
    });

    it('what happens at the owner is seen at once, and before the journal', async () => {
      await withWindows([aSession()], async ({ owner, another }) => {
        const reader = await another('reader');
        await reader.join();
        const taken = nextEvent(reader.core.fleet.onDidTakePrompt);
        const seen = nextEvent(reader.core.fleet.onDidChange);
        await owner.core.fleet.applyRunnerEvents(first, [event(1, started), event(2, { kind: 'hook', name: 'x', payload: [{ type: 'promptTaken' }] })]);
        assert.deepEqual([await taken, (await seen).changed[0]], [{ sessionId: first }, owner.core.fleet.get(first)]);
      });
    });
  });

  describe('the owner goes away', () => {
    it('in the middle of a call: it is refused with NotOwner; the next owner is found, and takes it', async () => {
      await withWindows([aSession()], async ({ owner, another }) => {
        const reader = await another('reader');
        await reader.join();
        owner.core.store.hold();
        const call = reader.core.fleet.record(first, 'note', 'user', 1);
        await eventually(() => owner.core.store.writes.length > 0);
        const refused = assert.rejects(call, (error) => isFleetError(error, 'NotOwner') && /went away/.test(error.message));
        await owner.server?.stop();
        await refused;
        owner.core.store.release();
        assert.deepEqual([reader.client.isReachable, reader.core.fleet.canChange], [false, false]);
        await assert.rejects(reader.client.perform('collect', []), (error) => isFleetError(error, 'NotOwner'));
        const next = await another('next', 'owner');
        await next.listen();
        await until(reader.client.onDidChange, () => reader.client.isReachable);
        await reader.core.fleet.record(first, 'note', 'user', 2);
        assert.equal((await next.core.fleet.history(first)).at(-1)?.data, 2);
      });
    });

    it('a file that is left of a dead owner, or no file at all, is no harm; silence is told after a while', async () => {
      await withWindows([], async ({ folder, owner, another }) => {
        await owner.server?.stop();
        await writeFile(join(folder, 'window.json'), JSON.stringify({ version: 1, address: join(folder, 'nobody'), token: 'x', pid: 1 }));
        const reader = await another('reader');
        reader.client.look();
        await until(reader.client.onDidChange, () => reader.client.isSilent);
        await owner.listen();
        await until(reader.client.onDidChange, () => reader.client.isReachable);
        assert.equal(reader.client.isSilent, false);
      });
    });

    it('killed with SIGKILL in the middle of a call: NotOwner; the next owner is found, though the file of the dead one is still there', async () => {
      await withWindows([aSession()], async ({ folder, owner, another }) => {
        await owner.server?.stop();
        const child = fork(join(import.meta.dirname, 'ownerChild.ts'), [folder], { stdio: 'inherit' });
        const told = async (what: string): Promise<void> => {
          for await (const [message] of on(child, 'message')) if (message === what) return;
        };
        try {
          await told('listening');
          const reader = await another('reader');
          await reader.join();
          const changed = told('changed');
          const refused = assert.rejects(reader.core.fleet.record(first, 'note', 'user', 1), (error) => isFleetError(error, 'NotOwner'));
          await changed;
          child.kill('SIGKILL');
          await refused;
          assert.equal(reader.core.fleet.canChange, false);
          assert.equal((await readWindowFile(join(folder, 'window.json')))?.pid, child.pid);
          const left = await addressOf({ folder });
          await owner.listen({ isGone: (pid) => pid === child.pid });
          if (process.platform !== 'win32') await assert.rejects(access(left));
          await until(reader.client.onDidChange, () => reader.client.isReachable);
          await reader.core.fleet.record(first, 'note', 'user', 2);
          assert.equal((await owner.core.fleet.history(first)).at(-1)?.data, 2);
        } finally {
          child.kill('SIGKILL');
        }
      });
    });

    it('S3: stopped, but with its sockets open: calls are refused and the silence is told; it is found again when it goes on', async function () {
      if (process.platform === 'win32') this.skip();
      await withWindows([aSession()], async ({ folder, owner, another }) => {
        await owner.server?.stop();
        const child = fork(join(import.meta.dirname, 'ownerChild.ts'), [folder], { stdio: 'inherit' });
        try {
          for await (const [message] of on(child, 'message')) if (message === 'listening') break;
          pulse.ms = 500;
          const reader = await another('reader');
          await reader.join();
          child.kill('SIGSTOP');
          await until(reader.client.onDidChange, () => !reader.client.isReachable);
          await assert.rejects(reader.core.fleet.record(first, 'note', 'user', 1), (error) => isFleetError(error, 'NotOwner'));
          await until(reader.client.onDidChange, () => reader.client.isSilent);
          child.kill('SIGCONT');
          await until(reader.client.onDidChange, () => reader.client.isReachable);
        } finally {
          pulse.ms = 60_000;
          child.kill('SIGKILL');
        }
      });
    });

    it('a newer owner is followed, also while the old one still answers', async () => {
      await withWindows([aSession()], async ({ owner, another }) => {
        const reader = await another('reader');
        await reader.join();
        const next = await another('next', 'owner');
        const server = await next.listen();
        await until(server.onDidChange, () => server.windows.includes('reader'));
        await eventually(() => reader.client.isReachable && owner.server?.windows.length === 0);
        await reader.core.fleet.record(first, 'note', 'user', 2);
        assert.equal((await next.core.fleet.history(first)).length, 1);
      });
    });
  });

  describe('agents', () => {
    it('L10: a reader knows which runners call the owner, gives them orders, and forgets them with the owner', async () => {
      await withWindows([aSession()], async ({ owner, another }) => {
        owner.road.connect(first, { pid: 10, startTime: 't10' });
        const reader = await another('reader');
        const heard: string[] = [];
        reader.client.onDidConnect(({ sessionId, runner }) => heard.push(`+${sessionId} ${runner.pid}`));
        reader.client.onDidDisconnect(({ sessionId }) => heard.push(`-${sessionId}`));
        await reader.join();
        owner.road.connect(second, { pid: 20 });
        await until(reader.client.onDidConnect, () => reader.client.isConnected(second));
        await reader.client.stop(first, { from: 'SIGINT', graceMs: 1 });
        await reader.client.signal(first, 'SIGINT');
        await reader.client.reframe(second);
        await reader.client.start();
        assert.deepEqual(owner.road.orders, [
          { sessionId: first, order: { from: 'SIGINT', graceMs: 1 } },
          { sessionId: first, order: 'SIGINT' },
          { sessionId: second, order: 'reframe' },
        ]);
        assert.equal(owner.road.starts, 1);
        const beat = nextEvent(reader.client.onHeartbeat);
        owner.road.beat(first, { at: 1, processes: 2, cpuPercent: 3 });
        assert.deepEqual(await beat, { sessionId: first, heartbeat: { at: 1, processes: 2, cpuPercent: 3 } });
        const gone = nextEvent(reader.client.onDidDisconnect);
        owner.road.disconnect(second);
        await gone;
        await assert.rejects(reader.client.stop(second, { from: 'SIGINT', graceMs: 1 }), (error) => isFleetError(error, 'NotConnected'));
        const lost = nextEvent(reader.client.onDidDisconnect);
        await owner.server?.stop();
        await lost;
        assert.deepEqual(heard, [`+${first} 10`, `+${second} 20`, `-${second}`, `-${first}`]);
        assert.deepEqual(reader.client.connected, []);
      });
    });
  });

  describe('U11: terminals of three windows: owner, holder, asker', () => {
    async function three(work: (setup: Setup & { holder: Awaited<ReturnType<Setup['another']>>; asker: Awaited<ReturnType<Setup['another']>> }) => Promise<void>, options = {}): Promise<void> {
      await withWindows([aSession(), aSession({ id: second, name: 'ui' })], async (setup) => {
        const [holder, asker] = [await setup.another('holder'), await setup.another('asker')];
        holder.terminals.open(first);
        setup.owner.terminals.open(second);
        await holder.join();
        await asker.join();
        await until(asker.client.onDidChange, () => asker.client.holds(first));
        await work({ ...setup, holder, asker });
      }, options);
    }

    it('everybody knows who holds what, also after a change', async () => {
      await three(async ({ owner, holder, asker }) => {
        const know = (): unknown => [owner.server, holder.client, asker.client].map((window) => [first, second, third].map((id) => window?.holds(id)));
        assert.deepEqual(know(), [[true, false, false], [false, true, false], [true, true, false]]);
        asker.terminals.open(third);
        await until(holder.client.onDidChange, () => holder.client.holds(third));
        holder.terminals.lose(first, 'user');
        await until(asker.client.onDidChange, () => !asker.client.holds(first));
        assert.deepEqual(know(), [[false, false, true], [false, true, true], [false, true, false]]);
        await asker.leave();
        await until(holder.client.onDidChange, () => !holder.client.holds(third));
      });
    });

    it('keys reach the window that holds the terminal, and the asker hears that they did', async () => {
      await three(async ({ owner, holder, asker }) => {
        await asker.client.write(first, '\u001b');
        await asker.client.write(second, 'from the asker');
        await holder.client.write(second, 'from the holder');
        await owner.server?.write(first, 'from the owner');
        assert.deepEqual(holder.terminals.typed(first), ['\u001b', 'from the owner']);
        assert.deepEqual(owner.terminals.typed(second), ['from the asker', 'from the holder']);
      });
    });

    it('a prompt is typed by the holder alone; what comes of it travels back, refusals too', async () => {
      await three(async ({ owner, holder, asker }) => {
        holder.onPrompt = () => Promise.resolve('pasted');
        assert.deepEqual([await asker.client.prompt(first, 'go'), await asker.client.prompt(second, 'on')], ['pasted', 'submitted']);
        assert.deepEqual([holder.prompts, owner.prompts], [[{ sessionId: first, text: 'go' }], [{ sessionId: second, text: 'on' }]]);
        holder.onPrompt = () => Promise.reject(new Error('it asks a question'));
        await assert.rejects(asker.client.prompt(first, 'go'), (error) => isFleetError(error, 'Failed') && error.message === 'it asks a question');
      });
    });

    it('a terminal is closed where it is; one that nobody holds is no error', async () => {
      await three(async ({ owner, holder, asker }) => {
        await asker.client.close(first);
        await asker.client.close(second);
        await asker.client.close(third);
        assert.deepEqual([holder.terminals.closed, owner.terminals.closed], [[first], [second]]);
      });
    });

    it('NoTerminal: nobody holds it, the holder has just lost it, or the holder goes away meanwhile', async () => {
      await three(async ({ holder, asker }) => {
        const none = (error: unknown): boolean => isFleetError(error, 'NoTerminal');
        await assert.rejects(asker.client.write(third, 'x'), none);
        holder.onPrompt = () => new Promise(() => undefined);
        const pending = assert.rejects(asker.client.prompt(first, 'x'), none);
        await eventually(() => holder.prompts.length === 1);
        holder.client.leave();
        await pending;
        await assert.rejects(asker.client.write(first, 'x'), none);
      });
    });

    it('PromptUncertain: the owner goes away, or waits in vain, while a prompt is under way; before that it is NotOwner', async () => {
      await three(async ({ owner, holder, asker }) => {
        holder.onPrompt = () => Promise.reject(new FleetError('Timeout', 'The window with this terminal did not answer within 1 seconds.'));
        const uncertain = (error: unknown): boolean => isFleetError(error, 'PromptUncertain') && /may have been typed/.test(error.message) && !/try again/i.test(error.message);
        await assert.rejects(asker.client.prompt(first, 'x'), uncertain);
        holder.onPrompt = () => new Promise(() => undefined);
        const pending = assert.rejects(asker.client.prompt(first, 'x'), uncertain);
        await eventually(() => holder.prompts.length === 2);
        await owner.server?.stop();
        await pending;
        await assert.rejects(asker.client.prompt(first, 'x'), (error) => isFleetError(error, 'NotOwner'));
      });
    });

    it('a holder that does not answer: Timeout, and the asker is still served', async () => {
      await three(
        async ({ holder, asker }) => {
          holder.terminals.write = () => new Promise(() => undefined) as never;
          await assert.rejects(asker.client.write(first, 'x'), (error) => isFleetError(error, 'Timeout'));
          await asker.client.write(second, 'x');
        },
        { orderDeadlineMs: 30 },
      );
    });
  });
});
