import { SerialQueue } from '../../base/async.ts';
import { keepDrop } from '../shared/dropHook.ts';
import { fieldsOf, textOf } from '../shared/payload.ts';
import { questionFor } from './permissionQuestion.ts';
import type { PiApi, PiContext } from './piApi.ts';
import { bounded, reported } from './piEvents.ts';
import { policyVariable } from './policyVariable.ts';
import { asksBefore } from './toolPolicy.ts';

/** Surroundings of the extension, so that it can be tried without pi. */
export interface ExtensionSurroundings {
  readonly policy: string | undefined;
  /** Keeps one report for Agent Fleet. */
  readonly drop: (event: string, payload: string) => Promise<void>;
}

/** The extension that runs inside pi: reports what pi does into `$FLEET_HOOK_DIR`, and asks before tools. Outside our sessions it does nothing. */
export function fleetExtension(pi: PiApi): void {
  const folder = process.env['FLEET_HOOK_DIR'];
  if (folder === undefined || folder === '') return;
  register(pi, { policy: process.env[policyVariable], drop: (event, payload) => keepDrop(folder, event, process.pid, payload) });
}

/** Hooks everything up. Handlers never fail: pi would show that to the person, and block the tool. */
export function register(pi: PiApi, { policy, drop }: ExtensionSurroundings): void {
  const reports = new SerialQueue();
  const questions = new SerialQueue();
  /** Files that running tools were told to write, by call. */
  const targets = new Map<string, string>();
  let isAsking = false;
  let lastEnd: Record<string, unknown> = {};

  const report = async (event: string, payload: Record<string, unknown>, context: PiContext): Promise<void> => {
    const whole = { ...payload, ...surroundings(context) };
    // A full disk or a folder that is gone is no reason to disturb pi.
    await reports.add(() => drop(event, JSON.stringify(whole))).catch(() => undefined);
  };

  for (const [name, read] of Object.entries(reported)) {
    pi.on(name, async (event, context) => {
      const fields = fieldsOf(event);
      const payload = read(fields);
      if (isAsking && name.startsWith('ui_prompt_')) return;
      if (name === 'agent_start') lastEnd = {};
      if (name === 'agent_end') lastEnd = payload;
      if (name === 'agent_settled') Object.assign(payload, lastEnd);
      if (name === 'tool_execution_start') remember(targets, fields);
      if (name === 'tool_execution_end') payload['path'] = take(targets, fields);
      await report(name, payload, contextOf(context));
    });
  }

  // pi insists on an answer, and the person is to give it.
  pi.on('project_trust', async (_event, context) => {
    await report('project_trust', {}, contextOf(context));
    return { trusted: 'undecided' };
  });

  pi.on('tool_call', (event, given) => {
    const { toolName, toolCallId, input } = fieldsOf(event);
    const tool = textOf(toolName, 60) ?? 'an unnamed tool';
    if (!asksBefore(policy, tool)) return undefined;
    // One question at a time: pi may prepare several calls at once.
    return questions.add(async () => {
      const context = contextOf(given);
      if (context.hasUI !== true || context.ui === undefined) return blocked('There is nobody to ask for permission.');
      const call = { toolCallId, toolName, args: bounded(input) };
      await report('permission_asked', call, context);
      isAsking = true;
      // A dialog that fails is a no.
      const allowed = await context.ui.confirm(`Allow ${tool}?`, questionFor(input)).catch(() => false);
      isAsking = false;
      await report('permission_answered', { ...call, allowed }, context);
      return allowed ? undefined : blocked('The person did not allow this.');
    });
  });
}

function blocked(reason: string): { block: true; reason: string } {
  return { block: true, reason };
}

/** Not a copy: what pi hands over has its methods from a class. */
function contextOf(value: unknown): PiContext {
  return typeof value === 'object' && value !== null ? value : {};
}

function surroundings(context: PiContext): Record<string, unknown> {
  try {
    return { sessionId: context.sessionManager?.getSessionId?.(), cwd: context.cwd, idle: context.isIdle?.() };
  } catch {
    return {};
  }
}

function remember(targets: Map<string, string>, { toolCallId, toolName, args }: Readonly<Record<string, unknown>>): void {
  const { path } = fieldsOf(args);
  if (typeof toolCallId === 'string' && typeof path === 'string' && (toolName === 'write' || toolName === 'edit')) targets.set(toolCallId, path);
}

function take(targets: Map<string, string>, { toolCallId }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof toolCallId !== 'string') return undefined;
  const path = targets.get(toolCallId);
  targets.delete(toolCallId);
  return path;
}
