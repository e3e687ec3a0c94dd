import type * as vscode from 'vscode';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/ports.ts';

/** The log of the extension: an output channel that the user can open. */
export function channelLogger(channel: vscode.LogOutputChannel): Logger {
  const text = (message: string, error: unknown): string =>
    error === undefined ? message : `${message}: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`;
  return {
    debug: (message) => channel.debug(message),
    info: (message) => channel.info(message),
    warn: (message, error) => channel.warn(text(message, error)),
    error: (message, error) => channel.error(text(message, error)),
  };
}
