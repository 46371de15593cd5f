"""What can go wrong in this service, as the rest of it names it."""


class OrchardError(Exception):
    """The base of every error that this service raises on purpose."""


class OrderNotFoundError(OrchardError):
    """No order has this number."""

    def __init__(self, order_id: int) -> None:
        super().__init__(f"Order {order_id} does not exist")
        self.order_id = order_id


class CarrierError(OrchardError):
    """The carrier could not be reached, or refused the parcel."""
