import type { Translate } from './translate.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A span in short form: `4s`, `2m`, `1h 5m`, `3d`. A negative span (the clock was set back) is `0s`. */
export function formatElapsed(t: Translate, ms: number): string {
  const span = Math.max(0, ms);
  if (span < minute) return t('{0}s', Math.floor(span / second));
  if (span < hour) return t('{0}m', Math.floor(span / minute));
  if (span < day) {
    const hours = Math.floor(span / hour);
    const minutes = Math.floor((span % hour) / minute);
    return minutes === 0 ? t('{0}h', hours) : t('{0}h {1}m', hours, minutes);
  }
  return t('{0}d', Math.floor(span / day));
}

/** A running span for a row. Below a minute it does not count, so that rows are not repainted every second. */
export function formatRunning(t: Translate, ms: number): string {
  return ms < minute ? t('<1m') : formatElapsed(t, ms);
}

/** A span for screen readers, in whole words: `4 minutes`. */
export function speakElapsed(t: Translate, ms: number): string {
  const span = Math.max(0, ms);
  if (span < minute) return t('less than a minute');
  if (span < hour) return speakMinutes(t, Math.floor(span / minute));
  if (span < day) {
    const hours = Math.floor(span / hour);
    const minutes = Math.floor((span % hour) / minute);
    const spoken = hours === 1 ? t('1 hour') : t('{0} hours', hours);
    return minutes === 0 ? spoken : t('{0} {1}', spoken, speakMinutes(t, minutes));
  }
  const days = Math.floor(span / day);
  return days === 1 ? t('1 day') : t('{0} days', days);
}

/** How long ago something was: `just now`, `4s ago`. */
export function formatAgo(t: Translate, ms: number): string {
  return ms < second ? t('just now') : t('{0} ago', formatElapsed(t, ms));
}

function speakMinutes(t: Translate, minutes: number): string {
  return minutes === 1 ? t('1 minute') : t('{0} minutes', minutes);
}
