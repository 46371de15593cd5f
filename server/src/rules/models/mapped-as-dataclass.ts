import {
  ancestryOf,
  classesOf,
  defineRule,
  definitionOf,
  type Edit,
  type Fix,
  mappedAttributes,
  mappingDecorator,
  type Node,
  py,
  type SourceFile,
  sqlalchemyName,
  type TypedNode,
  withoutAll,
  withoutDataclassArguments,
  withoutUnusedImport,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR201',
  name: 'mapped-as-dataclass',
  family: 'models',
  severity: 'error',
  standards: ['production'],
  summary: 'A model is mapped as a dataclass',
  advice: 'Inherit from a plain `DeclarativeBase`',
  why: 'A model that is a dataclass has a generated `__init__` in which every relationship is a parameter, so that two models which point at each other cannot be made or even imported in any order; and each class has to repeat `init=False` where the database makes the value. A plain declarative model takes keyword arguments and has none of this.',
  fix: 'unsafe',
  fixSafety:
    'The generated `__init__`, `__repr__` and `__eq__` go: models are then made with keyword arguments only, and defaults are set on insert.',
  requirements: ['000-011'],
  peers: [],
  mentions: ['MappedAsDataclass', 'mapped_as_dataclass'],
  examples: [
    {
      bad: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship


        class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
        #          ^^^^^^^^^^^^^^^^^ GR201 unsafe: \`Base\` maps its models as dataclasses through \`MappedAsDataclass\`; inherit from a plain \`DeclarativeBase\`.
            pass


        class User(Base, repr=False):
        #          ^^^^ GR201 none: \`User\` is mapped as a dataclass through \`Base\`; inherit from a plain \`DeclarativeBase\`.
            __tablename__ = "user"

            id: Mapped[int] = mapped_column(init=False, primary_key=True, repr=False)
            name: Mapped[str] = mapped_column(default_factory=str, init=False)
            team: Mapped["Team | None"] = relationship("Team", default=None, init=False)
      `,
      good: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "user"

            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str] = mapped_column(default=str)
            team: Mapped["Team | None"] = relationship("Team")
      `,
    },
    {
      bad: py`
        from sqlalchemy.orm import Mapped, mapped_column, registry

        reg = registry()


        @reg.mapped_as_dataclass(init=False)
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR201 unsafe: \`User\` is mapped as a dataclass by \`@reg.mapped_as_dataclass\`; map it with \`@reg.mapped\`.
        class User:
            __tablename__ = "user"

            id: Mapped[int] = mapped_column(
                primary_key=True,
                init=False,
            )
      `,
      good: py`
        from sqlalchemy.orm import Mapped, mapped_column, registry

        reg = registry()


        @reg.mapped
        class User:
            __tablename__ = "user"

            id: Mapped[int] = mapped_column(
                primary_key=True,
            )
      `,
    },
    {
      bad: py`
        import sqlalchemy.orm as so


        class Stamped(so.MappedAsDataclass):
        #             ^^^^^^^^^^^^^^^^^^^^ GR201 unsafe
            pass


        class Named(so.MappedAsDataclass, Stamped):
        #           ^^^^^^^^^^^^^^^^^^^^ GR201 none
        #                                 ^^^^^^^ GR201 none
            name: so.Mapped[str] = so.mapped_column(init=False)
      `,
      good: py`
        import sqlalchemy.orm as so


        class Stamped:
            pass


        class Named(Stamped):
            name: so.Mapped[str] = so.mapped_column()
      `,
    },
    {
      ok: py`
        from dataclasses import dataclass

        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "user"
            id: Mapped[int] = mapped_column(primary_key=True)


        @dataclass
        class Point:
            x: int
      `,
    },
    {
      ok: py`
        from app.mapping import MappedAsDataclass, reg


        class Base(MappedAsDataclass):
            pass


        class mapper:
            def mapped_as_dataclass(self, cls):
                return cls


        @mapper.mapped_as_dataclass
        class User:
            pass
      `,
    },
  ],
  on: {
    class_definition(definition, file) {
      const superclasses = definition.field('superclasses');
      const name = definition.field('name').text;
      const bases = (superclasses?.namedChildren ?? []).flatMap((base) => {
        if (!base.is('identifier', 'attribute')) return [];
        if (sqlalchemyName(file, base) === 'MappedAsDataclass')
          return [
            {
              at: base,
              message: `\`${name}\` maps its models as dataclasses through \`${base.text}\`; inherit from a plain \`DeclarativeBase\`.`,
              fix: () => withoutBase(file, definition, base),
            },
          ];
        const inner = definitionOf(file, base);
        return inner?.is('class_definition') && ancestryOf(file, inner).dataclass
          ? [
              {
                at: base,
                message: `\`${name}\` is mapped as a dataclass through \`${base.text}\`; inherit from a plain \`DeclarativeBase\`.`,
              },
            ]
          : [];
      });
      const decorators = file.decorators(definition).flatMap((decorator) => {
        const callee = calleeOf(decorator);
        if (!callee.text.includes('mapped_as_dataclass') && !callee.is('identifier')) return [];
        if (mappingDecorator(file, callee) !== 'mapped_as_dataclass') return [];
        const mapped = callee.is('attribute') ? `${callee.field('object').text}.mapped` : undefined;
        const plain = mapped && sqlalchemyName(file, callee) === undefined ? mapped : undefined;
        const advice = plain
          ? `map it with \`@${plain}\``
          : 'map it with `registry.mapped`, or inherit from a plain `DeclarativeBase`';
        return [
          {
            at: decorator.parent ?? decorator,
            message: `\`${name}\` is mapped as a dataclass by \`@${callee.text}\`; ${advice}.`,
            fix: (): Fix | undefined => {
              const models = plain && plainModels(file, definition, decorator);
              if (!models) return undefined;
              const edit = { start: decorator.start, end: decorator.end, text: plain };
              return { title: `Map with \`@${plain}\``, safety: 'unsafe', edits: [edit, ...models] };
            },
          },
        ];
      });
      return [...decorators, ...bases];
    },
  },
});

function withoutBase(file: SourceFile, definition: TypedNode<'class_definition'>, base: Node): Fix | undefined {
  const models = plainModels(file, definition, base);
  if (!models) return undefined;
  const unused = base.is('identifier') ? withoutUnusedImport(file, base.text, [base]) : [];
  return { title: `Remove \`${base.text}\``, safety: 'unsafe', edits: [...models, ...unused] };
}

/**
 * The edits that make a class and those derived from it plain models once `source`, the base or decorator that made them
 * dataclasses, is gone: dataclass options of the class statement and dataclass arguments of columns would be errors then.
 * A class that is a dataclass for another reason too keeps them until the last reason goes; so that reasons go one by
 * one, only the first in the file is taken.
 */
function plainModels(file: SourceFile, definition: TypedNode<'class_definition'>, source: Node): Edit[] | undefined {
  const classes = classesOf(file);
  const edits: Edit[] = [];
  for (const candidate of classes) {
    const isSource = candidate === definition;
    if (!isSource && !ancestryOf(file, candidate).dataclass) continue;
    if (ancestryOf(file, candidate, source).dataclass) {
      if (classes.flatMap((other) => sourcesOf(file, other)).some((other) => other.start < source.start))
        return undefined;
      if (isSource) edits.push(...withoutArguments(candidate, [source]));
      continue;
    }
    const options = (candidate.field('superclasses')?.namedChildren ?? []).filter(
      (argument) => argument.is('keyword_argument') && dataclassOptions.has(argument.field('name').text),
    );
    edits.push(...withoutArguments(candidate, isSource ? [source, ...options] : options));
    for (const { call, construct } of mappedAttributes(file, candidate))
      if (call && (construct === 'mapped_column' || construct === 'relationship'))
        edits.push(...withoutDataclassArguments(call, construct));
  }
  return edits;
}

/** The bases and decorators by which a class itself says that it is mapped as a dataclass. */
function sourcesOf(file: SourceFile, definition: TypedNode<'class_definition'>): Node[] {
  const bases = definition.field('superclasses')?.namedChildren ?? [];
  return [
    ...bases.filter((base) => sqlalchemyName(file, base) === 'MappedAsDataclass'),
    ...file
      .decorators(definition)
      .filter((decorator) => mappingDecorator(file, calleeOf(decorator)) === 'mapped_as_dataclass'),
  ];
}

function calleeOf(decorator: Node): Node {
  return decorator.is('call') ? decorator.field('function') : decorator;
}

function withoutArguments(definition: TypedNode<'class_definition'>, removed: readonly Node[]): Edit[] {
  const list = definition.field('superclasses');
  if (!list || removed.length === 0) return [];
  const items = list.namedChildren;
  if (items.length > 0 && items.every((item) => removed.includes(item)))
    return [{ start: list.start, end: list.end, text: '' }];
  return withoutAll(removed, items);
}

/** What `MappedAsDataclass` takes as options of the class statement (SQLAlchemy 2.0). */
const dataclassOptions = new Set([
  'init',
  'repr',
  'eq',
  'order',
  'unsafe_hash',
  'match_args',
  'kw_only',
  'dataclass_callable',
]);
