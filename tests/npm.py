"""Runs the scripts of ``tests/interop``: third-party JavaScript packages as the other side."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "tests" / "interop"
_SECONDS = 120
_OWN_NODE = ROOT / "tools" / "node" / "node_modules" / ".bin"


def node() -> str:
    """Return the Node program; skips the test, with a word, where it or the packages are not installed."""
    if not (ROOT / "node_modules" / "@openid4vc" / "openid4vp").is_dir():
        pytest.skip("the npm packages @openid4vc/* are not installed (make setup)")
    found = shutil.which("node", path=f"{_OWN_NODE}:") or shutil.which("node")
    if found is None:
        pytest.skip("Node is not installed")
    return found


def ask(script: str, document: Any, *, ca_file: Path | None = None) -> dict[str, Any]:
    """Return what *script* (``receiver``, ``verifier``, ``wallet``) answers to *document*; see its head for both.

    *ca_file* (PEM) is a further authority it trusts when it asks the network.
    """
    with live(script, document, ca_file=ca_file) as running:
        return running.next()


@contextmanager
def live(script: str, document: Any, *, ca_file: Path | None = None) -> Iterator[Script]:
    """Give *script* while it runs: it may say something before its last word, and is ended by its pid at the latest."""
    environ = {"PATH": "/usr/bin:/bin", **({"NODE_EXTRA_CA_CERTS": str(ca_file)} if ca_file else {})}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [node(), str(SCRIPTS / f"{script}.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            env=environ,
        )
        ended = threading.Timer(_SECONDS, process.kill)
        ended.start()
        try:
            with process:
                assert process.stdin is not None
                process.stdin.write(json.dumps(document))
                process.stdin.close()
                yield Script(process, errors)
                process.kill()
        finally:
            ended.cancel()


@dataclass(frozen=True)
class Script:
    """A script that runs."""

    process: subprocess.Popen[str]
    errors: IO[str]

    def next(self) -> dict[str, Any]:
        """Wait for the next JSON document that it prints, and return it."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise AssertionError(f"the script said nothing more: {self.errors.read()[-2000:]}")
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer
