import { oneLine, plainText, clip } from '../base/text.ts';
import type { HistoryEntry } from '../core/ports.ts';
import { kindOf, type PeerHandle, type ProcessIdentity, type Usage } from '../core/session.ts';
import { uriSchemes } from './contributions.ts';
import { costText, kindWord, tokenCount } from './dashboard.ts';
import { formatAgo, formatElapsed } from './durations.ts';
import { livenessWord, signalOrigin } from './evidence.ts';
import type { FamilyMark } from './family.ts';
import { historyText } from './historyText.ts';
import { policyDetail, policyLabel } from './policies.ts';
import { retryText } from './retryText.ts';
import { outcomeSentence, sessionLook } from './sessionLook.ts';
import { elapsedOf, type SessionView } from './sessionView.ts';
import { loadText, terminalPlace } from './tooltip.ts';
import type { Translate } from './translate.ts';
import { withoutGuards } from './untrustedText.ts';

export interface InspectInput {
  readonly view: SessionView;
  /** Names from the root of the actor chain down to the session. */
  readonly chain: readonly string[];
  readonly mark?: FamilyMark;
  /** It is no longer in the fleet's list. */
  readonly evicted?: boolean;
  /** The newest entries, oldest first; those before are counted by the session. */
  readonly history: readonly HistoryEntry[];
  readonly now: number;
  /** A moment (epoch milliseconds) as local date and time. */
  readonly formatTime: (at: number) => string;
}

/** Most history lines in a document; older ones are counted. */
export const maxHistoryLines = 200;
const maxPromptLines = 40;
const nothing = '—';

type Line = readonly [label: string, value: string];

/**
 * All that is known of a session, as plain text to read in an editor tab. The same fields stand in the same order
 * whatever the state, with a dash where nothing is known, so that a live update moves no line above the lists.
 * Sections are indented, which lets the editor fold them.
 */
export function inspectDocument(t: Translate, input: InspectInput): string {
  const { view } = input;
  const look = sessionLook(t, view, input.now);
  const tables: readonly (readonly [title: string, lines: readonly Line[]])[] = [
    [t('State'), stateLines(t, input)],
    [t('Process'), processLines(t, view)],
    [t('Task'), taskLines(t, input)],
    [t('Record'), recordLines(t, view)],
  ];
  // One column for all of them.
  const width = Math.max(...tables.flatMap(([, lines]) => lines.map(([label]) => label.length))) + 2;
  const sections = [
    ...tables.map(([heading, lines]) => section(heading, lines, width)),
    list(t('Prompt'), promptLines(t, view.session.spec.prompt)),
    list(t('Artifacts'), view.session.artifacts.map((artifact) => `${oneLine(artifact.kind, 40)}  ${oneLine(artifact.path, 400)}  ${input.formatTime(artifact.at)}`)),
    list(t('History'), historyLines(t, input)),
  ];
  const title = `${oneLine(view.session.name)} · ${oneLine(view.driverLabel)} · ${look.word}`;
  return withoutGuards(`${[title, ...sections].join('\n\n')}\n`);
}

/** Path and query of the document's URI (scheme `uriSchemes.inspect`). The path is only for the tab's title; the query is the session id. */
export function inspectUri(view: SessionView): { readonly scheme: string; readonly path: string; readonly query: string } {
  const title = oneLine(view.session.name, 60).replace(/[\\/:*?"<>|]/g, '-');
  return { scheme: uriSchemes.inspect, path: `/${title}.txt`, query: view.session.id };
}

function stateLines(t: Translate, input: InspectInput): readonly Line[] {
  const { view, now, formatTime } = input;
  const { session } = view;
  const { signal, progress } = session;
  const look = sessionLook(t, view, now);
  const moment = (at: number | undefined): string => (at === undefined ? nothing : `${formatTime(at)} (${formatAgo(t, now - at)})`);
  return [
    [t('Status'), input.evicted === true ? t('{0}, no longer in the list', session.status) : session.status],
    [t('Now'), look.sentence],
    [t('Signal'), signal === undefined ? t('no signal') : [signal.activity, ...(signal.detail === undefined ? [] : [oneLine(signal.detail)])].join(': ')],
    [t('Told by'), signal === undefined ? nothing : signalOrigin(t, signal)],
    [t('Told at'), moment(signal?.at)],
    [t('Process is'), livenessWord(t, view.liveness)],
    [t('Progress'), progress === undefined ? nothing : progressText(t, progress)],
    [t('Outcome'), session.outcome === undefined ? nothing : fullOutcome(t, view)],
    [t('Created'), moment(session.createdAt)],
    [t('Started'), moment(session.startedAt)],
    [t('Last activity'), moment(session.lastActivityAt)],
    [t('Ended'), moment(session.completedAt)],
    [t('Duration'), formatElapsed(t, elapsedOf(view, now))],
    [t('Retry'), retryText(t, session, now) ?? nothing],
  ];
}

/** Of the session's record: seldom asked for, so it stands last. */
function recordLines(t: Translate, { session }: SessionView): readonly Line[] {
  return [
    [t('Elapsed'), session.elapsedMs === undefined ? nothing : t('{0} from the order to start to the end', formatElapsed(t, session.elapsedMs))],
    [t('Feed number'), session.feedSeq === undefined ? nothing : String(session.feedSeq)],
    [t('Skipped inputs'), String(session.skipped)],
  ];
}

function processLines(t: Translate, view: SessionView): readonly Line[] {
  const { session } = view;
  return [
    [t('Session'), session.id],
    [t('Agent'), identityText(t, session.agent)],
    [t('Runner'), identityText(t, session.runner)],
    [t('Conversation'), session.conversationId === undefined ? nothing : oneLine(session.conversationId)],
    [t('Terminal'), terminalPlace(t, view) ?? nothing],
    [t('Load'), loadText(t, view) ?? nothing],
    [t('Host'), textOf(session.host)],
    [t('Peer'), session.peer === undefined ? nothing : peerText(session.peer)],
  ];
}

function taskLines(t: Translate, input: InspectInput): readonly Line[] {
  const { session } = input.view;
  const { policy, cwd, variant } = session.spec;
  return [
    [t('Driver'), `${oneLine(input.view.driverLabel)} (${oneLine(session.driver)}${variant === undefined ? '' : `, ${oneLine(variant)}`})${session.channel === 'external' ? ` · ${t('external')}` : ''}`],
    [t('Kind'), kindWord(t, kindOf(session))],
    [t('Model'), textOf(session.model)],
    [t('Usage'), session.usage === undefined ? nothing : usageText(t, session.usage)],
    [t('Folder'), oneLine(cwd, 400)],
    [t('Worktree'), textOf(session.worktree)],
    [t('Permissions'), `${policyLabel(t, policy)}. ${policyDetail(t, policy)}`],
    [t('Attempt'), String(session.attempt)],
    [t('Restart of'), textOf(session.restartOf)],
    [t('Resumed from'), textOf(session.resumedFrom)],
    [t('Actor chain'), chainText(t, input)],
  ];
}

function chainText(t: Translate, { chain, mark }: InspectInput): string {
  const names = [t('you'), ...chain].map((name) => oneLine(name, 80)).join(' › ');
  if (mark === 'orphan') return t('{0} (its parent is not known any more)', names);
  if (mark === 'loop') return t('{0} (the record of its parents is damaged)', names);
  return names;
}

function fullOutcome(t: Translate, view: SessionView): string {
  const { outcome } = view.session;
  const sentence = outcomeSentence(t, 'completed', outcome);
  // The exit code replaces the error in the short sentence; here there is room for both.
  return outcome?.type === 'failed' && outcome.exitCode !== undefined ? `${sentence} · ${oneLine(outcome.error, 400)}` : sentence;
}

function progressText(t: Translate, progress: NonNullable<SessionView['session']['progress']>): string {
  return [
    ...(progress.percent === undefined ? [] : [t('{0}% done', Math.round(progress.percent))]),
    ...(progress.message === undefined ? [] : [oneLine(progress.message)]),
    progress.count === 1 ? t('1 report') : t('{0} reports', progress.count),
  ].join(' · ');
}

function textOf(value: string | undefined): string {
  return value === undefined ? nothing : oneLine(value, 400) || nothing;
}

function peerText({ name, address }: PeerHandle): string {
  return `${oneLine(name, 100)} (${oneLine(address, 512)})`;
}

/** Only what the agent told: the rest is not known, which is not nothing. */
function usageText(t: Translate, { turns, inputTokens, outputTokens, reasoningTokens, toolCalls, costMicroUsd }: Usage): string {
  const parts = [
    ...(turns === undefined ? [] : [turns === 1 ? t('1 turn') : t('{0} turns', turns)]),
    ...(inputTokens === undefined ? [] : [t('{0} tokens in', tokenCount(inputTokens))]),
    ...(outputTokens === undefined ? [] : [t('{0} tokens out', tokenCount(outputTokens))]),
    ...(reasoningTokens === undefined ? [] : [t('{0} of them for reasoning', tokenCount(reasoningTokens))]),
    ...(toolCalls === undefined ? [] : [toolCalls === 1 ? t('1 tool call') : t('{0} tool calls', toolCalls)]),
    ...(costMicroUsd === undefined ? [] : [costText(costMicroUsd)]),
  ];
  return parts.join(' · ') || nothing;
}

function identityText(t: Translate, identity: ProcessIdentity | undefined): string {
  if (identity === undefined) return nothing;
  return [
    t('pid {0}', identity.pid),
    ...(identity.startTime === undefined ? [] : [t('start time {0}', oneLine(identity.startTime, 60))]),
    ...(identity.bootId === undefined ? [] : [t('boot {0}', oneLine(identity.bootId, 60))]),
  ].join(' · ');
}

function promptLines(t: Translate, prompt: string | undefined): readonly string[] {
  if (prompt === undefined) return [];
  const lines = plainText(prompt).split('\n');
  const shown = lines.slice(0, maxPromptLines).map((line) => clip(line.trimEnd(), 400));
  const rest = lines.length - shown.length;
  return rest === 0 ? shown : [...shown, rest === 1 ? t('… 1 more line') : t('… {0} more lines', rest)];
}

function historyLines(t: Translate, input: InspectInput): readonly string[] {
  const shown = input.history.slice(-maxHistoryLines);
  const hidden = Math.max(input.view.session.historySeq, input.history.length) - shown.length;
  const lines = shown.map((entry) => `${input.formatTime(entry.at)}  ${historyText(t, entry)}`);
  if (hidden === 0) return lines;
  return [hidden === 1 ? t('… 1 earlier entry') : t('… {0} earlier entries', hidden), ...lines];
}

function section(title: string, lines: readonly Line[], width: number): string {
  return [title, ...lines.map(([label, value]) => `    ${`${label}:`.padEnd(width)}${value}`)].join('\n');
}

function list(title: string, lines: readonly string[]): string {
  return [title, ...(lines.length === 0 ? [nothing] : lines).map((line) => `    ${line}`.trimEnd())].join('\n');
}
