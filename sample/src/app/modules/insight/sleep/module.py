"""The sleep module, as the rest of the application meets it."""

import asyncio
from datetime import datetime

from app.modules.insight.sleep.schemas import NightInput
from app.modules.insight.sleep.service import calculate_sleep


class SleepModule:
    """Scores nights as they are recorded."""

    name = "sleep"
    layer = "insight"
    version = "1.0.0"

    def __init__(self, bus) -> None:
        self._bus = bus
        self._config = {"target_hours": 8.0}

    async def on_night(self, payload: dict) -> None:
        """Score a night and tell the others."""
        night = NightInput.model_validate(payload)
        summary = await calculate_sleep(night, self._config)
        asyncio.create_task(self._bus.publish("sleep.scored", summary.model_dump()))
        print(f"slept {summary.hours:.1f} hours")

    async def newest(self, user_id: int) -> datetime:
        """Return when the newest night was recorded."""
        pass
