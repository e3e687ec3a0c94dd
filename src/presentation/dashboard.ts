import { oneLine } from '../base/text.ts';
import { selectSessions, withoutMark } from '../core/lookups.ts';
import { isActive, kindOf, type Session, type SessionKind, type SessionStatus, type Usage } from '../core/session.ts';
import { textTable, type TextColumn } from './textTable.ts';
import type { Translate } from './translate.ts';

/** The fleet as a table in a document (zeph fleet panel, seed row U8). */

export interface DashboardOptions {
  /** Only sessions with one of these. */
  readonly status?: readonly SessionStatus[];
  /** 0 or absent: all. */
  readonly limit?: number;
}

/** One line, in plain text. */
export interface DashboardRow {
  /** The first characters of the id, without `agent-`: enough for looking a session up. */
  readonly id8: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly channel: string;
  readonly model: string;
  readonly turns: string;
  /** Tokens in and out. */
  readonly tokens: string;
  readonly cost: string;
}

const idLength = 8;
const modelLength = 20;
const nameLength = 30;
const unknown = '—';
const microsPerTenThousandth = 100;

/** The lines of the table: those that are active in the order of their starts, so that no row moves while it works; then the others, newest activity first. */
export function dashboardRows(t: Translate, sessions: readonly Session[], options: DashboardOptions = {}): readonly DashboardRow[] {
  return [...selectSessions(sessions, options)].sort(activeFirst).map((session) => ({
    id8: withoutMark(session.id).slice(0, idLength),
    name: oneLine(session.name, nameLength),
    kind: kindWord(t, kindOf(session)),
    status: statusWord(t, session.status),
    channel: session.channel === 'external' ? t('external') : t('terminal'),
    model: oneLine(session.model ?? '', modelLength) || unknown,
    turns: session.usage?.turns === undefined ? unknown : String(session.usage.turns),
    tokens: tokensText(session.usage),
    cost: costText(session.usage?.costMicroUsd),
  }));
}

/** The table as plain text, like the other documents: it keeps its columns in a narrow editor, and what agents say is only text. */
export function dashboardDocument(t: Translate, sessions: readonly Session[], options: DashboardOptions = {}): string {
  const rows = dashboardRows(t, sessions, options);
  const title = t('Sessions of Agent Fleet');
  if (rows.length === 0) return `${title}\n\n${sessions.length === 0 ? t('No session was started here yet.') : t('No session has this status.')}\n`;
  const shown = rows.length === sessions.length ? [] : [t('{0} of {1} sessions', rows.length, sessions.length)];
  return `${[title, ...shown, textTable(columnsOf(t), rows.map(cellsOf)).join('\n')].join('\n\n')}\n`;
}

/** A number of tokens in short form: `999`, `1.0k`, `1.0M`. */
export function tokenCount(tokens: number): string {
  if (tokens < 1000) return String(tokens);
  // From here on a rounded number of thousands would need four digits.
  return tokens < 999_950 ? `${(tokens / 1000).toFixed(1)}k` : `${(tokens / 1_000_000).toFixed(1)}M`;
}

/** Micro-dollars as dollars with four places; what is not known is a dash, and nothing that was paid looks like nothing. */
export function costText(microUsd: number | undefined): string {
  if (microUsd === undefined) return unknown;
  const rounded = Math.round(microUsd / microsPerTenThousandth);
  if (rounded === 0 && microUsd > 0) return '<$0.0001';
  return `$${Math.floor(rounded / 10_000)}.${String(rounded % 10_000).padStart(4, '0')}`;
}

function tokensText(usage: Usage | undefined): string {
  const { inputTokens, outputTokens } = usage ?? {};
  if (inputTokens === undefined && outputTokens === undefined) return unknown;
  return [inputTokens, outputTokens].map((tokens) => (tokens === undefined ? unknown : tokenCount(tokens))).join('/');
}

/** Zeph's words: a person leads an agent, a child agent is led by another one. */
export function kindWord(t: Translate, kind: SessionKind): string {
  switch (kind) {
    case 'agent': return t('interactive');
    case 'child_agent': return t('autonomous');
    case 'background_tool': return t('background tool');
  }
}

function statusWord(t: Translate, status: SessionStatus): string {
  switch (status) {
    case 'provisioning': return t('starting');
    case 'running': return t('running');
    case 'retiring': return t('retiring');
    case 'completed': return t('completed');
    case 'failed': return t('failed');
    case 'aborted': return t('aborted');
    case 'cancelled': return t('cancelled');
    case 'retired': return t('retired');
    case 'terminated': return t('terminated');
    case 'unknown': return t('unreadable');
  }
}

function activeFirst(a: Session, b: Session): number {
  const [isFirst, isSecond] = [isActive(a.status), isActive(b.status)];
  if (isFirst !== isSecond) return isFirst ? -1 : 1;
  return isFirst ? (b.startedAt ?? b.createdAt) - (a.startedAt ?? a.createdAt) : 0;
}

function columnsOf(t: Translate): readonly TextColumn[] {
  return [
    { title: t('ID') },
    { title: t('Name') },
    { title: t('Kind') },
    { title: t('Status') },
    { title: t('Channel') },
    { title: t('Model') },
    { title: t('Turns'), isNumber: true },
    { title: t('Tokens in/out'), isNumber: true },
    { title: t('Cost'), isNumber: true },
  ];
}

function cellsOf({ id8, name, kind, status, channel, model, turns, tokens, cost }: DashboardRow): readonly string[] {
  return [id8, name, kind, status, channel, model, turns, tokens, cost];
}
