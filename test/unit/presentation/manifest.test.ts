import { deepStrictEqual, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  commandIds, configurableAgents, configurationSection, contextKeys, extensionId, focusViewCommand, settingBounds, settingDefaults, viewIds, walkthroughId,
} from '../../../src/presentation/contributions.ts';
import { clauses, manifest, manifestText, nls, root, textOf } from './manifest.ts';

const { contributes } = manifest;
const ourCommands: readonly string[] = Object.values(commandIds);
const settings = Object.assign({}, ...contributes.configuration.map((section) => section.properties)) as (typeof contributes.configuration)[number]['properties'];
const builtIn = new Set(['workbench.trust.manage', 'vscode.openFolder', focusViewCommand]);
/** Keys of the editor that our clauses use. */
const editorKeys = new Set([
  'view', 'viewItem', 'isWorkspaceTrusted', 'workspaceFolderCount', 'focusedView', 'listFocus', 'inputFocus', 'treestickyScrollFocused', 'terminalFocus',
]);
const sorted = (values: Iterable<string>): string[] => [...values].sort();

describe('manifest', () => {
  it('has the id that the code knows', () => {
    deepStrictEqual(`${manifest.publisher}.${manifest.name}`, extensionId);
  });

  it('declares the commands of contributions.ts, and no other', () => {
    deepStrictEqual(sorted(contributes.commands.map((command) => command.command)), sorted(ourCommands));
  });

  it('uses only declared commands in menus and keys', () => {
    const used = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map((item) => item.command);
    deepStrictEqual(used.filter((command) => !ourCommands.includes(command)), []);
  });

  it('links only to commands that exist', () => {
    const links = Object.values(nls).flatMap((text) => [...text.matchAll(/\(command:([^)?]+)/g)].map((match) => match[1] ?? ''));
    const events = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps.flatMap((step) => step.completionEvents.map((event) => event.replace(/^onCommand:/, ''))));
    deepStrictEqual([...links, ...events].filter((command) => !ourCommands.includes(command) && !builtIn.has(command)), []);
  });

  it('declares the view and its container', () => {
    deepStrictEqual(
      [contributes.viewsContainers.activitybar.map((container) => container.id), Object.keys(contributes.views), contributes.views[viewIds.container]?.map((view) => view.id), `${viewIds.sessions}.focus`],
      [[viewIds.container], [viewIds.container], [viewIds.sessions], focusViewCommand],
    );
  });

  it('declares the settings of contributions.ts with the same defaults', () => {
    deepStrictEqual(Object.fromEntries(sorted(Object.keys(settings)).map((id) => [id, settings[id]?.default])), Object.fromEntries(sorted(Object.keys(settingDefaults)).map((id) => [id, settingDefaults[id as keyof typeof settingDefaults]])));
  });

  it('bounds each number as the code does', () => {
    const numbers = Object.keys(settings).filter((id) => settings[id]?.type === 'integer');
    deepStrictEqual(Object.fromEntries(numbers.map((id) => [id, [settings[id]?.minimum, settings[id]?.maximum]])), { ...settingBounds });
  });

  it('has a path and arguments for each configurable agent, and every setting under our section', () => {
    const agents = configurableAgents.flatMap((agent) => [`${configurationSection}.agents.${agent}.extraArgs`, `${configurationSection}.agents.${agent}.path`]);
    const own = ['agentFleet.agents.codex.hooks'];
    deepStrictEqual(sorted(Object.keys(settings).filter((id) => id.startsWith(`${configurationSection}.agents.`))), sorted([...agents, ...own]));
  });

  it('offers the choices that the code knows; bypass is never a default', () => {
    const choices = (id: string) => settings[id]?.enum;
    deepStrictEqual(
      [choices('agentFleet.defaultPermissionPolicy'), choices('agentFleet.notifications')],
      [['ask', 'allow', 'deny'], ['off', 'important', 'all']],
    );
  });

  it('lets no workspace set what becomes a command or loosens permissions', () => {
    const dangerous = Object.keys(settings).filter((id) => /\.agents\.|customAgents|PermissionPolicy/.test(id));
    deepStrictEqual(
      [dangerous.filter((id) => settings[id]?.scope !== 'machine'), sorted(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations)],
      [[], sorted([...dangerous, 'agentFleet.defaultDriver'])],
    );
  });

  it('uses only known context keys, and each of ours', () => {
    const words = clauses().flatMap((clause) => clause.replace(/\/(?:[^/\\]|\\.)*\//g, '').replace(/'[^']*'/g, '').match(/[A-Za-z][\w.:]*/g) ?? []);
    const known = new Set<string>([...editorKeys, ...Object.values(contextKeys), viewIds.sessions]);
    deepStrictEqual([words.filter((word) => !known.has(word)), Object.values(contextKeys).filter((key) => !words.includes(key))], [[], []]);
  });

  it('binds keys to our view or keeps out of the terminal', () => {
    const loose = contributes.keybindings.filter((binding) => !binding.when.includes(`focusedView == '${viewIds.sessions}'`) && !binding.when.includes('!terminalFocus'));
    const args = contributes.keybindings.filter((binding) => binding.when.includes('focusedView')).map((binding) => binding.args);
    deepStrictEqual([loose, new Set(args.map((value) => JSON.stringify(value)))], [[], new Set([JSON.stringify({ $treeViewId: viewIds.sessions, $focusedTreeItem: true })])]);
  });

  it('has a text for every key, and a key for every text', () => {
    const used = new Set([...manifestText.matchAll(/"%([^%"]+)%"/g)].map((match) => match[1] ?? ''));
    deepStrictEqual([sorted(used).filter((key) => !(key in nls)), Object.keys(nls).filter((key) => !used.has(key))], [[], []]);
  });

  it('keeps visible texts out of package.json', () => {
    const bare = [
      ...contributes.commands.flatMap((command) => [command.title, command.category]),
      ...contributes.viewsWelcome.map((welcome) => welcome.contents),
      ...Object.values(settings).map((setting) => setting.markdownDescription),
      ...contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps.map((step) => step.description)),
      manifest.capabilities.untrustedWorkspaces.description,
      manifest.capabilities.virtualWorkspaces.description,
    ].filter((text) => !/^%.+%$/.test(text));
    deepStrictEqual(bare, []);
  });

  it('writes command titles in title case', () => {
    const small = new Set(['a', 'an', 'and', 'as', 'at', 'by', 'for', 'in', 'of', 'on', 'or', 'the', 'to', 'with']);
    const wrong = contributes.commands.map((command) => textOf(command.title)).filter((title) =>
      title.split(' ').some((word, index) => (index > 0 && small.has(word) ? false : !/^[A-Z]/.test(word))),
    );
    deepStrictEqual(wrong, []);
  });

  it('has a welcome text for each state of the empty view, and never two at once', () => {
    const [untrusted, noFolder, loading, failed, empty] = contributes.viewsWelcome.map((welcome) => welcome.when);
    const here = 'isWorkspaceTrusted && workspaceFolderCount > 0';
    deepStrictEqual([untrusted, noFolder, loading, failed, empty], [
      '!isWorkspaceTrusted',
      'isWorkspaceTrusted && workspaceFolderCount == 0',
      `${here} && agentFleet:registry != 'ready' && agentFleet:registry != 'failed'`,
      `${here} && agentFleet:registry == 'failed'`,
      `${here} && agentFleet:registry == 'ready' && !agentFleet:hasSessions`,
    ]);
  });

  it('is activated late, says what it can do, and names only files that exist', () => {
    const files = [
      manifest.icon, manifest.l10n,
      ...contributes.viewsContainers.activitybar.map((container) => container.icon),
      ...Object.values(contributes.views).flat().map((view) => view.icon),
      ...contributes.walkthroughs.flatMap((walkthrough) => [walkthrough.icon, ...walkthrough.steps.map((step) => step.media.svg)]),
    ];
    deepStrictEqual(
      [manifest.activationEvents, manifest.extensionKind, manifest.capabilities.untrustedWorkspaces.supported, manifest.capabilities.virtualWorkspaces.supported, files.filter((file) => !existsSync(join(root, file)))],
      [['onStartupFinished'], ['workspace'], 'limited', false, []],
    );
  });

  it('has one walkthrough of at most four steps', () => {
    deepStrictEqual(contributes.walkthroughs.map((walkthrough) => walkthrough.id), [walkthroughId]);
    ok((contributes.walkthroughs[0]?.steps.length ?? 0) <= 4);
  });
});
