import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commandIds } from '../../src/presentation/contributions.ts';
import { command, endAll, freshName, hasActivity, hasEnded, hasStatus, spawn } from './support/fleet.ts';
import { isRunning, processesGone } from './support/processes.ts';
import { until } from './support/until.ts';

function terminalOf(name: string): vscode.Terminal | undefined {
  return vscode.window.terminals.find((terminal) => terminal.name === name);
}

/** A session at work and its terminal. */
async function atWork(): Promise<{ id: string; terminal: vscode.Terminal }> {
  const name = freshName('shown');
  // Slow: the editor lets a terminal that goes on drawing live for five seconds more.
  const id = await spawn({ variant: 'waits:1000', name });
  await hasActivity(id, 'model_wait');
  return { id, terminal: await until('the terminal', () => terminalOf(name)) };
}

describe('terminals', () => {
  afterEach(endAll);

  it('the terminal is the runner, and revealing a session shows it', async () => {
    const { id, terminal } = await atWork();
    const session = await hasStatus(id, 'running');
    assert.equal(await terminal.processId, session.runner?.pid);
    await command(commandIds.revealTerminal, id);
    await until('the terminal to be the active one', () => vscode.window.activeTerminal === terminal);
  });

  it('closed by the person: terminated with the reason, and nothing runs on', async () => {
    const { id, terminal } = await atWork();
    await command(commandIds.revealTerminal, id);
    await until('the terminal to be the active one', () => vscode.window.activeTerminal === terminal);
    await vscode.commands.executeCommand('workbench.action.terminal.kill');
    const ended = await hasEnded(id);
    assert.deepEqual(ended.outcome, { type: 'terminated', reason: 'its terminal was closed' });
    await processesGone(id, 5000);
    await until('the runner to end', () => !isRunning(ended.runner?.pid ?? 0));
  });

  it('closed by another extension: the same', async () => {
    const { id, terminal } = await atWork();
    terminal.dispose();
    assert.deepEqual((await hasEnded(id)).outcome, { type: 'terminated', reason: 'its terminal was closed' });
    await processesGone(id, 5000);
  });

  it('the agent is killed from outside: failed by that signal, and the terminal says so', async () => {
    const { id, terminal } = await atWork();
    const { agent } = await hasStatus(id, 'running');
    process.kill(agent?.pid ?? 0, 'SIGKILL');
    assert.deepEqual((await hasEnded(id)).outcome, { type: 'failed', error: 'ended by signal SIGKILL' });
    assert.equal(terminal.exitStatus, undefined, 'the terminal stays, with a line that says what happened');
  });

  it('the runner is killed from outside: terminated once its processes are proven gone', async () => {
    const { id } = await atWork();
    const { runner } = await hasStatus(id, 'running');
    process.kill(runner?.pid ?? 0, 'SIGKILL');
    const ended = await hasEnded(id);
    assert.equal(ended.status, 'terminated');
    assert.match(ended.outcome?.type === 'terminated' ? ended.outcome.reason : '', /processes are gone/);
    await processesGone(id, 5000);
  });

  it('clearing an ended session closes its terminal', async () => {
    const name = freshName('tidy');
    const id = await spawn({ variant: 'works:1', name });
    await hasEnded(id);
    await until('the terminal', () => terminalOf(name));
    assert.equal(await command(commandIds.clearFinished, id, undefined, { confirmed: true }), 1);
    await until('the terminal to be gone', () => terminalOf(name) === undefined);
  });

  it('a demo fleet: four sessions, four ways to go on', async () => {
    const ids = (await command<readonly string[]>(commandIds.tryDemo)) ?? [];
    assert.equal(ids.length, 4);
    for (const id of ids) await hasStatus(id, 'running');
  });
});
