"""The desk opened to the public: what the service needs beside what a check needs, put together in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jikin.codec.contexts import Contexts
from jikin.credentials.types import CredentialTypes
from jikin.dids.authorities import authorities
from jikin.errors import DeskError
from jikin.openid4vc.door import Door, WebDoor
from jikin.verification.plan import LOOPBACK_HOSTS
from jikin.web.database import Database
from verifier.app import Desk
from verifier.identities import Identities, identities
from verifier.keys import OwnKeys, own_keys
from verifier.migrations import NEWEST
from verifier.readers import Readers
from verifier.sessions import Sessions, TrustFolder
from verifier.settings import Settings

_MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDesk:
    """A desk that is open to the public: with sessions for a burst, readers for files, requests that are remembered.

    *door* leads to issuers that are asked for a second factor.
    """

    settings: Settings
    desk: Desk
    sessions: Sessions
    readers: Readers
    database: Database
    keys: OwnKeys
    identities: Identities
    door: Door
    types: CredentialTypes

    @property
    def now(self) -> int:
        """Return the Unix second."""
        return self.desk.clock()

    @property
    def contexts(self) -> Contexts:
        """Return the pinned JSON-LD contexts."""
        return self.desk.sources.contexts

    def close(self) -> None:
        """Close the database and end the readers."""
        self.readers.close()
        self.database.close()


def open_desk(settings: Settings, desk: Desk, *, monotonic: Callable[[], float], door: Door | None = None) -> OpenDesk:
    """Return *desk* opened as *settings* describe, its database migrated; raises SettingsError, DeskError."""
    allowed = LOOPBACK_HOSTS if settings.allow_private else frozenset[str]()
    trust = None if settings.trust is None else TrustFolder(settings.trust, desk.sources.trust, desk.sources.roots)
    database = Database(settings.database_url, _MIGRATIONS, NEWEST, DeskError)
    database.migrate()
    keys = own_keys(settings)
    return OpenDesk(
        settings=settings,
        desk=desk,
        sessions=Sessions(desk.sources, seconds=settings.session_seconds, monotonic=monotonic, trust=trust),
        readers=Readers(),
        database=database,
        keys=keys,
        identities=identities(settings, keys),
        door=door or WebDoor(allowed, authorities(settings.ca_file)),
        types=CredentialTypes.packaged(),
    )
