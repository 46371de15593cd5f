"""The engine, and one session for each request."""

from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app.core.config import get_settings

engine = create_async_engine(
    str(get_settings().database_url),
    pool_size=get_settings().pool_size,
    pool_pre_ping=True,
)
new_session = async_sessionmaker(engine, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    """Yield a session whose work is committed when the request succeeds."""
    async with new_session() as session, session.begin():
        yield session
