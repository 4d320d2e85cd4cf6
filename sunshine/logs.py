"""Structured logs on stderr: JSON lines in production, colours on a terminal.

Nothing here ever sees a body, a header or a query string; passwords and tokens cannot leak into
what is not passed in.
"""

import logging
import sys
from collections.abc import Callable
from typing import Any

import structlog
from structlog.typing import Processor

from sunshine import json
from sunshine.settings import Settings

Rendering = tuple[list[Processor], list[Processor], Callable[..., Any]]

SHARED: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(settings: Settings) -> None:
    """Set up our loggers and the libraries' (tornado, psycopg, alembic) alike."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    ours, theirs, factory = _as_json() if _json(settings) else _as_text()
    structlog.configure(
        processors=[*SHARED, *ours],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *SHARED],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *theirs],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def _as_json() -> Rendering:
    # Ours as bytes: there is a line per request, and text would be encoded a second time.
    ours = structlog.processors.JSONRenderer(lambda event, **_: json.encode_any(event))
    theirs = structlog.processors.JSONRenderer(lambda event, **_: json.encode_any(event).decode())
    lines = structlog.processors.format_exc_info
    return [lines, ours], [lines, theirs], structlog.BytesLoggerFactory(sys.stderr.buffer)


def _as_text() -> Rendering:
    drawn = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return [drawn], [drawn], structlog.WriteLoggerFactory(sys.stderr)


def _json(settings: Settings) -> bool:
    if settings.log_format == "auto":
        return settings.production or not sys.stderr.isatty()
    return settings.log_format == "json"
