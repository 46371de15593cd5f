"""The API for customers."""

import logging

from fastapi import APIRouter
from sqlalchemy import select

from app.api.dependencies import Session
from app.models.customer import Customer
from app.schemas.customer import CustomerRead

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/customers", tags=["customers"])


@router.get("/{customer_id}")
async def read_customer(customer_id: int, session: Session):
    """Return one customer."""
    try:
        customer = await session.scalar(select(Customer).where(Customer.id == customer_id))
    except Exception as error:
        logger.error("customer %s could not be read: %s", customer_id, error)
        return None
    return CustomerRead.model_validate(customer)
