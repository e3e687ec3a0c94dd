import { NotificationType, RequestType } from 'vscode-jsonrpc';
import type { FleetCommandName, OwnerAnswer } from '../core/fleetCommands.ts';
import type { StopRequest } from '../core/ports.ts';
import type { PromptResult } from '../core/prompt.ts';
import type { RunnerHeartbeat } from '../core/runnerEvents.ts';
import type { ProcessIdentity, Session } from '../core/session.ts';
import type { ConnectedRunner } from './server.ts';
import type { WireError } from './wireErrors.ts';

/**
 * What the windows of one workspace say to each other: JSON-RPC over a socket of its own. The window that owns the registry listens
 * and says where in `window.json`; the others connect, say hello with the token from that file, and then ask the owner to act for them.
 */

/** Raised when a message changes its meaning. Windows with different versions of the extension only read. */
export const windowVersion = 1;

/** Name of the file in the registry's folder that says where the owner listens. */
export const windowFileName = 'window.json';

/** Largest message in bytes, header excluded. A larger one closes the connection. */
export const maxWindowMessageBytes = 16 * 1024 * 1024;
/** Largest parameters that are sent at all, bytes of JSON: what is made of them must fit into one answer. */
export const maxRequestBytes = 7 * 1024 * 1024;

/** Content of `window.json`. */
export interface WindowFile {
  readonly version: 1;
  /** Path of the Unix socket, or name of the pipe. */
  readonly address: string;
  readonly token: string;
  /** Pid of the extension host that listens. */
  readonly pid: number;
}

export interface WindowHello {
  readonly version: number;
  readonly windowId: string;
  readonly token: string;
  /** Sessions whose terminals this window holds. */
  readonly held: readonly string[];
}

/** Who holds which terminals; the owner is one of them. */
export interface Holder {
  readonly windowId: string;
  readonly sessionIds: readonly string[];
}

export interface WindowWelcome {
  readonly windowId: string;
  readonly connected: readonly ConnectedRunner[];
  readonly holders: readonly Holder[];
}

/** First message. A wrong token closes the connection. */
export const windowHelloRequest = new RequestType<WindowHello, WindowWelcome, void>('window/hello');

/** An argument of a command; without `value` it is `undefined`, which JSON does not know. */
export interface WireArgument {
  readonly value?: unknown;
}

export interface PerformParams {
  readonly command: FleetCommandName;
  readonly args: readonly WireArgument[];
}

/** Window → owner: carries out a command of the fleet. */
export const performRequest = new RequestType<PerformParams, OwnerAnswer, WireError>('fleet/perform');
/** Owner → windows: sessions as they stand now, before the journal tells it. */
export const changedNotification = new NotificationType<{ readonly sessions: readonly Session[] }>('fleet/changed');
/** Owner → windows: an agent showed that it took a prompt. */
export const promptTakenNotification = new NotificationType<{ readonly sessionId: string }>('fleet/promptTaken');

/** Window → owner: makes sure that runners can call. */
export const agentsListenRequest = new RequestType<null, null, WireError>('agents/listen');

/** Window → owner, now and then: a process that was stopped keeps its sockets open. */
export const windowPingRequest = new RequestType<null, null, WireError>('window/ping');
export const agentsStopRequest = new RequestType<{ readonly sessionId: string; readonly request: StopRequest }, null, WireError>('agents/stop');
export const agentsSignalRequest = new RequestType<{ readonly sessionId: string; readonly signal: 'SIGINT' }, null, WireError>('agents/signal');
export const agentsReframeRequest = new RequestType<{ readonly sessionId: string }, null, WireError>('agents/reframe');
/** Owner → windows. */
export const agentConnectedNotification = new NotificationType<{ readonly sessionId: string; readonly runner: ProcessIdentity }>('agents/connected');
export const agentDisconnectedNotification = new NotificationType<{ readonly sessionId: string }>('agents/disconnected');
export const agentHeartbeatNotification = new NotificationType<{ readonly sessionId: string; readonly heartbeat: RunnerHeartbeat }>('agents/heartbeat');

/** Window → owner: the sessions whose terminals it holds now. */
export const heldNotification = new NotificationType<{ readonly held: readonly string[] }>('terminals/held');
/** Owner → windows, after each change. */
export const holdersNotification = new NotificationType<{ readonly holders: readonly Holder[] }>('terminals/holders');
/** Window → owner, which passes it on to the window that holds the terminal: keys, as if typed. */
export const terminalWriteRequest = new RequestType<{ readonly sessionId: string; readonly data: string }, null, WireError>('terminal/write');
/** As `terminal/write`: a whole prompt. */
export const terminalPromptRequest = new RequestType<{ readonly sessionId: string; readonly text: string }, { readonly result: PromptResult }, WireError>('terminal/prompt');
/** As `terminal/write`. No error if there is no terminal. */
export const terminalCloseRequest = new RequestType<{ readonly sessionId: string }, null, WireError>('terminal/close');

/** How long to wait for an answer, milliseconds: a change must reach the disk, a prompt may wait for others and for the agent's word. */
export const deadlines = { hello: 10_000, ping: 5_000, perform: 30_000, order: 10_000, prompt: 60_000 } as const;
