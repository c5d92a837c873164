"""Looking at badges of other systems: which importer reads what, and whom it may ask."""

from __future__ import annotations

from dataclasses import dataclass

from jikin.badges import blockcerts, foreign, open_attestation, open_badges_2
from jikin.badges.blockcerts import Asking
from jikin.badges.documents import ForeignFound
from jikin.badges.foreign import Kind
from jikin.badges.imported import Imported
from jikin.errors import FetchError
from jikin.verification.evidence import Missing
from jikin.verification.sources import Session
from verifier.app import Desk

_MAX_PAGES = 16  # of one badge: issuer, achievement, key, revocation list, and some of badges inside
_OPEN_ATTESTATION = frozenset({Kind.OPEN_ATTESTATION_2, Kind.OPEN_ATTESTATION_3})


@dataclass(slots=True)
class _Pages:
    """The door for one badge: what the session has heard already is not asked again, and only so much is asked."""

    session: Session
    asked: int = 0

    def get(self, url: str, *, max_bytes: int) -> bytes:
        """Return the body found at *url*; raises FetchError."""
        self.asked += 1
        if self.asked > _MAX_PAGES:
            raise FetchError(f"the badge names more than {_MAX_PAGES} pages", code="fetch.refused")
        fact = self.session.resource(url)
        if isinstance(fact, Missing):
            raise FetchError(fact.detail, code=fact.code)
        if len(fact.value) > max_bytes:
            raise FetchError(f"{url[:200]} has more than {max_bytes} bytes", code="fetch.too-long")
        return fact.value


def look(found: ForeignFound, desk: Desk, session: Session, now: int) -> Imported:
    """Return what holds of a badge of another system at the Unix second *now*.

    Raises BadgeError (``badge.foreign.…``) for a kind that cannot be imported, and as the importers do for one that
    cannot be read; FetchError where the badge is an address that does not answer.
    """
    if not found.kind.importable:
        raise foreign.refusal(found.kind)
    pages = _Pages(session)
    if isinstance(found.value, str) or found.kind is Kind.OPEN_BADGES_2:
        return open_badges_2.read(found.value, pages, now)
    if found.kind in _OPEN_ATTESTATION:
        return open_attestation.read(found.value, now)
    sources = session.sources
    asking = Asking(
        contexts=sources.contexts,
        suites=sources.suites,
        fetch=pages,
        did_methods=sources.did_methods,
        chains=desk.chains,
    )
    return blockcerts.read(found.value, asking, now)
