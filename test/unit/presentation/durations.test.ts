import { deepStrictEqual } from 'node:assert/strict';
import { formatAgo, formatElapsed, formatRunning, speakElapsed } from '../../../src/presentation/durations.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const spans = [-5, 0, 4 * second, 59_999, minute, 2 * minute + 30 * second, hour, hour + 5 * minute, 24 * hour, 75 * hour];

describe('presentation/durations', () => {
  it('formats spans shortly', () => {
    deepStrictEqual(spans.map((ms) => formatElapsed(t, ms)), ['0s', '0s', '4s', '59s', '1m', '2m', '1h', '1h 5m', '1d', '3d']);
  });

  it('does not count seconds of a running span', () => {
    deepStrictEqual([0, 59_999, minute].map((ms) => formatRunning(t, ms)), ['<1m', '<1m', '1m']);
  });

  it('speaks spans in words', () => {
    deepStrictEqual(spans.slice(3).map((ms) => speakElapsed(t, ms)), [
      'less than a minute', '1 minute', '2 minutes', '1 hour', '1 hour 5 minutes', '1 day', '3 days',
    ]);
  });

  it('says how long ago something was', () => {
    deepStrictEqual([-1, 999, 4000].map((ms) => formatAgo(t, ms)), ['just now', 'just now', '4s ago']);
  });
});
