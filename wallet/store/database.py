"""The database behind the wallet: SQLite or PostgreSQL, migrated when it is opened."""

from __future__ import annotations

from pathlib import Path

from jikin.errors import WalletError
from jikin.web.database import Database
from wallet.migrations import NEWEST

_MIGRATIONS = Path(__file__).parent.parent / "migrations"


def opened(url: str) -> Database:
    """Return the database at *url* with the newest schema; raises SettingsError, WalletError for a newer one."""
    database = Database(url, _MIGRATIONS, NEWEST, WalletError)
    database.migrate()
    return database
