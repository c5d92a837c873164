"""Runs the scripts of ``tests/interop``: third-party JavaScript packages as the other side."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "tests" / "interop"
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
    environ = {"PATH": "/usr/bin:/bin", **({"NODE_EXTRA_CA_CERTS": str(ca_file)} if ca_file else {})}
    done = subprocess.run(
        [node(), str(SCRIPTS / f"{script}.mjs")],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environ,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer
