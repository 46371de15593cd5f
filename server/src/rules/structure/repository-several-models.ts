import { z } from 'zod';
import { databaseQuery, defineRule, layerOf, layoutOptions, py, queryCalls } from '../../engine/index.ts';

/** The class of a repository, or a model that one of its methods queries. */
interface Data {
  readonly repository: string;
  readonly model: string | undefined;
}

const options = z.strictObject({
  ...layoutOptions,
  aggregates: z
    .array(z.array(z.string().min(1)))
    .default([])
    .meta({
      description:
        'Models that are stored together, each list by its names: `[["Cart", "Voucher"]]`. A model whose name begins with the name of another (`OrderLine` and `Order`) belongs to it without being listed.',
    }),
});

export default defineRule<typeof options, Data>({
  code: 'GR837',
  name: 'repository-several-models',
  family: 'structure',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A repository that queries more than one model',
  advice: 'Give each model a repository of its own, or list the models as one aggregate',
  why: 'A repository is found by the model it stores. When one of them queries two, the second model has two places that read and write it, with two ideas of what is loaded and which rows are visible. Models that only exist together are one aggregate, and then one repository for them is right.',
  fix: 'none',
  requirements: ['004-072'],
  peers: [],
  options,
  calls: queryCalls,
  applies: (file, options) => layerOf(file, options) === 'repositories',
  examples: [
    {
      bad: py`
        from sqlalchemy import func, select

        from src.models import Invoice, User
        from src.models.audit import AuditEntry


        class UserRepository:
            # ^^^^^^^^^^^^^^ GR837 none: \`UserRepository\` queries \`User\`, \`Invoice\` and \`AuditEntry\`; give each model a repository of its own.
            async def get(self, user_id):
                return await self._session.get(User, user_id)

            async def invoices(self, user_id):
                return await self._session.scalars(select(Invoice).where(Invoice.user_id == user_id))

            async def trail(self):
                return await self._session.scalar(select(func.count(AuditEntry.id)))
      `,
      path: 'src/repositories/user_repository.py',
    },
    {
      ok: py`
        from sqlalchemy import select

        from src.models import Order, OrderLine, User


        class OrderRepository:
            async def get(self, order_id):
                query = select(Order).join(User).where(User.id.in_(select(User.id)))
                return await self._session.scalar(query)

            async def lines(self, order_id):
                return await self._session.scalars(select(OrderLine))


        class UserRepository:
            async def get(self, user_id):
                return await self._session.get(User, user_id)
      `,
      path: 'src/repositories/order_repository.py',
    },
    {
      ok: py`
        from sqlalchemy import select


        class CartRepository:
            async def get(self):
                return await self._session.scalar(select(Cart)), await self._session.scalar(select(Voucher))
      `,
      path: 'src/repositories/cart_repository.py',
      options: { aggregates: [['Cart', 'Voucher']] },
    },
    {
      ok: py`
        from sqlalchemy import select


        class BaseRepository:
            async def list(self):
                return await self._session.scalars(select(self._model)), await self._session.get(self._other, 1)
      `,
      path: 'src/repositories/base.py',
    },
    {
      ok: py`
        from sqlalchemy import select


        class Reports:
            async def load(self):
                return await self._session.scalar(select(User)), await self._session.scalar(select(Order))
      `,
      path: 'src/services/reports.py',
    },
  ],
  collect: {
    class_definition(definition, file) {
      if (file.enclosingFunction(definition)) return undefined;
      const name = definition.field('name');
      return { at: name, data: { repository: name.text, model: undefined } };
    },
    call(call, file) {
      const model = databaseQuery(file, call)?.model;
      const owner = model && file.enclosingClass(call);
      if (!owner) return undefined;
      const name = model.is('attribute') ? model.field('attribute').text : model.text;
      return { at: call, data: { repository: owner.field('name').text, model: name } };
    },
  },
  file(facts, _file, { aggregates }) {
    const models = new Map<string, string[]>();
    for (const { data } of facts) {
      if (data.model === undefined) continue;
      const known = models.get(data.repository) ?? [];
      models.set(data.repository, known);
      if (!known.includes(data.model)) known.push(data.model);
    }
    return facts.flatMap(({ at, data }) => {
      const queried = models.get(data.repository) ?? [];
      if (data.model !== undefined || rootsOf(queried, aggregates).size < 2) return [];
      const names = queried.map((name) => `\`${name}\``);
      const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
      return [{ at, message: `\`${data.repository}\` queries ${list}; give each model a repository of its own.` }];
    });
  },
});

/** One name for each aggregate that the models belong to. */
function rootsOf(models: readonly string[], aggregates: readonly (readonly string[])[]): Set<string> {
  return new Set(
    models.map((model) => {
      const listed = aggregates.find((names) => names.includes(model));
      if (listed) return listed[0] ?? model;
      const owners = models.filter(
        (other) => other !== model && model.startsWith(other) && /^[A-Z]/.test(model.slice(other.length)),
      );
      return owners.sort((a, b) => a.length - b.length)[0] ?? model;
    }),
  );
}
