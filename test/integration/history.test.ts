import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { commandIds, settingIds, uriSchemes } from '../../src/presentation/contributions.ts';
import { setSetting } from './support/agents.ts';
import { command, endAll, fleetApi, find, freshName, hasActivity, hasEnded, hasStatus, spawn, withFolder } from './support/fleet.ts';
import { processesGone } from './support/processes.ts';
import { messagesOf } from './support/surface.ts';
import { until } from './support/until.ts';

/** The text of our document that is shown, once it says this. */
function shown(what: RegExp): Promise<string> {
  const text = (): string => vscode.window.activeTextEditor?.document.getText() ?? '';
  const isOurs = (): boolean => vscode.window.activeTextEditor?.document.uri.scheme === uriSchemes.inspect;
  return until(`a document with ${what}`, () => isOurs() && what.test(text()) && text(), { state: text });
}

/** Opens the search with these words, takes its first row, and gives the document that opens. */
async function searchFor(words: string, what: RegExp): Promise<string> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  const searching = command(commandIds.searchHistory, words);
  // The first rows may still be on their way: the key is pressed until the box is gone.
  let isOver = false;
  void Promise.resolve(searching).then(() => (isOver = true));
  await until('the search to end', async () => {
    if (!isOver) await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
    return isOver;
  });
  return shown(what);
}

describe('the history', () => {
  afterEach(async () => {
    await setSetting(settingIds.retentionFinished, undefined);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await endAll();
  });

  it('S8: the search finds a session that has ended, and one that left the list', async () => {
    await setSetting(settingIds.retentionFinished, 1);
    const [older, newer] = [freshName('older'), freshName('newer')];
    await withFolder(async (cwd) => {
      const olderId = await spawn({ variant: 'fails:1', name: older, cwd, prompt: 'Look at the lighthouse.' });
      await hasEnded(olderId);
      const newerId = await spawn({ variant: 'works:1', name: newer, cwd });
      await hasEnded(newerId);
      await until('the older one to leave the list', async () => (await find(olderId)) === undefined);
      const evicted = await searchFor(`lighthouse status:failed`, new RegExp(older));
      assert.match(evicted, /failed, no longer in the list/);
      assert.match(evicted, /History\n[\s\S]*registered/);
      assert.match(await searchFor(`${newer} since:1h`, new RegExp(newer)), /completed/);
      await command(commandIds.inspect, olderId);
      await shown(new RegExp(older));
      // The beginning of an id is enough.
      await command(commandIds.inspect, newerId.slice(0, -4));
      await shown(new RegExp(newer));
    });
  });

  it('S12: the audit log tells who did what; its export is JSON lines', async () => {
    const name = freshName('audited');
    await withFolder(async (cwd) => {
      const id = await spawn({ variant: 'works:1', name, cwd });
      await hasEnded(id);
      await command(commandIds.showAuditLog);
      assert.match(await shown(/Audit log/), new RegExp(`you +spawn +${name} +done +${id}`));
      const file = path.join(cwd, 'audit.jsonl');
      const count = await command<number>(commandIds.exportAuditLog, { file });
      const lines = (await readFile(file, 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as { action: string; target?: string });
      assert.equal(lines.length, count);
      assert.ok(lines.some(({ action, target }) => action === 'spawn' && target === id));
    });
  });

  it('A9: what was exported, cleared and imported is there again; bad lines are told', async () => {
    await withFolder(async (cwd) => {
      const id = await spawn({ variant: 'fails:1', name: freshName('moved'), cwd, prompt: 'Move me.' });
      const before = await hasEnded(id);
      const file = path.join(cwd, 'events.jsonl');
      assert.equal(await command<number>(commandIds.exportEvents, id, undefined, { file }), 1);
      await command(commandIds.clearFinished, id, undefined, { confirmed: true });
      assert.equal(await find(id), undefined);
      await writeFile(file, `${await readFile(file, 'utf8')}not JSON\n`);
      const told = await messagesOf(async () => assert.equal(await command<number>(commandIds.importEvents, { file }), 1), 'warning');
      assert.match(told[0] ?? '', /^1 session was imported\. 1 line could not be read and was left out\. Line \d+: /);
      const after = await find(id);
      assert.deepEqual([after?.name, after?.status, after?.channel, after?.spec.prompt], [before.name, 'failed', 'external', 'Move me.']);
      assert.equal(await command<number>(commandIds.importEvents, { file }), 0, 'once is enough');
    });
  });

  it('U8: the dashboard is a table that follows the fleet', async () => {
    const id = await spawn({ variant: 'waits:50' });
    await hasStatus(id, 'running');
    await command(commandIds.showDashboard);
    await shown(new RegExp(`${id.slice('agent-'.length, 'agent-'.length + 8)} +\\S.* interactive +running`));
  });

  it('V6: nothing dead is told in words', async () => {
    assert.match((await messagesOf(() => command(commandIds.endDead), 'information'))[0] ?? '', /^No session is proven dead\./);
  });

  it('L9: a retired agent ends after its turn', async () => {
    const id = await spawn({ variant: 'waits:30' });
    await hasActivity(id, 'running_tool');
    await command(commandIds.interruptTurn, id);
    await hasActivity(id, 'idle');
    await command(commandIds.retire, id, undefined, { confirmed: true });
    assert.equal((await hasEnded(id)).status, 'retired');
    await processesGone(id, 5000);
  });

  it('L10: all at once, with the reason', async () => {
    const ids = [await spawn({ variant: 'waits:50' }), await spawn({ variant: 'waits:50' })];
    for (const id of ids) await hasStatus(id, 'running');
    await command(commandIds.endAll, { confirmed: true, reason: 'enough for today' });
    for (const id of ids) assert.deepEqual((await hasEnded(id)).outcome, { type: 'cancelled', reason: 'enough for today' });
  });

  it('the API lists what another extension runs, and tells how it ends', async () => {
    const api = await fleetApi();
    const id = freshName('outside');
    const { watermark } = await api.completionsSince(0);
    api.registry.registerActive({ id, agentName: 'Helper', startedAt: Date.now() });
    const running = await hasStatus(id, 'running');
    assert.deepEqual([running.name, running.channel], ['Helper', 'external']);
    const end = api.watch(id);
    api.registry.markTerminal(id, 'completed');
    assert.deepEqual(await end, { type: 'completed', by: 'exit' });
    assert.deepEqual((await api.completionsSince(watermark)).entries.map(({ sessionId }) => sessionId), [id]);
  });
});
