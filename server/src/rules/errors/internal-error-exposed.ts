import {
  argumentsOf,
  type Binding,
  defineRule,
  handlerOf,
  isTestFile,
  type Node,
  type Origin,
  py,
  routesOf,
  type SourceFile,
  type TypedNode,
  trace,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR414',
  name: 'internal-error-exposed',
  family: 'errors',
  severity: 'error',
  standards: ['backend'],
  summary: 'A response shows the text of an unexpected exception',
  advice: 'Log the exception and answer with a message of your own',
  why: 'What a broad handler catches can be anything: its text holds SQL, table names, hosts, file paths, now and then a password. The client can do nothing with it, an attacker can. The log is the place for it; the answer says what the client may know.',
  fix: 'none',
  requirements: ['004-142', '004-148'],
  peers: ['CWE-209'],
  mentions: ['except', 'exception_handler', 'format_exc'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter, HTTPException
        from sqlalchemy.exc import SQLAlchemyError

        router = APIRouter()


        @router.post("/orders")
        async def create(order: Order) -> OrderRead:
            try:
                return await save(order)
            except SQLAlchemyError as err:
                raise HTTPException(status_code=409, detail=f"conflict: {err}") from err
        #                                            ^^^^^^^^^^^^^^^^^^^^^^^^^ GR414 none: The client gets the text of \`err\`, which can be any \`SQLAlchemyError\`; log it and answer with a message of your own.
            except Exception as e:
                message = str(e)
                raise HTTPException(500, message)
        #                                ^^^^^^^ GR414 none: The client gets the text of \`e\`, which can be any \`Exception\`; log it and answer with a message of your own.
      `,
    },
    {
      bad: py`
        import traceback

        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse

        app = FastAPI()


        @app.exception_handler(Exception)
        async def unexpected(request: Request, exc: Exception) -> JSONResponse:
            return JSONResponse(status_code=500, content={"error": repr(exc), "code": 500})
        #                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR414 none


        @app.exception_handler(ValueError)
        async def refused(request: Request, exc: ValueError) -> JSONResponse:
            return JSONResponse(status_code=422, content={"error": str(exc)})


        @app.get("/health")
        async def health() -> dict[str, str]:
            try:
                await ping()
            except Exception:
                return {"status": "down", "trace": traceback.format_exc()}
        #                                          ^^^^^^^^^^^^^^^^^^^^^^ GR414 none: The client gets the traceback of the exception; log it and answer with a message of your own.
            except (OSError, BaseException) as error:
                return {"status": "down", "error": str(error)}
        #                                          ^^^^^^^^^^ GR414 none
            return {"status": "up"}
      `,
    },
    {
      ok: py`
        import logging

        from fastapi import HTTPException

        logger = logging.getLogger(__name__)


        async def create(order: Order) -> OrderRead:
            try:
                return await save(order)
            except OutOfStock as err:
                raise HTTPException(status_code=409, detail=str(err)) from err
            except ValueError as err:
                raise HTTPException(status_code=422, detail=f"{err}") from err
            except Exception as err:
                logger.exception("order failed: %s", err)
                raise HTTPException(status_code=500, detail=f"Internal error {type(err).__name__}") from err
      `,
    },
    {
      ok: py`
        from fastapi import HTTPException

        from app.core.config import settings


        async def create(order: Order) -> OrderRead:
            try:
                return await save(order)
            except Exception as err:
                if isinstance(err, OutOfStock):
                    raise HTTPException(status_code=409, detail=str(err)) from err
                detail = str(err) if settings.DEBUG else "Internal error"
                raise HTTPException(status_code=500, detail=detail) from err


        def describe(task: Task) -> dict[str, str]:
            try:
                task.run()
            except Exception as err:
                return {"error": str(err)}
            return {}
      `,
    },
  ],
  on: {
    call(call, file) {
      const response = responseOf(call, file);
      if (!response) return undefined;
      const { positional, keywords } = argumentsOf(call);
      const shown = [
        ...positional.slice(response.position, response.position + 1).map((at) => ({ at, value: at })),
        ...response.keywords.flatMap((name) => {
          const at = keywords.get(name);
          return at ? [{ at, value: at.field('value') }] : [];
        }),
      ];
      return shown.flatMap(({ at, value }) => {
        const exposed = exposedIn(value, file);
        return exposed ? [{ at, message: messageOf(exposed) }] : [];
      });
    },
    return_statement(statement, file) {
      const value = statement.firstNamed;
      if (!value || !mayHold(value)) return undefined;
      const handler = file.enclosingFunction(statement);
      if (!handler?.is('function_definition') || routesOf(file, handler).length === 0) return undefined;
      return partsOf(value, file).flatMap((at) => {
        const exposed = exposedIn(at, file);
        return exposed ? [{ at, message: messageOf(exposed) }] : [];
      });
    },
  },
});

interface Exposed {
  /** The exception's name; undefined for a traceback. */
  readonly name: string | undefined;
  readonly type: string;
}

interface Response {
  readonly position: number;
  readonly keywords: readonly string[];
}

const httpException: Response = { position: 1, keywords: ['detail', 'headers'] };
const answer: Response = { position: 0, keywords: ['content'] };

const responses: ReadonlyMap<string, Response> = new Map<string, Response>([
  ['fastapi.HTTPException', httpException],
  ['fastapi.exceptions.HTTPException', httpException],
  ['starlette.exceptions.HTTPException', httpException],
  ...['fastapi.responses', 'starlette.responses'].flatMap((module) =>
    ['Response', 'JSONResponse', 'ORJSONResponse', 'UJSONResponse', 'PlainTextResponse', 'HTMLResponse'].map(
      (name): [string, Response] => [`${module}.${name}`, answer],
    ),
  ),
  ['fastapi.Response', answer],
]);

function responseOf(call: TypedNode<'call'>, file: SourceFile): Response | undefined {
  const callee = call.field('function');
  const last = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  if (!/^[A-Z]/.test(last)) return undefined;
  const name = file.qualified(callee);
  const known = name === undefined ? undefined : responses.get(name);
  if (known || !callee.is('identifier')) return known;
  const own = file.binding(callee);
  if (own?.kind !== 'class' || !own.by.is('class_definition')) return undefined;
  // A subclass of the file's own without a constructor of its own takes what its base takes.
  if (file.classBindings(own.by, '__init__').length > 0) return undefined;
  for (const base of file.bases(own.by)) {
    const inherited = base === undefined ? undefined : responses.get(base);
    if (inherited) return inherited;
  }
  return undefined;
}

function mayHold(value: Node): boolean {
  return value.is('dictionary', 'identifier', 'call', 'string', 'binary_operator', 'tuple', 'expression_list', 'list');
}

/** The values that a returned expression is made of: entries of dictionaries, and what goes into a schema. */
function partsOf(value: Node, file: SourceFile): Node[] {
  if (value.is('dictionary'))
    return value.namedChildren.flatMap((pair) => (pair.is('pair') ? partsOf(pair.field('value'), file) : []));
  if (value.is('tuple', 'expression_list', 'list')) return value.namedChildren.flatMap((part) => partsOf(part, file));
  if (value.is('call') && isConstructor(value)) {
    if (responseOf(value, file)) return [];
    const { positional, keywords } = argumentsOf(value);
    return [...positional, ...[...keywords.values()].map((keyword) => keyword.field('value'))].flatMap((part) =>
      partsOf(part, file),
    );
  }
  return [value];
}

function isConstructor(call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  const last = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  return last === 'dict' || (/^[A-Z]/.test(last) && /[a-z]/.test(last));
}

function exposedIn(value: Node, file: SourceFile): Exposed | undefined {
  if (value.is('integer', 'float', 'true', 'false', 'none')) return undefined;
  if (isForDevelopers(value)) return undefined;
  const origins = trace(file, value, { through: (call) => shownBy(call, file) });
  for (const origin of origins) {
    const exposed = exposedBy(origin, file);
    if (exposed) return exposed;
  }
  return undefined;
}

/** Arguments whose text a call's result still shows. */
function shownBy(call: TypedNode<'call'>, file: SourceFile): readonly Node[] | undefined {
  const callee = call.field('function');
  const { positional, keywords } = argumentsOf(call);
  if (callee.is('identifier'))
    return textFunctions.has(file.qualified(callee) ?? '')
      ? [...positional.slice(0, 1), ...[...keywords.values()].map((keyword) => keyword.field('value'))]
      : isConstructor(call) && !/(?:Error|Exception)$/.test(callee.text)
        ? [...positional, ...[...keywords.values()].map((keyword) => keyword.field('value'))]
        : undefined;
  if (!callee.is('attribute')) return undefined;
  const method = callee.field('attribute').text;
  if (stringMethods.has(method)) return [callee.field('object'), ...(method === 'join' ? positional : [])];
  if (method === 'format' && !callee.field('object').is('string', 'concatenated_string')) return positional;
  return file.qualified(callee) === 'json.dumps' ? positional.slice(0, 1) : undefined;
}

const textFunctions = new Set([
  'builtins.str',
  'builtins.repr',
  'builtins.ascii',
  'builtins.format',
  'builtins.dict',
  'fastapi.encoders.jsonable_encoder',
]);
const stringMethods = new Set(['strip', 'lower', 'upper', 'title', 'capitalize', 'encode', 'join', 'replace']);
const tracebacks = new Set(['traceback.format_exc', 'traceback.format_exception']);

function exposedBy(origin: Origin, file: SourceFile): Exposed | undefined {
  const { node } = origin;
  if (node.is('call')) {
    const name = file.qualified(node.field('function'));
    return name !== undefined && tracebacks.has(name) ? { name: undefined, type: 'traceback' } : undefined;
  }
  if (node.is('attribute')) {
    const object = node.field('object');
    if (!object.is('identifier') || !textAttributes.has(node.field('attribute').text)) return undefined;
    return ofException(object, file.binding(object), file);
  }
  return node.is('identifier') ? ofException(node, origin.binding ?? file.binding(node), file) : undefined;
}

const textAttributes = new Set(['args', 'message', 'orig', '__cause__', 'statement', 'params', 'pgerror', 'diag']);

/** A name that holds what a broad handler caught, where nothing has narrowed it. */
function ofException(use: Node, binding: Binding | undefined, file: SourceFile): Exposed | undefined {
  if (!binding || isNarrowed(use, binding.name)) return undefined;
  if (binding.kind === 'parameter') {
    const definition = file.enclosingFunction(use);
    if (!definition?.is('function_definition')) return undefined;
    for (const decorator of file.decorators(definition)) {
      if (!decorator.is('call')) continue;
      const callee = decorator.field('function');
      if (!callee.is('attribute') || callee.field('attribute').text !== 'exception_handler') continue;
      const [type] = argumentsOf(decorator).positional;
      const [, parameter] = definition.field('parameters')?.namedChildren ?? [];
      if (type && parameter?.contains(binding.node) && isBroad(type, file))
        return { name: binding.name, type: type.text };
    }
    return undefined;
  }
  const clause = binding.by.is('except_clause') ? binding.by : binding.by.above('except_clause');
  const handler = clause ? handlerOf(clause) : undefined;
  if (!handler || handler.alias?.row !== binding.node.row) return undefined;
  const broad = handler.types.find((type) => isBroad(type, file));
  return broad && { name: binding.name, type: broad.text };
}

const broadTypes = new Set(['builtins.Exception', 'builtins.BaseException']);
const databaseErrors =
  /^(?:sqlalchemy\.(?:exc|ext)\.|asyncpg\.|psycopg2?\.|pymysql\.|aiomysql\.|MySQLdb\.|sqlite3\.|pymongo\.errors\.|peewee\.|oracledb\.|cx_Oracle\.|pyodbc\.)/;
/** Database errors that tell something of the request itself, in words of their own. */
const plainErrors = new Set(['NoResultFound', 'MultipleResultsFound']);

function isBroad(type: Node, file: SourceFile): boolean {
  const name = file.qualified(type);
  if (name === undefined) return false;
  if (broadTypes.has(name)) return true;
  return databaseErrors.test(name) && !plainErrors.has(name.slice(name.lastIndexOf('.') + 1));
}

/** `if isinstance(err, …)` or a check of `debug` stands between the use and the function. */
function isNarrowed(use: Node, name: string): boolean {
  let child = use;
  for (let node = use.parent; node; node = node.parent) {
    if (node.is('if_statement', 'elif_clause') && child.is('block')) {
      const condition = node.field('condition');
      if (condition && (narrows(condition, name) || debugWords.test(condition.text))) return true;
    }
    if (node.is('conditional_expression')) {
      const [, condition] = node.namedChildren;
      if (condition && (narrows(condition, name) || debugWords.test(condition.text))) return true;
    }
    if (node.is('function_definition')) return false;
    child = node;
  }
  return false;
}

function narrows(condition: Node, name: string): boolean {
  const calls = condition.is('call') ? [condition, ...condition.below('call')] : condition.below('call');
  return calls.some((call) => {
    const callee = call.field('function').text;
    return (callee === 'isinstance' || callee === 'hasattr') && argumentsOf(call).positional[0]?.text === name;
  });
}

const debugWords = /debug|develop|\bdev\b|is_?local|testing/i;

function isForDevelopers(value: Node): boolean {
  return isNarrowed(value, '');
}

function messageOf({ name, type }: Exposed): string {
  return name === undefined
    ? 'The client gets the traceback of the exception; log it and answer with a message of your own.'
    : `The client gets the text of \`${name}\`, which can be any \`${type}\`; log it and answer with a message of your own.`;
}
