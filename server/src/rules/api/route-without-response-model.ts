import { z } from 'zod';
import {
  addedRoute,
  addedRouteCalls,
  annotatedClass,
  appended,
  argumentsOf,
  decoratedRoute,
  defineRule,
  type Finding,
  type Fix,
  isMember,
  isTestFile,
  makerOf,
  type Node,
  namedFunctionKey,
  py,
  type Route,
  routeWords,
  type SourceFile,
  statusCode,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  strict: z
    .boolean()
    .default(false)
    .meta({ description: 'Ask for both: `response_model=` in the decorator and a return annotation on the handler.' }),
});

/** `added`: a route by `add_api_route` whose handler stands elsewhere in the file. `handler`: a function without return annotation. */
type Told = { is: 'added'; key: string; name: string } | { is: 'handler'; key: string; responds: boolean };

export default defineRule<typeof options, Told>({
  code: 'GR602',
  name: 'route-without-response-model',
  family: 'api',
  severity: 'error',
  standards: ['production', 'architecture', 'backend'],
  summary: 'A route says nowhere what it answers',
  advice: "Annotate the handler's return type, or pass `response_model=`",
  why: 'Without a response type FastAPI sends whatever the handler returns: a column that was added to the table yesterday is public today, and the OpenAPI document says nothing. With one, the answer is checked, filtered and documented. A return annotation counts as much as `response_model=`.',
  fix: 'mixed',
  fixSafety: 'A subclass of `Response` is no response model: where the annotation is one, FastAPI refuses to start.',
  requirements: ['000-072', '000-073', '000-074', '001-006', '004-075', '004-080', '004-196'],
  peers: [],
  options,
  applies: (file) => !isTestFile(file),
  mentions: routeWords,
  calls: addedRouteCalls,
  examples: [
    {
      bad: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/users/{user_id}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR602 none: The route \`GET /users/{user_id}\` declares no response: annotate what \`read_user\` returns, or pass \`response_model=\`.
        async def read_user(user_id: int):
            return await users.get(user_id)
      `,
    },
    {
      bad: py`
        from app.main import app


        class Views:
            @app.post("/users", status_code=201)
        #    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR602 none
            def create_user(self, user: UserIn):
                if user.name == "":
                    return JSONResponse({"error": "no name"})
                return user
      `,
    },
    {
      bad: py`
        from fastapi import FastAPI


        def read_root():
            return {"name": "app"}


        def read_page():
            return HTMLResponse("<html>")


        def create_app() -> FastAPI:
            app = FastAPI()
            app.add_api_route("/", read_root)
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR602 none: The route \`GET /\` declares no response: annotate what \`read_root\` returns, or pass \`response_model=\`.
            app.add_api_route("/page", read_page)
            app.add_api_route("/user", read_root, response_model=User)
            return app
      `,
    },
    {
      bad: py`
        from app.schemas import User, UserResponse
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/users")
         ^^^^^^^^^^^^^^^^^^^^ GR602 safe: The route \`GET /users\` has no \`response_model=\` beside the return annotation of \`list_users\`.
        async def list_users() -> list[User]:
            return await users.all()


        @router.get(
         ^~2 GR602 unsafe
            "/users/{user_id}",
        )
        async def read_user(user_id: int) -> UserResponse:
            return await users.get(user_id)


        @router.put("/users/{user_id}", response_model=User)
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR602 none: The handler \`update_user\` of the route \`PUT /users/{user_id}\` has no return annotation beside \`response_model=\`.
        async def update_user(user_id: int):
            return await users.get(user_id)


        @router.get("/later")
         ^^^^^^^^^^^^^^^^^^^^ GR602 none
        async def later() -> "Later":
            return await users.later()
      `,
      good: py`
        from app.schemas import User, UserResponse
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/users", response_model=list[User])
        async def list_users() -> list[User]:
            return await users.all()


        @router.get(
            "/users/{user_id}",
            response_model=UserResponse,
        )
        async def read_user(user_id: int) -> UserResponse:
            return await users.get(user_id)


        @router.put("/users/{user_id}", response_model=User)
        async def update_user(user_id: int):
            return await users.get(user_id)


        @router.get("/later")
        async def later() -> "Later":
            return await users.later()
      `,
      options: { strict: true },
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/users/{user_id}", response_model=User)
        async def read_user(user_id: int):
            return await users.get(user_id)


        @router.get("/users")
        async def list_users() -> list[User]:
            return await users.all()


        @router.get("/raw")
        async def read_raw() -> dict:
            return {}


        @router.get("/none", response_model=None)
        async def read_anything():
            return {}
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, Response, status
        from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
        from fastapi.templating import Jinja2Templates

        router = APIRouter()
        templates = Jinja2Templates("templates")


        @router.delete("/users/{user_id}", status_code=status.HTTP_204_NO_CONTENT)
        async def delete_user(user_id: int):
            await users.delete(user_id)


        @router.get("/hidden", include_in_schema=False)
        async def hidden():
            return {}


        @router.get("/page", response_class=HTMLResponse)
        async def page():
            return "<html>"


        @router.get("/file")
        async def file(name: str):
            if not name:
                return RedirectResponse("/")
            response = FileResponse(name)
            return response


        @router.get("/csv")
        async def csv():
            return CSVResponse(rows)


        @router.get("/template")
        async def template(request):
            return templates.TemplateResponse(request, "index.html")


        @router.head("/users")
        async def count_users():
            return None


        @router.get("/options", **shared)
        async def options():
            return {}
      `,
    },
    {
      // The file's own functions and classes tell by their annotations what they return.
      ok: py`
        from fastapi import APIRouter, Request, Response
        from fastapi.responses import JSONResponse

        router = APIRouter()


        class Problem(JSONResponse):
            media_type = "application/problem+json"


        class Handler:
            async def handle(self, request: Request) -> Response: ...


        def problem(status: int) -> Problem: ...


        async def show(name: str) -> Response: ...


        def handler_of(request: Request) -> Handler: ...


        @router.post("/actions")
        async def act(request: Request):
            handler = handler_of(request)
            return await handler.handle(request)


        @router.get("/pages/{name}")
        async def read_page(name: str, handler: Handler, request: Request):
            if name == "handled":
                return await handler.handle(request)
            return await show(name) if name else problem(404)


        class Views:
            @router.get("/views")
            def views(self):
                return self.render("views")

            def render(self, name: str) -> Response: ...
      `,
    },
    {
      bad: py`
        from fastapi import APIRouter, Request, Response

        from app.handlers import handler_of

        router = APIRouter()


        class Store:
            async def find(self, name: str) -> dict[str, str]: ...


        def page(name: str): ...


        @router.get("/pages/{name}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR602 none
        async def read_page(name: str):
            return page(name)


        @router.get("/stored/{name}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR602 none
        async def read_stored(name: str, store: Store):
            return await store.find(name)


        @router.post("/actions")
         ^^^^^^^^^^^^^^^^^^^^^^^ GR602 none
        async def act(request: Request):
            return handler_of(request).handle(request)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter
        from fastapi.responses import JSONResponse

        internal = APIRouter(prefix="/internal", include_in_schema=False)
        pages = APIRouter(default_response_class=JSONResponse)


        @internal.get("/state")
        async def state():
            return {}


        @pages.websocket("/ws")
        async def socket(websocket): ...


        @pages.on_event("startup")
        async def startup(): ...
      `,
    },
    {
      ok: py`
        from fastapi import FastAPI

        app = FastAPI()


        @app.get("/")
        def hello():
            return {}
      `,
      path: 'tests/test_middleware.py',
    },
    {
      ok: py`
        from flask import Flask

        from app.cache import cache

        app = Flask(__name__)


        @app.get("/users")
        def list_users():
            return []


        @cache.get("users")
        def cached_users():
            return []


        value = cache.get("/users")
      `,
    },
    {
      ok: py`
        from app.main import router
        from fastapi import Response


        @router.get("/users", response_model=list[User])
        async def list_users() -> list[User]:
            return await users.all()


        @router.get("/raw")
        async def raw() -> Response:
            return Response(b"")


        @router.delete("/users", status_code=204)
        async def delete_users() -> None: ...


        @router.post("/ping")
        async def ping() -> None: ...
      `,
      options: { strict: true },
    },
  ],
  on: {
    decorator(decorator, file, { strict }) {
      const route = decoratedRoute(file, decorator);
      if (!route?.handler || !declaresBody(file, route)) return undefined;
      const { handler } = route;
      const hasModel = route.arguments.keywords.has('response_model');
      const annotation = handler.field('return_type')?.firstNamed;
      const where = `\`${[route.methods.join(', ').toUpperCase(), route.path].filter(Boolean).join(' ')}\``;
      const name = `\`${handler.field('name').text}\``;
      if (!hasModel && !annotation)
        return onlyResponds(file, handler) ? undefined : undeclared(route.call, where, handler.field('name').text);
      if (!strict || (hasModel && annotation)) return undefined;
      if (annotation) {
        if (annotation.is('none') || isResponse(file, annotation)) return undefined;
        return {
          at: route.call,
          message: `The route ${where} has no \`response_model=\` beside the return annotation of ${name}.`,
          fix: () => modelled(file, route, annotation),
        };
      }
      if (route.arguments.keyword('response_model')?.is('none') || onlyResponds(file, handler)) return undefined;
      return {
        at: route.call,
        message: `The handler ${name} of the route ${where} has no return annotation beside \`response_model=\`.`,
      };
    },
  },
  collect: {
    call(call, file) {
      const route = addedRoute(file, call);
      if (!route?.handler || route.handler.field('return_type') || !declaresBody(file, route)) return undefined;
      const endpoint = route.arguments.at(1, 'endpoint');
      const key = endpoint && namedFunctionKey(file, endpoint);
      if (key === undefined || route.arguments.keywords.has('response_model')) return undefined;
      const name = [route.methods.join(', ').toUpperCase(), route.path].filter(Boolean).join(' ');
      return { at: call, data: { is: 'added', key, name } };
    },
    function_definition(definition, file) {
      if (definition.field('return_type') || file.enclosingFunction(definition) || file.enclosingClass(definition))
        return undefined;
      const key = definition.field('name').text;
      return { at: definition, data: { is: 'handler', key, responds: onlyResponds(file, definition) } };
    },
  },
  file(facts) {
    const plain = new Set(facts.flatMap(({ data }) => (data.is === 'handler' && !data.responds ? [data.key] : [])));
    return facts.flatMap(({ at, data }) =>
      data.is === 'added' && plain.has(data.key) ? [undeclared(at, `\`${data.name}\``, data.key)] : [],
    );
  },
});

function undeclared(at: Finding['at'], where: string, handler: string): Finding {
  return {
    at,
    message: `The route ${where} declares no response: annotate what \`${handler}\` returns, or pass \`response_model=\`.`,
  };
}

/** Whether a route answers with a body that belongs in the schema, as far as its own arguments and its router tell. A test's is no API. */
function declaresBody(file: SourceFile, route: Route): boolean {
  const { keyword, keywords, hasDoubleSplat } = route.arguments;
  if (hasDoubleSplat || keywords.has('response_class') || keyword('include_in_schema')?.is('false')) return false;
  if (route.methods.length > 0 && route.methods.every((method) => bodiless.has(method))) return false;
  const status = keyword('status_code');
  const code = statusCode(file, status);
  if (code !== undefined && (code < 200 || code === 204 || code === 205 || (code >= 300 && code < 400))) return false;
  if (code === undefined && status && /NO_CONTENT|REDIRECT/i.test(status.text)) return false;
  const router = route.routerCall?.field('arguments').namedChildren ?? [];
  return !router.some(
    (argument) =>
      argument.is('keyword_argument') &&
      (argument.field('name').text === 'default_response_class' ||
        (argument.field('name').text === 'include_in_schema' && argument.field('value').is('false'))),
  );
}

const bodiless = new Set(['head', 'options', 'trace']);

/** Whether every value that a function returns is a `Response`, and it returns one. */
function onlyResponds(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  const nested = ['function_definition', 'lambda', 'class_definition'] as const;
  const values = definition
    .field('body')
    .belowOutside(nested, 'return_statement')
    .flatMap((statement) => (statement.firstNamed ? [statement.firstNamed] : []));
  return values.length > 0 && values.every((value) => isMadeResponse(file, value));
}

function isMadeResponse(file: SourceFile, value: Node): boolean {
  if (value.is('conditional_expression'))
    return [value.namedChildren[0], value.namedChildren[2]].every((part) => part && isMadeResponse(file, part));
  const maker = makerOf(file, value);
  if (!maker) return false;
  if (isResponseName(file.qualified(maker)) || isToldToRespond(file, maker)) return true;
  const name = (maker.is('attribute') ? maker.field('attribute') : maker).text;
  if (responseNames.has(name)) return true;
  const own = classNamed(file, maker);
  if (own) return file.bases(own).some(isResponseName);
  // Schemas are made by keywords; a class from elsewhere that is handed a content is a response.
  const made = maker.parent;
  if (!name.endsWith('Response') || !made?.is('call')) return false;
  const { positional, keywords } = argumentsOf(made);
  return positional.length > 0 || ['content', 'media_type', 'headers'].some((keyword) => keywords.has(keyword));
}

/** Whether an expression names a function or method of the file whose annotation says that it returns a `Response`. */
function isToldToRespond(file: SourceFile, callee: Node): boolean {
  const annotation = functionNamed(file, callee)?.field('return_type');
  const named = annotation && annotatedClass(file, annotation);
  if (!named) return false;
  const own = classNamed(file, named);
  return own ? file.bases(own).some(isResponseName) : isResponseName(file.qualified(named));
}

/** The function of the file that an expression names: `page`, `self.page`, and `views.page` of an object whose class the file holds. */
function functionNamed(file: SourceFile, callee: Node): TypedNode<'function_definition'> | undefined {
  if (callee.is('identifier')) {
    const by = file.binding(callee)?.by;
    return by?.is('function_definition') ? by : undefined;
  }
  if (!callee.is('attribute')) return undefined;
  const object = callee.field('object');
  const owner = isMember(callee) ? file.enclosingClass(callee) : classOf(file, object);
  const [method, ...others] = owner ? file.classBindings(owner, callee.field('attribute').text) : [];
  return method?.by.is('function_definition') && others.length === 0 ? method.by : undefined;
}

/** The class of the file that an object is of: annotated so, made by it, or by a function that is annotated to return it. */
function classOf(file: SourceFile, object: Node): TypedNode<'class_definition'> | undefined {
  const maker = makerOf(file, object);
  const made = maker && classNamed(file, maker);
  if (!maker || made) return made;
  const by = maker.is('identifier') ? file.binding(maker)?.by : undefined;
  const annotation = by?.is('function_definition') ? by.field('return_type') : undefined;
  const named = annotation && annotatedClass(file, annotation);
  return named && classNamed(file, named);
}

function classNamed(file: SourceFile, name: Node): TypedNode<'class_definition'> | undefined {
  const by = name.is('identifier') ? file.binding(name)?.by : undefined;
  return by?.is('class_definition') ? by : undefined;
}

/** Names that nobody gives to anything else. */
const responseNames = new Set([
  'EventSourceResponse',
  'FileResponse',
  'HTMLResponse',
  'JSONResponse',
  'ORJSONResponse',
  'PlainTextResponse',
  'RedirectResponse',
  'StreamingResponse',
  'TemplateResponse',
  'UJSONResponse',
]);

function isResponseName(qualified: string | undefined): boolean {
  return /^(fastapi|starlette|sse_starlette)\.(\w+\.)*\w*Response$/.test(qualified ?? '');
}

/** An annotation that names a class of Starlette's responses, alone or in a union. */
function isResponse(file: SourceFile, annotation: Node): boolean {
  return [annotation, ...annotation.below('identifier', 'attribute')].some((part) =>
    isResponseName(file.qualified(part)),
  );
}

/** `response_model=` with the annotation, where every name in it means the same thing already at the decorator. */
function modelled(file: SourceFile, route: Route, annotation: Node): Fix | undefined {
  const names = [...(annotation.is('identifier') ? [annotation] : []), ...annotation.below('identifier')].filter(
    (name) => !(name.parent?.is('attribute') && name.isField('attribute')),
  );
  if (annotation.is('string') || annotation.below('string').length > 0) return undefined;
  const isKnown = names.every((name) => {
    const bindings = file.bindings(name);
    if (bindings.length === 0) return file.qualified(name) !== undefined;
    return bindings.every((binding) => !binding.typeOnly && binding.node.start < route.call.start);
  });
  if (!isKnown || names.some((name) => generators.has(name.text))) return undefined;
  const isSure = !names.some((name) => name.text.endsWith('Response') && file.binding(name)?.kind === 'import');
  return {
    title: `Add \`response_model=${annotation.text}\``,
    safety: isSure ? 'safe' : 'unsafe',
    edits: appended(route.arguments.list, `response_model=${annotation.text}`, file.eol),
  };
}

const generators = new Set(['AsyncGenerator', 'AsyncIterable', 'AsyncIterator', 'Generator', 'Iterable', 'Iterator']);
