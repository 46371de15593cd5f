import { z } from 'zod';
import { defineRule, isTestFunction, isTestModule, py } from '../../engine/index.ts';

const pattern = z.string().refine(isPattern, 'is no regular expression');

export default defineRule({
  code: 'GR954',
  name: 'test-name',
  family: 'style',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A test whose name does not say what is tested and in which case',
  advice: 'Name it `test_<subject>_<scenario>_<outcome>`',
  why: 'The name of a test is what a red build shows first. `test_login` says that something about logging in is broken; `test_login_with_expired_token_is_refused` says what. In a class named for its subject, the scenario is enough.',
  fix: 'none',
  requirements: ['004-219', '004-222'],
  peers: [],
  options: z.strictObject({
    pattern: pattern
      .default('^test_+[^_]+_+[^_]')
      .meta({ description: 'What the name of a test must match: a regular expression.' }),
    patternInClass: pattern
      .default('^test_+[^_]')
      .meta({ description: 'What the name of a test in a class must match, since the class names the subject.' }),
  }),
  mentions: ['def test'],
  applies: isTestModule,
  examples: [
    {
      bad: py`
        def test_login():
            ^^^^^^^^^^ GR954 none: The name \`test_login\` does not say which case is tested; name it \`test_<subject>_<scenario>_<outcome>\`.
            assert login()


        class TestLogin:
            def testExpired(self):
            #   ^^^^^^^^^^^ GR954 none: The name \`testExpired\` does not say which case is tested; name it \`test_<scenario>_<outcome>\`.
                assert not login("expired")
      `,
      path: 'tests/test_login.py',
    },
    {
      bad: py`
        def test_login_expired():
            ^^^^^^^^^^^^^^^^^^ GR954 none
            assert not login("expired")
      `,
      path: 'tests/test_login.py',
      options: { pattern: '^test_.+_(returns|raises)_.+' },
    },
    {
      ok: py`
        import pytest


        def test_login_with_expired_token_is_refused():
            assert not login("expired")


        def test__parse_without_text_is_empty():
            assert _parse("") == []


        class TestLogin:
            def test_expired(self):
                assert not login("expired")


        @pytest.fixture
        def test_user():
            return make_user()


        def testing():
            return 1
      `,
      path: 'tests/test_login.py',
    },
    {
      ok: py`
        def test_connection(url):
            return connect(url)
      `,
      path: 'app/connections.py',
    },
  ],
  on: {
    function_definition(definition, file, options) {
      const name = definition.field('name');
      if (!name.text.startsWith('test')) return undefined;
      const { plain, inClass } = patternsOf(options);
      const isInClass = file.enclosingClass(definition) !== undefined;
      if ((isInClass ? inClass : plain).test(name.text) || !isTestFunction(definition, file)) return undefined;
      const wanted = isInClass ? 'test_<scenario>_<outcome>' : 'test_<subject>_<scenario>_<outcome>';
      return {
        at: name,
        message: `The name \`${name.text}\` does not say which case is tested; name it \`${wanted}\`.`,
      };
    },
  },
});

interface Options {
  readonly pattern: string;
  readonly patternInClass: string;
}

function patternsOf(options: Options): { plain: RegExp; inClass: RegExp } {
  let patterns = compiled.get(options);
  if (!patterns) {
    patterns = { plain: new RegExp(options.pattern, 'u'), inClass: new RegExp(options.patternInClass, 'u') };
    compiled.set(options, patterns);
  }
  return patterns;
}

const compiled = new WeakMap<Options, { plain: RegExp; inClass: RegExp }>();

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}
