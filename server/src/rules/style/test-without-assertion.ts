import {
  called,
  defineRule,
  docstringOf,
  isFixture,
  isTestFunction,
  isTestModule,
  madeBy,
  type Node,
  ownName,
  py,
  rootOf,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

/** What a function of a test file says of itself. */
interface Checked {
  readonly name: string;
  readonly owner: string | undefined;
  readonly isTest: boolean;
  /** It runs for every test of the file. */
  readonly isAutomatic: boolean;
  /** It asserts, or nobody can tell that it does not. */
  readonly asserts: boolean;
  /** What of the file it uses: `helper`, `Class`, and `self.method`. */
  readonly uses: readonly string[];
  /** The file's own classes that its class derives from. */
  readonly bases: readonly string[];
  /** Its class also derives from others, so a method that the file does not define may assert. */
  readonly isOpen: boolean;
}

export default defineRule({
  code: 'GR952',
  name: 'test-without-assertion',
  family: 'style',
  severity: 'error',
  standards: ['production', 'flow'],
  summary: 'A test that asserts nothing',
  advice: 'Assert what the tested code should have brought about',
  why: 'A test without an assertion is green as long as nothing raises: it counts as coverage and says nothing about the result. `assert`, `pytest.raises`, `pytest.warns`, the `assert…` methods of unittest and of mocks all count, and so do functions of the same file that assert, however far away. Where a helper from elsewhere may assert, or the test says in its name, its docstring or a comment that what it calls must not raise, nothing is reported.',
  fix: 'none',
  requirements: ['000-067', '002-078', '004-220'],
  peers: ['Sonar S2699', 'pytest-ruff'],
  mentions: ['def test'],
  applies: (file) => isTestModule(file),
  examples: [
    {
      bad: py`
        import pytest

        from app.users import create, load


        def test_create():
        #   ^^^^^^^^^^^ GR952 none: \`test_create\` asserts nothing; assert what the tested code should have brought about.
            user = create("anna")
            print(user)


        @pytest.mark.asyncio
        async def test_load(user):
        #         ^^^^^^^^^ GR952 none
            await load(user.id)
            save(user)


        def save(user):
            user.save()


        class TestUsers:
            def test_nothing(self):
            #   ^^^^^^^^^^^^ GR952 none
                pass
      `,
      path: 'tests/test_users.py',
    },
    {
      bad: py`
        import unittest


        class UserTests(unittest.TestCase):
            def setUp(self):
                self.user = create("anna")

            def testRename(self):
            #   ^^^^^^^^^^ GR952 none
                with self.subTest("b"):
                    self.rename("b")

            def rename(self, name):
                self.user.rename(name)
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        import pytest
        from pytest import raises, warns


        def test_assert():
            assert create("anna")


        def test_raises():
            with pytest.raises(ValueError):
                create("")


        def test_warns():
            with warns(DeprecationWarning):
                create("x")


        def test_fail():
            if create("x") is None:
                pytest.fail("no user")


        def test_mock(mail):
            create("anna")
            mail.send.assert_called_once_with("anna")


        def test_numbers():
            np.testing.assert_allclose(create("anna"), 1)


        def test_raise():
            try:
                create("")
            except ValueError:
                return
            raise AssertionError
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        import asyncio


        def test_helper():
            outer("anna")


        def outer(name):
            return inner(name)


        def inner(name):
            assert create(name)


        def test_passed_on():
            asyncio.run(scenario())


        async def scenario():
            assert await load(1)


        class Session:
            def finish(self):
                assert self.done


        def test_object():
            Session().finish()


        def test_local():
            class TestInner:
                def test_nothing(self):
                    pass

            scenario(TestInner)
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        import pytest
        import unittest


        @pytest.fixture
        def clean():
            yield
            assert not leftovers()


        def test_fixture(clean):
            create("anna")


        class Base(unittest.TestCase):
            def has(self, name):
                self.assertTrue(find(name))


        class UserTests(Base):
            def test_create(self):
                create("anna")
                self.has("anna")

            def test_alias(self):
                eq = self.assertEqual
                eq(create("anna"), 1)

            def test_doctest(self):
                """
                >>> create("anna")
                1
                """
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        import pytest
        from app.testing import run_scenario
        from tests.fixtures.pictures import Picture
        from app.tools import check_user, expect
        from .flows import log_in


        def test_upload(picture: Picture):
            picture.upload()


        def test_from_elsewhere():
            check_user(create("anna"))


        def test_expect(page):
            expect(page).to_have_title("Users")


        def test_scenario():
            run_scenario("a")


        def test_flow(client):
            log_in(client)


        def test_fixture_that_is_called(submit):
            submit("a")


        @submitted
        def test_decorated(output):
            output.append("a")


        def test_speed(benchmark):
            benchmark(create, "anna")


        @pytest.mark.skip(reason="no server")
        def test_skipped():
            create("anna")


        class TestInherited(Scenario):
            def test_one(self):
                self.run_one("a")
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        def test_count_does_not_raise_without_server():
            count("orders")


        def test_delete_missing_file_no_error(store):
            store.delete("missing", strict=False)


        def test_close_twice(bus):
            bus.close()
            bus.close()  # must not raise


        def test_unknown_order():
            """An order that nobody knows shouldn't crash the worker."""
            handle(order="unknown")


        class TestExport:
            def test_errors(self):
                # No exception = success.
                export([])


        def test_no_orders():
            # make sure this task runs successfully even if it doesn't do anything
            bill_orders()


        def test_reload():
            """A second load should work just fine."""
            load()
            load()
      `,
      path: 'tests/test_metrics.py',
    },
    {
      bad: py`
        def test_raise_salary():
        #   ^^^^^^^^^^^^^^^^^ GR952 none
            """Not only a raise, also a bonus."""
            # There is no error handling yet.
            pay("anna")


        def test_raise_too_high():
        #   ^^^^^^^^^^^^^^^^^^^ GR952 none
            # This must not complete successfully. The bonus works fine.
            pay("ben", 900_000)


        def test_never_raises():
        #   ^^^^^^^^^^^^^^^^^ GR952 none
            pass
      `,
      path: 'tests/test_salaries.py',
    },
    {
      ok: py`
        def test_connection(url):
            connect(url)
      `,
      path: 'app/connections.py',
    },
  ],
  collect: {
    function_definition(definition, file) {
      if (file.enclosingFunction(definition)) return undefined;
      const owner = file.enclosingClass(definition);
      if (owner && file.enclosingFunction(owner)) return undefined;
      const name = definition.field('name');
      const doesIt = doesAssert(definition, file);
      // Of a function that asserts nothing else is asked.
      const isTest = !doesIt && isTestFunction(definition, file);
      const asserts = doesIt || (isTest && mayAssert(definition, file));
      const bases = owner && !asserts ? file.bases(owner) : [];
      const data: Checked = {
        name: name.text,
        owner: owner?.field('name').text,
        isTest,
        isAutomatic:
          automatic.test(name.text) ||
          file
            .decorators(definition)
            .some((decorator) => isFixture(decorator, file) && /\bautouse\s*=\s*True\b/.test(decorator.text)),
        asserts,
        uses: asserts ? [] : usesOf(definition, file),
        bases: bases.flatMap((base) => ownName(base) ?? []),
        isOpen: bases.some((base) => base === undefined || (!ownName(base) && !closed.test(base))),
      };
      return { at: name, data };
    },
  },
  file(facts) {
    const index = new Map<string, Checked[]>();
    for (const { data } of facts) {
      const keys = data.owner === undefined ? [data.name] : [data.owner, `${data.owner}.${data.name}`];
      for (const key of keys) {
        const known = index.get(key);
        if (known) known.push(data);
        else index.set(key, [data]);
      }
    }
    const covered = new Set(
      facts.flatMap(({ data }) => (data.isAutomatic && asserts(data, index, new Set()) ? [data.owner] : [])),
    );
    return facts.flatMap(({ at, data }) =>
      data.isTest && !covered.has(undefined) && !covered.has(data.owner) && !asserts(data, index, new Set())
        ? [{ at, message: `\`${data.name}\` asserts nothing; assert what the tested code should have brought about.` }]
        : [],
    );
  },
});

/** Whether a function asserts by itself or through what it uses of the file. */
function asserts(one: Checked, index: ReadonlyMap<string, readonly Checked[]>, seen: Set<Checked>): boolean {
  if (one.asserts) return true;
  if (seen.has(one)) return false;
  seen.add(one);
  return one.uses.some((use) => {
    if (!use.startsWith('self.')) return index.get(use)?.some((other) => asserts(other, index, seen)) ?? false;
    const method = use.slice('self.'.length).replace(/\(\)$/, '');
    const used = [one.owner, ...one.bases].flatMap((owner) => index.get(`${owner}.${method}`) ?? []);
    if (used.length === 0) return use.endsWith('()') && (one.isOpen || checking.test(method));
    return used.some((other) => asserts(other, index, seen));
  });
}

/** Methods that run around every test of their class. */
const automatic = /^(setUp|tearDown|asyncSetUp|asyncTearDown|setup_method|teardown_method|setup|teardown)$/;

/** Bases all of whose methods are known: what the file does not define there does not assert, or is called `assert…`. */
const closed =
  /^(builtins\.object|unittest\.(\w+\.)?(TestCase|IsolatedAsyncioTestCase)|abc\.ABC|typing\.(Generic|Protocol))$/;

/** Names of functions that check something, or may: `assertEqual`, `raises`, `check_user`, `expect`, `raise_for_status`. */
const checking =
  /assert|raise|warns|verif|expect|should|^fail|^skip|importorskip|deprecated_call|snapshot|(^|_)(check|ensure|must|compare|confirm|validate|approve|matches)(?![a-z])/i;

function doesAssert(definition: TypedNode<'function_definition'>, file: SourceFile): boolean {
  const body = definition.field('body');
  if (/assert|raise/i.test(body.text)) {
    for (const node of body.below('assert_statement', 'raise_statement', 'attribute')) {
      // `self.assertEqual()`, `eq = self.assertEqual`, or the method handed on: what most tests are known by.
      if (!node.is('attribute') || asserting.test(node.field('attribute').text)) return true;
    }
  }
  for (const node of body.below('call')) {
    const target = node.field('function');
    const name = target.is('attribute') ? target.field('attribute').text : target.text;
    if (checking.test(name) && !isOwn(target, file)) return true;
    if (name === 'super') return true;
    const given = node.field('arguments');
    if (given.child('keyword_argument') && given.children.some(asksForCheck)) return true;
  }
  return false;
}

const asserting = /assert/i;

/** `subprocess.run(…, check=True)` raises when the command fails. */
function asksForCheck(argument: Node): boolean {
  return (
    argument.is('keyword_argument') && argument.field('name').text === 'check' && argument.field('value').is('true')
  );
}

/** A function of the file is judged by its body, not by its name. */
function isOwn(target: Node, file: SourceFile): boolean {
  return target.is('identifier')
    ? ownName(file.qualified(target)) !== undefined
    : target.is('attribute') &&
        target.field('object').text === 'self' &&
        !/^(assert|fail|skip)/.test(target.field('attribute').text);
}

/** What may assert out of sight: skips, decorators, fixtures that check at the end, helpers of the tests. */
function mayAssert(definition: TypedNode<'function_definition'>, file: SourceFile): boolean {
  for (const decorator of file.decorators(definition)) {
    const target = called(decorator);
    // A decorator that nobody can name may run the test and look at what it did.
    if (hiding.test(target.text) || file.qualified(target) === undefined) return true;
  }
  const docstring = docstringOf(definition, file)?.text ?? '';
  if (docstring.includes('>>>') || saysNothingRaises(definition, docstring, file)) return true;
  const parameters = new Set(
    definition
      .field('parameters')
      .below('identifier')
      .map((parameter) => parameter.text),
  );
  for (const parameter of parameters) if (checkingFixture.test(parameter)) return true;
  return definition
    .field('body')
    .below('call')
    .some((call) => {
      const target = call.field('function');
      if (!target.is('identifier', 'attribute')) return false;
      if (target.text === 'exec' || target.text === 'eval') return true;
      if (target.is('identifier') && parameters.has(target.text)) return isWholeStatement(call);
      const root = rootOf(target);
      const binding = root.is('identifier') ? file.binding(root) : undefined;
      if (binding?.kind === 'parameter' && isWholeStatement(call)) return isTestSupport(madeBy(file, root) ?? '');
      return binding?.kind === 'import' && isTestSupport(binding.target ?? '');
    });
}

/** Whether a test that calls something states what it is green by: that nothing is raised. */
function saysNothingRaises(definition: TypedNode<'function_definition'>, docstring: string, file: SourceFile): boolean {
  const isSaid =
    nothingRaisesInName.test(definition.field('name').text) ||
    isNothingRaises(docstring) ||
    file.commentsIn(definition).some((comment) => isNothingRaises(comment.text));
  return isSaid && definition.field('body').below('call').length > 0;
}

/** `test_x_does_not_raise`, `test_errors_do_not_propagate`, `test_x_without_crashing`. */
const nothingRaisesInName =
  /_(?:not|never|no|doesnt|dont|without)_(?:raise|raises|raising|throw|throws|crash|crashes|crashing|propagate|exceptions?)(?:_|$)|_(?:no|without)_errors?$/;
/** "must not raise", "shouldn't crash", "no exception", "without errors". */
const nothingRaises =
  /(?:\bnot|\bnever|n['’]t) (?:(?!only)\w+ ){0,2}?(?:raise|throw|crash|propagate|exceptions?)\b|\bno (?:raise|exceptions?)\b|\bwithout (?:an? )?(?:\w+ )?(?:errors?|exceptions?|raising|crashing)\b/i;

/** "make sure the task runs successfully", "should work fine". */
const mustRun =
  /\b(?:make sure|ensures?|should|must)\b(?:(?!\bnot\b|n['’]t\b)[^.!?\n])*?\b(?:run|complete|finish|work|execute)(?:e?s)? (?:just )?(?:successfully|fine|cleanly)\b/i;

function isNothingRaises(text: string): boolean {
  return nothingRaises.test(text) || mustRun.test(text);
}

const hiding = /skip|xfail|expectedFailure|check|compar|assert|raises|warns/i;
const checkingFixture =
  /^(benchmark|httpx_mock|respx_mock|snapshot|responses)$|regression|^(assert|check|verify|expect)/;

/** A module that stands beside the tests, so that what it offers may assert. */
function isTestSupport(target: string): boolean {
  return (
    target.startsWith('.') ||
    /(^|\.)(_*tests?|testing|conftest|\w*_test\w*|test_\w+|helpers?|support|scenarios?)(\.|$)/.test(target)
  );
}

function isWholeStatement(call: Node): boolean {
  const above = call.parent?.is('await') ? call.parent.parent : call.parent;
  return above?.is('expression_statement') === true;
}

/** The functions and classes of the file that a function names, its parameters included, for those may be fixtures. */
function usesOf(definition: TypedNode<'function_definition'>, file: SourceFile): string[] {
  const uses = new Set<string>();
  const seen = new Set<string>();
  for (const node of definition.field('body').below('identifier', 'attribute')) {
    if (node.is('attribute')) {
      const object = node.field('object');
      if (!object.is('identifier') || (object.text !== 'self' && object.text !== 'cls')) continue;
      const isCalled = node.parent?.is('call') === true && node.parent.field('function') === node;
      uses.add(`self.${node.field('attribute').text}${isCalled ? '()' : ''}`);
    } else if (!node.isField('attribute')) {
      const { text } = node;
      if (seen.has(text)) continue;
      seen.add(text);
      const own = ownName(file.qualified(node));
      if (own !== undefined) uses.add(own);
    }
  }
  for (const parameter of definition.field('parameters').below('identifier')) {
    if (file.moduleBindings(parameter.text).some((binding) => binding.kind === 'function')) uses.add(parameter.text);
  }
  for (const decorator of file.decorators(definition)) {
    const own = ownName(file.qualified(called(decorator)));
    if (own !== undefined) uses.add(own);
  }
  return [...uses];
}
