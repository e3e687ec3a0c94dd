import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Deferred } from '../../../src/base/async.ts';
import { epochMs, QueuedFleetRegistry, type FleetSessionStatus, type RegistryFleet } from '../../../src/core/fleetRegistryPort.ts';
import { RecordingLogger } from '../../fakes/logger.ts';
import { FakeTime } from '../../fakes/time.ts';

/** Rows in memory; terminal is final. */
class Rows implements RegistryFleet {
  readonly rows = new Map<string, string>();
  readonly calls: string[] = [];
  readonly starts = new Map<string, number>();
  gate: Deferred<void> | undefined;
  fault: Error | undefined;

  has(id: string): boolean {
    return this.rows.has(id);
  }

  async register({ id, agentName, startedAt }: { id: string; agentName: string; startedAt: number }): Promise<void> {
    this.calls.push(`register ${id} ${agentName}`);
    await this.gate?.promise;
    if (this.fault !== undefined) throw this.fault;
    this.starts.set(id, startedAt);
    this.rows.set(id, 'active');
  }

  async finish(id: string, status: FleetSessionStatus): Promise<void> {
    this.calls.push(`finish ${id} ${status}`);
    await Promise.resolve();
    if (this.rows.get(id) !== 'active') throw new Error('InvalidTransition');
    this.rows.set(id, status);
  }
}

function setUp(): { fleet: Rows; logger: RecordingLogger; time: FakeTime; registry: QueuedFleetRegistry } {
  const [fleet, logger, time] = [new Rows(), new RecordingLogger(), new FakeTime()];
  return { fleet, logger, time, registry: new QueuedFleetRegistry({ fleet, logger, clock: time }) };
}

const info = (id: string): { id: string; agentName: string; startedAt: number } => ({ id, agentName: 'doc-checker', startedAt: 7 });

describe('core/fleetRegistryPort', () => {
  it('L4 the end never overtakes the beginning, however slow that is (zeph defect 1)', async () => {
    const { fleet, registry } = setUp();
    fleet.gate = new Deferred<void>();
    registry.registerActive(info('a'));
    registry.markTerminal('a', 'completed');
    await Promise.resolve();
    assert.deepEqual(fleet.calls.filter((call) => call.startsWith('finish')), []);
    fleet.gate.resolve();
    await registry.idle();
    assert.deepEqual([fleet.calls, fleet.rows.get('a')], [['register a doc-checker', 'finish a completed'], 'completed']);
  });

  it('L4 the end of an unknown sub-agent makes its row; the late beginning does not wake it', async () => {
    const { fleet, logger, time, registry } = setUp();
    registry.markTerminal('a', 'failed');
    registry.registerActive(info('a'));
    await registry.idle();
    assert.deepEqual([fleet.rows.get('a'), fleet.starts.get('a'), logger.lines], ['failed', time.now(), []]);
  });

  it('never waits, and a failure is a warning that no caller sees', async () => {
    const { fleet, logger, registry } = setUp();
    fleet.fault = new Error('disk');
    assert.equal(registry.registerActive(info('a')), undefined);
    assert.deepEqual(fleet.calls, []);
    registry.markTerminal('b', 'cancelled');
    await registry.idle();
    assert.deepEqual(logger.lines, ['warn sub-agent a is not listed', 'warn the end of sub-agent b is not recorded']);
  });

  it('a beginning that failed does not lose the end', async () => {
    const { fleet, registry } = setUp();
    fleet.fault = new Error('disk');
    registry.registerActive(info('a'));
    await registry.idle();
    fleet.fault = undefined;
    registry.markTerminal('a', 'completed');
    await registry.idle();
    assert.equal(fleet.rows.get('a'), 'completed');
  });

  it('L3 a second end changes nothing', async () => {
    const { fleet, logger, registry } = setUp();
    registry.registerActive(info('a'));
    registry.markTerminal('a', 'completed');
    registry.markTerminal('a', 'cancelled');
    await registry.idle();
    assert.deepEqual([fleet.rows.get('a'), logger.complaints.length], ['completed', 1]);
  });

  it('drops no end, however many are under way (zeph defect 8)', async () => {
    const { fleet, registry } = setUp();
    fleet.gate = new Deferred<void>();
    for (let n = 0; n < 1000; n++) {
      registry.registerActive(info(`s${n}`));
      registry.markTerminal(`s${n}`, 'completed');
    }
    fleet.gate.resolve();
    await registry.idle();
    assert.deepEqual([fleet.rows.size, [...new Set(fleet.rows.values())]], [1000, ['completed']]);
  });

  it('L4 every sub-agent whose end was told has ended, in whatever order things were told', async () => {
    const told = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()));
    await fc.assert(
      fc.asyncProperty(told, async (story) => {
        const { fleet, registry } = setUp();
        for (const [id, isEnd] of story) if (isEnd) registry.markTerminal(id, 'completed'); else registry.registerActive(info(id));
        await registry.idle();
        const ended = new Set<string>(story.filter(([, isEnd]) => isEnd).map(([id]) => id));
        for (const [id, status] of fleet.rows) assert.equal(status, ended.has(id) ? 'completed' : 'active');
        assert.equal(fleet.rows.size, new Set(story.map(([id]) => id)).size);
      }),
    );
  });

  it('S7 reads both of zeph’s spellings as the same moment', async () => {
    const at = Date.UTC(2026, 4, 4, 9, 0, 0);
    assert.deepEqual(['2026-05-04T09:00:00Z', '2026-05-04 09:00:00', '2026-05-04T09:00:00', '2026-05-04T11:00:00+02:00', at].map(epochMs), Array(5).fill(at));
    assert.deepEqual(['soon', '', Number.NaN].map(epochMs), [undefined, undefined, undefined]);
    const { fleet, time, registry } = setUp();
    registry.registerActive({ id: 'a', agentName: 'x\n\u001b[1m', startedAt: 'soon' });
    await registry.idle();
    assert.deepEqual([fleet.starts.get('a'), fleet.calls], [time.now(), ['register a x']]);
  });
});
