import { isActive } from '../core/session.ts';
import { evidenceParts } from './evidence.ts';
import { formatElapsed } from './durations.ts';
import type { FamilyMark } from './family.ts';
import { policyLabel } from './policies.ts';
import { retryText } from './retryText.ts';
import { sessionLook } from './sessionLook.ts';
import { elapsedOf, type SessionView } from './sessionView.ts';
import type { Translate } from './translate.ts';
import { escapeMarkdown, markdownLine } from './untrustedText.ts';

/** What a tooltip tells beside the session itself. */
export interface TooltipRelatives {
  /** Names from the root of the actor chain down to the session. */
  readonly chain: readonly string[];
  readonly mark?: FamilyMark;
}

/**
 * The tooltip of a session as Markdown source. Everything in it is escaped: show it untrusted, without HTML and without theme icons.
 * It holds ages in seconds, so make it when it is shown (`resolveTreeItem`).
 */
export function sessionTooltip(t: Translate, view: SessionView, now: number, relatives: TooltipRelatives): string {
  const { session } = view;
  const lines = [
    `**${markdownLine(session.name)}** · ${markdownLine(view.driverLabel)} · ${escapeMarkdown(formatElapsed(t, elapsedOf(view, now)))}`,
    escapeMarkdown(`${sessionLook(t, view, now).word}: ${evidenceParts(t, view, now).join(' · ')}`),
  ];
  const add = (label: string, value: string): void => void lines.push(`${escapeMarkdown(label)} ${markdownLine(value, 300)}`);
  if (session.spec.prompt !== undefined) add(t('Prompt:'), session.spec.prompt);
  add(t('Folder:'), session.spec.cwd);
  add(t('Permissions:'), policyLabel(t, session.spec.policy));
  if (relatives.chain.length > 1) add(t('Spawned by:'), relatives.chain.join(' › '));
  if (relatives.mark === 'orphan') add(t('Spawned by:'), t('a session that is not known any more'));
  if (relatives.mark === 'loop') add(t('Spawned by:'), t('unclear, the record is damaged'));
  if (session.attempt > 1) add(t('Attempt:'), String(session.attempt));
  const retry = retryText(t, session, now);
  if (retry !== undefined) add(t('Retry:'), retry);
  if (session.progress?.message !== undefined) add(t('Progress:'), session.progress.message);
  if (session.artifacts.length > 0) add(t('Artifacts:'), String(session.artifacts.length));
  const terminal = terminalPlace(t, view);
  if (!view.hasTerminal && terminal !== undefined) add(t('Terminal:'), terminal);
  const load = loadText(t, view);
  if (load !== undefined) add(t('Load:'), load);
  return lines.join('\n\n');
}

/** Where its terminal is shown; of an ended session only while it is shown. */
export function terminalPlace(t: Translate, { session, hasTerminal, elsewhere }: SessionView): string | undefined {
  if (hasTerminal) return t('in this window');
  if (elsewhere) return t('in another window');
  const runsInTerminal = session.status !== 'provisioning' && isActive(session.status) && session.channel !== 'external';
  // It may run on without one, for example when a browser window was closed.
  return runsInTerminal ? t('in no open window: “Terminal: Attach to Session…” may bring it back') : undefined;
}

/** CPU, memory and number of processes, as far as they were measured; nothing of what has ended. */
export function loadText(t: Translate, view: SessionView): string | undefined {
  const beat = view.heartbeat;
  if (beat === undefined || !isActive(view.session.status)) return undefined;
  return [
    ...(beat.cpuPercent === undefined ? [] : [t('{0}% CPU', Math.round(beat.cpuPercent))]),
    ...(beat.rssBytes === undefined ? [] : [t('{0} MB', Math.round(beat.rssBytes / 1_000_000))]),
    beat.processes === 1 ? t('1 process') : t('{0} processes', beat.processes),
  ].join(' · ');
}
