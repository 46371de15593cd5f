"""Orders and the lines they are made of."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Column, DateTime, ForeignKey, Integer, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.customer import Customer


class Order(Base):
    """What one customer asked for at one time."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="open")
    placed_at: Mapped[datetime] = mapped_column(DateTime, default=datetime.utcnow)
    note = Column(String(500), nullable=True)

    customer: Mapped["Customer"] = relationship(Customer, back_populates="orders")
    lines: Mapped[list["OrderLine"]] = relationship(
        "OrderLine",
        back_populates="order",
        cascade="all, delete-orphan",
    )

    def __repr__(self) -> str:
        return f"Order(id={self.id!r}, state={self.state!r})"


class OrderLine(Base):
    """So much of one fruit, at the price of the day."""

    __tablename__ = "order_lines"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    fruit: Mapped[str] = mapped_column(String(80))
    quantity: Mapped[int] = mapped_column(Integer)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))

    order: Mapped["Order"] = relationship("Order", back_populates="lines", lazy="joined")

    def __repr__(self) -> str:
        return f"OrderLine(id={self.id!r}, fruit={self.fruit!r})"
