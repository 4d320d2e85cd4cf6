"""Structured logs on stderr: JSON lines in production, colours on a terminal.

No body, header or query string ever gets here; passwords and tokens cannot leak from what is not
passed in.
"""

import io
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, ExcInfo, Processor

from sunshine.core import clock, json
from sunshine.core.characters import shown_in_json, shown_in_lines
from sunshine.core.settings import Settings

Rendering = tuple[list[Processor], list[Processor], Callable[..., Any]]

SHARED: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class _Lenient:
    """A stream that ignores write errors.

    If the disk is full or the reader is gone, only the line is lost.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, content: Any) -> int:
        """Write to the stream; ignore errors."""
        with suppress(OSError):
            self._stream.write(content)
        return len(content)

    def flush(self) -> None:
        """Flush the stream; ignore errors."""
        with suppress(OSError):
            self._stream.flush()


def configure(settings: Settings) -> None:
    """Configure our loggers and the libraries' (tornado, psycopg, alembic) alike."""
    level = _level(settings)
    ours, theirs, factory = _as_json() if _json(settings) else _as_text()
    structlog.configure(
        processors=[*SHARED, *ours],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_Lenient(sys.stderr))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *SHARED],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *theirs],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def flush_stderr() -> None:
    """Flush stderr at the end of a process; unwritten logs must not make it a failure.

    Python exits with 120 if it cannot flush.
    """
    try:
        sys.stderr.flush()
    except OSError:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stderr.fileno())


def of_requests(settings: Settings) -> Callable[..., None]:
    """Return the function that writes a request's log line; its arguments are the fields.

    As JSON it bypasses structlog, which costs 4 % of the CPU time of a small request.
    """
    if _level(settings) > logging.INFO:
        return lambda **_: None
    if not _json(settings):
        return partial(structlog.get_logger("sunshine.access").info, "request")
    stream = _Lenient(sys.stderr.buffer)

    def write(**fields: Any) -> None:
        line = {"event": "request", **fields, "level": "info", "timestamp": clock.now()}
        stream.write(_encoded(line) + b"\n")
        stream.flush()

    return write


def _level(settings: Settings) -> int:
    return logging.getLevelNamesMapping()[settings.log_level.upper()]


def _as_json() -> Rendering:
    # Ours as bytes: there is a line per request, and text would be encoded a second time.
    ours = structlog.processors.JSONRenderer(lambda event, **_: _encoded(event))
    theirs = structlog.processors.JSONRenderer(lambda event, **_: _encoded(event).decode())
    lines = structlog.processors.format_exc_info
    return [lines, ours], [lines, theirs], _bytes_logger(sys.stderr.buffer)


def _encoded(event: Any) -> bytes:
    """Encode an event as JSON without characters that act on a terminal, in case one shows the
    log."""
    line = json.encode_any(event)
    return line if line.isascii() else shown_in_json(line.decode()).encode()


def _as_text() -> Rendering:
    drawn = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=_traceback
    )
    return [_harmless, drawn], [_harmless, drawn], _text_logger(sys.stderr)


def _harmless(_: Any, __: str, event: EventDict) -> EventDict:
    """Escape quoted text, such as a name, a path or a database's message, so that it only
    displays."""
    return {name: _shown(value) for name, value in event.items()}


def _shown(value: Any) -> Any:
    return shown_in_lines(value) if isinstance(value, str) else value


def _traceback(file: TextIO, exc_info: ExcInfo) -> None:
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    file.write(shown_in_lines(text.getvalue()))


def _bytes_logger(stream: Any) -> Callable[..., Any]:
    return structlog.BytesLoggerFactory(cast(Any, _Lenient(stream)))


def _text_logger(stream: Any) -> Callable[..., Any]:
    return structlog.WriteLoggerFactory(cast(Any, _Lenient(stream)))


def _json(settings: Settings) -> bool:
    if settings.log_format == "auto":
        return settings.production or not sys.stderr.isatty()
    return settings.log_format == "json"
