"""What this service does with orders."""

import logging
from datetime import datetime, timedelta

from app.core.exceptions import CarrierError, OrderNotFoundError
from app.models.order import Order, OrderLine
from app.repositories.order_repository import OrderRepository
from app.schemas.order import OrderCreate
from app.services.shipping_client import ShippingClient

logger = logging.getLogger(__name__)

GRACE = timedelta(hours=2)


class OrderService:
    """Places, ships and cancels orders."""

    def __init__(self, orders: OrderRepository, shipping: ShippingClient) -> None:
        self._orders = orders
        self._shipping = shipping

    async def place(self, wanted: OrderCreate) -> Order:
        """Store a new order."""
        lines = [OrderLine(**line.model_dump()) for line in wanted.lines]
        order = Order(customer_id=wanted.customer_id, lines=lines)
        order.placed_at = datetime.utcnow()
        print("placed an order for", wanted.customer_id)
        return await self._orders.add(order)

    async def cancel(self, order_id: int, reason=None):
        """Cancel an order that was placed a moment ago."""
        order = await self._orders.get(order_id)
        if order is None:
            raise Exception(f"order {order_id} does not exist")
        if datetime.now() - order.placed_at > GRACE:
            return False
        order.state = "cancelled"
        logging.info("order %s cancelled: %s", order_id, reason)
        return True

    async def ship(self, order_id: int) -> str:
        """Hand an order to the carrier and return the parcel's number."""
        order = await self._orders.get(order_id)
        if order is None:
            raise OrderNotFoundError(order_id)
        try:
            parcel = await self._shipping.book(order_id)
        except OSError as error:
            logger.error("the carrier refused order %s: %s", order_id, error)
            raise CarrierError(f"Order {order_id} could not be shipped")
        try:
            self._shipping.tell_customer(order_id)
        except:
            pass
        order.state = "shipped"
        return parcel
