import assert from 'node:assert/strict';
import type { Document } from '../../server/src/engine/index.ts';
import { applyEdits } from '../../server/src/engine/index.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import { factsOf, only, open } from '../support/engine.ts';
import { run } from '../support/python.ts';

function documentOf(code: string, text: string, path?: string): Document {
  const rule = rules.find((candidate) => candidate.card.code === code);
  assert.ok(rule, `${code} exists`);
  return open(text, only(rule), factsOf(path, '3.12'));
}

/** The text after the first fix of the first finding. */
function fixed(code: string, text: string, path?: string): string | undefined {
  const [finding] = documentOf(code, text, path).findings();
  assert.ok(finding, `${code} reports in\n${text}`);
  const [fix] = finding.fixes();
  return fix && applyEdits(text, fix.edits);
}

function assertOffersNothing(code: string, text: string): void {
  const findings = documentOf(code, text).findings();
  assert.ok(findings.length > 0, text);
  for (const finding of findings) assert.deepEqual(finding.fixes(), [], `${text}\n${finding.message}`);
}

function assertSilent(code: string, text: string, path?: string): void {
  assert.deepEqual(
    documentOf(code, text, path)
      .findings()
      .map((finding) => finding.message),
    [],
    text,
  );
}

describe('GR907 renames', () => {
  it('reach closures, comprehensions and f-strings, and nothing that only looks alike', () => {
    const before = [
      'class Box:',
      '    rowCount = 7',
      'def show(rowCount=0):',
      '    return rowCount',
      'def total(rows):',
      '    rowCount = len(rows)',
      '    def inner():',
      '        return rowCount + 1',
      '    doubled = [rowCount * row for row in rows]',
      '    rowCount += 1',
      '    print(show(rowCount=rowCount), Box.rowCount, inner(), doubled, f"{rowCount:>3}")',
      'total([1, 2])',
      '',
    ].join('\n');
    const document = documentOf('GR907', before);
    const finding = document.findings().find((candidate) => candidate.from.line === 5);
    const [fix] = finding?.fixes() ?? [];
    assert.ok(fix);
    const after = applyEdits(before, fix.edits);
    assert.equal(
      after,
      [
        'class Box:',
        '    rowCount = 7',
        'def show(rowCount=0):',
        '    return rowCount',
        'def total(rows):',
        '    row_count = len(rows)',
        '    def inner():',
        '        return row_count + 1',
        '    doubled = [row_count * row for row in rows]',
        '    row_count += 1',
        '    print(show(rowCount=row_count), Box.rowCount, inner(), doubled, f"{row_count:>3}")',
        'total([1, 2])',
        '',
      ].join('\n'),
    );
    const [first, second] = run([before, after]);
    assert.equal(first, '3 7 4 [2, 4]   3\n');
    assert.equal(second, first);
  });

  it('are not offered where the text of the name matters', () => {
    for (const use of [
      'print("{rowCount}".format(**locals()))',
      'print(f"{rowCount=}")',
      'eval("rowCount")',
      'print(vars())',
      'run("select rowCount")',
      'row_count = 2',
      'del row_count',
      'def inner(rowCount): return rowCount',
      'print([rowCount for rowCount in rows])',
    ])
      assertOffersNothingFirst(`def total(rows):\n    rowCount = len(rows)\n    ${use}\n`);
  });

  it('are not offered where the new name is a global, a builtin or a keyword', () => {
    assertOffersNothing('GR907', 'row_count = 1\ndef total(rows):\n    rowCount = len(rows)\n    return rowCount\n');
    assertOffersNothing('GR907', 'def total(rows):\n    MAX = len(rows)\n    return MAX\n');
    assertOffersNothing('GR907', 'def total(rows):\n    Lambda = len(rows)\n    return Lambda\n');
  });

  it('are never offered for parameters, methods and attributes', () => {
    assertOffersNothing('GR907', 'def total(rowCount):\n    return rowCount\n');
    assertOffersNothing('GR907', 'class Box:\n    def getRow(self):\n        return 1\n');
  });

  it('leave `global` and `nonlocal` names alone', () => {
    assertSilent('GR907', 'def total():\n    global RowCount\n    RowCount = 1\n');
    const nested =
      'def outer():\n    rowCount = 0\n    def inner():\n        nonlocal rowCount\n        rowCount = 1\n    inner()\n';
    assertOffersNothing('GR907', nested);
  });
});

function assertOffersNothingFirst(text: string): void {
  const [finding] = documentOf('GR907', text).findings();
  assert.ok(finding, text);
  assert.deepEqual(finding.fixes(), [], text);
}

describe('GR314 fixes', () => {
  it('make the property part of the output', () => {
    const before =
      'from pydantic import BaseModel\nclass User(BaseModel):\n    first: str\n    @property\n    def name(self) -> str:\n        return self.first\n';
    const after = fixed('GR314', before);
    assert.equal(
      after,
      'from pydantic import BaseModel, computed_field\nclass User(BaseModel):\n    first: str\n    @computed_field\n    @property\n    def name(self) -> str:\n        return self.first\n',
    );
    assert.match(after ?? '', /@computed_field\n {4}@property/);
  });

  it('are not offered where the name is taken', () => {
    assertOffersNothing(
      'GR314',
      'from pydantic import BaseModel\ncomputed_field = 1\nclass User(BaseModel):\n    @property\n    def name(self) -> str:\n        return ""\n',
    );
  });
});

describe('GR309', () => {
  const head = 'import numpy as np\ndef calculate(values):\n';
  const path = 'app/services/stats.py';

  it('knows every conversion', () => {
    for (const convert of [
      'float(x)',
      'int(x)',
      'bool(x)',
      'str(x)',
      'x.item()',
      'x.tolist()',
      'len(x)',
      'f"{x}"',
      'x.size',
    ])
      assertSilent('GR309', `${head}    x = np.sum(values)\n    return {"val": ${convert}}\n`, path);
  });

  it('follows assignments, branches, arithmetic and builtins that pass values on', () => {
    for (const value of [
      'x',
      'x + 1',
      '-x',
      'x if x else 0',
      'max(x, 1)',
      'round(x, 2)',
      'x[0]',
      'x.T',
      'x.mean()',
      'x > 1',
    ])
      assert.equal(
        documentOf('GR309', `${head}    x = np.array(values)\n    return {"val": ${value}}\n`, path).findings().length,
        1,
        value,
      );
  });

  it('takes the converter from the call, and none where the call may give an array or an item of one', () => {
    const converted = (value: string) =>
      fixed('GR309', `${head}    return {"val": ${value}}\n`, path)?.slice(head.length);
    assert.equal(converted('np.mean(values)'), '    return {"val": float(np.mean(values))}\n');
    assert.equal(converted('np.argmax(values)'), '    return {"val": int(np.argmax(values))}\n');
    assert.equal(converted('np.any(values)'), '    return {"val": bool(np.any(values))}\n');
    assert.equal(converted('np.int64(1) + np.int32(2)'), '    return {"val": int(np.int64(1) + np.int32(2))}\n');
    assert.equal(converted('np.array(values)'), '    return {"val": np.array(values).tolist()}\n');
    assert.equal(converted('np.mean(values, axis=0)'), undefined);
    assert.equal(converted('[np.mean(row) for row in values]'), undefined);
    assert.equal(converted('np.interp(1, values, values)'), undefined);
  });

  it('offers nothing where the converter is shadowed', () => {
    assertOffersNothing('GR309', 'import numpy as np\nfloat = 1\ndef f(v):\n    return {"a": np.mean(v)}\n');
  });

  it('leaves tests and other packages alone', () => {
    assertSilent('GR309', `${head}    return {"val": np.mean(values)}\n`, 'tests/test_stats.py');
    assertSilent('GR309', 'import mynumpy as np\ndef f(v):\n    return {"a": np.mean(v)}\n', path);
    assertSilent('GR309', 'def f(np, v):\n    return {"a": np.mean(v)}\n', path);
  });
});

describe('GR319', () => {
  it('stays silent for any other use', () => {
    for (const use of [
      'log(kind)',
      'kind = "c"',
      'kind.upper()',
      'table[kind]',
      'kind < "b"',
      '"a" in kind',
      'kind in KINDS',
      'del kind',
    ])
      assertSilent(
        'GR319',
        `def f(kind: str) -> int:\n    if kind == "a":\n        return 1\n    if kind == "b":\n        return 2\n    ${use}\n    return 3\n`,
      );
  });
});

describe('GR311 fixes', () => {
  it('keep the layout of a call over several lines', () => {
    assert.equal(
      fixed(
        'GR311',
        'from pydantic import BaseModel, Field\nclass UserCreate(BaseModel):\n    age: int = Field(\n        ge=1,  # years\n    )\n',
      ),
      'from pydantic import BaseModel, Field\nclass UserCreate(BaseModel):\n    age: int = Field(\n        ge=1,  # years\n        examples=[1],\n    )\n',
    );
  });
});
