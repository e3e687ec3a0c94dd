import type { Logger } from '../../src/base/ports.ts';

/** Keeps what was logged, for tests that ask whether a fault was told. */
export class RecordingLogger implements Logger {
  readonly lines: string[] = [];

  debug(): void {}

  info(message: string): void {
    this.lines.push(`info ${message}`);
  }

  warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }

  error(message: string): void {
    this.lines.push(`error ${message}`);
  }

  /** How many lines are at least warnings. */
  get complaints(): readonly string[] {
    return this.lines.filter((line) => !line.startsWith('info '));
  }
}
