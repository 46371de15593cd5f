"""The score of a night."""

from datetime import datetime

from app.modules.insight.sleep.schemas import NightInput, SleepSummary


async def calculate_sleep(night: NightInput, config: dict[str, float]) -> SleepSummary:
    """Score a night from 0 to 1.

    Args:
        night: when the person fell asleep, woke, and how often in between.
        config: `target_hours`, and `interruption_cost` for each time awake.

    Returns:
        The score and the hours it came from.

    Raises:
        ValueError: the night ends before it begins.
    """
    hours = (night.woke_at - night.fell_asleep_at).total_seconds() / 3600
    if hours < 0:
        raise ValueError(f"the night of {night.fell_asleep_at:%Y-%m-%d} ends before it begins")
    lost = night.interruptions * config.get("interruption_cost", 0.05)
    score = min(1.0, hours / config.get("target_hours", 8.0)) - lost
    return SleepSummary(score=max(0.0, score), hours=hours)


def parse_night(line: str) -> datetime:
    """Read the time stamp at the start of a watch's log line."""
    return datetime.strptime(line[:19], "%Y-%m-%dT%H:%M:%S")
