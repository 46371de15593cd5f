import {
  argumentsOf,
  defineRule,
  isTestFile,
  madeBy,
  type Node,
  py,
  type SourceFile,
  sensitiveParts,
  stringValue,
  type TypedNode,
  trace,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR615',
  name: 'weak-password-hash',
  family: 'api',
  severity: 'error',
  standards: ['backend'],
  summary: 'A password is hashed with a fast digest',
  advice: 'Hash it with bcrypt, through passlib',
  why: 'MD5 and the SHA family are made to be fast: one graphics card tries billions of passwords a second against a stolen table. bcrypt is slow on purpose and salts every password by itself.',
  fix: 'none',
  requirements: ['004-151', '004-152'],
  peers: ['S324', 'bandit B324', 'Sonar S5344'],
  mentions: ['hashlib'],
  calls: () => ['new', 'update', ...algorithms],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import hashlib
        from hashlib import md5 as digest


        def hash_it(password: str, salt: str, user) -> str:
            first = hashlib.sha256(password.encode()).hexdigest()
        #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR615 none: \`sha256\` is too fast for \`password\`; hash it with bcrypt, through passlib.
            second = digest((salt + user.new_password).encode("utf-8"))
        #            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR615 none: \`md5\` is too fast for \`new_password\`; hash it with bcrypt, through passlib.
            data = f"{salt}{password}".encode()
            third = hashlib.new("sha1", data)
        #           ^^^^^^^^^^^^^^^^^^^^^^^^^ GR615 none: \`sha1\` is too fast for \`password\`; hash it with bcrypt, through passlib.
            state = hashlib.sha512()
            state.update(password.encode())
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR615 none: \`sha512\` is too fast for \`password\`; hash it with bcrypt, through passlib.
            return first
      `,
    },
    {
      ok: py`
        import hashlib

        import bcrypt


        def hash_it(password: str, token: str, data: bytes) -> bytes:
            key = hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", 600_000)
            etag = hashlib.md5(data, usedforsecurity=False)
            stored = hashlib.sha256(token.encode())
            return bcrypt.hashpw(hashlib.sha256(password.encode()).digest(), bcrypt.gensalt())
      `,
    },
    {
      ok: py`
        import hashlib


        def is_pwned(password: str) -> bool:
            return hashlib.sha1(password.encode()).hexdigest()[:5] in pages


        def name(password_count: int, password_hash: str) -> str:
            return hashlib.sha256(f"{password_count} {password_hash}".encode()).hexdigest()
      `,
    },
  ],
  on: {
    call(call, file) {
      const digest = digestOf(call, file);
      if (!digest) return undefined;
      const name = passwordIn(digest.data, file);
      if (name === undefined || isFirstStep(call, file)) return undefined;
      return {
        at: call,
        message: `\`${digest.algorithm}\` is too fast for \`${name}\`; hash it with bcrypt, through passlib.`,
      };
    },
  },
});

const passwords = ['password', 'passwd', 'pwd', 'passphrase', 'passcode', 'pass_word', 'plain_password'];
const algorithms = new Set([
  ...['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'blake2b', 'blake2s', 'shake_128', 'shake_256'],
  ...['sha3_224', 'sha3_256', 'sha3_384', 'sha3_512'],
]);

/** The algorithm and the data of `hashlib.sha256(data)`, `hashlib.new("sha256", data)` and `<hash>.update(data)`. */
function digestOf(call: TypedNode<'call'>, file: SourceFile): { algorithm: string; data: Node } | undefined {
  const callee = call.field('function');
  const [, member = ''] = /^hashlib\.(\w+)$/.exec(file.qualified(callee) ?? '') ?? [];
  const isUpdate = callee.is('attribute') && callee.field('attribute').text === 'update';
  const isKnown = algorithms.has(member);
  if (!isKnown && !isUpdate && member !== 'new') return undefined;
  const given = argumentsOf(call);
  const [first, second] = given.positional;
  if (!first || given.keyword('usedforsecurity')?.is('false')) return undefined;
  if (isKnown) return { algorithm: member, data: first };
  if (member === 'new') {
    const algorithm = stringValue(first)?.toLowerCase().replace('-', '');
    return algorithm !== undefined && algorithms.has(algorithm) && second ? { algorithm, data: second } : undefined;
  }
  if (!isUpdate) return undefined;
  const [, made = ''] = /^hashlib\.(\w+)$/.exec(madeBy(file, callee.field('object')) ?? '') ?? [];
  return algorithms.has(made) ? { algorithm: made, data: first } : undefined;
}

/** The name of a password that goes into an expression, also by way of a variable. */
function passwordIn(data: Node, file: SourceFile): string | undefined {
  const [part] = sensitiveParts(data, file, passwords);
  if (part) return part.name;
  const through = (call: TypedNode<'call'>): readonly Node[] | undefined => {
    const callee = call.field('function');
    if (callee.is('attribute') && textMethods.has(callee.field('attribute').text))
      return [callee.field('object'), ...argumentsOf(call).positional];
    return file.qualified(callee) === 'builtins.bytes' ? argumentsOf(call).positional.slice(0, 1) : undefined;
  };
  for (const origin of trace(file, data, { through })) {
    const [found] = sensitiveParts(origin.node, file, passwords);
    if (found) return found.name;
  }
  return undefined;
}

const textMethods = new Set(['encode', 'strip', 'lower', 'upper', 'join', 'decode']);

/**
 * A digest that is not what is kept: it goes into a real password hash or key derivation (bcrypt reads 72 bytes only), or
 * asks whether a password is known to be stolen.
 */
function isFirstStep(call: TypedNode<'call'>, file: SourceFile): boolean {
  for (let node = call.parent; node; node = node.parent) {
    if (node.is('call') && /bcrypt|argon|scrypt|passlib|hashpw|pbkdf|crypt|hmac/i.test(node.field('function').text))
      return true;
    if (node.is('function_definition') && /pwned|breach|leak|compromised|gravatar/i.test(node.field('name').text))
      return true;
  }
  const statement = call.above('assignment');
  const target = statement?.field('left');
  const scope = file.enclosingFunction(call);
  if (!target?.is('identifier') || !scope) return false;
  return scope.below('call').some((other) => {
    if (!/bcrypt|argon|scrypt|passlib|hashpw|pbkdf/i.test(other.field('function').text)) return false;
    return other
      .field('arguments')
      .below('identifier')
      .some((used) => used.text === target.text);
  });
}
