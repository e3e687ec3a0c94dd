import * as path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { commandIds, extensionId } from '../../presentation/contributions.ts';
import { nothingChanged, sessionIdCopied } from '../../presentation/messages.ts';
import { artifactInput } from '../../presentation/prompts.ts';
import type { Pick } from '../../presentation/quickPicks.ts';
import type { Reviewable } from '../artifactOpener.ts';
import type { InspectDocuments } from '../inspectDocuments.ts';
import { back, pickOne } from '../quickInput.ts';
import { register, type CommandContext } from './context.ts';
import { isGroup, sessionNamed, target, type TargetArgs } from './targets.ts';

/** Looking at sessions and at what they made, and the way to log and settings. */
export function registerReviewCommands(context: CommandContext, documents: InspectDocuments): Disposable {
  const { t } = context;
  const store = new DisposableStore();
  store.add(
    register(context, commandIds.inspect, async (...args: TargetArgs) => {
      // Enter on a heading does what it does in every other tree.
      if (isGroup(args[0])) return vscode.commands.executeCommand<void>('list.toggleExpand');
      // One that is no longer in the list can be inspected, too.
      if (typeof args[0] === 'string' && context.tree.sessionIdOf(args[0]) === undefined) return documents.open((await context.fleet.load(args[0]) ?? sessionNamed(context, args[0])).id);
      const session = await target(context, 'inspect', t('Inspect'), args);
      return session === undefined ? undefined : documents.open(session.id);
    }),
  );
  store.add(register(context, commandIds.openArtifact, (first?: unknown, _selected?: unknown, file?: unknown) => openArtifact(context, [first], file)));
  store.add(
    register(context, commandIds.copySessionId, async (...args: TargetArgs) => {
      const session = await target(context, 'inspect', t('Copy Session ID'), args);
      if (session === undefined) return;
      await vscode.env.clipboard.writeText(session.id);
      vscode.window.setStatusBarMessage(sessionIdCopied(t, session.name), 3000);
    }),
  );
  // These two must work above all when the registry cannot be read.
  store.add(vscode.commands.registerCommand(commandIds.showLog, () => context.channel.show()));
  store.add(vscode.commands.registerCommand(commandIds.openSettings, () => vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${extensionId}`)));
  return store;
}

/** Opens the one artifact, or asks which. Programs may name the file. */
async function openArtifact(context: CommandContext, args: TargetArgs, file: unknown): Promise<void> {
  const session = await target(context, 'openArtifact', context.t('Open Artifact'), args);
  if (session === undefined) return;
  if (typeof file === 'string') return context.artifacts.open(session, file);
  const files = await context.artifacts.list(session);
  if (files.length === 0) {
    void vscode.window.showInformationMessage(nothingChanged(context.t, session.name));
    return;
  }
  const picked = files.length === 1 ? files[0] : await pickOne(artifactInput(context.t, session.name), picks(context, session.spec.cwd, files));
  if (picked !== undefined && picked !== back) await context.artifacts.open(session, picked.path);
}

function picks(context: CommandContext, root: string, files: readonly Reviewable[]): readonly Pick<Reviewable>[] {
  const item = (file: Reviewable): Pick<Reviewable> => {
    const folder = path.dirname(path.relative(root, file.path));
    return { kind: 'item', label: path.basename(file.path), description: [...(folder === '.' ? [] : [folder]), file.kind].join(' · '), icon: 'file', value: file };
  };
  const reported = files.filter(({ source }) => source === 'reported');
  const git = files.filter(({ source }) => source === 'git');
  return [
    ...reported.map(item),
    ...(git.length === 0 ? [] : [{ kind: 'separator' as const, label: context.t('Changed in git') }]),
    ...git.map(item),
  ];
}
