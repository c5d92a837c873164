"""Whom a link leads to: asked through the door, known by the registry; every failure said so that a holder understands.

An offer or a request is written by a stranger. That its address may not be asked, or nobody answers there, is the
stranger's fault and no outage of the wallet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from jikin.credentials.profile import Profile
from jikin.errors import FetchError, ValueRefusedError, WalletError
from jikin.openid4vc.client import Client, ClientTrust
from jikin.values import Did
from jikin.verification.evidence import Known
from jikin.verification.sources import Session, Sources
from wallet.values import Asker, Trust

_NOBODY = frozenset({"fetch.timeout", "fetch.unreachable", "fetch.status"})
UNREACHABLE = "wallet.unreachable"
FORBIDDEN = "wallet.address"


@contextmanager
def reaching(whom: str) -> Iterator[None]:
    """Turn a FetchError of the block into WalletError, naming *whom* it was about.

    ``wallet.unreachable`` when nobody answered: it can be tried again. ``wallet.address`` when the address may not be
    asked, or answers what is not read: it never can.
    """
    try:
        yield
    except FetchError as error:
        if error.code in _NOBODY:
            raise WalletError(
                f"{whom} does not answer", code=UNREACHABLE, hint="try again in a minute; nothing is lost"
            ) from error
        raise WalletError(
            f"{whom} is not asked: {error}",
            code=FORBIDDEN,
            hint="do not trust this link; ask whoever sent it",
        ) from error


def did_of(url: str) -> Did | None:
    """Return the did:web under which the site at *url* would issue, None where there can be none."""
    parts = urlsplit(url)
    try:
        return Profile.did_of(f"{parts.netloc}{parts.path}".rstrip("/"))
    except ValueRefusedError:
        return None


def accredited_names(session: Session, did: Did | None, now: int) -> dict[str, str] | None:
    """Return the names that the approved profile of *did* gives, None unless it is accredited at *now*."""
    if did is None:
        return None
    record = session.issuer(did.issuer_id)
    if not isinstance(record, Known) or record.value is None:
        return None
    window = record.value
    if not window.valid_from <= now < window.valid_until or window.invalid_since:
        return None
    profile = session.profile(did.issuer_id)
    if not isinstance(profile, Known) or profile.value is None:
        return None
    return {"ko": profile.value.names.ko, "en": profile.value.names.en}


def asker_of(client: Client, sources: Sources, now: int) -> Asker:
    """Return who asks, by a name that somebody vouches for: the registry's, else no more than where the answer goes.

    What a client calls itself is not shown as its name: anybody can call themselves anything.
    """
    host = {"ko": client.host, "en": client.host}
    if client.trust is not ClientTrust.VERIFIED:
        return Asker(client.id, host, client.host, Trust.UNVERIFIED)
    did = client.did
    if did is not None:
        names = accredited_names(sources.at_newest(), did, now)
        if names is not None:
            return Asker(client.id, names, client.host, Trust.REGISTERED)
        if str(did) in sources.trust:
            own = client.name or client.host  # whoever runs this wallet has chosen to trust what this client says
            return Asker(client.id, {"ko": own, "en": own}, client.host, Trust.REGISTERED)
    return Asker(client.id, host, client.host, Trust.VERIFIED)
