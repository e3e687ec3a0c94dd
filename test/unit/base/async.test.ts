import assert from 'node:assert/strict';
import { Throttle, Coalescer, Deferred, detach, SerialQueue } from '../../../src/base/async.ts';
import { RecordingLogger } from '../../fakes/logger.ts';
import { FakeTime, settle } from '../../fakes/time.ts';

describe('SerialQueue', () => {
  it('runs tasks one at a time in the order they were added, past one that fails', async () => {
    const queue = new SerialQueue();
    const log: string[] = [];
    const gate = new Deferred<void>();
    const first = queue.add(async () => {
      log.push('first begins');
      await gate.promise;
      log.push('first ends');
      throw new Error('first');
    });
    const second = queue.add(() => Promise.resolve(log.push('second')));
    await settle();
    assert.deepEqual(log, ['first begins']);
    gate.resolve();
    await assert.rejects(first, /first/);
    await second;
    assert.deepEqual(log, ['first begins', 'first ends', 'second']);
  });

  it('a task that throws at once rejects its own promise only', async () => {
    const queue = new SerialQueue();
    const broken = queue.add(() => {
      throw new Error('now');
    });
    const next = queue.add(() => Promise.resolve(2));
    await assert.rejects(broken, /now/);
    assert.equal(await next, 2);
  });

  it('idle waits for what was added', async () => {
    const queue = new SerialQueue();
    let done = false;
    void queue.add(async () => {
      await settle();
      done = true;
    });
    await queue.idle();
    assert.equal(done, true);
  });
});

describe('detach', () => {
  it('logs a rejection', async () => {
    const logger = new RecordingLogger();
    detach(Promise.reject(new Error('lost')), logger, 'saving');
    await settle();
    assert.deepEqual(logger.lines, ['error saving failed']);
  });
});

describe('Coalescer', () => {
  it('runs once at the end of the first delay, however often it is triggered', async () => {
    const time = new FakeTime();
    let runs = 0;
    const coalescer = new Coalescer(time, 50, () => runs++);
    for (let i = 0; i < 10; i++) {
      coalescer.trigger();
      await time.advance(4);
    }
    assert.deepEqual([runs, coalescer.isPending], [0, true]);
    await time.advance(10);
    assert.deepEqual([runs, coalescer.isPending], [1, false]);
    coalescer.trigger();
    await time.advance(50);
    assert.equal(runs, 2);
    coalescer.dispose();
  });

  it('a trigger during the run starts the next delay', async () => {
    const time = new FakeTime();
    let runs = 0;
    const coalescer: Coalescer = new Coalescer(time, 50, () => {
      if (++runs === 1) coalescer.trigger();
    });
    coalescer.trigger();
    await time.advance(50);
    assert.equal(runs, 1);
    await time.advance(50);
    assert.equal(runs, 2);
    coalescer.dispose();
  });

  it('flush runs what is pending now, and nothing when nothing is pending', async () => {
    const time = new FakeTime();
    let runs = 0;
    const coalescer = new Coalescer(time, 50, () => runs++);
    coalescer.flush();
    coalescer.trigger();
    coalescer.flush();
    await time.advance(100);
    assert.equal(runs, 1);
    coalescer.dispose();
  });

  it('after dispose nothing runs and no timer is left, also when triggered again', async () => {
    const time = new FakeTime();
    let runs = 0;
    const coalescer = new Coalescer(time, 50, () => runs++);
    coalescer.trigger();
    coalescer.dispose();
    coalescer.trigger();
    assert.equal(time.pending, 0);
    await time.advance(100);
    assert.equal(runs, 0);
  });
});

describe('base/async: Throttle', () => {
  it('runs the first at once and gathers those that follow', async () => {
    const time = new FakeTime();
    let runs = 0;
    const throttle = new Throttle(time, 50, () => (runs += 1));
    throttle.trigger();
    assert.equal(runs, 1);
    throttle.trigger();
    throttle.trigger();
    assert.equal(runs, 1);
    await time.advance(50);
    assert.equal(runs, 2);
    await time.advance(50);
    throttle.trigger();
    assert.equal(runs, 3);
    throttle.dispose();
  });

  it('runs no more once it is disposed', async () => {
    const time = new FakeTime();
    let runs = 0;
    const throttle = new Throttle(time, 50, () => (runs += 1));
    throttle.trigger();
    throttle.trigger();
    throttle.dispose();
    throttle.trigger();
    await time.advance(100);
    assert.deepEqual([runs, time.pending], [1, 0]);
  });
});
