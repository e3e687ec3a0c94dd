import assert from 'node:assert/strict';
import { Deferred } from '../../../src/base/async.ts';
import { Latest } from '../../../src/base/latest.ts';
import { FakeTime, settle } from '../../fakes/time.ts';

class Asked {
  readonly time = new FakeTime();
  readonly questions: string[] = [];
  readonly answers: string[] = [];
  readonly busy: boolean[] = [];
  readonly open = new Map<string, Deferred<string>>();
  readonly latest = new Latest<string, string>({
    timers: this.time,
    delayMs: 120,
    ask: (question) => {
      this.questions.push(question);
      const answer = new Deferred<string>();
      this.open.set(question, answer);
      return answer.promise;
    },
    onAnswer: (answer, question) => this.answers.push(`${question}: ${answer}`),
    onError: (error, question) => this.answers.push(`${question} failed: ${String(error)}`),
    onBusy: (busy) => this.busy.push(busy),
  });
}

describe('Latest', () => {
  it('asks once, after a pause, what was put last', async () => {
    const { latest, time, questions, busy } = new Asked();
    latest.put('l');
    await time.advance(100);
    latest.put('lo');
    await time.advance(119);
    assert.deepEqual([questions, busy], [[], [true]]);
    await time.advance(1);
    assert.deepEqual(questions, ['lo']);
    latest.dispose();
    assert.equal(time.pending, 0);
  });

  it('drops an answer that comes too late, and stays busy until the newest has come', async () => {
    const { latest, questions, answers, busy, open } = new Asked();
    latest.put('a', 'at once');
    latest.put('b', 'at once');
    assert.deepEqual(questions, ['a', 'b']);
    open.get('a')?.resolve('old');
    await settle();
    assert.deepEqual([answers, busy], [[], [true]]);
    open.get('b')?.resolve('new');
    await settle();
    assert.deepEqual([answers, busy], [['b: new'], [true, false]]);
    latest.dispose();
  });

  it('tells a failure, and goes on', async () => {
    const { latest, answers, open } = new Asked();
    latest.put('a', 'at once');
    open.get('a')?.reject(new Error('gone'));
    await settle();
    latest.put('b', 'at once');
    open.get('b')?.resolve('here');
    await settle();
    assert.deepEqual(answers, ['a failed: Error: gone', 'b: here']);
    latest.dispose();
  });

  it('says nothing after its end', async () => {
    const { latest, answers, busy, open } = new Asked();
    latest.put('a', 'at once');
    latest.dispose();
    open.get('a')?.resolve('late');
    await settle();
    assert.deepEqual([answers, busy], [[], [true]]);
  });
});
