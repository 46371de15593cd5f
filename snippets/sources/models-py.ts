import { ask, pascal, pythonSnippet, spoken, template } from '../define.ts';

const modelName = ask(1, 'model_name', 'module_name');
const ModelName = pascal(modelName);
const tableName = ask(2, 'table_name', 'module_name');
const related = ask(3, 'related_model', 'user');
const Related = pascal(related);
const appRoot = ask(4, 'app_root', 'app');
const baseImport = ask(5, 'base_import', 'core.db.database');

export const modelsPy = pythonSnippet({
  id: 'S-models-py',
  name: 'Module table (models.py)',
  prefix: 'gr-module-models',
  description:
    'The table of a module that stores its results: typed columns, aware times, an indexed foreign key and its relationship.',
  file: 'models.py',
  requirements: [
    '000-011',
    '000-012',
    '000-013',
    '000-014',
    '000-015',
    '000-016',
    '000-017',
    '000-018',
    '000-026',
    '003-010',
  ],
  body: template`
"""Table of the ${modelName} module."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ${appRoot}.${baseImport} import Base

if TYPE_CHECKING:
    from ${appRoot}.models.${related} import ${Related}


class ${ModelName}(Base):
    """A stored result (${spoken(modelName)}) of one ${spoken(related)}."""

    __tablename__ = "${tableName}"

    id: Mapped[int] = mapped_column(primary_key=True)
    ${related}_id: Mapped[UUID] = mapped_column(
        ForeignKey("${related}.id", ondelete="CASCADE"),
        index=True,
    )
    data: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        default=lambda: datetime.now(UTC),
    )

    ${related}: Mapped["${Related}"] = relationship(
        "${Related}",
        back_populates="${tableName}",
        lazy="select",
    )

    def __repr__(self) -> str:
        """Show the keys.

        Returns:
            The class with its key columns.
        """
        return f"${ModelName}(id={self.id!r}, ${related}_id={self.${related}_id!r})"
`,
});
