import assert from 'node:assert/strict';
import { mergeTicks, noTicks, parseTicks, serialiseTicks } from '../../client/src/checklist/ticks-file.ts';
import type { Ticks } from '../../shared-rules/src/index.ts';

const two: Ticks = {
  version: 1,
  ticks: { '002-001': { at: '2026-02-01T00:00:00Z', by: 'Ada "L"' }, '000-001': { at: '2026-01-01T00:00:00Z' } },
};

const text = `{
  "version": 1,
  "ticks": {
    "000-001": { "at": "2026-01-01T00:00:00Z" },
    "002-001": { "at": "2026-02-01T00:00:00Z", "by": "Ada \\"L\\"" }
  }
}
`;

describe('ticks file', () => {
  it('is written sorted, a line a tick, with a final newline', () => {
    assert.equal(serialiseTicks(two), text);
    assert.equal(serialiseTicks(noTicks), '{\n  "version": 1,\n  "ticks": {}\n}\n');
  });

  it('reads what it wrote, with Windows line ends and a byte order mark too', () => {
    assert.deepEqual(parseTicks(text), { ticks: two });
    assert.deepEqual(parseTicks(`\uFEFF${text.replaceAll('\n', '\r\n')}`), { ticks: two });
    assert.deepEqual(parseTicks(serialiseTicks(noTicks)), { ticks: noTicks });
  });

  it('takes an empty file for one without ticks', () => {
    assert.deepEqual(parseTicks(''), { ticks: noTicks });
    assert.deepEqual(parseTicks('\n'), { ticks: noTicks });
  });

  it('says what is wrong with a broken file, in one line', () => {
    const conflict = parseTicks('<<<<<<< HEAD\n{}');
    assert.match(conflict.problem ?? '', /^it is not JSON \([^\n]+\)$/);
    assert.equal(parseTicks('{"version": 2, "ticks": {}}').problem, 'Invalid input: expected 1 → at version');
    assert.equal(
      parseTicks('{"version": 1, "ticks": {"000-001": {"at": "yesterday"}}}').problem,
      'Invalid ISO datetime → at ticks["000-001"].at',
    );
  });

  it('merges changes into what is on disk', () => {
    const mine = { at: '2026-03-01T00:00:00Z' };
    const merged = mergeTicks(
      two,
      new Map([
        ['000-001', undefined],
        ['001-005', mine],
        ['never-ticked', undefined],
      ]),
    );
    assert.deepEqual(merged.ticks, { '002-001': two.ticks['002-001'], '001-005': mine });
    assert.deepEqual(Object.keys(two.ticks), ['002-001', '000-001']);
  });

  it('keeps who ticked first, and ids it does not know', () => {
    const merged = mergeTicks(
      { version: 1, ticks: { ...two.ticks, 'from-a-newer-version': { at: '2026-01-01T00:00:00Z' } } },
      new Map([['002-001', { at: '2026-03-01T00:00:00Z' }]]),
    );
    assert.deepEqual(merged.ticks['002-001'], two.ticks['002-001']);
    assert.ok('from-a-newer-version' in merged.ticks);
  });
});
