import type { Session } from '../core/session.ts';
import { formatElapsed, formatRunning } from './durations.ts';
import type { Translate } from './translate.ts';

/** What becomes of a session that failed by itself: `tries again in 4s`; `undefined`: nothing is planned and nothing was given up. */
export function retryText(t: Translate, session: Session, now: number): string | undefined {
  return wordsOf(t, session, now, formatElapsed);
}

/** The same for a row, which does not count seconds. */
export function retryRemark(t: Translate, session: Session, now: number): string | undefined {
  return wordsOf(t, session, now, formatRunning);
}

function wordsOf(t: Translate, { retryAt, escalatedAt, attempt }: Session, now: number, format: typeof formatElapsed): string | undefined {
  if (retryAt !== undefined) return retryAt <= now ? t('tries again now') : t('tries again in {0}', format(t, retryAt - now));
  if (escalatedAt === undefined) return undefined;
  return attempt === 1 ? t('not tried again') : t('not tried again after {0} attempts', attempt);
}
