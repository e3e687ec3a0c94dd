import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ResponseError } from 'vscode-jsonrpc/node';
import { FleetError, isFleetError } from '../../../src/base/errors.ts';
import { fleetCommandNames, type FleetCommandName } from '../../../src/core/fleetCommands.ts';
import { permissionPolicies, type Session } from '../../../src/core/session.ts';
import { isSession } from '../../../src/core/sessionChecks.ts';
import {
  fromWireArguments, isChanged, isConnectedRunner, isHeld, isHolders, isOfSession, isOwnerAnswer, isPerformParams, isPromptAnswer, isPromptOrder, isSessionBeat,
  isSignalOrder, isStopOrder, isWindowHello, isWindowWelcome, isWriteOrder, toWireArguments,
} from '../../../src/link/windowChecks.ts';
import { fromResponseError, toResponseError } from '../../../src/link/wireErrors.ts';
import { aSession } from '../../fakes/sessions.ts';

const id = fc.stringMatching(/^[a-z][A-Za-z0-9_-]{0,20}$/);
const text = fc.string({ unit: 'binary', maxLength: 50 });
const time = fc.nat();
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const json = fc.jsonValue({ maxDepth: 3 });
const actor = fc.constantFrom('user', 'agent', 'runner', 'fleet');
const used = { inputTokens: fc.nat(), outputTokens: fc.nat(), reasoningTokens: fc.nat(), toolCalls: fc.nat(), costMicroUsd: fc.nat() };
const newSession = fc.record(
  {
    id, name: text, driver: text, tokenHash: text, attempt: fc.integer({ min: 1, max: 9 }),
    spec: fc.record({ policy: fc.constantFrom(...permissionPolicies), cwd: text, prompt: text, variant: text }, { requiredKeys: ['policy', 'cwd'] }),
    parentId: id, restartOf: id, resumedFrom: id, kind: fc.constantFrom('agent', 'child_agent', 'background_tool'), worktree: text, host: text,
    channel: fc.constant('external'), clientInstanceId: text, actorKey: text, parentActorKey: text, conversationId: text, promptToType: text,
  },
  { requiredKeys: ['id', 'name', 'driver', 'tokenHash', 'attempt', 'spec'] },
);
const outcome = fc.oneof(
  fc.record({ type: fc.constant('completed'), by: fc.constantFrom('exit', 'person'), summary: text }, { requiredKeys: ['type', 'by'] }),
  fc.record({ type: fc.constant('failed'), error: text, exitCode: fc.integer() }, { requiredKeys: ['type', 'error'] }),
  fc.record({ type: fc.constantFrom('aborted', 'terminated'), reason: text }),
  fc.record({ type: fc.constantFrom('cancelled', 'retired') }),
);
const identity = fc.record({ pid: fc.integer({ min: 1, max: 99_999 }), startTime: text, bootId: text }, { requiredKeys: ['pid'] });
const session = fc.record(
  {
    signal: fc.record({ activity: fc.constantFrom('working', 'idle', 'needs_permission'), source: fc.constantFrom('hook', 'title'), at: time, detail: text, event: text }, { requiredKeys: ['activity', 'source', 'at'] }),
    progress: fc.record({ count: fc.nat(), at: time, message: text, percent: fc.integer() }, { requiredKeys: ['count', 'at'] }),
    outcome, runner: identity, agent: identity, model: text, usage: fc.record({ turns: fc.nat(), ...used }, { requiredKeys: [] }),
    peer: fc.record({ name: text, address: text, at: time }), retireRequest: fc.record({ at: time, deadline: time }, { requiredKeys: ['at'] }),
    artifacts: fc.array(fc.record({ path: text, kind: text, at: time }), { maxLength: 3 }), completedAt: time, startedAt: time, feedSeq: fc.nat(), elapsedMs: time,
    stopRequest: fc.record({ at: time, reason: text }, { requiredKeys: ['at'] }), spoolSkipped: fc.nat(), anotherField: json,
  },
  { requiredKeys: [] },
).map((patch) => aSession(patch as Partial<Session>));

/** Any arguments that each command may be called with. */
const commandArguments: Readonly<Record<FleetCommandName, fc.Arbitrary<readonly unknown[]>>> = {
  register: fc.tuple(newSession),
  reserve: fc.tuple(text, newSession),
  findOrCreate: fc.tuple(fc.record({ worktree: text, actorKey: text, clientInstanceId: text, parentId: id }, { requiredKeys: [] }), newSession),
  reap: fc.tuple(fc.oneof(fc.constant('all'), fc.record({ worktree: text }))),
  release: fc.tuple(id),
  importSessions: fc.tuple(fc.array(fc.record({ session, notes: fc.array(fc.record({ kind: text, actor, at: time, data: json }), { maxLength: 3 }) }), { maxLength: 3 })),
  complete: fc.oneof(fc.tuple(id, maybe(text)), fc.tuple(id, maybe(text), maybe(fc.record({ isStillToEnd: fc.boolean() }, { requiredKeys: [] })))),
  cancelled: fc.tuple(id, maybe(text)),
  failed: fc.tuple(id, text),
  agentGone: fc.tuple(id),
  provisioningFailed: fc.tuple(id, text),
  abortProvisioning: fc.tuple(id, text),
  terminated: fc.tuple(id, text),
  terminateOwner: fc.tuple(text),
  requestRetire: fc.oneof(fc.tuple(id), fc.tuple(id, maybe(time))),
  markRetired: fc.tuple(id),
  peerReady: fc.tuple(id, fc.record({ name: text, address: text })),
  reportProgress: fc.tuple(id, fc.record({ message: text, percent: fc.integer() }, { requiredKeys: [] })),
  reportUsage: fc.tuple(id, fc.record({ turn: text, ...used }, { requiredKeys: ['turn'] })),
  contextQuery: fc.tuple(id, fc.record({ path: text, scope: text }, { requiredKeys: ['path'] })),
  requestStop: fc.tuple(id, maybe(text), fc.constantFrom(undefined, 'timeout')),
  planRetry: fc.tuple(id, maybe(time)),
  escalate: fc.tuple(id, text),
  promptSent: fc.tuple(id, fc.record({ text, result: text })),
  record: fc.tuple(id, text, actor, maybe(json)),
  applyTitle: fc.oneof(fc.tuple(id, text), fc.tuple(id, text, maybe(time))),
  countSpoolSkipped: fc.tuple(id, fc.nat()),
  clear: fc.tuple(fc.array(id)),
  collect: fc.oneof(fc.constant([]), fc.tuple(maybe(fc.array(id)))),
  audit: fc.tuple(fc.record({ at: time, actor: text, action: text, target: text, result: text, detail: text }, { requiredKeys: ['at', 'actor', 'action', 'result'] })),
};

const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('S3: what windows say to each other', () => {
  for (const command of fleetCommandNames) {
    it(`${command}: its arguments survive the wire`, () => {
      fc.assert(
        fc.property(commandArguments[command], (args) => {
          const params = overTheWire({ command, args: toWireArguments(args) });
          assert.ok(isPerformParams(params), JSON.stringify(params));
          // JSON knows one zero only.
          assert.deepEqual(fromWireArguments(params.args), args.map((value) => (value === undefined ? undefined : overTheWire(value))));
        }),
      );
    });

    it(`${command}: arguments of chance are refused, and never throw`, () => {
      fc.assert(fc.property(fc.array(fc.anything(), { minLength: 1, maxLength: 4 }), (args) => assert.ok(!isPerformParams({ command, args: toWireArguments([{}, ...args]) }))));
    });
  }

  it('a session survives, with what a later version added', () => {
    fc.assert(fc.property(session, (value) => assert.ok(isSession(overTheWire(value)))));
  });

  it('nothing that came by chance is taken', () => {
    const checks = [
      isPerformParams, isOwnerAnswer, isChanged, isHeld, isHolders, isConnectedRunner, isOfSession, isSessionBeat, isStopOrder, isSignalOrder, isWriteOrder, isPromptOrder,
      isPromptAnswer, isWindowHello, isWindowWelcome, isSession,
    ];
    fc.assert(fc.property(fc.anything(), (value) => assert.ok(checks.every((check) => !check(value)))));
  });

  const bad: readonly (readonly [FleetCommandName, readonly unknown[]])[] = [
    ['complete', ['../x', undefined]],
    ['complete', ['a', 'x'.repeat(300_000)]],
    ['clear', [['a', 7]]],
    ['register', [{ id: 'a' }]],
    ['record', ['a', 'kind', 'nobody', 1]],
    ['record', ['a', 'kind', 'user', 'x'.repeat(300_000)]],
    ['countSpoolSkipped', ['a', -1]],
    ['requestRetire', ['a', Number.NaN]],
    ['collect', [1]],
  ];
  for (const [command, args] of bad) {
    it(`refuses ${command} ${JSON.stringify(args).slice(0, 60)}`, () => assert.equal(isPerformParams(overTheWire({ command, args: toWireArguments(args) })), false));
  }

  describe('errors', () => {
    it('keep code, sentence and details', () => {
      fc.assert(
        fc.property(fc.string({ minLength: 1, maxLength: 30 }), text, fc.dictionary(id, json), (code, message, details) => {
          const { data, code: number, message: said } = toResponseError(new FleetError(code, message, { details }));
          const back = fromResponseError(new ResponseError(number, said, overTheWire(data)));
          assert.ok(isFleetError(back, code));
          assert.deepEqual([back.message, back.details], [message, overTheWire(details)]);
        }),
      );
    });

    it('details that cannot travel stay behind; what is no error of ours becomes Failed; what is no answer stays what it is', () => {
      const loop: Record<string, unknown> = {};
      loop['self'] = loop;
      assert.deepEqual(toResponseError(new FleetError('X', 'x', { details: loop })).data, { code: 'X', message: 'x', details: {} });
      assert.equal(toResponseError('plain').data?.code, 'Failed');
      const other = new Error('socket');
      assert.equal(fromResponseError(other), other);
      const odd = new ResponseError(1, 'x', 7);
      assert.equal(fromResponseError(odd), odd);
    });
  });
});
