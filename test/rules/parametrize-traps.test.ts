import assert from 'node:assert/strict';
import { applyEdits } from '../../server/src/engine/index.ts';
import loopInTest from '../../server/src/rules/style/loop-in-test.ts';
import { factsOf, only, open } from '../support/engine.ts';
import { syntaxErrors } from '../support/python.ts';

/** The text after the fix of the only finding; undefined when nothing is offered. */
function fixed(text: string): string | undefined {
  const findings = open(text, only(loopInTest), factsOf('tests/test_prices.py')).findings();
  assert.equal(findings.length, 1, findings.map((finding) => finding.message).join('\n'));
  const fix = findings[0]?.fixes()[0];
  if (!fix) return undefined;
  assert.equal(fix.safety, 'unsafe');
  const after = applyEdits(text, fix.edits);
  assert.deepEqual(
    syntaxErrors([after]).filter((error) => error),
    [],
  );
  return after;
}

const head = 'import pytest\n\n\n';

describe('loops turned into parametrize', () => {
  it('keep CRLF', () => {
    const text =
      'import pytest\r\n\r\n\r\ndef test_total():\r\n    for a, b in [(1, 2)]:\r\n        c = total(a)\r\n        assert c == b\r\n';
    assert.equal(
      fixed(text),
      'import pytest\r\n\r\n\r\n@pytest.mark.parametrize("a, b", [(1, 2)])\r\ndef test_total(a, b):\r\n    c = total(a)\r\n    assert c == b\r\n',
    );
  });

  it('keep comments, nested blocks and tabs', () => {
    const text = `${head}def test_total():\n\t# First.\n\tfor a in [1]:\n\t\tif a:  # one\n\t\t\t# deep\n\t\t\tassert total(a)\n\n\t\tassert a\n`;
    assert.equal(
      fixed(text),
      `${head}@pytest.mark.parametrize("a", [1])\ndef test_total(a):\n\t# First.\n\tif a:  # one\n\t\t# deep\n\t\tassert total(a)\n\n\tassert a\n`,
    );
  });

  it('take a body on the line of the loop, and a tuple without brackets', () => {
    assert.equal(
      fixed(`${head}def test_total():\n    for a in 1, 2: assert total(a)\n`),
      `${head}@pytest.mark.parametrize("a", (1, 2))\ndef test_total(a):\n    assert total(a)\n`,
    );
  });

  it('stand above other marks', () => {
    assert.equal(
      fixed(
        `${head}@pytest.mark.slow\nasync def test_total(db):\n    for a in [1]:\n        assert await total(db, a)\n`,
      ),
      `${head}@pytest.mark.parametrize("a", [1])\n@pytest.mark.slow\nasync def test_total(db, a):\n    assert await total(db, a)\n`,
    );
  });

  const refused: readonly [string, string][] = [
    ['a comment behind the colon', 'def test_total():\n    for a in [1]:  # why\n        assert total(a)\n'],
    ['a default among the parameters', 'def test_total(b=1):\n    for a in [1]:\n        assert total(a)\n'],
    ['keyword-only parameters', 'def test_total(*, b):\n    for a in [1]:\n        assert total(a)\n'],
    ['a parameter of the same name', 'def test_total(a):\n    for a in [1]:\n        assert total(a)\n'],
    ['a case that is made later', 'def test_total():\n    for a in [1, B]:\n        assert total(a)\n\n\nB = 2\n'],
    ['break', 'def test_total():\n    for a in [1]:\n        assert total(a)\n        break\n'],
    [
      'continue',
      'def test_total():\n    for a in [1]:\n        if a:\n            continue\n        assert total(a)\n',
    ],
    ['else', 'def test_total():\n    for a in [1]:\n        assert total(a)\n    else:\n        pass\n'],
    ['statements before it', 'def test_total():\n    b = 1\n    for a in [1]:\n        assert total(a, b)\n'],
    ['statements behind it', 'def test_total():\n    for a in [1]:\n        assert total(a)\n    close()\n'],
    [
      'a string of several lines',
      'def test_total():\n    for a in [1]:\n        assert total(a) == """\n        1"""\n',
    ],
    ['cases of other lengths', 'def test_total():\n    for a, b in [(1, 2), row]:\n        assert total(a) == b\n'],
    ['spread cases', 'def test_total():\n    for a in [1, *rest]:\n        assert total(a)\n'],
    ['a target that is no name', 'def test_total():\n    for a.b in [1]:\n        assert total(a)\n'],
    [
      'a decorator that counts parameters',
      '@given(text())\ndef test_total(t):\n    for a in [1]:\n        assert total(a, t)\n',
    ],
    ['a target that is a tuple of one', 'def test_total():\n    for (a,) in [(1,)]:\n        assert total(a)\n'],
    ['a taken name', 'pytest = 1\n\n\ndef test_total():\n    for a in [1]:\n        assert total(a)\n'],
  ];
  it('are not asked for with a case that is a parameter', () => {
    const text = `${head}def test_total(limit):\n    for a in [1, limit]:\n        assert total(a)\n`;
    assert.deepEqual(open(text, only(loopInTest), factsOf('tests/test_prices.py')).findings(), []);
  });

  for (const [what, text] of refused) {
    it(`are not offered with ${what}`, () => {
      assert.equal(fixed(text.startsWith('pytest') ? text : head + text), undefined);
    });
  }
});
