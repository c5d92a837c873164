"""The database behind the office: the shared one with the office's tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from issuer.migrations import NEWEST
from jikin.errors import OfficeError
from jikin.web import database

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent.parent / "migrations"


class Database(database.Database):
    """The office's database. ``read`` and ``write`` give a connection inside one transaction."""

    def __init__(self, url: str) -> None:
        """Open *url* (``sqlite:///FILE`` or ``postgresql+psycopg://…``); raises SettingsError when it cannot be."""
        super().__init__(url, _MIGRATIONS, NEWEST, OfficeError)


def _config() -> Config:
    """Return Alembic's configuration of the office's migrations."""
    return database.config(_MIGRATIONS)
