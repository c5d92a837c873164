"""Serving: on the loopback interface alone, ended by a signal, over TLS where there is a certificate."""

from __future__ import annotations

import datetime
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jikin.errors import SettingsError
from jikin.web.serving import serve
from tests.browser import free_port
from tests.web import gallery

PROGRAM = """
import sys
from pathlib import Path
from jikin.web.serving import serve
from tests.web import gallery
port, *files = sys.argv[1:]
serve(gallery.application(int(port))[0], port=int(port), certificate=tuple(map(Path, files)) if files else None)
print("ended well")
"""


@contextmanager
def _served(port: int, files: Sequence[Path] = ()) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port), *map(str, files)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    try:
        _wait_for(port, process)
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError("nothing is served")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(number: signal.Signals) -> None:
    port = free_port()
    with _served(port) as process:
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").json() == {"status": "ok"}
        os.kill(process.pid, number)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "ended well" in said


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=str(port)) as caught:
            serve(gallery.application(port)[0], port=port)
    assert caught.value.code == "settings.port"
    assert caught.value.hint


def test_a_defect_leaves_its_place_in_the_log_and_nothing_personal() -> None:
    port = free_port()
    with _served(port) as process:
        answer = httpx.get(f"http://127.0.0.1:{port}/faults/defect")
        assert answer.status_code == 500
        assert answer.json()["code"] == "internal"
        assert "server" not in answer.headers
        os.kill(process.pid, signal.SIGTERM)
        said, _ = process.communicate(timeout=20)
    assert "gallery.py" in said
    assert "김비밀" not in said
    assert "Traceback" not in said


def test_over_tls_it_speaks_https_and_nothing_else(tmp_path: Path) -> None:
    port = free_port()
    certificate = _certificate(tmp_path)
    with _served(port, certificate):
        trust = ssl.create_default_context(cafile=str(certificate[0]))
        assert httpx.get(f"https://localhost:{port}/healthz", verify=trust).json() == {"status": "ok"}
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://localhost:{port}/healthz")


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, secret
