import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askCodexForHashes } from '../../../src/drivers/codex/appServer.ts';

const flags = ['-c', 'hooks.Stop=[1]', '-c', 'hooks.SessionEnd=[2]'];

/** Answers like `codex app-server` (measured with codex 0.169.0); `how` changes what it does. */
const program = (how: string): string => `#!${process.execPath}
const how = ${JSON.stringify(how)};
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
const hook = (key, source) => ({ key, source, currentHash: 'sha256:' + key, trustStatus: 'untrusted' });
if (how === 'dies') process.exit(3);
if (how === 'stays') process.on('SIGTERM', () => {});
let initialized = false;
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') { say({ method: 'noise' }); process.stdout.write('not json\\n'); say({ id, result: { codexHome: process.env.CODEX_HOME } }); }
  if (method === 'initialized') initialized = true;
  if (method === 'hooks/list') {
    if (!initialized || params.cwds[0] !== process.env.CODEX_HOME || process.argv[2] !== 'app-server' || process.argv.length !== 7) process.exit(4);
    require('node:fs').writeFileSync(process.env.CODEX_HOME + '/state.sqlite', 'x');
    const hooks = [hook('stop', 'sessionFlags'), hook('mine', 'user'), hook('end', 'sessionFlags')].slice(0, how === 'forgets' ? 2 : 3);
    if (how !== 'silent') say({ id, result: { data: [{ hooks }] } });
  }
});
if (how === 'stays') setInterval(() => {}, 1000);
`;

(process.platform === 'win32' ? describe.skip : describe)('asking Codex for the hashes of hooks', function () {
  this.timeout(20_000);
  let folder: string;
  let before: readonly string[];
  const leftovers = async (): Promise<readonly string[]> => (await readdir(tmpdir())).filter((name) => name.startsWith('agent-fleet-codex-'));
  const codex = async (how: string): Promise<string> => {
    const file = join(folder, 'codex.cjs');
    await writeFile(file, program(how));
    await chmod(file, 0o755);
    return file;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-fleet-test-'));
    before = await leftovers();
  });

  afterEach(async () => {
    assert.deepEqual(await leftovers(), before);
    await rm(folder, { recursive: true });
  });

  it('learns those of our flags, in a home of its own that is gone afterwards', async () => {
    assert.deepEqual([...(await askCodexForHashes(await codex('answers'), flags))], [['stop', 'sha256:stop'], ['end', 'sha256:end']]);
  });

  it('fails in words when the program cannot answer', async () => {
    await assert.rejects(askCodexForHashes(await codex('dies'), flags), /ended without an answer/);
    await assert.rejects(askCodexForHashes(await codex('forgets'), flags), /knows 1 of 2 hooks/);
    await assert.rejects(askCodexForHashes(join(folder, 'nothing'), flags), /could not be started/);
  });

  it('does not wait for a program that is silent, and ends one that stays', async () => {
    await assert.rejects(askCodexForHashes(await codex('silent'), flags), /no answer within 5 s/);
    assert.equal((await askCodexForHashes(await codex('stays'), flags)).size, 2);
  });
});
