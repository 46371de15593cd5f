import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Document, py } from '../../server/src/engine/index.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import { factsOf, only, open, parser, snapshot } from '../support/engine.ts';

type Target = Parameters<typeof factsOf>[1];

function documentOf(code: string, text: string, target: Target = '3.12', path?: string): Document {
  const rule = rules.find((candidate) => candidate.card.code === code);
  assert.ok(rule, `${code} exists`);
  return open(text, only(rule), factsOf(path, target));
}

/** The text after the first fix of every finding, and how many had one. */
function fixed(code: string, text: string, target?: Target): { text: string; found: number; applied: number } {
  const findings = documentOf(code, text, target).findings();
  const fixes = findings.flatMap((finding) => finding.fixes().slice(0, 1));
  const edits = fixes.flatMap((fix) => fix.edits).sort((a, b) => b.start - a.start || b.end - a.end);
  const unique = edits.filter(
    (edit, index) =>
      !edits
        .slice(0, index)
        .some((other) => other.start === edit.start && other.end === edit.end && other.text === edit.text),
  );
  let result = text;
  for (const edit of unique) result = result.slice(0, edit.start) + edit.text + result.slice(edit.end);
  return { text: result, found: findings.length, applied: fixes.length };
}

function assertOffersNothing(code: string, text: string, count = 1): void {
  const findings = documentOf(code, text).findings();
  assert.equal(findings.length, count, text);
  for (const finding of findings) assert.deepEqual(finding.fixes(), [], `${text}\n${finding.message}`);
}

function assertSilent(code: string, text: string, path?: string): void {
  const found = documentOf(code, text, '3.12', path).findings();
  assert.deepEqual(
    found.map((finding) => finding.message),
    [],
    text,
  );
}

function runs(source: string): void {
  const run = spawnSync('python3', ['-c', source], { encoding: 'utf8' });
  assert.equal(run.status, 0, `${source}\n${run.error?.message ?? run.stderr}`);
}

describe('GR301 fixes', () => {
  it('keep the layout where the default stands on its own', () => {
    assert.equal(fixed('GR301', 'def f(a\t=\t1, b= "x"): pass\n').text, 'def f(a: int = 1, b: str = "x"): pass\n');
    assert.equal(
      fixed('GR301', 'def f(\n    a=  # many\n    1,\n): pass\n').text,
      'def f(\n    a: int=  # many\n    1,\n): pass\n',
    );
  });

  it('read every kind of literal', () => {
    const outcome = fixed('GR301', 'def f(a=1j, b=b"", c=f"{x}", d="a" "b", e=-1, f=~1, g=True): pass\n');
    assert.equal(
      outcome.text,
      'def f(a: complex = 1j, b: bytes = b"", c: str = f"{x}", d: str = "a" "b", e: int = -1, f: int = ~1, g: bool = True): pass\n',
    );
  });

  it('are not offered where the type cannot be told or has another meaning', () => {
    assertOffersNothing('GR301', 'def f(a=None): pass\n');
    assertOffersNothing('GR301', 'def f(a=limit): pass\n');
    assertOffersNothing('GR301', 'def f(a=1 if x else 2): pass\n');
    assertOffersNothing('GR301', 'from numpy import int\ndef f(a=1): pass\n');
    assertOffersNothing('GR301', 'from numpy import *\ndef f(a=1): pass\n');
  });
});

describe('GR302 fixes', () => {
  it('say None only where nothing is returned', () => {
    assert.equal(fixed('GR302', 'def f():\n    return None\n').text, 'def f() -> None:\n    return None\n');
    for (const body of [
      'yield',
      'x = yield 1',
      'yield from other()',
      'raise NotImplementedError',
      '"""Doc."""\n    raise NotImplementedError("later")',
      '...',
      '"""Doc."""',
      'return other()',
      'return 1, 2',
      'return {}',
      'return 1\n    return "x"',
    ])
      assertOffersNothing('GR302', `def f():\n    ${body}\n`);
  });

  it('are not misled by inner functions', () => {
    const inner = 'def f():\n    def g() -> int:\n        return 1\n    h = lambda: (yield)\n    g()\n';
    assert.equal(fixed('GR302', inner).text, inner.replace('f():', 'f() -> None:'));
  });

  it('name a literal only where every path returns one', () => {
    assert.equal(
      fixed(
        'GR302',
        'def f(a):\n    if a:\n        return "x"\n    elif b:\n        raise E\n    else:\n        return "y"\n',
      ).text,
      'def f(a) -> str:\n    if a:\n        return "x"\n    elif b:\n        raise E\n    else:\n        return "y"\n',
    );
    assertOffersNothing('GR302', 'def f(a):\n    for x in a:\n        return 1\n');
    assertOffersNothing('GR302', 'def f(a):\n    if a:\n        return 1\n    return\n');
    assertOffersNothing('GR302', 'def f(a):\n    if a:\n        return 1\n    return 1.5\n');
  });

  it('leave a method alone that others will fill', () => {
    assertOffersNothing('GR302', 'class A:\n    def f(self):\n        pass\n');
    assertOffersNothing(
      'GR302',
      'import abc\nclass A:\n    @abc.abstractmethod\n    def f(self):\n        self.x = 1\n',
    );
    assert.equal(
      fixed('GR302', 'class A:\n    def __init__(self):\n        pass\n').text,
      'class A:\n    def __init__(self) -> None:\n        pass\n',
    );
  });
});

describe('GR304 fixes', () => {
  it('run', () => {
    const source = py`
      from __future__ import annotations
      import collections.abc
      import datetime as dt
      from typing import Annotated, Callable, Dict, Literal, Type, Union

      class Node:
          parent: "Node" = None
          children: Dict[str, "Node"] = None
          when: dt.datetime = None

      def f(a: int = None, b: Union[int, str] = None, c: Callable[[int], str] = None, d: Literal["x"] = None,
            e: Annotated[int, 1] = None, g: Type["Node"] = None, h: collections.abc.Sequence[int] = None,
            i: Node = None, j: int | str = None, k: type = None) -> None: ...
    `;
    const outcome = fixed('GR304', source.replace('from __future__ import annotations\n', ''));
    assert.equal(outcome.applied, 13);
    runs(`${outcome.text}\nimport typing\ntyping.get_type_hints(f)\ntyping.get_type_hints(Node)\n`);
    const later = fixed('GR304', source);
    assert.equal(later.applied, 13);
    runs(`${later.text}\nimport typing\ntyping.get_type_hints(f)\ntyping.get_type_hints(Node)\n`);
  });

  it('write Optional below 3.10, in strings and behind `__future__` too', () => {
    const source = py`
      from __future__ import annotations
      import typing as t

      def f(a: int = None, b: "list[int]" = None) -> None: ...
    `;
    const outcome = fixed('GR304', source, '3.9');
    assert.equal(
      outcome.text,
      py`
        from __future__ import annotations
        import typing as t

        def f(a: t.Optional[int] = None, b: "t.Optional[list[int]]" = None) -> None: ...
      `,
    );
    runs(`${outcome.text}\nt.get_type_hints(f)\n`);
  });

  it('are not offered where the union would not be a type, or FastAPI would refuse it', () => {
    assertOffersNothing('GR304', 'from fastapi import Request\ndef f(request: Request = None): ...\n');
    assertOffersNothing(
      'GR304',
      'from starlette.background import *\nfrom fastapi import BackgroundTasks as B\ndef f(b: B = None): ...\n',
    );
  });

  it('are silent on what cannot be told', () => {
    assertSilent('GR304', 'import threading\ndef f(lock: threading.Lock = None): ...\n');
    assertSilent('GR304', 'def f(a: any = None, b: callable = None, c: unknown = None): ...\n');
    assertSilent('GR304', 'from app.types import Maybe\ndef f(a: Maybe = None, b: Maybe[int] = None): ...\n');
    assertSilent('GR304', 'from datetime import date\nclass A:\n    date: date = None\n');
    assertSilent('GR304', 'from pydantic import JsonValue\ndef f(a: JsonValue = None): ...\n');
    assertSilent(
      'GR304',
      'import typing as t\ndef f(a: "t.Union[int, None]" = None, b: t.Union["int", "None"] = None): ...\n',
    );
    assertSilent('GR304', 'from typing import Optional as O\nA = B = O[int]\nC = A\ndef f(a: C = None): ...\n');
  });
});

describe('GR308 fixes', () => {
  const header = 'from pydantic import BaseModel, ConfigDict\n\n';
  const line = 'model_config = ConfigDict(from_attributes=True)';

  it('find their place', () => {
    const cases = [
      [
        'class ARead(BaseModel):  # first\n    # of a\n    id: int\n',
        `class ARead(BaseModel):  # first\n    ${line}\n\n    # of a\n    id: int\n`,
      ],
      ['class ARead(Row):\n    """Doc."""\n', `class ARead(Row):\n    """Doc."""\n\n    ${line}\n`],
      [
        'class ARead(BaseModel):\n    """Doc."""\n    id: int\n',
        `class ARead(BaseModel):\n    """Doc."""\n\n    ${line}\n\n    id: int\n`,
      ],
      [
        'class ARead(BaseModel):\n    """Doc."""  # noqa: D1\n\n    id: int\n',
        `class ARead(BaseModel):\n    """Doc."""  # noqa: D1\n\n    ${line}\n\n    id: int\n`,
      ],
      ['class ARead(Row): pass\n', `class ARead(Row):\n    ${line}\n`],
      ['class ARead(Row):\n    model_config = ConfigDict()\n', `class ARead(Row):\n    ${line}\n`],
      [
        'if True:\n    class ARead(BaseModel):\n        id: int\n',
        `if True:\n    class ARead(BaseModel):\n        ${line}\n\n        id: int\n`,
      ],
      ['class ARead(\n    BaseModel,\n):\n\tid: int\n', `class ARead(\n    BaseModel,\n):\n\t${line}\n\n\tid: int\n`],
    ];
    const rows = `${header}class Row(BaseModel):\n    id: int\n\n`;
    for (const [before = '', after] of cases) assert.equal(fixed('GR308', rows + before).text, rows + after);
  });

  it('keep CRLF', () => {
    const text = `${header}class ARead(BaseModel):\n    id: int\n`.replaceAll('\n', '\r\n');
    assert.equal(
      fixed('GR308', text).text,
      `${header}class ARead(BaseModel):\n    ${line}\n\n    id: int\n`.replaceAll('\n', '\r\n'),
    );
  });

  it('are not offered where they would break the class or overrule a choice', () => {
    assertOffersNothing(
      'GR308',
      `${header}class ARead(BaseModel):\n    model_config = ConfigDict(from_attributes=False)\n    id: int\n`,
    );
    assertOffersNothing('GR308', `${header}class ARead(BaseModel): id: int\n`);
    assertOffersNothing(
      'GR308',
      `${header}class Base(BaseModel):\n    class Config:\n        frozen = True\n\nclass ARead(Base):\n    id: int\n`,
    );
    assertOffersNothing(
      'GR308',
      'from pydantic import BaseModel\nConfigDict = dict\nclass ARead(BaseModel):\n    id: int\n',
    );
  });

  it('are silent where a splat or another base may say it', () => {
    assertSilent('GR308', `${header}class ARead(BaseModel):\n    model_config = ConfigDict(**common)\n    id: int\n`);
    assertSilent('GR308', `${header}class ARead(BaseModel):\n    model_config = common\n    id: int\n`);
    assertSilent('GR308', `${header}class ARead(Mixin, BaseModel):\n    id: int\n`);
    assertSilent('GR308', `${header}class ARead(BaseModel, **options):\n    id: int\n`);
  });

  it('follow edits of a base in the same file', () => {
    const text = `${header}class Base(BaseModel):\n    id: int\n\nclass ARead(Base):\n    name: str\n`;
    const document = documentOf('GR308', text);
    assert.equal(document.findings().length, 1);
    const at = text.indexOf('    id');
    document.edit(at, at, `    ${line}\n`);
    assert.equal(document.findings().length, 0);
    document.edit(at, at + line.length + 5, '');
    assert.equal(document.findings().length, 1);
    document.edit(text.indexOf('pydantic'), text.indexOf('pydantic') + 8, 'other');
    const fresh = new Document(
      parser,
      document.text,
      factsOf(),
      only(rules.find((rule) => rule.card.code === 'GR308') ?? assert.fail()),
    );
    assert.deepEqual(snapshot(document), snapshot(fresh));
    assert.equal(document.findings().length, 0);
  });
});

describe('GR303 through aliases', () => {
  it('follows an edit of the import behind an alias', () => {
    const text = 'from typing import Any\nJson = dict[str, Any]\n\ndef f(a: Json) -> None: ...\n';
    const document = documentOf('GR303', text);
    assert.equal(document.findings().length, 2);
    const at = text.indexOf('typing');
    document.edit(at, at + 6, 'other');
    assert.equal(document.findings().length, 0);
  });

  it('ends on aliases that go round', () => {
    assertSilent('GR303', 'A = list[B]\nB = list[A]\n\ndef f(a: A) -> None: ...\n');
  });

  it('reads strings within strings of annotations, and lets others be', () => {
    const text = `from typing import Any\ndef f(a: "list[Any]", b: list["Any | None"], c: 'Callable[[Any], "x"]') -> None: ...\n`;
    assert.deepEqual(
      documentOf('GR303', text)
        .findings()
        .map((finding) => [finding.start, text.slice(finding.start, finding.end)]),
      [...text.matchAll(/Any/g)].slice(1).map((match) => [match.index, 'Any']),
    );
    assertSilent('GR303', 'from typing import Any\nx = "Any"\ny: str = "Any"\nf(Any)\n');
  });
});

describe('GR306', () => {
  const header = 'from fastapi import Request\n\n';

  it('reports a route that hands the raw body back, and what a call takes', () => {
    for (const body of ['return await request.json()', 'data = await request.json()\n    await save(data)'])
      assert.equal(
        documentOf('GR306', `${header}@app.post("/a")\nasync def a(request: Request):\n    ${body}\n`).findings()
          .length,
        1,
        body,
      );
  });

  it('is silent where the value reaches a schema in any way', () => {
    for (const body of [
      'return Order(**(await request.json()))',
      'data = await request.json()\n    return Order(name=data["name"])',
      'raw = await request.body()\n    data = json.loads(raw)\n    return schemas.Order.model_validate(data["order"])',
      'async with request.form() as form:\n        return Order.model_validate(dict(form))',
      'if (data := await request.json()):\n        return parse_obj_as(Order, data)',
      'data = await request.json()\n    orders = []\n    for row in data:\n        orders.append(Order(**row))',
      'body = await request.body()\n    verify_signature(body)\n    await save(body)',
    ])
      assertSilent('GR306', `${header}async def a(request: Request):\n    ${body}\n`);
  });

  it('is silent in tests', () => {
    assertSilent(
      'GR306',
      `${header}async def a(request: Request):\n    data = await request.json()\n    return data["x"]\n`,
      'tests/test_a.py',
    );
  });
});

describe('GR312', () => {
  it('is not hidden by the comment it speaks of', () => {
    assert.equal(documentOf('GR312', 'x = 1  # noqa\n').findings().length, 1);
    assert.equal(documentOf('GR312', 'x = 1  # type: ignore  # noqa: GR312\n').findings().length, 0);
  });
});
