import {
  ancestryOf,
  attributeOf,
  constructOf,
  dataclassArgumentsOf,
  defineRule,
  py,
  withoutDataclassArgument,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR204',
  name: 'dataclass-column-argument',
  family: 'models',
  severity: 'error',
  standards: ['production'],
  summary: 'A dataclass argument in a column or relationship of a model that is no dataclass',
  advice: 'Drop it; write `default=` or `server_default=` for a default',
  why: 'Arguments such as `init=` and `default_factory=` steer the `__init__` that a dataclass generates. In a plain declarative model there is none, and SQLAlchemy refuses the class when its module is imported.',
  fix: 'mixed',
  fixSafety:
    'A column’s `default` is called when the row is inserted, not when the object is made; until then the attribute is `None`.',
  requirements: ['000-017'],
  peers: [],
  mentions: ['mapped_column', 'elationship'],
  calls: ['mapped_column', 'relationship'],
  examples: [
    {
      bad: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "user"

            id: Mapped[int] = mapped_column(init=False, primary_key=True)
        #                                   ^^^^^^^^^^ GR204 safe: \`init=\` belongs to dataclasses, and \`User\` is not mapped as one; drop it.
            key: Mapped[str] = mapped_column(
                unique=True,
                repr=False,
        #       ^^^^^^^^^^ GR204 safe: \`repr=\` belongs to dataclasses, and \`User\` is not mapped as one; drop it.
            )
            tags: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
        #                                                 ^^^^^^^^^^^^^^^^^^^^ GR204 unsafe: \`default_factory=\` belongs to dataclasses, and \`User\` is not mapped as one; write \`default=list\`.
            posts: Mapped[list["Post"]] = relationship(default_factory=list)
        #                                              ^^^^^^^^^^^^^^^^^^^^ GR204 unsafe: \`default_factory=\` belongs to dataclasses, and \`User\` is not mapped as one; drop it.
      `,
      good: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "user"

            id: Mapped[int] = mapped_column(primary_key=True)
            key: Mapped[str] = mapped_column(
                unique=True,
            )
            tags: Mapped[list[str]] = mapped_column(JSON, default=list)
            posts: Mapped[list["Post"]] = relationship()
      `,
    },
    {
      bad: py`
        from sqlalchemy import orm

        Base = orm.declarative_base()


        class User(Base):
            name: orm.Mapped[str] = orm.mapped_column(init=False, kw_only=True, compare=False)
        #                                             ^^^^^^^^^^ GR204 safe
        #                                                         ^^^^^^^^^^^^ GR204 safe
        #                                                                       ^^^^^^^^^^^^^ GR204 safe
      `,
      good: py`
        from sqlalchemy import orm

        Base = orm.declarative_base()


        class User(Base):
            name: orm.Mapped[str] = orm.mapped_column()
      `,
    },
    {
      ok: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, registry


        class Base(MappedAsDataclass, DeclarativeBase):
            pass


        class User(Base):
            id: Mapped[int] = mapped_column(init=False, primary_key=True)


        mapper_registry = registry()


        @mapper_registry.mapped_as_dataclass
        class Account:
            id: Mapped[int] = mapped_column(init=False, primary_key=True)
      `,
    },
    {
      ok: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

        from app.database import Base, mapper


        class User(Base):
            id: Mapped[int] = mapped_column(init=False, primary_key=True)


        class Stamped:
            id: Mapped[int] = mapped_column(init=False)


        class Own(DeclarativeBase):
            pass


        @mapper
        class Account(Own):
            id: Mapped[int] = mapped_column(init=False)
      `,
    },
    {
      ok: py`
        from dataclasses import field

        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class User(Base):
            id: Mapped[int] = mapped_column(primary_key=True, default=None, insert_default=1)
            other = field(init=False)
      `,
    },
  ],
  on: {
    call(call, file) {
      const construct = constructOf(file, call);
      if (construct !== 'mapped_column' && construct !== 'relationship') return undefined;
      const found = dataclassArgumentsOf(call);
      if (found.length === 0) return undefined;
      const attribute = attributeOf(file, call);
      if (!attribute) return undefined;
      const { root, complete, dataclass } = ancestryOf(file, attribute.owner);
      if (dataclass || !complete || root !== 'declarative') return undefined;
      const model = attribute.owner.field('name').text;
      return found.map((argument) => {
        const name = argument.field('name').text;
        const { edit, replacement } = withoutDataclassArgument(call, construct, argument);
        return {
          at: argument,
          message: `\`${name}=\` belongs to dataclasses, and \`${model}\` is not mapped as one; ${replacement === undefined ? 'drop it' : `write \`${replacement}\``}.`,
          fix: () => ({
            title: replacement === undefined ? `Remove \`${name}=\`` : `Write \`${replacement}\``,
            safety: name === 'default_factory' ? 'unsafe' : 'safe',
            edits: [edit],
          }),
        };
      });
    },
  },
});
