import { z } from 'zod';
import {
  defineRule,
  type Finding,
  isInLayerPackage,
  type LayoutOptions,
  layerOf,
  layoutOptions,
  madeBy,
  type Node,
  py,
  type SourceFile,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR836',
  name: 'logic-in-repository',
  family: 'structure',
  severity: 'information',
  standards: ['backend'],
  summary: 'A repository that decides by business values or calls a service',
  advice: 'Move the decision to the service; the repository reads and writes',
  why: 'Repositories create, read, update and delete, and can be trusted to do just that. A rule about orders that hides in one applies to some writes and not to others, cannot be tested without a database, and is not found by whoever looks for it among the services. A repository that calls a service turns the layers upside down.',
  fix: 'none',
  requirements: ['004-069'],
  peers: [],
  options: z.strictObject(layoutOptions),
  applies: (file, options) => layerOf(file, options) === 'repositories',
  examples: [
    {
      bad: py`
        from src.models.order import Order, OrderStatus
        from src.services.mail_service import MailService, send_receipt


        class OrderRepository:
            def __init__(self, session, mails: MailService):
                self._session = session
                self._mails = mails

            async def save(self, order: Order):
                if order.total > 100:
                ^^^^^^^^^^^^^^^^^^^^ GR836 none: The repository decides by \`order.total\`; move the decision to the service.
                    order.discount = 5
                elif order.status is OrderStatus.PAID and order.customer.country in ("CH", "LI"):
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR836 none: The repository decides by \`order.status\`; move the decision to the service.
                    send_receipt(order)
                    ^^^^^^^^^^^^^^^^^^^ GR836 none: The repository calls the service \`send_receipt\`; let the service call both.
                await self._mails.order_saved(order)
                #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR836 none: The repository calls the service \`self._mails.order_saved\`; let the service call both.
                await self.invoice_service.create(order)
                #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR836 none
      `,
      path: 'src/repositories/order_repository.py',
    },
    {
      ok: py`
        from sqlalchemy import select
        from sqlalchemy.exc import IntegrityError

        from src.models.order import Order


        class OrderRepository:
            async def search(self, filters, order_by="created", limit=20):
                query = select(Order)
                if filters.status is not None:
                    query = query.where(Order.status == filters.status)
                if filters.order == "desc":
                    query = query.order_by(Order.created.desc())
                if order_by == "total":
                    query = query.order_by(Order.total)
                if limit > 100:
                    limit = 100
                if self._session.bind.dialect.name == "postgresql":
                    query = query.with_for_update()
                result = await self._session.execute(query)
                if result.rowcount == 0 or not result or len(result) == 1:
                    return None
                return result

            async def delete(self, order_id):
                order = await self._session.get(Order, order_id)
                if order is None or order.deleted_at is not None:
                    return False
                if not order.lines:
                    await self._session.delete(order)
                try:
                    await self._session.flush()
                except IntegrityError as error:
                    if error.orig.sqlstate == "23505":
                        raise ConflictError from error
                return True
      `,
      path: 'src/repositories/order_repository.py',
    },
    {
      ok: py`
        from src.services.mail_service import send_receipt


        class OrderService:
            async def save(self, order):
                if order.total > 100:
                    order.discount = 5
                await send_receipt(order)
      `,
      path: 'src/services/order_service.py',
    },
    {
      ok: py`
        from google.cloud.services import build


        class FileRepository:
            def load(self, service):
                return build("drive").files()
      `,
      path: 'src/repositories/file_repository.py',
    },
  ],
  on: {
    if_statement(statement, file) {
      return branch(statement, statement.field('condition'), file);
    },
    elif_clause(clause, file) {
      return branch(clause, clause.field('condition'), file);
    },
    call(call, file, options) {
      const callee = call.field('function');
      if (!callee.is('identifier', 'attribute') || !isOfService(file, callee, options)) return undefined;
      return { at: call, message: `The repository calls the service \`${callee.text}\`; let the service call both.` };
    },
  },
});

function branch(statement: Node, condition: Node, file: SourceFile): Finding | undefined {
  const comparisons = condition.is('comparison_operator') ? [condition] : condition.below('comparison_operator');
  for (const comparison of comparisons) {
    const [left, right, ...others] = comparison.namedChildren;
    if (!left || !right || others.length > 0) continue;
    const value =
      isBusinessValue(left, file) && isFixed(right)
        ? left
        : isBusinessValue(right, file) && isFixed(left)
          ? right
          : undefined;
    if (value)
      return {
        at: { start: statement.start, end: condition.end },
        message: `The repository decides by \`${value.text}\`; move the decision to the service.`,
      };
  }
  return undefined;
}

/** An attribute of something that is stored: not of the repository, a filter, an error or what the database answers. */
function isBusinessValue(expression: Node, file: SourceFile): boolean {
  if (!expression.is('attribute') || technical.test(expression.field('attribute').text)) return false;
  let object: Node = expression.field('object');
  for (; object.is('attribute'); object = object.field('object'))
    if (asked.test(object.field('attribute').text)) return false;
  if (!object.is('identifier') || asked.test(object.text) || /^[A-Z]/.test(object.text)) return false;
  return !file.bindings(object).some((binding) => binding.kind === 'import' || binding.by.is('except_clause'));
}

const technical =
  /^_|^(?:name|rowcount|errno|code|pgcode|sqlstate|args|message|dialect|driver|key|keys|type|kind|returns_rows|in_transaction|is_active|limit|offset|page|per_page|size|count|length|shape|ndim|order|order_by|sort|sort_by|sort_order|direction|status_code|operator|op)$/;
const asked =
  /^(?:self|cls|e|ex|exc|err|error|exception|settings|config|filters?|\w*_filters?|params?|\w*_params|query|\w*_query|criteria|criterion|spec\w*|search|pagination|paging|page|options?|sort\w*|order_?by|ordering|request|result|results|response|cursor|column|field|relationship|mapper|inspector|orig|bind|session|db|engine|connection|conn|dialect|dtype|statement|stmt)$/;

/** A value that somebody decided on: a literal that is no placeholder, a member of an enum, a constant. */
function isFixed(expression: Node): boolean {
  if (expression.is('string')) return true;
  if (expression.is('integer', 'float')) return !/^[01]$/.test(expression.text);
  if (expression.is('attribute'))
    return (
      /^[A-Z][A-Z_\d]*$/.test(expression.field('attribute').text) &&
      /^(?:\w+\.)*[A-Z]\w*$/.test(expression.field('object').text)
    );
  if (expression.is('identifier')) return /^[A-Z][A-Z\d]*_[A-Z_\d]+$/.test(expression.text);
  if (expression.is('tuple', 'list', 'set', 'parenthesized_expression'))
    return expression.namedChildren.length > 0 && expression.namedChildren.every(isFixed);
  return false;
}

/** Whether a call goes to a service: a function or class of `services`, or an object that is one. */
function isOfService(file: SourceFile, callee: Node, options: LayoutOptions): boolean {
  const qualified = file.qualified(callee);
  const isService = (name: string | undefined): boolean =>
    name !== undefined && isInLayerPackage(name, 'services', options);
  if (qualified !== undefined) return isService(qualified);
  if (!callee.is('attribute')) return false;
  const object = callee.field('object');
  if (object.is('attribute') && object.field('object').text === 'self') {
    const name = object.field('attribute').text;
    return /^_*\w+_service$/.test(name) || isService(madeBy(file, object) ?? injected(file, object, name));
  }
  return object.is('identifier') && isService(madeBy(file, object));
}

/** What `__init__` takes under the name that a member has. */
function injected(file: SourceFile, member: Node, name: string): string | undefined {
  const owner = file.enclosingClass(member);
  const [made] = owner ? file.classBindings(owner, '__init__') : [];
  if (!made?.by.is('function_definition')) return undefined;
  const wanted = name.replace(/^_+/, '');
  for (const parameter of made.by.field('parameters').namedChildren) {
    if (!parameter.is('typed_parameter', 'typed_default_parameter')) continue;
    const [first] = parameter.namedChildren;
    const type = parameter.field('type').firstNamed;
    if (first?.text === wanted && type?.is('identifier', 'attribute')) return file.qualified(type);
  }
  return undefined;
}
