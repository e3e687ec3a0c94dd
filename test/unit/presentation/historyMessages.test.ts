import { deepStrictEqual, match } from 'node:assert/strict';
import { confirmEndAll, confirmRelease, confirmRetire, endedAll, exported, folderTaken, importedMessage, reaped } from '../../../src/presentation/historyMessages.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';

describe('presentation/historyMessages', () => {
  it('V6: tells how many dead sessions were ended, and what to do about those that nobody can judge', () => {
    deepStrictEqual(
      [reaped(t, 0, 0), reaped(t, 1, 0), reaped(t, 2, 1)],
      [
        'No session is proven dead.',
        '1 dead session was ended.',
        '2 dead sessions were ended. Of 1 session nobody can tell whether it runs: if you know that it is gone, use Release Session.',
      ],
    );
  });

  it('asks before what cannot be undone', () => {
    deepStrictEqual(
      [confirmRelease(t, 'ui'), confirmRetire(t, ['ui'], 30), confirmRetire(t, ['a', 'b'], 0), confirmEndAll(t, 1), confirmEndAll(t, 3)].map(({ message, confirm }) => `${message} [${confirm}]`),
      ['Release “ui”? [Release]', 'Retire “ui”? [Retire]', 'Retire 2 sessions? [Retire]', 'End the 1 active session? [End All]', 'End all 3 active sessions? [End All]'],
    );
    match(confirmRetire(t, ['ui'], 30).detail, /takes no new prompts.*longer than 30 minutes/);
    match(confirmRetire(t, ['ui'], 0).detail, /There is no deadline/);
    match(folderTaken(t, 'ui', '/w').detail, /agentFleet\.exclusiveFolders .* in \/w\./);
  });

  it('tells what became of all', () => {
    deepStrictEqual(
      [endedAll(t, { ended: 3, closed: 0, left: 0, problems: [] }), endedAll(t, { ended: 1, closed: 2, left: 1, problems: ['The disk is gone.'] })],
      [
        { severity: 'info', text: '3 sessions were ended.' },
        {
          severity: 'warning',
          text: '1 session was ended. 2 sessions without a process were listed as terminated. 1 session still runs: it is ended as soon as its process can be reached. The disk is gone.',
        },
      ],
    );
  });

  it('A9: counts what was written and read, and tells of bad lines', () => {
    deepStrictEqual(
      [
        exported(t, { sessions: 1, events: 5, unreadable: 0 }, '/w/f.jsonl'),
        exported(t, { sessions: 2, events: 1, unreadable: 1 }, '/w/f.jsonl').severity,
        importedMessage(t, { imported: 2, known: 1, unlisted: 0, left: 0, badLines: 0, others: 0 }),
        importedMessage(t, { imported: 1, known: 0, unlisted: 1, left: 4, badLines: 2, firstBad: { line: 7, reason: 'is not JSON' }, others: 3 }),
        importedMessage(t, { imported: 0, known: 0, unlisted: 0, left: 0, badLines: 0, others: 0 }),
      ],
      [
        { severity: 'info', text: '1 session with 5 events were written to /w/f.jsonl.' },
        'warning',
        { severity: 'info', text: '2 sessions were imported. 1 was here already and stays as it is.' },
        {
          severity: 'warning',
          text: '1 session was imported. 1 is too old for the list: Search History finds it. It was cancelled: 4 sessions were left out. 3 records hold no event and were passed over. 2 lines could not be read and were left out. Line 7: is not JSON.',
        },
        { severity: 'warning', text: 'No session was imported.' },
      ],
    );
  });
});
