import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addUsage, mergeReports, microUsd, usageOf, type UsageReport } from '../../../src/core/usage.ts';

const usd = (amount: number): { costMicroUsd: number } => ({ costMicroUsd: microUsd(amount) ?? assert.fail(`${amount}`) });

describe('core/usage', () => {
  it('A14 0.1 + 0.2 USD are 300000 micro-dollars', () => {
    assert.deepEqual(usageOf([{ turn: '1', ...usd(0.1) }, { turn: '2', ...usd(0.2) }]), { turns: 2, costMicroUsd: 300_000 });
    assert.deepEqual(addUsage(usd(0.1), usd(0.2)), { costMicroUsd: 300_000 });
  });

  it('A14 money is whole micro-dollars; what is no amount is not known', () => {
    assert.deepEqual([0, 1.005, 0.000_000_4, 0.0123].map(microUsd), [0, 1_005_000, 0, 12_300]);
    assert.deepEqual([-1, Number.NaN, Infinity, 1e300].map(microUsd), [undefined, undefined, undefined, undefined]);
  });

  it('A14 the last report wins in its turn; turns are summed up', () => {
    const reports: UsageReport[] = [
      { turn: '1', inputTokens: 10, outputTokens: 1 },
      { turn: '2', inputTokens: 100, outputTokens: 5 },
      { turn: '1', inputTokens: 30, outputTokens: 3 },
    ];
    assert.deepEqual(usageOf(reports), { turns: 2, inputTokens: 130, outputTokens: 8 });
  });

  it('A14 a later report that says less takes nothing back', () => {
    assert.deepEqual(mergeReports({ inputTokens: 10, toolCalls: 2 }, { outputTokens: 4, toolCalls: 3 }), { inputTokens: 10, outputTokens: 4, toolCalls: 3 });
    assert.deepEqual(usageOf([{ turn: '1', ...usd(0.5) }, { turn: '1', inputTokens: 7 }]), { turns: 1, inputTokens: 7, costMicroUsd: 500_000 });
  });

  it('A14 unknown stays unknown and is not 0; 0 stays 0', () => {
    assert.deepEqual(usageOf([]), {});
    assert.deepEqual(usageOf([{ turn: '1' }]), { turns: 1 });
    assert.deepEqual(addUsage({}, {}), {});
    assert.deepEqual(addUsage({ costMicroUsd: 0 }, {}), { costMicroUsd: 0 });
    assert.deepEqual(usageOf([{ turn: '1', inputTokens: 1 }, { turn: '2', outputTokens: 2 }]), { turns: 2, inputTokens: 1, outputTokens: 2 });
  });

  it('A14 reasoning is part of the output and never added to it', () => {
    assert.deepEqual(usageOf([{ turn: '1', outputTokens: 100, reasoningTokens: 60 }, { turn: '2', outputTokens: 50 }]), { turns: 2, outputTokens: 150, reasoningTokens: 60 });
  });

  it('A14 numbers that are no counts say nothing', () => {
    for (const bad of [-1, 0.5, Number.NaN, Infinity]) assert.deepEqual(mergeReports({ inputTokens: 3 }, { inputTokens: bad, costMicroUsd: bad }), { inputTokens: 3 });
    assert.equal(addUsage({ inputTokens: Number.MAX_SAFE_INTEGER }, { inputTokens: 9 }).inputTokens, Number.MAX_SAFE_INTEGER);
  });

  it('A14 the total is the same, however often the reports of each turn are repeated', () => {
    const amount = fc.nat(1_000_000);
    const report = fc.record({ turn: fc.constantFrom('a', 'b', 'c'), inputTokens: amount, costMicroUsd: amount }, { requiredKeys: ['turn'] });
    fc.assert(fc.property(fc.array(report), (reports) => assert.deepEqual(usageOf([...reports, ...reports]), usageOf(reports))));
  });
});
