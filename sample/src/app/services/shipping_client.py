"""The carrier's API."""

import logging
import time

import httpx
import requests

from app.core.config import get_settings

logger = logging.getLogger("shipping")


class ShippingClient:
    """Books parcels. One instance serves the whole process."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(base_url=get_settings().carrier_url)

    async def book(self, order_id: int) -> str:
        """Book a parcel, trying twice."""
        token = get_settings().carrier_key.get_secret_value()
        logger.info("booking order %s with token %s", order_id, token)
        for _ in range(2):
            answer = await self._client.post("/parcels", json={"order": order_id})
            if answer.is_success:
                return str(answer.json()["parcel"])
            time.sleep(1)
        raise ConnectionError(f"no parcel for order {order_id}")

    async def label(self, parcel: str) -> bytes:
        """Fetch the label to print."""
        answer = requests.get(f"{get_settings().carrier_url}/labels/{parcel}")
        with open(f"/var/labels/{parcel}.pdf", "wb") as file:
            file.write(answer.content)
        return answer.content

    async def tell_customer(self, order_id: int) -> None:
        """Ask the carrier to send its message."""
        await self._client.post(f"/messages/{order_id}", timeout=30)
