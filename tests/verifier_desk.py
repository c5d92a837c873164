"""A verifier's service over a world in memory, and a holder with a wallet's few moves, for tests of both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI
from starlette.testclient import TestClient

from jikin.codec import multibase
from jikin.credentials.profile import Names
from jikin.dids import key as did_key
from jikin.errors import ChainUnavailableError
from jikin.openid4vc import presentation, response
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.status.array import State
from jikin.testing import Institution, Issued, World
from jikin.values import CertificateNumber, JsonObject
from jikin.verification import policy
from jikin.verification.document import Document
from tests import blank_database
from verifier import migrations
from verifier.app import Desk
from verifier.http.counter import Limits
from verifier.opening import OpenDesk, open_desk
from verifier.service import counter_of
from verifier.settings import load

QUALIFICATION = "national-technical-qualification"
MACHINE = "machine-safety-certification"
BASE = "http://localhost:8103"
TOKEN = "a-token-of-the-verifier-for-tests"
NOW = 1_790_000_000
DAY = 86_400
PERSON = {
    "exam_number": "26020417-0013",
    "name_ko": "김하늘",
    "name_en": "Kim Ha-neul",
    "birth_date": "2003-04-17",
    "qualification_code": "7875",
    "qualification_name": "지게차운전기능사",
    "exam_round": "",
    "score": "82",
    "passed_on": "2026-05-29",
}
FORKLIFT = {
    "application_number": "S26-00417",
    "machine_code": "A04",
    "model": "HL-30D",
    "capacity": "정격하중 3.0 t",
    "serial_from": "HL30D-2600001",
    "serial_to": "HL30D-2600250",
    "maker_ko": "한울리프트(주)",
    "maker_en": "Hanul Lift Co., Ltd.",
    "maker_country": "KR",
    "factory": "경상남도 새봄시 공단로 12",
    "standard": "안전인증 고시 별표 3",
    "certified_on": "2026-06-12",
}


class Clock:
    """A clock that tests turn."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@dataclass
class Town:
    """The world with two institutions: one that examines people, one that certifies machines."""

    clock: Callable[[], int]
    world: World = field(init=False)
    examiner: Institution = field(init=False)
    certifier: Institution = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.clock)
        self.examiner = self.world.institution("hrdk.example", number_code="HRDK")
        names = Names(ko="산업안전보건공단", en="Korea Occupational Safety and Health Agency")
        self.certifier = self.world.institution("kosha.example", names, number_code="KSHA", types=(MACHINE,))

    def qualification(
        self, *, state: State | None = None, name: str = "김하늘", effective: int | None = None
    ) -> Issued:
        """Return a certificate with its public record, moved to *state*."""
        (issued,) = self.examiner.issue(QUALIFICATION, [{**PERSON, "name_ko": name}])
        if state is not None:
            self.examiner.change(issued, state, "issued-in-error")
        self.examiner.publish_record(self.examiner.record(issued, QUALIFICATION, effective=effective))
        return issued

    def machine(self, *, state: State | None = None, valid_until: int | None = None) -> Issued:
        """Return a machine's certificate with its public record, moved to *state*."""
        until = self.clock() + 3 * 365 * DAY if valid_until is None else valid_until
        (issued,) = self.certifier.issue(MACHINE, [FORKLIFT], valid_until=until)
        if state is not None:
            self.certifier.change(issued, state, "under-review")
        self.certifier.publish_record(self.certifier.record(issued, MACHINE))
        return issued

    def bound(self, holder: Holder, *, valid_until: int | None = None, name: str = "김하늘") -> Issued:
        """Return a certificate made out to *holder*, anchored, its receipt published as an issuer does it."""
        number = CertificateNumber.random(2026, "HRDK")
        index = self.examiner.permutation.entry(self.examiner._next_serial)
        self.examiner._next_serial += 1
        unsecured = self.examiner.unsecured(
            QUALIFICATION, {**PERSON, "name_ko": name}, number=number, index=index, valid_until=valid_until
        )
        subject: Any = unsecured["credentialSubject"]
        credential = self.examiner.sign({**unsecured, "credentialSubject": {"id": holder.did, **subject}})
        (receipt,) = self.examiner.anchor([credential])
        digest = self.examiner.digest(credential)
        self.world.files.publish(f"{self.examiner.profile.base_url}/receipts/{digest.raw.hex()}", receipt.to_json())
        return Issued(Document(credential, receipt), number, index, receipt.salt)

    @contextmanager
    def silent_chain(self) -> Iterator[None]:
        """Let the chain not answer."""
        view = self.world.chain.view

        def nobody() -> Any:
            raise ChainUnavailableError("nobody answers at the node")

        self.world.chain.view = nobody  # type: ignore[method-assign]
        try:
            yield
        finally:
            self.world.chain.view = view  # type: ignore[method-assign]

    @contextmanager
    def silent_issuers(self) -> Iterator[None]:
        """Let no institution's site answer."""
        self.world.files.reachable = False
        try:
            yield
        finally:
            self.world.files.reachable = True


@dataclass
class Holder:
    """Somebody with a key, who answers requests as a wallet does, and wrongly where a test wants it."""

    signer: Ed25519Signer = field(default_factory=Ed25519Signer.generate)

    @property
    def did(self) -> str:
        return str(did_key.method_of(self.signer.public_key).did)

    def presentation(
        self,
        asked: Mapping[str, Any],
        *shown: Issued,
        world: World,
        nonce: str | None = None,
        client_id: str | None = None,
    ) -> JsonObject:
        """Return a presentation of *shown* in answer to the request object's claims *asked*."""
        return presentation.make(
            [one.document.credential for one in shown],
            self.signer,
            nonce=asked["nonce"] if nonce is None else nonce,
            client_id=asked["client_id"] if client_id is None else client_id,
            contexts=world.contexts,
            now=world.clock(),
        )


def form(asked: Mapping[str, Any], vp_token: Mapping[str, Any], *, state: str | None = None) -> dict[str, str]:
    """Return the form that answers *asked*, encrypted where it says so."""
    given = asked["state"] if state is None else state
    metadata = asked["client_metadata"]
    if asked["response_mode"] == "direct_post":
        return response.encode(vp_token, given)
    return response.encrypt(vp_token, given, metadata["jwks"], metadata["encrypted_response_enc_values_supported"])


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a signed request object; its signature is looked at elsewhere."""
    found: dict[str, Any] = json.loads(multibase.decode_base64url(token.split(".")[1]))
    return found


def parameters(link: str) -> dict[str, str]:
    """Return the parameters of a request link."""
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def opened(town: Town, folder: Path, *, base_url: str = BASE, **given: object) -> OpenDesk:
    """Return an open desk over *town* with a token for machines; look-ups share nothing."""
    tokens = folder / "dev-tokens.json"
    tokens.write_text(json.dumps({"verifier": TOKEN}), "utf-8")
    settings = load(
        {},
        given={
            "data": folder / "verifier",
            "base_url": base_url,
            "dev_tokens": tokens,
            "wallet_url": "http://localhost:8102",
            "session_seconds": 0.0,
            **given,
        },
    )
    if not settings.database:
        blank_database.lay(settings.data / "verifier.db", migrations)
    desk = Desk(town.world.sources, policy.packaged("public"), town.clock)
    return open_desk(settings, desk, monotonic=lambda: float(town.clock()))


def service(town: Town, folder: Path, *, limits: Limits | None = None, **given: Any) -> FastAPI:
    """Return the application of an open desk over *town*."""
    return counter_of(opened(town, folder, **given), limits)


@contextmanager
def client(app: FastAPI, language: str = "ko") -> Iterator[TestClient]:
    """Give a browser without script that reads *language*."""
    sent = {"accept-language": language, "accept": "text/html"}
    with TestClient(app, base_url=BASE, headers=sent, raise_server_exceptions=False) as browser:
        yield browser


MACHINE_AUTH = {"authorization": f"Bearer {TOKEN}", "accept": "application/json"}


@dataclass
class Asking:
    """An employer's program with a request out, and the holder it went to."""

    browser: TestClient
    town: Town
    holder: Holder = field(default_factory=Holder)

    def ask(self, **body: Any) -> dict[str, Any]:
        """Make a request and return what the service said of it."""
        wish = {"template": QUALIFICATION, "purpose": "채용"} if "dcql_query" not in body else {}
        answer = self.browser.post("/requests", json={**wish, **body}, headers=MACHINE_AUTH)
        assert answer.status_code == 201, answer.text
        self.made: dict[str, Any] = answer.json()
        return self.made

    def asked(self, **body: Any) -> dict[str, Any]:
        """Make a request and return the claims of its request object."""
        fetched = self.browser.get(parameters(self.ask(**body)["request"])["request_uri"])
        assert fetched.status_code == 200, fetched.text
        return claims_of(fetched.text)

    def post(self, asked: dict[str, Any], vp_token: dict[str, Any], **more: Any) -> Any:
        return self.send(asked, data=form(asked, vp_token, **more))

    def send(self, asked: dict[str, Any], **body: Any) -> Any:
        """Post as a wallet does."""
        headers = {"accept": "application/json", **body.pop("headers", {})}
        return self.browser.post(asked["response_uri"], headers=headers, **body)

    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = self.browser.get(self.made["result"], headers=MACHINE_AUTH).json()
        return found

    def refused(self, answer: Any) -> None:
        """Check that an answer was refused and the request is still open for a right one."""
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        result = self.result()
        assert result["verified"] is False
        assert result["state"] in ("waiting", "opened")
        assert result["claims"] == {}
