"""The process that listens: uvicorn with the service in it, or with several workers that share nothing but the port."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cutsmith.errors import BadOption
from cutsmith.service.settings import ENVIRONMENT, ServiceSettings

if TYPE_CHECKING:
    import uvicorn

APP = "cutsmith.service.app:app_from_environment"
_BACKLOG = 2048
_IDLE_SECONDS = 15
# Answers on the way when the service ends.
_LAST_SECONDS = 10


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` and `port` (0: any that is free).

    Raises:
        BadOption: the host is none of this machine's, or the port is taken or may not be used.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        if os.name != "nt":  # there it would let another program take the port too
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # From here on clients may connect; they wait until the models are there.
        listener.listen(_BACKLOG)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadOption(
            f"The service cannot listen on {host}, port {port}: {reason}.",
            "Give another with --port, or 0 for any that is free.",
            option="port",
        ) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """The address at which `listener` is reached: "http://127.0.0.1:7007/"."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(settings: ServiceSettings, listener: socket.socket, workers: int = 1) -> None:
    """Serve until a signal ends it.

    Args:
        settings: what the operator decided.
        listener: the socket to listen on.
        workers: processes; each has its own models.
    """
    import uvicorn

    os.environ[ENVIRONMENT] = settings.to_json()
    with tempfile.TemporaryDirectory(prefix="cutsmith-metrics-") as shared:
        if workers > 1:
            # Before prometheus_client is imported: it decides then whether processes add up.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared
        config = server_config(
            APP, factory=True, workers=workers, log_config=logging_config(), proxy_headers=settings.behind_proxy
        )
        with _signals_end_nothing():
            if workers > 1:
                from uvicorn.supervisors import Multiprocess

                Multiprocess(config, sockets=[listener]).run()
            else:
                uvicorn.Server(config).run(sockets=[listener])


def server_config(app: Any, **more: Any) -> uvicorn.Config:
    """Uvicorn's configuration for `app`, an application or where one is made; `more` as uvicorn has it."""
    import uvicorn

    from cutsmith.service.timed_protocol import TimedProtocol

    return uvicorn.Config(
        app,
        http=TimedProtocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        access_log=False,
        server_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_LAST_SECONDS,
        **more,
    )


@contextmanager
def _signals_end_nothing() -> Iterator[None]:
    """Once it has ended well, uvicorn raises the signals anew that told it to. Here that must not look like a crash."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: None) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def logging_config() -> dict[str, Any]:
    """Of Python's logging: a line of JSON for each request and each event, on standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "cutsmith.service.server.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
        "loggers": {
            "cutsmith": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }


class JsonLines(logging.Formatter):
    """Each record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`. What is JSON already, such as a request's line, stays as it is."""
        text = record.getMessage()
        if record.name == "cutsmith.service.access":
            return text
        told = {"at": self.formatTime(record), "level": record.levelname.lower(), "logger": record.name, "told": text}
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told)
