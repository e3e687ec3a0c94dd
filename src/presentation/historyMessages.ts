import type { EndAllReport } from '../core/endAllSessions.ts';
import type { Confirmation, Message } from './messages.ts';
import type { InputText } from './prompts.ts';
import type { Translate } from './translate.ts';
import { messageText, rowText } from './untrustedText.ts';

/** The sentences of the commands around the end of sessions and around what is kept of them. */

/** Dead sessions were ended. @param unknown active sessions of which nobody can tell whether they run. */
export function reaped(t: Translate, count: number, unknown: number): string {
  const ended = count === 0 ? t('No session is proven dead.') : count === 1 ? t('1 dead session was ended.') : t('{0} dead sessions were ended.', count);
  if (unknown === 0) return ended;
  const hint = unknown === 1 ? t('Of 1 session nobody can tell whether it runs: if you know that it is gone, use Release Session.') : t('Of {0} sessions nobody can tell whether they run: if you know that one is gone, use Release Session.', unknown);
  return t('{0} {1}', ended, hint);
}

export function confirmRelease(t: Translate, name: string): Confirmation {
  return {
    message: t('Release “{0}”?', rowText(name)),
    detail: t('Nobody can tell whether its agent still runs. It is listed as terminated from then on, and its folder is free for others. An agent that does run is not ended: two agents may then write in one folder.'),
    confirm: t('Release'),
  };
}

/** @param deadlineMinutes 0: none. */
export function confirmRetire(t: Translate, names: readonly string[], deadlineMinutes: number): Confirmation {
  const how = t('It takes no new prompts. Its current turn goes on; at the end of it the agent is ended and the session is retired.');
  const late = deadlineMinutes === 0 ? t('There is no deadline: the setting agentFleet.retire.deadlineMinutes is 0.') : deadlineMinutes === 1 ? t('If that takes longer than 1 minute, it is ended.') : t('If that takes longer than {0} minutes, it is ended.', deadlineMinutes);
  return {
    message: names.length === 1 ? t('Retire “{0}”?', rowText(names[0] ?? '')) : t('Retire {0} sessions?', names.length),
    detail: t('{0} {1}', how, late),
    confirm: t('Retire'),
  };
}

export function confirmEndAll(t: Translate, count: number): Confirmation {
  return {
    message: count === 1 ? t('End the 1 active session?') : t('End all {0} active sessions?', count),
    detail: t('Each agent and all processes that it started are ended, and its row says that it was cancelled. Files that the agents have written stay. A session whose process cannot be found is listed as terminated.'),
    confirm: t('End All'),
  };
}

export function endAllReasonInput(t: Translate): InputText {
  return { title: t('End All Sessions'), placeholder: t('Why? It is kept in their history. May be empty') };
}

export function endedAll(t: Translate, report: EndAllReport): Message {
  const { ended, closed, left, problems } = report;
  const parts = [
    ended === 1 ? t('1 session was ended.') : t('{0} sessions were ended.', ended),
    ...(closed === 0 ? [] : [closed === 1 ? t('1 session without a process was listed as terminated.') : t('{0} sessions without a process were listed as terminated.', closed)]),
    ...(left === 0 ? [] : [left === 1 ? t('1 session still runs: it is ended as soon as its process can be reached.') : t('{0} sessions still run: they are ended as soon as their processes can be reached.', left)]),
    ...problems,
  ];
  return { severity: left > 0 || problems.length > 0 ? 'warning' : 'info', text: messageText(parts.join(' ')) };
}

export function nothingActive(t: Translate): string {
  return t('No session is active.');
}

/** Another live agent has the folder for itself. */
export function folderTaken(t: Translate, owner: string, folder: string): Confirmation & { readonly reveal: string } {
  return {
    message: t('“{0}” works in this folder already.', rowText(owner)),
    detail: t('The setting agentFleet.exclusiveFolders lets at most one live agent write in {0}. Two agents in one folder may overwrite each other’s work.', rowText(folder, 300)),
    confirm: t('Start Anyway'),
    reveal: t('Reveal'),
  };
}

/** Which sessions are exported. */
export function exportInput(t: Translate): InputText {
  return { title: t('Export Events'), placeholder: t('Of which sessions?') };
}

export function exportSelected(t: Translate, count: number): string {
  return count === 1 ? t('The selected session') : t('The {0} selected sessions', count);
}

export function exportOne(t: Translate): string {
  return t('One session…');
}

export function exportFleet(t: Translate): { readonly label: string; readonly detail: string } {
  return { label: t('The whole fleet'), detail: t('Also sessions that are no longer in the list.') };
}

export function nothingToExport(t: Translate): string {
  return t('There is nothing to export yet.');
}

export function exported(t: Translate, what: { readonly sessions: number; readonly events: number; readonly unreadable: number }, file: string): Message {
  const sessions = what.sessions === 1 ? t('1 session') : t('{0} sessions', what.sessions);
  const events = what.events === 1 ? t('1 event') : t('{0} events', what.events);
  const text = t('{0} with {1} were written to {2}.', sessions, events, rowText(file, 200));
  if (what.unreadable === 0) return { severity: 'info', text };
  const bad = what.unreadable === 1 ? t('1 session could not be read and was left out.') : t('{0} sessions could not be read and were left out.', what.unreadable);
  return { severity: 'warning', text: t('{0} {1}', text, bad) };
}

export function auditExported(t: Translate, count: number, file: string): string {
  return count === 1 ? t('1 audit entry was written to {0}.', rowText(file, 200)) : t('{0} audit entries were written to {1}.', count, rowText(file, 200));
}

export interface ImportReport {
  readonly imported: number;
  /** Sessions that were in the registry already. */
  readonly known: number;
  /** Imported ones that are too old for the list. */
  readonly unlisted: number;
  /** Not imported because the person cancelled. */
  readonly left: number;
  /** Lines that could not be read, and what is wrong with the first of them. */
  readonly badLines: number;
  readonly firstBad?: { readonly line: number; readonly reason: string };
  /** Ledger records that hold no event. */
  readonly others: number;
}

export function importedMessage(t: Translate, report: ImportReport): Message {
  const { imported, known, unlisted, left, badLines, firstBad, others } = report;
  const parts = [
    imported === 0 ? t('No session was imported.') : imported === 1 ? t('1 session was imported.') : t('{0} sessions were imported.', imported),
    ...(known === 0 ? [] : [known === 1 ? t('1 was here already and stays as it is.') : t('{0} were here already and stay as they are.', known)]),
    ...(unlisted === 0 ? [] : [unlisted === 1 ? t('1 is too old for the list: Search History finds it.') : t('{0} are too old for the list: Search History finds them.', unlisted)]),
    ...(left === 0 ? [] : [left === 1 ? t('It was cancelled: 1 session was left out.') : t('It was cancelled: {0} sessions were left out.', left)]),
    ...(others === 0 ? [] : [others === 1 ? t('1 record holds no event and was passed over.') : t('{0} records hold no event and were passed over.', others)]),
    ...(badLines === 0 ? [] : [badLines === 1 ? t('1 line could not be read and was left out.') : t('{0} lines could not be read and were left out.', badLines)]),
    ...(firstBad === undefined ? [] : [t('Line {0}: {1}.', firstBad.line, rowText(firstBad.reason, 120))]),
  ];
  return { severity: badLines > 0 || imported + known === 0 ? 'warning' : 'info', text: messageText(parts.join(' ')) };
}

export function importTooLarge(t: Translate, megabytes: number, most: number): string {
  return t('The file has {0} MB; at most {1} MB can be imported. Cut it into several files.', megabytes, most);
}

export function notSaved(t: Translate, file: string, reason: string): string {
  return t('The file {0} could not be written: {1}. Choose another place.', rowText(file, 200), rowText(reason, 200).replace(/[.…]+$/, ''));
}

export function notRead(t: Translate, file: string, reason: string): string {
  return t('The file {0} could not be read: {1}.', rowText(file, 200), rowText(reason, 200).replace(/[.…]+$/, ''));
}
