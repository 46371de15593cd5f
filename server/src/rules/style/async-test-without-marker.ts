import { z } from 'zod';
import {
  defineRule,
  isTestCase,
  isTestFunction,
  marksOf,
  py,
  type SourceFile,
  spell,
  spellModule,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR951',
  name: 'async-test-without-marker',
  family: 'style',
  severity: 'error',
  standards: ['production', 'module'],
  summary: 'An async test that no plugin runs',
  advice: 'Mark it with `@pytest.mark.asyncio`',
  why: 'Without a marker pytest does not run a coroutine: it skips the test with a warning, or fails it, depending on the version, and nothing of it is ever checked. In the strict mode of pytest-asyncio, which is the default, every async test carries `@pytest.mark.asyncio`: itself, on its class or in `pytestmark`. Where `asyncio_mode` is `auto`, none needs it.',
  fix: 'safe',
  requirements: ['000-064', '003-043', '004-209'],
  peers: ['pytest-asyncio'],
  options: z.strictObject({
    asyncioMode: z
      .enum(['strict', 'auto'])
      .default('strict')
      .meta({ description: 'The `asyncio_mode` of pytest-asyncio. With `auto`, no test needs a marker.' }),
  }),
  mentions: ['async def test'],
  examples: [
    {
      bad: py`
        import pytest

        from app.users import load


        async def test_load():
        #         ^^^^^^^^^ GR951 safe: The async test \`test_load\` has no \`@pytest.mark.asyncio\`, so pytest does not run it; mark it.
            assert await load(1)


        @pytest.mark.parametrize("key", [1, 2])
        async def test_many(key):
            #     ^^^^^^^^^ GR951 safe
            assert await load(key)


        class TestLoad:
            async def test_missing(self):
                #     ^^^^^^^^^^^^ GR951 safe
                assert await load(0) is None
      `,
      good: py`
        import pytest

        from app.users import load


        @pytest.mark.asyncio
        async def test_load():
            assert await load(1)


        @pytest.mark.asyncio
        @pytest.mark.parametrize("key", [1, 2])
        async def test_many(key):
            assert await load(key)


        class TestLoad:
            @pytest.mark.asyncio
            async def test_missing(self):
                assert await load(0) is None
      `,
      path: 'tests/test_users.py',
    },
    {
      bad: py`
        from app.users import load


        async def test_load():
        #         ^^^^^^^^^ GR951 safe
            assert await load(1)
      `,
      good: py`
        from app.users import load
        import pytest


        @pytest.mark.asyncio
        async def test_load():
            assert await load(1)
      `,
      path: 'tests/test_users.py',
    },
    {
      bad: py`
        from pytest import fixture, mark


        async def test_load(user):
        #         ^^^^^^^^^ GR951 safe
            assert await user.load()
      `,
      good: py`
        from pytest import fixture, mark


        @mark.asyncio
        async def test_load(user):
            assert await user.load()
      `,
      path: 'tests/test_users.py',
    },
    {
      bad: py`
        pytest = load_plugin()


        async def test_load(user):
        #         ^^^^^^^^^ GR951 none
            assert await user.load()
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        import pytest
        import pytest as pt
        from pytest import mark

        run_async = pytest.mark.asyncio


        @pytest.mark.asyncio
        async def test_marked():
            assert await load(1)


        @pt.mark.asyncio(loop_scope="module")
        async def test_called():
            assert await load(1)


        @mark.anyio
        async def test_anyio():
            assert await load(1)


        @run_async
        async def test_alias():
            assert await load(1)


      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        import pytest


        @in_event_loop
        async def test_decorated():
            assert await load(1)


        async def test_backend(anyio_backend):
            assert await load(1)


        @pytest.fixture
        async def test_user():
            return await load(1)


        def test_sync():
            assert load


        def test_outer():
            async def test_inner():
                return 1

            assert run(test_inner)


      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        import unittest

        import pytest


        @pytest.mark.asyncio
        class TestMarked:
            async def test_one(self):
                assert await load(1)


        class TestBody:
            pytestmark = [pytest.mark.slow, pytest.mark.anyio]

            async def test_one(self):
                assert await load(1)


        class TestInherited(AsyncBase):
            async def test_one(self):
                assert await load(1)


        class LoadTests(unittest.IsolatedAsyncioTestCase):
            async def test_one(self):
                self.assertTrue(await load(1))
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        import pytest

        pytestmark = pytest.mark.asyncio


        async def test_load():
            assert await load(1)


        class TestLoad:
            async def test_one(self):
                assert await load(1)
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        async def test_load():
            assert await load(1)
      `,
      path: 'tests/test_users.py',
      options: { asyncioMode: 'auto' },
    },
    {
      ok: py`
        async def test_connection(url):
            return await connect(url)
      `,
      path: 'app/connections.py',
    },
  ],
  on: {
    function_definition(definition, file, { asyncioMode }) {
      if (asyncioMode === 'auto' || !definition.child('"async"') || !isTestFunction(definition, file)) return undefined;
      const owner = file.enclosingClass(definition);
      if (owner && isTestCase(owner, file)) return undefined;
      const { names, isOpen } = marksOf(definition, file);
      if (isOpen || [...names].some((name) => runners.test(name))) return undefined;
      // anyio's plugin also runs what asks for its backend.
      const parameters = definition.field('parameters');
      if (parameters.below('identifier').some((parameter) => parameter.text === 'anyio_backend')) return undefined;
      const name = definition.field('name');
      return {
        at: name,
        message: `The async test \`${name.text}\` has no \`@pytest.mark.asyncio\`, so pytest does not run it; mark it.`,
        fix: () => {
          const marker = spellMark(definition, file);
          if (!marker) return undefined;
          const start = definition.parent?.is('decorated_definition') ? definition.parent.start : definition.start;
          const line = `@${marker.text}.asyncio${file.eol}${file.indentAt(start)}`;
          return {
            title: 'Mark with `@pytest.mark.asyncio`',
            safety: 'safe',
            edits: [...marker.edits, { start, end: start, text: line }],
          };
        },
      };
    },
  },
});

/** Marks under which some plugin runs a coroutine. */
const runners = /async|anyio|trio|curio|twisted|tornado|^skip$/;

/** `pytest.mark` as the file spells it. */
function spellMark(definition: TypedNode<'function_definition'>, file: SourceFile) {
  const whole = spellModule(file, 'pytest', definition);
  if (whole?.edits.length === 0) return { text: `${whole.text}.mark`, edits: whole.edits };
  const mark = spell(file, 'pytest', 'mark', definition);
  if (mark?.edits.length === 0) return mark;
  return whole && { text: `${whole.text}.mark`, edits: whole.edits };
}
