"""Orders in the database."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from app.models.order import Order


class OrderRepository:
    """Reads and writes orders in the session it is given; committing is the caller's."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, order_id: int) -> Order | None:
        """Return an order with its lines, or None."""
        query = select(Order).where(Order.id == order_id).options(selectinload(Order.lines))
        return await self._session.scalar(query)

    async def page(self, limit: int, offset: int) -> list[Order]:
        """Return some orders, the newest first."""
        query = select(Order).order_by(Order.placed_at.desc()).limit(limit).offset(offset)
        return list(await self._session.scalars(query))

    async def add(self, order: Order) -> Order:
        """Add an order and give it its number."""
        self._session.add(order)
        await self._session.flush()
        return order
