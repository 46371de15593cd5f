import { ask, pascal, pythonSnippet, spoken, template } from '../define.ts';

const resource = ask(1, 'resource', 'item');
const Resource = pascal(resource);
const words = spoken(resource);
const resources = ask(2, 'resources', 'items');
const apiVersion = ask(3, 'api_version', 'v1');
const authImport = ask(4, 'auth_import', 'src.api.dependencies');
const appRoot = ask(5, 'app_root', 'src');

export const route = pythonSnippet({
  id: 'S-route',
  name: 'Routes of a resource (api/routes)',
  prefix: 'gr-route',
  description:
    'List, get, create, patch and delete of a resource that belongs to a user: authenticated, typed, documented. Goes with gr-service.',
  file: template`api/routes/${resources}.py`,
  requirements: [
    '000-068',
    '000-069',
    '000-070',
    '000-071',
    '000-072',
    '000-074',
    '004-026',
    '004-053',
    '004-155',
    '004-179',
    '004-182',
    '004-183',
    '004-196',
    '004-197',
    '004-282',
    '004-284',
  ],
  body: template`
"""Routes of the ${resources} of a user."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, HTTPException, Query, status

from ${authImport} import get_current_user
from ${appRoot}.exceptions import NotFoundError
from ${appRoot}.schemas.${resource} import (
    ${Resource}Create,
    ${Resource}Response,
    ${Resource}Update,
)
from ${appRoot}.schemas.pagination import Page
from ${appRoot}.schemas.user import UserResponse
from ${appRoot}.services.${resource}_service import (
    ${Resource}Service,
    get_${resource}_service,
)

router = APIRouter(prefix="/api/${apiVersion}/users/{user_id}/${resources}", tags=["${resources}"])


@router.get(
    "",
    response_model=Page[${Resource}Response],
    status_code=status.HTTP_200_OK,
    responses={
        status.HTTP_401_UNAUTHORIZED: {"description": "The access token is missing or invalid"},
        status.HTTP_403_FORBIDDEN: {"description": "The ${resources} belong to somebody else"},
    },
)
async def list_${resources}(
    user_id: UUID,
    current_user: Annotated[UserResponse, Depends(get_current_user)],
    service: Annotated[${Resource}Service, Depends(get_${resource}_service)],
    page: Annotated[int, Query(ge=1)] = 1,
    per_page: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Page[${Resource}Response]:
    """List the ${resources} of a user, page by page.

    Args:
        user_id: The user whose ${resources} are listed.
        current_user: The caller.
        service: The business logic of ${resources}.
        page: The page to return, from 1.
        per_page: How many ${resources} a page has.

    Returns:
        One page with the totals.

    Raises:
        HTTPException: 403 if the caller is neither the user nor a superuser.
    """
    if current_user.id != user_id and not current_user.is_superuser:
        raise HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Not your ${resources}")
    return await service.list_page(user_id, page=page, per_page=per_page)


@router.get(
    "/{${resource}_id}",
    response_model=${Resource}Response,
    status_code=status.HTTP_200_OK,
    responses={
        status.HTTP_401_UNAUTHORIZED: {"description": "The access token is missing or invalid"},
        status.HTTP_403_FORBIDDEN: {"description": "The ${words} belongs to somebody else"},
        status.HTTP_404_NOT_FOUND: {"description": "The user has no such ${words}"},
    },
)
async def get_${resource}(
    user_id: UUID,
    ${resource}_id: UUID,
    current_user: Annotated[UserResponse, Depends(get_current_user)],
    service: Annotated[${Resource}Service, Depends(get_${resource}_service)],
) -> ${Resource}Response:
    """Return one ${words} of a user.

    Args:
        user_id: The user who owns the ${words}.
        ${resource}_id: The ${words} to return.
        current_user: The caller.
        service: The business logic of ${resources}.

    Returns:
        The ${words}.

    Raises:
        HTTPException: 403 if the caller may not see it, 404 if there is none.
    """
    if current_user.id != user_id and not current_user.is_superuser:
        raise HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Not your ${words}")
    try:
        return await service.get(user_id, ${resource}_id)
    except NotFoundError as err:
        raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail=err.message) from err


@router.post(
    "",
    response_model=${Resource}Response,
    status_code=status.HTTP_201_CREATED,
    responses={
        status.HTTP_401_UNAUTHORIZED: {"description": "The access token is missing or invalid"},
        status.HTTP_403_FORBIDDEN: {"description": "The user is somebody else"},
    },
)
async def create_${resource}(
    user_id: UUID,
    payload: ${Resource}Create,
    current_user: Annotated[UserResponse, Depends(get_current_user)],
    service: Annotated[${Resource}Service, Depends(get_${resource}_service)],
    idempotency_key: Annotated[str | None, Header()] = None,
) -> ${Resource}Response:
    """Create ${words} for a user; repeating a key repeats the answer.

    Args:
        user_id: The user who will own the ${words}.
        payload: The ${words} to create.
        current_user: The caller.
        service: The business logic of ${resources}.
        idempotency_key: The caller's name for this request.

    Returns:
        The created ${words}.

    Raises:
        HTTPException: 403 if the caller is neither the user nor a superuser.
    """
    if current_user.id != user_id and not current_user.is_superuser:
        raise HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Not your ${resources}")
    return await service.create(user_id, payload, idempotency_key=idempotency_key)


@router.patch(
    "/{${resource}_id}",
    response_model=${Resource}Response,
    status_code=status.HTTP_200_OK,
    responses={
        status.HTTP_401_UNAUTHORIZED: {"description": "The access token is missing or invalid"},
        status.HTTP_403_FORBIDDEN: {"description": "The ${words} belongs to somebody else"},
        status.HTTP_404_NOT_FOUND: {"description": "The user has no such ${words}"},
    },
)
async def update_${resource}(
    user_id: UUID,
    ${resource}_id: UUID,
    payload: ${Resource}Update,
    current_user: Annotated[UserResponse, Depends(get_current_user)],
    service: Annotated[${Resource}Service, Depends(get_${resource}_service)],
) -> ${Resource}Response:
    """Change the given fields of one ${words}.

    Args:
        user_id: The user who owns the ${words}.
        ${resource}_id: The ${words} to change.
        payload: The fields to change; those left out stay as they are.
        current_user: The caller.
        service: The business logic of ${resources}.

    Returns:
        The changed ${words}.

    Raises:
        HTTPException: 403 if the caller may not change it, 404 if there is none.
    """
    if current_user.id != user_id and not current_user.is_superuser:
        raise HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Not your ${words}")
    try:
        return await service.update(user_id, ${resource}_id, payload)
    except NotFoundError as err:
        raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail=err.message) from err


@router.delete(
    "/{${resource}_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={
        status.HTTP_401_UNAUTHORIZED: {"description": "The access token is missing or invalid"},
        status.HTTP_403_FORBIDDEN: {"description": "The ${words} belongs to somebody else"},
        status.HTTP_404_NOT_FOUND: {"description": "The user has no such ${words}"},
    },
)
async def delete_${resource}(
    user_id: UUID,
    ${resource}_id: UUID,
    current_user: Annotated[UserResponse, Depends(get_current_user)],
    service: Annotated[${Resource}Service, Depends(get_${resource}_service)],
) -> None:
    """Delete one ${words} of a user.

    Args:
        user_id: The user who owns the ${words}.
        ${resource}_id: The ${words} to delete.
        current_user: The caller.
        service: The business logic of ${resources}.

    Raises:
        HTTPException: 403 if the caller may not delete it, 404 if there is none.
    """
    if current_user.id != user_id and not current_user.is_superuser:
        raise HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Not your ${words}")
    try:
        await service.delete(user_id, ${resource}_id)
    except NotFoundError as err:
        raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail=err.message) from err
`,
});
