"""The database of a service: its own migrations, its own errors, the same behaviour whichever service it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from jikin.errors import WalletError
from jikin.web.database import Database

ENVIRONMENT = """
from alembic import context
connection = context.config.attributes["connection"]
context.configure(connection=connection)
context.run_migrations()
"""
FIRST = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_table("things", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
"""


@pytest.fixture
def database(tmp_path: Path) -> Database:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "migrations" / "env.py").write_text(ENVIRONMENT)
    (versions / "v0001.py").write_text(FIRST)
    return Database(f"sqlite:///{tmp_path}/deep/er/wallet.db", tmp_path / "migrations", "0001", WalletError)


def test_it_is_migrated_by_the_services_own_steps(database: Database) -> None:
    assert database.schema_versions() == (None, "0001")
    database.migrate()
    database.migrate()
    assert database.schema_versions() == ("0001", "0001")
    with database.write() as connection:
        connection.execute(text("INSERT INTO things (name) VALUES ('a')"))
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM things")).scalar_one() == 1
    database.close()


def test_a_newer_schema_is_the_services_own_error(database: Database) -> None:
    database.migrate()
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WalletError, match="9999") as caught:
        database.migrate()
    assert caught.value.code == f"{WalletError.code}.schema-newer"
    database.close()


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    database.migrate()

    def add_twice() -> None:
        with database.write() as connection:
            for name in ("a", "b"):
                connection.execute(text("INSERT INTO things (id, name) VALUES (1, :name)"), {"name": name})

    with pytest.raises(SQLAlchemyError):
        add_twice()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM things")).scalar_one() == 0
    database.close()
