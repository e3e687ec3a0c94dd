import { readFile } from 'node:fs/promises';
import type { AgentDriver } from '../../../../src/core/driver.ts';
import type { Session } from '../../../../src/core/session.ts';
import { reduceRunnerEvent, reduceTitle, type Step } from '../../../../src/core/sessionReducer.ts';
import { TitleSettler } from '../../../../src/core/titleSettler.ts';
import { aSession } from '../../../fakes/sessions.ts';
import { FakeTime } from '../../../fakes/time.ts';

/** What one turn of a captured session looked like. */
export interface Turn {
  /** The prompt that began it; '' for what came before the first pasted one. */
  readonly prompt: string;
  /** Each shown activity as it changed, with its detail and `(title)` where the title said it. */
  readonly shown: readonly string[];
  readonly promptsTaken: number;
}

/** Agents answer within milliseconds; people need seconds. */
const agentMs = 20;
const personMs = 3000;

/** Plays a capture (`test/fixtures/captures`) through the reducer, hooks and titles in the order seen. */
export async function replay(driver: AgentDriver): Promise<{ turns: readonly Turn[]; session: Session }> {
  const file = new URL(`../../../fixtures/captures/${driver.info.id}.jsonl`, import.meta.url);
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  const time = new FakeTime();
  const turns: { prompt: string; shown: string[]; promptsTaken: number }[] = [{ prompt: '', shown: [], promptsTaken: 0 }];
  let session = aSession({ driver: driver.info.id, spec: { policy: 'ask', cwd: '/home/dev/project' } });
  const apply = (step: Step): void => {
    const turn = turns.at(-1) as (typeof turns)[number];
    const { signal } = step.session;
    if (signal !== undefined && signal !== session.signal) {
      const words = `${signal.activity}${signal.detail === undefined ? '' : `: ${signal.detail}`}${signal.source === 'title' ? ' (title)' : ''}`;
      if (turn.shown.at(-1) !== words) turn.shown.push(words);
    }
    if (step.promptTaken) turn.promptsTaken++;
    ({ session } = step);
  };
  const settler = new TitleSettler({
    timers: time,
    clock: time,
    saysIdle: (_id, title) => driver.readTitle(title).some((fact) => fact.type === 'activity' && fact.activity === 'idle'),
    apply: (_id, title, at) => apply(reduceTitle(session, title, at, driver)),
  });
  let seq = 0;
  for (const line of lines) {
    const { event, payload } = JSON.parse(line) as { event: string; payload: Record<string, unknown> };
    if (event === '@key' || event === '@prompt') await time.advance(personMs);
    if (event === '@prompt') turns.push({ prompt: String(payload['text']), shown: [], promptsTaken: 0 });
    if (event === '@title') settler.push(session.id, String(payload['title']));
    if (!event.startsWith('@')) apply(reduceRunnerEvent(session, { seq: ++seq, at: time.now(), kind: 'hook', name: event, payload }, driver));
    await time.advance(agentMs);
  }
  await time.advance(personMs);
  settler.dispose();
  return { turns, session };
}

/** What was shown in the turn of this prompt. */
export function shownIn(turns: readonly Turn[], prompt: string): readonly string[] {
  const turn = turns.find((one) => one.prompt === prompt);
  if (turn === undefined) throw new Error(`no turn “${prompt}”; there are: ${turns.map((one) => one.prompt).join(', ')}`);
  return turn.shown;
}
