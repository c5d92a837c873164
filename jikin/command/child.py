"""A service as a child of this process: started, waited for, looked at, stopped, and never left behind.

The children are forked from one process that has loaded everything once: a chain library, a database and a web
framework take longer to load than a service takes to start.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from jikin.command.serve import Service
from jikin.errors import JikinError

_START_SECONDS = 180.0
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.1
_TAIL_BYTES = 3000
_PRELOADED = [
    "jikin.command.child",
    "jikin.command.main",
    "jikin.web.serving",
    "jikin.anchoring.evm",
    "eth_account",
    "pyld",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "issuer.service",
    "wallet.service",
    "verifier.service",
]


class ServiceDiedError(JikinError):
    """A service ended by itself, or did not come up."""

    code = "up.service"


@dataclass(slots=True)
class Child:
    """One service: its settings, where it answers, and the file that takes what it says.

    *environ* are all variables it gets besides the system's own; *tls* is what trusts its certificate.
    """

    service: Service
    url: str
    environ: Mapping[str, str] = field(repr=False)
    log: Path
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    _process: ForkServerProcess | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it; it is not ready yet."""
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        warm_up()
        context = multiprocessing.get_context("forkserver")
        self._process = context.Process(
            target=_serve, args=(str(self.service), dict(self.environ), str(self.log)), name=str(self.service)
        )
        self._process.start()

    @property
    def alive(self) -> bool:
        """Say whether the process runs."""
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self) -> int:
        """Return the id of the process that was started last, 0 before."""
        return 0 if self._process is None else self._process.pid or 0

    def wait_until_ready(self) -> None:
        """Return when ``/readyz`` says yes; raises ServiceDiedError with the last lines of its log."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if not self.alive:
                raise self.death()
            if self.answers("/readyz"):
                return
            time.sleep(_LOOK_SECONDS)
        raise ServiceDiedError(
            f"the {self.service} was not ready within {_START_SECONDS:.0f} s; its last lines:\n{self._tail()}",
            hint=f"its log is {self.log}",
        )

    def death(self) -> ServiceDiedError:
        """Return the error that tells how it ended."""
        ended = None if self._process is None else self._process.exitcode
        return ServiceDiedError(
            f"the {self.service} ended by itself (exit code {ended}); its last lines:\n{self._tail()}",
            hint=f"its log is {self.log}",
        )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, at first politely; stopping twice is no error."""
        process, self._process = self._process, None
        if process is None or process.pid is None:
            return
        for number in (how, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)  # it is the first of its group, with whatever it started in it
            process.join(_STOP_SECONDS)
            if process.exitcode is not None:
                break
        process.close()

    def answers(self, path: str) -> bool:
        """Say whether it answers at *path* with 200."""
        # Without the proxy that the environment may name: this is our own machine.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self.tls)
        )
        try:
            with opener.open(self.url + path, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _tail(self) -> str:
        with contextlib.suppress(OSError):
            return self.log.read_bytes()[-_TAIL_BYTES:].decode("utf-8", "replace").strip()
        return ""


def warm_up() -> None:
    """Begin loading, in the background and once, what every service needs."""
    multiprocessing.set_forkserver_preload(_PRELOADED)
    forkserver.ensure_running()


def _serve(service: str, environ: Mapping[str, str], log: str) -> None:
    """Be the service: a group of its own, its settings, its log; ends with whoever started it."""
    os.setsid()  # Ctrl-C is for the one that started us: it stops us in good order
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    # The settings of whoever started us are not the service's: nothing of JIKIN_… passes through unasked.
    for name in [name for name in os.environ if name.startswith("JIKIN_")]:
        del os.environ[name]
    os.environ.update(environ)
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()

    from jikin.command.main import main

    main(["serve", service])


def _end_with_parent() -> None:
    """End this process, at first politely, as soon as the one that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_STOP_SECONDS)
    os._exit(1)
