import type { Translate } from './translate.ts';
import { rowText } from './untrustedText.ts';

/** Texts of the input boxes and pickers that commands open, and of the buttons under messages. */

/** A title, and the grey text of the empty box. */
export interface InputText {
  readonly title: string;
  readonly placeholder: string;
}

export function driverInput(t: Translate): InputText {
  return { title: t('Spawn Agent'), placeholder: t('Which agent?') };
}

export function nameInput(t: Translate, driverLabel: string): InputText {
  return { title: t('Spawn {0}', rowText(driverLabel)), placeholder: t('Name of the session, for example login-flow') };
}

export function firstPromptInput(t: Translate, driverLabel: string): InputText {
  return { title: t('Spawn {0}', rowText(driverLabel)), placeholder: t('What should it do? Leave empty to talk to it in its terminal') };
}

export function policyInput(t: Translate, driverLabel: string): InputText {
  return { title: t('Spawn {0}', rowText(driverLabel)), placeholder: t('What may it do without asking?') };
}

export function folderInput(t: Translate): InputText {
  return { title: t('Spawn Agent'), placeholder: t('In which folder?') };
}

/** @param names the sessions that will get it. */
export function promptInput(t: Translate, names: readonly string[]): InputText {
  const title = names.length === 1 ? t('Send Prompt to “{0}”', rowText(names[0] ?? '')) : t('Send Prompt to {0} Sessions', names.length);
  return { title, placeholder: t('What should it do next?') };
}

export function summaryInput(t: Translate, name: string): InputText {
  return { title: t('Mark “{0}” as Completed', rowText(name)), placeholder: t('What came out of it? May be empty') };
}

export function sessionInput(t: Translate, title: string): InputText {
  return { title, placeholder: t('Which session?') };
}

export function artifactInput(t: Translate, name: string): InputText {
  return { title: t('Artifacts of “{0}”', rowText(name)), placeholder: t('Which file?') };
}

/** Why a name cannot be used, for the input box; nothing when it can. */
export function nameProblem(t: Translate, name: string, taken: readonly string[]): string | undefined {
  const trimmed = name.trim();
  if (trimmed === '') return t('Give it a name.');
  if (trimmed.length > 80) return t('At most 80 characters.');
  return taken.includes(trimmed) ? t('An active session has this name already.') : undefined;
}

/** Labels of buttons under messages. */
export type ButtonId = 'showTerminal' | 'inspect' | 'showFleet' | 'showLog' | 'openSettings' | 'openHomepage';

export function buttonLabel(t: Translate, button: ButtonId): string {
  switch (button) {
    case 'showTerminal': return t('Reveal Terminal');
    case 'inspect': return t('Inspect');
    case 'showFleet': return t('Show Fleet');
    case 'showLog': return t('Show Log');
    case 'openSettings': return t('Open Settings');
    case 'openHomepage': return t('Open Website');
  }
}
