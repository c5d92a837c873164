"""The trial's own authority vouches for localhost, for nothing else, and leaves no key behind."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from jikin.command import tls

NOW = 1_790_000_000


def test_files_are_for_their_owner_alone_and_hold_no_key_of_the_authority(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path / "tls", NOW)
    for path in (files.authority, files.certificate, files.key):
        assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (tmp_path / "tls").iterdir()) == ["ca.pem", "localhost.key", "localhost.pem"]
    assert b"PRIVATE" not in files.authority.read_bytes()


def test_they_are_kept_while_good_and_made_anew_before_they_end(tmp_path: Path) -> None:
    first = tls.ensure(tmp_path, NOW).certificate.read_bytes()
    assert tls.ensure(tmp_path, NOW + 80 * 86_400).certificate.read_bytes() == first
    assert tls.ensure(tmp_path, NOW + 84 * 86_400).certificate.read_bytes() != first


@pytest.mark.parametrize("spoilt", ["ca.pem", "localhost.pem", "localhost.key"])
def test_a_file_that_is_gone_is_made_anew_with_its_fellows(tmp_path: Path, spoilt: str) -> None:
    files = tls.ensure(tmp_path, NOW)
    before = files.certificate.read_bytes()
    (tmp_path / spoilt).unlink()
    assert tls.ensure(tmp_path, NOW).certificate.read_bytes() != before


@pytest.mark.parametrize(("name", "good"), [("localhost", True), ("hrdk.example", False)])
def test_the_certificate_is_for_localhost_only(tmp_path: Path, name: str, good: bool) -> None:
    from datetime import UTC, datetime

    files = tls.ensure(tmp_path, NOW)
    authority, leaf = (x509.load_pem_x509_certificate(p.read_bytes()) for p in (files.authority, files.certificate))
    verifier = PolicyBuilder().store(Store([authority])).time(datetime.fromtimestamp(NOW, UTC))
    check = verifier.build_server_verifier(x509.DNSName(name))
    if good:
        assert check.verify(leaf, []) == [leaf, authority]
    else:
        with pytest.raises(VerificationError):
            check.verify(leaf, [])


def test_a_client_that_trusts_the_authority_speaks_to_a_server_with_the_certificate(tmp_path: Path) -> None:
    import time

    files = tls.ensure(tmp_path, int(time.time()))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(files.certificate, files.key)
    client = ssl.create_default_context(cafile=str(files.authority))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            raw, _ = listener.accept()
            with server.wrap_socket(raw, server_side=True) as opened:
                opened.sendall(b"hello")

        thread = threading.Thread(target=answer)
        thread.start()
        with (
            socket.create_connection(listener.getsockname()) as raw,
            client.wrap_socket(raw, server_hostname="localhost") as opened,
        ):
            assert opened.recv(5) == b"hello"
        thread.join()
