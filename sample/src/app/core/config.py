"""Everything that differs between one environment and the next."""

from functools import lru_cache

from pydantic import Field, PostgresDsn, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment, and from `.env` on a developer's machine."""

    model_config = SettingsConfigDict(env_file=".env", env_prefix="ORCHARD_")

    service_name: str = "orchard"
    database_url: PostgresDsn
    carrier_url: str = "https://carrier.example.com"
    carrier_key: SecretStr
    pool_size: int = Field(default=10, ge=1, le=50)


@lru_cache
def get_settings() -> Settings:
    """Return the settings, read once for the process."""
    return Settings()
