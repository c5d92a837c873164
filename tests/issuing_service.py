"""The issuer's web application over a bureau, asked like a stranger asks it; and a wallet in a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from starlette.testclient import TestClient

from issuer import copies, service
from issuer.tokens import Scope, make
from jikin.openid4vc import key_proof
from jikin.openid4vc.offer import PRE_AUTHORIZED
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Json, JsonObject, Signer
from tests.issuing_office import TYPE, Bureau

SITE = "http://localhost:8101"


@dataclass
class Counter:
    """A client of the application; nothing is worked off but by ``work_off``."""

    bureau: Bureau
    client: TestClient
    token: str = field(repr=False)

    @property
    def base(self) -> str:
        """Return the base URL of the institution."""
        return self.bureau.office.profile(self.bureau.institution).base_url

    def get(self, path: str, **more: object) -> JsonObject:
        answer = self.client.get(path, **more)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        found: JsonObject = answer.json()
        return found

    def offers(self, **body: Json) -> JsonObject:
        answer = self.client.post("/offers", json=body, headers=bearer(self.token))
        assert answer.status_code == 200, answer.text
        found: JsonObject = answer.json()
        return found

    def work_off(self) -> None:
        """Do what the service's own thread does: collect copies, run the steps of what is unfinished."""
        while True:
            for batch in copies.unfinished(self.bureau.office):
                self.bureau.run(batch)
            if copies.collect(self.bureau.office) is None:
                return


def bearer(token: str | None) -> dict[str, str]:
    """Return the header that shows *token*."""
    return {} if token is None else {"authorization": f"Bearer {token}"}


def open_counter(bureau: Bureau) -> Counter:
    """Return a client of the bureau's web application, with a token for offers."""
    client = TestClient(service.application_of(bureau.office), base_url=SITE)
    return Counter(bureau, client, make(bureau.office, "tests", [Scope.OFFERS]).token)


def offer_url(uri: object) -> str:
    """Return where the offer lies that a link names by reference."""
    (url,) = parse_qs(urlsplit(str(uri)).query)["credential_offer_uri"]
    return url


@dataclass
class Holder:
    """A wallet in a few lines: one key, one access token."""

    counter: Counter
    signer: Signer = field(default_factory=Ed25519Signer.generate)
    access: str | None = None

    @property
    def client(self) -> TestClient:
        return self.counter.client

    def endpoint(self, name: str) -> str:
        return f"{self.counter.base}/{name}"

    def code(self, uri: object) -> str:
        offer = self.counter.get(offer_url(uri))
        return str(offer["grants"][PRE_AUTHORIZED]["pre-authorized_code"])  # type: ignore[index,call-overload]

    def redeem(self, code: str, tx_code: object = None):  # type: ignore[no-untyped-def]  # httpx's answer
        fields = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code}
        if tx_code is not None:
            fields["tx_code"] = str(tx_code)
        answer = self.client.post(self.endpoint("token"), data=fields)
        if answer.status_code == 200:
            self.access = answer.json()["access_token"]
        return answer

    def nonce(self) -> str:
        answer = self.client.post(self.endpoint("nonce"))
        assert answer.status_code == 200
        return str(answer.json()["c_nonce"])

    def proof(self, nonce: str | None = None, *, aud: str | None = None, now: int | None = None) -> str:
        return key_proof.make(
            self.signer,
            aud or self.counter.base,
            nonce or self.nonce(),
            self.counter.bureau.clock() if now is None else now,
        )

    def claim(self, *proofs: str, configuration: str = TYPE, **members: Json):  # type: ignore[no-untyped-def]
        body: Mapping[str, Json] = {
            "credential_configuration_id": configuration,
            "proofs": {"jwt": list(proofs or (self.proof(),))},
            **members,
        }
        return self.client.post(self.endpoint("credential"), json=body, headers=bearer(self.access))

    def pick_up(self, transaction: object):  # type: ignore[no-untyped-def]
        return self.client.post(
            self.endpoint("deferred"), json={"transaction_id": transaction}, headers=bearer(self.access)
        )

    def accept(self, uri: object, tx_code: object = None) -> JsonObject:
        """Return the answer with the credential, picked up after the office has done its work."""
        assert self.redeem(self.code(uri), tx_code).status_code == 200
        put_off = self.claim()
        assert put_off.status_code == 202, put_off.text
        self.counter.work_off()
        answer = self.pick_up(put_off.json()["transaction_id"])
        assert answer.status_code == 200, answer.text
        found: JsonObject = answer.json()
        return found

    def notification(self) -> str:
        """Return the notification id of the credential that was received: the request made again answers at once."""
        return str(self.claim().json()["notification_id"])


def dev_tokens(folder: Path, token: str = "dev-token-of-the-tests") -> Path:  # noqa: S107  # an invented one
    """Return a file of development tokens."""
    path = folder / "dev-tokens.json"
    path.write_text(f'{{"issuer": "{token}", "wallet": "w", "verifier": "v"}}')
    return path
