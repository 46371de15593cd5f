import {
  ancestryOf,
  argumentsOf,
  attributeOf,
  constructOf,
  defineRule,
  definitionOf,
  isMigration,
  type MappedAttribute,
  type Node,
  py,
  relationshipTarget,
  type SourceFile,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR203',
  name: 'relationship-target-string',
  family: 'models',
  severity: 'error',
  standards: ['production'],
  summary: 'A relationship is given its target class instead of the class’s name',
  advice: 'Write the target as a string: `relationship("User")`',
  why: 'A class as target must exist when the module is imported, so two models that point at each other cannot live in two modules without an import cycle. A name is looked up when all models are loaded, in whatever order that happened.',
  fix: 'safe',
  requirements: ['000-016'],
  peers: [],
  mentions: ['elationship'],
  calls: ['relationship'],
  examples: [
    {
      bad: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, relationship

        from app.models.user import User as Person


        class Base(DeclarativeBase):
            pass


        class Address(Base):
            __tablename__ = "address"
            city: Mapped["City"] = relationship("City")


        class Account(Base):
            __tablename__ = "account"
            owner: Mapped[Person] = relationship(Person, back_populates="accounts")
        #                                        ^^^^^^ GR203 safe: \`relationship(Person)\` needs the class when this module is imported; name it, \`"User"\`.
            address = relationship(back_populates="account", argument=Address)
        #                                                             ^^^^^^^ GR203 safe: \`relationship(Address)\` needs the class when this module is imported; name it, \`"Address"\`.
      `,
      good: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, relationship

        from app.models.user import User as Person


        class Base(DeclarativeBase):
            pass


        class Address(Base):
            __tablename__ = "address"
            city: Mapped["City"] = relationship("City")


        class Account(Base):
            __tablename__ = "account"
            owner: Mapped[Person] = relationship("User", back_populates="accounts")
            address = relationship(back_populates="account", argument="Address")
      `,
    },
    {
      bad: py`
        from sqlalchemy import orm

        from app import models


        class Account(models.Base):
            owner = orm.relationship(models.User)
        #                            ^^^^^^^^^^^ GR203 safe: \`relationship(models.User)\` needs the class when this module is imported; name it, \`"User"\`.
      `,
      good: py`
        from sqlalchemy import orm

        from app import models


        class Account(models.Base):
            owner = orm.relationship("User")
      `,
    },
    {
      bad: py`
        from sqlalchemy.orm import DeclarativeBase, relationship


        class Base(DeclarativeBase):
            pass


        class ArchiveBase(DeclarativeBase):
            pass


        class Letter(ArchiveBase):
            __tablename__ = "letter"


        class Account(Base):
            __tablename__ = "account"
            letters = relationship(Letter)
        #                          ^^^^^^ GR203 none: \`relationship(Letter)\` needs the class when this module is imported; name it, \`"Letter"\`.
      `,
    },
    {
      ok: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, relationship

        from app.models.user import User, user_alias


        class Base(DeclarativeBase):
            pass


        def target() -> type[Base]:
            return User


        recent = aliased(User)
        Recent = aliased(User)


        class Account(Base):
            owner: Mapped[User] = relationship()
            author: Mapped["User"] = relationship("User")
            editor = relationship(lambda: User)
            reader = relationship(target)
            recent = relationship(recent, viewonly=True)
            newest = relationship(Recent, viewonly=True)
            other = relationship(user_alias, viewonly=True)
            any = relationship(*arguments)
      `,
    },
    {
      ok: py`
        from sqlmodel import Relationship, SQLModel

        from app.graph import relationship
        from app.models.user import User


        class Account(SQLModel, table=True):
            owner: User = Relationship(back_populates="accounts")
            edge = relationship(User)
      `,
    },
    {
      ok: py`
        from sqlalchemy.orm import declared_attr, relationship


        class Owned:
            target_class = None

            @declared_attr
            def owner(cls):
                return relationship(cls.target_class)


        def link(User):
            return relationship(User)
      `,
    },
    {
      // A revision is what was done to the database; it is not changed afterwards.
      path: 'alembic/versions/2024_add_users.py',
      ok: py`
        from sqlalchemy.orm import DeclarativeBase, relationship

        class Base(DeclarativeBase):
            pass

        class User(Base):
            __tablename__ = "user"

        class Post(Base):
            __tablename__ = "post"
            user = relationship(User)
      `,
    },
  ],
  on: {
    call(call, file) {
      if (constructOf(file, call) !== 'relationship') return undefined;
      const given = argumentsOf(call);
      const argument = given.hasSplat ? undefined : given.at(0, 'argument');
      if (!argument?.is('identifier', 'attribute') || isMigration(file)) return undefined;
      const target = relationshipTarget(file, call);
      if (target?.form !== 'class' || !isClass(file, argument, target.name)) return undefined;
      return {
        at: argument,
        message: `\`relationship(${argument.text})\` needs the class when this module is imported; name it, \`"${target.name}"\`.`,
        fix: () =>
          isFoundByName(file, argument, attributeOf(file, call))
            ? {
                title: `Name the target: \`"${target.name}"\``,
                safety: 'safe',
                edits: [{ start: argument.start, end: argument.end, text: `"${target.name}"` }],
              }
            : undefined,
      };
    },
  },
});

/**
 * A class of the file is one; of what is imported, a name in capitalised words is taken for one. An alias that
 * `aliased()` made is no class and has no name in the registry.
 */
function isClass(file: SourceFile, argument: Node, name: string): boolean {
  const made = definitionOf(file, argument);
  if (made) return made.is('class_definition');
  const first = argument.is('identifier') ? argument : argument.below('identifier')[0];
  return (
    first !== undefined && file.binding(first)?.kind === 'import' && /^_?[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$/.test(name)
  );
}

/** Whether the registry that the relationship's class belongs to knows the target by its name. */
function isFoundByName(file: SourceFile, argument: Node, attribute: MappedAttribute | undefined): boolean {
  const made = definitionOf(file, argument);
  if (!made?.is('class_definition')) return true;
  if (!attribute) return false;
  const there = ancestryOf(file, made);
  const here = ancestryOf(file, attribute.owner);
  if ([...there.registries].some((registry) => here.registries.has(registry))) return true;
  // A mixin belongs to whatever takes it in.
  return there.registries.size > 0 && here.registries.size === 0;
}
