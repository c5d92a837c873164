"""The three services as people start them, for tests that play a whole story.

``from tests.services import services`` (a fixture, module-scoped): what ``jikin up`` starts from an empty folder on
free ports, its chain included; it is ended by its pid. Services that a test stops and kills: `tests.standing_services`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from jikin.dids.authorities import system_authorities

ROOT = Path(__file__).resolve().parents[1]
_START_SECONDS = 300
_STOP_SECONDS = 60
_CODE = re.compile(r"\b(\d{6})\b")


@dataclass(frozen=True)
class Services:
    """Where everything is. *invitations*: part of the institution's path → login name → link; each is good once."""

    folder: Path
    issuer: str
    wallet: str
    verifier: str
    chain: str
    institutions: Mapping[str, str]
    invitations: Mapping[str, Mapping[str, str]] = field(repr=False)
    tokens: Mapping[str, str] = field(repr=False)

    def machine(self, service: str) -> httpx.Client:
        """Return a client of one service ("issuer", …) with the development token; whoever asked closes it."""
        return httpx.Client(
            base_url=getattr(self, service),
            headers={"authorization": f"Bearer {self.tokens[service]}", "accept": "application/json"},
            timeout=120,
            trust_env=False,
            verify=system_authorities(),
        )

    def offer(self, **wishes: Any) -> dict[str, Any]:
        """Return what ``POST /offers`` answers: "offer", "link", "tx_code" where one is wished for."""
        with self.machine("issuer") as client:
            answer = client.post("/offers", json=wishes)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def letters(self) -> tuple[Path, ...]:
        """Return the notices that left the office, the newest last."""
        outbox = self.folder / "office" / "outbox"
        return tuple(sorted(outbox.glob("*.txt"), key=lambda path: path.stat().st_mtime_ns))

    def letter_code(self) -> str:
        """Return the code that stands in the newest notice."""
        text = self.letters()[-1].read_text("utf-8").partition("\n\n")[2]
        found = _CODE.search(text)
        assert found is not None, "the newest notice has no code"
        return found[1]

    def invite(self, institution: str, name: str, *roles: str) -> str:
        """Return a fresh link for an officer, from the office's own command."""
        office = self.folder / "office"
        own = {
            "JIKIN_DATA": str(office),
            "JIKIN_BASE_URL": self.issuer,
            "JIKIN_RPC_URL": self.chain,
            "JIKIN_REGISTRY_FILE": str(office / "registry.json"),
            "JIKIN_ALLOW_PRIVATE": "true",
        }
        domain = self.institutions[institution].removeprefix("http://")
        command = [sys.executable, "-m", "jikin.command", "admin", "officer", "invite", name, "--json"]
        command += ["--institution", domain, *(word for role in roles for word in ("--role", role))]
        done = subprocess.run(command, env=_inherited() | own, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        link: str = json.loads(done.stdout)["link"]
        return link

    def log(self, service: str) -> str:
        """Return everything one service has said."""
        return (self.folder / "logs" / f"{service}.log").read_text("utf-8", "replace")


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Yield what ``jikin up`` starts."""
    with by_command(tmp_path_factory.mktemp("up") / "data") as found:
        yield found


@contextmanager
def by_command(folder: Path, base: int | None = None) -> Iterator[Services]:
    """Give what ``jikin up --data folder`` starts, in a process group of its own; it is stopped by its pid.

    The three have the ports after *base*, free ones where it is None.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    out, err = folder.parent / "up.json", folder.parent / "up.log"
    command = [
        sys.executable,
        "-m",
        "jikin.command",
        "up",
        "--data",
        str(folder),
        "--port-base",
        str(base or port_base()),
    ]
    command += ["--dev-tokens", "--json"]
    with out.open("wb") as said, err.open("wb") as told:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=told,
            env=_inherited(),
            start_new_session=True,
        )
    try:
        yield _read(json.loads(_first_line(process, out, err)))
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()  # the services see that their parent is gone, and end
            process.wait()


def port_base() -> int:
    """Return a number such that the three ports after it are free now."""
    for base in range(20_000 + os.getpid() % 1000 * 10, 32_000, 10):
        with contextlib.ExitStack() as stack:
            try:
                for number in (1, 2, 3):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", base + number))
            except OSError:
                continue
            return base
    raise RuntimeError("no three ports in a row are free")


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("JIKIN_")}


def _first_line(process: subprocess.Popen[bytes], out: Path, err: Path) -> str:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        text = out.read_text("utf-8")
        if text.endswith("\n"):
            return text
        time.sleep(0.1)

    def said(file: Path) -> str:
        return file.read_text("utf-8", "replace")[-3000:]

    raise AssertionError(f"jikin up did not come up: {said(out)} {said(err)}")


def _read(document: Mapping[str, Any]) -> Services:
    paths = {one["baseUrl"].rpartition("/")[2]: one for one in document["institutions"]}
    return Services(
        folder=Path(document["data"]),
        issuer=document["issuer"],
        wallet=document["wallet"],
        verifier=document["verifier"],
        chain=document["chain"],
        institutions={path: one["baseUrl"] for path, one in paths.items()},
        invitations={path: one["invitations"] for path, one in paths.items()},
        tokens=json.loads(Path(document["devTokens"]).read_text("utf-8")),
    )
