import { argumentsOf, called, defineRule, type Node, py, type SourceFile, stringValue } from '../../engine/index.ts';

export default defineRule({
  code: 'GR959',
  name: 'skipped-test',
  family: 'style',
  severity: 'information',
  standards: ['flow'],
  summary: 'A test that is skipped or expected to fail, and nothing says why',
  advice: 'Give a reason, or the link of the issue',
  why: 'A test that does not run protects nothing, and without a reason nobody dares to switch it on again. A `reason`, a comment or the link of an issue tells what has to happen first. `skipif` has its condition for a reason.',
  fix: 'none',
  requirements: ['002-072'],
  peers: ['pylint-pytest', 'S1607'],
  mentions: ['skip', 'xfail', 'expectedFailure'],
  calls: ['skip', 'xfail'],
  examples: [
    {
      bad: py`
        import unittest

        import pytest
        from pytest import mark


        @pytest.mark.skip
        ^^^^^^^^^^^^^^^^^ GR959 none: \`pytest.mark.skip\` gives no reason; say why the test is skipped, or link the issue.
        def test_load_missing_user():
            assert load(0) is None


        @mark.xfail(strict=True, reason=" ")
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR959 none: \`mark.xfail\` gives no reason; say why the test is expected to fail, or link the issue.
        def test_load_deleted_user():
            assert load(2)


        class TestUsers:
            @unittest.expectedFailure
           #^^^^^^^^^^^^^^^^^^^^^^^^^ GR959 none
            def test_store_user(self):
                assert store(3)
      `,
      path: 'tests/test_users.py',
    },
    {
      bad: py`
        import pytest

        pytestmark = [pytest.mark.slow, pytest.mark.skip]
        #                               ^^^^^^^^^^^^^^^^ GR959 none


        @pytest.mark.parametrize("key", [1, pytest.param(2, marks=pytest.mark.xfail())])
        #                                                         ^^^^^^^^^^^^^^^^^^^ GR959 none
        def test_load_user(key):
            if slow():
                pytest.skip("")
                ^^^^^^^^^^^^^^^ GR959 none
            assert load(key)
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        import unittest

        import pytest


        @pytest.mark.skip(reason="the sandbox has no mail server")
        def test_send_mail():
            assert send()


        @pytest.mark.skip("the sandbox has no mail server")
        def test_send_letter():
            assert send()


        @pytest.mark.skipif(is_windows)
        def test_send_fax():
            assert send()


        @unittest.skip("the sandbox has no mail server")
        def test_send_all():
            pytest.skip("no server")


        @pytest.mark.xfail(reason=known_bug)
        def test_send_none():
            assert send()
      `,
      path: 'tests/test_mail.py',
    },
    {
      ok: py`
        import unittest

        import pytest


        # https://tracker.example/issues/12
        @pytest.mark.skip
        def test_send_mail():
            assert send()


        @unittest.expectedFailure  # the server does not answer yet
        def test_send_letter():
            assert send()


        @pytest.mark.xfail(**why)
        def test_send_fax():
            assert send()


        @skip
        def test_send_none():
            assert send()


        @pytest.mark.skip
        def test_send_twice(letter):
            # This test is skipped; if enabled, it would need a letter with an address.
            assert send(letter) and send(letter)


        class TestLetters:
            @pytest.mark.xfail
            def test_send(self):
                assert send()
                # TODO: enable the test when the server answers
                assert answer()
      `,
      path: 'tests/test_mail.py',
    },
    {
      bad: py`
        import pytest


        @pytest.mark.skip
        ^^^^^^^^^^^^^^^^^ GR959 none
        def test_send_disabled(user):
            # a disabled user gets no mail
            assert not send(user)
      `,
      path: 'tests/test_mail.py',
    },
    {
      ok: py`
        reader.skip()


        @mark.skip
        def load():
            return buffer.skip(3)
      `,
    },
  ],
  on: {
    decorator(decorator, file) {
      return decorator.firstNamed && judge(decorator.firstNamed, decorator, file);
    },
    assignment(assignment, file) {
      const value = assignment.field('left').text === 'pytestmark' ? assignment.field('right') : undefined;
      return value && entries(value).flatMap((mark) => judge(mark, mark, file) ?? []);
    },
    keyword_argument(argument, file) {
      if (argument.field('name').text !== 'marks') return undefined;
      return entries(argument.field('value')).flatMap((mark) => judge(mark, mark, file) ?? []);
    },
    call(call, file) {
      const callee = call.field('function');
      const name = file.qualified(callee);
      return name === 'pytest.skip' || name === 'pytest.xfail' ? judge(call, call, file) : undefined;
    },
  },
});

function entries(value: Node): Node[] {
  return value.is('list', 'tuple', 'set') ? value.namedChildren : [value];
}

function judge(mark: Node, at: Node, file: SourceFile) {
  const target = called(mark);
  if (!target.is('identifier', 'attribute')) return undefined;
  const kind = kinds.get(file.qualified(target) ?? '');
  if (kind === undefined) return undefined;
  if (mark.is('call')) {
    const given = argumentsOf(mark);
    if (given.hasSplat || given.hasDoubleSplat) return undefined;
    const reason = kind === 'mark.xfail' ? given.keyword('reason') : (given.at(0, 'reason') ?? given.keyword('msg'));
    if (reason && stringValue(reason)?.trim() !== '') return undefined;
  }
  if (hasComment(at, file) || isToldInside(at, file)) return undefined;
  const what = kind.includes('skip') ? 'is skipped' : 'is expected to fail';
  return { at, message: `\`${target.text}\` gives no reason; say why the test ${what}, or link the issue.` };
}

const kinds = new Map([
  ['pytest.mark.skip', 'skip'],
  ['pytest.mark.xfail', 'mark.xfail'],
  ['pytest.skip', 'skip'],
  ['pytest.xfail', 'xfail'],
  ['unittest.skip', 'skip'],
  ['unittest.case.skip', 'skip'],
  ['unittest.expectedFailure', 'expectedFailure'],
]);

/** A comment behind the mark or on the lines right above it. */
function hasComment(at: Node, file: SourceFile): boolean {
  const line = file.lineStart(at.start);
  const rest = /^[^\n]*/.exec(file.slice(at.end, at.end + 200))?.[0] ?? '';
  if (file.commentsIn({ start: line, end: at.end + rest.length }).length > 0) return true;
  return line > 0 && /(^|\n)[ \t]*#[^\n]*\w[^\n]*\r?\n$/.test(file.slice(Math.max(0, line - 200), line));
}

/**
 * Whether a comment in the marked function speaks of the skip: `# This test is skipped; if enabled, it would need …`.
 */
function isToldInside(at: Node, file: SourceFile): boolean {
  const marked = at.is('decorator') ? at.parent?.child('function_definition') : undefined;
  return marked !== undefined && file.commentsIn(marked).some((comment) => aboutSkip.test(comment.text));
}

const aboutSkip =
  /\b(?:un)?skip(?:s|ped|ping)?\b|\bx-?fail(?:s|ed|ing)?\b|\b(?:re-?)?(?:enabled?|disabled?)\b.*\btests?\b|\btests?\b.*\b(?:re-?)?(?:enabled?|disabled?)\b/i;
