import assert from 'node:assert/strict';
import { complexityOf } from '../../server/src/engine/index.ts';
import { open } from '../support/engine.ts';

/** What `radon cc` 6.0 says of each of these bodies. */
const bodies: readonly [string, number, string][] = [
  ['a straight line', 1, 'return 1'],
  ['if, elif and else', 3, 'if a:\n    b\nelif c:\n    d\nelse:\n    e'],
  ['each operator of a boolean expression', 5, 'return a and b and c or (d or e)'],
  ['for with else', 3, 'for a in b:\n    c\nelse:\n    d'],
  ['while with else', 3, 'while a:\n    b\nelse:\n    d'],
  [
    'handlers and else, not finally',
    4,
    'try:\n    a\nexcept B:\n    c\nexcept D:\n    e\nelse:\n    f\nfinally:\n    g',
  ],
  ['nothing of except*', 1, 'try:\n    a\nexcept* B:\n    c\nelse:\n    d'],
  ['with', 1, 'with a as b:\n    c'],
  ['a comprehension with its clauses and conditions', 5, 'return [a for b in c if d if e for f in g]'],
  ['an assert is one, whatever it asserts', 2, 'assert a and b or [c for d in e if f]'],
  ['a ternary', 2, 'return a if b else c'],
  ['a lambda belongs to the function', 3, 'return lambda a=b or c: d and a'],
  [
    'cases, the first that takes all is the else',
    3,
    'match a:\n    case 1:\n        b\n    case [2, c]:\n        d\n    case _:\n        e',
  ],
  [
    'a name takes all, also in parentheses and guarded',
    2,
    'match a:\n    case 1:\n        b\n    case (c) if c:\n        d',
  ],
  ['a dotted name does not', 3, 'match a:\n    case b.c:\n        d\n    case (e,):\n        f'],
  ['a pattern with a name does not', 3, 'match a:\n    case 1 as b:\n        c\n    case 2 | 3:\n        d'],
  ['a nested function is its own', 2, 'if a:\n    @b(c or d)\n    def e(f=g or h):\n        return i or j\n'],
  ['so is a nested class', 1, 'class A:\n    b = c or d\n    def e(self):\n        return f or g\n'],
  ['a replacement field', 2, 'return f"{a or b}"'],
];

describe('complexity', () => {
  for (const [what, expected, body] of bodies) {
    it(`${what}: ${expected}`, () => {
      const text = `def function(x=1 or 2):\n${body.replace(/^/gm, '    ')}\n`;
      const [definition] = open(text).file.units[0]?.root.below('function_definition') ?? [];
      assert.ok(definition);
      assert.equal(complexityOf(definition), expected);
    });
  }
});
