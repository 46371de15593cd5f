import { defineRule, isTestFile, isTokenOf, jwtClaims, type Node, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR627',
  name: 'refresh-token-as-jwt',
  family: 'api',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A refresh token is a signed JWT that is stored nowhere',
  advice: 'Make it a random text and keep its hash in the database',
  why: 'A refresh token that only its signature vouches for cannot be revoked: a log-out, a new password or a stolen device changes nothing until it expires. A row in the database can be deleted.',
  fix: 'none',
  requirements: ['004-157'],
  peers: [],
  mentions: ['refresh'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import jwt


        def create_refresh_token(user: User) -> str:
            return jwt.encode({"sub": user.id, "exp": expiry()}, KEY)
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR627 none: This refresh token is a JWT that is stored nowhere, so it cannot be revoked; make it a random text and keep its hash in the database.


        def login(user: User) -> Token:
            access_token = jwt.encode({"sub": user.id, "type": "access", "exp": expiry()}, KEY)
            token = jwt.encode({"sub": user.id, "type": "refresh", "exp": expiry()}, KEY)
        #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR627 none
            return Token(access_token, token)
      `,
    },
    {
      ok: py`
        import secrets

        import jwt


        def create_refresh_token(session: Session, user: User) -> str:
            token = jwt.encode({"sub": user.id, "jti": new_id(), "exp": expiry()}, KEY)
            session.add(RefreshToken(user_id=user.id, digest=digest(token)))
            return token


        def new_refresh_token() -> str:
            return secrets.token_urlsafe(32)
      `,
    },
    {
      ok: py`
        import uuid

        import jwt


        def create_refresh_token(user: User) -> str:
            payload = {"sub": user.id, "jti": uuid.uuid4().hex, "type": "refresh"}
            return jwt.encode(payload, KEY, algorithm="HS256")
      `,
    },
    {
      ok: py`
        import jwt


        def create_access_token(user: User) -> str:
            return jwt.encode({"sub": user.id, "exp": expiry()}, KEY)


        def refresh(token: RefreshToken) -> str:
            access_token = jwt.encode({"sub": token.user_id, "exp": expiry()}, KEY)
            return access_token


        async def make_refresh_token(user: User) -> str:
            return jwt.encode({"sub": user.id}, KEY)


        async def login(redis: Redis, user: User) -> str:
            token = await make_refresh_token(user)
            await redis.setex(user.id, 3600, token)
            return token
      `,
    },
  ],
  collect: {
    call(call, file) {
      const callee = call.field('function');
      const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
      if (name !== 'encode' && !/refresh/i.test(name)) return undefined;
      const definition = file.enclosingFunction(call);
      if (!definition?.is('function_definition')) return undefined;
      const body = definition.field('body');
      const fact = (made: boolean, by: string) => ({ at: call, data: { made, by } });
      if (name !== 'encode') return stores(body) ? fact(false, name) : undefined;
      const claims = jwtClaims(file, call);
      if (!claims || !isTokenOf('refresh', file, call, claims) || stores(body)) return undefined;
      // A `jti` is there to be kept by somebody, who is not in this file.
      if (claims.entries.has('jti')) return undefined;
      const maker = definition.field('name').text;
      // `refresh()` is the endpoint that takes one and gives an access token.
      return maker === 'refresh' && claims.entries.get('type') === undefined ? undefined : fact(true, maker);
    },
  },
  file(facts) {
    const stored = new Set(facts.flatMap(({ data }) => (data.made ? [] : [data.by])));
    return facts.flatMap(({ at, data }) =>
      data.made && !stored.has(data.by)
        ? [
            {
              at,
              message:
                'This refresh token is a JWT that is stored nowhere, so it cannot be revoked; make it a random text and keep its hash in the database.',
            },
          ]
        : [],
    );
  },
});

/** Whether something in a body keeps a value: a session, a cache, a repository. */
function stores(body: Node): boolean {
  return body.below('call').some((call) => {
    const callee = call.field('function');
    const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
    return callee.is('attribute') ? storing.test(name) : /^(?:save|store|persist|insert|whitelist)_/.test(name);
  });
}

const storing =
  /^(?:add|add_all|set|setex|hset|sadd|save|insert|insert_one|create|execute|put|store|merge|persist)(?:_|$)/;
