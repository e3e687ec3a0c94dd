import type { StoreHealth } from '../core/ports.ts';
import { escapeMarkdown } from './untrustedText.ts';
import { groupOf, phaseOf, type GroupId } from './phase.ts';
import type { SessionView } from './sessionView.ts';
import type { Translate } from './translate.ts';

/** The one status bar item and the badge of the view. */
export interface StatusLine {
  readonly visible: boolean;
  /** With codicons, for `StatusBarItem.text`. */
  readonly text: string;
  /** Markdown source, everything escaped. */
  readonly tooltip: string;
  readonly ariaLabel: string;
  /** Theme colour id of the background; only for what the person has not seen or must know. */
  readonly background?: 'statusBarItem.errorBackground' | 'statusBarItem.warningBackground';
  readonly badge?: { readonly value: number; readonly tooltip: string };
}

export interface StatusLineInput {
  readonly views: readonly SessionView[];
  readonly health: StoreHealth;
  /** Failed sessions that the person has not looked at yet. */
  readonly failedUnseen: number;
}

export type FleetCounts = Readonly<Record<GroupId, number>> & { readonly stale: number; readonly failed: number };

/** How many sessions are in which state. The numbers of the tree's groups are the same. */
export function countSessions(views: readonly SessionView[]): FleetCounts {
  const counts = { attention: 0, active: 0, finished: 0, stale: 0, failed: 0 };
  for (const view of views) {
    counts[groupOf(view)] += 1;
    if (phaseOf(view) === 'stale') counts.stale += 1;
    if (view.session.status === 'failed') counts.failed += 1;
  }
  return counts;
}

/**
 * The status line. Hidden without anything to say: no session, or only finished ones that were seen.
 * Error background: a failure not yet seen. Warning background: changes do not reach the disk.
 */
export function statusLine(t: Translate, input: StatusLineInput): StatusLine {
  const counts = countSessions(input.views);
  const failedUnseen = Math.min(input.failedUnseen, counts.failed);
  const pieces: { readonly icon: string; readonly words: string }[] = [];
  if (counts.active > 0) pieces.push({ icon: 'rocket', words: t('{0} running', counts.active) });
  if (counts.attention > 0) pieces.push({ icon: 'bell', words: needYouText(t, counts.attention) });
  if (failedUnseen > 0) pieces.push({ icon: 'error', words: t('{0} failed', failedUnseen) });
  if (!input.health.persisted && input.views.length > 0) pieces.push({ icon: 'warning', words: t('not saved') });
  const badge = counts.attention === 0 ? undefined : { value: counts.attention, tooltip: sessionsNeedYou(t, counts.attention) };
  const background = failedUnseen > 0 ? 'statusBarItem.errorBackground' : pieces.some((piece) => piece.icon === 'warning') ? 'statusBarItem.warningBackground' : undefined;
  return {
    visible: pieces.length > 0,
    text: pieces.map((piece) => `$(${piece.icon}) ${piece.words}`).join(' · '),
    tooltip: tooltip(t, counts, input.health),
    ariaLabel: t('Agent Fleet: {0}', pieces.map((piece) => piece.words).join(', ')),
    ...(background === undefined ? {} : { background }),
    ...(badge === undefined ? {} : { badge }),
  };
}

function tooltip(t: Translate, counts: FleetCounts, health: StoreHealth): string {
  const lines = [
    t('Agent Fleet'),
    sessionsNeedYou(t, counts.attention),
    counts.stale === 0 ? t('{0} running', counts.active) : t('{0} running, {1} of them without a signal for too long', counts.active, counts.stale),
    counts.failed === 0 ? t('{0} finished', counts.finished) : t('{0} finished, {1} of them failed', counts.finished, counts.failed),
    ...(health.persisted ? [] : [t('Changes are not saved: {0}', health.reason)]),
    t('Click to show the fleet.'),
  ];
  return lines.map((line, index) => (index === 0 ? `**${escapeMarkdown(line)}**` : escapeMarkdown(line))).join('\n\n');
}

function needYouText(t: Translate, count: number): string {
  return count === 1 ? t('1 needs you') : t('{0} need you', count);
}

function sessionsNeedYou(t: Translate, count: number): string {
  return count === 1 ? t('1 session needs you') : t('{0} sessions need you', count);
}
