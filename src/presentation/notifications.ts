import { isActive } from '../core/session.ts';
import type { NotificationSetting } from './contributions.ts';
import { needsYou } from './phase.ts';
import { retryRemark } from './retryText.ts';
import { sessionLook } from './sessionLook.ts';
import type { SessionView } from './sessionView.ts';
import type { Translate } from './translate.ts';
import { rowText } from './untrustedText.ts';

export interface FleetNotification {
  readonly kind: 'needsYou' | 'failed' | 'finished';
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
  /** The sessions it speaks of. With one, offer its actions (terminal, inspect, log); with more, offer the view. */
  readonly sessionIds: readonly string[];
}

export interface NotificationInput {
  /** The fleet at the last look; the first look after start-up gives nothing. */
  readonly before: readonly SessionView[];
  readonly after: readonly SessionView[];
  readonly setting: NotificationSetting;
  /** Sessions whose change the person made since the last look (completed, cancelled, prompted, cleared). */
  readonly byPerson: ReadonlySet<string>;
  readonly now: number;
}

/**
 * The notifications that are due. The host looks at intervals (one look per coalesced burst of changes), so that five agents
 * which end together give one message. `important`: needs you, failed. `all`: also completed, and when nothing is left running.
 * What the person did himself is never announced, nor what is still open from before.
 */
export function dueNotifications(t: Translate, input: NotificationInput): readonly FleetNotification[] {
  if (input.setting === 'off') return [];
  const before = new Map(input.before.map((view) => [view.session.id, view]));
  // The window with its terminal tells of it: there it can be answered.
  const news = input.after.filter((view) => !input.byPerson.has(view.session.id) && !view.elsewhere);
  const isNew = (view: SessionView, test: (view: SessionView) => boolean): boolean => {
    const old = before.get(view.session.id);
    return test(view) && (old === undefined || !test(old));
  };
  const due: FleetNotification[] = [];
  const needy = news.filter((view) => isNew(view, needsYou));
  if (needy.length > 0) due.push(needsYouNotification(t, needy, input.now));
  const superseded = new Set(input.after.map((view) => view.session.restartOf));
  const failed = news.filter((view) => isNew(view, hasFailed) && !superseded.has(view.session.id));
  if (failed.length > 0) due.push(failedNotification(t, failed, input.now));
  if (input.setting === 'all') {
    const completed = news.filter((view) => isNew(view, hasCompleted));
    if (completed.length > 0) due.push(finishedNotification(t, completed, input.after));
  }
  return due;
}

/** A session that was completed by a person, cancelled or retired was ended on purpose. */
function hasCompleted({ session }: SessionView): boolean {
  return session.status === 'completed' && !(session.outcome?.type === 'completed' && session.outcome.by === 'person');
}

/** What ended without success and without a person wanting it, and is not started again by itself. */
function hasFailed({ session }: SessionView): boolean {
  if (session.retryAt !== undefined) return false;
  return session.status === 'failed' || session.status === 'aborted' || session.status === 'terminated';
}

function needsYouNotification(t: Translate, views: readonly SessionView[], now: number): FleetNotification {
  const [first] = views;
  const message =
    views.length === 1 && first !== undefined
      ? t('{0} {1}', rowText(first.session.name), sessionLook(t, first, now).sentence)
      : t('{0} sessions need you: {1}', views.length, names(views));
  return { kind: 'needsYou', severity: 'warning', message, sessionIds: idsOf(views) };
}

function failedNotification(t: Translate, views: readonly SessionView[], now: number): FleetNotification {
  const [first] = views;
  const message =
    views.length === 1 && first !== undefined
      ? t('{0}: {1}', rowText(first.session.name), [sessionLook(t, first, now).sentence, retryRemark(t, first.session, now) ?? []].flat().join(' · '))
      : t('{0} sessions ended without success: {1}', views.length, names(views));
  return { kind: 'failed', severity: 'error', message, sessionIds: idsOf(views) };
}

function finishedNotification(t: Translate, views: readonly SessionView[], all: readonly SessionView[]): FleetNotification {
  const [first] = views;
  const left = all.filter((view) => isActive(view.session.status)).length;
  const ended =
    views.length === 1 && first !== undefined ? t('{0} completed.', rowText(first.session.name)) : t('{0} sessions completed: {1}.', views.length, names(views));
  return { kind: 'finished', severity: 'info', message: left === 0 ? t('{0} No agent is running any more.', ended) : ended, sessionIds: idsOf(views) };
}

function names(views: readonly SessionView[]): string {
  const shown = views.slice(0, 5).map((view) => rowText(view.session.name, 30));
  return views.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
}

function idsOf(views: readonly SessionView[]): readonly string[] {
  return views.map((view) => view.session.id);
}
