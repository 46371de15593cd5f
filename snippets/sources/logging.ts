import { ask, pythonSnippet, template } from '../define.ts';

const logDir = ask(1, 'log_dir', 'logs');
const level = ask(2, 'level_setting', 'debug');
const maskedKeys = ask(3, 'masked_keys', 'password|token|secret|authorization|api_key');
const appRoot = ask(4, 'app_root', 'src');

export const logging = pythonSnippet({
  id: 'S-logging',
  name: 'Logging (core/logging.py)',
  prefix: 'gr-logging',
  description:
    'Central logging: console, rotating app.log and error.log, JSON lines, correlation ids, masked secrets, SQL at DEBUG.',
  file: 'core/logging.py',
  requirements: [
    '000-050',
    '002-002',
    '002-003',
    '002-060',
    '002-061',
    '002-062',
    '002-063',
    '002-075',
    '002-076',
    '004-036',
    '004-043',
    '004-049',
    '004-119',
    '004-120',
    '004-121',
    '004-122',
    '004-123',
    '004-124',
    '004-125',
    '004-126',
    '004-127',
    '004-132',
    '004-171',
    '004-174',
  ],
  body: template`
"""Central logging: console and rotating files, with correlation ids and masked secrets."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.config import dictConfig
from pathlib import Path

from ${appRoot}.core.config import get_settings

logger = logging.getLogger(__name__)

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="-")

LOG_DIR = Path("${logDir}")
MAX_BYTES = 10_000_000
BACKUP_COUNT = 5
MASK = "***"
MASKED_KEYS = re.compile(r"${maskedKeys}", re.IGNORECASE)
MASKED_PAIRS = re.compile(
    rf"((?:{MASKED_KEYS.pattern})\w*['\"]?\s*[=:]\s*['\"]?)(?:bearer\s+)?[^\s'\",;&]+",
    re.IGNORECASE,
)
CONSOLE_FORMAT = "%(levelname)-8s %(name)s %(funcName)s:%(lineno)d %(message)s"
FILE_FORMAT = (
    "%(asctime)s %(name)s %(levelname)s %(funcName)s:%(lineno)d [%(correlation_id)s] %(message)s"
)
STANDARD_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class CorrelationFilter(logging.Filter):
    """Gives every record the id of the request it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id.

        Args:
            record: The record to complete.

        Returns:
            True: no record is dropped.
        """
        record.correlation_id = correlation_id.get()
        return True


class MaskingFilter(logging.Filter):
    """Hides the values of sensitive keys in messages and in extra fields."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the values.

        Args:
            record: The record to mask.

        Returns:
            True: no record is dropped.
        """
        record.msg = MASKED_PAIRS.sub(rf"\1{MASK}", record.getMessage())
        record.args = ()
        for field in record.__dict__.keys() - STANDARD_FIELDS:
            if MASKED_KEYS.search(field):
                setattr(record, field, MASK)
        return True


class JsonFormatter(logging.Formatter):
    """Writes a record with its extra fields as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record.

        Args:
            record: The record to write.

        Returns:
            A JSON object.
        """
        fields = record.__dict__.keys() - STANDARD_FIELDS
        line = {field: getattr(record, field) for field in sorted(fields)}
        line |= {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(),
            "name": record.name,
            "level": record.levelname,
            "function": record.funcName,
            "line": record.lineno,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure_logging() -> None:
    """Set up logging for the whole process; called once, when the application starts."""
    level = "DEBUG" if get_settings().${level} else "INFO"
    LOG_DIR.mkdir(parents=True, exist_ok=True)
    dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {
                "correlation": {"()": CorrelationFilter},
                "masking": {"()": MaskingFilter},
            },
            "formatters": {
                "console": {"format": CONSOLE_FORMAT},
                "file": {"format": FILE_FORMAT},
                "json": {"()": JsonFormatter},
            },
            "handlers": {
                "console": {
                    "class": "logging.StreamHandler",
                    "formatter": "console",
                    "filters": ["correlation", "masking"],
                },
                "app": _rotating_file("app.log", "DEBUG", "json"),
                "error": _rotating_file("error.log", "ERROR", "file"),
            },
            "root": {"level": level, "handlers": ["console", "app", "error"]},
            "loggers": {"sqlalchemy.engine": {"level": level}},
        }
    )
    logger.info("Logging is set up", extra={"log_level": level})


def _rotating_file(name: str, level: str, formatter: str) -> dict[str, str | int | list[str]]:
    return {
        "class": "logging.handlers.RotatingFileHandler",
        "filename": str(LOG_DIR / name),
        "level": level,
        "formatter": formatter,
        "filters": ["correlation", "masking"],
        "maxBytes": MAX_BYTES,
        "backupCount": BACKUP_COUNT,
        "encoding": "utf-8",
    }
`,
});
