import { z } from 'zod';
import {
  defineRule,
  endsWithName,
  makerOf,
  type Node,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR507',
  name: 'engine-disposed-in-teardown',
  family: 'async',
  severity: 'warning',
  standards: ['production'],
  summary: "A test's teardown disposes a shared engine, or sets a singleton to `None`",
  advice: 'Leave shared engines and singletons alone; clean up the data instead',
  why: 'The engine and the singletons outlive the test, and their connections belong to an event loop that other tests still use. Disposing them closes that loop\'s connections under the next test, which then fails with "Event loop is closed" at a place that has nothing to do with it, and on Windows nearly always.',
  fix: 'none',
  requirements: ['000-057'],
  peers: [],
  options: z.strictObject({
    singletons: z
      .array(z.string())
      .default(['instance', 'singleton', 'event_bus', 'bus', 'active_memory', 'engine', 'async_engine'])
      .meta({
        description:
          'Names that stand for singletons; leading underscores and what stands before an underscore do not count: `bus` stands for `_bus` and `redis_bus` too.',
      }),
  }),
  mentions: ['tearDown', 'TearDown', 'teardown', 'pytest'],
  calls: ['dispose'],
  examples: [
    {
      bad: py`
        import pytest_asyncio

        from app.core.database import async_engine
        from app.core.events import EventBus


        @pytest_asyncio.fixture
        async def session():
            async with make_session() as session:
                yield session
            await async_engine.dispose()
        #         ^^^^^^^^^^^^^^^^^^^^^^ GR507 none: The teardown of \`session\` disposes \`async_engine\`, whose connections other tests share; leave the engine alone.
            EventBus._instance = None
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^ GR507 none: The teardown of \`session\` sets the singleton \`EventBus._instance\` to \`None\`, though other tests share it; leave it alone.
      `,
      path: 'tests/conftest.py',
    },
    {
      bad: py`
        import unittest

        import pytest

        from app.core import database, events

        _bus = None


        @pytest.fixture(scope="session")
        def bus():
            global _bus
            _bus = events.EventBus()
            try:
                yield _bus
            finally:
                _bus = None
        #       ^^^^^^^^^^^ GR507 none


        class OrdersTest(unittest.IsolatedAsyncioTestCase):
            async def asyncTearDown(self) -> None:
                await database.engine.dispose()
        #             ^^^^^^^^^^^^^^^^^^^^^^^^^ GR507 none
                events._event_bus = None
        #       ^^^^^^^^^^^^^^^^^^^^^^^^ GR507 none: The teardown of \`asyncTearDown\` sets the singleton \`events._event_bus\` to \`None\`, though other tests share it; leave it alone.
      `,
      path: 'tests/test_orders.py',
    },
    {
      ok: py`
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine


        @pytest_asyncio.fixture
        async def engine():
            engine = create_async_engine("sqlite+aiosqlite://")
            yield engine
            await engine.dispose()
      `,
      path: 'tests/conftest.py',
    },
    {
      ok: py`
        import pytest

        from app.core.database import async_engine
        from app.core.events import EventBus


        @pytest.fixture
        def fresh(monkeypatch, client):
            EventBus._instance = None
            monkeypatch.setattr(EventBus, "_instance", None)
            yield
            result = None
            client.name = None
            EventBus.debug = None


        async def lifespan(app):
            yield
            await async_engine.dispose()
      `,
      path: 'tests/conftest.py',
    },
    {
      ok: py`
        class Repository:
            async def close(self) -> None:
                await self.engine.dispose()
                self._instance = None

            def tearDown(self) -> None:
                self.view.dispose()
                self.bus = None
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute') || callee.field('attribute').text !== 'dispose') return undefined;
      const object = callee.field('object');
      if (!/engine$/i.test(object.text) || !/^[\w.]+$/.test(object.text)) return undefined;
      const owner = teardownAt(file, call);
      if (owner === undefined || isOwn(file, object, owner)) return undefined;
      return {
        at: call,
        message: `The teardown of \`${owner.field('name').text}\` disposes \`${object.text}\`, whose connections other tests share; leave the engine alone.`,
      };
    },
    assignment(assignment, file, { singletons }) {
      if (!assignment.field('right')?.is('none')) return undefined;
      const left = assignment.field('left');
      const name = left.is('attribute') ? left.field('attribute').text : left.text;
      if (!left.is('attribute', 'identifier') || !isSingleton(name, singletons)) return undefined;
      const owner = teardownAt(file, assignment);
      if (!owner || !isShared(file, left, owner)) return undefined;
      return {
        at: assignment,
        message: `The teardown of \`${owner.field('name').text}\` sets the singleton \`${left.text}\` to \`None\`, though other tests share it; leave it alone.`,
      };
    },
  },
});

/** The function whose teardown a node stands in: a fixture behind its `yield`, or a teardown method of a test. */
function teardownAt(file: SourceFile, node: Node): TypedNode<'function_definition'> | undefined {
  const owner = file.enclosingFunction(node);
  if (!owner?.is('function_definition')) return undefined;
  if (teardowns.has(owner.field('name').text)) return owner;
  const isFixture = file.decorators(owner).some((decorator) => {
    const name = file.qualified(decorator.is('call') ? decorator.field('function') : decorator);
    return name !== undefined && fixtures.has(name);
  });
  if (!isFixture) return undefined;
  const nested = ['function_definition', 'lambda', 'class_definition'] as const;
  const [first] = owner.field('body').belowOutside(nested, 'yield');
  return first && first.start < node.start ? owner : undefined;
}

const fixtures = new Set(['pytest.fixture', 'pytest.yield_fixture', 'pytest_asyncio.fixture']);
const teardowns = new Set([
  'asyncTearDown',
  'tearDown',
  'tearDownClass',
  'tearDownModule',
  'teardown',
  'teardown_class',
  'teardown_function',
  'teardown_method',
  'teardown_module',
]);

/** An engine that the fixture made for itself, that a test case holds, or that is synchronous and knows no loop. */
function isOwn(file: SourceFile, engine: Node, owner: TypedNode<'function_definition'>): boolean {
  if (engine.is('attribute') && /^(self|cls)\./.test(engine.text)) return true;
  const maker = makerOf(file, engine);
  const made = file.qualified(maker);
  if (made !== undefined && synchronous.has(made)) return true;
  const [root] = engine.is('identifier') ? [engine] : engine.below('identifier');
  const bindings = root ? file.bindings(root) : [];
  return bindings.some((binding) => binding.kind !== 'parameter' && owner.contains(binding.node));
}

const synchronous = new Set([
  'sqlalchemy.create_engine',
  'sqlalchemy.engine.create_engine',
  'sqlmodel.create_engine',
  'sqlalchemy.Engine',
]);

function isSingleton(name: string, singletons: readonly string[]): boolean {
  const bare = name.replace(/^_+/, '').toLowerCase();
  return endsWithName(bare, singletons);
}

/** A global of the module, or an attribute of something imported or of a class of the file. */
function isShared(file: SourceFile, target: Node, owner: TypedNode<'function_definition'>): boolean {
  if (target.is('identifier'))
    return owner
      .below('global_statement')
      .some((statement) => statement.namedChildren.some((name) => name.text === target.text));
  return target.is('attribute') && file.qualified(target.field('object')) !== undefined;
}
