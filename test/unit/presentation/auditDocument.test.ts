import { deepStrictEqual, equal, notEqual } from 'node:assert/strict';
import type { StoredAuditEntry } from '../../../src/core/ports.ts';
import { auditDocument, auditLines, auditUri, dashboardUri, maxAuditLines } from '../../../src/presentation/auditDocument.ts';
import { inspectUri } from '../../../src/presentation/inspectDocument.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { view } from './fixtures.ts';

const entry = (seq: number, over: Partial<StoredAuditEntry> = {}): StoredAuditEntry => ({ seq, at: seq, actor: 'user', action: 'cancel', target: 'agent-a', result: 'ok', ...over });
const input = (entries: readonly StoredAuditEntry[]) => ({ entries, nameOf: (id: string) => (id === 'agent-a' ? 'ui' : undefined), formatTime: (at: number) => `T${at}` });

describe('presentation/auditDocument', () => {
  it('S12: tells who did what to which session, when, and how it ended; newest first', () => {
    deepStrictEqual(auditDocument(t, input([entry(1), entry(2, { action: 'prompt', target: 'agent-b', result: 'Refused', detail: '“ui”\nhas ended' }), entry(3, { actor: 'fleet', action: 'odd', target: undefined as never })])).split('\n'), [
      'Audit log of Agent Fleet, newest first',
      '',
      'When  Who    What    To       Result           Session  Details',
      'T3    fleet  odd     —        done             —',
      'T2    you    prompt  agent-b  failed: Refused  agent-b  “ui” has ended',
      'T1    you    cancel  ui       done             agent-a',
      '',
    ]);
  });

  it('says so when there is nothing, and when there is more than it shows', () => {
    equal(auditDocument(t, input([])), 'Audit log of Agent Fleet, newest first\n\nNothing was asked of the fleet yet.\n');
    const lines = auditDocument(t, input(Array.from({ length: maxAuditLines + 1 }, (_, index) => entry(index + 1)))).split('\n');
    deepStrictEqual([lines[2], lines.filter((line) => line.startsWith('T')).length, lines.at(-2)?.startsWith('T2 ')], ['Only the newest 1000 entries are shown. Export Audit Log writes all of them.', maxAuditLines, true]);
  });

  it('writes JSON lines, oldest first, with a time that every tool reads', () => {
    deepStrictEqual(auditLines([entry(1), entry(2, { detail: 'x' })]).split('\n').slice(0, 2).map((line): unknown => JSON.parse(line)), [
      { seq: 1, at: '1970-01-01T00:00:00.001Z', actor: 'user', action: 'cancel', target: 'agent-a', result: 'ok' },
      { seq: 2, at: '1970-01-01T00:00:00.002Z', actor: 'user', action: 'cancel', target: 'agent-a', result: 'ok', detail: 'x' },
    ]);
    equal(auditLines([]), '');
  });

  it('has an address that no session can have', () => {
    notEqual(auditUri(t).authority, dashboardUri(t).authority);
    equal('authority' in inspectUri(view({ id: 'audit', name: 'audit' })), false);
  });
});
