import assert from 'node:assert/strict';
import { codeIn } from '../../server/src/engine/index.ts';

/** The runs in a block of comments, as the numbers of their first and last lines. */
function runs(...lines: string[]): string[] {
  return codeIn(lines).map(({ first, last }) => `${first}-${last}`);
}

describe('code in comments', () => {
  const code = [
    'total = load(items)',
    'self.total += 1',
    'timeout: int = 30',
    'a, *b = c.d',
    'x = y = []',
    'from a.b import (c, d as e)',
    'import numpy as np',
    'return None',
    'return value.first',
    'raise ValueError("no")',
    'del items[0]',
    'assert item.is_open, "closed"',
    'if total > 3: return total.value',
    'print(total)',
    'await session.commit()',
    'logger.debug("%s", total)',
    'rows = [row async for row in rows if row.open]',
    'key = {**a, "b": c[1:2], d: lambda x, *y: x}',
    'value = await load() if ready else f"{name!r}"',
    'x = 0x_ff + 1_000 - 1.5e-3j; y = items[:, ::2]',
  ];
  for (const line of code) it(`is code: ${line}`, () => assert.deepEqual(runs(line), ['0-0']));

  const prose = [
    'note: text',
    'value: str',
    'total',
    'a.b',
    'total(items)',
    'a + b, c',
    'return early',
    'pass',
    'else: the rest',
    'if found:',
    'for each of the items:',
    'def load(items):',
    'speed = distance / time',
    'y = 2*x + 1',
    'newline=None',
    'a = 1, b = 2',
    'f(x) = 3',
    '3rd = last',
    "it's = fine",
    'x = first item',
    'import order matters',
    'from here on = slow',
    'type: ignore[assignment]',
    'noqa: E501',
    'global state',
    'x == 1',
    'x = (1,',
    '$ pip install = x',
    '-> value = 1',
  ];
  for (const line of prose) it(`is prose: ${line}`, () => assert.deepEqual(runs(line), []));

  it('a block with its body is one run', () => {
    assert.deepEqual(runs('@cached', 'def load(', '    items,', '):', '    for item in items:', '        send(item)'), [
      '0-5',
    ]);
    assert.deepEqual(runs('try:', '    load()', 'except (A, B) as error:', '    raise', 'else:', '    pass'), ['0-5']);
  });

  it('blank lines do not divide a run, pragmas do', () => {
    assert.deepEqual(runs('a.b = 1', '', 'c.d = 2'), ['0-2']);
    assert.deepEqual(runs('a.b = 1', 'noqa: E501', 'c.d = 2'), ['0-0', '2-2']);
  });

  it('a comment in a block belongs to it, elsewhere it is prose', () => {
    assert.deepEqual(runs('def load():', '    # Slow.', '    if a:', '        b()', '    # Done.', '    return c.d'), [
      '0-5',
    ]);
    assert.deepEqual(runs('if a:', '    # Nothing yet.', 'b.c = 1'), ['2-2']);
    assert.deepEqual(runs('if a.b:', '    c.d = 1', '# The rest.', 'e.f = 2'), ['0-1', '3-3']);
    assert.deepEqual(runs('a.b = 1', '    # Why.', 'c.d = 2'), ['2-2']);
  });

  it('what prose introduces or goes on about is an example', () => {
    assert.deepEqual(runs('For example:', '', '    a.b = 1'), []);
    assert.deepEqual(runs('The timeout is', 'a.b = 1'), []);
    assert.deepEqual(runs('The timeout.', 'a.b = 1', 'is enough.'), []);
    assert.deepEqual(runs('>>> a.b', 'a.b = 1'), []);
    assert.deepEqual(runs('Not needed any more.', 'a.b = 1'), ['1-1']);
    assert.deepEqual(runs('TODO enable', 'a.b = 1'), ['1-1']);
  });
});
