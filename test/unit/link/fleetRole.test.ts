import assert from 'node:assert/strict';
import { Emitter } from '../../../src/base/event.ts';
import { nullLogger } from '../../../src/base/ports.ts';
import type { OpenReport, RegistryDelta } from '../../../src/core/ports.ts';
import type { FleetChange } from '../../../src/core/sessionLedger.ts';
import { FleetRole } from '../../../src/link/fleetRole.ts';

describe('what a window is to the registry', () => {
  const roleFor = (report: OpenReport): { readonly current: string; readonly hasRegistry: boolean } => {
    const [opened, changed, elsewhere] = [new Emitter<OpenReport>(nullLogger), new Emitter<FleetChange>(nullLogger), new Emitter<RegistryDelta>(nullLogger)];
    const fleet = { report, isOwner: report.role === 'owner', sessions: report.sessions, onDidOpen: opened.event, onDidChange: changed.event };
    const role = new FleetRole({ fleet, store: { onDidChangeElsewhere: elsewhere.event }, logger: nullLogger });
    const { current, hasRegistry } = role;
    role.dispose();
    return { current, hasRegistry };
  };
  const empty = { sessions: [], skippedRows: 0, role: 'owner' } as const;

  it('S3, S5: the owner of a stored registry is one though its list is empty; a fresh workspace has nothing to own', () => {
    assert.deepEqual(roleFor({ ...empty, stored: true }), { current: 'owner', hasRegistry: true });
    assert.deepEqual(roleFor(empty), { current: 'owner', hasRegistry: false });
    assert.deepEqual(roleFor({ ...empty, role: 'reader', stored: true }), { current: 'reader', hasRegistry: true });
    assert.deepEqual(roleFor({ ...empty, newerVersion: 3 }), { current: 'none', hasRegistry: false });
  });
});
