import { setImmediate as turn } from 'node:timers/promises';
import { nullLogger } from '../../../../../src/base/ports.ts';
import { nodeJournalFiles } from '../../../../../src/storage/journal/journalFiles.ts';
import { JournalWriter } from '../../../../../src/storage/journal/journalWriter.ts';
import { put } from '../../../../unit/storage/journal/support/records.ts';

/** Appends to the journal of its arguments (folder, epoch, first q) and tells each q when the call has returned, until it is killed. */
const [, , folder = '', epoch = '', first = ''] = process.argv;
const writer = await JournalWriter.open({
  folder,
  epoch: Number(epoch),
  firstQ: Number(first),
  files: nodeJournalFiles,
  clock: { now: () => 5 },
  logger: nullLogger,
  segmentBytes: 8_000,
});
for (;;) {
  process.send?.(writer.append((q, t) => put(q, t, 'some words')).q);
  await turn();
}
