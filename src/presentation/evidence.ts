import { isTerminal, type Liveness, type Signal, type SignalSource } from '../core/session.ts';
import { formatAgo } from './durations.ts';
import { sessionLook } from './sessionLook.ts';
import type { SessionView } from './sessionView.ts';
import type { Translate } from './translate.ts';
import { rowText } from './untrustedText.ts';

/** What the shown state rests on: the sentence, who said so, how long ago, and the verdict about the process. Plain text. */
export function evidenceParts(t: Translate, view: SessionView, now: number): readonly string[] {
  const { session } = view;
  const parts = [sessionLook(t, view, now).sentence];
  if (isTerminal(session.status)) {
    if (session.completedAt !== undefined) parts.push(formatAgo(t, now - session.completedAt));
    return parts;
  }
  if (session.signal === undefined) {
    if (parts[0] !== t('no signal')) parts.push(t('no signal'));
  } else {
    parts.push(signalOrigin(t, session.signal), formatAgo(t, now - session.signal.at));
  }
  parts.push(processText(t, view));
  return parts;
}

/** Who said it: `hook PermissionRequest`. An event of the agent's own channel is one of its words: without the colon it would be said of the channel. */
export function signalOrigin(t: Translate, signal: Signal): string {
  const source = sourceWord(t, signal.source);
  if (signal.event === undefined) return source;
  return `${source}${signal.source === 'channel' ? ':' : ''} ${rowText(signal.event, 40)}`;
}

/** The agent's process and whether it lives: `pid 4711 alive`. */
export function processText(t: Translate, view: SessionView): string {
  const pid = view.session.agent?.pid;
  return pid === undefined ? t('process not known') : t('pid {0} {1}', pid, livenessWord(t, view.liveness));
}

/** The verdict in one word. */
export function livenessWord(t: Translate, liveness: Liveness): string {
  switch (liveness) {
    case 'alive': return t('alive');
    case 'dead': return t('gone');
    case 'unknown': return t('not verified');
  }
}

function sourceWord(t: Translate, source: SignalSource): string {
  switch (source) {
    case 'channel': return t('agent’s own channel');
    case 'hook': return t('hook');
    case 'title': return t('terminal title');
    case 'progress': return t('terminal progress');
    case 'process': return t('process');
  }
}
