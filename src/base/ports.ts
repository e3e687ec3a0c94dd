import type { Disposable } from './disposable.ts';

/** The two clocks. Both come from outside, so that tests can move them. */
export interface Clock {
  /** Wall clock: milliseconds since the Unix epoch. May jump. */
  now(): number;
  /** Monotonic clock: milliseconds from an arbitrary start. Never goes back. */
  monotonic(): number;
}

/** One-shot and repeating timers. Disposing cancels. */
export interface Timers {
  /** Calls `run` once, after `ms` milliseconds. */
  after(ms: number, run: () => void): Disposable;
  /** Calls `run` every `ms` milliseconds. */
  every(ms: number, run: () => void): Disposable;
}

/** Where diagnostics go. Never receives prompts, environment values or tokens. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string, error?: unknown): void;
  error(message: string, error?: unknown): void;
}

/** A logger that drops everything; the default in tests. */
export const nullLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** Source of new ids. */
export interface IdSource {
  /** A session id: `agent-` + 20 characters of lowercase base32 (96 random bits). */
  sessionId(): string;
  /** A secret for one session's socket: 32 url-safe characters. */
  token(): string;
  /** A UUID (version 4), for agents that let us choose their conversation id. */
  uuid(): string;
}
