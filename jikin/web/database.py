"""A database of a service: SQLite or PostgreSQL, opened the same way and migrated by Alembic."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from jikin.errors import JikinError, SettingsError

if TYPE_CHECKING:
    from alembic.config import Config

_BUSY_SECONDS = 30


class Database:
    """An open database. ``read`` and ``write`` give a connection inside one transaction."""

    def __init__(self, url: str, migrations: Path, newest: str, errors: type[JikinError]) -> None:
        """Open *url* (``sqlite:///FILE`` or ``postgresql+psycopg://…``); raises SettingsError when it cannot be.

        *migrations* is Alembic's folder, *newest* the last of its revisions; *errors* is the service's own error.
        """
        self._migrations = migrations
        self._newest = newest
        self._errors = errors
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
        """Bring the tables to the newest schema.

        Raises the service's error (``….schema-newer``) when the database is newer than this program.
        """
        found, newest = self.schema_versions()
        if found == newest:
            return
        from alembic import command
        from alembic.script import ScriptDirectory

        script = ScriptDirectory.from_config(config(self._migrations))
        if found is not None and found not in {revision.revision for revision in script.walk_revisions()}:
            raise self._errors(
                f"the database has schema {found!r}, which this program does not know; its newest is {newest!r}",
                code=f"{self._errors.code}.schema-newer",
                hint="use the version of Jikin that wrote it, or a newer one",
            )
        with self._rebuild() as connection:
            configuration = config(self._migrations)
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")

    @contextmanager
    def _rebuild(self) -> Iterator[Connection]:
        """Give a connection that may replace whole tables, as SQLite has to, where others refer to them."""
        if not self.is_sqlite:
            with self.write() as connection:
                yield connection
            return
        with self._engine.connect().execution_options(writes=True) as connection:
            driver = connection.connection.driver_connection
            if not isinstance(driver, sqlite3.Connection):
                raise TypeError("SQLite is opened with Python's own driver")
            driver.execute("PRAGMA foreign_keys=OFF")  # inside a transaction it would do nothing
            try:
                with connection.begin():
                    yield connection
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                    if broken is not None:
                        raise self._errors(
                            f"after the migration the table {broken[0]} refers to what is not there",
                            code=f"{self._errors.code}.schema",
                            hint="nothing was changed; report it",
                        )
            finally:
                driver.execute("PRAGMA foreign_keys=ON")

    def schema_versions(self) -> tuple[str | None, str | None]:
        """Return the schema found (None: empty database) and the newest this program knows."""
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None, self._newest
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        return found, self._newest

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def config(migrations: Path) -> Config:
    """Return Alembic's configuration for the folder *migrations*."""
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(migrations))
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
