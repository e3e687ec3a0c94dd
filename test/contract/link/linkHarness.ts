import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../../../src/base/ports.ts';
import type { RunnerEvent } from '../../../src/core/runnerEvents.ts';
import { systemTimers } from '../../../src/hosts/local/systemPorts.ts';
import { linkAddress } from '../../../src/link/address.ts';
import { LinkServer, type LinkServerOptions } from '../../../src/link/server.ts';
import { hashToken, sameHash } from '../../../src/link/token.ts';

/** A temporary folder that is removed at the end. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-test-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves when `check` gives something; it is asked again whenever `changed` was called. */
export class Watchpoint {
  readonly #waiting = new Set<() => void>();

  changed(): void {
    for (const look of [...this.#waiting]) look();
  }

  until<T>(check: () => T | undefined | false): Promise<T> {
    return new Promise((resolve) => {
      const look = (): void => {
        const value = check();
        if (value === undefined || value === false) return;
        this.#waiting.delete(look);
        resolve(value);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** The window's side as a test sees it: a registry that is a map. */
export class FakeHost {
  readonly events: RunnerEvent[] = [];
  readonly batches: (readonly RunnerEvent[])[] = [];
  readonly logged: string[] = [];
  readonly point = new Watchpoint();
  readonly tokens = new Map<string, string>();
  ackedSeq = 0;
  /** Replaced by tests: what happens before a batch counts as durable. */
  keep: (events: readonly RunnerEvent[]) => Promise<void> = () => Promise.resolve();
  /** Replaced by tests: what happens after a batch was applied. */
  settle: () => Promise<void> = () => Promise.resolve();

  readonly logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => this.#log(message),
    error: (message) => this.#log(message),
  };

  /** Listens at a fresh address. */
  async listen(endpointFile: string, options: Partial<LinkServerOptions> = {}): Promise<LinkServer> {
    const server = await LinkServer.listen({
      where: linkAddress(process.platform, [tmpdir()], randomBytes(9).toString('hex')),
      endpointFile,
      pid: process.pid,
      authenticate: (sessionId, tokenHash) => {
        const token = this.tokens.get(sessionId);
        if (token === undefined || !sameHash(hashToken(token), tokenHash)) return { ok: false, reason: 'unknown session or wrong token' };
        return { ok: true, ackedSeq: this.ackedSeq };
      },
      sink: (_, events) => this.#take(events),
      timers: systemTimers,
      logger: this.logger,
      ...options,
    });
    server.onDidConnect(() => this.point.changed());
    server.onDidDisconnect(() => this.point.changed());
    server.onHeartbeat(() => this.point.changed());
    return server;
  }

  /** The first event of a kind, once it is durable. */
  event<K extends RunnerEvent['kind']>(kind: K): Promise<Extract<RunnerEvent, { kind: K }>> {
    return this.point.until(() => this.events.find((event): event is Extract<RunnerEvent, { kind: K }> => event.kind === kind));
  }

  async #take(events: readonly RunnerEvent[]): Promise<void> {
    this.batches.push(events);
    this.point.changed();
    await this.keep(events);
    // As the registry does: repeats are dropped by their number.
    for (const event of events) {
      if (event.seq <= this.ackedSeq) continue;
      this.events.push(event);
      this.ackedSeq = event.seq;
    }
    this.point.changed();
    await this.settle();
  }

  #log(message: string): void {
    this.logged.push(message);
    this.point.changed();
  }
}

/** A peer that does not use our client. */
export class RawPeer {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  received = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (data) => (this.received += data.toString()));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static async connect(address: string): Promise<RawPeer> {
    const socket = createConnection(address);
    const peer = new RawPeer(socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return peer;
  }

  send(message: unknown): void {
    const body = typeof message === 'string' ? message : JSON.stringify(message);
    this.socket.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  request(id: number, method: string, params: unknown): void {
    this.send({ jsonrpc: '2.0', id, method, params });
  }
}
