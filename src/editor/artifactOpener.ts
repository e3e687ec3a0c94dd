import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { FleetError, isFleetError } from '../base/errors.ts';
import { resolveInside } from '../core/paths.ts';
import type { Session } from '../core/session.ts';
import { changedFiles, type Changes } from '../git/changedFiles.ts';
import { headOf, repositoryOf } from '../git/repository.ts';
import type { GitOptions } from '../git/runGit.ts';
import { isBinary, showFile } from '../git/showFile.ts';
import { uriSchemes } from '../presentation/contributions.ts';
import { artifactGone, artifactOutside } from '../presentation/messages.ts';
import type { Translate } from '../presentation/translate.ts';

/** A file to review. */
export interface Reviewable {
  /** Absolute. */
  readonly path: string;
  /** The agent's word for it, or what git says of it. */
  readonly kind: string;
  /** Where we know it from. */
  readonly source: 'reported' | 'git';
}

/** Opens what agents made, for review: a changed file as a diff against the last commit, anything else in its own editor. */
export class ArtifactOpener implements vscode.TextDocumentContentProvider, Disposable {
  readonly #disposables = new DisposableStore();
  readonly #t: Translate;

  constructor(t: Translate) {
    this.#t = t;
    this.#disposables.add(vscode.workspace.registerTextDocumentContentProvider(uriSchemes.git, this));
  }

  /** What a session reported, newest first, then what git sees changed in its folder. */
  async list(session: Session): Promise<readonly Reviewable[]> {
    const reported = [...session.artifacts].reverse().map((artifact): Reviewable => ({ path: artifact.path, kind: artifact.kind, source: 'reported' }));
    const known = new Set(reported.map(({ path: file }) => file));
    const root = await realpath(session.spec.cwd).catch(() => session.spec.cwd);
    const changes = await changesIn(session.spec.cwd);
    const fromGit = (changes?.files ?? []).flatMap((file): Reviewable[] => {
      const absolute = path.join(changes?.repository.root ?? '', ...file.path.split('/'));
      return known.has(absolute) || file.kind === 'deleted' || resolveInside(root, absolute) === undefined
        ? []
        : [{ path: absolute, kind: file.kind, source: 'git' }];
    });
    return [...reported, ...fromGit];
  }

  /** @throws FleetError `ArtifactGone`, `ArtifactOutside`, `NotAFile`. */
  async open(session: Session, file: string): Promise<void> {
    await this.#check(session.spec.cwd, file);
    const uri = vscode.Uri.file(file);
    const before = await this.#committed(file);
    if (before === undefined) {
      await vscode.commands.executeCommand('vscode.open', uri);
      return;
    }
    const name = path.basename(file);
    await vscode.commands.executeCommand('vscode.diff', before, uri, this.#t('{0} (last commit ↔ now)', name));
  }

  /** The content of a file in the last commit; empty if it was not there. */
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const repository = await repositoryOf(path.dirname(uri.fsPath), gitOptions());
    const content = await showFile(repository, uri.query, relative(repository.root, await realpath(uri.fsPath)), gitOptions());
    return content?.toString('utf8') ?? '';
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  /** The file must still be what it was when it was recorded: a plain file inside the session's folder, not reached through a link that leaves it. */
  async #check(root: string, file: string): Promise<void> {
    let real: string;
    try {
      real = await realpath(file);
    } catch (error) {
      throw new FleetError('ArtifactGone', artifactGone(this.#t, file), { cause: error });
    }
    if (resolveInside(await realpath(root), real) === undefined) throw new FleetError('ArtifactOutside', artifactOutside(this.#t, file));
    if (!(await stat(real)).isFile()) throw new FleetError('NotAFile', this.#t('{0} is not a file.', file));
  }

  /** A document with the committed content, if the file is text and differs from it. */
  async #committed(file: string): Promise<vscode.Uri | undefined> {
    const changes = await changesIn(path.dirname(file));
    if (changes === undefined) return undefined;
    const inRepository = relative(changes.repository.root, await realpath(file));
    if (!changes.files.some((changed) => changed.path === inRepository && changed.tracked)) return undefined;
    const { commit } = await headOf(changes.repository, gitOptions());
    if (commit === undefined) return undefined;
    const before = await showFile(changes.repository, commit, inRepository, gitOptions());
    // The commit is part of the address: after the next one, "last commit" is another document.
    return before === undefined || isBinary(before) ? undefined : vscode.Uri.file(file).with({ scheme: uriSchemes.git, query: commit });
  }
}

/** `undefined` outside a repository, and without git: then files are simply opened. */
async function changesIn(folder: string): Promise<Changes | undefined> {
  try {
    return await changedFiles(folder, gitOptions());
  } catch (error) {
    if (isFleetError(error)) return undefined;
    throw error;
  }
}

/** The git that the editor itself was told to use. */
function gitOptions(): GitOptions {
  const executable: unknown = vscode.workspace.getConfiguration('git').get('path');
  return typeof executable === 'string' && path.isAbsolute(executable) ? { executable } : {};
}

function relative(root: string, file: string): string {
  return path.relative(root, file).split(path.sep).join('/');
}
