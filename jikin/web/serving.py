"""Serving an application on the loopback interface until it is told to stop."""

from __future__ import annotations

import logging
import signal
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from jikin.errors import SettingsError
from jikin.web import logs

HOST = "127.0.0.1"
_GRACE_SECONDS = 10


def serve(app: FastAPI, *, port: int, certificate: tuple[Path, Path] | None = None) -> None:
    """Serve *app* on 127.0.0.1:*port* until SIGTERM or SIGINT; requests that run are finished first.

    *certificate* is the PEM file of the chain and that of its key: then https is spoken and nothing else. Raises
    SettingsError (``settings.port``) for a port that is taken.
    """
    chain, key = (None, None) if certificate is None else certificate
    listener = _listen(port)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=None if chain is None else str(chain),
        ssl_keyfile=None if key is None else str(key),
    )
    quiet = _Quiet()
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).addFilter(quiet)
    # uvicorn raises the signal again when it has stopped; by then it has done its work.
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"port {port} of {HOST} cannot be used: {error.strerror}",
            code="settings.port",
            hint="stop what uses it, or choose another port",
        ) from error
    return listener


def _ignore(_number: int, _frame: object) -> None:
    """Take a signal that has been obeyed already."""


class _Quiet(logging.Filter):
    """Turns an exception into one record of ours: its message and its values may be personal."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep out records that carry an exception."""
        if record.exc_info is None or record.exc_info[1] is None:
            return True
        error = record.exc_info[1]
        logs.logger().error("server", error=type(error).__name__, place=logs.error_place(error))
        return False
