import {
  appended,
  argumentsOf,
  type CallArguments,
  defineRule,
  type Edit,
  type Fix,
  isTestFile,
  type Node,
  py,
  type SourceFile,
  startsLine,
  stringValue,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR613',
  name: 'insecure-cookie',
  family: 'api',
  severity: 'error',
  standards: ['production', 'backend'],
  summary: 'A cookie is set without `httponly`, `secure` and `samesite`',
  advice: 'Pass `httponly=True, secure=True, samesite="lax"`',
  why: "Without `httponly` any script on the page reads the cookie, without `secure` anybody on the line does, and without `samesite` other sites send it along. Starlette's defaults are open for the first two, and a default of somebody else is no decision about the third.",
  fix: 'unsafe',
  fixSafety: 'Scripts no longer read the cookie, and browsers send it over HTTPS only.',
  requirements: ['000-086', '004-170'],
  peers: ['Sonar S3330', 'Sonar S2092', 'bandit B614'],
  mentions: ['set_cookie'],
  calls: ['set_cookie'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import Response


        def log_in(response: Response, token: str) -> None:
            response.set_cookie("refresh_token", token)
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR613 unsafe: The cookie \`refresh_token\` is set without \`httponly\`, \`secure\` and \`samesite\`; state them.
            response.set_cookie(
        #   ^~6 GR613 unsafe: The cookie \`session\` is set without \`secure\`; state it.
                key="session",
                value=token,
                httponly=True,
                secure=False,
                samesite="strict",
            )
      `,
      good: py`
        from fastapi import Response


        def log_in(response: Response, token: str) -> None:
            response.set_cookie("refresh_token", token, httponly=True, secure=True, samesite="lax")
            response.set_cookie(
                key="session",
                value=token,
                httponly=True,
                secure=True,
                samesite="strict",
            )
      `,
    },
    {
      bad: py`
        def log_in(response, name, token):
            response.set_cookie(
        #   ^~4 GR613 unsafe: The cookie is set without \`secure\` and \`samesite\`; state them.
                key=name,
                value=token,
                httponly=True,
            )
      `,
      good: py`
        def log_in(response, name, token):
            response.set_cookie(
                key=name,
                value=token,
                httponly=True,
                secure=True,
                samesite="lax",
            )
      `,
    },
    {
      ok: py`
        from app.core.config import settings


        def log_in(response, token: str, **options: object) -> None:
            response.set_cookie("session", token, httponly=True, secure=settings.secure, samesite="none")
            response.set_cookie("session", token, 60, None, "/", None, True, True, "lax")
            response.set_cookie("session", token, **options)
      `,
    },
    {
      ok: py`
        def keep(jar, cookie, response, csrf: str) -> None:
            jar.set_cookie(cookie)
            response.set_cookie("csrf_token", csrf, secure=True, samesite="strict")
            response.set_cookie("session", "", max_age=0)
            response.delete_cookie("session")
            response.set_cookie("theme", "dark", httponly=False, secure=True, samesite="lax")


        async def start(sessions, request, response, token: str) -> None:
            await sessions.set_cookie(request, response, token)
      `,
    },
    {
      bad: py`
        def keep(response, token: str) -> None:
            response.set_cookie("access_token", token, httponly=False, secure=True, samesite="lax")
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR613 unsafe
      `,
      good: py`
        def keep(response, token: str) -> None:
            response.set_cookie("access_token", token, httponly=True, secure=True, samesite="lax")
      `,
    },
    {
      ok: py`
        def test_log_out(client, response):
            response.set_cookie("session", "abc")
      `,
      path: 'tests/test_users.py',
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute') || callee.field('attribute').text !== 'set_cookie') return undefined;
      const given = argumentsOf(call);
      const key = given.at(0, 'key');
      // A cookie jar's method takes the cookie alone.
      if (!key || given.hasSplat || given.hasDoubleSplat || given.positional.length + given.keywords.size < 2)
        return undefined;
      // A response sets its cookies at once; what is awaited is a method of the file's own.
      if (call.parent?.is('await')) return undefined;
      const isDeletion = given.at(2, 'max_age')?.text === '0' || given.at(3, 'expires')?.text === '0';
      if (isDeletion) return undefined;
      const name = stringValue(key);
      const missing = attributes.filter(({ position, keyword }) => {
        if (keyword === 'httponly' && /csrf|xsrf/i.test(name ?? key.text)) return false;
        const value = given.at(position, keyword);
        // A cookie that scripts are to read says so, where it is no key to anything.
        if (keyword === 'httponly' && value?.is('false')) return isKey.test(name ?? key.text);
        return !value || value.is('false', 'none');
      });
      if (missing.length === 0) return undefined;
      const cookie = name === undefined || name === '' ? 'The cookie' : `The cookie \`${name}\``;
      return {
        at: call,
        message: `${cookie} is set without ${listed(missing.map(({ keyword }) => `\`${keyword}\``))}; state ${missing.length > 1 ? 'them' : 'it'}.`,
        fix: () => secured(file, given, missing),
      };
    },
  },
});

const isKey = /token|session|auth|jwt|(?:^|_)sid(?:$|_)|secret|credential|password|api_?key/i;

interface Attribute {
  readonly keyword: string;
  /** Where Starlette's `Response.set_cookie` takes it by position. */
  readonly position: number;
  readonly value: string;
}

const attributes: readonly Attribute[] = [
  { keyword: 'httponly', position: 7, value: 'True' },
  { keyword: 'secure', position: 6, value: 'True' },
  { keyword: 'samesite', position: 8, value: '"lax"' },
];

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function secured(file: SourceFile, given: CallArguments, missing: readonly Attribute[]): Fix {
  const stated = (attribute: Attribute): Node | undefined => given.at(attribute.position, attribute.keyword);
  const replaced = missing.flatMap((attribute): Edit[] => {
    const value = stated(attribute);
    return value ? [{ start: value.start, end: value.end, text: attribute.value }] : [];
  });
  const absent = missing.filter((attribute) => !stated(attribute));
  // One a line where the arguments stand so.
  const last = given.list.namedChildren.at(-1);
  const separator = last && startsLine(last) ? `,${file.eol}${file.indentAt(last.start)}` : ', ';
  const text = absent.map(({ keyword, value }) => `${keyword}=${value}`).join(separator);
  const added = text === '' ? [] : appended(given.list, text, file.eol);
  const texts = missing.map(({ keyword, value }) => `${keyword}=${value}`);
  return { title: `Set \`${texts.join(', ')}\``, safety: 'unsafe', edits: [...replaced, ...added] };
}
