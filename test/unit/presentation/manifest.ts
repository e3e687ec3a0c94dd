import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');

interface MenuItem {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}

interface Setting {
  readonly default: unknown;
  readonly scope: string;
  readonly enum?: readonly string[];
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly markdownDescription: string;
}

interface Step {
  readonly id: string;
  readonly description: string;
  readonly media: { readonly svg: string };
  readonly completionEvents: readonly string[];
}

/** The parts of package.json that the tests look at. */
export interface Manifest {
  readonly publisher: string;
  readonly name: string;
  readonly icon: string;
  readonly extensionKind: readonly string[];
  readonly activationEvents: readonly string[];
  readonly l10n: string;
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: string; readonly description: string; readonly restrictedConfigurations: readonly string[] };
    readonly virtualWorkspaces: { readonly supported: boolean; readonly description: string };
  };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category: string; readonly enablement?: string }[];
    readonly viewsContainers: { readonly activitybar: readonly { readonly id: string; readonly icon: string }[] };
    readonly views: Readonly<Record<string, readonly { readonly id: string; readonly icon: string }[]>>;
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string; readonly when: string }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly keybindings: readonly { readonly command: string; readonly key: string; readonly when: string; readonly args?: unknown }[];
    readonly configuration: readonly { readonly properties: Readonly<Record<string, Setting>> }[];
    readonly walkthroughs: readonly { readonly id: string; readonly icon: string; readonly steps: readonly Step[] }[];
  };
}

export const manifestText = readFileSync(join(root, 'package.json'), 'utf8');
export const manifest = JSON.parse(manifestText) as Manifest;
export const nls = JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')) as Readonly<Record<string, string>>;

/** The text of a `%key%`. */
export function textOf(value: string): string {
  return nls[value.slice(1, -1)] ?? value;
}

/** Every `when` and `enablement` clause. */
export function clauses(): readonly string[] {
  const { commands, menus, keybindings, viewsWelcome } = manifest.contributes;
  return [
    ...commands.map((command) => command.enablement ?? ''),
    ...Object.values(menus).flat().map((item) => item.when ?? ''),
    ...keybindings.map((binding) => binding.when),
    ...viewsWelcome.map((welcome) => welcome.when),
  ];
}

/** The commands that a row with this context value shows, inline or in its menu. Knows the clauses that row menus use, and refuses others. */
export function rowCommands(contextValue: string, place: 'inline' | 'menu'): readonly string[] {
  return (manifest.contributes.menus['view/item/context'] ?? [])
    .filter((item) => (item.group ?? '').startsWith('inline') === (place === 'inline'))
    .filter((item) => {
      const match = /^view == agentFleet\.sessions && viewItem =~ \/(.*)\/$/.exec(item.when ?? '');
      if (match === null) throw new Error(`a clause that this test cannot read: ${item.when}`);
      return new RegExp(match[1] ?? '').test(contextValue);
    })
    .map((item) => item.command);
}
