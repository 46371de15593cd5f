"""What the sleep module takes in and gives out."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class NightInput(BaseModel):
    """One recorded night."""

    fell_asleep_at: datetime = Field(examples=["2025-03-01T22:40:00Z"])
    woke_at: datetime = Field(examples=["2025-03-02T06:55:00Z"])
    interruptions: int = Field(default=0, ge=0, examples=[2])


class SleepRead(BaseModel):
    """A night's score, as it was stored."""

    id: int
    user_id: UUID
    score: float
    created_at: datetime


class SleepSummary(BaseModel):
    """A night's score, as the synthesis reads it."""

    model_config = ConfigDict(from_attributes=True)

    score: float
    hours: float
