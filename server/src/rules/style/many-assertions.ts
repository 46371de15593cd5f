import { z } from 'zod';
import {
  argumentsOf,
  defineRule,
  isTestFunction,
  isTestModule,
  type Node,
  py,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR962',
  name: 'many-assertions',
  family: 'style',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A test that asserts about many unrelated things',
  advice: 'Split it into tests that are about one thing each',
  why: 'The first assertion that fails hides the ones behind it, and a test about six things has no name that says what broke. Assertions about one object are one subject, however many there are: the status, headers and body of one response belong together.',
  fix: 'none',
  requirements: ['004-221'],
  peers: ['pylint R0915'],
  options: z.strictObject({
    max: z.int().min(1).default(5).meta({ description: 'About how many different things a test may assert.' }),
  }),
  mentions: ['def test'],
  applies: isTestModule,
  examples: [
    {
      bad: py`
        def test_load_all():
        #   ^^^^^^^^^^^^^ GR962 none: \`test_load_all\` asserts about 3 unrelated things, and 2 are allowed; split it into tests about one thing each.
            assert users() == []
            assert orders() == []
            total = price(3)
            assert 3 < total < 9
      `,
      path: 'tests/test_users.py',
      options: { max: 2 },
    },
    {
      bad: py`
        class TestUsers:
            def test_load_all(self):
            #   ^^^^^^^^^^^^^ GR962 none
                self.assertEqual(self.users, [])
                self.assertTrue(self.orders)
                self.assertEqual(0, len(self.invoices))
      `,
      path: 'tests/test_users.py',
      options: { max: 2 },
    },
    {
      bad: py`
        def test_restore(path):
        #   ^^^^^^^^^^^^ GR962 none: \`test_restore\` asserts about 3 unrelated things, and 2 are allowed; split it into tests about one thing each.
            recipes = load_recipes(path)
            assert path.exists()
            for recipe in recipes:
                assert recipe.slug
                for ingredient in recipe.ingredients:
                    assert ingredient.note
            for shopping_list in load_lists(path):
                assert shopping_list.name
                for setting, label in zip(sorted(shopping_list.settings, key=by_id), labels, strict=True):
                    assert setting.label == label
                for index, item in enumerate(shopping_list.items):
                    assert item.position == index
      `,
      path: 'tests/test_users.py',
      options: { max: 2 },
    },
    {
      ok: py`
        def test_create_user_answers(client):
            response = client.post("/users", json={"name": "Ada"})
            data = response.json()
            user = data["user"]
            assert response.status_code == 201
            assert response.headers["location"]
            assert data["id"] == 1
            assert user["name"] == "Ada"
            assert "password" not in user
            assert len(user["roles"]) == 1
            assert isinstance(user["id"], int)
            assert not user.get("deleted")
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        def test_load_all():
            assert users(1) == []
            assert users(2) == []
            three = users(3)
            assert three == []
            assert orders() == []

            def check(total):
                assert total
                assert invoices()
                assert letters()

            return check
      `,
      path: 'tests/test_users.py',
      options: { max: 2 },
    },
    {
      ok: py`
        def check_all():
            assert users() == []
            assert orders() == []
            assert letters() == []
      `,
      path: 'app/checks.py',
      options: { max: 2 },
    },
    {
      ok: py`
        import unittest


        class TestNumbers(unittest.TestCase):
            def test_min(self):
                self.assertEqual(min("123123"), "1")
                self.assertEqual(min(1, 2, 3), 1)
                self.assertEqual(min([1, 2, 3]), 1)
                self.assertEqual(min((1, 2)), 1)
                self.assertEqual(min(5, 2), 2)
                self.assertRaises(TypeError, min, 42)
                self.assertEqual(min(7, 8), 7)

            def test_parameter(self):
                for name in ("", "1"):
                    with self.assertRaisesRegex(ValueError, "not valid"):
                        parameter(name)
                with self.assertRaisesRegex(ValueError, "is not"):
                    parameter("a")
                with self.assertRaisesRegex(ValueError, "may not"):
                    parameter("b")
                with self.assertRaisesRegex(ValueError, "needs"):
                    parameter("c")
                with self.assertRaisesRegex(ValueError, "has"):
                    parameter("d")
                with self.assertRaisesRegex(ValueError, "is"):
                    parameter("e")

            def test_cards(self):
                first = Card.of(1)
                assert first.suit == 1
                second = Card.of(14)
                assert second.suit == 2
                third = Card.of(27)
                assert third.suit == 3
                fourth = Card.of(40)
                assert fourth.suit == 4
                fifth = Card.of(52)
                assert fifth.suit == 4
                sixth = Card.of(53)
                assert sixth.suit == 5

            def test_shown(self):
                shown = show(self.user)
                assert self.secret not in shown
                assert self.name in shown
                assert self.key not in shown
                assert self.street not in shown
                assert self.city in shown
                assert self.country in shown

            def test_kinds(self):
                first = models.read_kind("a")
                second = models.read_kind("b")
                third = models.read_kind("c")
                fourth = models.read_kind("d")
                fifth = models.read_kind("e")
                sixth = models.read_kind("f")
                assert first is not None
                assert second is not None
                assert third is not None
                assert fourth is not None
                assert fifth is not None
                assert sixth is not None

            def test_events(self):
                events = load()
                first = next(event for event in events if event.kind == 1)
                failed = [event for event in events if event.failed]
                done = {event.id for event in events if not event.failed}
                assert len(events) == 4
                assert first.id == 1
                assert failed[0].id == 2
                assert done == {1}
                assert sorted(done) == [1]
                assert first in events
                assert f"{first:1}" == "1"
                assert f"{first:2}" == " 1"

            def test_way(self):
                first = second = False
                third = False
                fourth = False
                fifth = False
                sixth = False
                seventh = False
                run()
                assert not third
                assert not fourth
                assert not fifth
                assert not sixth
                assert not seventh
                assert not second

            def test_tree(self):
                root = make_tree()
                a, b, c = root.children()
                assert a.is_file() and b.is_file()
                assert c.is_dir()
                d, e, f = c.children()
                assert b.is_file()
                assert d.is_file()
                assert e.is_file()
                assert f.is_file()
      `,
      path: 'tests/test_numbers.py',
    },
  ],
  on: {
    function_definition(definition, file, { max }) {
      const name = definition.field('name');
      if (!name.text.startsWith('test')) return undefined;
      const body = definition.field('body');
      if (!isWrittenMoreThan(max, 'assert', body.text) || !isTestFunction(definition, file)) return undefined;
      const asserted = body.belowOutside(nested, 'assert_statement', 'call').flatMap(assertedBy);
      if (asserted.length <= max) return undefined;
      const values = new Map<string, Node>();
      for (const assignment of body.belowOutside(nested, 'assignment')) {
        const left = assignment.field('left');
        const right = assignment.field('right');
        if (!right) continue;
        for (const target of left.is('pattern_list', 'tuple_pattern') ? left.namedChildren : [left])
          if (target.is('identifier')) values.set(target.text, right);
      }
      for (const parameter of definition.field('parameters').below('identifier'))
        if (!values.has(parameter.text)) values.set(parameter.text, parameter);
      const subjects = new Set(asserted.map((node) => subjectOf(node, values)));
      if (subjects.size <= max) return undefined;
      return {
        at: name,
        message: `\`${name.text}\` asserts about ${subjects.size} unrelated things, and ${max} ${max === 1 ? 'is' : 'are'} allowed; split it into tests about one thing each.`,
      };
    },
  },
});

/** Cheap to test, and most tests are short. */
function isWrittenMoreThan(times: number, word: string, text: string): boolean {
  let count = 0;
  for (let at = text.indexOf(word); at >= 0 && count <= times; at = text.indexOf(word, at + word.length)) count++;
  return count > times;
}

const nested = ['function_definition', 'lambda', 'class_definition'] as const;

/** What an `assert`, or `self.assertEqual(…)`, is about. */
function assertedBy(node: Node): Node[] {
  if (node.is('assert_statement')) return node.namedChildren.slice(0, 1);
  const callee = node.is('call') ? node.field('function') : undefined;
  if (!callee?.is('attribute') || !node.is('call')) return [];
  if (!/^assert[A-Z]/.test(callee.field('attribute').text)) return [];
  const { positional } = argumentsOf(node);
  // `assertRaises(ValueError, load, 3)` is about `load`.
  if (/Raises|Warns|Logs/.test(callee.field('attribute').text)) {
    const at = callee.field('attribute').text.endsWith('Regex') ? 2 : 1;
    return positional.slice(at, at + 1);
  }
  const subject = positional.find((argument) => !isConstant(argument)) ?? positional[0];
  return subject ? [subject] : [];
}

/** The name of what an expression is about: the object it starts from, or the text when it is about nothing with a name. */
function subjectOf(expression: Node, values: ReadonlyMap<string, Node>, depth = 0): string {
  if (depth > 20) return expression.text;
  const go = (inner: Node | undefined): string => (inner ? subjectOf(inner, values, depth + 1) : expression.text);
  if (expression.is('identifier')) {
    const loop = loopAround(expression);
    if (loop) return go(loop);
    const value = values.get(expression.text);
    // `data = response.json()` is about the response, `response = client.get("/")` is where one begins.
    // What is set while the test runs tells of one thing: which way it went.
    if (value?.is('true', 'false', 'none')) return 'None';
    // `failed = [event for event in events if …]`, `first = next(…)`: what is picked out of a value is about it.
    if (value?.is('list_comprehension', 'set_comprehension', 'generator_expression')) return go(value);
    if (value?.is('call') && about.test(value.field('function').text)) return go(value);
    const root = value && rootOf(value);
    if (root?.is('call')) return root.field('function').text;
    // `card = Card.of(13)`, of a class or a module, is about `Card.of`.
    const made = value?.is('await') ? value.firstNamed : value;
    if (made?.is('call') && root?.is('identifier') && !values.has(root.text)) return made.field('function').text;
    return root?.is('identifier') && root.text !== expression.text && values.has(root.text)
      ? go(root)
      : expression.text;
  }
  if (expression.is('comparison_operator') && /^(?:not\s+)?in$/.test(expression.fields('operators')[0]?.text ?? '')) {
    // `name in answer` is about the answer.
    const container = expression.namedChildren.at(-1);
    if (container && !isConstant(container)) return go(container);
  }
  if (expression.is('comparison_operator', 'boolean_operator', 'binary_operator')) {
    const named = expression.namedChildren.find((operand) => !isConstant(operand));
    // Arithmetic of literals is about the language, whatever the literals are.
    return named ? go(named) : 'literals';
  }
  if (expression.is('not_operator', 'unary_operator')) return go(expression.field('argument'));
  if (expression.is('parenthesized_expression', 'await')) return go(expression.firstNamed);
  if (expression.is('attribute')) {
    const object = expression.field('object');
    return object.text === 'self' ? expression.text : go(object);
  }
  if (expression.is('string', 'concatenated_string')) return 'str';
  if (expression.is('subscript')) return go(expression.field('value'));
  if (expression.is('lambda')) return go(expression.field('body'));
  if (expression.is('call')) {
    const callee = expression.field('function');
    const { positional } = argumentsOf(expression);
    if (callee.is('attribute'))
      // `"ab".title()` is about the method.
      return isConstant(callee.field('object')) ? callee.field('attribute').text : go(callee);
    const [argument] = positional;
    // Calls of one function are about that function.
    return argument && about.test(callee.text) && !isConstant(argument) ? go(argument) : callee.text;
  }
  if (expression.is('list_comprehension', 'generator_expression', 'set_comprehension'))
    return go(expression.child('for_in_clause')?.field('right'));
  return expression.text;
}

/**
 * What the loop around a name takes it from, where that is part of an object, to which it belongs: `recipe` for `step` in
 * `for step in recipe.steps`. What is taken from a list as such, or from a call, is a thing of its own.
 */
function loopAround(name: TypedNode<'identifier'>): Node | undefined {
  for (let loop = name.above('for_statement'); loop; loop = loop.above('for_statement')) {
    const source = sourceOf(name.text, loop.field('left'), loop.field('right'));
    if (!source) continue;
    const root = source.is('attribute') ? rootOf(source) : source;
    return source.is('attribute') && root.is('identifier') && root.text !== name.text ? source : undefined;
  }
  return undefined;
}

/** Which part of a loop's right side a name of its left side is taken from. */
function sourceOf(name: string, left: Node, right: Node): Node | undefined {
  const targets = left.is('pattern_list', 'tuple_pattern') ? left.namedChildren : [left];
  const index = targets.findIndex((target) => target.is('identifier') && target.text === name);
  if (index < 0) return undefined;
  let source = right;
  let place = targets.length > 1 ? index : 0;
  while (source.is('call') && source.field('function').is('identifier')) {
    const { positional } = argumentsOf(source);
    const builtin = source.field('function').text;
    // `enumerate` counts first.
    const taken = builtin === 'zip' ? place : builtin === 'enumerate' && place > 0 ? 0 : inOrder.has(builtin) ? 0 : -1;
    const given = positional[taken];
    if (!given) return source;
    place = 0;
    source = given;
  }
  return source;
}

const inOrder = new Set(['sorted', 'reversed', 'list', 'tuple', 'set']);

/** Builtins that look at their argument. */
const about =
  /^(len|isinstance|issubclass|set|list|sorted|all|any|str|int|float|bool|dict|tuple|type|sum|min|max|hasattr|getattr|callable|repr|next|iter)$/;

function rootOf(expression: Node): Node {
  let node = expression;
  for (;;) {
    if (node.is('attribute')) node = node.field('object');
    else if (node.is('subscript')) node = node.field('value');
    else if (node.is('call') && node.field('function').is('attribute')) node = node.field('function');
    else if (node.is('await', 'parenthesized_expression') && node.firstNamed) node = node.firstNamed;
    else return node;
  }
}

function isConstant(node: Node): boolean {
  return node.is(
    'string',
    'concatenated_string',
    'integer',
    'float',
    'true',
    'false',
    'none',
    'list',
    'dictionary',
    'set',
    'tuple',
    'unary_operator',
  );
}
