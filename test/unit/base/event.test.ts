import assert from 'node:assert/strict';
import { Emitter, nextEvent } from '../../../src/base/event.ts';
import { RecordingLogger } from '../../fakes/logger.ts';

describe('Emitter', () => {
  it('delivers in the order of firing, also to listeners after the one that fires again', () => {
    const emitter = new Emitter<number>(new RecordingLogger());
    const heard: string[] = [];
    emitter.event((value) => {
      heard.push(`a${value}`);
      if (value === 1) emitter.fire(2);
    });
    emitter.event((value) => heard.push(`b${value}`));
    emitter.fire(1);
    assert.deepEqual(heard, ['a1', 'b1', 'a2', 'b2']);
  });

  it('logs a listener that throws and calls the others, now and later', () => {
    const logger = new RecordingLogger();
    const emitter = new Emitter<number>(logger);
    const heard: number[] = [];
    emitter.event(() => {
      throw new Error('mine');
    });
    emitter.event((value) => heard.push(value));
    emitter.fire(1);
    emitter.fire(2);
    assert.deepEqual(heard, [1, 2]);
    assert.equal(logger.complaints.length, 2);
  });

  it('treats two subscriptions of one function as two', () => {
    const emitter = new Emitter<number>(new RecordingLogger());
    let calls = 0;
    const listener = (): void => void calls++;
    const first = emitter.event(listener);
    emitter.event(listener);
    first.dispose();
    first.dispose();
    emitter.fire(1);
    assert.equal(calls, 1);
  });

  it('does not call a listener that was disposed by an earlier one of the same event', () => {
    const emitter = new Emitter<number>(new RecordingLogger());
    const heard: string[] = [];
    emitter.event(() => second.dispose());
    const second = emitter.event(() => heard.push('second'));
    emitter.fire(1);
    assert.deepEqual(heard, []);
    assert.equal(emitter.hasListeners, true);
  });

  it('is silent after dispose, also for what was fired but not yet delivered', () => {
    const emitter = new Emitter<number>(new RecordingLogger());
    const heard: number[] = [];
    emitter.event((value) => {
      heard.push(value);
      emitter.fire(value + 1);
      emitter.dispose();
    });
    emitter.fire(1);
    emitter.fire(9);
    emitter.event((value) => heard.push(value)).dispose();
    assert.deepEqual(heard, [1]);
    assert.equal(emitter.hasListeners, false);
  });

  it('nextEvent resolves with the first accepted value and lets go', async () => {
    const emitter = new Emitter<number>(new RecordingLogger());
    const next = nextEvent(emitter.event, (value) => value > 1);
    emitter.fire(1);
    emitter.fire(2);
    emitter.fire(3);
    assert.equal(await next, 2);
    assert.equal(emitter.hasListeners, false);
  });
});
