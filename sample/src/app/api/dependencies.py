"""What the routes are given."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import get_session
from app.repositories.order_repository import OrderRepository
from app.services.order_service import OrderService
from app.services.shipping_client import ShippingClient

Session = Annotated[AsyncSession, Depends(get_session)]


def get_order_service(session: Session) -> OrderService:
    """Return the order service of this request."""
    return OrderService(OrderRepository(session), ShippingClient())


Orders = Annotated[OrderService, Depends(get_order_service)]
