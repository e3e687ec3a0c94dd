import { oneLine } from '../base/text.ts';
import type { SessionSummary } from '../core/ports.ts';
import { isActive } from '../core/session.ts';
import { formatAgo } from './durations.ts';
import type { FilterProblem } from './historyQuery.ts';
import type { InputText } from './prompts.ts';
import { sessionLook, statusLook } from './sessionLook.ts';
import type { SessionView } from './sessionView.ts';
import type { Translate } from './translate.ts';
import { rowText } from './untrustedText.ts';

/** A session that the search found, with what this window knows about it. */
export interface FoundSession {
  readonly summary: SessionSummary;
  readonly driverLabel: string;
  /** It works in the only folder of this workspace, which need not be named. */
  readonly isHere?: boolean;
  /** While it is in the fleet's list. */
  readonly view?: SessionView;
}

export type HistoryButton = 'copyId' | 'spawnAgain';

/** A row of the history search. Without an id it is a hint: nothing happens when it is picked. */
export interface HistoryPick {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  /** Codicon id, and theme colour id. */
  readonly icon: string;
  readonly color?: string;
  readonly sessionId?: string;
  readonly buttons: readonly HistoryButton[];
}

/** A row of the box shows about this many characters. */
const maxFolder = 60;
const maxPrompt = 80;

export function historyInput(t: Translate): InputText {
  return { title: t('Search History'), placeholder: t('Words, or filters such as status:failed since:3d agent:codex') };
}

/** What a search found, newest activity first; hints stand below, problems with the filters above. */
export function historyPicks(t: Translate, input: { readonly found: readonly FoundSession[]; readonly hasMore: boolean; readonly problems: readonly FilterProblem[]; readonly isEmpty: boolean; readonly canSpawn: boolean; readonly now: number }): readonly HistoryPick[] {
  const { found, hasMore, problems, isEmpty, canSpawn, now } = input;
  return [
    ...problems.map(({ problem, hint }): HistoryPick => ({ label: problem, detail: hint, icon: 'warning', color: 'list.warningForeground', buttons: [] })),
    ...(found.length === 0 && !isEmpty ? [hint(t('Nothing was found.'), 'circle-slash')] : []),
    ...(found.length === 0 && isEmpty ? [hint(t('No session was started here yet.'), 'circle-slash')] : []),
    ...found.map((one) => sessionPick(t, one, canSpawn, now)),
    ...(hasMore ? [hint(t('There are more: add a word or a filter.'), 'ellipsis')] : []),
    ...(isEmpty || found.length === 0 ? filterHelp(t) : []),
  ];
}

/** The search itself failed. */
export function historyFailed(t: Translate, reason: string): readonly HistoryPick[] {
  return [{ label: t('The search failed: {0}', rowText(reason, 300)), icon: 'error', buttons: [] }];
}

export function historyButton(t: Translate, button: HistoryButton): { readonly icon: string; readonly tooltip: string } {
  switch (button) {
    case 'copyId': return { icon: 'copy', tooltip: t('Copy Session ID') };
    case 'spawnAgain': return { icon: 'add', tooltip: t('Spawn Again with the Same Prompt…') };
  }
}

function sessionPick(t: Translate, { summary, driverLabel, isHere, view }: FoundSession, canSpawn: boolean, now: number): HistoryPick {
  const look = view === undefined ? statusLook(t, summary.status) : sessionLook(t, view, now);
  const at = isActive(summary.status) ? summary.lastActivityAt : (summary.completedAt ?? summary.lastActivityAt);
  const ago = formatAgo(t, now - at);
  const prompt = summary.prompt === undefined ? '' : rowText(summary.prompt, maxPrompt);
  return {
    label: rowText(summary.name),
    description: [look.word, rowText(driverLabel), ago, ...(summary.evicted ? [t('no longer in the list')] : [])].join(' · '),
    // The first words say most; a long folder would hide them.
    detail: [...(prompt === '' ? [] : [prompt]), ...(isHere === true && prompt !== '' ? [] : [shortFolder(summary.cwd)])].join(' · '),
    icon: look.icon,
    ...(look.color === undefined ? {} : { color: look.color }),
    sessionId: summary.id,
    buttons: canSpawn && prompt !== '' ? ['spawnAgain', 'copyId'] : ['copyId'],
  };
}

/** The end of a path says most. */
function shortFolder(path: string): string {
  const line = oneLine(path, 4096);
  return rowText(line.length <= maxFolder ? line : `…${line.slice(1 - maxFolder)}`, maxFolder);
}

function hint(label: string, icon: string): HistoryPick {
  return { label, icon, buttons: [] };
}

/** Each line fits into the width of the box. */
function filterHelp(t: Translate): readonly HistoryPick[] {
  return [
    { label: t('Words'), description: t('in name, ID, agent, first prompt, folder and artifacts'), icon: 'search', buttons: [] },
    { label: t('Filters'), description: t('status:failed · since:3d · until:2026-11-01 · agent:codex'), icon: 'filter', buttons: [] },
    { label: t('Times'), description: t('30m, 3h, 3d, 2w, today, yesterday, or a day such as 2026-11-01'), icon: 'calendar', buttons: [] },
  ];
}
