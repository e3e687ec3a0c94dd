import assert from 'node:assert/strict';
import type { ProcessListing, ProcessRow, ProcessTable } from '../../../src/hosts/local/processTable.ts';
import { cpuPercent, ProcessTree } from '../../../src/hosts/local/processTree.ts';

/** A machine with just these processes. */
class FakeTable implements ProcessTable {
  rows: ProcessRow[] = [];
  readonly marked = new Set<number>();
  readonly looked: number[] = [];

  bootId(): Promise<string> {
    return Promise.resolve('boot');
  }

  look(pid: number): ReturnType<ProcessTable['look']> {
    const row = this.rows.find((candidate) => candidate.pid === pid);
    return Promise.resolve(row === undefined ? { presence: 'missing' } : { presence: 'present', startTime: row.startTime });
  }

  list(ignore: ReadonlySet<number> = new Set()): Promise<ProcessListing> {
    const rows = this.rows.filter((row) => !ignore.has(row.pid));
    this.looked.push(rows.length);
    return Promise.resolve({ rows, pids: new Set(this.rows.map((row) => row.pid)) });
  }

  measure(row: ProcessRow): Promise<ProcessRow> {
    return Promise.resolve({ ...row, rssBytes: 1000, cpuMs: 5 });
  }

  hasVariable(pid: number): Promise<boolean> {
    return Promise.resolve(this.marked.has(pid));
  }
}

function row(pid: number, parentPid: number, startTime = `t${pid}`): ProcessRow {
  return { pid, parentPid, startTime };
}

function setUp(): { table: FakeTable; tree: ProcessTree; pids: (full?: boolean) => Promise<number[]> } {
  const table = new FakeTable();
  // 1 init, 10 editor, 20 runner, 30 agent; 90 somebody else.
  table.rows = [row(1, 0), row(10, 1), row(20, 10), row(30, 20), row(90, 1)];
  const tree = new ProcessTree(table, { root: { pid: 30, startTime: 't30' }, supervisorPid: 20, mark: { name: 'N', value: 'v' } });
  return { table, tree, pids: async (full = true) => (await tree.members({ full })).map((member) => member.pid).sort((a, b) => a - b) };
}

describe('process tree', () => {
  it('holds the agent and all below it, nobody else', async () => {
    const { table, pids } = setUp();
    table.rows.push(row(31, 30), row(32, 31), row(91, 90));
    assert.deepEqual(await pids(), [30, 31, 32]);
  });

  it('remembers descendants whose parent has died', async () => {
    const { table, pids } = setUp();
    table.rows.push(row(31, 30), row(32, 31));
    await pids();
    table.rows = [row(1, 0), row(10, 1), row(20, 10), row(32, 1), row(33, 32)];
    assert.deepEqual(await pids(), [32, 33]);
  });

  it('does not take over a remembered pid that another process has now', async () => {
    const { table, pids } = setUp();
    table.rows.push(row(31, 30));
    await pids();
    table.rows = [row(20, 1), row(30, 20), row(31, 1, 'later')];
    assert.deepEqual(await pids(), [30]);
  });

  it('does not take over the agent\'s pid that another process has now', async () => {
    const { table, pids } = setUp();
    table.rows = [row(20, 1), row(30, 20, 'later')];
    assert.deepEqual(await pids(), []);
  });

  it('a pid without a start time names nobody', async () => {
    const { table } = setUp();
    const tree = new ProcessTree(table, { root: { pid: 30 }, supervisorPid: 20 });
    assert.deepEqual(await tree.members({ full: true }), []);
  });

  it('finds by its mark a daemon that was never seen below the agent', async () => {
    const { table, pids } = setUp();
    table.rows.push(row(40, 1), row(41, 40));
    table.marked.add(40);
    assert.deepEqual(await pids(), [30, 40, 41]);
  });

  it('never holds the supervisor and those above it, marked or not', async () => {
    const { table, pids } = setUp();
    for (const pid of [1, 10, 20]) table.marked.add(pid);
    assert.deepEqual(await pids(), [30]);
  });

  it('passes over known strangers when it need not be thorough, and still sees who is new', async () => {
    const { table, pids } = setUp();
    for (let pid = 100; pid < 200; pid++) table.rows.push(row(pid, 1));
    await pids(false);
    table.rows.push(row(34, 30));
    assert.deepEqual(await pids(false), [30, 34]);
    assert.ok((table.looked.at(-1) ?? 0) < 10, `looked at ${table.looked.at(-1)}`);
  });

  it('looks again at a stranger\'s pid when a thorough walk is wanted', async () => {
    const { table, pids } = setUp();
    await pids(false);
    table.rows = table.rows.map((old) => (old.pid === 90 ? row(90, 30, 'new') : old));
    assert.deepEqual(await pids(true), [30, 90]);
  });

  it('sums memory', async () => {
    const { table, tree } = setUp();
    table.rows.push(row(31, 30));
    const usage = await tree.usage();
    assert.equal(usage.processes, 2);
    assert.equal(usage.rssBytes, 2000);
  });

  it('signals nobody whose start time differs', async () => {
    const { table, tree } = setUp();
    const report = await tree.signal([row(30, 20, 'earlier'), row(77, 1)], 'SIGTERM');
    assert.deepEqual(report, { signalled: [], gone: [30, 77], refused: [] });
    assert.equal(table.rows.length, 5);
  });

  it('counts the share of a core, new members with all they used, and never below zero', () => {
    assert.equal(cpuPercent(new Map([['a', 100]]), new Map([['a', 350], ['b', 250]]), 1000), 50);
    assert.equal(cpuPercent(new Map([['a', 100]]), new Map([['a', 50]]), 1000), 0);
    assert.equal(cpuPercent(new Map(), new Map(), 1000), undefined);
    assert.equal(cpuPercent(new Map(), new Map([['a', 1]]), 0), undefined);
  });
});
