import assert from 'node:assert/strict';
import { CimTable, PsTable } from '../../../src/hosts/local/commandTable.ts';
import { environHas, hasEnded, parseProcStat, parseResidentBytes, parseWrittenChars } from '../../../src/hosts/local/procfs.ts';
import * as unix from '../../../src/hosts/local/unixCommands.ts';
import * as windows from '../../../src/hosts/local/windowsCommands.ts';

describe('process facts on Linux', () => {
  const tail = '1 4711 4711 34816 4711 4194304 100 0 0 0 250 50 0 0 20 0 11 0 987654 1000000 500 18446744073709551615';

  it('reads stat, also when the name holds spaces and parentheses', () => {
    const stat = parseProcStat(`4711 (a) b (c) S ${tail}\n`);
    assert.deepEqual(stat, { pid: 4711, state: 'S', parentPid: 1, startTime: '987654', cpuTicks: 300 });
  });

  it('knows who has ended', () => {
    const zombie = parseProcStat(`4711 (x) Z ${tail}`);
    assert.ok(zombie !== undefined && hasEnded(zombie));
  });

  for (const text of ['', '4711', '4711 (x', '4711 (x) S 1', 'x (y) S 1 2 3', `0 (x) S ${tail}`]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseProcStat(text), undefined));
  }

  it('reads memory and written characters', () => {
    assert.equal(parseResidentBytes('Name:\tx\nVmRSS:\t    2048 kB\n'), 2048 * 1024);
    assert.equal(parseResidentBytes('Name:\tkthread\n'), undefined);
    assert.equal(parseWrittenChars('rchar: 5\nwchar: 77\nsyscr: 1\n'), 77);
  });

  it('finds exactly one variable and value', () => {
    const environ = Buffer.from('A=1\0FLEET_SESSION_ID=agent-abc\0B=FLEET_SESSION_ID=agent-x\0C=\0');
    assert.ok(environHas(environ, 'FLEET_SESSION_ID', 'agent-abc'));
    assert.ok(!environHas(environ, 'FLEET_SESSION_ID', 'agent-ab'));
    assert.ok(!environHas(environ, 'FLEET_SESSION_ID', 'agent-x'));
    assert.ok(!environHas(environ, 'SESSION_ID', 'agent-abc'));
    assert.ok(!environHas(Buffer.alloc(0), 'A', '1'));
  });
});

describe('process facts on macOS', () => {
  it('asks by absolute path and argv', () => {
    assert.deepEqual(unix.startTimeCommand(7), { file: '/bin/ps', args: ['-o', 'stat=,lstart=', '-p', '7'] });
    assert.deepEqual(unix.bootCommand().args, ['-n', 'kern.bootsessionuuid', 'kern.boottime']);
    assert.equal(unix.commandEnv.LC_ALL, 'C');
  });

  it('prefers the id of the boot session to the boot time', () => {
    const time = '{ sec = 1700000000, usec = 5 } Tue Nov 14 22:13:20 2023\n';
    assert.equal(unix.parseBoot(`0A1B2C3D-0000-4000-8000-00000000000F\n${time}`), '0a1b2c3d-0000-4000-8000-00000000000f');
    assert.equal(unix.parseBoot(time), '1700000000');
    assert.equal(unix.parseBoot(''), undefined);
  });

  it('reads start times', () => {
    assert.deepEqual(unix.parseStartTime('S+   Mon Mar  2 10:00:07 2026\n'), { startTime: 'Mon Mar 2 10:00:07 2026', ended: false });
    assert.deepEqual(unix.parseStartTime('Z    Mon Mar  2 10:00:07 2026\n')?.ended, true);
    assert.equal(unix.parseStartTime('\n'), undefined);
  });

  it('reads the list, without zombies and unreadable lines', () => {
    const output = [
      '    1     0   9000 Ss     2:03.50 Mon Mar  2 09:00:00 2026',
      '  700     1   2048 S+     0:00.25 Mon Mar  2 10:00:07 2026',
      '  701   700      0 Z      0:00.00 Mon Mar  2 10:00:08 2026',
      'ps: something odd',
    ].join('\n');
    assert.deepEqual(unix.parseList(output), [
      { pid: 1, parentPid: 0, startTime: 'Mon Mar 2 09:00:00 2026', rssBytes: 9000 * 1024, cpuMs: 123_500 },
      { pid: 700, parentPid: 1, startTime: 'Mon Mar 2 10:00:07 2026', rssBytes: 2048 * 1024, cpuMs: 250 },
    ]);
  });

  it('reads processor times', () => {
    assert.equal(unix.parseCpuTime('1-02:03:04.50'), ((24 + 2) * 3600 + 3 * 60 + 4.5) * 1000);
    assert.equal(unix.parseCpuTime('101:02.00'), 101 * 60_000 + 2000);
    assert.equal(unix.parseCpuTime('-'), undefined);
  });

  it('gives evidence: the start time, or nothing when ps cannot be run', async () => {
    const table = new PsTable(() => Promise.resolve('S Mon Mar  2 10:00:07 2026'));
    assert.deepEqual(await table.look(process.pid), { presence: 'present', startTime: 'Mon Mar 2 10:00:07 2026' });
    const broken = new PsTable(() => Promise.reject(new Error('no ps')));
    assert.deepEqual(await broken.look(process.pid), { presence: 'present' });
    assert.equal(await broken.bootId(), undefined);
    await assert.rejects(broken.list());
  });
});

describe('process facts on Windows', () => {
  it('asks PowerShell by argv, without a profile', () => {
    const { file, args } = windows.processCommand(7);
    assert.equal(file, 'powershell.exe');
    assert.deepEqual(args.slice(0, 4), ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command']);
    assert.match(args[4] ?? '', /ProcessId=7'/);
  });

  it('reads rows; processes without a start time are left out', () => {
    const rows = windows.parseRows(
      '[{"p":4,"pp":0,"s":null,"m":1,"c":1},{"p":9,"pp":4,"s":"638900000000000001","m":4096,"c":20000},{"p":10,"pp":9,"s":"x"}]',
    );
    assert.deepEqual(rows, [{ pid: 9, parentPid: 4, startTime: '638900000000000001', rssBytes: 4096, cpuMs: 2 }]);
    assert.equal(windows.parseRows('Get-CimInstance : Access denied'), undefined);
    assert.equal(windows.parseRows('{}'), undefined);
  });

  it('does not take whoever has the pid now for the parent', () => {
    const rows = windows.dropFalseParents([
      { pid: 5, parentPid: 1, startTime: '638900000000000002' },
      { pid: 6, parentPid: 5, startTime: '638900000000000001' },
      { pid: 7, parentPid: 5, startTime: '638900000000000003' },
    ]);
    assert.deepEqual(rows.map((row) => row.parentPid), [1, 0, 5]);
  });

  it('reads the boot counter', async () => {
    assert.equal(windows.parseBoot('42\r\n'), '42');
    assert.equal(windows.parseBoot(''), undefined);
    assert.equal(await new CimTable(() => Promise.resolve('17')).bootId(), '17');
  });
});
