"""Whoever has database, files and logs of the wallet reads nothing of a holder (security rules, 6.3)."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from jikin.web import logs
from tests.wallet.conftest import NAME, PASSPHRASE, wallet_in
from tests.wallet.parties import RECORD, SELECTIVE, Employer, Office, asking_for
from wallet import accounts
from wallet.app import Wallet
from wallet.service import application_of


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, from the least severe record on."""
    stream = io.StringIO()
    logs.configure("DEBUG", stream=stream)
    yield stream
    logs.configure("WARNING")


def _all_spellings(secret: str) -> set[bytes]:
    """Return *secret* as it could stand somewhere: UTF-8, UTF-16, JSON escapes, hexadecimal, base64 at any offset."""
    data = secret.encode("utf-8")
    found = {data, secret.encode("utf-16-le"), json.dumps(secret)[1:-1].encode(), data.hex().encode()}
    found.add(data.hex().upper().encode())
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\x00" * shift + data)
            found.add(text[(4 if shift else 0) : -4])  # the ends also depend on what stands beside it
    return {spelling for spelling in found if len(spelling) >= 6}


def _unpacked(content: bytes) -> Iterator[bytes]:
    """Yield what is packed anywhere in *content* by gzip or zlib."""
    for magic, bits in ((b"\x1f\x8b\x08", 31), (b"\x78\x9c", 15), (b"\x78\xda", 15)):
        start = content.find(magic)
        while start >= 0:
            with contextlib.suppress(zlib.error):  # these bytes only look like it
                yield zlib.decompressobj(bits).decompress(content[start:], 1 << 20)
            start = content.find(magic, start + 1)


def _found(secrets: dict[str, str], places: dict[str, bytes]) -> list[str]:
    return [
        f"{what} in {place}"
        for place, content in places.items()
        for text in (content, *_unpacked(content))
        for what, secret in secrets.items()
        for spelling in _all_spellings(secret)
        if spelling in text
    ]


def _lived(wallet: Wallet, office: Office, employer: Employer) -> dict[str, str]:
    """Let a holder sign up, receive, show, check and decline over HTTP, and return what must be nowhere."""
    _, code = accounts.create(wallet, NAME * 3, PASSPHRASE)
    with accounts.open_by_token(wallet, accounts.open_by_passphrase(wallet, NAME * 3, PASSPHRASE)) as vault:
        accounts.confirm_recovery(wallet, vault, code)
        token, key = accounts.new_token(wallet, vault), bytes(vault.key.data)
    with TestClient(application_of(wallet), headers={"authorization": f"Bearer {token}"}) as client:
        offer = office.offer()
        answer = client.post("/api/offers", json={"credential_offer": offer, "tx_code": office.tx_code})
        (one,) = answer.json()["credentials"]
        whole = client.get(f"/api/credentials/{one['id']}").json()
        assert client.post("/api/requests", json={"request": employer.ask()}).status_code == 200
        client.post("/api/requests", json={"request": employer.ask(), "decline": True})
        offered = {"credential_offer": office.offer(configuration=SELECTIVE), "tx_code": office.tx_code}
        (part,) = client.post("/api/offers", json=offered).json()["credentials"]
        text = client.get(f"/api/credentials/{part['id']}").json()["credential"]
        assert client.post("/api/requests", json={"request": employer.ask(asking_for("score"))}).status_code == 200
        client.post("/api/credentials/check")
        client.post("/api/offers", json={"credential_offer": offer, "tx_code": "0000"})
        office.deferrals = 50
        client.post("/api/offers", json={"credential_offer": office.offer(), "tx_code": office.tx_code})
        secrets = {
            "login name": NAME * 3,
            "passphrase": PASSPHRASE,
            "recovery code": code,
            "recovery code without hyphens": code.replace("-", ""),
            "API token": token,
            "access token": next(iter(office.tokens)),
            "transaction id": next(iter(office.deferred)),
            "holder's name": RECORD["name_ko"],
            "holder's English name": RECORD["name_en"],
            "certificate number": one["number"],
            "number without hyphens": one["number"].replace("-", ""),
            "holder's DID": whole["credential"]["credentialSubject"]["id"],
            "title": one["title"]["ko"],
            "issuer": one["issuer"]["ko"],
            "issuer's address": office.address,
            "who asked": employer.address,
            "issuer's signature under a text": text.split("~")[0].rpartition(".")[2],
            "a disclosure": text.split("~")[1],
            "its certificate number": part["number"],
            "what a claim is called": "취득점수",
            "salt of the receipt": whole["receipt"]["salt"].removeprefix("0x"),
        }
        places = _at_rest(wallet.settings.data)
        assert key not in b"".join(places.values())
        found = _found(secrets, places)
        assert found == []
    return secrets


def _at_rest(data: Path) -> dict[str, bytes]:
    return {str(file.relative_to(data)): file.read_bytes() for file in data.rglob("*") if file.is_file()}


def test_nothing_of_a_holder_is_readable_in_database_wal_files_and_logs(
    tmp_path: Path, world: World, clock: FixedClock, office: Office, employer: Employer, log: io.StringIO
) -> None:
    data = tmp_path / "wallet"
    wallet = wallet_in(data, world, clock)
    secrets = _lived(wallet, office, employer)
    assert {"wallet.db", "wallet.key"} <= set(_at_rest(data))
    written = log.getvalue()
    assert "/api/credentials/{id}" in written  # the log is not simply empty
    assert _found(secrets, {"log": written.encode(), **_at_rest(data)}) == []


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """A search that finds nothing anywhere would pass the test above."""
    packed = zlib.compress(json.dumps({"name": "김하늘과 고양이"}, ensure_ascii=False).encode())
    planted = {
        "plain": "…김하늘과 고양이…".encode(),
        "escaped": json.dumps("김하늘과 고양이").encode(),
        "base64": base64.b64encode("x김하늘과 고양이 셋".encode()),
        "packed": b"junk" + packed,
    }
    found = _found({"name": "김하늘과 고양이"}, planted)
    assert {place.partition(" in ")[2] for place in found} == set(planted)
