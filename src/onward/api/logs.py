"""The server's log on standard error: JSON lines, or readable lines on a terminal."""

from __future__ import annotations

import sys

import orjson
import structlog


def log_to_stderr() -> None:
    """Write this process's log to standard error from now on."""
    is_terminal = sys.stderr.isatty()
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if is_terminal else structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr) if is_terminal else structlog.BytesLoggerFactory(sys.stderr.buffer),
    )
