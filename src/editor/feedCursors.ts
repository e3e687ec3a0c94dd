import type * as vscode from 'vscode';
import type { FeedCursors } from '../core/completionFeed.ts';
import type { Logger } from '../base/ports.ts';

const prefix = 'feedCursor.';

/** Keeps how far consumers of the completion feed have come, per workspace. */
export function feedCursors(memento: vscode.Memento, logger: Logger): FeedCursors {
  return {
    load: (consumer) => memento.get<number>(prefix + consumer),
    save(consumer, seq) {
      memento.update(prefix + consumer, seq).then(undefined, (error: unknown) => logger.warn('a cursor of the completion feed was not kept', error));
    },
  };
}
