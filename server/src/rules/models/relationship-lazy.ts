import { z } from 'zod';
import {
  appended,
  argumentsOf,
  attributeOf,
  constructOf,
  defineRule,
  type Fact,
  type Finding,
  isMigration,
  mappedAnnotation,
  type Node,
  py,
  relationshipTarget,
  type SourceFile,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

const strategies = [
  'select',
  'joined',
  'selectin',
  'subquery',
  'raise',
  'raise_on_sql',
  'noload',
  'immediate',
  'write_only',
  'dynamic',
] as const;

const options = z.strictObject({
  required: z
    .enum(strategies)
    .default('select')
    .meta({ description: 'The loader strategy that every relationship must state.' }),
  allow: z.array(z.enum(strategies)).default([]).meta({
    description: 'Strategies that may be stated instead, such as `raise` or `selectin` for asynchronous sessions.',
  }),
});

/** What one relationship tells the file: an edge between models, and its fault. Offsets count from the call's start. */
interface Relation {
  /** The functions around the class, since equal names in different functions are different models. */
  readonly scope: string;
  readonly owner: string | undefined;
  readonly target: string | undefined;
  /** The relationship makes its counterpart too, by `backref`. */
  readonly both: boolean;
  readonly fault: Fault | undefined;
}

interface Fault {
  readonly callee: string;
  /** What is stated, as it is written; undefined when nothing is. */
  readonly stated: string | undefined;
  readonly safe: boolean;
  readonly edits: readonly { readonly from: number; readonly to: number; readonly text: string }[];
}

export default defineRule<typeof options, Relation>({
  code: 'GR202',
  name: 'relationship-lazy',
  family: 'models',
  severity: 'warning',
  standards: ['production'],
  summary: 'A relationship does not state the loader strategy that the team agreed on',
  advice: 'State `lazy="select"` and load eagerly with query options',
  why: 'How a relationship loads decides how many queries a request makes and whether two models that point at each other load each other for ever. When the strategy is stated on every relationship, nobody has to know the default, and an eager one cannot slip into a cycle unseen; queries that need more say so with loader options.',
  fix: 'mixed',
  fixSafety:
    'Another loader strategy changes when related rows are loaded; under an `AsyncSession`, loading on access raises `MissingGreenlet`.',
  requirements: ['000-012', '000-015'],
  peers: [],
  options,
  mentions: ['elationship'],
  calls: ['relationship', 'Relationship'],
  examples: [
    {
      bad: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class Author(Base):
            __tablename__ = "author"

            id: Mapped[int] = mapped_column(primary_key=True)
            books: Mapped[list["Book"]] = relationship("Book", back_populates="author")
        #                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR202 safe: \`relationship()\` to \`Book\` states no \`lazy\`; write \`lazy="select"\`. The models form a cycle: \`Author\` → \`Book\` → \`Author\`.


        class Book(Base):
            __tablename__ = "book"

            id: Mapped[int] = mapped_column(primary_key=True)
            author: Mapped["Author"] = relationship(back_populates="books", lazy="joined")
        #                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR202 unsafe: \`relationship()\` to \`Author\` states \`lazy="joined"\`; write \`lazy="select"\`. The models form a cycle: \`Book\` → \`Author\` → \`Book\`.
      `,
      good: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class Author(Base):
            __tablename__ = "author"

            id: Mapped[int] = mapped_column(primary_key=True)
            books: Mapped[list["Book"]] = relationship("Book", back_populates="author", lazy="select")


        class Book(Base):
            __tablename__ = "book"

            id: Mapped[int] = mapped_column(primary_key=True)
            author: Mapped["Author"] = relationship(back_populates="books", lazy="select")
      `,
    },
    {
      bad: py`
        from sqlalchemy import orm


        class Order(Base):
            lines: orm.Mapped[list["Line"]] = orm.relationship()
        #                                     ^^^^^^^^^^^^^^^^^^ GR202 safe: \`relationship()\` to \`Line\` states no \`lazy\`; write \`lazy="select"\`.
      `,
      good: py`
        from sqlalchemy import orm


        class Order(Base):
            lines: orm.Mapped[list["Line"]] = orm.relationship(lazy="select")
      `,
    },
    {
      bad: py`
        from sqlmodel import Field, Relationship, SQLModel


        class Hero(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            team: "Team" = Relationship(back_populates="heroes")
        #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR202 safe: \`Relationship()\` to \`Team\` states no \`lazy\`; write \`sa_relationship_kwargs={"lazy": "select"}\`.
      `,
      good: py`
        from sqlmodel import Field, Relationship, SQLModel


        class Hero(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            team: "Team" = Relationship(back_populates="heroes", sa_relationship_kwargs={"lazy": "select"})
      `,
    },
    {
      bad: py`
        from sqlalchemy.orm import Mapped, relationship


        class Account(Base):
            owner: Mapped["User"] = relationship("User", lazy="select")
        #                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR202 unsafe: \`relationship()\` to \`User\` states \`lazy="select"\`; write \`lazy="raise"\`.
            rows: Mapped[list["Row"]] = relationship(lazy="selectin")
      `,
      good: py`
        from sqlalchemy.orm import Mapped, relationship


        class Account(Base):
            owner: Mapped["User"] = relationship("User", lazy="raise")
            rows: Mapped[list["Row"]] = relationship(lazy="selectin")
      `,
      options: { required: 'raise', allow: ['selectin'] },
    },
    {
      ok: py`
        from sqlalchemy.orm import DynamicMapped, Mapped, WriteOnlyMapped, relationship


        class Account(Base):
            owner: Mapped["User"] = relationship("User", lazy="select")
            parent: Mapped["Account"] = relationship(lazy=True)
            entries: WriteOnlyMapped["Entry"] = relationship()
            events: DynamicMapped["Event"] = relationship("Event")
            notes: Mapped[list["Note"]] = relationship(lazy="write_only")
            audits = relationship("Audit", lazy="dynamic")
            files: Mapped[list["File"]] = relationship("File", **common)
            tags: Mapped[list["Tag"]] = relationship("Tag", lazy=STRATEGY)
      `,
    },
    {
      ok: py`
        from app.graph import relationship


        class Account:
            owner = relationship("User")
      `,
    },
    {
      path: 'alembic/versions/0a1b2c3d4e5f_accounts.py',
      ok: py`
        from sqlalchemy.orm import relationship


        class Account(Base):
            owner = relationship("User")
      `,
    },
    {
      ok: py`
        from sqlmodel import Relationship, SQLModel
        from sqlalchemy.orm import backref, relationship


        class Hero(SQLModel, table=True):
            team: "Team" = Relationship(sa_relationship_kwargs={"lazy": "select"})
            clan: "Clan" = Relationship(sa_relationship_kwargs=common)
            home: "Home" = Relationship(sa_relationship=relationship("Home", lazy="select", backref=backref("heroes", lazy="joined")))
      `,
    },
  ],
  collect: {
    call(call, file, { required, allow }) {
      const construct = constructOf(file, call);
      if (construct !== 'relationship' && construct !== 'Relationship') return undefined;
      if (isMigration(file)) return undefined;
      const attribute = attributeOf(file, call);
      const wrapper = mappedAnnotation(file, attribute?.annotation)?.wrapper ?? 'Mapped';
      const accepted = new Set<string>([required, ...allow, 'write_only', 'dynamic']);
      const fault =
        wrapper !== 'Mapped'
          ? undefined
          : construct === 'relationship'
            ? relationshipFault(call, required, accepted)
            : sqlmodelFault(file, call, required, accepted);
      const target = relationshipTarget(file, call, attribute)?.name;
      return {
        at: call,
        data: {
          scope: scopeOf(attribute?.owner),
          owner: attribute?.owner.field('name').text,
          target,
          both: argumentsOf(call).keywords.has('backref') && definesClass(file, call, target),
          fault,
        },
      };
    },
  },
  file: (facts, file, { required }) => findings(facts, file, required),
});

function findings(facts: readonly Fact<Relation>[], file: SourceFile, required: string): Finding[] {
  if (facts.every(({ data }) => !data.fault)) return [];
  const edges = edgesOf(facts);
  return facts.flatMap(({ at, data }) => {
    const { fault } = data;
    if (!fault) return [];
    const wanted =
      fault.callee === 'Relationship' ? `sa_relationship_kwargs={"lazy": "${required}"}` : `lazy="${required}"`;
    const problem = fault.stated === undefined ? 'states no `lazy`' : `states \`${fault.stated}\``;
    const cycle = cycleThrough(edges, data);
    const told = cycle ? ` The models form a cycle: ${cycle.map((name) => `\`${name}\``).join(' → ')}.` : '';
    return [
      {
        at,
        message: `\`${fault.callee}()\`${data.target ? ` to \`${data.target}\`` : ''} ${problem}; write \`${wanted}\`.${told}`,
        ...(cycle ? { severity: 'error' as const } : {}),
        fix: () => {
          if (fault.edits.length === 0) return undefined;
          const { eol } = file;
          return {
            title: fault.stated === undefined ? `Add \`${wanted}\`` : `Replace with \`lazy="${required}"\``,
            safety: fault.safe ? ('safe' as const) : ('unsafe' as const),
            edits: fault.edits.map(({ from, to, text }) => ({
              start: at.start + from,
              end: at.start + to,
              text: text.replaceAll('\n', eol),
            })),
          };
        },
      },
    ];
  });
}

/** Models and what their relationships lead to, in one scope of the file. Other files' models are the index's to add. */
function edgesOf(facts: readonly Fact<Relation>[]): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  const add = (scope: string, from: string, to: string): void => {
    const key = `${scope}/${from}`;
    const known = edges.get(key);
    if (known) known.add(to);
    else edges.set(key, new Set([to]));
  };
  for (const { data } of facts) {
    if (data.owner === undefined || data.target === undefined) continue;
    add(data.scope, data.owner, data.target);
    if (data.both) add(data.scope, data.target, data.owner);
  }
  return edges;
}

/** The shortest way from a relationship's owner over its target back to the owner. */
function cycleThrough(edges: ReadonlyMap<string, ReadonlySet<string>>, relation: Relation): string[] | undefined {
  const { owner, target, scope } = relation;
  if (owner === undefined || target === undefined) return undefined;
  const cameFrom = new Map<string, string | undefined>([[target, undefined]]);
  const queue = [target];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    if (name === owner) {
      const path: string[] = [];
      for (let step: string | undefined = name; step !== undefined; step = cameFrom.get(step)) path.unshift(step);
      return [owner, ...path];
    }
    for (const next of edges.get(`${scope}/${name}`) ?? []) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, name);
      queue.push(next);
    }
  }
  return undefined;
}

function definesClass(file: SourceFile, at: Node, name: string | undefined): boolean {
  return name !== undefined && file.bindings(at, name).some((binding) => binding.kind === 'class');
}

/** `\n` in the text of an edit stands for the file's line break. */
function relationshipFault(
  call: TypedNode<'call'>,
  required: string,
  accepted: ReadonlySet<string>,
): Fault | undefined {
  const given = argumentsOf(call);
  if (given.hasDoubleSplat || !given.list.is('argument_list')) return undefined;
  const lazy = given.keyword('lazy');
  const callee = 'relationship';
  if (!lazy)
    return {
      callee,
      stated: undefined,
      safe: required === 'select',
      edits: relative(call, appended(given.list, `lazy="${required}"`, '\n')),
    };
  const strategy = strategyOf(lazy);
  if (strategy === undefined || accepted.has(strategy)) return undefined;
  return {
    callee,
    stated: `lazy=${lazy.text}`,
    safe: false,
    edits: relative(call, [{ start: lazy.start, end: lazy.end, text: `"${required}"` }]),
  };
}

/** SQLModel hands `sa_relationship_kwargs` on; together with `sa_relationship` that is an error. */
function sqlmodelFault(
  file: SourceFile,
  call: TypedNode<'call'>,
  required: string,
  accepted: ReadonlySet<string>,
): Fault | undefined {
  const given = argumentsOf(call);
  if (given.hasDoubleSplat || given.keywords.has('sa_relationship') || !given.list.is('argument_list'))
    return undefined;
  const callee = 'Relationship';
  const passed = given.keyword('sa_relationship_kwargs');
  const safe = required === 'select';
  if (!passed || passed.is('none')) {
    const text = `{"lazy": "${required}"}`;
    const edits = passed
      ? [{ start: passed.start, end: passed.end, text }]
      : appended(given.list, `sa_relationship_kwargs=${text}`, '\n');
    return { callee, stated: undefined, safe, edits: relative(call, edits) };
  }
  if (passed.is('dictionary')) {
    if (passed.child('dictionary_splat')) return undefined;
    const pairs = passed.namedChildren;
    if (pairs.some((pair) => !pair.is('pair') || stringValue(pair.field('key')) === undefined)) return undefined;
    const lazy = pairs.find((pair) => pair.is('pair') && stringValue(pair.field('key')) === 'lazy');
    if (lazy?.is('pair')) return statedFault(call, callee, lazy.field('value'), `"lazy": ${lazy.field('value').text}`);
    return { callee, stated: undefined, safe, edits: relative(call, appended(passed, `"lazy": "${required}"`, '\n')) };
  }
  if (!passed.is('call') || file.qualified(passed.field('function')) !== 'builtins.dict') return undefined;
  const entries = argumentsOf(passed);
  if (entries.hasDoubleSplat || entries.positional.length > 0) return undefined;
  const lazy = entries.keyword('lazy');
  if (lazy) return statedFault(call, callee, lazy, `lazy=${lazy.text}`);
  return { callee, stated: undefined, safe, edits: relative(call, appended(entries.list, `lazy="${required}"`, '\n')) };

  function statedFault(call: TypedNode<'call'>, callee: string, value: Node, stated: string): Fault | undefined {
    const strategy = strategyOf(value);
    if (strategy === undefined || accepted.has(strategy)) return undefined;
    const edits = relative(call, [{ start: value.start, end: value.end, text: `"${required}"` }]);
    return { callee, stated, safe: false, edits };
  }
}

/** The loader strategy that a literal stands for (SQLAlchemy, `relationship.lazy`); undefined when it is no literal. */
function strategyOf(value: Node): string | undefined {
  if (value.is('true')) return 'select';
  if (value.is('false')) return 'joined';
  if (value.is('none')) return 'noload';
  return stringValue(value);
}

function relative(
  call: TypedNode<'call'>,
  edits: readonly { readonly start: number; readonly end: number; readonly text: string }[],
): Fault['edits'] {
  return edits.map(({ start, end, text }) => ({ from: start - call.start, to: end - call.start, text }));
}

/** The functions around a class, by name. */
function scopeOf(owner: Node | undefined): string {
  const names: string[] = [];
  for (let outer = owner?.above('function_definition'); outer; outer = outer.above('function_definition'))
    names.unshift(outer.field('name').text);
  return names.join('.');
}
