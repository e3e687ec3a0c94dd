import { badArgument } from '../core/commandChecks.ts';
import { fleetCommandNames, type FleetCommandName, type OwnerAnswer } from '../core/fleetCommands.ts';
import type { StopRequest } from '../core/ports.ts';
import { promptResults, type PromptResult } from '../core/prompt.ts';
import type { RunnerHeartbeat } from '../core/runnerEvents.ts';
import type { Session } from '../core/session.ts';
import { count, isSessionList, line, listOf, oneOf, sessionId, shape, text, type Check } from '../core/sessionChecks.ts';
import type { ConnectedRunner } from './server.ts';
import type { Holder, PerformParams, WindowHello, WindowWelcome, WireArgument } from './windowContract.ts';
import { isHeartbeat, isProcessIdentity, isRecord, isStopRequest } from './wireChecks.ts';

/** Shape checks of what windows say to each other. */

/** The arguments as they travel. */
export function toWireArguments(args: readonly unknown[]): readonly WireArgument[] {
  return args.map((value) => (value === undefined ? {} : { value }));
}

/** The arguments as they were given. */
export function fromWireArguments(args: readonly WireArgument[]): readonly unknown[] {
  return args.map(({ value }) => value);
}

export function isPerformParams(value: unknown): value is PerformParams {
  if (!isRecord(value)) return false;
  const { command, args } = value;
  if (!fleetCommandNames.some((known) => known === command) || !Array.isArray(args)) return false;
  return args.every(isRecord) && badArgument(command as FleetCommandName, fromWireArguments(args)) === undefined;
}

const removed = listOf(sessionId, 100_000);

export function isOwnerAnswer(value: unknown): value is OwnerAnswer {
  return isRecord(value) && isSessionList(value['sessions']) && removed(value['removed']);
}

const windowId: Check = (value) => typeof value === 'string' && /^[\w-]{1,64}$/.test(value);
const held = listOf(sessionId, 10_000);

export function isWindowHello(value: unknown): value is WindowHello {
  return isRecord(value) && count(value['version']) && windowId(value['windowId']) && line(value['token']) && held(value['held']);
}

export const isHeld = shape({ held }) as (value: unknown) => value is { readonly held: readonly string[] };

const holders = listOf(shape({ windowId, sessionIds: held }), 1000);
export const isHolders = shape({ holders }) as (value: unknown) => value is { readonly holders: readonly Holder[] };

export const isConnectedRunner = shape({ sessionId, runner: isProcessIdentity }) as (value: unknown) => value is ConnectedRunner;

export function isWindowWelcome(value: unknown): value is WindowWelcome {
  return isRecord(value) && windowId(value['windowId']) && listOf(isConnectedRunner, 10_000)(value['connected']) && holders(value['holders']);
}

export const isOfSession = shape({ sessionId }) as (value: unknown) => value is { readonly sessionId: string };
export const isSessionBeat = shape({ sessionId, heartbeat: isHeartbeat }) as (value: unknown) => value is { readonly sessionId: string; readonly heartbeat: RunnerHeartbeat };
export const isStopOrder = shape({ sessionId, request: isStopRequest }) as (value: unknown) => value is { readonly sessionId: string; readonly request: StopRequest };
export const isSignalOrder = shape({ sessionId, signal: oneOf(['SIGINT']) }) as (value: unknown) => value is { readonly sessionId: string; readonly signal: 'SIGINT' };
export const isWriteOrder = shape({ sessionId, data: text }) as (value: unknown) => value is { readonly sessionId: string; readonly data: string };
export const isPromptOrder = shape({ sessionId, text }) as (value: unknown) => value is { readonly sessionId: string; readonly text: string };
export const isPromptAnswer = shape({ result: oneOf(promptResults) }) as (value: unknown) => value is { readonly result: PromptResult };
export const isChanged = shape({ sessions: isSessionList }) as (value: unknown) => value is { readonly sessions: readonly Session[] };
