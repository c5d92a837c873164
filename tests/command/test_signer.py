"""``jikin signer`` as a process of its own: it signs, says nothing secret, and ends when it is told to."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from jikin.errors import SignerUnavailableError
from jikin.proofs import ed25519
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.signers.remote import Door, RemoteSigner
from tests.remote_signer import PASSPHRASE, TOKEN, key_file, write_settings

_SECONDS = 30


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_the_command_signs_until_it_is_stopped(tmp_path: Path) -> None:
    key = {
        "name": "signing",
        "reference": key_file(tmp_path, "a.pem", Ed25519Signer.generate()),
        "purposes": ["assertion"],
    }
    port = free_port()
    command = [sys.executable, "-m", "jikin.command", "signer", "--config", str(write_settings(tmp_path, [key]))]
    said = tmp_path / "said"
    with said.open("wb") as out, subprocess.Popen([*command, "--port", str(port)], stdout=out, stderr=out) as process:
        try:
            signer = opened(Door(f"http://localhost:{port}/keys/signing", lambda: TOKEN, lambda: int(time.time())))
            assert ed25519.verify(signer.public_key, b"x", signer.sign(b"x"))
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(_SECONDS) == 0
    text = said.read_text("utf-8")
    assert re.search(r'"event": "asked"|"asked"', text)
    assert TOKEN not in text
    assert PASSPHRASE not in text


def opened(door: Door) -> RemoteSigner:
    """Return the signer as soon as it answers."""
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            return RemoteSigner.open(door)
        except SignerUnavailableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_a_key_that_does_not_open_is_told_at_the_start(tmp_path: Path) -> None:
    key = {"name": "signing", "reference": "file:nothing.pem", "purposes": ["assertion"]}
    command = [sys.executable, "-m", "jikin.command", "signer", "--config", str(write_settings(tmp_path, [key]))]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert ended.returncode == 1
    assert "[keystore.missing]" in ended.stderr
    assert PASSPHRASE not in ended.stderr
