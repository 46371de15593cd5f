import assert from 'node:assert/strict';
import { Document, maintainabilityIndex, maintainabilityPart } from '../../server/src/engine/index.ts';
import { factsOf, open, parser } from '../support/engine.ts';
import { stdlibFiles } from '../support/stdlib.ts';

/**
 * What radon 6.0 says of each text: complexity, logical lines, source lines, comment lines with strings that stand alone,
 * different operators, different operands, operators and operands in all, index.
 */
const texts: readonly [string, readonly number[], string][] = [
  ['an empty file', [1, 0, 0, 0, 0, 0, 0, 100.0], ''],
  ['an assignment', [1, 1, 1, 0, 0, 0, 0, 100.0], 'a = 1\n'],
  ['an operator', [1, 1, 1, 0, 1, 2, 3, 95.124152], 'a = b + 1\n'],
  ['names, attributes and strings of one spelling', [1, 1, 1, 0, 1, 4, 9, 90.622201], 'x = a + b.a + "a" + c["a"]\n'],
  [
    'numbers of one value',
    [1, 1, 1, 0, 2, 15, 30, 85.241267],
    'x = 1 + 1.0 + True + 0x1 + 0j + False + 1_000 + 1e3 + 10**22 + 1e22\n',
  ],
  [
    'bytes are not text, prefixes and escapes do not count',
    [1, 1, 1, 0, 1, 11, 24, 86.318731],
    "x = b'\\x41' + b\"A\" + 'A' + r'A' + u'\\u0041' + '\\101' + 'A' 'B' + 'AB' + f'A'\n",
  ],
  ['boolean chains', [6, 1, 1, 0, 2, 9, 13, 87.619018], 'x = a and b and c or d and (e and f)\n'],
  ['comparison chains', [1, 1, 1, 0, 6, 7, 13, 88.086734], 'x = 1 < a <= b != c is not None not in d in e\n'],
  ['unary operators', [1, 1, 1, 0, 6, 10, 17, 87.034246], 'x = -a + ~b - (not c) + +d\n'],
  ['augmented assignments', [1, 3, 3, 0, 3, 5, 9, 79.435163], 'x += 1\ny.z //= x\nw[0] **= 2\n'],
  ['annotations', [1, 4, 2, 0, 1, 5, 9, 77.162553], 'x: int | None = 3\ny: list[int] | str | None\n'],
  [
    'functions by their name',
    [3, 11, 10, 0, 2, 4, 12, 66.435137],
    'def f(a=1 + 2, *, b: c | d = 3) -> e | g:\n    return a + b\nclass A:\n    def f(self):\n        return a + b\n    @p(q or r)\n    def g(self):\n        def f():\n            return a + c if b else lambda: a * 2\n        return f\n',
  ],
  [
    'classes, their bases and decorators',
    [4, 9, 8, 0, 2, 4, 6, 70.309541],
    '@d(a or b)\nclass A(B if c else D):\n    x = 1 if y else 2\n    def m(self):\n        if self: return 1\n    class I:\n        def n(self):\n            return a and b\n',
  ],
  ['a class on one line', [2, 4, 2, 0, 1, 2, 3, 81.856334], 'class A: x = a or b\nclass B: pass; x = 1\n'],
  [
    'a class in a function',
    [2, 5, 5, 0, 1, 2, 3, 79.742343],
    'def f():\n    class A:\n        def m(self):\n            return a or b\n    return A if x else None\n',
  ],
  [
    'a class under a condition',
    [5, 8, 6, 0, 1, 2, 3, 74.886168],
    'if a:\n    class A:\n        def m(self): return a or b\nelse:\n    def f():\n        for x in y: pass\n',
  ],
  [
    'comments, blank lines and docstrings',
    [1, 4, 7, 8, 1, 2, 3, 100.0],
    '# one\n\nx = 1  # two\n\n\ndef f():\n    """One.\n\n    Two.\n    """\n    # three\n    return [\n        1,  # four\n\n        # five\n        a - b,\n    ]\n',
  ],
  ['a docstring of one line', [1, 3, 2, 0, 1, 2, 3, 84.716246], 'def f():\n    """One."""\n    return a - b\n'],
  ['a docstring with a comment behind it', [1, 2, 4, 1, 1, 2, 3, 100.0], '"""One.\n\nTwo.\n"""  # three\nx = a - b\n'],
  ['a long string that is used', [1, 1, 3, 0, 1, 2, 3, 95.124152], 'x = """One.\n\nTwo.\n""" % 3\n'],
  [
    'colons anywhere',
    [3, 14, 8, 0, 3, 5, 9, 64.572468],
    'x = {1: 2}\ny = z[1:]\nw: int\nw: int = 3\nlambda: 0\nif (n := 3) > 2: n += 1\nfor i in j:\n    k = i % 2\n',
  ],
  [
    'semicolons',
    [5, 17, 7, 0, 1, 2, 3, 67.745172],
    'a = 1; b = a - 2;\nif a: b; c\nif a: b = 1; c\nx = y[:]; z = y[1:2]; pass\nclass A: ...; x = 1\nif x: 1.5e-3; y\nif x: "s"; y\n',
  ],
  [
    'joined lines',
    [2, 3, 9, 0, 1, 2, 6, 82.473927],
    'x = 1 + \\\n    2\nassert a, \\\n    b\ny = (\n    1\n    +\n    2\n)\n',
  ],
  ['assert counts once', [2, 1, 1, 0, 2, 4, 6, 91.394359], 'assert a and b or [c for d in e if f]\n'],
  [
    'branches of the module',
    [11, 17, 17, 0, 1, 2, 3, 66.938154],
    'if a:\n    b\nelif c:\n    d\nelse:\n    e\ntry:\n    a - b\nexcept C:\n    d\nelse:\n    e\nwhile x:\n    y\nelse:\n    z\nw = [a for b in c if d if e for f in g]\n',
  ],
  [
    'patterns',
    [5, 11, 11, 0, 2, 5, 13, 65.671753],
    'match a:\n    case -1:\n        b\n    case 1 + 2j:\n        c\n    case {-1: d, "k": -2}:\n        e\n    case A(x=-3) | [4, -5]:\n        f\n    case _:\n        g\n',
  ],
  ['replacement fields', [2, 1, 1, 0, 2, 6, 9, 89.708566], 'x = f"{a + b:>{w - 1}} {c if d else e}" + f"{a!r}"\n'],
  ['a print that shifts', [1, 1, 1, 0, 1, 2, 3, 95.124152], 'print >>a, "b"\n'],
  ['a string split by a form feed', [1, 2, 1, 3, 1, 2, 3, 75.908945], 'x = a - b\n\f\n"""One\fTwo\n"""\n'],
  [
    'windows line breaks',
    [1, 3, 3, 4, 2, 5, 9, 99.545735],
    'x = a - b  # c\r\n\r\n"""One\r\nTwo\r\n"""\r\ny = """\r\n""" + "\\r\\n" + """\\n"""\r\n',
  ],
  ['no line break at the end', [2, 3, 2, 0, 1, 2, 3, 84.581743], 'x = a - b\nif x: y = 1'],
  [
    'async',
    [2, 4, 4, 0, 1, 2, 3, 81.856334],
    'async def f():\n    async for a in b:\n        async with c as d:\n            await e ** 2\n',
  ],
];

describe('maintainability index', () => {
  for (const [what, expected, text] of texts) {
    it(what, () => {
      const parts = open(text).file.units.flatMap((unit) =>
        unit.root.is('module') ? [maintainabilityPart(unit.root)] : [],
      );
      const sum = (key: 'complexity' | 'logicalLines' | 'sourceLines' | 'commentLines' | 'length' | 'uniqueOperands') =>
        parts.reduce((total, part) => total + part[key], 0);
      const named = new Set(parts.flatMap((part) => (part.operandCount > 0 ? part.operands.split('\0') : [])));
      const operators = parts.reduce((all, part) => all | part.operators, 0);
      assert.deepEqual(
        [
          sum('complexity') + 1,
          sum('logicalLines'),
          sum('sourceLines'),
          sum('commentLines'),
          operators.toString(2).replaceAll('0', '').length,
          sum('uniqueOperands') + named.size,
          sum('length'),
          Number(maintainabilityIndex(parts).toFixed(6)),
        ],
        expected,
      );
    });
  }

  it('of a long segment that is put together from statements is that of the segment as a whole', function () {
    this.timeout(120_000);
    let parted = 0;
    for (const { path, text } of stdlibFiles().filter((_, index) => index % 8 === 0)) {
      const whole = new Document(parser, text, factsOf(), noRules, false);
      for (const [index, unit] of open(text, noRules).file.units.entries()) {
        const other = whole.file.units[index];
        if (!unit.parted || !other || other.parted) continue;
        parted++;
        assert.deepEqual(plain(unit), plain(other), `${path}: ${unit.text}`);
      }
    }
    assert.ok(parted > 500);
  });
});

const noRules = { rules: [], knownCodes: new Set<string>() };

/** In which order the operands stand says nothing. */
function plain({ root }: Document['file']['units'][number]): unknown {
  assert.ok(root.is('module'));
  const part = maintainabilityPart(root);
  return { ...part, operands: part.operands.split('\0').sort() };
}
