"""The remote signer: both sides prove who they are, nothing is signed twice, and each key signs its own work alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import rlp
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from jikin.errors import SettingsError, SignerUnavailableError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.signers.remote import Door, RemoteAccount, RemoteSigner
from jikin.proofs.signers.remote_protocol import HEADER, Purpose, Question, answer_header
from jikin.signer.rules import domain_separator
from jikin.signer.settings import load
from jikin.values import Address, ChainId, keccak256
from tests.codes import code_of
from tests.remote_signer import CHAIN, REGISTRY, TOKEN, RemoteDesk, account_file, key_file, running, write_settings
from tests.wallet.parties import served

ANCHOR = keccak256(b"anchor(bytes32,bytes32,uint32,uint8)")[:4]
ADD_KEY = keccak256(b"addKey(bytes32,string)")[:4]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteDesk]:
    folder = tmp_path_factory.mktemp("remote")
    keys: list[dict[str, Any]] = [
        {
            "name": "signing",
            "reference": key_file(folder, "a.pem", Ed25519Signer.generate()),
            "purposes": ["assertion"],
        },
        {"name": "other", "reference": key_file(folder, "b.pem", Ed25519Signer.generate()), "purposes": ["assertion"]},
        {
            "name": "anchoring",
            "reference": account_file(folder, "c.json"),
            "purposes": ["transaction", "typed-data"],
            "functions": ["anchor"],
        },
    ]
    with running(folder, keys) as opened:
        yield opened


def transaction(**changes: Any) -> bytes:
    """Return an unsigned transaction of EIP-1559; the plain one is an anchor to the registry."""
    plain: dict[str, Any] = {
        "chain": b"\x7a\x69",
        "nonce": b"\x07",
        "tip": b"\x01",
        "fee": b"\x02",
        "gas": b"\xea\x60",
        "to": REGISTRY.raw,
        "value": b"",
        "data": ANCHOR + bytes(128),
        "access": [],
    }
    return b"\x02" + bytes(rlp.encode(list((plain | changes).values())))


def test_a_key_anchors_and_does_nothing_else(desk: RemoteDesk) -> None:
    account = RemoteAccount.open(desk.door("anchoring"))
    assert len(account.sign_keccak(transaction())) == 65


def test_an_account_fills_a_gap_in_its_own_nonces(desk: RemoteDesk) -> None:
    account = RemoteAccount.open(desk.door("anchoring"))
    own = account.address.raw
    assert len(account.sign_keccak(transaction(to=own, data=b""))) == 65
    for other in (transaction(to=own), transaction(to=own, data=b"", value=b"\x01")):
        with pytest.raises(SignerUnavailableError):
            account.sign_keccak(other)


REFUSED: dict[str, bytes] = {
    "to another address": transaction(to=bytes(20)),
    "a creation": transaction(to=b""),
    "on another chain": transaction(chain=b"\x01"),
    "with money": transaction(value=b"\x01"),
    "of another function of the registry": transaction(data=ADD_KEY + bytes(64)),
    "of an unknown function": transaction(data=b"\x00\x01\x02\x03"),
    "without data": transaction(data=b""),
    "with an access list": transaction(access=[[REGISTRY.raw, []]]),
    "with a list for a field": transaction(nonce=[b"\x07"]),
    "signed already": b"\x02" + bytes(rlp.encode([b"\x01"] * 12)),
    "of another kind": b"\x01" + transaction()[1:],
    "that is no RLP": b"\x02\xff\xff",
    "with bytes behind it": transaction() + b"\x00",
    "typed data of another contract": b"\x19\x01" + domain_separator(CHAIN, Address(bytes(20))) + bytes(32),
    "typed data of another chain": b"\x19\x01" + domain_separator(ChainId(1), REGISTRY) + bytes(32),
    "a personal message": b"\x19Ethereum Signed Message:\n5hello",
    "a bare digest": bytes(32),
}


@pytest.mark.parametrize("message", REFUSED.values(), ids=REFUSED.keys())
def test_an_account_refuses_what_it_was_not_given_for(desk: RemoteDesk, message: bytes) -> None:
    account = RemoteAccount.open(desk.door("anchoring"))
    with pytest.raises(SignerUnavailableError) as caught:
        account.sign_keccak(message)
    assert caught.value.code == "signer.refused"


def test_typed_data_of_the_registry_is_signed(desk: RemoteDesk) -> None:
    account = RemoteAccount.open(desk.door("anchoring"))
    assert len(account.sign_keccak(b"\x19\x01" + domain_separator(CHAIN, REGISTRY) + bytes(32))) == 65


@pytest.mark.parametrize(
    ("name", "purpose"),
    [("signing", Purpose.TRANSACTION), ("signing", Purpose.TYPED_DATA), ("anchoring", Purpose.ASSERTION)],
)
def test_no_key_signs_for_a_purpose_that_it_was_not_given(desk: RemoteDesk, name: str, purpose: Purpose) -> None:
    with pytest.raises(SignerUnavailableError) as caught:
        desk.door(name).sign(purpose, transaction())
    assert caught.value.code == "signer.refused"


def test_an_office_with_another_token_is_answered_nothing(desk: RemoteDesk) -> None:
    for name in ("signing", "nothing"):
        with pytest.raises(SignerUnavailableError) as caught:
            RemoteSigner.open(desk.door(name, TOKEN[:-1] + "2"))
        assert caught.value.code == "signer.token"
    assert code_of(RemoteSigner.open, desk.door("signing", "short")) == "signer.token-short"


def test_a_key_that_is_not_there_is_named_as_such(desk: RemoteDesk) -> None:
    assert code_of(RemoteSigner.open, desk.door("nothing")) == "signer.refused"
    assert code_of(RemoteSigner.open, desk.door("anchoring")) == "signer.kind"
    assert code_of(RemoteAccount.open, desk.door("signing")) == "signer.kind"


def ask(desk: RemoteDesk, question: Question, **changes: Any) -> httpx.Response:
    """Send a question as somebody on the way would who can change what he hears."""
    sent = {"header": question.header(TOKEN), "body": question.body, "path": question.path} | changes
    url = desk.address + sent["path"]
    return httpx.request(question.method, url, content=sent["body"], headers={HEADER: sent["header"]}, trust_env=False)


def question(desk: RemoteDesk, nonce: int, message: bytes = b"x", *, seconds: int = 0) -> Question:
    text = base64.urlsafe_b64encode(message).rstrip(b"=").decode()
    body = json.dumps({"purpose": "assertion", "message": text}).encode()
    return Question("POST", "/keys/signing", nonce.to_bytes(16, "big"), desk.clock() + seconds, body)


def test_a_question_is_answered_once_and_within_a_minute(desk: RemoteDesk) -> None:
    first = question(desk, 1)
    assert [ask(desk, first).status_code for _ in range(3)] == [200, 401, 401]
    assert ask(desk, question(desk, 2, seconds=61)).status_code == 401
    assert ask(desk, question(desk, 3, seconds=-61)).status_code == 401
    late = question(desk, 4, seconds=60)
    assert ask(desk, late).status_code == 200
    before = desk.clock.now
    desk.clock.now += 100  # still inside the time that the question names
    assert ask(desk, late).status_code == 401
    desk.clock.now = before


def test_a_question_that_was_changed_on_the_way_is_not_answered(desk: RemoteDesk) -> None:
    changed = question(desk, 10)
    other = question(desk, 10, b"y").body
    assert ask(desk, changed, body=other).status_code == 401
    assert ask(desk, changed, path="/keys/other").status_code == 401
    assert ask(desk, changed, header="").status_code == 401
    assert ask(desk, changed, header=changed.header(TOKEN).replace("time=", "time=0")).status_code == 401
    assert ask(desk, changed).status_code == 200


BODIES = {
    "no JSON": b"x",
    "no object": b"[]",
    "a member more": b'{"purpose":"assertion","message":"eA","digest":"eA"}',
    "no message": b'{"purpose":"assertion"}',
    "a digest in place of the message": b'{"purpose":"assertion","digest":"eA"}',
    "no base64url": b'{"purpose":"assertion","message":"*"}',
    "a number": b'{"purpose":"assertion","message":1}',
    "two purposes": b'{"purpose":"assertion","purpose":"assertion","message":"eA"}',
}


@pytest.mark.parametrize(("number", "body"), list(enumerate(BODIES.values(), 100)), ids=BODIES.keys())
def test_a_body_that_is_not_purpose_and_message_is_refused(desk: RemoteDesk, number: int, body: bytes) -> None:
    answer = ask(desk, replace(question(desk, number), body=body))
    assert answer.status_code == 400
    assert answer.headers[HEADER].startswith("mac=")


@contextmanager
def liar(answer: bytes, knows: str = TOKEN) -> Iterator[Door]:
    """Give the way to a server that answers every question with *answer*, proven by the token that it *knows*."""
    app = FastAPI()

    @app.api_route("/keys/a", methods=["GET", "POST"])
    def lie(request: Request) -> Response:
        nonce = bytes.fromhex(request.headers[HEADER].split("nonce=")[1][:32])
        return Response(answer, headers={HEADER: answer_header(knows, nonce, 200, answer)})

    with served(lambda _address: app) as (_, address):
        yield Door(f"{address}/keys/a", lambda: TOKEN, lambda: 1)


def test_a_signature_by_another_key_is_noticed(desk: RemoteDesk) -> None:
    real = RemoteSigner.open(desk.door("signing"))
    wrong = base64.urlsafe_b64encode(RemoteSigner.open(desk.door("other")).sign(b"x")).rstrip(b"=").decode()
    with liar(json.dumps({"signature": wrong}).encode()) as door:
        assert code_of(RemoteSigner(door, real.public_key).sign, b"x") == "signer.wrong-signature"
    with liar(json.dumps({"signature": "AA" * 43}).encode()) as door:
        assert code_of(RemoteAccount(door, REGISTRY).sign_keccak, b"x") == "signer.wrong-signature"


def test_an_answer_by_nobody_who_knows_the_token_is_not_believed() -> None:
    with liar(b"{}", knows="b" * 40) as door:
        assert code_of(RemoteSigner.open, door) == "signer.token"


@pytest.mark.parametrize("answer", [b"[]", b"no json", b"\xff", b"{" + b" " * 20_000 + b"}"])
def test_an_answer_that_is_none_is_a_signer_that_is_away(answer: bytes) -> None:
    with liar(answer) as door:
        assert code_of(RemoteSigner.open, door) == "signer.unreachable"


def test_a_signer_that_is_away_is_unreachable_and_never_a_verdict() -> None:
    door = Door("http://127.0.0.1:9/keys/a", lambda: TOKEN, lambda: 1, timeout_seconds=2.0)
    assert code_of(RemoteSigner.open, door) == "signer.unreachable"


@pytest.mark.parametrize(
    "url",
    [
        "http://signer.example/keys/a",
        "https://user:secret@signer.example/keys/a",
        "https://signer.example/keys/a?x=1",
        "https://signer.example/",
        "https://signer.example/keys/../a b",
        "ftp://localhost/keys/a",
        "https:///keys/a",
    ],
)
def test_secrets_go_over_https_or_stay_on_this_machine(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Door(url, lambda: TOKEN, lambda: 1)
    assert caught.value.code == "signer.reference"
    assert "secret" not in str(caught.value)


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an unknown setting": ({"colour": "x"}, {}),
    "a port that is none": ({"port": 0}, {}),
    "no registry for an account": ({"registry": None}, {}),
    "a name that is none": ({}, {"name": "A B"}),
    "no purpose": ({}, {"purposes": []}),
    "an unknown purpose": ({}, {"purposes": ["everything"]}),
    "an unknown function": ({}, {"functions": ["withdraw"]}),
    "a reference to another signer": ({}, {"reference": "https://signer.example/keys/a"}),
    "an unknown member": ({}, {"secret": "x"}),
    "a chain that is none": ({"chain": "bitcoin"}, {}),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_settings_that_cannot_be_right_are_named(tmp_path: Path, case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    head, member = case
    key = {"name": "a", "reference": "file:a.json", "purposes": ["transaction"]} | member
    file = write_settings(tmp_path, [key], **{name: value for name, value in head.items() if value is not None})
    if head.get("registry", "") is None:
        kept = [line for line in file.read_text().splitlines() if not line.startswith("registry")]
        file.write_text("\n".join(kept))
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert TOKEN not in str(caught.value)
    assert caught.value.code in {"settings.value", "settings.unknown"}


DOC = Path(__file__).resolve().parents[2] / "docs" / "spec" / "remote-signer.md"


def test_the_settings_on_the_page_are_settings(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "signer.toml").write_text(example.replace('"0x…"', f'"{REGISTRY}"'), "utf-8")
    found = load(tmp_path / "signer.toml")
    assert [(key.name, key.rule.functions) for key in found.keys] == [
        ("signing", frozenset()),
        ("anchoring", frozenset({"anchor"})),
    ]


def test_both_sides_are_proven_as_the_page_says() -> None:
    def text(value: str) -> bytes:
        return len(value).to_bytes(2, "big") + value.encode()

    asked = Question("POST", "/keys/a", b"\x11" * 16, 1_790_000_000, b"{}")
    said = b"JKS1" + text("POST") + text("/keys/a") + b"\x11" * 16 + (1_790_000_000).to_bytes(8, "big")
    mac = hmac.new(TOKEN.encode(), said + hashlib.sha256(b"{}").digest(), "sha256").hexdigest()
    assert asked.header(TOKEN) == f"nonce={'11' * 16}, time=1790000000, mac={mac}"
    answered = b"JKS2" + b"\x11" * 16 + (200).to_bytes(2, "big") + hashlib.sha256(b"[]").digest()
    mac = hmac.new(TOKEN.encode(), answered, "sha256").hexdigest()
    assert answer_header(TOKEN, b"\x11" * 16, 200, b"[]") == f"mac={mac}"
