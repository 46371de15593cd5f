import assert from 'node:assert/strict';
import { applyEdits, type Reported, type Rule } from '../../server/src/engine/index.ts';
import memoryEx from '../../server/src/rules/async/active-memory-ex.ts';
import memoryJson from '../../server/src/rules/async/active-memory-json.ts';
import awaitWithoutTimeout from '../../server/src/rules/async/await-without-timeout.ts';
import bus from '../../server/src/rules/async/bus-used-before-initialize.ts';
import clientPerCall from '../../server/src/rules/async/http-client-per-call.ts';
import sequential from '../../server/src/rules/async/sequential-awaits.ts';
import syncRoute from '../../server/src/rules/async/sync-route.ts';
import threadLock from '../../server/src/rules/async/thread-lock-in-async.ts';
import { factsOf, only, open } from '../support/engine.ts';
import { run } from '../support/python.ts';

const source = (...lines: string[]): string => `${lines.join('\n')}\n`;

function findings(rule: Rule, text: string, target: '3.9' | '3.12' = '3.12'): Reported[] {
  return open(text, only(rule), factsOf('app/example.py', target)).findings();
}

/** The text after the first fix of the finding at an index. */
function fixed(rule: Rule, text: string, index = 0): string {
  const [fix] = findings(rule, text)[index]?.fixes() ?? [];
  assert.ok(fix, `no fix for finding ${index} in\n${text}`);
  return applyEdits(text, fix.edits);
}

function offersNothing(rule: Rule, text: string, count = 1, target: '3.9' | '3.12' = '3.12'): void {
  const found = findings(rule, text, target);
  assert.equal(found.length, count, text);
  assert.deepEqual(
    found.flatMap((finding) => finding.fixes()),
    [],
    text,
  );
}

describe('GR509: awaits put together', () => {
  const head = ['import asyncio', 'async def get_one(n: int) -> int:', '    return n', 'async def f(n: int) -> None:'];
  const tail = ['    print(a, b)', 'asyncio.run(f(3))'];

  it('give the same values to the same names', () => {
    const text = source(
      ...head,
      '    a = await get_one(',
      '        n,',
      '    )',
      '    b = await get_one(n + 1)',
      ...tail,
    );
    const after = fixed(sequential, text);
    assert.ok(
      after.includes(
        '    a, b = await asyncio.gather(\n        get_one(\n        n,\n    ),\n        get_one(n + 1),\n    )\n',
      ),
    );
    assert.deepEqual(run([text, after]), ['3 4\n', '3 4\n']);
  });

  it('offer nothing where a comment, an annotation or the name asyncio stands in the way', () => {
    offersNothing(sequential, source(...head, '    a = await get_one(n)', '    # then', '    b = await get_one(n)'));
    offersNothing(sequential, source(...head, '    a: int = await get_one(n)', '    b = await get_one(n)'));
    const taken = head.map((line) => line.replace('import asyncio', 'asyncio = 1'));
    offersNothing(sequential, source(...taken, '    a = await get_one(n)', '    b = await get_one(n)'));
  });

  it('are silent about one unknown object in two calls, one name twice, and methods of one client', () => {
    const quiet = (...lines: string[]): void =>
      assert.deepEqual(findings(sequential, source(...head, ...lines.map((line) => `    ${line}`))), []);
    quiet('a = await get_one(thing)', 'b = await get_one(other)');
    quiet('a = await get_one(n)', 'a = await get_one(n)');
    quiet('a = await get_one(n)', 'b = await get_one(a)');
    quiet('a = await get_one(n)', 'b = await get_one(await get_one(n))');
    quiet('a = await get_one(n); b = await get_one(n)');
    quiet('a = await get_one(n)', 'asyncio.sleep', 'b = await get_one(n)');
  });

  it('report one run once', () => {
    const text = source(...head, '    a = await get_one(n)', '    b = await get_one(n)', '    c = await get_one(n)');
    assert.equal(findings(sequential, text).length, 1);
  });
});

describe('GR510: routes made async', () => {
  const head = ['from fastapi import FastAPI', 'import httpx', 'app = FastAPI()', 'client = httpx.AsyncClient()'];

  it('await every call, in parentheses where something follows', () => {
    const text = source(...head, '@app.get("/a")', 'def read():', '    return client.get("/").result().text');
    assert.equal(
      fixed(syncRoute, text),
      text.replace('def read', 'async def read').replace('client.get("/")', '(await client.get("/"))'),
    );
  });

  it('offer nothing where a call blocks, where await may not stand, or where somebody calls the handler', () => {
    const route = (...lines: string[]): string =>
      source(...head, '@app.get("/a")', 'def read():', ...lines.map((line) => `    ${line}`));
    offersNothing(syncRoute, route('client.get("/")', 'return open("name").read()'));
    offersNothing(syncRoute, route('return [client.get(name) for name in "ab"]'));
    offersNothing(syncRoute, `${route('return client.get("/")')}print(read())\n`);
  });

  it('notice a handler that starts to do I/O behind add_api_route', () => {
    const handler = source('from fastapi import FastAPI', 'def read():', '    return 1');
    const text = `${handler}${source('app = FastAPI()', 'app.add_api_route("/a", read)')}`;
    const document = open(text, only(syncRoute));
    assert.equal(document.findings().length, 0);
    document.edit(handler.length - 2, handler.length - 1, 'open("name")');
    assert.equal(document.findings().length, 1);
  });
});

describe('GR519: locks made async', () => {
  const program = (...uses: string[]): string =>
    source('import asyncio', 'from threading import Lock', 'lock = Lock()', ...uses);
  const use = ['async def f():', '    with lock:', '        print("held")'];

  it('change every use at once, and the program still runs', () => {
    const text = program(...use, 'async def main():', '    await f()', '    await f()', 'asyncio.run(main())');
    const after = fixed(threadLock, text);
    assert.equal(after, text.replace('= Lock()', '= asyncio.Lock()').replace('    with', '    async with'));
    assert.deepEqual(run([text, after]), ['held\nheld\n', 'held\nheld\n']);
    assert.deepEqual(findings(threadLock, after), []);
  });

  it('offer nothing where another use would break', () => {
    offersNothing(threadLock, program(...use, 'print(lock.locked())'));
    offersNothing(threadLock, program(...use, '        async def g(): await g()', '        lock.release()'));
    offersNothing(threadLock, program(...use, 'def g(lock): lock.release()'));
    offersNothing(threadLock, program(...use).replace('with lock', 'with lock, open("name")'));
    offersNothing(threadLock, program(...use), 1, '3.9');
  });
});

describe('GR506, GR514, GR515: fixes for the bus and the store', () => {
  it('connect the bus where it is made, behind its comment and in its line breaks', () => {
    const text = source(
      'from app.events import EventBus',
      'async def f():',
      '    if True:',
      '        bus = EventBus()  # own',
      '        await bus.publish("a")',
    );
    const wanted = text.replace('# own\n', '# own\n        await bus.initialize()\n');
    assert.equal(fixed(bus, text), wanted);
    assert.equal(fixed(bus, text.replaceAll('\n', '\r\n')), wanted.replaceAll('\n', '\r\n'));
  });

  it('offer no await in a plain function', () => {
    offersNothing(
      bus,
      source('from app.events import EventBus', 'def f():', '    bus = EventBus()', '    bus.subscribe("a")'),
    );
  });

  it('notice what a member is made of in another method, and that it is made of something else', () => {
    const head = source('from app.memory import ActiveMemory', 'class A:', '    def __init__(self) -> None:');
    const made = '        self.memory = ActiveMemory()\n';
    const use = source('    async def f(self) -> None:', '        await self.memory.set("a", 1, ex=2)');
    const document = open(head + made + use, only(memoryEx));
    assert.equal(document.findings().length, 1);
    const at = head.length + made.indexOf('ActiveMemory()');
    document.edit(at, at + 'ActiveMemory()'.length, 'other()');
    assert.equal(document.findings().length, 0);
  });

  it('take the type of a read out with its comma', () => {
    const text = source(
      'from app.memory import ActiveMemory',
      'async def f(memory: ActiveMemory):',
      '    return await memory.get_json(',
      '        "a",',
      '        model=list,',
      '    )',
    );
    assert.equal(fixed(memoryJson, text), text.replace('get_json', 'get').replace('        model=list,\n', ''));
  });
});

describe('GR513, GR518: what one file tells', () => {
  it('count a client in the iterable of a loop once', () => {
    const text = source('import httpx', 'def f():', '    for line in httpx.Client().get("/"):', '        print(line)');
    assert.deepEqual(findings(clientPerCall, text), []);
  });

  it('forget the hint when the caller gets a limit', () => {
    const head = source(
      'import asyncio',
      'async def f():',
      '    await asyncio.open_connection("a", 1)',
      'async def g():',
    );
    assert.equal(findings(awaitWithoutTimeout, `${head}    await f()\n`).length, 1);
    assert.equal(findings(awaitWithoutTimeout, `${head}    await asyncio.wait_for(f(), 1)\n`).length, 0);
  });
});
