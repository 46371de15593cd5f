"""Orders as they come in and go out."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class OrderLineCreate(BaseModel):
    """One line of a new order."""

    fruit: str = Field(min_length=1, max_length=80, examples=["Boskoop"])
    quantity: int = Field(ge=1, examples=[3])
    price: Decimal = Field(ge=0, examples=["1.90"])


class OrderCreate(BaseModel):
    """A new order."""

    customer_id: int = Field(examples=[17])
    lines: list[OrderLineCreate] = Field(
        min_length=1,
        examples=[[{"fruit": "Boskoop", "quantity": 3, "price": "1.90"}]],
    )


class OrderRead(BaseModel):
    """An order as the API shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    customer_id: int
    state: str
    placed_at: datetime
