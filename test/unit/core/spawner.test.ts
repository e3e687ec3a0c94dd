import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { FleetError, isFleetError } from '../../../src/base/errors.ts';
import { AuditTrail } from '../../../src/core/auditTrail.ts';
import { checkName, freeName, Spawner, type SpawnRequest } from '../../../src/core/spawner.ts';
import type { SessionStatus } from '../../../src/core/session.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, started } from '../../fakes/sessions.ts';
import { FakeWindow } from '../../fakes/window.ts';

const ask: SpawnRequest = { driver: 'scripted', name: 'docs', prompt: 'write the docs', policy: 'ask', cwd: '/work/docs' };

function code(wanted: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isFleetError(error, wanted), `${String(error)} is not ${wanted}`);
    return true;
  };
}

describe('Spawner', () => {
  let window: FakeWindow;
  beforeEach(async () => {
    window = await FakeWindow.open();
  });
  afterEach(() => window.dispose());

  function assertNothingMade(): void {
    assert.deepEqual([window.fleet.sessions, window.store.writes, window.folders.prepared, window.folders.removed, window.terminals.launched], [[], [], [], [], []]);
  }

  it('T1: registers in provisioning, prepares, opens the terminal with the runner as argv; running when the runner says so', async () => {
    const session = await window.spawner.spawn({ ...ask, name: '  docs ', variant: 'quick', parentId: sessionId(9) });
    assert.deepEqual(
      [session.status, session.name, session.attempt, session.spec, session.parentId, session.promptToType],
      ['provisioning', 'docs', 1, { policy: 'ask', cwd: '/work/docs', prompt: 'write the docs', variant: 'quick' }, sessionId(9), undefined],
    );
    const [prepared] = window.folders.prepared;
    assert.equal(session.tokenHash, createHash('sha256').update(prepared?.token ?? '').digest('hex'));
    assert.equal(session.conversationId, window.catalog.driver.requests[0]?.conversationId);
    assert.deepEqual(prepared?.plan.argv, ['/bin/scripted', 'write the docs']);
    assert.deepEqual(window.terminals.launched.map((launch) => [launch.sessionId, launch.argv[0]]), [[session.id, '/node']]);
    assert.deepEqual(window.store.writes.map((write) => write.how), ['registerActive']);
    await window.fleet.applyRunnerEvents(session.id, [event(1, started)]);
    assert.equal(window.fleet.get(session.id).status, 'running');
  });

  it('S11: the token is kept nowhere but in the launch', async () => {
    const session = await window.spawner.spawn(ask);
    const token = window.folders.prepared[0]?.token ?? 'none';
    assert.doesNotMatch(JSON.stringify([session, window.store.lines, window.logger.lines]), new RegExp(token));
  });

  it('a prompt that the agent takes only by keyboard is kept to be typed', async () => {
    window.catalog.driver.promptInArgv = false;
    assert.equal((await window.spawner.spawn(ask)).promptToType, 'write the docs');
  });

  it('without a prompt, or with a blank one, the agent starts and waits', async () => {
    window.catalog.driver.promptInArgv = false;
    for (const [name, prompt] of [['a', undefined], ['b', ''], ['c', ' \n\t']] as const) {
      const { prompt: _prompt, ...rest } = ask;
      const session = await window.spawner.spawn({ ...rest, name, ...(prompt === undefined ? {} : { prompt }) });
      assert.deepEqual(['prompt' in session.spec, 'promptToType' in session], [false, false]);
    }
  });

  describe('T1: is refused before anything is made', () => {
    const refusals: readonly [what: string, wanted: string, patch: Partial<SpawnRequest>, arrange?: () => void][] = [
      ['an untrusted folder', 'NotTrusted', {}, () => (window.isTrusted = false)],
      ['a folder outside the workspace', 'NotTrusted', {}, () => window.outside.add('/work/docs')],
      ['a relative folder', 'BadFolder', { cwd: 'docs' }],
      ['an empty name', 'BadName', { name: '' }],
      ['a blank name', 'BadName', { name: ' \t\n ' }],
      ['a name of 81 characters', 'BadName', { name: 'x'.repeat(81) }],
      ['a name with a colour in it', 'BadName', { name: 'a\u001b[31mb' }],
      ['a name of two lines', 'BadName', { name: 'a\nb' }],
      ['a name that turns the text around', 'BadName', { name: 'a\u202eb' }],
      ['a prompt of nothing but control characters', 'EmptyPrompt', { prompt: '\u0007\u0003' }],
      ['a prompt of a megabyte', 'PromptTooLong', { prompt: 'x'.repeat(1_000_000) }],
      ['a folder that is gone', 'FolderGone', {}, () => (window.hasFolder = false)],
      ['an unknown agent', 'UnknownDriver', { driver: 'nobody' }],
      ['an agent that is not installed', 'NotInstalled', {}, () => (window.catalog.isInstalled = false)],
      ['a policy that the agent does not know', 'UnsupportedPolicy', {}, () => (window.catalog.driver.planFault = new FleetError('UnsupportedPolicy', 'No.'))],
      ['a plan that fails in a way of its own', 'Odd', {}, () => (window.catalog.driver.planFault = new FleetError('Odd', 'No.'))],
    ];
    for (const [what, wanted, patch, arrange] of refusals) {
      it(`${what}: ${wanted}`, async () => {
        arrange?.();
        await assert.rejects(window.spawner.spawn({ ...ask, ...patch }), code(wanted));
        assertNothingMade();
      });
    }

    it('a registry that is not read yet', async () => {
      const early = new FakeWindow();
      await assert.rejects(early.spawner.spawn(ask), code('NotOpen'));
      assert.deepEqual([early.folders.prepared, early.terminals.launched], [[], []]);
      early.dispose();
    });

    it('a name that is in use, and one session too many', async () => {
      await window.spawner.spawn(ask);
      await assert.rejects(window.spawner.spawn(ask), code('NameTaken'));
      window.limit = 1;
      await assert.rejects(window.spawner.spawn({ ...ask, name: 'other' }), code('MaxConcurrentExceeded'));
      assert.deepEqual([window.fleet.sessions.length, window.folders.prepared.length, window.terminals.launched.length], [1, 1, 1]);
    });

    it('two spawns at once cannot share a name or the last free place', async () => {
      window.limit = 1;
      const results = await Promise.allSettled([window.spawner.spawn(ask), window.spawner.spawn({ ...ask, name: 'other' })]);
      assert.deepEqual(results.map((result) => result.status), ['fulfilled', 'rejected']);
      assert.equal(window.terminals.launched.length, 1);
    });
  });

  it('a folder outside the workspace is refused in words', async () => {
    window.outside.add('/work/docs');
    await assert.rejects(window.spawner.spawn(ask), { message: 'The folder /work/docs does not belong to this trusted workspace. Open it as a workspace folder first.' });
  });

  it('a linked folder: the agent runs in the real one, so that what it reports lies inside; either may be the trusted one', async () => {
    window.links.set('/work/link', '/data/docs');
    for (const outside of ['/data/docs', '/work/link']) {
      window.outside.clear();
      window.outside.add(outside);
      const session = await window.spawner.spawn({ ...ask, name: outside, cwd: '/work/link' });
      assert.deepEqual([session.spec.cwd, window.folders.prepared.at(-1)?.cwd, window.terminals.launched.at(-1)?.cwd], ['/data/docs', '/data/docs', '/data/docs']);
      const { cwd, folderTrusted } = window.catalog.driver.requests.at(-1) ?? {};
      assert.deepEqual([cwd, folderTrusted], ['/data/docs', true]);
    }
    window.outside.add('/data/docs');
    await assert.rejects(window.spawner.spawn({ ...ask, cwd: '/work/link' }), code('NotTrusted'));
  });

  describe('T1, T7: what fails after registering', () => {
    const faults: readonly [what: string, arrange: () => void, reason: string, error: RegExp][] = [
      ['a folder that cannot be written', () => (window.folders.prepareFault = new Error('EACCES: /storage')), 'the agent could not be started: EACCES: /storage', /EACCES/],
      ['a terminal that the editor refuses', () => (window.terminals.launchFault = new FleetError('TerminalFailed', 'The editor could not open a terminal.')), 'The editor could not open a terminal.', /could not open/],
    ];
    for (const [what, arrange, reason, error] of faults) {
      it(`${what}: failed with the reason, the folder removed, nothing in provisioning`, async () => {
        arrange();
        await assert.rejects(window.spawner.spawn(ask), error);
        assert.deepEqual(window.fleet.sessions.map(({ status, outcome }) => [status, outcome]), [['failed', { type: 'failed', error: reason }]]);
        const [{ id } = { id: '' }] = window.fleet.sessions;
        assert.deepEqual([window.folders.has(id), window.folders.removed], [false, [id]]);
        assert.equal(window.store.rows.get(id)?.status, 'failed');
      });
    }

    it('a cancel while the files are written: no terminal is opened, the cancel stands, the folder is removed', async () => {
      window.folders.duringPrepare = () => window.controller.cancel(window.fleet.sessions[0]?.id ?? '', 'changed my mind');
      await assert.rejects(window.spawner.spawn(ask), code('Cancelled'));
      assert.deepEqual(window.fleet.sessions.map((session) => session.outcome), [{ type: 'cancelled', reason: 'changed my mind' }]);
      assert.deepEqual([window.terminals.launched, window.folders.removed.length], [[], 1]);
    });

    it('a launch that fails after the session has ended keeps the end and tells the failure', async () => {
      window.folders.duringPrepare = () => window.fleet.cancelled(window.fleet.sessions[0]?.id ?? '', undefined);
      window.folders.prepareFault = new Error('EACCES');
      await assert.rejects(window.spawner.spawn(ask), /EACCES/);
      assert.equal(window.fleet.sessions[0]?.status, 'cancelled');
    });

    it('S10: a disk that fails does not stop the spawn', async () => {
      window.store.failWith('disk full');
      assert.equal((await window.spawner.spawn(ask)).status, 'provisioning');
      assert.equal(window.terminals.launched.length, 1);
    });
  });

  describe('L15: restart', () => {
    const restartable: readonly SessionStatus[] = ['failed', 'aborted', 'cancelled', 'terminated', 'unknown'];
    for (const status of ['provisioning', 'running', 'retiring', 'completed', 'failed', 'aborted', 'cancelled', 'retired', 'terminated', 'unknown'] as const) {
      it(`${status}: ${restartable.includes(status) ? 'a new attempt' : 'refused'}`, async () => {
        const old = aSession({ id: sessionId(50), status, attempt: 2, parentId: sessionId(9), spec: { policy: 'deny', cwd: '/w', prompt: 'go', variant: 'v' } });
        const own = await FakeWindow.open([old]);
        try {
          own.terminals.open(old.id);
          if (!restartable.includes(status)) {
            await assert.rejects(own.spawner.restart(old.id), code('Refused'));
            assert.deepEqual([own.fleet.sessions, own.terminals.closed], [[old], []]);
            return;
          }
          const session = await own.spawner.restart(old.id);
          assert.notEqual(session.id, old.id);
          assert.deepEqual(
            [session.attempt, session.restartOf, session.parentId, session.name, session.driver, session.spec],
            [3, old.id, old.parentId, old.name, old.driver, old.spec],
          );
          assert.deepEqual(own.fleet.get(old.id), old, 'the old attempt stays as it was');
          assert.deepEqual(own.terminals.closed, [old.id]);
        } finally {
          own.dispose();
        }
      });
    }

    it('of what is unknown: NotFound', async () => {
      await assert.rejects(window.spawner.restart('agent-x'), code('NotFound'));
    });

    it('twice: the second gets a name of its own while the first lives; the terminal stays if the restart fails', async () => {
      const own = await FakeWindow.open([aSession({ id: sessionId(50), status: 'failed' })]);
      own.terminals.open(sessionId(50));
      own.catalog.isInstalled = false;
      await assert.rejects(own.spawner.restart(sessionId(50)), code('NotInstalled'));
      assert.equal(own.terminals.has(sessionId(50)), true);
      own.catalog.isInstalled = true;
      assert.equal((await own.spawner.restart(sessionId(50))).name, 'docs');
      assert.equal((await own.spawner.restart(sessionId(50))).name, 'docs-2');
      own.dispose();
    });
  });

  describe('one live writer per folder', () => {
    const alone: SpawnRequest = { ...ask, exclusive: true };

    it('T6 a folder that a live agent has for itself: LiveOwner, and nothing is made; without the wish it starts anyway', async () => {
      const owner = await window.spawner.spawn(alone);
      await window.fleet.applyRunnerEvents(owner.id, [event(1, { ...started, kind: 'started', runner: window.machine.start(10), agent: window.machine.start(11) })]);
      const before = window.folders.prepared.length;
      await assert.rejects(window.spawner.spawn({ ...alone, name: 'second' }), (error) => {
        assert.ok(isFleetError(error, 'LiveOwner'));
        assert.deepEqual([error.details['sessionId'], error.details['name']], [owner.id, 'docs']);
        return true;
      });
      assert.deepEqual([window.fleet.sessions.length, window.folders.prepared.length], [1, before]);
      assert.equal((await window.spawner.spawn({ ...ask, name: 'second' })).worktree, undefined);
      assert.equal(window.fleet.get(owner.id).worktree, '/work/docs');
    });

    it('T6 two at once: one gets the folder; another folder is free; one whose processes are gone gives it up', async () => {
      const results = await Promise.allSettled([window.spawner.spawn(alone), window.spawner.spawn({ ...alone, name: 'second' })]);
      assert.deepEqual(results.map(({ status }) => status), ['fulfilled', 'rejected']);
      const other = await window.spawner.spawn({ ...alone, name: 'third', cwd: '/work/other' });
      await window.fleet.applyRunnerEvents(other.id, [event(1, { ...started, kind: 'started', runner: window.machine.start(10), agent: window.machine.start(11) })]);
      window.machine.kill(10);
      window.machine.kill(11);
      const next = await window.spawner.spawn({ ...alone, name: 'fourth', cwd: '/work/other' });
      assert.deepEqual([next.worktree, window.fleet.get(other.id).status], ['/work/other', 'terminated']);
    });

    it('T6 a new attempt takes the folder again, unless told otherwise', async () => {
      const own = await FakeWindow.open([aSession({ id: sessionId(50), status: 'failed', worktree: '/work/docs' }), aSession({ id: sessionId(51), name: 'b', status: 'failed' })]);
      assert.equal((await own.spawner.restart(sessionId(51))).worktree, undefined);
      assert.equal((await own.spawner.restart(sessionId(50))).worktree, '/work/docs');
      await assert.rejects(own.spawner.restart(sessionId(50)), code('LiveOwner'));
      assert.equal((await own.spawner.restart(sessionId(50), { exclusive: false })).worktree, undefined);
      own.dispose();
    });
  });

  it('S12: spawns and restarts are kept in the audit, refused ones too', async () => {
    const { fleet, catalog: drivers, folders, terminals, ids, logger, time: clock } = window;
    const audit = new AuditTrail({ fleet, clock, logger });
    const spawner = new Spawner({ fleet, drivers, folders, terminals, ids, hash: (text) => text, realFolder: (path) => Promise.resolve(path), isTrusted: () => true, logger, audit });
    const first = await spawner.spawn(ask);
    await assert.rejects(spawner.spawn(ask), code('NameTaken'));
    await fleet.cancelled(first.id, undefined);
    const next = await spawner.restart(first.id);
    await assert.rejects(spawner.restart(next.id), code('Refused'));
    assert.deepEqual(
      window.store.audits.map(({ action, target, result, detail }) => [action, target, result, detail]),
      [
        ['spawn', first.id, 'ok', 'docs (scripted)'],
        ['spawn', undefined, 'NameTaken', 'An active session is called “docs” already. Choose another name.'],
        ['restart', next.id, 'ok', 'a new attempt of docs'],
        ['restart', next.id, 'Refused', '“docs” cannot be restarted: it is provisioning. Only failed, aborted, cancelled and terminated sessions can.'],
      ],
    );
  });

  it('names: trimmed, white space folded, 80 characters are enough; any script is welcome', () => {
    assert.equal(checkName('  a   b '), 'a b');
    assert.equal(checkName('x'.repeat(80)).length, 80);
    assert.equal(checkName('文档 – Überblick 😀'), '文档 – Überblick 😀');
  });

  it('a free name is the wanted one, or the wanted one with the first free number', () => {
    assert.equal(freeName('docs', new Set()), 'docs');
    assert.equal(freeName('docs', new Set(['docs', 'docs-2', 'docs-4'])), 'docs-3');
    const long = 'x'.repeat(80);
    assert.equal(freeName(long, new Set([long])), `${'x'.repeat(78)}-2`);
  });
});
