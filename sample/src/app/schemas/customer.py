"""Customers as they come in and go out."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field


class CustomerCreate(BaseModel):
    """A new customer."""

    name: str = Field(min_length=1, max_length=200, examples=["Ida Lund"])
    email: str = Field(max_length=320, examples=["ida@example.com"])
    nickname: str = None


class CustomerRead(BaseModel):
    """A customer as the API shows them."""

    id: int
    name: str
    preferences: dict[str, Any]


@dataclass
class CustomerTotals:
    """What a customer has bought so far."""

    customer_id: int
    orders: int
