import {
  called,
  defineRule,
  enclosingTest,
  isTestModule,
  lastParts,
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
  calls: () => lastParts(clocks),
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
        import os
        import time
        from datetime import UTC, datetime


        def test_created_is_recent():
            before = datetime.now(UTC)
            user = make_user()
            after = datetime.now(UTC)
            assert before <= user.created <= after
            age = datetime.now(UTC) - user.created
            assert age.total_seconds() < 5
            assert (datetime.now(UTC) - before).total_seconds() < 5


        def test_anchor():
            anchor = make_anchor()
            expected = datetime.now(UTC).replace(tzinfo=None) - GRACE
            assert abs((anchor - expected).total_seconds()) < 30


        def test_order():
            called = []

            def first():
                return time.time()

            def second():
                called.append(time.time())

            run(first, second)
            assert called[0] > 0


        def test_old_file_is_removed(tmp_path):
            old = time.time() - 3600
            os.utime(tmp_path, (old, old))
            os.utime(tmp_path, (time.time() - 60, 0))
            clean(tmp_path)
            assert not tmp_path.exists()


        def test_clock():
            time.time()
            assert clock()


        def test_newest_first(items):
            items.sort(key=lambda item: item.updated_at or datetime.now(UTC), reverse=True)
            assert kept() == items[:10]
      `,
      path: 'tests/test_users.py',
    },
    {
      bad: py`
        from datetime import UTC, datetime, timedelta


        def test_filter():
            start = datetime.now(UTC) - timedelta(hours=1)
            #       ^^^^^^^^^^^^^^^^^ GR958 none
            end = datetime.now(UTC)
            #     ^^^^^^^^^^^^^^^^^ GR958 none
            assert load(start, end) != []
            assert end > start


        def test_fallback(user):
            user.seen = user.seen or datetime.now(UTC)
            #                        ^^^^^^^^^^^^^^^^^ GR958 none
            assert find(lambda other: datetime.now(UTC) or other.seen)
            #                         ^^^^^^^^^^^^^^^^^ GR958 none
      `,
      path: 'tests/test_users.py',
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
        import asyncio
        import time


        async def test_connection(url):
            assert await connect(url, time.time())


        asyncio.run(test_connection("localhost"))
      `,
      path: 'scripts/test_connection.py',
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
      if (!test || isFallbackInLambda(call) || isOnlyMeasured(call, test, file) || isFrozen(test, file))
        return undefined;
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

/**
 * `key=lambda item: item.updated_at or datetime.now(UTC)` reads the clock for what has no time of its own, to please
 * a type checker.
 */
function isFallbackInLambda(call: TypedNode<'call'>): boolean {
  const either = call.parent;
  if (!either?.is('boolean_operator') || !either.child('"or"') || !call.isField('right')) return false;
  return either.above('lambda', 'block')?.is('lambda') === true;
}

/** The clock as a stopwatch, a time limit, the time of a file or of a call: what it gives is no input of the test. */
function isOnlyMeasured(call: TypedNode<'call'>, test: TypedNode<'function_definition'>, file: SourceFile): boolean {
  if (/time(_ns)?$/.test(call.field('function').text) && isStopwatch(call)) return true;
  const use = call.parent;
  if (!use || use.is('expression_statement') || isAge(call)) return true;
  const isInStub = file.enclosingFunction(call) !== test;
  if (use.is('return_statement')) return isInStub;
  if (use.is('argument_list') && /\.append\(/.test(use.parent?.text ?? '')) return isInStub;
  if (isFileTime(call)) return true;
  const target = assigned(call);
  if (target?.is('attribute', 'subscript')) return isInStub;
  if (!target?.is('identifier')) return false;
  const uses = test
    .field('body')
    .below('identifier')
    .filter((name) => name.text === target.text && name.parent !== target.parent);
  if (uses.length === 0) return false;
  // What was read is compared or subtracted, so the test allows for the clock; or it is given to the file system.
  if (uses.every(isFileTime)) return true;
  return uses.every((name) => name.parent?.is('comparison_operator') || isAge(name));
}

function isStopwatch(call: TypedNode<'call'>): boolean {
  for (let above = call.parent; above && !above.is('block'); above = above.parent) {
    if (above.is('while_statement')) return true;
    if (above.is('assignment') && stopwatch.test(above.field('left').text)) return true;
    if (above.is('binary_operator', 'comparison_operator'))
      if (above.below('identifier').some((name) => stopwatch.test(name.text))) return true;
  }
  return false;
}

/** The target of the assignment whose value an expression is part of by arithmetic alone. */
function assigned(expression: Node): Node | undefined {
  let above = expression.parent;
  let child = expression;
  // `datetime.now(UTC).replace(microsecond=0) - grace` is a moment, too.
  while (above?.is('binary_operator', 'parenthesized_expression', 'attribute', 'call')) {
    if (above.is('call') && !child.isField('function')) return undefined;
    child = above;
    above = above.parent;
  }
  return above?.is('assignment') ? above.field('left') : undefined;
}

/** Whether an expression is part of a difference of two moments: `now - user.created`, not `now - timedelta(days=1)`. */
function isAge(expression: Node): boolean {
  const minus = expression.parent;
  if (!minus?.is('binary_operator') || !minus.child('"-"')) return false;
  const right = minus.field('right');
  if (right.start === expression.start) return true;
  if (right.is('call'))
    return /^(?!\w*\.?timedelta)(datetime|date|time|parse)|\.(now|utcnow|fromisoformat|parse)\(/.test(right.text);
  return right.is('identifier', 'attribute') && !/delta|hour|day|minute|second|offset|window|[A-Z]{3}/.test(right.text);
}

/** Whether an expression is given to `os.utime`: the times of files are of the real clock. */
function isFileTime(expression: Node): boolean {
  for (let above = expression.parent; above && !above.is('block'); above = above.parent)
    if (above.is('call') && /\butime$/.test(above.field('function').text)) return true;
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
