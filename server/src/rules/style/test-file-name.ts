import {
  baseName,
  defineRule,
  isTestCase,
  isTestFunction,
  isTestModule,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR961',
  name: 'test-file-name',
  family: 'style',
  severity: 'information',
  standards: ['backend'],
  summary: 'A file with tests that is not named `test_<module>.py`',
  advice: 'Rename it to `test_<module>.py`',
  why: 'pytest collects `test_*.py` and `*_test.py`; what is called otherwise is never run, and nothing says so. One form of name also lets everybody find the tests of a module without searching.',
  fix: 'unsafe',
  fixSafety: 'What imports the file, or names it in a command or a configuration, has to be changed by hand.',
  requirements: ['004-218'],
  peers: ['pre-commit name-tests-test'],
  mentions: ['def test'],
  applies: (file) => isTestModule(file) && !baseName(file).startsWith('test_') && !isData(file),
  examples: [
    {
      bad: py`
        from app.users import load
        ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR961 unsafe: \`users.py\` holds tests, such as \`test_load_missing_user\`; rename it to \`test_users.py\`.


        def test_load_missing_user():
            assert load(0) is None
      `,
      path: 'tests/users.py',
    },
    {
      bad: py`
        import unittest
        ^^^^^^^^^^^^^^^ GR961 unsafe: \`users_test.py\` holds tests, such as \`test_load\`; rename it to \`test_users.py\`.


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
    {
      ok: py`
        import unittest


        class BaseLockTests(unittest.TestCase):
            def test_acquire(self):
                self.assertTrue(self.lock().acquire())
      `,
      path: 'tests/lock_tests.py',
    },
    {
      ok: py`
        import unittest


        class ForkWait(unittest.TestCase):
            def test_wait(self):
                self.assertTrue(wait())


        class BaseStoreTests(unittest.TestCase):
            def test_put(self):
                self.assertTrue(self.make().put(1))


        class TestStoreMixin:
            def test_get(self):
                assert self.make().get(1)
      `,
      path: 'tests/waiting.py',
    },
    {
      ok: py`
        import sys


        def test_hook():
            assert hook()


        if __name__ == "__main__":
            globals()[sys.argv[1]]()
      `,
      path: 'tests/audit-tests.py',
    },
    {
      ok: py`
        import unittest


        class Result:
            pass


        if __name__ == "__main__":

            class TestResult(unittest.TestCase):
                def test_result(self):
                    self.assertTrue(Result())
      `,
      path: 'tests/result.py',
    },
    {
      ok: py`
        def test_grammar():
            assert 1
      `,
      path: 'tests/data/grammar.py',
    },
  ],
  collect: {
    if_statement(branch) {
      const isScript = branch.field('condition').text.includes('__name__') && branch.text.includes('sys.argv');
      return isScript ? { at: branch.field('condition'), data: '' } : undefined;
    },
    function_definition(definition, file) {
      const name = definition.field('name');
      if (!name.text.startsWith('test')) return undefined;
      if (!isTestFunction(definition, file)) return undefined;
      const owner = file.enclosingClass(definition);
      if (owner && isForOthers(owner, file)) return undefined;
      const isTest =
        (owner && isTestCase(owner, file)) || definition.field('body').below('assert_statement').length > 0;
      return isTest ? { at: name, data: name.text } : undefined;
    },
  },
  file(facts, file) {
    const [first] = facts;
    // A script that runs one of its functions by name is started by the tests, and is none.
    if (!first || facts.some((fact) => fact.data === '')) return [];
    const name = baseName(file);
    const module = name
      .replace(/\.py$/, '')
      .replace(/(^|[-_])tests?$/, '')
      .replace(/^tests?[-_]|^test/, '')
      .replaceAll('-', '_');
    const message = `\`${name}\` holds tests, such as \`${first.data}\`; rename it to \`test_${module || '<module>'}.py\`.`;
    const renamed = `test_${module}.py`;
    const fix = () => ({
      title: `Rename to \`${renamed}\``,
      safety: 'unsafe' as const,
      edits: [],
      rename: `${file.path.slice(0, -name.length)}${renamed}`,
    });
    return [{ at: file.firstLine(), message, ...(module === '' ? {} : { fix }) }];
  },
});

/** Python that the tests read, and that nobody runs. */
function isData(file: { readonly path: string }): boolean {
  return /(^|\/)(data|fixtures|resources|samples|testdata)\//.test(file.path);
}

/**
 * A class whose tests run in other files, which import and derive from it: what is named for a base, what pytest would
 * not take for a test, and every class of a file that is named for a suite (`lock_tests.py`).
 */
function isForOthers(owner: TypedNode<'class_definition'>, file: SourceFile): boolean {
  const name = owner.field('name').text;
  return (
    /(_tests|_?tester|_?suite|mixins?|_contract)\.py$/.test(baseName(file)) ||
    /^_?(Abstract|Base|Common|Generic|Shared)|(Base|Mixin)$/.test(name) ||
    !/Test/.test(name) ||
    (owner.parent?.is('block') ?? false)
  );
}
