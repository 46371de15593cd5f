import { z } from 'zod';
import { defineRule, enclosingTest, isTestModule, type Node, py, stringValue } from '../../engine/index.ts';

export default defineRule({
  code: 'GR956',
  name: 'dummy-test-data',
  family: 'style',
  severity: 'information',
  standards: ['flow'],
  summary: 'Made-up data in a test',
  advice: 'Use data as it really occurs',
  why: '`fake_user` and `foo` pass every test that they are written for, because nothing looks at them: no validation rejects them, no index, length or encoding matters. A case as it really occurs, such as a mail address and a password that fulfil the rules, tests the code that will meet it.',
  fix: 'none',
  requirements: ['002-011', '002-077', '002-078'],
  peers: [],
  options: z.strictObject({
    words: z.array(z.string().min(1)).default(['fake_', 'foo', 'dummy', 'lorem ipsum']).meta({
      description:
        'What test data must not begin with: whole words, or beginnings of words that end in `_`. Also with a capital.',
    }),
  }),
  mentions: ({ words }) => words.flatMap((word) => [word, capital(word)]),
  applies: isTestModule,
  examples: [
    {
      bad: py`
        from app.auth import login


        def test_login_with_password():
            result = login("fake_user", password="foo")
            #              ^^^^^^^^^^^ GR956 none: \`"fake_user"\` is made-up data; test \`test_login_with_password\` with data as it really occurs.
            #                                    ^^^^^ GR956 none
            assert result == {"note": "Lorem ipsum dolor", "name": 'dummy'}
            #                         ^^^^^^^^^^^^^^^^^^^ GR956 none
            #                                                      ^^^^^^^ GR956 none
      `,
      path: 'tests/test_auth.py',
    },
    {
      ok: py`
        from unittest.mock import patch

        from app.auth import login


        def test_login_with_password(user):
            """foo"""
            assert login("test@example.com", "Test123!", "football", "food", "a foo")
            assert user.fake_name == "faked"


        def test_login_patched(monkeypatch):
            with patch("fake_module.load"):
                monkeypatch.setattr("dummy.load", login)
                assert login("ada@example.com", {"foo": 1}["foo"])
      `,
      path: 'tests/test_auth.py',
    },
    {
      ok: py`
        fake = "fake_user"


        def names():
            return ["foo", "dummy"]
      `,
      path: 'tests/test_auth.py',
    },
    {
      ok: py`
        def test_connection(url):
            return connect(url, "foo")
      `,
      path: 'app/connections.py',
    },
    {
      ok: py`
        def test_login_with_password():
            assert login("foo")
      `,
      path: 'tests/test_auth.py',
      options: { words: ['john'] },
    },
  ],
  on: {
    string(string, file, { words }) {
      const { text } = string;
      if (text.length > 400) return undefined;
      if (!words.some((word) => text.includes(word) || text.includes(capital(word)))) return undefined;
      const value = stringValue(string);
      if (value === undefined || !words.some((word) => begins(value, word)) || isNoData(string)) return undefined;
      const test = enclosingTest(string, file);
      if (!test) return undefined;
      const said = value.length > 30 || /[\n`]/.test(text) ? 'This' : `\`${text}\``;
      return {
        at: string,
        message: `${said} is made-up data; test \`${test.field('name').text}\` with data as it really occurs.`,
      };
    },
  },
});

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function begins(value: string, word: string): boolean {
  if (!value.startsWith(word) && !value.startsWith(capital(word))) return false;
  return word.endsWith('_') || !/^[\p{L}\p{N}]/u.test(value.slice(word.length));
}

/** Docstrings, keys, targets of patches and other names of code. */
function isNoData(string: Node): boolean {
  const above = string.parent;
  if (!above || above.is('expression_statement', 'subscript', 'concatenated_string', 'format_expression')) return true;
  if (above.is('pair') && above.field('key') === string) return true;
  const call = above.is('argument_list') ? above.parent : undefined;
  if (!call?.is('call')) return false;
  return /(patch(\.\w+)?|setattr|delattr|hasattr|getattr|setenv|delenv|getenv|importorskip|import_module|get_logger|getLogger|Mock|param|raises|warns|match|compile|search|parametrize|setitem|__import__)$/.test(
    call.field('function').text,
  );
}
