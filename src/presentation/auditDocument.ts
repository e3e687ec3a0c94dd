import { oneLine } from '../base/text.ts';
import type { StoredAuditEntry } from '../core/ports.ts';
import { uriSchemes } from './contributions.ts';
import { textTable } from './textTable.ts';
import type { Translate } from './translate.ts';

export interface AuditInput {
  /** Oldest first, as the registry gives them; at most one more than `maxAuditLines`. */
  readonly entries: readonly StoredAuditEntry[];
  /** Name of a session, as far as it is known. */
  readonly nameOf: (sessionId: string) => string | undefined;
  /** A moment (epoch milliseconds) as local date and time. */
  readonly formatTime: (at: number) => string;
}

/** Most entries in the document; an export has all. */
export const maxAuditLines = 1000;
const nothing = '—';

/** The audit log as plain text to read and search in an editor tab: who, what, to which session, when, how it ended; newest first. */
export function auditDocument(t: Translate, { entries, nameOf, formatTime }: AuditInput): string {
  const shown = entries.slice(-maxAuditLines).reverse();
  const title = t('Audit log of Agent Fleet, newest first');
  if (shown.length === 0) return `${title}\n\n${t('Nothing was asked of the fleet yet.')}\n`;
  const rows = shown.map((entry) => [
    formatTime(entry.at),
    actorWord(t, entry.actor),
    actionWord(t, entry.action),
    entry.target === undefined ? nothing : oneLine(nameOf(entry.target) ?? entry.target, 60),
    entry.result === 'ok' ? t('done') : t('failed: {0}', oneLine(entry.result, 40)),
    oneLine(entry.target ?? nothing, 60),
    entry.detail === undefined ? '' : oneLine(entry.detail, 300),
  ]);
  const lines = textTable([{ title: t('When') }, { title: t('Who') }, { title: t('What') }, { title: t('To') }, { title: t('Result') }, { title: t('Session') }, { title: t('Details') }], rows);
  const bound = entries.length > maxAuditLines ? [t('Only the newest {0} entries are shown. Export Audit Log writes all of them.', maxAuditLines)] : [];
  return `${[title, ...bound, lines.join('\n')].join('\n\n')}\n`;
}

/** The audit as JSON lines, oldest first. */
export function auditLines(entries: readonly StoredAuditEntry[]): string {
  return entries.map(({ seq, at, actor, action, target, result, detail }) => `${JSON.stringify({ seq, at: new Date(at).toISOString(), actor, action, target, result, detail })}\n`).join('');
}

/** Addresses of documents that are about the whole fleet. A session's document has no authority, so that no id can be mistaken for one of these. */
export function auditUri(t: Translate): { readonly scheme: string; readonly authority: string; readonly path: string } {
  return { scheme: uriSchemes.inspect, authority: fleetDocuments.audit, path: `/${t('Audit Log')}.txt` };
}

export function dashboardUri(t: Translate): { readonly scheme: string; readonly authority: string; readonly path: string } {
  return { scheme: uriSchemes.inspect, authority: fleetDocuments.dashboard, path: `/${t('Dashboard')}.txt` };
}

export const fleetDocuments = { audit: 'audit', dashboard: 'dashboard' } as const;

function actorWord(t: Translate, actor: string): string {
  switch (actor) {
    case 'user': return t('you');
    case 'fleet': return t('fleet');
    default: return oneLine(actor, 40);
  }
}

/** What is not known here is shown as it was written. */
function actionWord(t: Translate, action: string): string {
  switch (action) {
    case 'spawn': return t('spawn');
    case 'restart': return t('restart');
    case 'prompt': return t('prompt');
    case 'interrupt': return t('interrupt');
    case 'complete': return t('mark completed');
    case 'cancel': return t('cancel');
    case 'clear': return t('clear');
    case 'retire': return t('retire');
    case 'release': return t('release');
    case 'reap': return t('end dead sessions');
    case 'endAll': return t('end all sessions');
    case 'exportEvents': return t('export events');
    case 'importEvents': return t('import events');
    case 'exportAudit': return t('export audit log');
    default: return oneLine(action, 40);
  }
}
