import { defineRule, isMigration, naiveColumnType, naiveMappedAttribute, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR107',
  name: 'naive-datetime-column',
  family: 'time',
  severity: 'error',
  standards: ['production', 'backend'],
  summary: 'A datetime column without `timezone=True` drops the time zone',
  advice: 'Declare the column as `DateTime(timezone=True)`',
  why: 'A plain `DateTime` becomes `TIMESTAMP WITHOUT TIME ZONE`: what is stored says nothing of its zone, aware values are refused by asyncpg or silently stripped by other drivers, and what comes back is naive, so that comparing it with the current time raises `TypeError`. With `timezone=True` the database keeps the instant.',
  fix: 'unsafe',
  fixSafety:
    'The column type changes: the table needs a migration that says which zone the stored values are in, and everything written to the column, defaults included, must be timezone-aware.',
  requirements: ['000-054', '004-092'],
  peers: [],
  mentions: ['DateTime', 'TIMESTAMP', 'Mapped'],
  calls: () => [...columnNames],
  examples: [
    {
      bad: py`
        from sqlalchemy import Column, DateTime

        created_at = Column(DateTime, nullable=False)
        #                   ^^^^^^^^ GR107 unsafe: \`DateTime\` without \`timezone=True\` stores times without their zone; declare \`DateTime(timezone=True)\`.
      `,
      good: py`
        from sqlalchemy import Column, DateTime

        created_at = Column(DateTime(timezone=True), nullable=False)
      `,
    },
    {
      bad: py`
        import sqlalchemy as sa
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class Event(Base):
            starts_at: Mapped[str] = mapped_column(sa.TIMESTAMP())
        #                                          ^^^^^^^^^^^^^^ GR107 unsafe: \`sa.TIMESTAMP()\` without \`timezone=True\` stores times without their zone; declare \`sa.TIMESTAMP(timezone=True)\`.
            ends_at: Mapped[str] = mapped_column("ends", sa.types.DateTime(timezone=False))
        #                                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR107 unsafe
      `,
      good: py`
        import sqlalchemy as sa
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class Event(Base):
            starts_at: Mapped[str] = mapped_column(sa.TIMESTAMP(timezone=True))
            ends_at: Mapped[str] = mapped_column("ends", sa.types.DateTime(timezone=True))
      `,
    },
    {
      bad: py`
        from datetime import datetime

        from sqlalchemy import String
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            type_annotation_map = {str: String(50)}


        class User(Base):
            created_at: Mapped[datetime]
        #               ^^^^^^^^^^^^^^^^ GR107 unsafe: \`Mapped[datetime]\` makes a column without \`timezone=True\`; give it \`mapped_column(DateTime(timezone=True))\`.
            seen_at: Mapped[datetime | None] = mapped_column(index=True)
        #            ^^^^^^^^^^^^^^^^^^^^^^^ GR107 unsafe
            left_at: Mapped[datetime] = mapped_column("left", nullable=True)
        #            ^^^^^^^^^^^^^^^^ GR107 unsafe
      `,
      good: py`
        from datetime import datetime

        from sqlalchemy import String, DateTime
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            type_annotation_map = {str: String(50)}


        class User(Base):
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
            seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), index=True)
            left_at: Mapped[datetime] = mapped_column("left", DateTime(timezone=True), nullable=True)
      `,
    },
    {
      bad: py`
        import datetime as dt
        from typing import Optional

        import sqlalchemy.orm as so

        Base = so.declarative_base()


        class User(Base):
            created_at: so.Mapped[Optional[dt.datetime]]
        #               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR107 unsafe
      `,
      good: py`
        import datetime as dt
        from typing import Optional

        import sqlalchemy.orm as so
        from sqlalchemy import DateTime

        Base = so.declarative_base()


        class User(Base):
            created_at: so.Mapped[Optional[dt.datetime]] = so.mapped_column(DateTime(timezone=True))
      `,
    },
    {
      bad: py`
        from sqlmodel import Column as C, DateTime, Field, SQLModel


        class Hero(SQLModel, table=True):
            born: str = Field(sa_column=C(DateTime()))
        #                                 ^^^^^^^^^^ GR107 unsafe
            died: str = Field(sa_type=DateTime)
        #                             ^^^^^^^^ GR107 unsafe
      `,
      good: py`
        from sqlmodel import Column as C, DateTime, Field, SQLModel


        class Hero(SQLModel, table=True):
            born: str = Field(sa_column=C(DateTime(timezone=True)))
            died: str = Field(sa_type=DateTime(timezone=True))
      `,
    },
    {
      ok: py`
        from datetime import datetime

        from sqlalchemy import Column, DateTime
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            type_annotation_map = {datetime: DateTime(timezone=True)}


        class User(Base):
            created_at: Mapped[datetime]
            seen_at: Mapped[datetime] = mapped_column(index=True)
            left_at = Column(DateTime(timezone=True))
            back_at = Column(DateTime(True))
            told_at = Column(DateTime(timezone=KEEPS_ZONE))
      `,
    },
    {
      ok: py`
        from datetime import datetime

        from app.database import Base
        from sqlalchemy.orm import Mapped


        class User(Base):
            created_at: Mapped[datetime]


        class TimestampMixin:
            created_at: Mapped[datetime]
      `,
    },
    {
      ok: py`
        from datetime import date, datetime

        from sqlalchemy import DateTime, TypeDecorator
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry


        class UtcDateTime(TypeDecorator):
            impl = DateTime


        mapper_registry = registry(type_annotation_map={datetime: UtcDateTime})


        class Base(DeclarativeBase):
            registry = mapper_registry


        class User(Base):
            created_at: Mapped[datetime]


        class Plain(DeclarativeBase):
            pass


        class Account(Plain):
            born: Mapped[date]
            created_at: Mapped[datetime] = mapped_column(UtcDateTime)
      `,
    },
    {
      path: 'alembic/versions/0123456789ab_users.py',
      ok: py`
        import sqlalchemy as sa
        from alembic import op


        def upgrade() -> None:
            op.add_column("users", sa.Column("created_at", sa.DateTime()))
      `,
    },
    {
      path: 'database/revisions/versions/2023-04-14_users.py',
      ok: py`
        import sqlalchemy as sa
        from alembic import op

        revision = "3dd4d12844dc"
        down_revision = "5c60513d6e5e"


        def upgrade() -> None:
            op.add_column("users", sa.Column("created_at", sa.DateTime()))
      `,
    },
    {
      ok: py`
        from legacy.columns import Column, DateTime

        created_at = Column(DateTime)
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (callee.is('attribute') && !columnNames.has(callee.field('attribute').text)) return undefined;
      const column = naiveColumnType(file, call);
      if (!column || isMigration(file)) return undefined;
      const aware = `${column.type.replace(/\([\s\S]*$/, '')}(timezone=True)`;
      return {
        at: column.at,
        message: `\`${column.type}\` without \`timezone=True\` stores times without their zone; declare \`${aware}\`.`,
        fix: () => {
          const edits = column.aware();
          return edits && { title: `Declare \`${aware}\``, safety: 'unsafe', edits };
        },
      };
    },
    assignment(assignment, file) {
      if (!assignment.field('type')?.text.includes('Mapped[') || isMigration(file)) return undefined;
      const column = naiveMappedAttribute(file, assignment);
      if (!column) return undefined;
      return {
        at: column.at,
        message: `\`${column.type}\` makes a column without \`timezone=True\`; give it \`mapped_column(DateTime(timezone=True))\`.`,
        fix: () => {
          const edits = column.aware();
          return edits && { title: 'Declare `DateTime(timezone=True)`', safety: 'unsafe', edits };
        },
      };
    },
  },
});

const columnNames = new Set(['Column', 'mapped_column', 'Field']);
