import type { StoreHealth } from '../core/ports.ts';
import type { SessionAction } from '../core/actions.ts';
import { messageText, rowText } from './untrustedText.ts';
import type { Translate } from './translate.ts';

/**
 * The sentences of commands. Questions name what happens and what is lost; refusals say what to do instead.
 */

/** A question in a modal dialog. The dialog has a Cancel button of its own. */
export interface Confirmation {
  readonly message: string;
  readonly detail: string;
  /** The button that goes on. */
  readonly confirm: string;
}

/** Ends one or more agents. */
export function confirmCancel(t: Translate, names: readonly string[]): Confirmation {
  return {
    message: names.length === 1 ? t('End the agent of “{0}”?', rowText(names[0] ?? '')) : t('End the agents of {0} sessions?', names.length),
    detail: t('The agent and all processes that it started are ended. Files that it has written stay.'),
    confirm: names.length === 1 ? t('End Agent') : t('End Agents'),
  };
}

/** Marks a session whose agent still runs. */
export function confirmComplete(t: Translate, name: string): Confirmation {
  return {
    message: t('Mark “{0}” as completed?', rowText(name)),
    detail: t('Its agent is still running and will be ended. The session counts as completed, not as cancelled.'),
    confirm: t('Mark Completed'),
  };
}

/** Asked each time, whatever the settings say. */
export function confirmBypass(t: Translate, driverLabel: string, folder: string): Confirmation {
  return {
    message: t('Start {0} without permission checks?', rowText(driverLabel)),
    detail: t('It can change and delete any file you can, run any command and use the network, without asking. The folder {0} does not limit it.', rowText(folder, 300)),
    confirm: t('Start Without Checks'),
  };
}

/** Forgets ended sessions. */
export function confirmClear(t: Translate, count: number): Confirmation {
  return {
    message: count === 1 ? t('Clear 1 finished session?') : t('Clear {0} finished sessions?', count),
    detail: t('Their rows and their history are removed. Files that the agents made stay.'),
    confirm: t('Clear'),
  };
}

/** What became of a prompt for one session. */
export type PromptReport =
  | { readonly name: string; readonly result: 'submitted' | 'typed' | 'pasted' }
  | { readonly name: string; readonly result: 'refused'; readonly reason: string };

export interface Message {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
}

/** What became of a prompt; nothing to say when every agent confirmed it, because the rows show it. */
export function promptOutcome(t: Translate, reports: readonly PromptReport[]): Message | undefined {
  const refused = reports.flatMap((report) => (report.result === 'refused' ? [report] : []));
  const typed = reports.filter((report) => report.result === 'typed');
  const [firstRefused] = refused;
  if (firstRefused !== undefined) {
    if (reports.length === 1) return { severity: 'error', text: messageText(firstRefused.reason) };
    const reasons = messageText(refused.map((report) => report.reason).join(' '));
    return {
      severity: 'warning',
      text: t('The prompt was sent to {0} of {1} sessions. {2}', reports.length - refused.length, reports.length, reasons),
    };
  }
  const [pasted] = reports.filter((report) => report.result === 'pasted');
  if (pasted !== undefined) {
    return { severity: 'warning', text: t('“{0}” asked something while the prompt was typed. The prompt lies in its input line and is sent when the question is answered.', rowText(pasted.name)) };
  }
  const [firstTyped] = typed;
  if (firstTyped === undefined) return undefined;
  const text =
    typed.length === 1
      ? t('The prompt was typed into “{0}”. It was not confirmed: look at its terminal.', rowText(firstTyped.name))
      : t('The prompt was typed into {0} sessions that did not confirm it: look at their terminals.', typed.length);
  return { severity: 'info', text };
}

/** A picked agent is not on this machine. */
export function driverMissing(t: Translate, label: string, installHint: string, pathSetting: string | undefined): string {
  const hint = rowText(installHint, 300);
  return pathSetting === undefined
    ? t('{0} was not found. {1}', rowText(label), hint)
    : t('{0} was not found. {1} If it is installed elsewhere, set {2}.', rowText(label), hint, pathSetting);
}

/** There is no session for which an action is valid. */
export function nothingToActOn(t: Translate, action: SessionAction): string {
  switch (action) {
    case 'prompt': return t('No session can take a prompt now. An agent that asks something is answered in its terminal.');
    case 'reveal': return t('No session has a terminal in this window.');
    case 'interrupt': return t('No session has a turn to interrupt.');
    case 'complete': return t('No running session can be marked as completed.');
    case 'cancel': return t('No session is active.');
    case 'retire': return t('No session is running.');
    case 'release': return t('No session needs to be released: of each one it is known whether it runs.');
    case 'restart': return t('No session can be restarted. Failed, aborted, cancelled and terminated sessions can.');
    case 'inspect': return t('There is no session yet.');
    case 'openArtifact': return t('No session has reported an artifact yet.');
    case 'clear': return t('No session is finished.');
  }
}

/** Why nothing can be started here. */
export function untrustedWorkspace(t: Translate): string {
  return t('This workspace is not trusted. Agents run commands in it, so trust it before you start one.');
}

export function noFolder(t: Translate): string {
  return t('Open a folder first: an agent needs one to work in.');
}

export function artifactGone(t: Translate, path: string): string {
  return t('The file {0} does not exist any more.', rowText(path, 300));
}

export function nothingChanged(t: Translate, name: string): string {
  return t('“{0}” has reported no file, and git sees no change in its folder.', rowText(name));
}

export function artifactOutside(t: Translate, path: string): string {
  return t('The file {0} lies outside the folders of its session and was not opened.', rowText(path, 300));
}

/** @param problem a sentence about one entry, from the custom driver. */
export function badCustomAgent(t: Translate, problem: string): string {
  return t('The setting agentFleet.customAgents has an entry that was left out. {0}', messageText(problem));
}

export function unknownDefaultDriver(t: Translate, id: string): string {
  return t('The setting agentFleet.defaultDriver names “{0}”, which is not known.', rowText(id));
}

export function sessionGone(t: Translate): string {
  return t('This session is not in the registry any more. It may have been cleared.');
}

export function sessionIdCopied(t: Translate, name: string): string {
  return t('The session ID of “{0}” was copied.', rowText(name));
}

export function activationFailed(t: Translate, reason: string): string {
  return t('Agent Fleet could not start: {0}', rowText(reason, 300));
}

/** A damaged registry was put aside, or rows were left out. */
export function registryDamaged(t: Translate, report: RegistryFindings): string | undefined {
  if (report.newerVersion !== undefined) return t('A newer version of Agent Fleet wrote this registry. It is not changed: update the extension to use it.');
  const aside = rowText(report.setAside ?? '', 300);
  const kept = report.sessions.length;
  if (report.restored !== true) return aside === '' ? undefined : t('A damaged file of the fleet registry was set aside as {0}. Nothing is missing: it was rebuilt from the journal.', aside);
  if (aside === '') return t('The fleet registry is damaged: some changes could not be read and were left out. Sessions that are kept: {0}.', kept);
  if (kept === 0) return t('The fleet registry was damaged and set aside as {0}. The fleet begins anew.', aside);
  return t('The fleet registry was damaged: some changes could not be read and were left out. Sessions that are kept: {0}. The damaged file is set aside as {1}.', kept, aside);
}

/** A reason as a sentence with its full stop, whoever wrote it. */
function sentence(reason: string): string {
  return `${rowText(reason, 300).replace(/[.…]+$/, '')}.`;
}

/** What opening the registry found. */
export interface RegistryFindings {
  readonly sessions: readonly unknown[];
  readonly setAside?: string;
  readonly restored?: true;
  readonly newerVersion?: number;
}

export interface ViewState {
  readonly health: StoreHealth;
  readonly trusted: boolean;
  /** Another window owns the registry and does not answer: nothing can be changed. */
  readonly ownerSilent: boolean;
  readonly damage?: string;
}

/** The line above the tree (`TreeView.message`), or nothing. */
export function viewMessage(t: Translate, state: ViewState): string | undefined {
  if (!state.health.persisted) return t('Changes are not saved: {0} Agents keep running.', sentence(state.health.reason));
  if (state.damage !== undefined) return state.damage;
  if (!state.trusted) return t('Restricted Mode: sessions are shown, nothing can be started.');
  if (state.ownerSilent) return t('Another window manages this fleet and does not answer. This one only shows it.');
  return undefined;
}

/** Asked once, before the first start of an agent that wants its user's consent for hooks. */
export function confirmHooks(t: Translate, driverLabel: string): Confirmation & { readonly decline: string } {
  return {
    message: t('May {0} report to Agent Fleet?', rowText(driverLabel)),
    detail: t('{0} wants your consent before it runs hooks. Ours only write a small file that says what the agent does. Your configuration is not changed. Without them, only the window title tells what the agent does.', rowText(driverLabel)),
    confirm: t('Allow Hooks'),
    decline: t('Use Titles Only'),
  };
}
