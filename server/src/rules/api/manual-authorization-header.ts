import {
  argumentsOf,
  defineRule,
  type Finding,
  isTestFile,
  madeBy,
  type Node,
  py,
  type SourceFile,
  stringValue,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR628',
  name: 'manual-authorization-header',
  family: 'api',
  severity: 'warning',
  standards: ['backend'],
  summary: 'The `Authorization` header is read by hand',
  advice: 'Depend on a security scheme such as `HTTPBearer` or `OAuth2PasswordBearer`',
  why: 'A scheme of FastAPI splits and checks the header, answers 401 with the right challenge, and shows in OpenAPI that the endpoint needs a token. Code that takes the header apart itself does some of it, differently each time.',
  fix: 'none',
  requirements: ['004-158'],
  peers: [],
  mentions: ['headers'],
  calls: () => [...readers],
  // Middleware runs outside of dependencies.
  applies: (file) => !isTestFile(file) && !/(^|\/)\w*middlewares?(\/|\.py$)/.test(file.path),
  examples: [
    {
      bad: py`
        from fastapi import Request


        async def current_user(request: Request) -> User:
            scheme, token = request.headers["Authorization"].split()
        #                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR628 none: The \`Authorization\` header is read by hand; depend on a security scheme such as \`HTTPBearer\`.
            other = request.headers.get("authorization", "")
        #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR628 none
            return await users.by_token(token)
      `,
    },
    {
      ok: py`
        import httpx
        from fastapi import Request


        async def forward(request: Request, client: httpx.AsyncClient, sent: httpx.Request) -> None:
            await client.get("/orders", headers={"Authorization": request.headers["Authorization"]})
            logger.info(request.headers["X-Request-ID"])
            check(sent.headers["Authorization"], "Authorization" in request.headers)
      `,
    },
    {
      ok: py`
        from fastapi import Request
        from fastapi.security import HTTPBearer
        from starlette.middleware.base import BaseHTTPMiddleware


        class CookieOrBearer(HTTPBearer):
            async def __call__(self, request: Request) -> str:
                return request.headers.get("Authorization") or request.cookies["token"]


        class Tenants(BaseHTTPMiddleware):
            async def dispatch(self, request: Request, call_next):
                request.state.tenant = tenant_of(request.headers.get("Authorization"))
                return await call_next(request)


        def token_of(scope: Scope) -> str | None:
            request = Request(scope)
            return request.headers.get("Authorization")
      `,
    },
    {
      ok: py`
        from fastapi import Request


        def bearer_token(request: Request) -> str | None:
            return request.headers.get("Authorization")
      `,
      path: 'app/auth/middlewares.py',
    },
  ],
  on: {
    subscript(subscript, file) {
      const value = subscript.field('value');
      return isHeader(stringValue(subscript.field('subscript'))) ? read(subscript, value, file) : undefined;
    },
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute') || !readers.has(callee.field('attribute').text)) return undefined;
      return isHeader(stringValue(argumentsOf(call).at(0, 'key')))
        ? read(call, callee.field('object'), file)
        : undefined;
    },
  },
});

const readers = new Set(['get', 'getlist']);

function isHeader(name: string | undefined): boolean {
  return name?.toLowerCase() === 'authorization';
}

function read(at: Node, headers: Node, file: SourceFile): Finding | undefined {
  if (!headers.is('attribute') || headers.field('attribute').text !== 'headers') return undefined;
  const made = madeBy(file, headers.field('object')) ?? '';
  if (!/^(?:fastapi|starlette)\.(?:requests\.)?(?:Request|HTTPConnection)$/.test(made)) return undefined;
  // Who makes a request of an ASGI scope has no dependencies.
  if (makesRequest(headers.field('object'), file)) return undefined;
  // A fallback in the default of `get` is part of one reading.
  if (at.parent?.is('argument_list') && isHeaderCall(at.parent.parent)) return undefined;
  if (at.parent?.is('pair', 'keyword_argument') || isOwnScheme(at, file)) return undefined;
  return {
    at,
    message: 'The `Authorization` header is read by hand; depend on a security scheme such as `HTTPBearer`.',
  };
}

function makesRequest(request: Node, file: SourceFile): boolean {
  return request.is('call') || (request.is('identifier') && file.binding(request)?.value?.is('call') === true);
}

function isHeaderCall(node: Node | undefined): boolean {
  if (!node?.is('call')) return false;
  return isHeader(stringValue(argumentsOf(node).positional[0]));
}

/** Middleware runs outside of dependencies, and a security scheme is what reads the header for all others. */
function isOwnScheme(at: Node, file: SourceFile): boolean {
  const definition = file.enclosingFunction(at);
  if (!definition) return true;
  if (definition.is('function_definition') && /\bcall_next\b/.test(definition.field('parameters')?.text ?? ''))
    return true;
  const owner = file.enclosingClass(at);
  if (!owner) return false;
  return file.bases(owner).some((base) => base !== undefined && schemeBases.test(base));
}

const schemeBases = /^(?:fastapi\.security|starlette\.(?:middleware|authentication))\./;
