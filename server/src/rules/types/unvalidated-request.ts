import {
  defineRule,
  isTestFile,
  type Node,
  namesInType,
  py,
  qualifiedType,
  readType,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

type Definition = TypedNode<'function_definition'>;

export default defineRule({
  code: 'GR306',
  name: 'unvalidated-request',
  family: 'types',
  severity: 'error',
  standards: ['production', 'flow', 'backend'],
  summary: 'A request body is used as it came in, without validation through a schema',
  advice: 'Take a Pydantic model as parameter, or pass the data to `Model.model_validate`',
  why: 'What a client sends is anything at all. Read by hand, a missing key is an internal error instead of a 422, a wrong type travels into the database, and the OpenAPI document shows no body. A schema in the signature validates, documents and types it in one line.',
  fix: 'none',
  requirements: [
    '000-007',
    '001-006',
    '001-108',
    '002-043',
    '002-069',
    '002-080',
    '004-059',
    '004-074',
    '004-075',
    '004-079',
    '004-080',
    '004-162',
  ],
  peers: [],
  mentions: ['request'],
  calls: () => [...readers],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter, Request

        router = APIRouter()

        @router.post("/orders")
        async def create_order(request: Request) -> Order:
            data = await request.json()
            #      ^^^^^^^^^^^^^^^^^^^^ GR306 none: The result of \`request.json()\` is used without validation; take a schema as parameter or pass it to \`model_validate\`.
            return await orders.create(data["item"], data.get("count", 1))
      `,
    },
    {
      bad: py`
        from starlette.requests import Request as Incoming

        async def login(incoming: "Incoming") -> Token:
            form = await incoming.form()
            #      ^^^^^^^^^^^^^^^^^^^^^ GR306 none
            return issue(form["name"])

        async def upload(incoming: Incoming) -> None:
            await store.put((await incoming.body()))
            #                ^^^^^^^^^^^^^^^^^^^^^ GR306 none
      `,
    },
    {
      ok: py`
        from fastapi import Request

        async def create_order(request: Request) -> Order:
            data = await request.json()
            order = OrderCreate(**data)
            return await orders.create(order)

        async def update_order(request: Request) -> Order:
            return await orders.update(OrderUpdate.model_validate(await request.json()))

        async def replace_orders(request: Request) -> list[Order]:
            raw = await request.body()
            rows = json.loads(raw)
            return [OrderUpdate(**row) for row in rows["orders"]]
      `,
    },
    {
      ok: py`
        from fastapi import Request
        from pydantic import TypeAdapter

        adapter = TypeAdapter(list[int])

        async def numbers(request: Request) -> int:
            values = adapter.validate_json(await request.body())
            return sum(values)
      `,
    },
    {
      ok: py`
        import hmac
        from fastapi import Request

        async def webhook(request: Request) -> None:
            payload = await request.body()
            expected = hmac.new(KEY, payload, "sha256").hexdigest()
            if not hmac.compare_digest(expected, request.headers["X-Signature"]):
                raise Forbidden
            await queue.put(payload)

        async def stripe_webhook(request: Request) -> None:
            payload = await request.body()
            event = stripe.Webhook.construct_event(payload, request.headers["Stripe-Signature"], SECRET)
            await queue.put(event.id)
      `,
    },
    {
      ok: py`
        from fastapi import Request

        async def raw_body(request: Request) -> bytes:
            return await request.body()

        async def log_requests(request: Request, call_next: Handler) -> Response:
            body = await request.body()
            logger.info("%d bytes", len(body))
            return await call_next(request)

        async def keep(request: Request) -> None:
            await request.body()
      `,
    },
    {
      // Middleware by its class, and a function that makes a schema of the body.
      ok: py`
        from fastapi import Request
        from starlette.middleware.base import BaseHTTPMiddleware

        class AuditMiddleware(BaseHTTPMiddleware):
            async def _details(self, request: Request) -> str:
                body = await request.body()
                return body.decode("utf-8")

        @router.put("/settings")
        async def save(request: Request) -> Settings:
            changes = _parse_put_body(await request.body())
            return await store(changes)
      `,
    },
    {
      ok: py`
        from httpx import AsyncClient
        from requests import Request

        async def fetch(client: AsyncClient, request: Request) -> str:
            response = await client.get("/orders")
            data = response.json()
            body = await request.json()
            return data["id"]
      `,
    },
    {
      ok: py`
        from fastapi import Request

        async def validation_failed(request: Request, exc: RequestValidationError) -> Response:
            body = await request.json()
            logger.warning("%s", body)
            return problem(exc)
      `,
    },
  ],
  on: {
    call(call, file) {
      const method = call.field('function');
      if (!method.is('attribute') || !readers.has(method.field('attribute').text)) return undefined;
      const object = method.field('object');
      if (!object.is('identifier')) return undefined;
      const definition = file.enclosingFunction(call);
      if (!definition?.is('function_definition') || !isRequest(file, object)) return undefined;
      if (isMiddleware(file, definition)) return undefined;
      const result = call.parent?.is('await') ? call.parent : call;
      const fate = follow(result, definition, file);
      if (fate !== 'used') return undefined;
      return {
        at: result,
        message: `The result of \`${object.text}.${method.field('attribute').text}()\` is used without validation; take a schema as parameter or pass it to \`model_validate\`.`,
      };
    },
  },
});

const readers = new Set(['json', 'form', 'body']);
const requests = new Set(['fastapi.Request', 'fastapi.requests.Request', 'starlette.requests.Request']);

function isRequest(file: SourceFile, object: Node): boolean {
  const binding = file.binding(object);
  if (binding?.kind !== 'parameter' || !binding.annotation) return false;
  return namesInType(readType(file, binding.annotation)).some((name) => requests.has(qualifiedType(file, name) ?? ''));
}

/** Middleware and exception handlers see requests of every kind; they are no place for a schema. */
function isMiddleware(file: SourceFile, definition: Definition): boolean {
  const owner = file.enclosingClass(definition);
  if (owner && /Middleware$/.test(owner.field('name').text)) return true;
  return definition
    .field('parameters')
    .namedChildren.some((parameter) =>
      /^(call_next\b|handler\s*:.*Callable|[a-z_]+\s*:\s*"?[\w.]*(Exception|Error)\b)/.test(parameter.text),
    );
}

/**
 * What becomes of a value: `validated` when it, or something taken from it, reaches a schema or a check of a signature;
 * `passed` when it is only handed back or thrown away; else `used`.
 */
function follow(value: Node, definition: Definition, file: SourceFile): 'used' | 'validated' | 'passed' {
  const names = new Set<string>();
  let isUsed = false;
  const pending: Node[] = [value];
  const body = definition.field('body');
  const identifiers = body.below('identifier');
  for (let node = pending.pop(); node; node = pending.pop()) {
    const end = destination(node, body, file);
    if (end.kind === 'validated') return 'validated';
    if (end.kind === 'used') isUsed = true;
    for (const target of end.targets) {
      if (names.has(target)) continue;
      names.add(target);
      for (const identifier of identifiers)
        if (identifier.text === target && isRead(identifier)) pending.push(identifier);
    }
  }
  return isUsed || (!isRoute(definition) ? false : isReturned(value)) ? 'used' : 'passed';
}

interface Destination {
  readonly kind: 'used' | 'validated' | 'kept';
  /** Names that now hold the value or something made of it. */
  readonly targets: readonly string[];
}

/** Climbs from a value to its statement: through a validating call, into a name, or into some use. */
function destination(value: Node, body: Node, file: SourceFile): Destination {
  let node = value;
  let isUsed = false;
  for (let parent = node.parent; parent && parent !== body; parent = node.parent) {
    const child = node;
    node = parent;
    if (parent.is('call') && child.isField('arguments')) {
      if (isValidating(parent.field('function'), file)) return { kind: 'validated', targets: [] };
      if (isHarmless(parent.field('function'), file)) return { kind: 'kept', targets: [] };
      isUsed = true;
      continue;
    }
    if (parent.is('subscript', 'attribute', 'comparison_operator', 'binary_operator')) isUsed = true;
    if (parent.is('augmented_assignment')) return { kind: 'used', targets: [] };
    if (parent.is('named_expression')) return { kind: isUsed ? 'used' : 'kept', targets: [parent.field('name').text] };
    if (parent.is('assignment')) {
      const left = parent.field('left');
      if (left === child) return { kind: 'used', targets: [] };
      const targets = left.is('identifier') ? [left] : left.below('identifier');
      if (left.is('subscript', 'attribute')) return { kind: 'used', targets: [] };
      return { kind: isUsed ? 'used' : 'kept', targets: targets.map((target) => target.text) };
    }
    if (parent.is('for_statement', 'for_in_clause') && child.isField('right')) {
      const left = parent.field('left');
      const targets = left.is('identifier') ? [left] : left.below('identifier');
      return { kind: 'used', targets: targets.map((target) => target.text) };
    }
    if (parent.is('as_pattern')) {
      const target = parent.namedChildren.at(-1);
      return { kind: 'kept', targets: target && target !== child ? [target.text] : [] };
    }
    if (parent.is('return_statement', 'expression_statement')) return { kind: isUsed ? 'used' : 'kept', targets: [] };
    if (parent.is('match_statement', 'if_statement', 'while_statement'))
      return { kind: isUsed ? 'used' : 'kept', targets: [] };
  }
  return { kind: isUsed ? 'used' : 'kept', targets: [] };
}

/** Whether an identifier reads its name: not an attribute's, a keyword's or a target's. */
function isRead(identifier: Node): boolean {
  const { parent } = identifier;
  if (parent?.is('attribute')) return identifier.isField('object');
  if (parent?.is('keyword_argument')) return identifier.isField('value');
  if (parent?.is('assignment')) return !identifier.isField('left');
  return true;
}

/** A schema's class or one of its methods, a `TypeAdapter`, a check of a signature, or anything that says it validates. */
function isValidating(callee: Node, file: SourceFile): boolean {
  const text = callee.text.slice(0, 200);
  const last = callee.is('attribute') ? callee.field('attribute').text : text;
  if (/^_*[A-Z]\w*[a-z]/.test(last)) return !/(Response|Exception|Error)$/.test(last);
  if (validators.test(last)) return true;
  if (callee.is('subscript')) return /^_*[A-Z]/.test(text);
  if (callee.is('attribute')) {
    const object = callee.field('object');
    const owner = object.is('attribute') ? object.field('attribute') : object;
    if (owner.is('call')) return /^_*[A-Z]/.test(owner.field('function').text) && last === 'load';
    if (owner.is('identifier') && /^_*[A-Z]\w*[a-z]/.test(owner.text)) return true;
  }
  const root = (file.qualified(callee) ?? text).split('.')[0] ?? '';
  return root === 'hmac' || root === 'hashlib' || root === 'cattrs';
}

const validators =
  /valid|verif|hmac|signature|digest|construct_event|^parse_(obj|raw|obj_as|model)|^_*parse_(\w+_)?(body|payload|request)$|^from_(dict|json|request)$|^de_json$|^structure$|schema/i;

/** Calls that look at a value without taking data from it. */
function isHarmless(callee: Node, file: SourceFile): boolean {
  const last = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  if (callee.is('attribute') && logging.has(last) && /log/i.test(callee.field('object').text)) return true;
  return ['builtins.len', 'builtins.print', 'builtins.bool', 'builtins.isinstance'].includes(
    file.qualified(callee) ?? '',
  );
}

const logging = new Set(['debug', 'info', 'warning', 'error', 'exception', 'critical', 'log']);

function isReturned(value: Node): boolean {
  return value.above('return_statement') !== undefined;
}

/** Whether a decorator makes the function a route. */
function isRoute(definition: Definition): boolean {
  const decorated = definition.parent;
  if (!decorated?.is('decorated_definition')) return false;
  return decorated.namedChildren.some((decorator) => {
    const call = decorator.is('decorator') ? decorator.firstNamed : undefined;
    const callee = call?.is('call') ? call.field('function') : undefined;
    return callee?.is('attribute') === true && routeMethods.has(callee.field('attribute').text);
  });
}

const routeMethods = new Set(['get', 'post', 'put', 'patch', 'delete', 'api_route', 'route']);
