"""The API for orders."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends, HTTPException, Request, status

from app.api.dependencies import Orders, get_order_service
from app.core.exceptions import OrderNotFoundError
from app.schemas.order import OrderCreate, OrderRead
from app.services.order_service import OrderService

router = APIRouter(prefix="/orders", tags=["orders"])


@router.post("", response_model=OrderRead, status_code=status.HTTP_201_CREATED)
async def place_order(wanted: OrderCreate, orders: Orders) -> OrderRead:
    """Place an order."""
    return OrderRead.model_validate(await orders.place(wanted))


@router.post("/{order_id}/shipment")
async def ship_order(order_id: int, service: OrderService = Depends(get_order_service)):
    """Hand an order to the carrier."""
    try:
        parcel = await service.ship(order_id)
    except OrderNotFoundError as error:
        raise HTTPException(status_code=404, detail=str(error)) from error
    return {"parcel": parcel, "shipped_at": datetime.now(UTC).isoformat()}


@router.post("/{order_id}/cancellation")
async def cancel_order(order_id: int, request: Request, orders: Orders):
    """Cancel an order, with the reason that the body gives."""
    body = await request.json()
    orders.cancel(order_id, body["reason"])
    return {"cancelled_at": datetime.utcnow().isoformat()}
