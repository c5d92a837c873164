"""One act on the registry with one of the office's accounts, written down in the log of acts."""

from __future__ import annotations

from issuer.office import ACCREDITOR, Office
from issuer.store import audit
from issuer.store.institutions import Institution
from issuer.store.transactions import Purpose
from jikin.anchoring.acts import Act
from jikin.values import Did


def act_as(
    office: Office,
    purpose: str,
    institution: Institution | None,
    act: Act,
    tag: object,
    *,
    issuer: Did | None = None,
    confirmations: int | None = 1,
) -> None:
    """Send *act* with the account for *purpose* and wait until it is mined; *tag* tells it from its like.

    *confirmations* None: as many as the office asks for before it releases anything.

    The accreditor may act on the *issuer* of another office: then there is no *institution* here. Raises
    RegistryRefusedError when the registry does not allow it, ChainUnavailableError, OfficeError without such a key.
    """
    named = institution.did if institution is not None else issuer
    outbox = office.outbox(None if purpose == ACCREDITOR else institution, purpose, confirmations=confirmations)
    whose = "registry" if named is None else named.issuer_id
    outbox.deliver(Purpose(f"{type(act).__name__} {whose} {tag}"), act)
    with office.database.write() as connection:
        audit.record(
            connection,
            at=office.clock(),
            act=type(act).__name__,
            subject=f"institutions/{institution.id}" if institution is not None else f"issuers/{whose}",
            institution_id=None if institution is None else institution.id,
        )
