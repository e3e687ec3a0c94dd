import { NotificationType, RequestType } from 'vscode-jsonrpc';
import type { StopRequest } from '../core/ports.ts';
import type { RunnerEvent, RunnerHeartbeat } from '../core/runnerEvents.ts';
import type { ProcessIdentity } from '../core/session.ts';

/**
 * What the runner and the extension host say to each other: JSON-RPC over a Unix socket (mode 0600)
 * or a named pipe. The runner connects, says hello with its session's token, and is then trusted
 * for that one session only.
 */

/** Raised when a message changes its meaning. Runners of an older window keep working as long as this is equal. */
export const linkVersion = 1;

/** Largest message in bytes, header excluded. A larger one closes the connection. */
export const maxMessageBytes = 4 * 1024 * 1024;

export interface HelloParams {
  readonly version: number;
  readonly sessionId: string;
  readonly token: string;
  readonly runner: ProcessIdentity;
}

export interface HelloResult {
  /** Events up to this number are in the registry; the runner may forget them. */
  readonly ackedSeq: number;
}

/** Runner → host, first message. A wrong token closes the connection. */
export const helloRequest = new RequestType<HelloParams, HelloResult, void>('runner/hello');

export interface EventsParams {
  /** None: the runner only asks what is durable by now. */
  readonly events: readonly RunnerEvent[];
}

export interface EventsResult {
  /** Events up to this number are durable; the runner may forget them. */
  readonly ackedSeq: number;
  /** The window knows the events up to this number; they need not be sent again while this connection lives. An older window does not say. */
  readonly takenSeq?: number;
}

/** Runner → host. Answered when the events are durable, or when it is certain that they are not yet. */
export const eventsRequest = new RequestType<EventsParams, EventsResult, void>('runner/events');

/** Runner → host. */
export const heartbeatNotification = new NotificationType<RunnerHeartbeat>('runner/heartbeat');

/** Host → runner: begin the stop ladder. Answered at once; the end comes as an `exited` event. */
export const stopRequest = new RequestType<StopRequest, null, void>('agent/stop');

/** Host → runner: one signal to the agent, no ladder. */
export const signalRequest = new RequestType<{ readonly signal: 'SIGINT' }, null, void>('agent/signal');

/** Host → runner: close and reopen the shell-integration frame. */
export const reframeRequest = new RequestType<null, null, void>('terminal/reframe');
