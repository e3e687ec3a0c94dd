import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFleetError } from '../../../src/base/errors.ts';
import { completeEvent } from '../../../src/protocol/completeEvent.ts';
import { decodeEvent } from '../../../src/protocol/decodeEvent.ts';
import { encodeEvent } from '../../../src/protocol/encodeEvent.ts';
import { payloadFields } from '../../../src/protocol/eventFields.ts';
import { arbitraryEvent } from './arbitraryEvent.ts';
import { golden } from './golden.ts';

const decodeText = (text: string) => decodeEvent(JSON.parse(text));

function fieldOfError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    assert.ok(isFleetError(error, 'BadEvent'), String(error));
    return error.details['field'];
  }
  return assert.fail('nothing was thrown');
}

describe('fleet events on the wire', () => {
  for (const { read, written, field } of golden) {
    const short = read.replace(/^.*?"timestamp":"[^"]*",?/, '… ');
    if (written === undefined) it(`refuses ${short}`, () => assert.equal(fieldOfError(() => decodeText(read)), field));
    else it(`writes like the reference: ${short}`, () => assert.equal(encodeEvent(decodeText(read)), written));
  }

  it('covers every state of the protocol by an example', () => {
    const states = new Set(golden.flatMap(({ read, written }) => (written === undefined ? [] : [decodeText(read).payload.state])));
    assert.deepEqual([...states].sort(), Object.keys(payloadFields).sort());
  });

  it('comes back unchanged, whatever it says', () => {
    fc.assert(fc.property(arbitraryEvent, (event) => assert.deepEqual(decodeText(encodeEvent(event)), event)));
  });

  it('is written the same again after reading', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        const text = encodeEvent(event);
        assert.equal(encodeEvent(decodeText(text)), text);
      }),
    );
  });

  it('refuses or accepts any JSON without another kind of error', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(payloadFields), 'constructor', '__proto__'), (value, state) => {
        for (const candidate of [value, completeCandidate(value, state)]) {
          try {
            decodeEvent(candidate);
          } catch (error) {
            assert.ok(isFleetError(error, 'BadEvent'), String(error));
          }
        }
      }),
    );
  });

  it('keeps fields that it does not know, after all others', () => {
    const text = '{"later":{"b":1},"seq":1,"run_id":"r","worker_id":"w","task_id":"t","timestamp":"x","state":"running","tool":"not of this state"}';
    const event = decodeText(text);
    assert.deepEqual(event.unknownFields, { later: { b: 1 }, tool: 'not of this state' });
    assert.equal(
      encodeEvent(event),
      '{"seq":1,"run_id":"r","worker_id":"w","task_id":"t","timestamp":"x","state":"running","later":{"b":1},"tool":"not of this state"}',
    );
  });

  it('keeps a field named __proto__ as a field', () => {
    const text = '{"seq":1,"run_id":"r","worker_id":"w","task_id":"t","timestamp":"x","state":"running","__proto__":{"seq":5}}';
    assert.equal(encodeEvent(decodeText(text)), text);
  });

  it('an unknown field never replaces a known one', () => {
    const event = decodeText('{"seq":1,"run_id":"r","worker_id":"w","task_id":"t","timestamp":"x","state":"running"}');
    const clash = { ...event, unknownFields: { seq: 9, extra: { a: 1 }, state: 'failed' } };
    assert.equal(encodeEvent(clash), encodeEvent(event));
  });

  it('replaces half a surrogate pair, which the reference cannot read', () => {
    const event = completeEvent({ state: 'running_tool', tool: 'a\ud800b' }, { sessionId: 's', seq: 1, at: 0 });
    assert.match(encodeEvent(event), /"tool":"a\ufffdb"/);
  });

  it('refuses nesting that the reference refuses, instead of running out of stack', () => {
    const deep = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
    const at = (levels: number) => completeEvent({ state: 'running', extra: { deep: deep(levels) } }, { sessionId: 's', seq: 1, at: 0 });
    assert.doesNotThrow(() => at(100));
    assert.equal(fieldOfError(() => at(5000)), 'extra');
  });

  it('says in one sentence which field is wrong and why', () => {
    assert.throws(() => decodeText('{"seq":"1","state":"queued"}'), {
      message: 'The fleet event\'s field “seq” must be a number.',
      details: { field: 'seq', reason: 'must be a number' },
    });
    assert.throws(() => decodeEvent([]), { message: 'A fleet event must be a JSON object.' });
    assert.throws(() => decodeEvent({ state: 'do\u001b[31mne' }), { message: /^The fleet event's field “state” is “done”, which is none of queued, / });
  });
});

describe('hand-made lines', () => {
  const defaults = { sessionId: 'agent-1', seq: 12, at: Date.UTC(2026, 4, 4, 8, 15, 30) };

  it('get the envelope that they leave out', () => {
    assert.equal(
      encodeEvent(completeEvent({ state: 'running_tool', tool: 'npm test' }, defaults)),
      '{"seq":12,"run_id":"agent-1","worker_id":"agent-1","task_id":"agent-1","timestamp":"2026-05-04T08:15:30.000Z","state":"running_tool","tool":"npm test"}',
    );
  });

  it('keep what they say themselves', () => {
    assert.equal(completeEvent({ state: 'running', worker_id: 'mine', seq: 3 }, defaults).worker_id, 'mine');
    assert.equal(fieldOfError(() => completeEvent({ state: 'running', seq: 'three' }, defaults)), 'seq');
    assert.equal(fieldOfError(() => completeEvent({ tool: 'npm test' }, defaults)), 'state');
    assert.equal(fieldOfError(() => completeEvent('running', defaults)), '');
  });
});

function completeCandidate(value: unknown, state: string): unknown {
  const fields = typeof value === 'object' && value !== null ? value : { tool: value, reason: value, extra: value };
  return { seq: 1, run_id: 'r', worker_id: 'w', task_id: 't', timestamp: 'x', state, ...fields };
}
