import assert from 'node:assert/strict';
import { formatMilliseconds, formatRatio, formatShare, percentile, summarise, table } from './statistics.ts';

describe('bench: statistics', () => {
  const upToHundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it('takes percentiles by nearest rank, whatever the order of the samples', () => {
    assert.equal(percentile(upToHundred, 0.5), 50);
    assert.equal(percentile(upToHundred, 0.95), 95);
    assert.equal(percentile(upToHundred, 1), 100);
    assert.equal(percentile([3, 1, 2], 0.5), 2);
    assert.equal(percentile([7], 0.95), 7);
  });

  it('leaves the samples as they were', () => {
    const samples = [3, 1, 2];
    percentile(samples, 0.5);
    assert.deepEqual(samples, [3, 1, 2]);
  });

  it('knows no percentile of nothing', () => {
    assert.ok(Number.isNaN(percentile([], 0.5)));
    assert.equal(formatMilliseconds(percentile([], 0.5)), '–');
  });

  it('summarises', () => {
    assert.deepEqual(summarise(upToHundred), { p50: 50, p95: 95, max: 100 });
  });

  it('writes numbers with the digits that mean something', () => {
    assert.deepEqual([0.08437, 1.4249, 38.06, 1204.4].map(formatMilliseconds), ['0.084', '1.42', '38.1', '1,204']);
    assert.deepEqual([0.31, 15.2, Number.NaN].map(formatRatio), ['0.3 ×', '15 ×', '–']);
    assert.equal(formatShare(0.736), '74 %');
  });

  it('aligns a table, text to the left and numbers to the right', () => {
    const expected = ['| server | p50 |', '|--------|----:|', '| Ruff   |  15 |'].join('\n');
    assert.equal(table(['server', 'p50'], [['Ruff', '15']]), expected);
  });
});
