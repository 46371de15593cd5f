import { z } from 'zod';
import {
  addedRoute,
  addedRouteCalls,
  baseName,
  complexityOf,
  defineRule,
  layerOf,
  layoutOptions,
  type Node,
  py,
  routesOf,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

/**
 * A function or class that is no decorated handler, the name of one that is registered by a call, or of a class whose
 * methods are handlers.
 */
type Data =
  | { readonly is: 'endpoint' | 'holder'; readonly name: string }
  | {
      readonly is: 'function' | 'class';
      readonly name: string;
      readonly logic: string | undefined;
    };

const options = z.strictObject({
  ...layoutOptions,
  complexity: z
    .number()
    .int()
    .min(1)
    .default(5)
    .meta({ description: 'The cyclomatic complexity that a handler may have.' }),
});

export default defineRule<typeof options, Data>({
  code: 'GR813',
  name: 'logic-in-route',
  family: 'structure',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A route handler with business logic, or other functions and classes in a route file',
  advice: 'Move the logic to a service, and what is no handler to the layer it belongs to',
  why: 'A handler takes a request apart, calls a service and answers. What loops and branches beyond that is business logic that only this address has: a job that needs the same has to copy it, and a test of it needs a request. Helpers and classes beside the handlers are the beginning of the same, and nobody looks for them there.',
  fix: 'none',
  requirements: ['004-026', '004-052', '004-053', '004-054', '004-056', '004-058', '004-061', '004-062', '004-063'],
  peers: [],
  options,
  calls: addedRouteCalls,
  applies: (file, options) => ['routes', 'api'].includes(layerOf(file, options) ?? ''),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter
        from pydantic import BaseModel

        router = APIRouter()


        class Totals(BaseModel):
            # ^^^^^^ GR813 none: The class \`Totals\` stands in a route file, which is for handlers; move it to the layer it belongs to.
            total: int


        def add_tax(price):
        #   ^^^^^^^ GR813 none: The function \`add_tax\` stands in a route file, which is for handlers; move it to a service or to the dependencies.
            return price * 2


        @router.get("/orders/total")
        async def total(orders: Orders):
            #     ^^^^^ GR813 none: The handler \`total\` holds a loop; move the logic to a service.
            total = 0
            for order in orders:
                total += order.price
            return total


        @router.post("/orders")
        async def create(order: OrderCreate, user: CurrentUser):
            #     ^^^^^^ GR813 none: The handler \`create\` has nested branches; move the logic to a service.
            if order.voucher:
                if user.is_new:
                    order.price = 0
            return order


        @router.patch("/orders/{id}")
        async def change(id: int, order: OrderUpdate):
            #     ^^^^^^ GR813 none: The handler \`change\` has a complexity of 6 where 5 is allowed; move the logic to a service.
            if order.price or order.count or order.name or order.note:
                return None
            return order.id if order else id
      `,
      path: 'src/api/routes/orders.py',
    },
    {
      bad: py`
        def list_orders(service: Service):
        #   ^^^^^^^^^^^ GR813 none: The handler \`list_orders\` holds a loop, has nested branches and has a complexity of 5 where 3 is allowed; move the logic to a service.
            found = []
            while service.more():
                if service.ready:
                    if service.open and service.full:
                        found.append(service.take())
            return found


        router.add_api_route("/orders", list_orders, methods=["GET"])
      `,
      path: 'app/routers/orders.py',
      options: { complexity: 3 },
    },
    {
      ok: py`
        from fastapi import APIRouter, HTTPException, status

        router = APIRouter()
        OrderId = Annotated[int, Path(ge=1)]


        @router.get("/orders/{order_id}")
        async def get_order(order_id: OrderId, user: CurrentUser, service: OrderService):
            if user.id is None and not user.is_superuser:
                raise HTTPException(status_code=status.HTTP_403_FORBIDDEN)
            try:
                order = await service.get(order_id)
            except NotFoundError as err:
                raise HTTPException(status_code=status.HTTP_404_NOT_FOUND) from err
            return [OrderLine.model_validate(line) for line in order.lines]


        @router.get("/orders/events")
        async def events(service: OrderService):
            async def stream():
                async for event in service.events():
                    yield event

            return StreamingResponse(stream())


        @router.websocket("/orders/ws")
        async def orders_socket(socket: WebSocket):
            while True:
                await socket.send_text(await socket.receive_text())


        @router.post("/orders/file")
        async def upload(file: UploadFile, service: OrderService):
            while chunk := await file.read(1024):
                await service.append(chunk)


        @cbv(router)
        class OrderViews:
            @router.get("/views")
            def views(self):
                return []


        class Orders:
            router = APIRouter()

            @router.get("/orders")
            async def list_orders(self):
                return []
      `,
      path: 'src/api/routes/orders.py',
    },
    {
      ok: py`
        class OrderService:
            async def total(self, orders):
                total = 0
                for order in orders:
                    if order.open:
                        if order.paid:
                            total += order.price
                return total


        def add_tax(price):
            return price * 2
      `,
      path: 'src/services/order_service.py',
    },
    {
      ok: py`
        def get_current_user(token: str):
            return decode(token)
      `,
      path: 'src/api/dependencies.py',
    },
    {
      ok: py`
        @app.get("/orders")
        def orders():
            for order in load():
                yield order


        def helper():
            return 1
      `,
      path: 'demo/main.py',
    },
  ],
  on: {
    function_definition(definition, file, given) {
      const layer = layerOf(file, given);
      if ((layer !== 'routes' && layer !== 'api') || routesOf(file, definition).length === 0) return undefined;
      const logic = logicIn(definition, given.complexity);
      if (logic === undefined) return undefined;
      const name = definition.field('name');
      return { at: name, message: handlerMessage(name.text, logic) };
    },
  },
  collect: {
    function_definition(definition, file, given) {
      if (layerOf(file, given) !== 'routes' || baseName(file) === '__init__.py') return undefined;
      if (file.enclosingFunction(definition)) return undefined;
      const holder = file.enclosingClass(definition);
      if (isRegistered(file, definition) || holder)
        return holder && isRegistered(file, definition)
          ? { at: definition, data: { is: 'holder', name: holder.field('name').text } }
          : undefined;
      const name = definition.field('name');
      return { at: name, data: { is: 'function', name: name.text, logic: logicIn(definition, given.complexity) } };
    },
    class_definition(definition, file, given) {
      if (layerOf(file, given) !== 'routes' || baseName(file) === '__init__.py') return undefined;
      if (file.enclosingFunction(definition) || file.enclosingClass(definition)) return undefined;
      const name = definition.field('name');
      // Decorated and so named classes hold handlers.
      if (
        file.decorators(definition).length > 0 ||
        /(?:Router|Routes|Controller|Views?|API|Endpoints?)$/.test(name.text)
      )
        return undefined;
      return { at: name, data: { is: 'class', name: name.text, logic: undefined } };
    },
    call(call, file, given) {
      if (layerOf(file, given) !== 'routes') return undefined;
      const handler = addedRoute(file, call)?.handler;
      return handler && { at: call, data: { is: 'endpoint', name: handler.field('name').text } };
    },
  },
  file(facts) {
    const endpoints = new Set(facts.flatMap(({ data }) => (data.is === 'endpoint' ? [data.name] : [])));
    const holders = new Set(facts.flatMap(({ data }) => (data.is === 'holder' ? [data.name] : [])));
    return facts.flatMap(({ at, data }) => {
      if (data.is === 'endpoint' || data.is === 'holder' || (data.is === 'class' && holders.has(data.name))) return [];
      if (data.is === 'function' && endpoints.has(data.name))
        return data.logic === undefined ? [] : [{ at, message: handlerMessage(data.name, data.logic) }];
      const where = data.is === 'function' ? 'a service or to the dependencies' : 'the layer it belongs to';
      return [
        {
          at,
          message: `The ${data.is} \`${data.name}\` stands in a route file, which is for handlers; move it to ${where}.`,
        },
      ];
    });
  },
});

function handlerMessage(name: string, logic: string): string {
  return `The handler \`${name}\` ${logic}; move the logic to a service.`;
}

/** What of a handler is more than a handler should do; undefined when nothing is. */
function logicIn(definition: TypedNode<'function_definition'>, allowed: number): string | undefined {
  const own = definition.belowOutside(notOwn, 'for_statement', 'while_statement', 'if_statement');
  const reasons: string[] = [];
  if (own.some(isLoop)) reasons.push('holds a loop');
  if (own.some((node) => node.is('if_statement') && isNested(node, definition))) reasons.push('has nested branches');
  const complexity = complexityOf(definition);
  if (complexity > allowed) reasons.push(`has a complexity of ${complexity} where ${allowed} is allowed`);
  if (reasons.length < 2) return reasons[0];
  return `${reasons.slice(0, -1).join(', ')} and ${reasons.at(-1)}`;
}

const notOwn = ['function_definition', 'lambda', 'class_definition'] as const;

/** A loop that takes a request's body apart piece by piece is HTTP. */
function isLoop(statement: Node): boolean {
  if (statement.is('while_statement')) return !/\.(?:read|receive\w*)\(/.test(statement.field('condition').text);
  return statement.is('for_statement');
}

function isNested(statement: Node, definition: Node): boolean {
  const outer = statement.above('if_statement', 'function_definition');
  return outer?.is('if_statement') === true && definition.contains(outer);
}

/** Whether a router has a function by a decorator that is no route: websockets, events, exception handlers. */
function isRegistered(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  return (
    routesOf(file, definition).length > 0 ||
    file.decorators(definition).some((decorator) => {
      const callee = decorator.is('call') ? decorator.field('function') : decorator;
      return callee.is('attribute') && registering.test(callee.field('attribute').text);
    })
  );
}

const registering =
  /^(?:get|put|post|delete|options|head|patch|trace|api_route|route|websocket|websocket_route|on_event|exception_handler|middleware)$/;
