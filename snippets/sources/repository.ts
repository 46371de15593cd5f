import { ask, pascal, pythonSnippet, spoken, template } from '../define.ts';

const model = ask(1, 'model', 'item');
const Model = pascal(model);
const words = spoken(model);
const schemaSuffix = ask(2, 'schema', 'Response');
const relationships = ask(3, 'relationships', 'user');
const appRoot = ask(4, 'app_root', 'src');

export const repository = pythonSnippet({
  id: 'S-repository',
  name: 'Repository (repositories)',
  prefix: 'gr-repository',
  description:
    'A generic base repository and one for a model that belongs to a user: injected session, loader options, schemas out, no commit. Goes with gr-model.',
  file: template`repositories/${model}_repository.py`,
  requirements: [
    '001-060',
    '004-030',
    '004-068',
    '004-069',
    '004-070',
    '004-071',
    '004-072',
    '004-073',
    '004-094',
    '004-095',
    '004-096',
  ],
  body: template`
"""Stored ${spoken(model)}s, and what all repositories share."""

import logging
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.interfaces import ORMOption

from ${appRoot}.core.database import get_session
from ${appRoot}.exceptions import ConflictError
from ${appRoot}.models.base import Base
from ${appRoot}.models.${model} import ${Model}
from ${appRoot}.schemas.${model} import ${Model}${schemaSuffix}

logger = logging.getLogger(__name__)

ModelT = TypeVar("ModelT", bound=Base)
SchemaT = TypeVar("SchemaT", bound=BaseModel)


class BaseRepository(Generic[ModelT, SchemaT]):
    """Create, read, update and delete for one model; callers decide on commits."""

    def __init__(
        self,
        session: AsyncSession,
        model: type[ModelT],
        schema: type[SchemaT],
        loaders: tuple[ORMOption, ...] = (),
    ) -> None:
        """Take what the repository works with.

        Args:
            session: The session to read and write through.
            model: The mapped class.
            schema: The schema that rows are returned as.
            loaders: The relationships that every query loads.
        """
        self._session = session
        self._model = model
        self._schema = schema
        self._loaders = loaders

    async def get(self, row_id: UUID) -> SchemaT | None:
        """Return one row.

        Args:
            row_id: The primary key.

        Returns:
            The row, or None if there is none.
        """
        row = await self._session.get(self._model, row_id, options=self._loaders)
        return None if row is None else self._schema.model_validate(row)

    async def list_page(
        self,
        *conditions: ColumnElement[bool],
        limit: int,
        offset: int,
    ) -> list[SchemaT]:
        """Return some rows, in the order of the primary key.

        Args:
            *conditions: What the rows must fulfil.
            limit: At most this many rows.
            offset: How many rows to pass over first.

        Returns:
            The rows.
        """
        statement = (
            select(self._model)
            .where(*conditions)
            .options(*self._loaders)
            .order_by(*inspect(self._model).primary_key)
            .limit(limit)
            .offset(offset)
        )
        rows = await self._session.scalars(statement)
        return [self._schema.model_validate(row) for row in rows]

    async def count(self, *conditions: ColumnElement[bool]) -> int:
        """Count rows.

        Args:
            *conditions: What the rows must fulfil.

        Returns:
            How many there are.
        """
        statement = select(func.count()).select_from(self._model).where(*conditions)
        return int(await self._session.scalar(statement) or 0)

    async def create(self, values: BaseModel) -> SchemaT:
        """Add a row.

        Args:
            values: The columns of the row.

        Returns:
            The row, with what the database filled in.
        """
        row = self._model(**values.model_dump())
        self._session.add(row)
        return await self._flush(row)

    async def update(self, row_id: UUID, changes: BaseModel) -> SchemaT | None:
        """Change the columns that were given.

        Args:
            row_id: The primary key.
            changes: The columns to change; those not set stay as they are.

        Returns:
            The changed row, or None if there is none.
        """
        row = await self._session.get(self._model, row_id, options=self._loaders)
        if row is None:
            return None
        for column, value in changes.model_dump(exclude_unset=True).items():
            setattr(row, column, value)
        return await self._flush(row)

    async def delete(self, row_id: UUID) -> bool:
        """Delete one row.

        Args:
            row_id: The primary key.

        Returns:
            Whether there was one.
        """
        row = await self._session.get(self._model, row_id)
        if row is None:
            return False
        await self._session.delete(row)
        await self._session.flush()
        return True

    async def _flush(self, row: ModelT) -> SchemaT:
        try:
            await self._session.flush()
        except IntegrityError as err:
            logger.exception("The database refused a row of %s", self._model.__name__)
            raise ConflictError("The data contradict what is already stored") from err
        await self._session.refresh(row)
        return self._schema.model_validate(row)


class ${Model}Repository(BaseRepository[${Model}, ${Model}${schemaSuffix}]):
    """The stored ${words} rows of all users."""

    def __init__(self, session: AsyncSession) -> None:
        """Take the session of the request.

        Args:
            session: The session to read and write through.
        """
        loaders = (selectinload(${Model}.${relationships}),)
        super().__init__(session, ${Model}, ${Model}${schemaSuffix}, loaders)

    async def list_of_user(
        self,
        user_id: UUID,
        limit: int,
        offset: int,
    ) -> list[${Model}${schemaSuffix}]:
        """Return some rows of a user.

        Args:
            user_id: The owner.
            limit: At most this many rows.
            offset: How many rows to pass over first.

        Returns:
            The rows.
        """
        return await self.list_page(${Model}.user_id == user_id, limit=limit, offset=offset)

    async def count_of_user(self, user_id: UUID) -> int:
        """Count the rows of a user.

        Args:
            user_id: The owner.

        Returns:
            How many there are.
        """
        return await self.count(${Model}.user_id == user_id)


def get_${model}_repository(
    session: Annotated[AsyncSession, Depends(get_session)],
) -> ${Model}Repository:
    """Provide the repository to services.

    Args:
        session: The session of the request.

    Returns:
        The repository.
    """
    return ${Model}Repository(session)
`,
});
