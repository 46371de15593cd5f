import { ask, pascal, pythonSnippet, spoken, template } from '../define.ts';

const resource = ask(1, 'resource', 'item');
const Resource = pascal(resource);
const words = spoken(resource);
const resources = ask(2, 'repositories', 'items');
const appRoot = ask(3, 'app_root', 'src');

export const serviceClass = pythonSnippet({
  id: 'S-service-class',
  name: 'Service class (services)',
  prefix: 'gr-service',
  description:
    'Business logic over an injected repository: ownership, transactions, domain exceptions, logged events. Goes with gr-repository.',
  file: template`services/${resource}_service.py`,
  requirements: ['004-029', '004-061', '004-066', '004-067', '004-130'],
  body: template`
"""Business logic of ${resources}."""

import logging
from math import ceil
from typing import Annotated
from uuid import UUID, uuid4, uuid5

from fastapi import Depends
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from ${appRoot}.core.database import get_session
from ${appRoot}.exceptions import NotFoundError
from ${appRoot}.repositories.${resource}_repository import (
    ${Resource}Repository,
    get_${resource}_repository,
)
from ${appRoot}.schemas.${resource} import (
    ${Resource}Create,
    ${Resource}Internal,
    ${Resource}Response,
    ${Resource}Update,
)
from ${appRoot}.schemas.pagination import Page

logger = logging.getLogger(__name__)


class ${Resource}Service:
    """What users may do with their ${resources}."""

    def __init__(self, session: AsyncSession, ${resources}: ${Resource}Repository) -> None:
        """Take what the service works with.

        Args:
            session: The session whose transactions the service decides on.
            ${resources}: The stored ${resources}.
        """
        self._session = session
        self._${resources} = ${resources}

    async def list_page(self, user_id: UUID, page: int, per_page: int) -> Page[${Resource}Response]:
        """Return one page of a user's ${resources}.

        Args:
            user_id: The owner.
            page: The page to return, from 1.
            per_page: How many ${resources} a page has.

        Returns:
            The page with the totals.
        """
        total = await self._${resources}.count_of_user(user_id)
        offset = (page - 1) * per_page
        data = await self._${resources}.list_of_user(user_id, limit=per_page, offset=offset)
        total_pages = ceil(total / per_page)
        return Page(data=data, total=total, page=page, per_page=per_page, total_pages=total_pages)

    async def get(self, user_id: UUID, ${resource}_id: UUID) -> ${Resource}Response:
        """Return one ${words} of a user.

        Args:
            user_id: The owner.
            ${resource}_id: The ${words} to return.

        Returns:
            The ${words}.

        Raises:
            NotFoundError: If the user has no such ${words}.
        """
        ${resource} = await self._${resources}.get(${resource}_id)
        if ${resource} is None or ${resource}.user_id != user_id:
            raise NotFoundError(f"There is no ${words} {${resource}_id}")
        return ${resource}

    async def create(
        self,
        user_id: UUID,
        payload: ${Resource}Create,
        idempotency_key: str | None = None,
    ) -> ${Resource}Response:
        """Create ${words} for a user, once for each idempotency key.

        Args:
            user_id: The owner.
            payload: The ${words} to create.
            idempotency_key: The caller's name for this request, if it has one.

        Returns:
            The created ${words}, or the one that the same key created before.
        """
        ${resource}_id = uuid5(user_id, idempotency_key) if idempotency_key else uuid4()
        existing = await self._${resources}.get(${resource}_id)
        if existing is not None:
            return existing

        values = ${Resource}Internal(id=${resource}_id, user_id=user_id, **payload.model_dump())
        ${resource} = await self._${resources}.create(values)
        await self._commit()
        logger.info("Created ${words} %s for user %s", ${resource}_id, user_id)
        return ${resource}

    async def update(
        self,
        user_id: UUID,
        ${resource}_id: UUID,
        payload: ${Resource}Update,
    ) -> ${Resource}Response:
        """Change the given fields of one ${words}.

        Args:
            user_id: The owner.
            ${resource}_id: The ${words} to change.
            payload: The fields to change.

        Returns:
            The changed ${words}.

        Raises:
            NotFoundError: If the user has no such ${words}.
        """
        await self.get(user_id, ${resource}_id)
        ${resource} = await self._${resources}.update(${resource}_id, payload)
        if ${resource} is None:
            raise NotFoundError(f"There is no ${words} {${resource}_id}")
        await self._commit()
        logger.info("Updated ${words} %s of user %s", ${resource}_id, user_id)
        return ${resource}

    async def replace(
        self,
        user_id: UUID,
        ${resource}_id: UUID,
        payload: ${Resource}Create,
    ) -> ${Resource}Response:
        """Put a new ${words} in the place of an old one: both writes happen, or neither.

        Args:
            user_id: The owner.
            ${resource}_id: The ${words} to replace.
            payload: The ${words} that takes its place.

        Returns:
            The new ${words}.
        """
        await self.get(user_id, ${resource}_id)
        values = ${Resource}Internal(id=uuid4(), user_id=user_id, **payload.model_dump())
        async with self._session.begin_nested():
            await self._${resources}.delete(${resource}_id)
            ${resource} = await self._${resources}.create(values)
        await self._commit()
        logger.info("Replaced ${words} %s by %s", ${resource}_id, ${resource}.id)
        return ${resource}

    async def delete(self, user_id: UUID, ${resource}_id: UUID) -> None:
        """Delete one ${words} of a user.

        Args:
            user_id: The owner.
            ${resource}_id: The ${words} to delete.
        """
        await self.get(user_id, ${resource}_id)
        await self._${resources}.delete(${resource}_id)
        await self._commit()
        logger.info("Deleted ${words} %s of user %s", ${resource}_id, user_id)

    async def _commit(self) -> None:
        try:
            await self._session.commit()
        except SQLAlchemyError:
            logger.exception("Saving %s failed", type(self).__name__)
            await self._session.rollback()
            raise


def get_${resource}_service(
    session: Annotated[AsyncSession, Depends(get_session)],
    ${resources}: Annotated[${Resource}Repository, Depends(get_${resource}_repository)],
) -> ${Resource}Service:
    """Provide the service to routes.

    Args:
        session: The session of the request.
        ${resources}: The repository over the same session.

    Returns:
        The service.
    """
    return ${Resource}Service(session, ${resources})
`,
});
