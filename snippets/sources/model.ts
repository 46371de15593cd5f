import { ask, pascal, pythonSnippet, spoken, template } from '../define.ts';

const model = ask(1, 'model', 'item');
const Model = pascal(model);
const tableName = ask(2, 'table_name', 'items');
const column = ask(3, 'column', 'name');
const appRoot = ask(4, 'app_root', 'src');

export const itemModel = pythonSnippet({
  id: 'S-model',
  name: 'Model (models)',
  prefix: 'gr-model',
  description:
    'A mapped class that belongs to a user: aware times, indexed foreign key, constraints, relationship, __repr__.',
  file: template`models/${model}.py`,
  requirements: ['004-031', '004-083', '004-084', '004-085', '004-090', '004-092', '004-093', '004-231', '004-232'],
  body: template`
"""The ${model} model, stored in ${tableName}."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ${appRoot}.models.base import Base

if TYPE_CHECKING:
    from ${appRoot}.models.user import User

MAX_LENGTH = 255


class ${Model}(Base):
    """One ${spoken(model)} of a user."""

    __tablename__ = "${tableName}"
    __table_args__ = (
        UniqueConstraint("user_id", "${column}", name="uq_${tableName}_user_id_${column}"),
        CheckConstraint("${column} <> ''", name="ck_${tableName}_${column}_not_empty"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    ${column}: Mapped[str] = mapped_column(String(MAX_LENGTH))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        default=lambda: datetime.now(UTC),
    )
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        default=lambda: datetime.now(UTC),
        onupdate=lambda: datetime.now(UTC),
    )

    user: Mapped["User"] = relationship("User", back_populates="${tableName}", lazy="select")

    def __repr__(self) -> str:
        """Show the keys.

        Returns:
            The class with its key columns.
        """
        return f"${Model}(id={self.id!r}, user_id={self.user_id!r})"
`,
});
