"""The database behind the office: SQLite or PostgreSQL, opened the same way and migrated when it is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from issuer.migrations import NEWEST
from jikin.errors import OfficeError, SettingsError

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent.parent / "migrations"
_BUSY_SECONDS = 30


class Database:
    """An open database. ``read`` and ``write`` give a connection inside one transaction."""

    def __init__(self, url: str) -> None:
        """Open *url* (``sqlite:///FILE`` or ``postgresql+psycopg://…``); raises SettingsError when it cannot be."""
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        arguments = {"timeout": _BUSY_SECONDS} if self.is_sqlite else {}
        # hide_parameters: what a statement carries may be personal and would stand in errors and logs.
        self._engine: Engine = create_engine(parsed, connect_args=arguments, hide_parameters=True, pool_pre_ping=True)
        if self.is_sqlite:
            _like_we_want_sqlite(self._engine)
        try:
            with self._engine.connect():
                pass
        except SQLAlchemyError as error:
            raise SettingsError(
                f"the database {parsed.render_as_string(hide_password=True)} cannot be opened: {type(error).__name__}",
                code="settings.database",
                hint="see the setting database; for PostgreSQL the server has to be running and the database to exist",
            ) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that only reads, as of one moment."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes are durable when the block ends, all or none."""
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def migrate(self) -> None:
        """Bring the tables to the newest schema; raises OfficeError when the database is newer than this program."""
        found, newest = self.schema_versions()
        if found == newest:
            return
        from alembic import command
        from alembic.script import ScriptDirectory

        script = ScriptDirectory.from_config(_config())
        if found is not None and found not in {revision.revision for revision in script.walk_revisions()}:
            raise OfficeError(
                f"the database has schema {found!r}, which this program does not know; its newest is {newest!r}",
                code="office.schema-newer",
                hint="use the version of Jikin that wrote it, or a newer one",
            )
        with self.write() as connection:
            configuration = _config()
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")

    def schema_versions(self) -> tuple[str | None, str | None]:
        """Return the schema found (None: empty database) and the newest this program knows."""
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None, NEWEST
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        return found, NEWEST

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _config() -> Config:
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS))
    return configuration


def _like_we_want_sqlite(engine: Engine) -> None:
    """Set SQLite up so that a commit survives power loss, writers queue, and what is erased is gone from the file."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # Transactions are begun below, not by the driver: it would begin them late and without the lock.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A transaction that begins by reading and then writes cannot wait for another writer: it fails at once.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
