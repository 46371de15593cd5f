import { baseName, defineRule, isTestCase, isTestFunction, isTestModule, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR961',
  name: 'test-file-name',
  family: 'style',
  severity: 'information',
  standards: ['backend'],
  summary: 'A file with tests that is not named `test_<module>.py`',
  advice: 'Rename it to `test_<module>.py`',
  why: 'pytest collects `test_*.py` and `*_test.py`; what is called otherwise is never run, and nothing says so. One form of name also lets everybody find the tests of a module without searching.',
  fix: 'none',
  requirements: ['004-218'],
  peers: ['pre-commit name-tests-test'],
  mentions: ['def test'],
  applies: (file) => isTestModule(file) && !baseName(file).startsWith('test_'),
  examples: [
    {
      bad: py`
        from app.users import load
        ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR961 none: \`users.py\` holds tests, such as \`test_load_missing_user\`; rename it to \`test_users.py\`.


        def test_load_missing_user():
            assert load(0) is None
      `,
      path: 'tests/users.py',
    },
    {
      bad: py`
        import unittest
        ^^^^^^^^^^^^^^^ GR961 none: \`users_test.py\` holds tests, such as \`test_load\`; rename it to \`test_users.py\`.


        class UserTests(unittest.TestCase):
            def test_load(self):
                self.assertIsNone(load(0))
      `,
      path: 'app/users_test.py',
    },
    {
      bad: py`
        def test_load_missing_user():
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR961 none: \`tests.py\` holds tests, such as \`test_load_missing_user\`; rename it to \`test_<module>.py\`.
            assert load(0) is None
      `,
      path: 'app/users/tests.py',
    },
    {
      ok: py`
        def test_load_missing_user():
            assert load(0) is None
      `,
      path: 'tests/test_users.py',
    },
    {
      ok: py`
        def test_connection(url):
            assert url
            return connect(url)
      `,
      path: 'app/connections.py',
    },
    {
      ok: py`
        def test_user(db):
            return make_user(db)


        def test_data():
            assert settings
      `,
      path: 'tests/conftest.py',
    },
    {
      ok: py`
        def test_user(db):
            return make_user(db)
      `,
      path: 'tests/users.py',
    },
  ],
  collect: {
    function_definition(definition, file) {
      const name = definition.field('name');
      if (!name.text.startsWith('test')) return undefined;
      if (!isTestFunction(definition, file)) return undefined;
      const owner = file.enclosingClass(definition);
      const isTest =
        (owner && isTestCase(owner, file)) || definition.field('body').below('assert_statement').length > 0;
      return isTest ? { at: name, data: name.text } : undefined;
    },
  },
  file(facts, file) {
    const [first] = facts;
    if (!first) return [];
    const name = baseName(file);
    const module = name
      .replace(/\.py$/, '')
      .replace(/(^|[-_])tests?$/, '')
      .replace(/^tests?[-_]|^test/, '')
      .replaceAll('-', '_');
    const message = `\`${name}\` holds tests, such as \`${first.data}\`; rename it to \`test_${module || '<module>'}.py\`.`;
    return [{ at: file.firstLine(), message }];
  },
});
