"""The wallet's tables: made by the migrations, each column described, nothing of a holder readable by design."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from jikin.errors import WalletError
from jikin.web.database import config
from wallet import migrations
from wallet.store import database as databases
from wallet.store.tables import metadata

PAGE = Path(__file__).resolve().parents[2] / "docs" / "wallet-data.md"
KINDS = {"random", "keyed hash", "ciphertext", "public key", "count", "setting"}


def _described() -> set[tuple[str, str, str]]:
    rows = re.findall(r"^\| `(\w+)\.(\w+)` \| ([a-z ]+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    return {(table, column, kind) for table, column, kind in rows}


def test_the_page_describes_every_column_as_the_tables_do() -> None:
    declared = {
        (table.name, column.name, column.info.get("holds", "?"))
        for table in metadata.sorted_tables
        for column in table.columns
    }
    assert _described() == declared
    assert {kind for _, _, kind in declared} <= KINDS


def test_the_migrations_make_exactly_the_declared_tables(tmp_path: Path) -> None:
    database = databases.opened(f"sqlite:///{tmp_path / 'wallet.db'}")
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_the_newest_migration_is_the_one_written_down() -> None:
    script = ScriptDirectory.from_config(config(Path(migrations.__file__).parent))
    assert script.get_current_head() == migrations.NEWEST


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'wallet.db'}"
    database = databases.opened(url)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(WalletError) as refused:
        databases.opened(url)
    assert refused.value.code == "wallet.schema-newer"
