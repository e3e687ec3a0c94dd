import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { linkVersion, maxMessageBytes } from '../../src/link/contract.ts';
import { endAll, find, hasActivity, hasStatus, sendPrompt, session, spawn } from './support/fleet.ts';
import { endpoint, requireStorage } from './support/storage.ts';
import { surface } from './support/surface.ts';
import { until } from './support/until.ts';

/** Sends bytes to the window's socket; resolves with what came back when the window has closed the connection. */
async function send(bytes: string | Buffer): Promise<string> {
  const { address } = await endpoint();
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    let answer = '';
    const limit = setTimeout(() => {
      socket.destroy();
      reject(new Error('the connection was not closed within 15 s'));
    }, 15_000);
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(limit);
      resolve(answer);
    });
  });
}

function frame(message: unknown): string {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function hello(sessionId: string, token: string): string {
  return frame({ jsonrpc: '2.0', id: 1, method: 'runner/hello', params: { version: linkVersion, sessionId, token, runner: { pid: process.pid } } });
}

/** Whether the log says so, from now on. */
async function logged(work: () => Promise<unknown>, pattern: RegExp): Promise<void> {
  const before = surface().log.length;
  await work();
  await until(`the log to say ${String(pattern)}`, () => surface().log.slice(before).some((line) => line.startsWith('warn ') && pattern.test(line)));
}

describe('strangers on the socket', () => {
  let id = '';
  before(async () => {
    id = await spawn({ variant: 'waits:50' });
    await hasActivity(id, 'running_tool');
  });
  after(endAll);

  it('socket, its folder and the endpoint file are the owner’s alone', async () => {
    if (process.platform === 'win32') return;
    const { address, pid } = await endpoint();
    assert.equal(pid, process.pid);
    assert.equal((await stat(address)).mode & 0o777, 0o600);
    assert.equal((await stat(path.dirname(address))).mode & 0o777, 0o700);
    assert.equal((await stat(path.join(await requireStorage(), 'endpoint.json'))).mode & 0o777, 0o600);
    assert.equal((await stat(path.join(await requireStorage(), 'sessions', id))).mode & 0o777, 0o700);
  });

  it('a wrong token, and a session that does not exist: closed, logged, and nothing is learned', async () => {
    await logged(async () => assert.doesNotMatch(await send(hello(id, 'wrong')), /acked|token|session/), /unknown session or wrong token/);
    await logged(() => send(hello('agent-nobody', 'wrong')), /unknown session or wrong token/);
  });

  it('something before the hello, and a hello of another version', async () => {
    await logged(() => send(frame({ jsonrpc: '2.0', id: 1, method: 'runner/events', params: { events: [] } })), /before its hello/);
    await logged(() => send(frame({ jsonrpc: '2.0', method: 'runner/heartbeat', params: { at: 1, processes: 1 } })), /before its hello/);
    await logged(() => send(hello(id, 'wrong').replace(`"version":${linkVersion}`, `"version":${linkVersion + 1}`)), /it speaks version/);
  });

  it('what is not the protocol: no header, no JSON, no JSON-RPC', async () => {
    await logged(() => send('GET / HTTP/1.1\r\n\r\n'), /was closed/);
    await logged(() => send(Buffer.from([0, 255, 1, 254])), /was closed/);
    await logged(() => send(frame('{"jsonrpc":')), /not JSON/);
    await logged(() => send(frame([1, 2])), /not JSON-RPC/);
  });

  it('what is too large is refused by its header', async () => {
    await logged(() => send(`Content-Length: ${maxMessageBytes + 1}\r\n\r\n`), /more than the/);
  });

  it('and the session at the other end of the socket does not notice', async () => {
    const before = await hasStatus(id, 'running');
    await session(id, 'further', (one) => one.lastActivityAt > before.lastActivityAt);
    assert.deepEqual((await sendPrompt(id, 'Still there?')).map(({ result }) => result), ['submitted']);
    assert.equal((await find(id))?.status, 'running');
  });
});
