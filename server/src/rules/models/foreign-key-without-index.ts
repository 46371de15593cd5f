import {
  argumentsOf,
  type ColumnFact,
  columnIndexCalls,
  columnsWithoutIndex,
  defineRule,
  foreignKeyOf,
  indexFact,
  isMigration,
  opaqueTableArguments,
  py,
  stringValue,
  unindexedColumn,
  withIndex,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR209',
  name: 'foreign-key-without-index',
  family: 'models',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A foreign key column has no index',
  advice: 'Add `index=True` to the column, or an `Index(…)` to the model',
  why: 'The database indexes the key a foreign key points to, not the column itself. Every join over it, and every delete of a referenced row, then reads the whole table.',
  fix: 'unsafe',
  fixSafety: 'The database gets the index only by a migration.',
  requirements: ['004-231'],
  peers: [],
  mentions: ['ForeignKey', 'foreign_key'],
  calls: columnIndexCalls,
  examples: [
    {
      bad: py`
        import sqlalchemy as sa
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Post(DeclarativeBase):
            author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
        #                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR209 unsafe: \`author_id\` refers to \`user.id\` and has no index, so joins and deletes read the whole table; add \`index=True\`.
            editor_id = sa.Column(
        #               ^^^^^^^^^^~4 GR209 unsafe: \`editor_id\` refers to \`user.id\` and has no index, so joins and deletes read the whole table; add \`index=True\`.
                sa.Integer,
                sa.ForeignKey("user.id"),
                index=False,
            )
      `,
      good: py`
        import sqlalchemy as sa
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Post(DeclarativeBase):
            author_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
            editor_id = sa.Column(
                sa.Integer,
                sa.ForeignKey("user.id"),
                index=True,
            )
      `,
    },
    {
      bad: py`
        from sqlmodel import Field, SQLModel


        class Item(SQLModel, table=True):
            id: int = Field(primary_key=True)
            owner_id: int = Field(foreign_key="user.id", nullable=False)
        #                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR209 unsafe


        class ItemIn(SQLModel):
            owner_id: int = Field(foreign_key="user.id")
      `,
      good: py`
        from sqlmodel import Field, SQLModel


        class Item(SQLModel, table=True):
            id: int = Field(primary_key=True)
            owner_id: int = Field(foreign_key="user.id", nullable=False, index=True)


        class ItemIn(SQLModel):
            owner_id: int = Field(foreign_key="user.id")
      `,
    },
    {
      bad: py`
        from sqlalchemy import ForeignKey, Index
        from sqlalchemy.orm import Mapped, declared_attr, mapped_column


        class Owned:
            @declared_attr
            def owner_id(cls) -> Mapped[int]:
                return mapped_column(ForeignKey("user.id"))
        #              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR209 unsafe


        class Post(Owned, Base):
            __table_args__ = (Index("ix_post_owner", "owner"),)

            topic_id: Mapped[int] = mapped_column(ForeignKey(Topic.id))
        #                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR209 unsafe: \`topic_id\` refers to \`Topic.id\` and has no index, so joins and deletes read the whole table; add \`index=True\`.
      `,
      good: py`
        from sqlalchemy import ForeignKey, Index
        from sqlalchemy.orm import Mapped, declared_attr, mapped_column


        class Owned:
            @declared_attr
            def owner_id(cls) -> Mapped[int]:
                return mapped_column(ForeignKey("user.id"), index=True)


        class Post(Owned, Base):
            __table_args__ = (Index("ix_post_owner", "owner"),)

            topic_id: Mapped[int] = mapped_column(ForeignKey(Topic.id), index=True)
      `,
    },
    {
      // Keys, unique columns and the model's own indexes, in whichever form.
      ok: py`
        from sqlalchemy import ForeignKey, Index, UniqueConstraint
        from sqlalchemy.orm import Mapped, mapped_column


        class Membership(Base):
            __table_args__ = (
                Index("ix_membership_role", "role_id", "since"),
                UniqueConstraint("club_id", "user_id"),
                {"schema": "app"},
            )

            user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
            team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
            badge_id: Mapped[int] = mapped_column(ForeignKey("badge.id"), unique=True)
            role_id: Mapped[int] = mapped_column(ForeignKey("role.id"))
            club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
      `,
    },
    {
      ok: py`
        from sqlalchemy import Column, ForeignKey, Index, Integer, Table
        from sqlalchemy.orm import Mapped, mapped_column

        links = Table("links", Base.metadata, Column("a_id", ForeignKey("a.id")))


        class Visit(Base):
            place_id = Column(Integer, ForeignKey("place.id"))
            guide_id: Mapped[int] = mapped_column(ForeignKey("guide.id"))
            other_id: Mapped[int] = mapped_column(ForeignKey("other.id"), **common)
            by_guide = Index("ix_visit_guide", guide_id)


        Index("ix_visit_place", Visit.place_id)
      `,
    },
    {
      ok: py`
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import Mapped, mapped_column

        from app.indexes import indexes_for


        class Visit(Base):
            __table_args__ = indexes_for("visit")

            place_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
            count: Mapped[int] = mapped_column(default=0)
      `,
    },
    {
      path: 'alembic/versions/2024_visits.py',
      ok: py`
        from sqlalchemy import Column, ForeignKey

        class Visit(Base):
            place_id = Column(ForeignKey("place.id"))
      `,
    },
  ],
  collect: {
    call(call, file) {
      const index = indexFact(file, call);
      if (index) return index;
      const attribute = unindexedColumn(file, call);
      const key = attribute && foreignKeyOf(file, call);
      if (!key || isMigration(file)) return undefined;
      const target = key.is('call') ? argumentsOf(key).at(0, 'column') : key;
      const to = stringValue(target) ?? target?.text;
      const data: ColumnFact = {
        kind: 'column',
        owner: attribute.owner.field('name').text,
        name: attribute.name,
        message: `\`${attribute.name}\` refers to \`${to}\` and has no index, so joins and deletes read the whole table; add \`index=True\`.`,
        edits: withIndex(file, call),
      };
      return { at: call, data };
    },
    assignment: (statement, file) => opaqueTableArguments(file, statement),
  },
  file: (facts) => columnsWithoutIndex(facts),
});
