import assert from 'node:assert/strict';
import { applyEdits, type Reported, type Rule } from '../../server/src/engine/index.ts';
import depends from '../../server/src/rules/api/depends-default.ts';
import cookie from '../../server/src/rules/api/insecure-cookie.ts';
import responseModel from '../../server/src/rules/api/route-without-response-model.ts';
import blockingIo from '../../server/src/rules/async/blocking-io.ts';
import blockingSleep from '../../server/src/rules/async/blocking-sleep.ts';
import getEventLoop from '../../server/src/rules/async/get-event-loop.ts';
import timeout from '../../server/src/rules/async/http-client-without-timeout.ts';
import unawaited from '../../server/src/rules/async/unawaited-coroutine.ts';
import { factsOf, only, open } from '../support/engine.ts';
import { run } from '../support/python.ts';

const source = (...lines: string[]): string => `${lines.join('\n')}\n`;

function findings(rule: Rule, text: string, options: unknown = {}): Reported[] {
  return open(text, only(rule, options), factsOf()).findings();
}

/** The text after the first fix of the finding at an index. */
function fixed(rule: Rule, text: string, index = 0, options: unknown = {}): string {
  const [fix] = findings(rule, text, options)[index]?.fixes() ?? [];
  assert.ok(fix, `no fix for finding ${index} in\n${text}`);
  return applyEdits(text, fix.edits);
}

function offersNothing(rule: Rule, text: string, count = 1): void {
  const found = findings(rule, text);
  assert.equal(found.length, count, text);
  assert.deepEqual(
    found.flatMap((finding) => finding.fixes()),
    [],
    text,
  );
}

describe('GR501: fixes of blocking sleeps', () => {
  it('await inside an expression, and the program still runs', () => {
    const text = source(
      'import asyncio',
      'import time',
      'async def work():',
      '    done = time.sleep(0) or "done"',
      '    print(done)',
      'asyncio.run(work())',
    );
    const after = fixed(blockingSleep, text);
    assert.equal(after, text.replace('time.sleep(0)', 'await asyncio.sleep(0)'));
    assert.deepEqual(run([text, after]), ['done\n', 'done\n']);
  });

  it('offer nothing where asyncio is another name, where arguments are spread, in comprehensions', () => {
    offersNothing(blockingSleep, source('import time', 'asyncio = 1', 'async def f():', '    time.sleep(1)'));
    offersNothing(blockingSleep, source('import time', 'async def f(a):', '    time.sleep(*a)'));
    offersNothing(blockingSleep, source('import time', 'async def f(a):', '    any(time.sleep(d) for d in a)'));
    offersNothing(blockingSleep, source('import time', 'async def f(a):', '    [time.sleep(d) for d in a]'));
  });

  it('are silent in what an async function only defines', () => {
    const nested = ['class A:', '    time.sleep(1)', 'def g():', '    time.sleep(1)', 'h = lambda: time.sleep(1)'];
    const text = source('import time', 'async def f():', ...nested.map((line) => `    ${line}`));
    assert.deepEqual(findings(blockingSleep, text), []);
  });

  it('report a helper when its last synchronous caller goes', () => {
    const head = source('import time', 'def wait():', '    time.sleep(1)', 'async def f():', '    wait()');
    const caller = source('def g():', '    wait()');
    const document = open(head + caller, only(blockingSleep));
    assert.equal(document.findings().length, 0);
    document.edit(head.length, head.length + caller.length, '');
    assert.equal(document.findings().length, 1);
  });
});

describe('GR503: calls moved to a thread', () => {
  it('keep the value and what is done with it', () => {
    const text = source(
      'import asyncio',
      'import subprocess',
      'from pathlib import Path',
      'async def work():',
      '    out = subprocess.run(',
      '        ["echo", "one"], capture_output=True, text=True,',
      '    ).stdout',
      '    print(out.strip(), len(Path("/dev/null").read_bytes()))',
      'asyncio.run(work())',
    );
    const first = fixed(blockingIo, text);
    assert.ok(first.includes('out = (await asyncio.to_thread(subprocess.run,\n        ["echo", "one"]'), first);
    const both = fixed(blockingIo, first);
    assert.ok(both.includes('len(await asyncio.to_thread(Path("/dev/null").read_bytes))'), both);
    assert.deepEqual(findings(blockingIo, both), []);
    assert.deepEqual(run([text, both]), ['one 0\n', 'one 0\n']);
  });

  it('say that an opened file still blocks', () => {
    const text = source('async def f(p):', '    with open(p) as file:', '        return file.read()');
    assert.deepEqual(
      findings(blockingIo, text)[0]
        ?.fixes()
        .map(({ safety, reason }) => ({ safety, reason })),
      [{ safety: 'unsafe', reason: 'Only opening moves to a thread; reading and writing the file still blocks.' }],
    );
  });

  it('offer nothing before Python 3.9, which has no to_thread', () => {
    const text = source('async def f(p):', '    return open(p)');
    const found = open(text, only(blockingIo), factsOf('app/example.py', '3.8')).findings();
    assert.deepEqual(
      found.map((finding) => finding.fixes()),
      [[]],
    );
  });
});

describe('GR505: dropped coroutines', () => {
  it('follow the function when it becomes synchronous, or a generator', () => {
    const text = source('async def send():', '    ...', 'async def f():', '    send()');
    const document = open(text, only(unawaited));
    assert.equal(document.findings().length, 1);
    const body = text.indexOf('...');
    document.edit(body, body + 3, 'yield');
    assert.equal(document.findings().length, 0);
    document.edit(body, body + 5, 'pass');
    assert.equal(document.findings().length, 1);
    document.edit(0, 'async '.length, '');
    assert.equal(document.findings().length, 0);
  });

  it('run once they are awaited', () => {
    const text = source(
      'import asyncio',
      'async def send():',
      '    print("sent")',
      'async def main():',
      '    send()',
      'asyncio.run(main())',
    );
    assert.deepEqual(run([text, fixed(unawaited, text)]), ['', 'sent\n']);
  });

  it('are known by publishers of the settings', () => {
    const text = source('async def f(self):', '    self.outbox.emit("x")');
    assert.equal(findings(unawaited, text).length, 0);
    assert.equal(findings(unawaited, text, { publishers: ['outbox.emit'] }).length, 1);
  });
});

describe('GR508: the running loop', () => {
  it('is the loop that get_event_loop gave', () => {
    const text = source(
      'import asyncio',
      'async def f():',
      '    return asyncio.get_event_loop() is asyncio.get_running_loop()',
      'print(asyncio.run(f()))',
    );
    const after = fixed(getEventLoop, text);
    assert.equal(after, text.replace('get_event_loop', 'get_running_loop'));
    assert.deepEqual(run([text, after]), ['True\n', 'True\n']);
  });
});

describe('GR511: timeouts added', () => {
  const adds = (call: string, expected: string): void => {
    const head = 'import aiohttp, httpx, requests\n';
    assert.equal(fixed(timeout, `${head}${call}\n`), `${head}${expected}\n`);
  };

  it('keep the layout and the comments of the call', () => {
    adds('httpx.Client()', 'httpx.Client(timeout=30)');
    adds('requests.get(\n    url,  # where\n)', 'requests.get(\n    url,  # where\n    timeout=30,\n)');
    adds('requests.get(\n    url\n)', 'requests.get(\n    url,\n    timeout=30\n)');
    adds('requests.get(url, params={\n    "a": 1,\n})', 'requests.get(url, params={\n    "a": 1,\n}, timeout=30)');
    adds('aiohttp.ClientSession(timeout=None)', 'aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))');
  });

  it('are written for a session that a class keeps, after the text before it has moved', () => {
    const text = source(
      'import requests',
      'class A:',
      '    def __init__(self):',
      '        self.http = requests.Session()',
      '    def get(self):',
      '        return self.http.get("x")',
    );
    const document = open(text, only(timeout));
    document.edit(0, 0, '# moved\n');
    const [finding] = document.findings();
    const after = applyEdits(document.text, finding?.fixes()[0]?.edits ?? []);
    assert.equal(after, `# moved\n${text.replace('"x")', '"x", timeout=30)')}`);
  });
});

describe('GR604: the order of parameters', () => {
  const head = 'from typing import Annotated\nfrom fastapi import Depends, Security\n';

  it('takes the defaults of the dependencies before a parameter with its own', () => {
    const text = `${head}def f(a, b: B = Depends(b), c: C = Security(c)): ...\n`;
    assert.equal(fixed(depends, text, 0), `${head}def f(a, b: Annotated[B, Depends(b)], c: C = Security(c)): ...\n`);
    assert.equal(
      fixed(depends, text, 1),
      `${head}def f(a, b: Annotated[B, Depends(b)], c: Annotated[C, Security(c)]): ...\n`,
    );
  });

  it('offers nothing behind a default that stays, without annotation, for strings and for comments', () => {
    offersNothing(depends, `${head}def f(q: int = 1, b: B = Depends(b)): ...\n`);
    offersNothing(depends, `${head}def f(b=Depends(b)): ...\n`);
    offersNothing(depends, `${head}def f(a=Depends(a), b: B = Depends(b)): ...\n`, 2);
    offersNothing(depends, `${head}def f(b: "B" = Depends(b)): ...\n`);
    offersNothing(depends, `${head}def f(\n    b: B  # why\n    = Depends(b)\n): ...\n`);
    offersNothing(depends, `${head}def f(b: Annotated[B, 1] = Depends(b)): ...\n`);
  });

  it('offers nothing where FastAPI could not read the new annotation', () => {
    const future = `from __future__ import annotations\n${head}`;
    offersNothing(depends, `${future}def make(dep):\n    def f(b: B = Depends(dep)): ...\n`);
    offersNothing(depends, `${future}class A:\n    def f(self, b: B = Depends(get)): ...\n`);
    const typeOnly = 'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app import B\n';
    offersNothing(depends, `${future}${typeOnly}def f(b: B = Depends(get)): ...\n`);
    assert.match(fixed(depends, `${future}def f(b: B = Depends(get)): ...\n`), /b: Annotated\[B, Depends\(get\)\]/);
  });

  it('gives a signature that CPython takes', () => {
    const stub =
      'import sys, types\nm = types.ModuleType("fastapi")\nm.Depends = m.Security = lambda f=None: f\nsys.modules["fastapi"] = m\nB = int\n';
    const text = `${head}def f(a, b: B = Depends(1), *args, c: int = 2, d: B = Depends(3)): ...\nprint(list(f.__annotations__))\n`;
    const after = fixed(depends, fixed(depends, text));
    assert.deepEqual(findings(depends, after), []);
    assert.deepEqual(run([after], stub), ["['b', 'c', 'd']\n"]);
  });
});

describe('GR602: what a route answers', () => {
  const head = 'from fastapi import APIRouter\nrouter = APIRouter()\n';

  it('is told by a return annotation, and asking for both is an option', () => {
    const text = `${head}@router.get("/x")\ndef x() -> int: ...\n`;
    assert.equal(findings(responseModel, text).length, 0);
    assert.equal(
      fixed(responseModel, text, 0, { strict: true }),
      `${head}@router.get("/x", response_model=int)\ndef x() -> int: ...\n`,
    );
  });

  it('cannot be written in the decorator before its name exists', () => {
    const later = `${head}@router.get("/x")\ndef x() -> "Later": ...\nclass Later: ...\n`;
    const [finding] = findings(responseModel, later, { strict: true });
    assert.deepEqual(finding?.fixes(), []);
    const bare = later.replace('"Later"', 'Later');
    const [other] = findings(responseModel, `from __future__ import annotations\n${bare}`, { strict: true });
    assert.deepEqual(other?.fixes(), []);
  });

  it('follows the handler of add_api_route into its own unit', () => {
    const text = `${head}def x():\n    return 1\nrouter.add_api_route("/x", x)\n`;
    const document = open(text, only(responseModel));
    assert.equal(document.findings().length, 1);
    const body = text.indexOf('1\n');
    document.edit(body, body + 1, 'JSONResponse(1)');
    assert.equal(document.findings().length, 0);
  });
});

describe('GR613: cookies', () => {
  it('are secured in the layout of the call', () => {
    const text = source('def f(r):', '    r.set_cookie(', '        "a",', '        "b",', '    )');
    const lines = ['        httponly=True,', '        secure=True,', '        samesite="lax",'];
    assert.equal(
      fixed(cookie, text),
      source('def f(r):', '    r.set_cookie(', '        "a",', '        "b",', ...lines, '    )'),
    );
  });
});
