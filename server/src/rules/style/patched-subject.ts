import {
  argumentsOf,
  defineRule,
  isTestFunction,
  isTestModule,
  madeBy,
  type Node,
  py,
  type SourceFile,
  type Span,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR953',
  name: 'patched-subject',
  family: 'style',
  severity: 'error',
  standards: ['production'],
  summary: 'A test that patches the very function it calls and asserts on',
  advice: 'Call the real function with a known input and assert what it returns',
  why: 'When a test replaces the function that it then calls, it asserts what the mock was told to return. Nothing of the code runs, and the test stays green whatever happens to it. Patch what the function reaches outside, such as a client or a clock, and leave the function itself alone.',
  fix: 'none',
  requirements: ['000-066', '000-067'],
  peers: [],
  mentions: ['patch'],
  applies: isTestModule,
  examples: [
    {
      bad: py`
        from unittest.mock import patch

        from app import pricing


        @patch("app.pricing.total", return_value=3)
        def test_total_of_order(mock_total):
        #   ^^^^^^^^^^^^^^^^^^^ GR953 none: \`test_total_of_order\` patches \`app.pricing.total\` and then asserts on what \`pricing.total\` returns; test the real function and patch only what it reaches outside.
            assert pricing.total(order) == 3


        @patch.object(pricing, "tax")
        def test_tax_of_order(mock_tax):
        #   ^^^^^^^^^^^^^^^^^ GR953 none
            mock_tax.return_value = 3
            result = pricing.tax(order)
            assert result == 3


        class TestPricing:
            async def test_rebate(self, mocker):
                #     ^^^^^^^^^^^ GR953 none
                mocker.patch("app.pricing.rebate", return_value=1)
                rebate = await pricing.rebate(order)
                assert rebate == 1
      `,
      path: 'tests/test_pricing.py',
    },
    {
      bad: py`
        import unittest.mock as um

        from app.pricing import Pricing, total


        def test_total_of_order():
        #   ^^^^^^^^^^^^^^^^^^^ GR953 none
            with um.patch("app.pricing.total") as mock_total:
                mock_total.return_value = 3
                assert total(order) == 3


        def test_tax_of_order(monkeypatch):
        #   ^^^^^^^^^^^^^^^^^ GR953 none
            monkeypatch.setattr(Pricing, "tax", lambda self, order: 3)
            pricing = Pricing()
            assert pricing.tax(order) == 3
      `,
      path: 'tests/test_pricing.py',
    },
    {
      ok: py`
        from unittest.mock import patch

        from app import pricing, rates


        @patch("app.rates.load", return_value=3)
        def test_total_of_order(mock_load):
            assert pricing.total(order) == 3
            mock_load.assert_called_once()


        def test_total_after_block():
            with patch("app.pricing.total"):
                send(order)
            assert pricing.total(order) == 3


        @patch("app.pricing.total", wraps=pricing.total)
        def test_total_is_called(spy):
            assert pricing.total(order) == 3


        @patch("app.pricing.total")
        def test_send_calls_total(mock_total):
            pricing.total(order)
            assert send(order) == 3


        @patch("app.pricing.total", return_value=3)
        def test_send_uses_total(mock_total):
            assert pricing.total(order) == 3
            assert rates.send(order) == 3


        def test_total_after_retry(monkeypatch):
            monkeypatch.setattr(pricing, "total", flaky_total)
            assert pricing.total(order) == 3
      `,
      path: 'tests/test_pricing.py',
    },
    {
      ok: py`
        from unittest.mock import patch

        from app import pricing


        @patch("other.pricing.total")
        def test_total_of_order(mock_total):
            assert pricing.total(order) == 3


        @patch(TARGET)
        def test_total_of_orders(mock_total):
            assert pricing.total(order) == 3


        @patch.dict("app.pricing.total")
        def test_total_by_table():
            assert pricing.total(order) == 3


        @patch("app.pricing.total")
        def check(mock_total):
            assert pricing.total(order) == 3
      `,
      path: 'tests/test_pricing.py',
    },
  ],
  on: {
    function_definition(definition, file) {
      const name = definition.field('name');
      if (!name.text.startsWith('test') || !isTestFunction(definition, file)) return undefined;
      const patches = patchesOf(definition, file);
      if (patches.length === 0) return undefined;
      for (const call of definition.field('body').below('call')) {
        const callee = call.field('function');
        if (!callee.is('identifier', 'attribute')) continue;
        const called = calledFunction(callee, file);
        const patched = patches.find((one) => one.target === called && isWithin(call, one.within));
        if (!patched || !isAssertedOn(call, definition) || callsMore(definition, patched, call, file)) continue;
        return {
          at: name,
          message: `\`${name.text}\` patches \`${patched.target}\` and then asserts on what \`${callee.text}\` returns; test the real function and patch only what it reaches outside.`,
        };
      }
      return undefined;
    },
  },
});

interface Patch {
  /** The qualified name of what is replaced. */
  readonly target: string;
  readonly within: Span;
}

function patchesOf(definition: TypedNode<'function_definition'>, file: SourceFile): Patch[] {
  const found: Patch[] = [];
  const add = (node: Node, within: Span): void => {
    const target = node.is('call') ? patchTarget(node, file) : undefined;
    if (target !== undefined) found.push({ target, within });
  };
  for (const decorator of file.decorators(definition)) add(decorator, definition);
  const owner = file.enclosingClass(definition);
  if (owner) for (const decorator of file.decorators(owner)) add(decorator, definition);
  const body = definition.field('body');
  if (!/patch|setattr/.test(body.text)) return found;
  for (const call of body.below('call')) {
    const block = call.above('with_item') && call.above('with_statement');
    add(call, block ? block.field('body') : { start: call.end, end: definition.end });
  }
  return found;
}

/** What a call of `patch`, `patch.object`, `mocker.patch` or `monkeypatch.setattr` replaces. */
function patchTarget(call: TypedNode<'call'>, file: SourceFile): string | undefined {
  const callee = call.field('function');
  const { text } = callee;
  if (!/(^|[._])(patch|patch\.object|setattr)$/.test(text)) return undefined;
  const isFixture = /^(mocker|class_mocker|module_mocker|session_mocker)\.patch(\.object)?$/.test(text);
  const isMonkeypatch = /^(monkeypatch|mp|m)\.setattr$/.test(text);
  if (!isFixture && !isMonkeypatch && !/^(unittest\.)?mock\.patch(\.object)?$/.test(file.qualified(callee) ?? ''))
    return undefined;
  const given = argumentsOf(call);
  if (given.hasSplat || given.hasDoubleSplat || given.keywords.has('wraps')) return undefined;
  const [first, second, third] = given.positional;
  // A function that stands in may well call the real one.
  const replacement = isMonkeypatch ? (third ?? second) : text.endsWith('object') ? third : second;
  if (replacement?.is('identifier', 'attribute')) return undefined;
  const byName = text.endsWith('object') || (isMonkeypatch && third !== undefined);
  if (!byName) return stringValue(first);
  const object = file.qualified(first);
  const attribute = stringValue(second);
  return object === undefined || attribute === undefined ? undefined : `${object}.${attribute}`;
}

/** The qualified name of a function that is called, or of the method of an object whose class is known. */
function calledFunction(callee: Node, file: SourceFile): string | undefined {
  const name = file.qualified(callee);
  if (name !== undefined || !callee.is('attribute')) return name;
  const made = madeBy(file, callee.field('object'));
  return made === undefined ? undefined : `${made}.${callee.field('attribute').text}`;
}

function isWithin(node: Node, span: Span): boolean {
  return node.start >= span.start && node.end <= span.end;
}

/** Whether the test calls anything else that may be what it is about, beside what makes the input. */
function callsMore(
  definition: TypedNode<'function_definition'>,
  patched: Patch,
  subject: Node,
  file: SourceFile,
): boolean {
  return definition
    .field('body')
    .below('call')
    .some((call) => {
      if (call === subject || subject.contains(call)) return false;
      const callee = call.field('function');
      if (
        /(^|\.)(patch(\.\w+)?|setattr|assert\w*|\w*Mock)$/.test(callee.text) ||
        /^_?mock|mock$/.test(callee.text.split('.')[0] ?? '')
      )
        return false;
      const name = calledFunction(callee, file);
      if (name === undefined) return true;
      return (
        !/^(builtins|unittest|pytest)\./.test(name) && name !== patched.target && !patched.target.startsWith(`${name}.`)
      );
    });
}

/** Whether a call stands in an assertion, or its result is named and the name stands in one. */
function isAssertedOn(call: Node, definition: TypedNode<'function_definition'>): boolean {
  if (assertionAround(call)) return true;
  const value = call.parent?.is('await') ? call.parent : call;
  const assignment = value.parent;
  if (!assignment?.is('assignment') || assignment.field('right') !== value) return false;
  const left = assignment.field('left');
  if (!left.is('identifier')) return false;
  return definition
    .field('body')
    .below('identifier')
    .some((name) => name.start > assignment.end && name.text === left.text && assertionAround(name));
}

function assertionAround(node: Node): boolean {
  for (let above = node.parent; above; above = above.parent) {
    if (above.is('assert_statement')) return true;
    if (above.is('call') && /(^|\.)assert[A-Z]\w*$/.test(above.field('function').text)) return true;
    if (above.is('block')) return false;
  }
  return false;
}
