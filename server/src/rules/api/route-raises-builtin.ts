import { z } from 'zod';
import {
  defineRule,
  handlerOf,
  isTestFile,
  type Node,
  py,
  routesOf,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR622',
  name: 'route-raises-builtin',
  family: 'api',
  severity: 'warning',
  standards: ['architecture', 'backend'],
  summary: 'A handler raises a builtin exception, which the client sees as an internal error',
  advice: 'Raise an `HTTPException` or a domain exception with a handler of its own',
  why: 'FastAPI answers every exception that it has no handler for with 500 and no explanation. The client cannot tell that its own request was wrong, and monitoring counts a fault of the server that is none.',
  fix: 'none',
  requirements: ['001-010', '001-094', '004-139', '004-144'],
  peers: [],
  options: z.strictObject({
    exceptions: z
      .array(z.string())
      .default([
        'ArithmeticError',
        'AttributeError',
        'BaseException',
        'Exception',
        'FileExistsError',
        'FileNotFoundError',
        'IOError',
        'IndexError',
        'KeyError',
        'LookupError',
        'OSError',
        'PermissionError',
        'RuntimeError',
        'TimeoutError',
        'TypeError',
        'ValueError',
      ])
      .meta({ description: 'Builtin exceptions that a handler must not raise.' }),
  }),
  applies: (file) => !isTestFile(file),
  mentions: ['.get', '.post', '.put', '.patch', '.delete', '.api_route', '.head', '.options', '.trace'],
  calls: () => [...registrars],
  examples: [
    {
      bad: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/orders/{order_id}")
        async def read_order(order_id: int) -> Order:
            order = await orders.get(order_id)
            if order is None:
                raise ValueError("no such order")
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR622 none: \`read_order\` raises \`ValueError\`, which the client sees as 500 unless something handles it; raise an \`HTTPException\` or a domain exception.
            try:
                return check(order)
            except ValueError as err:
                raise Exception from err
        #       ^^^^^^^^^^^^^^^^^^^^^^^^ GR622 none: \`read_order\` raises \`Exception\`, which the client sees as 500 unless something handles it; raise an \`HTTPException\` or a domain exception.
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, HTTPException

        router = APIRouter()


        @router.get("/orders/{order_id}")
        async def read_order(order_id: int) -> Order:
            try:
                if order_id < 0:
                    raise ValueError("negative")
            except ValueError as err:
                raise HTTPException(400) from err
            raise OrderNotFound(order_id)


        def parse(text: str) -> int:
            raise ValueError(text)
      `,
    },
    {
      ok: py`
        from fastapi import FastAPI

        app = FastAPI()


        @app.get("/boom")
        async def boom() -> None:
            raise ValueError("kaboom")
      `,
      path: 'tests/test_errors.py',
    },
    {
      ok: py`
        from fastapi import FastAPI

        app = FastAPI()


        @app.exception_handler(ValueError)
        async def bad_value(request, error):
            return problem(400, error)


        @app.get("/orders/{order_id}")
        async def read_order(order_id: int) -> Order:
            def validator(value: int) -> int:
                raise TypeError(value)

            if order_id < 0:
                raise ValueError("negative")
            raise NotImplementedError
      `,
    },
  ],
  collect: {
    raise_statement(raise, file, options) {
      const handler = file.enclosingFunction(raise);
      if (!handler?.is('function_definition') || !handler.parent?.is('decorated_definition')) return undefined;
      const raised = raise.firstNamed;
      const name = builtinName(file, raised?.is('call') ? raised.field('function') : raised);
      if (name === undefined || !options.exceptions.includes(name)) return undefined;
      if (routesOf(file, handler).length === 0 || isCaught(file, raise, name)) return undefined;
      return { at: raise, data: { handles: false, exception: name, handler: handler.field('name').text } };
    },
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute') || !registrars.has(callee.field('attribute').text)) return undefined;
      const first = call.field('arguments').namedChildren[0];
      const name = builtinName(file, first?.is('keyword_argument') ? first.field('value') : first);
      return name === undefined ? undefined : { at: call, data: { handles: true, exception: name, handler: '' } };
    },
  },
  file(facts) {
    const handled = new Set(facts.flatMap(({ data }) => (data.handles ? [data.exception] : [])));
    return facts.flatMap(({ at, data }) =>
      data.handles || handled.has(data.exception)
        ? []
        : [
            {
              at,
              message: `\`${data.handler}\` raises \`${data.exception}\`, which the client sees as 500 unless something handles it; raise an \`HTTPException\` or a domain exception.`,
            },
          ],
    );
  },
});

const registrars = new Set(['exception_handler', 'add_exception_handler']);

function builtinName(file: SourceFile, expression: Node | undefined): string | undefined {
  return /^builtins\.(\w+)$/.exec(file.qualified(expression) ?? '')?.[1];
}

/** Whether a `try` around the statement, in the same function, catches what it raises. */
function isCaught(file: SourceFile, raise: Node, name: string): boolean {
  let child = raise;
  for (let node = raise.parent; node && !node.is('function_definition', 'lambda'); node = node.parent) {
    if (node.is('try_statement') && child.isField('body') && clausesOf(node).some((clause) => catches(clause)))
      return true;
    child = node;
  }
  return false;

  function catches(clause: TypedNode<'except_clause'>): boolean {
    const handler = handlerOf(clause);
    if (!handler) return false;
    if (handler.types.length === 0) return true;
    return handler.types.some((type) => {
      const caught = builtinName(file, type);
      return caught === name || caught === 'Exception' || caught === 'BaseException' || parents.get(name) === caught;
    });
  }
}

function clausesOf(statement: TypedNode<'try_statement'>): TypedNode<'except_clause'>[] {
  return statement.namedChildren.flatMap((child) => (child.is('except_clause') ? [child] : []));
}

/** The builtin bases, beside `Exception`, by which these are caught as well. */
const parents = new Map([
  ['KeyError', 'LookupError'],
  ['IndexError', 'LookupError'],
  ['FileExistsError', 'OSError'],
  ['FileNotFoundError', 'OSError'],
  ['PermissionError', 'OSError'],
  ['TimeoutError', 'OSError'],
]);
