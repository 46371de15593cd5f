import {
  argumentsOf,
  type Binding,
  called,
  defineRule,
  type Edit,
  enclosingTest,
  type Fix,
  isLabel,
  isTestCase,
  isTestModule,
  type Node,
  py,
  type SourceFile,
  spell,
  spellModule,
  statementsBehindDocstring,
  type TypedNode,
  unitOf,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR964',
  name: 'loop-in-test',
  family: 'style',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A loop over cases in a test',
  advice: 'Use `@pytest.mark.parametrize`',
  why: 'A loop stops at the first case that fails: the others are not run, and the report does not say which case it was. With `parametrize` each case is a test of its own, with its values in its name, and can be run alone.',
  fix: 'unsafe',
  fixSafety:
    'Each case becomes a test of its own: fixtures are made anew for every case, and what one case left behind is no longer there for the next.',
  requirements: ['004-226'],
  peers: ['pylint-pytest', 'S5863'],
  mentions: ['def test'],
  applies: isTestModule,
  examples: [
    {
      bad: py`
        from app.prices import total


        def test_total_of_numbers():
            for number, expected in [(1, 2), (2, 4)]:
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR964 unsafe: \`test_total_of_numbers\` loops over cases, so the first that fails hides the others; use \`@pytest.mark.parametrize\`.
                result = total(number)
                # twice as much
                assert result == expected
      `,
      good: py`
        from app.prices import total
        import pytest


        @pytest.mark.parametrize("number, expected", [(1, 2), (2, 4)])
        def test_total_of_numbers(number, expected):
            result = total(number)
            # twice as much
            assert result == expected
      `,
      path: 'tests/test_prices.py',
    },
    {
      bad: py`
        import pytest

        from app.prices import total


        class TestTotal:
            async def test_numbers(self, db):
                """Twice as much."""
                for number in (
                ^^^^^^^^^^^^^^~3 GR964 unsafe
                    1,
                    2,
                ):
                    assert await total(db, number) == 2 * number
      `,
      good: py`
        import pytest

        from app.prices import total


        class TestTotal:
            @pytest.mark.parametrize("number", (
                1,
                2,
            ))
            async def test_numbers(self, db, number):
                """Twice as much."""
                assert await total(db, number) == 2 * number
      `,
      path: 'tests/test_prices.py',
    },
    {
      bad: py`
        from app.prices import total

        NUMBERS = [1, 2]


        def test_total_of_numbers():
            for number in NUMBERS:
            ^^^^^^^^^^^^^^^^^^^^^ GR964 unsafe
                assert total(number) == 2 * number


        def test_total_of_more():
            limit = 5
            for number in [1, limit]:
            ^^^^^^^^^^^^^^^^^^^^^^^^ GR964 none
                assert total(number) == 2 * number
      `,
      good: py`
        from app.prices import total
        import pytest

        NUMBERS = [1, 2]


        @pytest.mark.parametrize("number", NUMBERS)
        def test_total_of_numbers(number):
            assert total(number) == 2 * number


        def test_total_of_more():
            limit = 5
            for number in [1, limit]:
                assert total(number) == 2 * number
      `,
      path: 'tests/test_prices.py',
    },
    {
      ok: py`
        import pytest

        from app.prices import load, total


        @pytest.mark.parametrize("number", [1, 2])
        def test_total_of_number(number):
            assert total(number) == 2 * number


        def test_load_orders():
            for order in load():
                assert order.total > 0
            assert all(total(number) for number in [1, 2])


        def test_load_names_all_fields():
            order = load()
            for field in ["id", "name"]:
                assert field in order
                assert order.get(field) and len(field) < 5


        def test_load_twice_has_totals():
            first = load()
            second = load()
            for order in [first, second]:
                assert total(order) > 0


        def test_total_after_stores():
            for number in [1, 2]:
                total.store(number)
            assert total.sum() == 3


        def test_orders_up_to_the_limit(client):
            for number in [1, 2]:
                answer = client.post("/orders", json=number)
                assert answer.status_code == 201
            answer = client.post("/orders", json=3)
            assert answer.status_code == 403


        def test_total_of_many():
            for number in range(100):
                assert total(number) >= 0
            for number in []:
                assert total(number)
      `,
      path: 'tests/test_prices.py',
    },
    {
      bad: py`
        from app.prices import total


        def test_total_of_numbers(client, monkeypatch):
            assert total(0) == 0
            client.log_in("anna")
            monkeypatch.setenv("ROUNDING", "up")
            for number in [1, 2]:
            ^^^^^^^^^^^^^^^^^^^^ GR964 none
                assert total(number) == 2 * number
            for number in [3, 4]:
            ^^^^^^^^^^^^^^^^^^^^ GR964 none
                monkeypatch.setenv("ROUNDING", "down")
                assert total(number) == 3 * number


        class TestPrices:
            def test_total_of_rest(self):
                self.prices.load()
                for number in [5, 6]:
                ^^^^^^^^^^^^^^^^^^^^ GR964 none
                    assert self.total(number) == 2 * number
      `,
      path: 'tests/test_prices.py',
    },
    {
      ok: py`
        from tests import routes


        def test_bulk_import(client, user):
            slugs = ["bread", "soup"]
            response = client.post(routes.bulk, json=slugs, headers=user.token)
            for slug in ["bread", "soup"]:
                assert client.get(routes.recipe(slug), headers=user.token).status_code == 200


        def test_seed(user):
            created = seed_labels(user)
            assert len(created) == 2
            for name in ["bread", "soup"]:
                assert find_label(name)


        class TestOrders:
            def test_close(self):
                self.client.post("/orders/close", json=[1, 2])
                for order in [1, 2]:
                    assert self.client.load_order(order).closed
      `,
      path: 'tests/test_prices.py',
    },
    {
      ok: py`
        import unittest


        class TotalTests(unittest.TestCase):
            def test_numbers(self):
                for number in [1, 2]:
                    with self.subTest(number):
                        self.assertEqual(total(number), 2 * number)


        def check_numbers():
            for number in [1, 2]:
                assert total(number) == 2 * number
      `,
      path: 'tests/test_prices.py',
    },
    {
      ok: py`
        def test_methods(client):
            class Local:
                def load(self):
                    return 1

            for method in [Local().load, Local.load]:
                schema = schema_of(method)
                assert schema == {}
            for path in [client.root, client.base]:
                assert load(path)
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        def test_connection(url):
            for port in [1, 2]:
                assert connect(url, port)
      `,
      path: 'app/connections.py',
    },
  ],
  on: {
    for_statement(loop, file) {
      const cases = loop.field('right');
      if (!cases.is('list', 'tuple', 'expression_list', 'identifier') || !isCaseList(cases, file)) return undefined;
      if (loop.field('body').below('assert_statement').length === 0 || !tries(loop, file)) return undefined;
      const test = enclosingTest(loop, file);
      if (!test || loop.parent !== test.field('body')) return undefined;
      if (isStep(loop, test, file) || looksAtOneAct(loop, test, file)) return undefined;
      const owner = file.enclosingClass(test);
      if (owner && isTestCase(owner, file)) return undefined;
      const name = test.field('name').text;
      return {
        at: { start: loop.start, end: colonOf(loop)?.start ?? cases.end },
        message: `\`${name}\` loops over cases, so the first that fails hides the others; use \`@pytest.mark.parametrize\`.`,
        fix: () => parametrized(loop, test, file),
      };
    },
  },
});

/** Cases that are written out: a list or tuple of something, here or at the top of the module. */
function isCaseList(cases: Node, file: SourceFile): boolean {
  const list = cases.is('identifier') ? file.binding(cases)?.value : cases;
  if (!list?.is('list', 'tuple', 'expression_list') || list.namedChildren.length === 0) return false;
  // What a parameter, or a class of the test's own, gives cannot stand in a decorator.
  const parts = list.namedChildren.flatMap((entry) => [entry, ...entry.below('identifier')]);
  if (parts.some((part) => part.is('identifier') && isLocal(part, file))) return false;
  // What the test has made before is its result, not its cases.
  return !list.namedChildren.every((entry) =>
    [entry, ...entry.below('identifier')].some(
      (part) => part.is('identifier') && file.binding(part)?.value?.is('call', 'await') === true,
    ),
  );
}

function isLocal(name: Node, file: SourceFile): boolean {
  const binding = file.binding(name);
  if (!binding || !/^(class|function|parameter)$/.test(binding.kind)) return false;
  return binding.kind === 'parameter' || file.enclosingFunction(binding.by) !== undefined;
}

/** Whether the loop does something with each case: looking at what the test has already got is not trying cases. */
function tries(loop: TypedNode<'for_statement'>, file: SourceFile): boolean {
  const left = loop.field('left');
  const names = new Set([left, ...left.below('identifier')].map((name) => name.text));
  return loop
    .field('body')
    .below('call')
    .some((call) => {
      const callee = call.field('function');
      if (callee.is('attribute') ? reading.test(callee.field('attribute').text) : isBuiltin(callee, file)) return false;
      return (
        call
          .field('arguments')
          .below('identifier')
          // `answer[key]` is looked at.
          .some((name) => names.has(name.text) && !name.isField('subscript'))
      );
    });
}

/** Whether the loop only leads up to what the test does behind it, with an object that both work on. */
function isStep(loop: TypedNode<'for_statement'>, test: TypedNode<'function_definition'>, file: SourceFile): boolean {
  const goesOn = test.field('body').namedChildren.some((statement) => {
    if (statement.start < loop.end || !statement.is('expression_statement', 'with_statement')) return false;
    return statement.below('call').some((call) => {
      const callee = call.field('function');
      return !callee.is('attribute') || !/^assert/.test(callee.field('attribute').text);
    });
  });
  if (!goesOn) return false;
  const isShared = (name: Node): boolean => {
    const binding = file.binding(name);
    if (!binding || name.isField('attribute') || loop.contains(binding.node)) return false;
    return file.enclosingFunction(binding.by) === test || binding.kind === 'parameter';
  };
  return loop
    .field('body')
    .below('call')
    .some((call) => call.below('identifier').some(isShared));
}

/**
 * Whether the test has acted before the loop, which looks at what came of it: it called something on an object that the
 * loop works on too, or asserts about something that it made or was given.
 */
function looksAtOneAct(
  loop: TypedNode<'for_statement'>,
  test: TypedNode<'function_definition'>,
  file: SourceFile,
): boolean {
  const isOwn = (name: Node): boolean => {
    const binding = name.isField('attribute') ? undefined : file.binding(name);
    return binding !== undefined && (binding.kind === 'parameter' || file.enclosingFunction(binding.by) === test);
  };
  const worksOn = new Set(
    loop
      .field('body')
      .below('call')
      .flatMap((call) => [call.field('function'), ...argumentsOf(call).positional])
      .flatMap((used) => objectOf(used) ?? []),
  );
  return test.field('body').namedChildren.some((statement) => {
    // Another loop over cases has asserts of its own.
    if (statement.start >= loop.start || statement.is('for_statement', 'function_definition', 'class_definition'))
      return false;
    const asserts = statement.is('assert_statement') ? [statement] : statement.below('assert_statement');
    if (asserts.some((one) => one.below('identifier').some(isOwn))) return true;
    return statement.below('call').some((call) => {
      const callee = call.field('function');
      if (!callee.is('attribute')) return false;
      const object = callee.field('object');
      const key = objectOf(object);
      if (key === undefined || !worksOn.has(key) || preparing.test(key)) return false;
      return [object, ...object.below('identifier')].some(isOwn);
    });
  });
}

/** Fixtures that set the stage. */
const preparing = /^(monkeypatch|mocker|freezer|caplog|capsys|capfd|recwarn)$/;

/** How an object is known: the name that an expression starts from, in a method `self.client` rather than `self`. */
function objectOf(expression: Node): string | undefined {
  if (expression.is('identifier')) return expression.text;
  if (expression.is('call')) return objectOf(expression.field('function'));
  if (!expression.is('attribute')) return undefined;
  const object = expression.field('object');
  return object.text === 'self' ? expression.text : objectOf(object);
}

function isBuiltin(callee: Node, file: SourceFile): boolean {
  return file.qualified(callee)?.startsWith('builtins.') === true;
}

/** Methods that look something up in what is already there. */
const reading =
  /^(get|count|index|find|startswith|endswith|keys|values|items|lower|upper|join|format|append|add|split|match|search|assert\w*|has\w*|is\w*|exists)$/;

function colonOf(loop: TypedNode<'for_statement'>): Node | undefined {
  return loop.children.find((child) => child.kind === '":"');
}

function parametrized(
  loop: TypedNode<'for_statement'>,
  test: TypedNode<'function_definition'>,
  file: SourceFile,
): Fix | undefined {
  const names = namesOf(loop.field('left'));
  const cases = loop.field('right');
  const body = loop.field('body');
  const [first] = body.namedChildren;
  const [only, ...others] = statementsBehindDocstring(test);
  const parameters = test.field('parameters');
  if (!names || !first || only !== loop || others.length > 0 || loop.field('alternative')) return undefined;
  if (!fits(cases, names, file) || !isKnownBefore(cases, test, file)) return undefined;
  if (parameters.below('list_splat_pattern', 'dictionary_splat_pattern', 'keyword_separator').length > 0)
    return undefined;
  // Other decorators, such as hypothesis's, may count the parameters.
  const isPlain = (decorator: Node): boolean =>
    /^(pytest\.mark\.|unittest\.mock\.patch)/.test(file.qualified(called(decorator)) ?? '');
  if (!file.decorators(test).every(isPlain)) return undefined;
  const taken = new Set(parameters.below('identifier').map((parameter) => parameter.text));
  if (names.some((name) => taken.has(name))) return undefined;
  if (body.below('break_statement', 'continue_statement', 'return_statement', 'yield').length > 0) return undefined;
  const moved = dedented(loop, first, file);
  const text = moved === undefined ? undefined : casesText(cases, loop, test, file);
  if (moved === undefined || text === undefined) return undefined;
  const mark = spellMark(test, file);
  if (!mark) return undefined;
  const start = test.parent?.is('decorated_definition') ? test.parent.start : test.start;
  const line = `@${mark.text}.parametrize("${names.join(', ')}", ${text})${file.eol}${file.indentAt(start)}`;
  const signature = signatureEdit(parameters, names);
  if (!signature) return undefined;
  return {
    title: 'Turn the loop into `@pytest.mark.parametrize`',
    safety: 'unsafe',
    edits: [...mark.edits, { start, end: start, text: line }, signature, moved],
  };
}

/** The names of the loop's target: one, or a tuple of names. */
function namesOf(target: Node): string[] | undefined {
  const parts = target.is('identifier')
    ? [target]
    : target.is('pattern_list', 'tuple_pattern')
      ? target.namedChildren
      : [];
  if (parts.length === 0 || !parts.every((part) => part.is('identifier'))) return undefined;
  // `for (a,) in …` takes its one name out of a tuple, which `parametrize` does not.
  if (parts.length === 1 && parts[0] !== target) return undefined;
  const names = parts.map((part) => part.text);
  return new Set(names).size === names.length ? names : undefined;
}

/** Several names take a tuple or list each; one name in a tuple would take it whole. */
function fits(cases: Node, names: readonly string[], file: SourceFile): boolean {
  const list = cases.is('identifier') ? file.binding(cases)?.value : cases;
  if (!list) return false;
  const entries = list.namedChildren;
  if (entries.some((entry) => entry.is('list_splat'))) return false;
  if (names.length === 1) return true;
  return entries.every(
    (entry) =>
      entry.is('tuple', 'list') &&
      entry.namedChildren.length === names.length &&
      !entry.namedChildren.some((part) => part.is('list_splat')),
  );
}

/** Whether every name in the cases means something at the top of the module, before the test, that nobody changes. */
function isKnownBefore(cases: Node, test: TypedNode<'function_definition'>, file: SourceFile): boolean {
  if (cases.below('await', 'yield', 'named_expression', 'lambda', 'for_in_clause').length > 0) return false;
  const used = cases.is('identifier') ? [cases] : cases.below('identifier');
  return used.every((name) => {
    if (isLabel(name)) return true;
    const bindings = file.bindings(name);
    if (bindings.length === 0) return file.qualified(name) !== undefined;
    const [binding] = bindings;
    return (
      bindings.length === 1 && binding !== undefined && isTopLevel(binding, file) && binding.node.start < test.start
    );
  });
}

function isTopLevel(binding: Binding, file: SourceFile): boolean {
  return (
    !binding.typeOnly &&
    !binding.conditional &&
    file.moduleBindings(binding.name).some((one) => one.node === binding.node)
  );
}

/** The cases as they stand, one level further out where they go over several lines. */
function casesText(
  cases: Node,
  loop: Node,
  test: TypedNode<'function_definition'>,
  file: SourceFile,
): string | undefined {
  const text = cases.is('expression_list') ? `(${cases.text})` : cases.text;
  if (!text.includes('\n')) return text;
  if (hasLongString(cases)) return undefined;
  const deep = file.indentAt(loop.start);
  const outer = file.indentAt(test.start);
  return text
    .split('\n')
    .map((line, index) => (index > 0 && line.startsWith(deep) ? outer + line.slice(deep.length) : line))
    .join('\n');
}

/** The edit that puts the loop's body in the loop's place. */
function dedented(loop: TypedNode<'for_statement'>, first: Node, file: SourceFile): Edit | undefined {
  const colon = colonOf(loop);
  const body = loop.field('body');
  if (!colon || hasLongString(body)) return undefined;
  const unit = unitOf(loop);
  const outer = file.indentAt(loop.start);
  const inner = file.indentAt(first.start);
  if (file.lineStart(first.start) === file.lineStart(colon.start)) {
    return { start: loop.start, end: first.start, text: '' };
  }
  if (!inner.startsWith(outer) || inner.length <= outer.length) return undefined;
  const behind = file.slice(colon.end, file.lineStart(first.start));
  const breakAt = behind.indexOf('\n');
  const start = colon.end + breakAt + 1;
  // A comment behind the colon would be lost.
  if (breakAt < 0 || behind.slice(0, breakAt).trim() !== '') return undefined;
  const end = Math.max(loop.end, body.end);
  const lines = unit.text.slice(start - unit.start, end - unit.start).split('\n');
  const moved = lines.map((line) => {
    if (line.startsWith(inner)) return outer + line.slice(inner.length);
    return line;
  });
  return { start: file.lineStart(loop.start), end, text: moved.join('\n') };
}

function hasLongString(node: Node): boolean {
  return node
    .below('string', 'line_continuation')
    .some((one) => one.is('line_continuation') || one.text.includes('\n'));
}

/** The names as further parameters, before defaults would stand in their way. */
function signatureEdit(parameters: Node, names: readonly string[]): Edit | undefined {
  const all = parameters.namedChildren;
  if (all.some((parameter) => parameter.is('default_parameter', 'typed_default_parameter'))) return undefined;
  const last = all.at(-1);
  if (last) return { start: last.end, end: last.end, text: `, ${names.join(', ')}` };
  return { start: parameters.start + 1, end: parameters.start + 1, text: names.join(', ') };
}

/** `pytest.mark` as the file spells it. */
function spellMark(at: Node, file: SourceFile) {
  const whole = spellModule(file, 'pytest', at);
  if (whole?.edits.length === 0) return { text: `${whole.text}.mark`, edits: whole.edits };
  const mark = spell(file, 'pytest', 'mark', at);
  if (mark?.edits.length === 0) return mark;
  return whole && { text: `${whole.text}.mark`, edits: whole.edits };
}
