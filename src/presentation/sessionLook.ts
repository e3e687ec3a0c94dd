import { isTerminal, type SessionOutcome, type SessionStatus } from '../core/session.ts';
import { formatElapsed } from './durations.ts';
import { phaseOf, type Phase } from './phase.ts';
import type { SessionView } from './sessionView.ts';
import type { Translate } from './translate.ts';
import { asCode, rowText } from './untrustedText.ts';

/** How a session looks. Icon, word and sentence differ for each phase, so that the colour is never needed. */
export interface SessionLook {
  readonly phase: Phase;
  /** Codicon id. */
  readonly icon: string;
  /** Theme colour id of the icon. */
  readonly color?: string;
  /** The state in one or two words. */
  readonly word: string;
  /** What the session does or did, in plain words, beginning in lower case. */
  readonly sentence: string;
}

interface Sign {
  readonly icon: string;
  readonly color?: string;
}

const warning = 'list.warningForeground';
const quiet = 'disabledForeground';

/** Only passing states turn: a fleet at work stays calm. */
const signs: Readonly<Record<Phase, Sign>> = {
  starting: { icon: 'loading~spin' },
  working: { icon: 'sync', color: 'charts.blue' },
  modelWait: { icon: 'cloud', color: 'charts.blue' },
  runningTool: { icon: 'tools', color: 'charts.blue' },
  needsPermission: { icon: 'warning', color: warning },
  needsAnswer: { icon: 'question', color: warning },
  blocked: { icon: 'lock', color: warning },
  idle: { icon: 'circle-outline' },
  noSignal: { icon: 'eye-closed', color: quiet },
  stale: { icon: 'watch', color: warning },
  cannotTell: { icon: 'unverified', color: quiet },
  gone: { icon: 'plug', color: quiet },
  ending: { icon: 'debug-stop' },
  retiring: { icon: 'sign-out' },
  completed: { icon: 'check', color: 'testing.iconPassed' },
  failed: { icon: 'error', color: 'testing.iconFailed' },
  aborted: { icon: 'stop-circle', color: 'testing.iconErrored' },
  cancelled: { icon: 'circle-slash', color: 'testing.iconSkipped' },
  retired: { icon: 'archive', color: quiet },
  terminated: { icon: 'debug-disconnect', color: quiet },
  unreadable: { icon: 'bracket-error', color: 'testing.iconErrored' },
};

/** How a session looks now. */
export function sessionLook(t: Translate, view: SessionView, now: number): SessionLook {
  const phase = phaseOf(view);
  return { phase, ...signs[phase], word: isLost(view) ? t('unknown') : phaseWord(t, phase), sentence: sentenceOf(t, phase, view, now) };
}

/** How a session looks of which only the status is known. */
export function statusLook(t: Translate, status: SessionStatus): Pick<SessionLook, 'icon' | 'color' | 'word'> {
  const phase = isTerminal(status) ? status : statusPhases[status];
  return { ...signs[phase], word: phaseWord(t, phase) };
}

const statusPhases = { provisioning: 'starting', running: 'cannotTell', retiring: 'retiring', unknown: 'unreadable' } as const satisfies Partial<Record<SessionStatus, Phase>>;

/** The state in one or two words. */
export function phaseWord(t: Translate, phase: Phase): string {
  switch (phase) {
    case 'starting': return t('starting');
    case 'working': return t('working');
    case 'modelWait': return t('waiting for the model');
    case 'runningTool': return t('running a tool');
    case 'needsPermission': return t('needs permission');
    case 'needsAnswer': return t('needs an answer');
    case 'blocked': return t('blocked');
    case 'idle': return t('idle');
    case 'noSignal': return t('no signal');
    case 'stale': return t('stale');
    case 'cannotTell': return t('not verified');
    case 'gone': return t('process gone');
    case 'ending': return t('ending');
    case 'retiring': return t('retiring');
    case 'completed': return t('completed');
    case 'failed': return t('failed');
    case 'aborted': return t('aborted');
    case 'cancelled': return t('cancelled');
    case 'retired': return t('retired');
    case 'terminated': return t('terminated');
    case 'unreadable': return t('unreadable');
  }
}

function sentenceOf(t: Translate, phase: Phase, view: SessionView, now: number): string {
  const { session } = view;
  const detail = session.signal?.detail;
  const told = detail === undefined || rowText(detail) === '' ? undefined : detail;
  switch (phase) {
    case 'starting': return t('starting');
    case 'working': return t('working');
    case 'modelWait': return t('waits for the model');
    case 'runningTool': return told === undefined ? t('runs a tool') : t('runs {0}', asCode(told));
    case 'needsPermission': return told === undefined ? t('asks for permission') : t('wants to run {0}', asCode(told));
    case 'needsAnswer': return told === undefined ? t('asks a question') : t('asks “{0}”', rowText(told));
    case 'blocked': return told === undefined ? t('cannot go on') : t('cannot go on: {0}', rowText(told));
    case 'idle': return withSpan(t, now - (session.signal?.at ?? now), t('idle'), (span) => t('idle for {0}', span));
    case 'noSignal': return t('no signal');
    case 'stale': return withSpan(t, now - session.lastActivityAt, t('no signal for a while'), (span) => t('no signal for {0}', span));
    case 'cannotTell': return t('can’t tell whether it still runs');
    case 'gone': return t('its process is gone');
    case 'ending': return t('is being ended');
    case 'retiring': return t('ends after this turn');
    case 'unreadable': return isLost(view) ? t('how it ended is not known') : t('its record cannot be read');
    default: return outcomeSentence(t, phase, session.outcome);
  }
}

/** Its record came from elsewhere and does not say how it ended. */
function isLost({ session }: SessionView): boolean {
  return session.status === 'unknown' && session.channel === 'external';
}

/** Spans below a minute are left out: the row would change every second. */
function withSpan(t: Translate, ms: number, short: string, long: (span: string) => string): string {
  return ms < 60_000 ? short : long(formatElapsed(t, ms));
}

/** How a session ended, in plain words. */
export function outcomeSentence(t: Translate, phase: Phase, outcome: SessionOutcome | undefined): string {
  switch (outcome?.type) {
    case 'completed':
      if (outcome.by === 'person') return outcome.summary === undefined ? t('marked as completed by you') : t('marked as completed by you: {0}', rowText(outcome.summary));
      return outcome.summary === undefined ? t('completed') : t('completed: {0}', rowText(outcome.summary));
    case 'failed': return outcome.exitCode === undefined ? t('failed: {0}', rowText(outcome.error)) : t('failed: exit code {0}', outcome.exitCode);
    case 'aborted': return t('did not start: {0}', rowText(outcome.reason));
    case 'cancelled': return outcome.reason === undefined ? t('cancelled by you') : t('cancelled: {0}', rowText(outcome.reason));
    case 'retired': return t('retired after its last turn');
    case 'terminated': return t('terminated: {0}', rowText(outcome.reason));
    case undefined: return phaseWord(t, phase);
  }
}
