import type { ActivityKind, Signal, SignalSource } from './session.ts';

/** How long a trusted open question withstands signs of work from a less trusted source, milliseconds. */
export const questionGuardMs = 1500;
/**
 * The same for weak signs. Measured with codex 0.169.0: its spinner goes on until its question is drawn, 1 s after the hook, on a busy
 * machine more than 2 s.
 */
export const weakGuardMs = 5000;

const trust: Readonly<Record<SignalSource, number>> = { channel: 4, hook: 3, title: 2, progress: 2, process: 1 };
const busy: ReadonlySet<ActivityKind> = new Set(['starting', 'working', 'model_wait', 'running_tool']);
const questions: ReadonlySet<ActivityKind> = new Set(['needs_permission', 'needs_answer']);

export interface NewSignal extends Signal {
  /** As in `AgentFact`. */
  readonly weak?: true;
}

/**
 * The signal that stands after `next` arrived; the same object when nothing changes.
 *
 * Equal or higher trust always counts. From a less trusted source:
 * - what was true before the more trusted source spoke counts no more (a title is held for a moment);
 * - "busy" says nothing new while a more trusted source says what it is busy with; while a question is open it counts once a title has
 *   shown that question, or once the question is older than `questionGuardMs` (`weakGuardMs`), because titles travel slower than hooks;
 * - "idle" ends what was busy (hooks are silent when a person presses Esc); it ends an open question only if the sign is not weak;
 * - a question counts unless one is open already, whose text is better: then it confirms that one.
 */
export function acceptSignal(current: Signal | undefined, next: NewSignal): Signal {
  if (current === undefined) return strip(next);
  if (same(current, next)) return current;
  if (trust[next.source] >= trust[current.source]) return next.weak && !busy.has(next.activity) && questions.has(current.activity) ? current : strip(next);
  if (next.at < current.at) return current;
  if (questions.has(next.activity)) return questions.has(current.activity) ? confirm(current) : strip(next);
  if (busy.has(next.activity)) {
    if (busy.has(current.activity)) return current;
    const guardMs = next.weak ? weakGuardMs : questionGuardMs;
    if (questions.has(current.activity) && current.confirmed !== true && next.at - current.at < guardMs) return current;
    return strip(next);
  }
  if (questions.has(current.activity)) return next.weak ? current : strip(next);
  return busy.has(current.activity) ? strip(next) : current;
}

function same(a: Signal, b: Signal): boolean {
  return a.activity === b.activity && a.detail === b.detail && a.source === b.source;
}

function confirm(signal: Signal): Signal {
  return signal.confirmed === true ? signal : { ...signal, confirmed: true };
}

function strip(signal: NewSignal): Signal {
  const { weak: _weak, ...rest } = signal;
  return rest;
}
