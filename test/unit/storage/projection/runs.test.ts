import assert from 'node:assert/strict';
import fc from 'fast-check';
import { IdFilter } from '../../../../src/storage/projection/idFilter.ts';
import { Runs, type Pair } from '../../../../src/storage/projection/runs.ts';
import { tableSql } from '../../../../src/storage/projection/schema.ts';
import { Statements } from '../../../../src/storage/projection/statements.ts';
import { engine } from './kit.ts';

describe('Runs', () => {
  let sql: Statements;
  let runs: Runs;
  let close: () => void;

  beforeEach(async () => {
    const database = new (await engine()).Database();
    database.run(tableSql);
    sql = new Statements(database);
    runs = new Runs(sql);
    close = () => database.close();
  });

  afterEach(() => close());

  const write = (): void => {
    runs.write();
    runs.committed(true);
  };
  const rows = (): unknown[][] => sql.all('SELECT sno, first_seq, count, length(pairs) FROM runs ORDER BY sno, first_seq');
  const all = (sno: number): readonly Pair[] => runs.after(sno, 0, Infinity);
  const from = (first: number, last: number): Pair[] => Array.from({ length: last - first + 1 }, (_, n) => [first + n, 10 * (first + n)]);
  const add = (sno: number, pairs: readonly Pair[]): void => pairs.forEach(([seq, q]) => runs.add(sno, seq, q));

  it('holds 256 lines to a row, two bytes each, and goes on with the last row', () => {
    add(1, from(1, 300));
    add(2, [[1, 7]]);
    write();
    assert.deepEqual(rows(), [[1, 1, 256, 512], [1, 257, 44, 89], [2, 1, 1, 2]]);
    runs = new Runs(sql);
    add(1, from(301, 303));
    write();
    assert.deepEqual(rows(), [[1, 1, 256, 512], [1, 257, 47, 95], [2, 1, 1, 2]]);
    assert.deepEqual([all(1), all(2), all(3), runs.count], [from(1, 303), [[1, 7]], [], 304]);
    assert.deepEqual([runs.after(1, 255, 3), runs.after(1, 256, 1), runs.after(1, 303, 9)], [from(256, 258), from(257, 257), []]);
  });

  it('cuts a row where history was dropped, and forgets', () => {
    add(1, from(1, 600));
    write();
    runs.dropThrough(1, 300);
    assert.deepEqual([all(1), runs.count, rows().map((row) => row.slice(1, 3))], [from(301, 600), 300, [[301, 256], [557, 44]]]);
    add(1, from(601, 601));
    write();
    runs.dropThrough(1, 601);
    assert.deepEqual([rows(), runs.count], [[], 0]);
    add(1, from(602, 602));
    runs.forget(1);
    write();
    assert.deepEqual(rows(), []);
  });

  it('takes back what a batch added or forgot', () => {
    add(1, from(1, 2));
    add(2, from(1, 2));
    runs.committed(false);
    add(1, from(3, 4));
    add(3, from(1, 1));
    runs.forget(2);
    runs.rollback();
    write();
    assert.deepEqual([all(1), all(2), all(3), runs.count], [from(1, 2), from(1, 2), [], 4]);
  });

  // A line's q has at most 15 digits.
  it('holds any numbers in any order: the last one for a line counts', () => {
    const seq = fc.oneof(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
    const q = fc.oneof(fc.nat(1_000), fc.nat({ max: 999_999_999_999_999 }));
    const batch = fc.oneof(fc.array(fc.tuple(seq, q), { maxLength: 20 }), fc.integer({ min: 1, max: 500 }).map((first) => from(first, first + 400)));
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 6 }), seq, (batches, after) => {
        runs.forget(1);
        write();
        const model = new Map<number, number>();
        for (const pairs of batches) {
          add(1, pairs);
          for (const [key, value] of pairs) model.set(key, value);
          write();
        }
        const sorted = [...model].sort((a, b) => a[0] - b[0]);
        assert.deepEqual(all(1), sorted);
        assert.deepEqual(runs.after(1, after, 5), sorted.filter(([key]) => key > after).slice(0, 5));
        assert.equal(runs.count, model.size);
        assert.ok(rows().every((row) => Number(row[2]) <= 256));
      }),
      { numRuns: 200 },
    );
  });
});

describe('IdFilter', () => {
  it('knows each id that was added, and few others', () => {
    const filter = new IdFilter();
    const id = (n: number): string => `agent-${(n * 7919).toString(36)}-${n}`;
    for (let n = 0; n < 20_000; n++) filter.add(id(n));
    let others = 0;
    for (let n = 0; n < 20_000; n++) {
      assert.ok(filter.mayHave(id(n)));
      if (filter.mayHave(`other-${n}`)) others++;
    }
    assert.ok(others < 400, `${others} of 20,000`);
  });
});
