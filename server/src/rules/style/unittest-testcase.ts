import { defineRule, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR955',
  name: 'unittest-testcase',
  family: 'style',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A test class that derives from `unittest.TestCase`',
  advice: 'Write plain functions with fixtures and `assert`',
  why: 'pytest runs a `unittest.TestCase`, but such a class takes neither fixtures as arguments nor `parametrize`, and its async variant knows nothing of the event loop that the other tests share. Half of a suite then works by other rules than the rest. A plain function with `assert` says the same and fails with more to read.',
  fix: 'none',
  requirements: ['004-208'],
  peers: ['PT009', 'PT027'],
  mentions: ['TestCase'],
  examples: [
    {
      bad: py`
        import unittest
        from unittest import IsolatedAsyncioTestCase as AsyncCase, TestCase


        class UserTests(unittest.TestCase):
        #     ^^^^^^^^^ GR955 none: \`UserTests\` derives from \`unittest.TestCase\`; write it as pytest functions with fixtures and \`assert\`.
            def test_load_missing_user(self):
                self.assertIsNone(load(0))


        class OrderTests(Database, TestCase):
        #     ^^^^^^^^^^ GR955 none
            pass


        class PriceTests(AsyncCase):
        #     ^^^^^^^^^^ GR955 none: \`PriceTests\` derives from \`unittest.IsolatedAsyncioTestCase\`; write it as pytest functions with fixtures and \`assert\`.
            pass
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        from app.planning import TestCase


        class Plan(TestCase):
            steps = 3


        class TestUsers:
            def test_load_missing_user(self):
                assert load(0) is None
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        import unittest
        from unittest import mock


        class TestCase:
            pass


        class Users(TestCase):
            pass


        class Suite(unittest.TestSuite):
            pass
      `,
      path: 'tests/test_users.py',
    },
  ],
  on: {
    class_definition(definition, file) {
      for (const base of definition.field('superclasses')?.namedChildren ?? []) {
        const name = base.is('identifier', 'attribute') ? file.qualified(base) : undefined;
        const [, testCase] =
          /^unittest\.(?:case\.|async_case\.)?(TestCase|IsolatedAsyncioTestCase)$/.exec(name ?? '') ?? [];
        if (testCase === undefined) continue;
        const at = definition.field('name');
        return {
          at,
          message: `\`${at.text}\` derives from \`unittest.${testCase}\`; write it as pytest functions with fixtures and \`assert\`.`,
        };
      }
      return undefined;
    },
  },
});
