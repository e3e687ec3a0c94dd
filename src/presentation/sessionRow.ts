import { isActive } from '../core/session.ts';
import { formatElapsed, formatRunning, speakElapsed } from './durations.ts';
import type { FamilyMark } from './family.ts';
import { retryRemark } from './retryText.ts';
import type { SessionLook } from './sessionLook.ts';
import { elapsedOf, type SessionView } from './sessionView.ts';
import type { Translate } from './translate.ts';
import { rowText } from './untrustedText.ts';

/** What a row says about its relatives. */
export interface RowRelatives {
  readonly mark?: FamilyMark;
  /** Name of the parent, when the row does not stand under it. */
  readonly under?: string;
  /** Children that stand in "Needs you" instead of under this row. */
  readonly needyChildren: number;
}

/** The text behind a session's name: what it does, what is special, who it is, how long. */
export function sessionDescription(t: Translate, view: SessionView, look: SessionLook, now: number, relatives: RowRelatives): string {
  const elapsed = elapsedOf(view, now);
  const span = isActive(view.session.status) ? formatRunning(t, elapsed) : formatElapsed(t, elapsed);
  return [look.sentence, ...remarks(t, view, now, relatives), rowText(view.driverLabel), span].join(' · ');
}

/** What a screen reader says for a row: name, state in words, what is special, who it is, how long. */
export function sessionAria(t: Translate, view: SessionView, look: SessionLook, now: number, relatives: RowRelatives): string {
  const spoken = speakElapsed(t, elapsedOf(view, now));
  const span = isActive(view.session.status) ? t('running for {0}', spoken) : t('ran for {0}', spoken);
  const sentence = look.sentence.replaceAll('`', '');
  const state = sentence.startsWith(look.word) ? [sentence] : [look.word, sentence];
  return [rowText(view.session.name), ...state, ...remarks(t, view, now, relatives), rowText(view.driverLabel), span].join(', ');
}

function remarks(t: Translate, view: SessionView, now: number, relatives: RowRelatives): string[] {
  const { session } = view;
  const out: string[] = [];
  // First: the end of a long row is cut, and this says where to answer.
  if (isActive(session.status) && view.elsewhere) out.push(t('terminal in another window'));
  if (isActive(session.status) && session.progress?.percent !== undefined) out.push(t('{0}% done', Math.round(session.progress.percent)));
  if (isActive(session.status) && session.promptToType !== undefined) out.push(t('1 prompt queued'));
  if (relatives.needyChildren > 0) {
    out.push(relatives.needyChildren === 1 ? t('1 sub-agent needs you') : t('{0} sub-agents need you', relatives.needyChildren));
  }
  if (relatives.under !== undefined) out.push(t('under {0}', rowText(relatives.under)));
  if (relatives.mark === 'orphan') out.push(t('parent not known'));
  if (relatives.mark === 'loop') out.push(t('parent record damaged'));
  if (session.channel === 'external') out.push(t('external'));
  if (session.spec.policy === 'bypass') out.push(t('no permission checks'));
  if (session.resumedFrom !== undefined) out.push(t('resumed'));
  if (session.attempt > 1) out.push(t('attempt {0}', session.attempt));
  const retry = retryRemark(t, session, now);
  if (retry !== undefined) out.push(retry);
  return out;
}
