"""What the server says about itself: a JSON object per line on stderr, with no value and no key of anybody."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson
import structlog


def make_logger() -> Any:
    """A structlog logger of the server's own; nothing global is touched."""
    return structlog.wrap_logger(
        structlog.BytesLogger(sys.stderr.buffer),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    ).bind()


class Forwarded(logging.Handler):
    """Takes uvicorn's warnings and errors into the server's log, without their tracebacks, which may quote values."""

    def __init__(self, log: Any) -> None:
        super().__init__(level=logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        message = record.getMessage().splitlines()
        self._log.log(record.levelno, "server", message=message[0] if message else "", logger=record.name)


def place_of(error: BaseException) -> str:
    """The file and line where an error was raised; its text is not told, for it may quote a value."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
