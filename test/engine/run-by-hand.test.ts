import assert from 'node:assert/strict';
import { Document, defineRule, type EnabledRule, py } from '../../server/src/engine/index.ts';
import { factsOf, parser, plainCard } from '../support/engine.ts';

const asked = defineRule({
  code: 'GR999',
  ...plainCard,
  on: {
    function_definition: (definition, file) => ({
      at: definition.field('name'),
      message: file.isRunByHand() ? 'script' : 'module',
    }),
  },
});
const rules: EnabledRule[] = [{ rule: asked.configure({}).rule, severity: undefined }];
const open = (text: string) => new Document(parser, text, factsOf(), { rules, knownCodes: new Set(['GR999']) });
const told = (document: Document) => document.findings().map(({ message }) => message);

describe('a file that is run by hand', () => {
  it('has a main guard at the top', () => {
    for (const condition of [
      '__name__ == "__main__"',
      "'__main__' == __name__",
      '(__name__ == "__main__")',
      '__name__ == "__main__" and sys.argv[1:]',
    ])
      assert.deepEqual(told(open(`def f():\n    pass\n\nif ${condition}:\n    f()\n`)), ['script'], condition);
    for (const condition of [
      '__name__ != "__main__"',
      '__name__ == "app"',
      'name == "__main__"',
      '__name__ == "__main__" or x',
    ])
      assert.deepEqual(told(open(`def f():\n    pass\n\nif ${condition}:\n    f()\n`)), ['module'], condition);
    assert.deepEqual(told(open('def f():\n    if __name__ == "__main__":\n        f()\n')), ['module']);
  });

  it('hands over to its own functions there, where a module only shows itself off', () => {
    const guarded = (body: string, before = ''): string[] =>
      told(open(`${before}def f():\n    pass\n\nif __name__ == "__main__":\n${body}`));
    for (const body of [
      '    sys.exit(f())\n',
      '    raise SystemExit(asyncio.run(f()))\n',
      '    args = parser.parse_args()\n    for name in args.names:\n        f(name)\n',
      '    typer.run(f)\n',
    ])
      assert.deepEqual(guarded(body), ['script'], body);
    assert.deepEqual(guarded('    app()\n', 'import typer\n\napp = typer.Typer()\n\n'), ['script']);
    for (const body of [
      '    client = Client()\n    print(client.load())\n',
      '    g()\n',
      '    for found in f():\n        print(found)\n',
      '    found = f()\n    print(found)\n',
      '    unittest.main()\n',
      '    import os\n',
    ])
      assert.deepEqual(guarded(body, 'from app.names import g\n\nclass Client:\n    x = 1\n\n'), ['module'], body);
  });

  it('neither serves the web nor makes what is served', () => {
    const guard = '\n\nif __name__ == "__main__":\n    f()\n';
    for (const line of [
      'import uvicorn',
      'from hypercorn.asyncio import serve',
      'from fastapi import FastAPI as Api',
      'from fastapi import APIRouter',
      'import fastapi',
      'from starlette.applications import Starlette',
      'from flask import Flask',
    ])
      assert.deepEqual(told(open(`${line}\n\ndef f():\n    pass${guard}`)), ['module'], line);
    for (const line of ['from fastapi.encoders import jsonable_encoder', 'import uvicorns', 'from .uvicorn import run'])
      assert.deepEqual(told(open(`${line}\n\ndef f():\n    pass${guard}`)), ['script'], line);
    assert.deepEqual(told(open(`def f():\n    import uvicorn${guard}`)), ['module']);
    assert.deepEqual(
      told(
        open(py`
          from app.main import app

          def f():
              pass

          if __name__ == "__main__":
              app.run()
        `),
      ),
      ['module'],
    );
  });

  it('is one as soon as an edit far away makes it one', () => {
    const document = open('def f():\n    pass\n\nx = 1\n');
    assert.deepEqual(told(document), ['module']);
    const guard = 'if __name__ == "__main__":\n    f()\n';
    document.edit(document.length, document.length, guard);
    assert.deepEqual(told(document), ['script']);
    document.edit(0, 0, 'import uvicorn\n\n');
    assert.deepEqual(told(document), ['module']);
    document.edit(0, 16, '');
    assert.deepEqual(told(document), ['script']);
    document.edit(document.length - 4, document.length - 1, 'app.run()');
    assert.deepEqual(told(document), ['module']);
  });
});
