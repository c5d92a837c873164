"""A service as a child of this process: started, waited for, looked at, stopped, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jikin.command.serve import Service
from jikin.errors import JikinError

_START_SECONDS = 180.0
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.1
_TAIL_BYTES = 3000


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
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it; it is not ready yet."""
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The settings of whoever started us are not the services': nothing of JIKIN_… passes through unasked.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("JIKIN_")}
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jikin.command", "serve", str(self.service), "--parent", str(os.getpid())],
                env={**inherited, **self.environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: we stop them one after the other
            )

    @property
    def alive(self) -> bool:
        """Say whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return the id of the process that was started last, 0 before."""
        return 0 if self._process is None else self._process.pid

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
        ended = None if self._process is None else self._process.poll()
        return ServiceDiedError(
            f"the {self.service} ended by itself (exit code {ended}); its last lines:\n{self._tail()}",
            hint=f"its log is {self.log}",
        )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, at first politely; stopping twice is no error."""
        process, self._process = self._process, None
        if process is None:
            return
        for number in (how, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)  # the group's id is its first process's: start_new_session
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            return

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
