import { z } from 'zod';
import {
  baseName,
  called,
  defineRule,
  type Fact,
  fitsPattern,
  isTestCase,
  modulePlace,
  moduleRootsOption,
  type Node,
  py,
  type TypedNode,
} from '../../engine/index.ts';

/** What a unit tells: that the file imports a test framework, or that a test stands here. */
interface Told {
  readonly is: 'framework' | 'test';
  readonly name: string;
  /** The function is a test whatever the rest of the file holds. */
  readonly isSure: boolean;
}

export default defineRule({
  code: 'GR806',
  name: 'test-outside-tests',
  family: 'structure',
  severity: 'warning',
  standards: ['production'],
  summary: 'A test file or a test function outside a `tests` folder',
  advice: 'Move it to the `tests` folder of the module or the project',
  why: 'Tests are looked for, run and left out of what is shipped by their folder. A test beside the code lands in the image with its test data and its imports of pytest, is missed by a run over `tests`, and counts as production code for every rule and every coverage figure.',
  fix: 'unsafe',
  fixSafety: 'What imports the file, or is imported by it relatively, has to be changed by hand.',
  requirements: ['000-029', '002-066'],
  peers: [],
  options: z.strictObject({
    roots: moduleRootsOption,
    folders: z
      .array(z.string())
      .default(['test', 'tests', '*_test', '*_tests', '*-test', '*-tests', 'test_*', 'tests_*', 'testing'])
      .meta({ description: 'Names of folders that hold tests; `*` stands for anything.' }),
  }),
  mentions: ['test'],
  applies: (file, { folders }) => !isAmongTests(file.path, folders),
  examples: [
    {
      bad: py`
        """Tests of the orbit."""
        ^^^^^^^^^^^^^^^^^^^^^^^^^ GR806 unsafe: \`test_orbit.py\` holds tests and stands outside \`tests\`; move it to \`app/modules/calculation/orbit/tests/\`.

        from .service import calculate_orbit


        def test_calculate_orbit() -> None:
            assert calculate_orbit(1) == 2


        def test_calculate_nothing() -> None:
            assert calculate_orbit(0) == 0
      `,
      path: 'app/modules/calculation/orbit/test_orbit.py',
    },
    {
      bad: py`
        import pytest
        ^^^^^^^^^^^^^ GR806 none: \`orders_test.py\` holds tests and stands outside \`tests\`; move it to a \`tests\` folder.

        ORDERS = pytest.importorskip("app.orders")
      `,
      path: 'app/services/orders_test.py',
    },
    {
      bad: py`
        from unittest import TestCase


        def total(prices: list[int]) -> int:
            return sum(prices)


        def test_total() -> None:
        #   ^^^^^^^^^^ GR806 none: The test \`test_total\` stands in \`orders.py\`; move it to a file in a \`tests\` folder.
            assert total([1, 2]) == 3


        class TotalTest(TestCase):
            def test_empty(self) -> None:
        #       ^^^^^^^^^^ GR806 none
                self.assertEqual(total([]), 0)
      `,
      path: 'app/services/orders.py',
    },
    {
      ok: py`
        import pytest


        def test_total() -> None:
            assert sum([1, 2]) == 3
      `,
      path: 'app/modules/calculation/orbit/tests/test_orbit.py',
    },
    {
      ok: py`
        import pytest


        async def test_total() -> None:
            assert sum([1, 2]) == 3
      `,
      path: 'integration_tests/test_total.py',
    },
    {
      ok: py`
        from fastapi import APIRouter

        from app.latest import contest

        router = APIRouter()


        @router.post("/test-email")
        def test_email(to: str) -> str:
            assert to
            return to


        def test_connection(url: str) -> bool:
            return url.startswith("https")


        def testament(name: str) -> str:
            assert name
            return name


        class Probe:
            def test_link(self) -> bool:
                assert self
                return True
      `,
      path: 'app/api/routes/mail.py',
    },
    {
      ok: py`
        from app.laboratory import Sample

        SAMPLES = [Sample("blood")]
      `,
      path: 'app/laboratory/blood_test.py',
    },
    {
      ok: py`
        import pytest


        @pytest.fixture
        def test_user() -> str:
            assert True
            return "user"
      `,
      path: 'conftest.py',
    },
  ],
  collect: {
    import_statement(statement) {
      const isFramework = statement.fields('name').some((name) => frameworks.test(name.text));
      return isFramework ? { at: statement, data: framework } : undefined;
    },
    import_from_statement(statement) {
      const isFramework =
        frameworks.test(statement.field('module_name').text) &&
        statement.fields('name').some((name) => !/^mock\b/.test(name.text));
      return isFramework ? { at: statement, data: framework } : undefined;
    },
    function_definition(definition, file) {
      const name = definition.field('name');
      if (!/^test(_|$)/.test(name.text) || file.enclosingFunction(definition)) return undefined;
      const owner = file.enclosingClass(definition);
      const isCase = owner !== undefined && isTestCase(owner, file);
      if (owner && !isCase && !owner.field('name').text.startsWith('Test')) return undefined;
      if (!file.decorators(definition).every((decorator) => isOfTests(file.qualified(called(decorator)))))
        return undefined;
      return testAt(name, isCase || asserts(definition));
    },
  },
  file(facts, file, { roots }) {
    if (facts.length === 0) return [];
    const name = baseName(file);
    if (/^test_.*\.py$|_tests?\.py$|^tests?\.py$/.test(name)) {
      const folder = modulePlace(file.path, roots)?.folder;
      return [
        {
          at: file.firstLine(),
          message: `\`${name}\` holds tests and stands outside \`tests\`; move it to ${folder === undefined ? 'a `tests` folder' : `\`${folder}/tests/\``}.`,
          // Only a module says which of the `tests` folders is meant.
          ...(folder === undefined
            ? {}
            : {
                fix: () => ({
                  title: `Move to \`${folder}/tests/\``,
                  safety: 'unsafe' as const,
                  edits: [],
                  rename: `${folder}/tests/${name}`,
                }),
              }),
        },
      ];
    }
    const hasFramework = facts.some((fact) => fact.data.is === 'framework');
    return facts
      .filter(({ data }) => data.is === 'test' && (data.isSure || hasFramework))
      .map(({ at, data }) => ({
        at,
        message: `The test \`${data.name}\` stands in \`${name}\`; move it to a file in a \`tests\` folder.`,
      }));
  },
});

function testAt(name: Node, isSure: boolean): Fact<Told> {
  return { at: name, data: { is: 'test', name: name.text, isSure } };
}

const framework: Told = { is: 'framework', name: '', isSure: false };

const frameworks = /^(?:pytest|pytest_asyncio|unittest)(?:\s|$)/;

/** Fixtures are not tests, and what an application decorates is called by it. */
function isOfTests(decorator: string | undefined): boolean {
  return decorator !== undefined && /^(?:pytest\.mark\.|unittest\.|mock\.|hypothesis\.|freezegun\.)/.test(decorator);
}

function isAmongTests(path: string, folders: readonly string[]): boolean {
  const names = path.split('/');
  if (names.at(-1) === 'conftest.py') return true;
  return names.slice(0, -1).some((folder) => fitsPattern(folder.toLowerCase(), folders));
}

function asserts(definition: TypedNode<'function_definition'>): boolean {
  return definition.field('body').belowOutside(['class_definition'], 'assert_statement').length > 0;
}
