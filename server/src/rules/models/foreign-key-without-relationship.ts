import {
  argumentsOf,
  attributeOf,
  constructOf,
  defineRule,
  type Fact,
  isMappedClass,
  isMigration,
  isMigrationPath,
  isTestFile,
  py,
  relationshipTarget,
  type SourceFile,
  sqlalchemyName,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR230',
  name: 'foreign-key-without-relationship',
  family: 'models',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A foreign key that no relationship of its model uses',
  advice: 'Declare a `relationship()` beside the key',
  why: 'Without a relationship on the model that holds the key, whoever has one of its objects and needs the other writes the join or a second query by hand, each place in its own way. Where the other model has none either, eager loading, cascades and the order of inserts know nothing of the connection. A relationship of the other model counts when it stands in the same file; from another file, it leaves this model without the way back, so declare one here as well.',
  fix: 'none',
  requirements: ['004-090'],
  peers: [],
  mentions: ['ForeignKey', 'foreign_key'],
  calls: ['ForeignKey', 'relationship', 'Relationship', 'Field'],
  applies: (file) => !isTestFile(file) && !isMigrationPath(file),
  examples: [
    {
      bad: py`
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class Post(Base):
            __tablename__ = "post"

            id: Mapped[int] = mapped_column(primary_key=True)
            author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
            blog_id: Mapped[int] = mapped_column(ForeignKey("blog.id"))
        #                                        ^^^^^^^^^^^^^^^^^^^^^ GR230 none: \`blog_id\` points to \`blog\` but \`Post\` has no \`relationship()\` over it; declare one beside the key.
            author: Mapped["User"] = relationship()
            comments: Mapped[list["Comment"]] = relationship(back_populates="post")


        class User(Base):
            __tablename__ = "user"

            id: Mapped[int] = mapped_column(primary_key=True)
      `,
    },
    {
      bad: py`
        from sqlmodel import Field, SQLModel


        class Hero(SQLModel, table=True):
            id: int = Field(primary_key=True)
            team_id: int | None = Field(default=None, foreign_key="team.id")
        #                                             ^^^^^^^^^^^^^^^^^^^^^ GR230 none: \`team_id\` points to \`team\` but \`Hero\` has no \`relationship()\` over it; declare one beside the key.
      `,
    },
    {
      bad: py`
        from sqlalchemy import Column, ForeignKey, Integer
        from sqlalchemy.orm import declarative_base

        Base = declarative_base()


        class User(Base):
            __tablename__ = "user"
            id = Column(Integer, primary_key=True)


        class Post(Base):
            __tablename__ = "post"
            id = Column(Integer, primary_key=True)
            user_id = Column(Integer, ForeignKey(User.id))
            author_id = Column(Integer, ForeignKey("user.id"))
        #                               ^^^^^^^^^^^^^^^^^^^^^ GR230 none
            blog_id = Column(Integer, ForeignKey("blog.id"))
      `,
    },
    {
      ok: py`
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship


        class Base(DeclarativeBase):
            @declared_attr.directive
            def __tablename__(cls) -> str:
                return snake_case(cls.__name__)


        class BlockType(Base):
            id: Mapped[int] = mapped_column(primary_key=True)


        class BlockSchema(Base):
            id: Mapped[int] = mapped_column(primary_key=True)
            parent_id: Mapped[int] = mapped_column(ForeignKey("block_type.id"))
            parent: Mapped["BlockType"] = relationship(lazy="selectin")
      `,
    },
    {
      ok: py`
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import DeclarativeBase, Mapped, backref, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class Node(Base):
            __tablename__ = "nodes"

            id: Mapped[int] = mapped_column(primary_key=True)
            parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
            owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
            editor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
            place_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
            children: Mapped[list["Node"]] = relationship()
            owner: Mapped["User"] = relationship(foreign_keys=[owner_id])
            changed_by: Mapped["User"] = relationship("User", primaryjoin="Node.editor_id == User.id")


        class Place(Base):
            __tablename__ = "places"

            id: Mapped[int] = mapped_column(primary_key=True)
            nodes = relationship("Node", backref=backref("place"))
      `,
    },
    {
      bad: py`
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "users"

            id: Mapped[int] = mapped_column(primary_key=True)
            posts: Mapped[list["Post"]] = relationship(foreign_keys="Post.author_id")
            liked: Mapped[list["Like"]] = relationship(secondary="likes_of_users")


        class Post(Base):
            __tablename__ = "posts"

            id: Mapped[int] = mapped_column(primary_key=True)
            author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
            editor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
        #                                          ^^^^^^^^^^^^^^^^^^^^^^ GR230 none


        class Like(Base):
            __tablename__ = "likes"

            id: Mapped[int] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
        #                                        ^^^^^^^^^^^^^^^^^^^^^^ GR230 none
      `,
    },
    {
      // The model that the key points to holds the relationship.
      ok: py`
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class Notifier(Base):
            __tablename__ = "notifiers"

            id: Mapped[int] = mapped_column(primary_key=True)
            options: Mapped["NotifierOptions"] = relationship(uselist=False, cascade="all, delete-orphan")


        class NotifierOptions(Base):
            __tablename__ = "notifier_options"

            id: Mapped[int] = mapped_column(primary_key=True)
            notifier_id: Mapped[int] = mapped_column(ForeignKey("notifiers.id"))
      `,
    },
    {
      // Keys of an association or of joined inheritance, and keys that a mixin hands on.
      ok: py`
        from sqlalchemy import Column, ForeignKey, Table
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class Membership(Base):
            __tablename__ = "membership"

            user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
            team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), primary_key=True)


        class Owned:
            owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))


        links = Table("links", Base.metadata, Column("a", ForeignKey("a.id")))
      `,
    },
    {
      // The other model, elsewhere, may give this one its relationship by \`backref\`; the last one may be over the key.
      ok: py`
        from sqlalchemy import Column, ForeignKey, Integer
        from sqlalchemy.orm import Mapped, declarative_base, mapped_column, relationship

        Base = declarative_base()


        class Task(Base):
            __tablename__ = "task"
            id = Column(Integer, primary_key=True)
            incident_id = Column(Integer, ForeignKey("incident.id"))


        class Post(Base):
            __tablename__ = "post"
            id: Mapped[int] = mapped_column(primary_key=True)
            creator_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
            author: Mapped["User"] = relationship()
      `,
    },
  ],
  collect: {
    class_definition(definition, file): Fact<Told> | undefined {
      if (!definition.field('superclasses')) return undefined;
      const name = definition.field('name');
      const [table] = file.classBindings(definition, '__tablename__');
      const bases = definition.field('superclasses')?.namedChildren.map((base) => base.text) ?? [];
      const stated = stringValue(table?.value);
      const isModel = isMappedClass(file, definition) === true;
      const inferred = stated ?? (table || !isModel ? undefined : name.text.toLowerCase());
      return { at: name, data: { is: 'model', name: name.text, table: inferred, bases, isModel } };
    },
    call(call, file): Fact<Told> | undefined {
      if (sqlalchemyName(file, call.field('function')) === 'ForeignKey') return keyOf(file, call);
      const construct = constructOf(file, call);
      if (construct === 'relationship' || construct === 'Relationship') return relationOf(file, call);
      return construct === 'Field' ? keyOf(file, call) : undefined;
    },
  },
  file(facts, file) {
    if (!facts.some(({ data }) => data.is === 'key') || isMigration(file)) return [];
    const told = facts.map(({ data }) => data);
    const models = told.filter((data) => data.is === 'model');
    const relations = told.filter((data) => data.is === 'relation');
    const keys = told.filter((data) => data.is === 'key');
    return facts.flatMap(({ at, data }) => {
      if (data.is !== 'key' || data.isPrimary) return [];
      const model = models.find((candidate) => candidate.name === data.owner);
      if (!model?.isModel) return [];
      const target = models.find((candidate) => candidate.table === data.table);
      if (!data.isModern && !target) return [];
      const owners = new Set(lineage(model, models));
      const parents = new Set(target && lineage(target, models));
      const siblings = keys.filter((key) => owners.has(key.owner));
      const mayCover = relations.some((relation) =>
        owners.has(relation.owner)
          ? covers(relation, data, siblings, models, model)
          : parents.has(relation.owner) && owners.has(relation.target ?? '') && leadsBack(relation, data, siblings),
      );
      if (mayCover) return [];
      return [
        {
          at,
          message: `\`${data.name}\` points to \`${data.table}\` but \`${data.owner}\` has no \`relationship()\` over it; declare one beside the key.`,
        },
      ];
    });
  },
});

interface Model {
  readonly is: 'model';
  readonly name: string;
  readonly table: string | undefined;
  readonly bases: readonly string[];
  readonly isModel: boolean;
}

interface Key {
  readonly is: 'key';
  readonly owner: string;
  readonly name: string;
  readonly table: string;
  readonly isPrimary: boolean;
  /** Declared by `mapped_column` or SQLModel: such models state their relationships themselves. */
  readonly isModern: boolean;
}

interface Relation {
  readonly is: 'relation';
  readonly owner: string;
  readonly name: string;
  readonly target: string | undefined;
  /** The text of `foreign_keys`, `primaryjoin` and SQLModel's `sa_relationship_kwargs`. */
  readonly conditions: string;
  /** It holds many objects, so the key stands in the other table or in one between. */
  readonly isCollection: boolean;
  /** It goes through a table of its own, and so over no key of the models at its ends. */
  readonly isThroughTable: boolean;
}

type Told = Model | Key | Relation;

/** Names of a model and of those of its ancestors that the file defines. */
function lineage(model: Model, models: readonly Model[], seen: readonly string[] = []): string[] {
  if (seen.includes(model.name)) return [];
  const bases = models.filter((candidate) => model.bases.includes(candidate.name));
  return [model.name, ...bases.flatMap((base) => lineage(base, models, [...seen, model.name]))];
}

/** Whether a relationship of the key's model is over the key, or nobody can tell that it is not. */
function covers(
  relation: Relation,
  key: Key,
  siblings: readonly Key[],
  models: readonly Model[],
  owner: Model,
): boolean {
  const stated = isStated(relation, key, siblings);
  if (stated !== undefined) return stated;
  if (relation.target === owner.name) return key.table === owner.table;
  if (relation.isCollection) return false;
  const target = models.find((model) => model.name === relation.target);
  if (target?.table !== undefined) return singular(target.table) === singular(key.table);
  const isFor = (candidate: Key): boolean =>
    relation.name === candidate.name.replace(/_?(?:id|uuid|pk|key)$/i, '') ||
    (relation.target !== undefined && singular(relation.target) === singular(candidate.table));
  return isFor(key) || !siblings.some(isFor);
}

/** Whether a relationship from the model that a key points to, back to the key's model, is over the key. */
function leadsBack(relation: Relation, key: Key, siblings: readonly Key[]): boolean {
  return !relation.isThroughTable && isStated(relation, key, siblings) !== false;
}

/** Whether the conditions of a relationship name a key, or another one in its place; undefined where they name none. */
function isStated(relation: Relation, key: Key, siblings: readonly Key[]): boolean | undefined {
  const mentions = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(relation.conditions);
  if (mentions(key.name)) return true;
  return siblings.some((sibling) => sibling !== key && mentions(sibling.name)) ? false : undefined;
}

/** A class's or table's name without case, underscores and plural, so that `UserRole` and `user_roles` meet. */
function singular(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('_', '')
    .replace(/ies$/, 'y')
    .replace(/(?:s|ses|model)$/, '');
}

function keyOf(file: SourceFile, call: TypedNode<'call'>): Fact<Key> | undefined {
  const { at, keyword, keywords } = argumentsOf(call);
  const sqlmodel = keywords.get('foreign_key');
  const column = sqlmodel ? call : call.above('call');
  const path = stringValue(sqlmodel ? keyword('foreign_key') : at(0, 'column'));
  const construct = column && constructOf(file, column);
  if (
    path === undefined ||
    !column ||
    (construct !== 'Column' && construct !== 'mapped_column' && construct !== 'Field')
  )
    return undefined;
  const outer = column.above('call');
  const held = outer && constructOf(file, outer) === 'Field' ? outer : column;
  const attribute = attributeOf(file, held);
  if (!attribute?.statement.is('assignment')) return undefined;
  const [table] = path.split('.').slice(-2);
  if (table === undefined || !path.includes('.')) return undefined;
  const primary = argumentsOf(column).keyword('primary_key') ?? argumentsOf(held).keyword('primary_key');
  return {
    at: sqlmodel ?? call,
    data: {
      is: 'key',
      owner: attribute.owner.field('name').text,
      name: attribute.name,
      table,
      isPrimary: primary !== undefined && !primary.is('false'),
      isModern: construct !== 'Column' || held !== column,
    },
  };
}

function relationOf(file: SourceFile, call: TypedNode<'call'>): Fact<Relation> | undefined {
  const attribute = attributeOf(file, call);
  if (!attribute) return undefined;
  const { keyword } = argumentsOf(call);
  const conditions = ['foreign_keys', 'primaryjoin', 'remote_side', 'sa_relationship_kwargs'].map(
    (name) => keyword(name)?.text ?? '',
  );
  const annotation = attribute.annotation?.text ?? '';
  const isThroughTable = keyword('secondary') !== undefined || keyword('link_model') !== undefined;
  return {
    at: call,
    data: {
      is: 'relation',
      owner: attribute.owner.field('name').text,
      name: attribute.name,
      target: relationshipTarget(file, call, attribute)?.name,
      conditions: conditions.join(' '),
      isCollection:
        /\b(?:list|List|set|Set|Sequence|Collection|dict|Dict|WriteOnlyMapped|DynamicMapped)\s*\[/.test(annotation) ||
        isThroughTable ||
        keyword('collection_class') !== undefined ||
        keyword('uselist')?.is('true') === true,
      isThroughTable,
    },
  };
}
