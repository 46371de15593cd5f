import { z } from 'zod';
import {
  argumentsOf,
  defineRule,
  type Finding,
  isTestFile,
  isTokenOf,
  jwtClaims,
  type Node,
  py,
  type SourceFile,
  tokenCalls,
  trace,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR616',
  name: 'token-without-expiry',
  family: 'api',
  severity: 'error',
  standards: ['backend'],
  summary: 'A token never expires, or expires too late',
  advice: 'Give it an `exp` claim: 30 minutes for access, seven days for refresh',
  why: 'A signed token cannot be taken back. Until it expires whoever found it, in a log, a browser or a proxy, is the user.',
  fix: 'none',
  requirements: ['004-154'],
  peers: [],
  options: z.strictObject({
    accessMinutes: z
      .number()
      .positive()
      .default(30)
      .meta({ description: 'How many minutes an access token may be valid.' }),
    refreshDays: z.number().positive().default(7).meta({ description: 'How many days a refresh token may be valid.' }),
  }),
  mentions: ['jwt', 'access_token', 'ACCESS_TOKEN', 'refresh_token', 'REFRESH_TOKEN'],
  calls: tokenCalls,
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import jwt


        def make_token(user: User) -> str:
            claims = {"sub": str(user.id)}
            claims["role"] = user.role
            return jwt.encode(claims, KEY, algorithm="HS256")
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR616 none: The claims of this token have no \`exp\`, so it never expires; add one.
      `,
    },
    {
      bad: py`
        from datetime import UTC, datetime, timedelta

        from jose import jwt

        ACCESS_TOKEN_EXPIRE_MINUTES: int = 60 * 24 * 8
        #                                  ^^^^^^^^^^^ GR616 none: \`ACCESS_TOKEN_EXPIRE_MINUTES\` lets access tokens live for 8 days; the limit is 30 minutes.


        def create_access_token(data: dict, delta: timedelta | None = None) -> str:
            expire = datetime.now(UTC) + (delta or timedelta(hours=1))
        #                                          ^^^^^^^^^^^^^^^^^^ GR616 none: This access token lives for 1 hour; the limit is 30 minutes.
            claims = data.copy()
            claims.update({"exp": expire})
            return jwt.encode(claims, KEY)


        def create_refresh_token(user: User) -> str:
            return jwt.encode({"sub": user.id, "exp": datetime.now(UTC) + timedelta(days=30)}, KEY)
        #                                                                 ^^^^^^^^^^^^^^^^^^ GR616 none: This refresh token lives for 30 days; the limit is 7 days.
      `,
    },
    {
      ok: py`
        from datetime import UTC, datetime, timedelta

        import jwt

        ACCESS_TOKEN_EXPIRE_MINUTES = 15
        REFRESH_TOKEN_EXPIRE_DAYS = 7


        def create_access_token(data: dict) -> str:
            claims = {**data, "exp": datetime.now(UTC) + timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES)}
            return jwt.encode(claims, KEY)


        def create_refresh_token(user: User) -> str:
            claims = dict(sub=user.id)
            claims["exp"] = datetime.now(UTC) + timedelta(days=7)
            return jwt.encode(claims, KEY)


        def create_reset_token(user: User) -> str:
            return jwt.encode({"sub": user.id, "exp": datetime.now(UTC) + timedelta(hours=48)}, KEY)
      `,
    },
    {
      ok: py`
        import jwt


        def sign(claims: dict) -> str:
            return jwt.encode(claims, KEY)


        def sign_more(user: User) -> str:
            claims = {"sub": user.id}
            add_expiry(claims)
            return jwt.encode(claims, KEY)


        def sign_all(user: User) -> str:
            return jwt.encode({"sub": user.id, **expiry()}, KEY) + "text".encode() + coder.encode({"sub": 1})
      `,
    },
  ],
  on: {
    call(call, file, options) {
      const claims = jwtClaims(file, call);
      if (!claims) return undefined;
      const expiries = claims.entries.get('exp');
      if (!expiries) {
        return claims.complete
          ? { at: call, message: 'The claims of this token have no `exp`, so it never expires; add one.' }
          : undefined;
      }
      const kind = kinds.find((candidate) => isTokenOf(candidate, file, call, claims));
      return kind && expiries.flatMap((expiry) => tooLong(expiry, kind, limitOf(kind, options), file));
    },
    assignment(assignment, file, options) {
      const left = assignment.field('left');
      const right = assignment.field('right');
      const [, kind = '', unit = ''] = lifetimeName.exec(left.is('identifier') ? left.text : '') ?? [];
      if (!right || kind === '') return undefined;
      const amount = numberOf(right, file);
      const seconds =
        amount === undefined ? undefined : amount * (secondsOf.get(`${unit.toLowerCase().replace(/s$/, '')}s`) ?? 0);
      const which = kind.toLowerCase() === 'access' ? 'access' : 'refresh';
      const limit = limitOf(which, options);
      if (seconds === undefined || seconds <= limit) return undefined;
      return {
        at: right,
        message: `\`${left.text}\` lets ${which} tokens live for ${spoken(seconds)}; the limit is ${spoken(limit)}.`,
      };
    },
  },
});

const kinds = ['refresh', 'access'] as const;
/** `ACCESS_TOKEN_EXPIRE_MINUTES` and its relatives: the kind and the unit. */
const lifetimeName =
  /^(?:jwt_|auth_)?(access|refresh)_token_(?:expires?|expiry|expiration|lifetime|ttl|max_age|valid(?:ity)?|life)(?:_time|_in|_delta)?_(seconds?|minutes?|hours?|days?)$/i;

function limitOf(kind: 'access' | 'refresh', options: { accessMinutes: number; refreshDays: number }): number {
  return kind === 'access' ? options.accessMinutes * 60 : options.refreshDays * 86_400;
}

/** The `timedelta(…)` calls that an expiry is made of and that are longer than the limit by themselves. */
function tooLong(expiry: Node, kind: string, limit: number, file: SourceFile): Finding[] {
  const through = (call: Node): readonly Node[] | undefined => {
    if (!call.is('call')) return undefined;
    const callee = call.field('function');
    return callee.is('attribute') && callee.field('attribute').text === 'timestamp'
      ? [callee.field('object')]
      : file.qualified(callee) === 'builtins.int'
        ? argumentsOf(call).positional.slice(0, 1)
        : undefined;
  };
  return trace(file, expiry, { through }).flatMap(({ node }) => {
    if (!node.is('call') || file.qualified(node.field('function')) !== 'datetime.timedelta') return [];
    const seconds = lengthOf(node, file);
    if (seconds === undefined || seconds <= limit) return [];
    // What a constant elsewhere says is reported there, by its own name.
    return [{ at: node, message: `This ${kind} token lives for ${spoken(seconds)}; the limit is ${spoken(limit)}.` }];
  });
}

const secondsOf = new Map([
  ['seconds', 1],
  ['minutes', 60],
  ['hours', 3600],
  ['days', 86_400],
  ['weeks', 604_800],
]);

function lengthOf(call: Node, file: SourceFile): number | undefined {
  if (!call.is('call')) return undefined;
  const { positional, keywords, hasSplat, hasDoubleSplat } = argumentsOf(call);
  if (hasSplat || hasDoubleSplat || positional.length > 1) return undefined;
  let seconds = 0;
  const [days] = positional;
  if (days) {
    const amount = numberOf(days, file);
    if (amount === undefined) return undefined;
    seconds += amount * 86_400;
  }
  for (const [unit, keyword] of keywords) {
    const amount = numberOf(keyword.field('value'), file);
    const factor = secondsOf.get(unit);
    if (amount === undefined || factor === undefined) return undefined;
    seconds += amount * factor;
  }
  return seconds;
}

/** The value of a literal, of a product or sum of such, and of a name that the module binds once to one. */
function numberOf(expression: Node, file: SourceFile, depth = 0): number | undefined {
  if (depth > 8) return undefined;
  if (expression.is('integer', 'float')) {
    const value = Number(expression.text.replaceAll('_', ''));
    return Number.isFinite(value) ? value : undefined;
  }
  if (expression.is('parenthesized_expression'))
    return expression.firstNamed && numberOf(expression.firstNamed, file, depth + 1);
  if (expression.is('binary_operator')) {
    const left = numberOf(expression.field('left'), file, depth + 1);
    const right = numberOf(expression.field('right'), file, depth + 1);
    const operator = expression.field('operator').text;
    if (left === undefined || right === undefined) return undefined;
    return operator === '*' ? left * right : operator === '+' ? left + right : undefined;
  }
  if (!expression.is('identifier') || lifetimeName.test(expression.text)) return undefined;
  const binding = file.binding(expression);
  return binding?.kind === 'assignment' && binding.value ? numberOf(binding.value, file, depth + 1) : undefined;
}

/** A length of time as people say it, in the largest unit that divides it. */
function spoken(seconds: number): string {
  for (const [unit, size] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}${seconds === size ? '' : 's'}`;
  }
  return `${seconds} second${seconds === 1 ? '' : 's'}`;
}
