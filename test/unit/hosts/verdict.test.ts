import assert from 'node:assert/strict';
import type { Liveness, ProcessIdentity } from '../../../src/core/session.ts';
import { presenceOfKillError } from '../../../src/hosts/local/presence.ts';
import { livenessOf, type ProcessEvidence } from '../../../src/hosts/local/verdict.ts';

const full: ProcessIdentity = { pid: 7, startTime: '100', bootId: 'a' };
const bare: ProcessIdentity = { pid: 7 };

const table: readonly (readonly [string, ProcessIdentity | undefined, ProcessEvidence, Liveness])[] = [
  ['nothing recorded', undefined, { presence: 'missing' }, 'unknown'],
  ['V4: a pid that means a group of processes', { pid: 0 }, { presence: 'missing' }, 'unknown'],
  ['all agree', full, { bootId: 'a', presence: 'present', startTime: '100' }, 'alive'],
  ['pid given to somebody else', full, { bootId: 'a', presence: 'present', startTime: '101' }, 'dead'],
  ['pid given to another user', full, { bootId: 'a', presence: 'denied', startTime: '101' }, 'dead'],
  ['rebooted, and pid and start time agree by chance', full, { bootId: 'b', presence: 'present', startTime: '100' }, 'dead'],
  ['rebooted, nothing else known', full, { bootId: 'b', presence: 'unknown' }, 'dead'],
  ['gone', full, { bootId: 'a', presence: 'missing' }, 'dead'],
  ['gone, boot not known', bare, { presence: 'missing' }, 'dead'],
  ['could not look', full, { bootId: 'a', presence: 'unknown' }, 'unknown'],
  ['EPERM counts as alive', full, { bootId: 'a', presence: 'denied' }, 'alive'],
  ['EPERM counts as alive without start time', bare, { presence: 'denied' }, 'alive'],
  ['a pid alone proves nothing', bare, { presence: 'present', startTime: '100' }, 'unknown'],
  ['start time cannot be read', full, { bootId: 'a', presence: 'present' }, 'unknown'],
  ['boot id recorded, not known now', full, { presence: 'present', startTime: '100' }, 'alive'],
  ['boot id known now, not recorded', { pid: 7, startTime: '100' }, { bootId: 'b', presence: 'present', startTime: '100' }, 'alive'],
];

describe('liveness verdict', () => {
  for (const [what, identity, evidence, expected] of table) {
    it(`${what}: ${expected}`, () => assert.equal(livenessOf(identity, evidence), expected));
  }

  it('reads the errors of signal 0', () => {
    assert.equal(presenceOfKillError('ESRCH'), 'missing');
    assert.equal(presenceOfKillError('EPERM'), 'denied');
    assert.equal(presenceOfKillError('EINVAL'), 'unknown');
    assert.equal(presenceOfKillError(undefined), 'unknown');
  });
});
