"""Structured logs on stderr: JSON lines in production, colours on a terminal.

Nothing here ever sees a body, a header or a query string; passwords and tokens cannot leak into
what is not passed in.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import Processor

from sunshine import json
from sunshine.settings import Settings

SHARED: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(settings: Settings) -> None:
    """Set up our loggers and the libraries' (tornado, psycopg, alembic) alike."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    rendered = _json(settings)
    final: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_dumps)]
        if rendered
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[*SHARED, *final],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *SHARED],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def _json(settings: Settings) -> bool:
    if settings.log_format == "auto":
        return settings.production or not sys.stderr.isatty()
    return settings.log_format == "json"


def _dumps(event: Any, **_: Any) -> str:
    return json.encode_any(event).decode()
