import { ask, pythonSnippet, template } from '../define.ts';

const projectName = ask(1, 'project_name', 'Backend');
const envPrefix = ask(2, 'env_prefix', 'APP_');
const group = ask(3, 'groups', 'database');

export const settings = pythonSnippet({
  id: 'S-settings',
  name: 'Settings (core/config.py)',
  prefix: 'gr-settings',
  description: 'One Settings class from environment variables and .env files, with groups, and a cached accessor.',
  file: 'core/config.py',
  requirements: [
    '001-023',
    '004-033',
    '004-105',
    '004-106',
    '004-107',
    '004-108',
    '004-109',
    '004-112',
    '004-113',
    '004-167',
  ],
  body: template`
"""Settings of ${projectName}, from environment variables and .env files."""

import os
from functools import lru_cache
from typing import Literal

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    Field,
    NonNegativeInt,
    PositiveInt,
    PostgresDsn,
    SecretStr,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT = os.getenv("${envPrefix}ENVIRONMENT", "dev")


class DatabaseSettings(BaseModel):
    """How to reach the database."""

    url: PostgresDsn
    pool_size: PositiveInt = 10
    max_overflow: NonNegativeInt = 20


class SecuritySettings(BaseModel):
    """What signs the tokens, and how long they last."""

    signing_key: SecretStr
    access_minutes: PositiveInt = 30
    refresh_days: PositiveInt = 7


class Settings(BaseSettings):
    """Everything that differs between installations."""

    model_config = SettingsConfigDict(
        env_prefix="${envPrefix}",
        env_file=(".env", f".env.{ENVIRONMENT}"),
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
    )

    project_name: str = "${projectName}"
    environment: Literal["dev", "staging", "prod"] = "dev"
    debug: bool = False
    allowed_origins: list[AnyHttpUrl] = Field(default_factory=list)
    ${group}: DatabaseSettings
    security: SecuritySettings


@lru_cache
def get_settings() -> Settings:
    """Read the settings once.

    Returns:
        The settings of this process.
    """
    return Settings()
`,
});
