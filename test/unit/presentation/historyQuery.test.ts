import { deepStrictEqual, match, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { parseHistoryQuery } from '../../../src/presentation/historyQuery.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';

const hour = 3_600_000;
const day = 24 * hour;
const now = new Date(2026, 10, 20, 15, 30).getTime();
const parse = (input: string) => parseHistoryQuery(t, input, now);

describe('presentation/historyQuery', () => {
  it('takes words as they are', () => {
    deepStrictEqual([parse(''), parse('  fix   the Login ')], [{ text: '', problems: [] }, { text: 'fix the Login', problems: [] }]);
  });

  it('reads filters between the words, in any case', () => {
    deepStrictEqual(parse('login STATUS:Failed since:3d api agent:Codex'), { text: 'login api', status: ['failed'], since: now - 3 * day, agent: 'codex', problems: [] });
  });

  it('knows several statuses and words for groups of them', () => {
    deepStrictEqual(
      ['status:failed,cancelled', 'status:active', 'status:starting', 'status:canceled,cancelled', 'status:failed,'].map((input) => parse(input).status),
      [['failed', 'cancelled'], ['provisioning', 'running', 'retiring'], ['provisioning'], ['cancelled'], ['failed']],
    );
  });

  it('reads spans, days and minutes; a day ends with its last millisecond', () => {
    const at = (...parts: [number, number, number, number?, number?]): number => new Date(...parts).getTime();
    deepStrictEqual(
      ['since:30m', 'since:2h', 'since:2w', 'since:today', 'since:yesterday', 'since:2026-11-01', 'since:2026-11-01T09:30'].map((input) => parse(input).since),
      [now - 30 * 60_000, now - 2 * hour, now - 14 * day, at(2026, 10, 20), at(2026, 10, 19), at(2026, 10, 1), at(2026, 10, 1, 9, 30)],
    );
    deepStrictEqual(
      ['until:1d', 'until:yesterday', 'until:2026-11-01', 'until:2026-11-01T09:30'].map((input) => parse(input).until),
      [now - day, at(2026, 10, 20) - 1, at(2026, 10, 2) - 1, at(2026, 10, 1, 9, 31) - 1],
    );
  });

  it('passes over a filter that is still empty, and takes the last of a kind', () => {
    deepStrictEqual([parse('status: since: x'), parse('since:1d since:2d')], [{ text: 'x', problems: [] }, { text: '', since: now - 2 * day, problems: [] }]);
  });

  it('says what is wrong with a filter, and goes on without it', () => {
    const { text, problems, ...filters } = parse('ui status:broken since:soon until:2026-02-30 agent:pi');
    deepStrictEqual([text, filters, problems.length], ['ui', { agent: 'pi' }, 3]);
    match(`${problems[0]?.problem} ${problems[0]?.hint}`, /^“status:broken” is not known\. active, /);
    match(`${problems[1]?.problem} ${problems[1]?.hint}`, /^“since:soon” is no time\. 30m, /);
    match(problems[2]?.problem ?? '', /^“until:2026-02-30” is no time\./);
    deepStrictEqual(['since:2026-13-01', 'since:2026-11-01T25:00', 'since:2026-11-01T10:75', 'since:3y', 'status:toString', 'status:constructor'].map((input) => parse(input).problems.length), [1, 1, 1, 1, 1, 1]);
  });

  it('takes other words with a colon as words', () => {
    deepStrictEqual(parse('http://x C:\\work branch:main').text, 'http://x C:\\work branch:main');
  });

  it('never fails, and never gives more than words, known statuses and finite times', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('status:', 'since:', 'until:', 'agent:', 'status:failed', 'since:999999w', '2026-11-01'));
    fc.assert(
      fc.property(fc.array(piece).map((pieces) => pieces.join(' ')), (input) => {
        const { since = 0, until = 0, text } = parse(input);
        ok(Number.isFinite(since) && Number.isFinite(until) && !/\s{2}/.test(text));
      }),
    );
  });
});
