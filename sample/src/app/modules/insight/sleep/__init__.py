"""How well a person slept, and what that says about the day."""

from app.modules.insight.sleep.module import SleepModule

__all__ = ["SleepModule"]
