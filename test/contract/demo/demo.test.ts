import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { factsOfFleetEvent, fleetEventFacts } from '../../../src/core/fleetEventFacts.ts';
import { DemoProcess } from './demoProcess.ts';

const posixOnly = process.platform === 'win32' ? it.skip : it;
const pseudoTerminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0 ? it : it.skip;

describe('the demo agent as a process', function () {
  this.timeout(20_000);
  let demo: DemoProcess;
  const activities = async (): Promise<string[]> => {
    const { events, skipped } = await demo.events();
    assert.deepEqual(skipped, []);
    return events
      .flatMap(fleetEventFacts)
      .flatMap((fact) => (fact.type === 'activity' ? [fact.activity] : fact.type === 'promptTaken' ? ['prompt taken'] : []))
      .filter((word, index, all) => word !== all[index - 1]);
  };

  beforeEach(async () => {
    demo = await DemoProcess.create();
  });
  afterEach(async () => demo.remove());

  it('works: takes steps, writes a file, completes', async () => {
    demo.start(['--script', 'works', '--name', 'Try it', '--prompt=do\nthis']);
    assert.equal(await demo.exited(), 0);
    assert.match(await demo.read('demo-output/try-it.md'), /^# Try it\n[^]*> do\n> this\n[^]*- read README\.md\n/);
    const { events } = await demo.events();
    assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1));
    assert.ok(events.every(({ run_id, worker_id, task_id }) => [run_id, worker_id, task_id].every((id) => id === 'agent-test')));
    const facts = events.flatMap(fleetEventFacts);
    assert.deepEqual(facts.filter(({ type }) => type === 'artifact'), [{ type: 'artifact', path: 'demo-output/try-it.md', kind: 'report' }]);
    const percents = facts.flatMap((fact) => (fact.type === 'progress' && fact.percent !== undefined ? [fact.percent] : []));
    assert.deepEqual(percents, [10, 25, 40, 70, 80, 90]);
    assert.deepEqual((await activities()).slice(0, 4), ['starting', 'prompt taken', 'starting', 'model_wait']);
    assert.deepEqual(events.at(-1)?.payload, { state: 'completed', exit_code: 0, summary: 'npm test part 3 of 3' });
    assert.doesNotMatch(demo.output, /\u001b/);
  });

  it('works: adds a line to the README of the sample project', async () => {
    const sample = await readFile(new URL('../../../media/sample/README.md', import.meta.url), 'utf8');
    await writeFile(join(demo.folder, 'README.md'), sample.trimEnd());
    demo.start(['--script', 'works', '--name', 'one']);
    assert.equal(await demo.exited(), 0);
    assert.equal(await demo.read('README.md'), `${sample.trimEnd()}\n- one: see demo-output/one.md\n`);
    const { events } = await demo.events();
    assert.ok(events.some(({ payload }) => payload.state === 'artifact' && payload.path === 'README.md'));
  });

  it('works: leaves the README of any other project alone', async () => {
    await writeFile(join(demo.folder, 'README.md'), '# Mine\n');
    demo.start(['--script', 'works']);
    assert.equal(await demo.exited(), 0);
    assert.equal(await demo.read('README.md'), '# Mine\n');
  });

  for (const [answer, wrote] of [['y\n', true], ['n\n', false]] as const) {
    it(`asks: ${JSON.stringify(answer)}`, async () => {
      demo.start(['--script', 'asks', '--name', 'notes']);
      await demo.shows('May I? y = yes, n = no');
      demo.type(answer);
      assert.equal(await demo.exited(), 0);
      const { events } = await demo.events();
      const question = events.find(({ extra }) => extra['activity'] !== undefined);
      assert.deepEqual(question && fleetEventFacts(question), [{ type: 'activity', activity: 'needs_permission', detail: 'tee demo-output/notes.md' }]);
      if (wrote) assert.match(await demo.read('demo-output/notes.md'), /^# notes\n/);
      else await assert.rejects(access(join(demo.folder, 'demo-output')));
      assert.match(demo.output, wrote ? /Written: demo-output\/notes\.md/ : /Nothing was written/);
    });
  }

  it('asks: a prompt that arrives meanwhile is no answer, and is taken afterwards', async () => {
    demo.start(['--script', 'asks']);
    const asked = await demo.shows('May I?');
    demo.type('\u001b[200~yes,\nand more\u001b[201~\r');
    await demo.shows('> and more', asked);
    demo.type('n');
    assert.equal(await demo.exited(), 0);
    await assert.rejects(access(join(demo.folder, 'demo-output')));
    assert.ok((await activities()).join(' > ').includes('needs_permission > prompt taken > needs_permission > working > model_wait'));
  });

  it('asks: nobody can answer', async () => {
    demo.start(['--script', 'asks']);
    demo.endInput();
    assert.equal(await demo.exited(), 0);
    assert.match(demo.output, /Nobody can answer here/);
  });

  it('asks: allow and deny answer by themselves', async () => {
    demo.start(['--script', 'asks', '--policy', 'allow', '--name', 'a']);
    assert.equal(await demo.exited(), 0);
    await demo.read('demo-output/a.md');
    demo.start(['--script', 'asks', '--policy', 'deny', '--name', 'd']);
    assert.equal(await demo.exited(), 0);
    await assert.rejects(access(join(demo.folder, 'demo-output/d.md')));
    assert.ok(!(await activities()).includes('needs_permission'));
  });

  it('fails: writes its file and exits with code 3', async () => {
    demo.start(['--script', 'fails', '--name', 'f']);
    assert.equal(await demo.exited(), 3);
    await demo.read('demo-output/f.md');
    const { events } = await demo.events();
    assert.deepEqual(events.at(-1)?.payload, { state: 'failed', reason: 'the check failed', recoverable: true });
  });

  posixOnly('waits: SIGINT ends the turn, a prompt makes a new one, SIGTERM ends the agent', async () => {
    demo.start(['--script', 'waits']);
    await demo.shows('round 2');
    demo.signal('SIGINT');
    const idle = await demo.shows('Waiting for a prompt');
    demo.signal('SIGINT');
    const still = await demo.shows('Nothing to interrupt', idle);
    demo.type('first line\n');
    await demo.shows('Waiting for a prompt', await demo.shows('> first line', still));
    demo.signal('SIGTERM');
    assert.equal(await demo.exited(), 143);
    const seen = await activities();
    assert.deepEqual(seen.slice(seen.indexOf('idle')), ['idle', 'prompt taken', 'idle', 'model_wait', 'running_tool', 'idle']);
    const { events } = await demo.events();
    assert.deepEqual(events.at(-1)?.payload, { state: 'interrupted', signal: 'SIGTERM' });
  });

  posixOnly('waits: a prompt ends the endless turn; ended input changes nothing', async () => {
    demo.start(['--script', 'waits']);
    await demo.shows('round 1');
    demo.type('\u001b[200~a\nb\u001b[201~\r');
    demo.endInput();
    await demo.shows('Waiting for a prompt', await demo.shows('> a\n> b\n'));
    assert.equal((await activities()).filter((word) => word === 'prompt taken').length, 1);
    demo.signal('SIGTERM');
    assert.equal(await demo.exited(), 143);
  });

  it('runs without a fleet, and with one that cannot be written to', async () => {
    const { FLEET_EVENTS: _events, ...env } = demo.environment;
    demo.start(['--script', 'fails'], { env });
    assert.equal(await demo.exited(), 3);
    demo.start(['--script', 'fails'], { env: { ...env, FLEET_EVENTS: join(demo.folder, 'none', 'x') } });
    assert.equal(await demo.exited(), 3);
    assert.equal(demo.output.match(/Cannot report to the fleet/g)?.length, 1);
  });

  it('explains a wrong command line', async () => {
    demo.start(['--script', 'dances']);
    assert.equal(await demo.exited(), 2);
    assert.match(demo.output, /--script must be one of works, asks, fails, waits\.\nUsage: /);
  });

  pseudoTerminal('in a terminal: titles, colours, single keys, bracketed paste', async () => {
    const quoted = demo.command('--script', 'asks', '--name', 'tty').map((part) => `'${part}'`).join(' ');
    demo.start([], { command: ['script', '--quiet', '--return', '--flush', '--command', quoted, '/dev/null'] });
    const asked = await demo.shows('May I?');
    assert.ok(demo.output.includes('\u001b[?2004h'));
    assert.ok(demo.output.includes('\u001b]0;◇ tty: making a plan\u0007'));
    assert.ok(demo.output.includes('\u001b[33m'));
    demo.type('y');
    await demo.shows('Written: demo-output/tty.md', asked);
    assert.equal(await demo.exited(), 0);
    assert.ok(demo.output.includes('\u001b[?2004l'));
  });

  pseudoTerminal('in a terminal: Escape interrupts, Ctrl-D leaves', async () => {
    const quoted = demo.command('--script', 'works').map((part) => `'${part}'`).join(' ');
    demo.start([], { command: ['script', '--quiet', '--return', '--flush', '--command', quoted, '/dev/null'] });
    await demo.shows('making a plan');
    demo.type('\u001b');
    await demo.shows('Waiting for a prompt');
    demo.type('\u0004');
    assert.equal(await demo.exited(), 0);
  });

  it('reports lines that every driver understands', async () => {
    demo.start(['--script', 'fails']);
    assert.equal(await demo.exited(), 3);
    for (const line of (await demo.read('events.jsonl')).trimEnd().split('\n')) assert.notEqual(factsOfFleetEvent(JSON.parse(line)), undefined);
  });
});
