"""How much one institution's operator may do within a day, so that a stolen key or a slip has an end (SECURITY 3.6)."""

from __future__ import annotations

from sqlalchemy import Connection

from issuer.office import Office
from issuer.store import seen
from issuer.store.institutions import Institution
from jikin.errors import OfficeError

_DAY = 86_400


def check_certificates(connection: Connection, office: Office, institution: Institution, count: int) -> None:
    """Refuse with OfficeError ``office.cap`` *count* more certificates than the setting allows within a day.

    Copies for holders count too: each is a leaf of its own under the same operator.
    """
    most = office.settings.certificates_per_day
    before = seen.made_since(connection, institution.id, office.clock() - _DAY)
    if before + count > most:
        raise OfficeError(
            f"{before:,} certificates were made within a day, {count:,} more are {before + count:,}; "
            f"right would be {most:,} at most",
            code="office.cap",
            hint="wait, or raise certificates_per_day; whoever raises it answers for it",
        )
