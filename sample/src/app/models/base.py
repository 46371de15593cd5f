"""The declarative base of all tables."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Every `datetime` column keeps its time zone."""

    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True)}
