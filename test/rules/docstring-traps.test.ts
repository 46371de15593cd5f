import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { applyEdits } from '../../server/src/engine/index.ts';
import asyncTestWithoutMarker from '../../server/src/rules/style/async-test-without-marker.ts';
import missingDocstring from '../../server/src/rules/style/missing-docstring.ts';
import { factsOf, only, open } from '../support/engine.ts';

type Rule = Parameters<typeof only>[0];

/** The text after the first fix of the only finding; undefined when nothing is offered. */
function fixed(rule: Rule, text: string, path: string, options: unknown = {}): string | undefined {
  const findings = open(text, only(rule, options), factsOf(path)).findings();
  assert.equal(findings.length, 1, findings.map((finding) => finding.message).join('\n'));
  const fix = findings[0]?.fixes()[0];
  return fix && applyEdits(text, fix.edits);
}

function withDocstring(text: string, kind: string): string | undefined {
  return fixed(missingDocstring, text, 'app/example.py', { kinds: [kind] });
}

/** The docstrings that CPython finds in a source, by name. */
function docstrings(source: string): unknown {
  const program = `
import ast, json, sys
tree = ast.parse(sys.stdin.buffer.read())
named = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
print(json.dumps({'module': ast.get_docstring(tree)} | {node.name: ast.get_docstring(node) for node in named}))
`;
  const run = spawnSync('python3', ['-c', program], { input: source, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}

describe('docstring skeletons', () => {
  it('keep CRLF', () => {
    const text = 'def load(path):\r\n    return path\r\n';
    const after =
      'def load(path):\r\n    """Load.\r\n\r\n    Args:\r\n        path: The path.\r\n\r\n    Returns:\r\n        The result.\r\n    """\r\n    return path\r\n';
    assert.equal(withDocstring(text, 'function'), after);
  });

  it('keep tabs', () => {
    const text = 'def load(path):\n\tuse(path)\n';
    const after = 'def load(path):\n\t"""Load.\n\n\tArgs:\n\t\tpath: The path.\n\t"""\n\tuse(path)\n';
    assert.equal(withDocstring(text, 'function'), after);
  });

  it('stand before a comment and behind a header of several lines', () => {
    const text =
      'def load(\n    path: dict[str, int] = {1: 2},  # the path\n) -> None:  # header\n    # First.\n    use(path)\n';
    const after =
      'def load(\n    path: dict[str, int] = {1: 2},  # the path\n) -> None:  # header\n    """Load.\n\n    Args:\n        path: The path.\n    """\n    # First.\n    use(path)\n';
    assert.equal(withDocstring(text, 'function'), after);
    assert.deepEqual(docstrings(after), { module: null, load: 'Load.\n\nArgs:\n    path: The path.' });
  });

  it('break a body that stands behind the colon', () => {
    const text = 'class A:\n    """A."""\n    def get(self): use(); return 1  # both\n';
    const after =
      'class A:\n    """A."""\n    def get(self):\n        """Get.\n\n        Returns:\n            The result.\n        """\n        use(); return 1  # both\n';
    assert.equal(withDocstring(text, 'method'), after);
    assert.deepEqual(docstrings(after), { module: null, A: 'A.', get: 'Get.\n\nReturns:\n    The result.' });
  });

  it('are not offered where a backslash joins the header and the body', () => {
    assert.equal(withDocstring('def load(): \\\n    use()\n', 'function'), undefined);
  });

  it('name what is raised and not caught, and how a generator answers', () => {
    const text = [
      'def load(path):',
      '    try:',
      '        if not path:',
      '            raise ValueError("path")',
      '        if path == "\\\\":',
      '            raise errors.NotAPath(path) from None',
      '        yield path',
      '    except ValueError as error:',
      '        raise error',
      '    raise Gone',
      '',
    ].join('\n');
    assert.deepEqual(docstrings(withDocstring(text, 'function') ?? ''), {
      module: null,
      load: 'Load.\n\nArgs:\n    path: The path.\n\nYields:\n    The next item.\n\nRaises:\n    errors.NotAPath: If it fails.\n    Gone: If it fails.',
    });
  });

  it('of a class leave a blank line, as Black does', () => {
    assert.equal(
      withDocstring('class HTTPClient(Base):\n    limit = 1\n', 'class'),
      'class HTTPClient(Base):\n    """HTTP client."""\n\n    limit = 1\n',
    );
    assert.equal(
      withDocstring('class Gone(Exception): ...\n', 'class'),
      'class Gone(Exception):\n    """Gone."""\n    ...\n',
    );
  });

  it('of a module stand behind shebang, coding, licence and byte order mark', () => {
    const cases = [
      [
        '#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport os\n',
        '#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n"""Example."""\n\nimport os\n',
      ],
      [
        '# Copyright us.\n# All rights.\n\nimport os\n',
        '# Copyright us.\n# All rights.\n"""Example."""\n\nimport os\n',
      ],
      ['# The standard library.\nimport os\n', '"""Example."""\n\n# The standard library.\nimport os\n'],
      ['\ufeffimport os\r\n', '\ufeff"""Example."""\r\n\r\nimport os\r\n'],
    ];
    for (const [text = '', after = ''] of cases) {
      assert.equal(withDocstring(text, 'module'), after);
      assert.deepEqual(docstrings(after), { module: 'Example.' });
    }
  });
});

describe('asyncio markers', () => {
  const mark = (text: string) => fixed(asyncTestWithoutMarker, text, 'tests/test_example.py');

  it('use the name that pytest has in the file', () => {
    assert.equal(
      mark('import pytest as pt\n\n\nasync def test_one():\n    assert await one()\n'),
      'import pytest as pt\n\n\n@pt.mark.asyncio\nasync def test_one():\n    assert await one()\n',
    );
  });

  it('keep tabs and CRLF, and stand above the other decorators', () => {
    assert.equal(
      mark(
        'import pytest\r\n\r\n\r\nclass TestOne:\r\n\t@pytest.mark.slow\r\n\tasync def test_one(self):\r\n\t\tassert await one()\r\n',
      ),
      'import pytest\r\n\r\n\r\nclass TestOne:\r\n\t@pytest.mark.asyncio\r\n\t@pytest.mark.slow\r\n\tasync def test_one(self):\r\n\t\tassert await one()\r\n',
    );
  });

  it('are not offered where `pytest` means something else', () => {
    assert.equal(mark('def pytest():\n    pass\n\n\nasync def test_one():\n    assert await one()\n'), undefined);
  });
});
