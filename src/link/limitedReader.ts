import type { Socket } from 'node:net';
import { AbstractMessageReader, Disposable as RpcDisposable, type DataCallback, type Message } from 'vscode-jsonrpc/node';
import { FrameDecoder, FrameError } from './frameDecoder.ts';
import { isRecord } from './wireChecks.ts';

/**
 * A reader for vscode-jsonrpc that refuses what is too large, not framed, not JSON, or not JSON-RPC. The first refusal fires `onError`
 * and nothing is read any more; the owner closes the connection.
 */
export class LimitedMessageReader extends AbstractMessageReader {
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  #failed = false;

  constructor(socket: Socket, maxBodyBytes: number) {
    super();
    this.#socket = socket;
    this.#decoder = new FrameDecoder(maxBodyBytes);
  }

  override listen(callback: DataCallback): RpcDisposable {
    const onData = (chunk: Buffer): void => this.#onData(chunk, callback);
    const onError = (error: Error): void => this.fireError(error);
    const onClose = (): void => this.fireClose();
    this.#socket.on('data', onData).on('error', onError).on('close', onClose);
    return RpcDisposable.create(() => this.#socket.off('data', onData).off('close', onClose));
  }

  #onData(chunk: Buffer, callback: DataCallback): void {
    if (this.#failed) return;
    try {
      for (const body of this.#decoder.push(chunk)) callback(parseMessage(body));
    } catch (error) {
      this.#failed = true;
      this.fireError(error);
    }
  }
}

/** @throws FrameError when the body is not a JSON-RPC 2.0 message. */
export function parseMessage(body: Buffer): Message {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's own sentence quotes the content, which does not belong into a log.
    throw new FrameError('a message is not JSON');
  }
  if (!isRecord(value) || value['jsonrpc'] !== '2.0') throw new FrameError('a message is not JSON-RPC 2.0');
  const { id, method } = value;
  const hasId = typeof id === 'number' || typeof id === 'string';
  if (method === undefined ? !hasId && id !== null : typeof method !== 'string' || (id !== undefined && !hasId)) {
    throw new FrameError('a message is neither a request, nor a notification, nor an answer');
  }
  return value as unknown as Message;
}
