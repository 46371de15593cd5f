import {
  ancestryOf,
  argumentsOf,
  attributeOf,
  type CallArguments,
  defineRule,
  definitionOf,
  type Edit,
  type Fix,
  isMappedClass,
  isMigration,
  joinInsertions,
  type MappedAttribute,
  mappedAnnotation,
  type Node,
  py,
  type SourceFile,
  spellAll,
  sqlalchemyName,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR206',
  name: 'legacy-column',
  family: 'models',
  severity: 'warning',
  standards: ['production', 'architecture', 'backend'],
  summary: 'A model declares a column by `Column` instead of `Mapped` and `mapped_column`',
  advice: 'Write `name: Mapped[str] = mapped_column(…)`',
  why: 'An attribute that holds a `Column` has no type that a checker knows: on the class it is an expression, on an object a value, and nobody sees whether it may be `None`. `Mapped[…]` says all of it, and `mapped_column` reads it.',
  fix: 'unsafe',
  fixSafety:
    'The annotation is concluded from the column’s type; code that keeps other values in the column has to be looked at.',
  requirements: ['000-013', '001-008', '004-083'],
  peers: [],
  mentions: ['Column'],
  calls: ['Column'],
  examples: [
    {
      bad: py`
        from sqlalchemy import JSON, Boolean, Column, DateTime, Enum, ForeignKey, Integer, Numeric, String
        from sqlalchemy.orm import DeclarativeBase

        from app.kinds import Kind


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "user"

            id = Column(Integer, primary_key=True)
        #        ^^^^^^ GR206 unsafe: \`id\` is a \`Column\` without a type for its values; declare \`id: Mapped[int] = mapped_column(…)\`.
            name = Column("user_name", String(50), nullable=False)
        #          ^^^^^^ GR206 unsafe: \`name\` is a \`Column\` without a type for its values; declare \`name: Mapped[str] = mapped_column(…)\`.
            team_id = Column(Integer, ForeignKey("team.id"))
        #             ^^^^^^ GR206 unsafe: \`team_id\` is a \`Column\` without a type for its values; declare \`team_id: Mapped[int | None] = mapped_column(…)\`.
            active: bool = Column(Boolean(), nullable=False, default=True)
        #                  ^^^^^^ GR206 unsafe
            made = Column(
        #          ^^^^^^ GR206 unsafe
                DateTime(timezone=True),  # UTC
                nullable=False,
            )
            kind = Column(Enum(Kind))
        #          ^^^^^^ GR206 unsafe
            price = Column(Numeric(10, 2), nullable=False)
        #           ^^^^^^ GR206 unsafe
            tags = Column(JSON, nullable=False, default=list)
        #          ^^^^^^ GR206 unsafe
      `,
      good: py`
        from sqlalchemy import JSON, Boolean, Column, DateTime, Enum, ForeignKey, Integer, Numeric, String
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

        from app.kinds import Kind
        from datetime import datetime
        from decimal import Decimal


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "user"

            id: Mapped[int] = mapped_column(Integer, primary_key=True)
            name: Mapped[str] = mapped_column("user_name", String(50), nullable=False)
            team_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("team.id"))
            active: Mapped[bool] = mapped_column(Boolean(), nullable=False, default=True)
            made: Mapped[datetime] = mapped_column(
                DateTime(timezone=True),  # UTC
                nullable=False,
            )
            kind: Mapped[Kind | None] = mapped_column(Enum(Kind))
            price: Mapped[Decimal] = mapped_column(Numeric(10, 2), nullable=False)
            tags: Mapped[list[object]] = mapped_column(JSON, nullable=False, default=list)
      `,
    },
    {
      target: '3.9',
      bad: py`
        import sqlalchemy as sa


        class Stamped:
            note = sa.Column(sa.Text)
        #          ^^^^^^^^^ GR206 unsafe: \`note\` is a \`Column\` without a type for its values; declare \`note: Mapped[Optional[str]] = mapped_column(…)\`.
            data = sa.Column(sa.JSON, nullable=False)
        #          ^^^^^^^^^ GR206 unsafe
      `,
      good: py`
        import sqlalchemy as sa
        from sqlalchemy.orm import Mapped, mapped_column
        from typing import Optional


        class Stamped:
            note: Mapped[Optional[str]] = mapped_column(sa.Text)
            data: Mapped[dict[str, object]] = mapped_column(sa.JSON, nullable=False)
      `,
    },
    {
      bad: py`
        from sqlalchemy import Column, Date, ForeignKey, Integer
        from sqlalchemy.dialects.postgresql import UUID
        from sqlalchemy.orm import Mapped

        from app.types import Money


        class Invoice(Base):
            amount = Column(Money, nullable=False)
        #            ^^^^^^ GR206 none: \`amount\` is a \`Column\` without a type for its values; declare \`amount: Mapped[…] = mapped_column(…)\`.
            owner_id = Column(ForeignKey("user.id"))
        #              ^^^^^^ GR206 none
            state = Column(Integer, nullable=OPTIONAL)
        #           ^^^^^^ GR206 none
            other = Column(Integer, **common)
        #           ^^^^^^ GR206 none
            date = Column(Date)
        #          ^^^^^^ GR206 none: \`date\` is a \`Column\` without a type for its values; declare \`date: Mapped[datetime.date | None] = mapped_column(…)\`.
            key = Column(UUID(as_uuid=True), nullable=False)
        #         ^^^^^^ GR206 none: \`key\` is a \`Column\` without a type for its values; declare \`key: Mapped[uuid.UUID] = mapped_column(…)\`.
            count: Mapped[int] = Column(Integer)
        #                        ^^^^^^ GR206 unsafe: \`count\` is a \`Column\`; declare it by \`mapped_column(…)\`.
      `,
      good: py`
        from sqlalchemy import Column, Date, ForeignKey, Integer
        from sqlalchemy.dialects.postgresql import UUID
        from sqlalchemy.orm import Mapped, mapped_column

        from app.types import Money


        class Invoice(Base):
            amount = Column(Money, nullable=False)
            owner_id = Column(ForeignKey("user.id"))
            state = Column(Integer, nullable=OPTIONAL)
            other = Column(Integer, **common)
            date = Column(Date)
            key = Column(UUID(as_uuid=True), nullable=False)
            count: Mapped[int] = mapped_column(Integer)
      `,
    },
    {
      ok: py`
        from sqlalchemy import Column, ForeignKey, Integer, Table
        from sqlalchemy.orm import Mapped, column_property, mapped_column

        links = Table("links", Base.metadata, Column("a", ForeignKey("a.id")), Column("b", Integer))
        key = Column(Integer)


        class User(Base):
            id: Mapped[int] = mapped_column(Integer, primary_key=True)
            name: Mapped[str] = column_property(Column(Integer))
            __table_args__ = (Column("x", Integer),)

            def column(self) -> Column[int]:
                made = Column(Integer)
                return made
      `,
    },
    {
      ok: py`
        from rich.table import Column
        from sqlmodel import Field, SQLModel
        from sqlalchemy import Column as SqlColumn, Integer


        class Report:
            total = Column(header="Total")


        class Hero(SQLModel, table=True):
            id: int = Field(sa_column=SqlColumn(Integer, primary_key=True))
      `,
    },
    {
      ok: py`
        from enum import Enum

        from sqlalchemy import Column, Integer


        class Columns(Enum):
            ID = Column("id", Integer)
      `,
    },
    {
      // A revision is what was done to the database; it is not changed afterwards.
      path: 'alembic/versions/2024_add_users.py',
      ok: py`
        from sqlalchemy import Column, Integer
        from sqlalchemy.orm import DeclarativeBase

        class Base(DeclarativeBase):
            pass

        class User(Base):
            __tablename__ = "user"
            id = Column(Integer, primary_key=True)
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('identifier', 'attribute') || sqlalchemyName(file, callee) !== 'Column') return undefined;
      const attribute = attributeOf(file, call);
      if (!attribute?.statement.is('assignment') || isMigration(file)) return undefined;
      const { owner, name } = attribute;
      if (!isModelOrMixin(file, owner)) return undefined;
      if (mappedAnnotation(file, attribute.annotation))
        return {
          at: callee,
          message: `\`${name}\` is a \`Column\`; declare it by \`mapped_column(…)\`.`,
          fix: () => withMappedColumn(file, callee),
        };
      const type = valueType(file, call);
      const inner = type?.told(file, callee);
      const told = inner === undefined ? '…' : type?.optional ? optional(file, inner, 'Optional') : inner;
      return {
        at: callee,
        message: `\`${name}\` is a \`Column\` without a type for its values; declare \`${name}: Mapped[${told}] = mapped_column(…)\`.`,
        fix: () => (type ? withAnnotation(file, attribute, callee, type) : undefined),
      };
    },
  },
});

/** A class that is neither mapped nor derived from something else may be a mixin; enumerations and schemas are not. */
function isModelOrMixin(file: SourceFile, owner: TypedNode<'class_definition'>): boolean {
  if (isMappedClass(file, owner) !== false) return true;
  return (owner.field('superclasses')?.namedChildren ?? []).every((base) => {
    const made = definitionOf(file, base);
    return (
      file.qualified(base) === 'builtins.object' ||
      (made?.is('class_definition') === true && isModelOrMixin(file, made))
    );
  });
}

function withMappedColumn(file: SourceFile, callee: Node): Fix | undefined {
  const spelled = spellAll(file, [['sqlalchemy.orm', 'mapped_column']], callee);
  const [text] = spelled?.texts ?? [];
  if (!spelled || text === undefined) return undefined;
  return {
    title: `Declare by \`${text}\``,
    safety: 'unsafe',
    edits: [{ start: callee.start, end: callee.end, text }, ...spelled.edits],
  };
}

/** The annotated declaration; nothing in a dataclass, whose `__init__` would gain a parameter. */
function withAnnotation(file: SourceFile, attribute: MappedAttribute, callee: Node, type: ValueType): Fix | undefined {
  const { statement, owner } = attribute;
  if (!statement.is('assignment') || ancestryOf(file, owner).dataclass) return undefined;
  const value = type.spell(file, callee);
  if (!value) return undefined;
  const older = type.optional && !file.targets('3.10');
  const names: [string, string][] = [
    ['sqlalchemy.orm', 'Mapped'],
    ['sqlalchemy.orm', 'mapped_column'],
  ];
  if (older) names.push(['typing', 'Optional']);
  const spelled = spellAll(file, names, callee);
  const [mapped, mappedColumn, maybe = ''] = spelled?.texts ?? [];
  if (!spelled || mapped === undefined || mappedColumn === undefined) return undefined;
  const inner = type.optional ? optional(file, value.text, maybe) : value.text;
  const left = statement.field('left');
  const annotation = statement.field('type');
  return {
    title: `Declare \`${attribute.name}: ${mapped}[${inner}]\``,
    safety: 'unsafe',
    edits: [
      { start: left.end, end: annotation?.end ?? left.end, text: `: ${mapped}[${inner}]` },
      { start: callee.start, end: callee.end, text: mappedColumn },
      ...joinInsertions([...spelled.edits, ...value.edits]),
    ],
  };
}

function optional(file: SourceFile, name: string, spelling: string): string {
  return file.targets('3.10') ? `${name} | None` : `${spelling}[${name}]`;
}

/** The Python type of a column's values: how it reads, and how to write it at a place with its imports. */
interface ValueType {
  readonly told: (file: SourceFile, at: Node) => string;
  readonly optional: boolean;
  readonly spell: (
    file: SourceFile,
    at: Node,
  ) => { readonly text: string; readonly edits: readonly Edit[] } | undefined;
}

/** What a column's values are, when its type and whether it may be null are stated plainly. */
function valueType(file: SourceFile, call: TypedNode<'call'>): ValueType | undefined {
  const given = argumentsOf(call);
  if (given.hasSplat || given.hasDoubleSplat || !given.list.is('argument_list')) return undefined;
  const nullable = nullability(given);
  const type = typeArgument(file, given);
  const found = type && pythonType(file, type, given.keyword('default'));
  if (nullable === undefined || !found) return undefined;
  return { ...found, optional: nullable };
}

/** `nullable` as `Column` concludes it: stated, or the opposite of `primary_key`; an `Identity` is never null. */
function nullability(given: CallArguments): boolean | undefined {
  const stated = given.keyword('nullable');
  if (stated) return stated.is('true') ? true : stated.is('false') ? false : undefined;
  const key = given.keyword('primary_key');
  if (key && !key.is('true', 'false')) return undefined;
  const identity = given.positional.some(
    (argument) => argument.is('call') && /\bIdentity$/.test(argument.field('function').text),
  );
  return !(key?.is('true') || identity);
}

/** The type of a column: `type_`, or the first argument, or the second behind a name. */
function typeArgument(file: SourceFile, given: CallArguments): Node | undefined {
  const stated = given.keyword('type_');
  if (stated) return stated;
  const [first, second] = given.positional;
  const type = first && stringValue(first) !== undefined ? second : first;
  const name = type && sqlalchemyName(file, type.is('call') ? type.field('function') : type);
  return name !== undefined && !schemaItems.has(name) ? type : undefined;
}

function pythonType(file: SourceFile, type: Node, initial?: Node): Omit<ValueType, 'optional'> | undefined {
  const callee = type.is('call') ? type.field('function') : type;
  const qualified = file.qualified(callee) ?? '';
  const name = sqlalchemyName(file, callee);
  if (name === undefined || !typeHomes.test(qualified)) return undefined;
  const given = type.is('call') ? argumentsOf(type) : undefined;
  if (given?.hasSplat || given?.hasDoubleSplat) return undefined;
  const inMysql = qualified.includes('.mysql.');
  if (name === 'Enum' || name === 'ENUM') return enumType(file, given);
  if (name === 'ARRAY') {
    const item = given?.at(0, 'item_type');
    const inner = item && given?.keyword('dimensions') === undefined ? pythonType(file, item) : undefined;
    return inner && file.targets('3.9') ? listOf(inner) : undefined;
  }
  if (name === 'JSON' || name === 'JSONB') {
    if (!file.targets('3.9')) return undefined;
    const isList = initial && (initial.is('list') || file.qualified(initial) === 'builtins.list');
    return isList ? builtin('list', 'list[object]') : builtin('dict', 'dict[str, object]');
  }
  if (decimals.has(name) || (floats.has(name) && !inMysql)) {
    const stated = given?.keyword('asdecimal');
    if (stated && !stated.is('true', 'false')) return undefined;
    const isDecimal = stated ? stated.is('true') : decimals.has(name);
    return isDecimal ? imported('decimal', 'Decimal') : builtin('float');
  }
  if (name === 'Uuid' || name === 'UUID') {
    const stated = given?.keyword('as_uuid');
    if (stated && !stated.is('true', 'false')) return undefined;
    return stated?.is('false') ? builtin('str') : imported('uuid', 'UUID');
  }
  if (name === 'Interval' || name === 'INTERVAL') {
    if (given?.keyword('native')) return undefined;
    return imported('datetime', 'timedelta');
  }
  const plain = plainTypes.get(name);
  if (plain !== undefined) return builtin(plain);
  const moment = moments.get(name);
  return moment === undefined ? undefined : imported('datetime', moment);
}

/** `Enum(Kind)` holds members of the class; `Enum("a", "b")` holds strings. */
function enumType(file: SourceFile, given: CallArguments | undefined): Omit<ValueType, 'optional'> | undefined {
  const [first, ...others] = given?.positional ?? [];
  if (!first) return undefined;
  if ([first, ...others].every((value) => stringValue(value) !== undefined)) return builtin('str');
  if (others.length > 0 || !first.is('identifier', 'attribute')) return undefined;
  const root = first.is('identifier') ? first : first.below('identifier')[0];
  const binding = root && file.binding(root);
  const isClass = binding?.kind === 'class' || (binding?.kind === 'import' && /(?:^|\.)[A-Z]\w*$/.test(first.text));
  return isClass ? { told: () => first.text, spell: () => ({ text: first.text, edits: [] }) } : undefined;
}

function builtin(name: string, text: string = name): Omit<ValueType, 'optional'> {
  const names = text.match(/[a-z]+/g) ?? [name];
  return {
    told: () => text,
    // A column of the class or a name of the module may be called as the type is.
    spell: (file, at) => (names.some((part) => file.bindings(at, part).length > 0) ? undefined : { text, edits: [] }),
  };
}

function imported(module: string, member: string): Omit<ValueType, 'optional'> {
  const path = `${module}.${member}`;
  return {
    // The name alone may be something else there: SQLAlchemy's `UUID`, the module `datetime`.
    told: (file, at) => (file.bindings(at, member).every(({ target }) => target === path) ? member : path),
    spell: (file, at) => {
      const spelled = spellAll(file, [[module, member]], at);
      const [text] = spelled?.texts ?? [];
      return spelled && text !== undefined ? { text, edits: spelled.edits } : undefined;
    },
  };
}

function listOf(inner: Omit<ValueType, 'optional'>): Omit<ValueType, 'optional'> {
  return {
    told: (file, at) => `list[${inner.told(file, at)}]`,
    spell: (file, at) => {
      const item = inner.spell(file, at);
      if (!item || file.bindings(at, 'list').length > 0) return undefined;
      return { text: `list[${item.text}]`, edits: item.edits };
    },
  };
}

/** Modules whose types have the values that the standard types of the name have. */
const typeHomes = /^(?:sqlmodel|sqlalchemy(?:\.types|\.sql\.sqltypes|\.dialects\.(?:postgresql|mysql|sqlite))?)\.\w+$/;
const schemaItems = new Set(['ForeignKey', 'Sequence', 'Computed', 'Identity', 'CheckConstraint', 'FetchedValue']);
const decimals = new Set(['Numeric', 'NUMERIC', 'DECIMAL']);
const floats = new Set(['Float', 'FLOAT', 'REAL', 'Double', 'DOUBLE', 'DOUBLE_PRECISION']);
const moments = new Map([
  ['DateTime', 'datetime'],
  ['DATETIME', 'datetime'],
  ['TIMESTAMP', 'datetime'],
  ['Date', 'date'],
  ['DATE', 'date'],
  ['Time', 'time'],
  ['TIME', 'time'],
]);
const plainTypes = new Map([
  ...['Integer', 'BigInteger', 'SmallInteger', 'INTEGER', 'INT', 'BIGINT', 'SMALLINT', 'MEDIUMINT'].map(
    (name) => [name, 'int'] as const,
  ),
  ...['String', 'Text', 'Unicode', 'UnicodeText', 'VARCHAR', 'NVARCHAR', 'CHAR', 'NCHAR', 'TEXT', 'CLOB', 'CITEXT'].map(
    (name) => [name, 'str'] as const,
  ),
  ...['TINYTEXT', 'MEDIUMTEXT', 'LONGTEXT'].map((name) => [name, 'str'] as const),
  ...['LargeBinary', 'BLOB', 'BINARY', 'VARBINARY', 'BYTEA'].map((name) => [name, 'bytes'] as const),
  ...['Boolean', 'BOOLEAN'].map((name) => [name, 'bool'] as const),
]);
