"""Transactions of an older schema: kept, sent again as they are, and never raised, for what they do was not stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from issuer.store import database as databases
from issuer.store import transactions
from issuer.store.database import Database
from issuer.store.transactions import TransactionState
from jikin.anchoring.chain import RegistryWriter
from tests.chain_fixtures import MemoryBench
from tests.registry_office import ISSUING, Office, open_office
from tests.sending_desk import SendingDesk

BEFORE = "0004"
STATES = {"prepared": "signed", "sent": "sent", "confirmed": "final", "replaced": "replaced"}


def at(folder: Path, revision: str) -> Database:
    """Return a database of that schema."""
    database = Database(f"sqlite:///{folder / 'office.db'}")
    with database._rebuild() as connection:
        configuration = databases._config()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)
    return database


@pytest.fixture
def office() -> Office:
    return open_office(MemoryBench())


def put_in(database: Database, office: Office, writer: RegistryWriter, states: list[str]) -> None:
    """Store one transaction in each of the states as the older program did."""
    for nonce, state in enumerate(states, start=writer.counts().waiting):
        prepared = writer.sign(writer.plan(office.anchors(f"old {nonce}")), nonce, writer.fees())
        with database.write() as connection:
            connection.execute(
                text(
                    "INSERT INTO transactions (account, purpose, nonce, raw, hash, state, created_at) "
                    "VALUES (:account, :purpose, :nonce, :raw, :hash, :state, 1780000000)"
                ),
                {
                    "account": str(writer.account),
                    "purpose": f"AnchorRoot old {nonce}",
                    "nonce": nonce,
                    "raw": prepared.raw,
                    "hash": prepared.hash.raw,
                    "state": state,
                },
            )


def test_every_transaction_is_kept_with_its_bytes_as_the_first_attempt(tmp_path: Path, office: Office) -> None:
    database, writer = at(tmp_path, BEFORE), office.writer(ISSUING)
    put_in(database, office, writer, list(STATES))
    with database.read() as connection:
        bytes_before = connection.execute(text("SELECT raw, hash, nonce FROM transactions ORDER BY id")).all()
    database.migrate()
    with database.read() as connection:
        stored = transactions.every(connection)
    assert [one.state.value for one in stored] == list(STATES.values())
    assert [(one.prepared.raw, one.prepared.hash.raw, one.nonce) for one in stored] == [
        tuple(row) for row in bytes_before
    ]
    assert [one.newest.sent_at is None for one in stored] == [True, False, False, False]
    assert all(one.intent is None and one.newest.fees is None for one in stored)

    with database._rebuild() as connection:
        configuration = databases._config()
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, BEFORE)
    with database.read() as connection:
        after = connection.execute(text("SELECT raw, hash, nonce FROM transactions ORDER BY id")).all()
        states = connection.execute(text("SELECT state FROM transactions ORDER BY id")).scalars().all()
    assert (after, list(states)) == (bytes_before, list(STATES))
    database.close()


def test_an_old_one_is_sent_as_it_is_and_never_raised(tmp_path: Path, office: Office) -> None:
    database, writer = at(tmp_path, BEFORE), office.writer(ISSUING)
    put_in(database, office, writer, ["prepared"])
    database.migrate()
    desk = SendingDesk(office, database)
    office.bench.hold_back()
    for _ in range(4):
        desk.line.tend()
        desk.clock.now += 48
    assert (desk.only().state, len(desk.only().attempts)) == (TransactionState.SENT, 1)
    office.bench.mine(2)
    desk.line.tend()
    assert desk.only().state is TransactionState.FINAL
    assert desk.anchored() == 1
    database.close()
