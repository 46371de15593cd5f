import { z } from 'zod';
import {
  argumentsOf,
  defineRule,
  type Finding,
  type Fix,
  isTestFile,
  type Node,
  py,
  type SourceFile,
  secretIn,
  secretNames,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

type Literal = TypedNode<'string'> | TypedNode<'concatenated_string'>;

export default defineRule({
  code: 'GR614',
  name: 'hardcoded-secret',
  family: 'api',
  severity: 'error',
  standards: ['production', 'architecture', 'flow', 'module', 'backend'],
  summary: 'A secret stands in the code',
  advice: 'Read it from settings, and change it where it was committed',
  why: 'Whoever can read the repository, a fork, a build log or an image can use a secret that stands in the code, and it stays in the history when the line is gone. Read from the environment through settings it can differ by environment and be changed without a release.',
  fix: 'unsafe',
  fixSafety: 'The settings must have a field of that name, and the environment its value.',
  requirements: ['000-003', '001-107', '002-084', '004-167', '004-172'],
  peers: ['S105', 'S106', 'S107', 'bandit B105', 'bandit B106', 'bandit B107', 'Sonar S2068', 'Sonar S6418'],
  options: z.strictObject({
    names: z
      .array(z.string())
      .default([...secretNames])
      .meta({ description: 'Names, in snake case, that mean a secret; names that end with one count.' }),
    tests: z
      .boolean()
      .default(false)
      .meta({ description: 'Also looks into tests, whose fixtures are made-up secrets as a rule.' }),
  }),
  applies: (file, { tests }) => tests || !isTestFile(file),
  examples: [
    {
      bad: py`
        from app.core.config import settings

        API_URL = settings.api_url
        JWT_SECRET = "s3cr3t-Signing-7f"
        #            ^^^^^^^^^^^^^^^^^^^ GR614 unsafe: \`JWT_SECRET\` is a secret that stands in the code; read it from settings, and change it if it was committed.
      `,
      good: py`
        from app.core.config import settings

        API_URL = settings.api_url
        JWT_SECRET = settings.jwt_secret
      `,
    },
    {
      bad: py`
        from pydantic import SecretStr
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            db_password: SecretStr = SecretStr("hunter22")
        #                                      ^^^^^^^^^^ GR614 unsafe
            smtp_password: str = "tulip-Walk"
        #                        ^^^^^^^^^^^^ GR614 unsafe: \`smtp_password\` is a secret that stands in the code; take the default out, and change it if it was committed.
            debug: bool = False


        class Postgres(BaseSettings):
            POSTGRES_USER: str = "weather"
            POSTGRES_PASSWORD: str = "weather"
        #                            ^^^^^^^^^ GR614 unsafe: \`POSTGRES_PASSWORD\` is a secret that stands in the code; take the default out, and change it if it was committed.
      `,
      good: py`
        from pydantic import SecretStr
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            db_password: SecretStr
            smtp_password: str
            debug: bool = False


        class Postgres(BaseSettings):
            POSTGRES_USER: str = "weather"
            POSTGRES_PASSWORD: str
      `,
    },
    {
      bad: py`
        import os

        connect(user="app", password="tulip-Walk")
        #                            ^^^^^^^^^^^^ GR614 none
        options = {"client_secret": b"8f14e45fceea167a"}
        #                           ^^^^^^^^^^^^^^^^^^^ GR614 none
        os.environ["DB_PASSWORD"] = "tulip-Walk"
        #                           ^^^^^^^^^^^^ GR614 none
        secret = os.getenv("APP_SECRET", "tulip-Walk")
        #                                ^^^^^^^^^^^^ GR614 none: \`APP_SECRET\` is a secret that stands in the code; read it from settings, and change it if it was committed.
        api_key = os.environ.get("API_KEY") or "9aGk2LmQ8xZr4TnB7cVd"
        #                                      ^^^^^^^^^^^^^^^^^^^^^^ GR614 none: \`api_key\` holds a random key that stands in the code; read it from settings, and change it if it was committed.


        def login(name, password="tulip-Walk"):
        #                        ^^^^^^^^^^^^ GR614 none
            return name
      `,
    },
    {
      bad: py`
        client = Client("AKIAQ4ZJ7MVT2XKLW3PB")
        #               ^^^^^^^^^^^^^^^^^^^^^^ GR614 none: This literal holds an AWS access key; read it from settings, and revoke this one if it was committed.
        headers = {"X-Auth": "Bearer " "AKIAQ4ZJ7MVT2XKLW3PB"}
        #                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR614 none
        engine = create_engine("postgresql://app:tulip-Walk9@db.internal/app")
        #                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR614 none: This literal holds a password in a URL; read it from settings, and revoke this one if it was committed.
      `,
    },
    {
      ok: py`
        import os

        PASSWORD = "changeme"
        api_key = "your-api-key-goes-here"
        secret = "<secret>"
        client_secret = "\${CLIENT_SECRET}"
        db_password = "xxxxxxxx"
        SECRET_KEY = os.environ["SECRET_KEY"]
        secret_name = "DATABASE_PASSWORD"
        secret = "DATABASE_PASSWORD"
        password = ""
        token = "refresh_token"
        EXAMPLE_KEY = "AKIAIOSFODNN7EXAMPLE"
        credentials = {
            "client_id": "bot-context",
            "client_secret": "bot-context",  # Placeholder, the bot has none.
        }
      `,
    },
    {
      ok: py`
        password = bytes(form.password, "utf-8")
        password_hint = "the name of your first pet"
        token_type = "bearer"
        token_url = "https://example.com/oauth/token"
        password_reset_path = "/password/reset"
        fields = {"password": "Password", "secret": "password"}
        errors = {"password": "The password is too short."}
        secret_id = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
        token = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
        max_tokens = "4096"
        key_hash = "9b74c9897bac770ffc029102a200c5de"
        access_key = "user.profile.settings.display"
        modules = {"AwsSecret": ".types", "AzureSecret": ".types.azure"}
        posthog_api_key = "phc_k3Jd92mXq7LsPvBn4TzRw8YcHf1GaEu5WoZi"
        field = Field(examples=[{"username": "ada", "password": "tulip-Walk9"}])
      `,
    },
    {
      ok: py`
        lock = {"hash": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
        checksum_token = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        url = "postgresql://postgres:postgres@localhost/app"
        other = f"postgresql://{user}:{password}@localhost/app"
        if "-----BEGIN PRIVATE KEY-----" in text:
            load(text)
        token = "NUMBER"
        hashed_password = "9b74c9897bac770ffc029102a200c5de"
      `,
    },
    {
      ok: py`
        def test_login(client):
            client.login(password="tulip-Walk")
      `,
      path: 'tests/test_login.py',
    },
    {
      bad: py`
        def test_login(client):
            client.login(password="tulip-Walk")
        #                         ^^^^^^^^^^^^ GR614 none
      `,
      path: 'tests/test_login.py',
      options: { tests: true },
    },
  ],
  on: {
    string(node, file, options) {
      if (node.end - node.start < 6 || node.parent?.is('concatenated_string')) return undefined;
      return findingFor(node, file, options);
    },
    concatenated_string: findingFor,
  },
});

function findingFor(
  literal: Literal,
  file: SourceFile,
  options: { readonly names: readonly string[]; readonly tests: boolean },
): Finding | undefined {
  const { parent } = literal;
  if (!parent || parent.is('expression_statement')) return undefined;
  const text = plainText(literal);
  if (text === undefined || text.length < 4) return undefined;
  const name = nameOf(literal);
  const secret = secretIn(name, text, options.names);
  if (!secret || isDocumentation(literal) || (secret.by !== 'format' && isSaidToBeNone(literal, file)))
    return undefined;
  const advice = settingsField(file, literal) ? 'take the default out' : 'read it from settings';
  const message =
    secret.by === 'format'
      ? `This literal holds ${secret.what}; ${advice}, and revoke this one if it was committed.`
      : `\`${name}\` ${secret.by === 'name' ? 'is a secret' : `holds ${secret.what}`} that stands in the code; ${advice}, and change it if it was committed.`;
  return { at: literal, message, fix: () => fromSettings(file, literal, name) };
}

/** The text between the quotes as it is written, bytes included; undefined when something is put in at run time. */
function plainText(node: Node): string | undefined {
  if (node.is('concatenated_string')) {
    const parts = node.namedChildren.map(plainText);
    return parts.every((part) => part !== undefined) ? parts.join('') : undefined;
  }
  if (!node.is('string') || node.child('interpolation')) return undefined;
  return node.child('string_content')?.text;
}

/** The name that a literal is written behind: a variable, an attribute, a key, a keyword, a parameter, an environment name. */
function nameOf(literal: Node): string | undefined {
  let node = literal;
  for (let parent = node.parent; parent; parent = node.parent) {
    if (parent.is('assignment')) return parent.field('right')?.row === node.row ? targetName(parent) : undefined;
    if (parent.is('named_expression'))
      return parent.field('value').row === node.row ? parent.field('name').text : undefined;
    if (parent.is('pair')) return parent.field('value').row === node.row ? stringValue(parent.field('key')) : undefined;
    if (parent.is('default_parameter', 'typed_default_parameter'))
      return parent.field('value').row === node.row ? parent.field('name').text : undefined;
    if (parent.is('keyword_argument')) {
      const name = parent.field('name').text;
      if (name !== 'default') return name;
      const call = parent.parent?.parent;
      if (!call?.is('call')) return undefined;
      const key = stringValue(argumentsOf(call).positional[0]);
      if (key !== undefined) return key;
      node = call;
    } else if (parent.is('argument_list')) {
      const call = parent.parent;
      if (!call?.is('call')) return undefined;
      const callee = call.field('function');
      const called = callee.is('attribute')
        ? callee.field('attribute').text
        : callee.is('identifier')
          ? callee.text
          : '';
      if (!wrappers.has(called) && !readers.has(called)) return undefined;
      const { positional } = argumentsOf(call);
      if (wrappers.has(called) && positional[0]?.row === node.row) node = call;
      else if (readers.has(called) && positional[1]?.row === node.row) return stringValue(positional[0]);
      else return undefined;
    } else if (parent.is('attribute')) {
      // `"…".encode()` is the same text.
      const call = parent.parent;
      if (!call?.is('call') || parent.field('attribute').text !== 'encode') return undefined;
      node = call;
    } else if (parent.is('boolean_operator', 'conditional_expression', 'parenthesized_expression')) node = parent;
    else return undefined;
  }
  return undefined;
}

/** Whether the comment behind a literal says that it is no secret. */
function isSaidToBeNone(literal: Literal, file: SourceFile): boolean {
  const line = file.lineStart(literal.end);
  return file
    .commentsIn({ start: literal.end, end: literal.end + 160 })
    .some((comment) => file.lineStart(comment.start) === line && noSecret.test(comment.text));
}

const noSecret =
  /place-?holder|\bdummy\b|\bfake\b|not (?:a|an|the|really a|any) (?:\w+ )?(?:secret|password|key|token)\b/i;

/** Whether a literal belongs to the examples that a schema or a route shows in its documentation. */
function isDocumentation(literal: Node): boolean {
  for (let node = literal.parent; node; node = node.parent) {
    if (node.is('keyword_argument') && documenting.test(node.field('name').text)) return true;
    if (node.is('pair') && documenting.test(stringValue(node.field('key')) ?? '')) return true;
    if (node.is('assignment') && documenting.test(node.field('left').text.slice(0, 80))) return true;
  }
  return false;
}

const documenting = /^(?:openapi_)?examples?$|^(?:json_schema_extra|schema_extra|openapi_extra|x-code-samples)$/;

/** Calls around a literal that leave it the value of what they stand behind. */
const wrappers = new Set(['SecretStr', 'SecretBytes', 'Secret', 'Field', 'Query', 'Form', 'str', 'bytes']);
const readers = new Set(['get', 'getenv', 'pop', 'setdefault', 'config', 'env', 'str', 'getattr', 'environ']);

function targetName(assignment: TypedNode<'assignment'>): string | undefined {
  const left = assignment.field('left');
  if (left.is('identifier')) return left.text;
  if (left.is('attribute')) return left.field('attribute').text;
  return left.is('subscript') ? stringValue(left.field('subscript')) : undefined;
}

/** A settings class loses the default; elsewhere the literal becomes a field of the file's `settings`. */
function fromSettings(file: SourceFile, literal: Literal, name: string | undefined): Fix | undefined {
  if (name === undefined || !/^[A-Za-z]\w*$/.test(name)) return undefined;
  return withoutDefault(file, literal) ?? asSetting(file, literal, name);
}

/** The field of a settings class that a literal is the default of, or a part of it. */
function settingsField(file: SourceFile, literal: Literal): TypedNode<'assignment'> | undefined {
  const statement = literal.above('assignment');
  if (!statement?.field('type') || !statement.field('right')?.contains(literal)) return undefined;
  const owner = file.enclosingFunction(statement) ? undefined : file.enclosingClass(statement);
  return owner && file.bases(owner).some((base) => base !== undefined && /^pydantic.*\.BaseSettings$/.test(base))
    ? statement
    : undefined;
}

function withoutDefault(file: SourceFile, literal: Literal): Fix | undefined {
  const statement = settingsField(file, literal);
  const annotation = statement?.field('type');
  const value = statement?.field('right');
  if (!statement || !annotation || !value) return undefined;
  const wrapper = value.is('call') && value.field('function').text.startsWith('Secret') ? value : literal;
  if (wrapper.row !== value.row || file.commentsIn(value).length > 0) return undefined;
  return {
    title: `Take the default of \`${statement.field('left').text}\` out`,
    safety: 'unsafe',
    reason: 'Without the variable in the environment the application no longer starts.',
    edits: [{ start: annotation.end, end: value.end, text: '' }],
  };
}

function asSetting(file: SourceFile, literal: Literal, name: string): Fix | undefined {
  const [binding, ...others] = file.bindings(literal, 'settings');
  if (!binding || others.length > 0 || file.enclosingClass(literal)) return undefined;
  if (binding.kind !== 'import' && binding.kind !== 'assignment') return undefined;
  if (binding.unit.scopes.top.names.get('settings')?.includes(binding) !== true) return undefined;
  // The name is there from its statement on.
  if (binding.node.start > literal.start || isBytes(literal) || file.commentsIn(literal).length > 0) return undefined;
  const fields = file.units.flatMap((unit) =>
    unit.root.below('attribute').flatMap((use) => {
      const object = use.field('object');
      return object.is('identifier') && object.text === 'settings' ? [use.field('attribute').text] : [];
    }),
  );
  const field = fields.some((used) => /^[A-Z][A-Z0-9_]*$/.test(used)) ? name.toUpperCase() : name.toLowerCase();
  return {
    title: `Read \`settings.${field}\``,
    safety: 'unsafe',
    edits: [{ start: literal.start, end: literal.end, text: `settings.${field}` }],
  };
}

function isBytes(literal: Node): boolean {
  return /^[a-z]*b/i.test(literal.text);
}
