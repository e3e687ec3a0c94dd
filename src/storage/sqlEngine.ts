import type { SqlJsConfig, SqlJsStatic } from 'sql.js';
import { FleetError, messageOf } from '../base/errors.ts';

/** Not in the Node types; every Node has it. */
declare const WebAssembly: { validate(bytes: Uint8Array): boolean };

/** sql.js 1.16 has this option, its types do not. Without it a C extension of 2010 replaces the maths functions and warns on the console. */
type EngineConfig = SqlJsConfig & { readonly useOldExtensionFunctions: boolean };

/** Loads sql.js when it is first needed. A load that failed is tried again at the next use. */
export class SqlEngine {
  readonly #loadWasm: () => Promise<Uint8Array>;
  #loading: Promise<SqlJsStatic> | undefined;

  /** @param loadWasm gives the bytes of `sql-wasm.wasm` (sql.js 1.16.0). */
  constructor(loadWasm: () => Promise<Uint8Array>) {
    this.#loadWasm = loadWasm;
  }

  /** @throws FleetError `EngineFailed`. */
  load(): Promise<SqlJsStatic> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw new FleetError('EngineFailed', `The database engine of Agent Fleet could not be loaded: ${messageOf(error)}`, {
        cause: error,
      });
    });
    return this.#loading;
  }

  async #load(): Promise<SqlJsStatic> {
    const bytes = await this.#loadWasm();
    // sql.js remembers its first failure for the life of the process, so it must not be shown bytes that cannot work.
    if (!WebAssembly.validate(bytes)) throw new Error('sql-wasm.wasm is damaged; reinstall the extension.');
    const { default: initSqlJs } = await import('sql.js');
    const wasmBinary = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const config: EngineConfig = { wasmBinary, useOldExtensionFunctions: false };
    return initSqlJs(config);
  }
}
