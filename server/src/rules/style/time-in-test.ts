import {
  called,
  defineRule,
  enclosingTest,
  isTestModule,
  type Node,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR958',
  name: 'time-in-test',
  family: 'style',
  severity: 'information',
  standards: ['backend'],
  summary: 'A test that reads the clock',
  advice: 'Freeze the clock, or use a fixed time',
  why: 'A test that reads the clock runs with another input every time: it fails at midnight, at the end of a month, on a slow machine, and then never again. With `freezegun`, `time-machine` or a patched clock, or with a fixed `datetime`, it says the same every day.',
  fix: 'none',
  requirements: ['004-229'],
  peers: [],
  mentions: ['now', 'utcnow', 'today', 'time'],
  applies: isTestModule,
  examples: [
    {
      bad: py`
        import time
        from datetime import UTC, date, datetime


        def test_token_expires():
            token = make_token(datetime.now(UTC))
            #                  ^^^^^^^^^^^^^^^^^ GR958 none: \`datetime.now\` reads the clock, so \`test_token_expires\` has another input every time; freeze the clock or use a fixed time.
            assert token.expires > time.time()
            #                      ^^^^^^^^^^^ GR958 none


        class TestInvoice:
            async def test_due_today(self):
                assert await load(date.today())
                #                 ^^^^^^^^^^^^ GR958 none
      `,
      path: 'tests/test_tokens.py',
    },
    {
      ok: py`
        import time
        from datetime import UTC, datetime
        from unittest import mock

        from freezegun import freeze_time


        @freeze_time("2024-01-01")
        def test_token_expires():
            assert make_token(datetime.now(UTC))


        def test_token_within_block():
            with freeze_time("2024-01-01"):
                assert make_token(datetime.now(UTC))


        def test_token_with_fixture(freezer):
            assert make_token(datetime.now(UTC))


        @mock.patch("app.tokens.datetime")
        def test_token_patched(clock):
            assert make_token(datetime.now(UTC))


        @freeze_time("2024-01-01")
        class TestTokens:
            def test_token(self):
                assert make_token(datetime.now(UTC))
      `,
      path: 'tests/test_tokens.py',
    },
    {
      ok: py`
        import time
        from datetime import UTC, datetime

        import pytest


        @pytest.fixture
        def token():
            return make_token(datetime.now(UTC))


        def test_token_expires():
            started = time.perf_counter()
            begun = time.time()
            assert make_token(datetime(2024, 1, 1, tzinfo=UTC))
            assert watch.now() and time.monotonic() > started
            assert time.time() - begun < 5
      `,
      path: 'tests/test_tokens.py',
    },
    {
      ok: py`
        import pytest
        from datetime import UTC, datetime

        pytestmark = pytest.mark.freeze_time("2024-01-01")


        def test_token_expires():
            assert make_token(datetime.now(UTC))
      `,
      path: 'tests/test_tokens.py',
    },
    {
      ok: py`
        from datetime import UTC, datetime


        def test_connection(url):
            return connect(url, datetime.now(UTC))
      `,
      path: 'app/connections.py',
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      const last = callee.is('attribute') ? callee.field('attribute') : callee;
      if (!last.is('identifier') || !clocks.has(file.qualified(callee) ?? '')) return undefined;
      const test = enclosingTest(call, file);
      if (!test || isFrozen(test, file) || measures(call)) return undefined;
      const name = test.field('name').text;
      return {
        at: call,
        message: `\`${callee.text}\` reads the clock, so \`${name}\` has another input every time; freeze the clock or use a fixed time.`,
      };
    },
  },
});

const clocks = new Set([
  'datetime.datetime.now',
  'datetime.datetime.utcnow',
  'datetime.datetime.today',
  'datetime.date.today',
  'time.time',
  'time.time_ns',
]);

/** `time.time()` as a stopwatch or for a time limit: what it gives is not an input. */
function measures(call: TypedNode<'call'>): boolean {
  if (!/time(_ns)?$/.test(call.field('function').text)) return false;
  for (let above = call.parent; above && !above.is('block'); above = above.parent) {
    if (above.is('while_statement')) return true;
    if (above.is('assignment') && stopwatch.test(above.field('left').text)) return true;
    if (above.is('binary_operator', 'comparison_operator'))
      if (above.below('identifier').some((name) => stopwatch.test(name.text))) return true;
  }
  return false;
}

const stopwatch =
  /start|begin|begun|began|end|stop|finish|deadline|timeout|elapsed|duration|before|after|limit|^t\d?$/i;

const freezing =
  /fr[eo]+ze|time_?machine|time_?travel|travel|(mock|patch|stub|fixed|fake|stop).*(time|now|today|clock|date)|(time|now|today|clock|date).*(mock|patch|stub)/is;

/** Whether something around or in a test sets the clock; said by name is enough, since then somebody thought of it. */
function isFrozen(test: TypedNode<'function_definition'>, file: SourceFile): boolean {
  if (freezing.test(test.field('parameters').text)) return true;
  const owner = file.enclosingClass(test);
  const decorators = [...file.decorators(test), ...(owner ? file.decorators(owner) : [])];
  if (decorators.some((decorator) => freezing.test(decorator.text))) return true;
  const marks = [...file.moduleBindings('pytestmark'), ...(owner ? file.classBindings(owner, 'pytestmark') : [])];
  if (marks.some((mark) => mark.value && freezing.test(mark.value.text))) return true;
  return test
    .field('body')
    .below('call')
    .some((call) => isFreezing(call));
}

/** `freeze_time(…)`, `time_machine.travel(…)`, `patch("app.tokens.datetime")`, `monkeypatch.setattr(time, "time", …)`. */
function isFreezing(call: TypedNode<'call'>): boolean {
  const callee: Node = called(call);
  if (/fr[eo]+ze|travel|move_to$|^tick$/i.test(callee.text)) return true;
  return /(patch|setattr|patch\.\w+)$/.test(callee.text) && /time|clock|now|today/i.test(call.field('arguments').text);
}
