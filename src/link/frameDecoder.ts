/** The peer does not speak the protocol, or says too much at once. The connection cannot be used any more. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Longest header block in bytes. Ours have about 25. */
export const maxHeaderBytes = 1024;

const headerEnd = Buffer.from('\r\n\r\n');

/**
 * Cuts a byte stream into the bodies of `Content-Length` frames (the framing of vscode-jsonrpc and the language server
 * protocol), with limits: the library's own reader collects whatever it is sent, whether that ever becomes a message or not.
 */
export class FrameDecoder {
  readonly #maxBodyBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  /** Length of the body that is awaited; undefined while a header is. */
  #awaited: number | undefined;

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Takes the next bytes, gives the bodies that are complete. @throws FrameError; the decoder is unusable afterwards. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const bodies: Buffer[] = [];
    for (;;) {
      this.#awaited ??= this.#readHeader();
      if (this.#awaited === undefined || this.#size < this.#awaited) return bodies;
      bodies.push(this.#take(this.#awaited));
      this.#awaited = undefined;
    }
  }

  #readHeader(): number | undefined {
    if (this.#size === 0) return undefined;
    const buffer = this.#joined();
    const end = buffer.indexOf(headerEnd);
    if (end < 0 ? this.#size > maxHeaderBytes : end > maxHeaderBytes) throw new FrameError('a header has no end');
    // Garbage is noticed by its first bytes, not when a kilobyte of it has come.
    const prefix = 'content-length:';
    if (end < 0) {
      const start = buffer.toString('latin1', 0, prefix.length).toLowerCase();
      const another = 'content-type:';
      if (!prefix.startsWith(start) && !another.startsWith(start.slice(0, another.length))) throw new FrameError('this is not a header');
      return undefined;
    }
    const lines = buffer.toString('latin1', 0, end).split('\r\n');
    this.#take(end + headerEnd.length);
    return this.#lengthOf(lines);
  }

  #lengthOf(lines: readonly string[]): number {
    let length: number | undefined;
    for (const line of lines) {
      const match = /^([A-Za-z-]+): *(\S[^\r\n]*)$/.exec(line);
      if (match?.[1] === undefined || match[2] === undefined) throw new FrameError('this is not a header');
      if (match[1].toLowerCase() !== 'content-length') continue;
      if (!/^\d{1,15}$/.test(match[2])) throw new FrameError('the length of a message is not a number');
      length = Number(match[2]);
    }
    if (length === undefined) throw new FrameError('a header has no length');
    if (length > this.#maxBodyBytes) throw new FrameError(`a message has ${length} bytes, more than the ${this.#maxBodyBytes} allowed`);
    return length;
  }

  #joined(): Buffer {
    const only = this.#chunks[0];
    if (this.#chunks.length === 1 && only !== undefined) return only;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #take(length: number): Buffer {
    const buffer = this.#joined();
    this.#size -= length;
    this.#chunks = this.#size > 0 ? [buffer.subarray(length)] : [];
    return buffer.subarray(0, length);
  }
}
