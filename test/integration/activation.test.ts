import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { commandIds, extensionId, focusViewCommand } from '../../src/presentation/contributions.ts';
import { command, endAll, fleetApi, hasEnded, repoRoot, spawn } from './support/fleet.ts';
import { requireStorage, storageFolder } from './support/storage.ts';
import { messagesOf, surface } from './support/surface.ts';
import { until } from './support/until.ts';

/** Generous: a shared machine with two cores must pass, an activation that reads the disk or loads an engine must not. */
const activationBudgetMs = 500;

describe('activation', () => {
  after(endAll);

  it('comes after the start of the editor, or with the view or a command, and says what it can do where', async () => {
    const manifest = JSON.parse(await readFile(path.join(repoRoot, 'package.json'), 'utf8')) as {
      activationEvents: string[];
      capabilities: { untrustedWorkspaces: { supported: unknown }; virtualWorkspaces: { supported: unknown } };
      extensionKind: string[];
    };
    assert.deepEqual(manifest.activationEvents, ['onStartupFinished']);
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
    assert.equal(manifest.capabilities.virtualWorkspaces.supported, false);
    assert.deepEqual(manifest.extensionKind, ['workspace']);
  });

  it('is cheap', async () => {
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension, 'the editor knows the extension');
    const began = performance.now();
    await extension.activate();
    const ms = performance.now() - began;
    assert.ok(ms < activationBudgetMs, `activation took ${ms.toFixed(0)} ms`);
  });

  it('registers every command', async () => {
    const known = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(Object.values(commandIds).filter((id) => !known.has(id)), []);
  });

  it('opening the view on a fresh workspace writes nothing and starts nothing', async () => {
    await vscode.commands.executeCommand(focusViewCommand);
    await until('the view to be visible', () => surface().view?.visible);
    // The registry was asked for and is empty: the command waits for it.
    assert.deepEqual(await messagesOf(() => command(commandIds.clearFinished, undefined, undefined, { confirmed: true }), 'information'), ['No session is finished.']);
    assert.equal(await storageFolder(), undefined, 'no storage folder');
    assert.equal(surface().threads, 0, 'the worker of the registry is not started');
    assert.equal(surface().view?.message ?? '', '');
  });

  it('the exports say what there is', async () => {
    const api = await fleetApi();
    assert.equal(api.version, 1);
    assert.deepEqual(api.sessions(), []);
    assert.equal(api.isActive, false);
  });

  it('the first session starts the worker of the registry once and makes the storage folder, for its owner only', async () => {
    const id = await spawn({ variant: 'works:1' });
    assert.equal(surface().threads, 1);
    const session = await hasEnded(id);
    assert.equal(session.status, 'completed');
    assert.ok(!('tokenHash' in session) && !('promptToType' in session), 'what concerns only the window stays inside');
    await requireStorage();
  });
});
