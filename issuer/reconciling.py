"""Registry and books are held against each other every day, by the office itself (SECURITY 1.6).

Leaves that are certificates, numbers given out and entries reserved are three counts of the same thing; who issues
beside the books, or takes a row out of them, makes them differ. What `jikin audit` finds with the books is found here
without anybody asking; the published files are an auditor's to read.
"""

from __future__ import annotations

from issuer import books, logs
from issuer.office import Office
from issuer.store import audit, institutions, trees
from issuer.store.audit import Act
from issuer.store.institutions import Institution
from jikin.verification.auditing.audit import Audit
from jikin.verification.auditing.audit import audit as audited
from jikin.verification.auditing.findings import AuditCode, AuditFinding
from jikin.verification.auditing.gathering import Material, gather

ACT = "reconciled"
EVERY_SECONDS = 86_400


def reconcile_due(office: Office) -> None:
    """Reconcile the books of every institution for which that was not done for a day. Raises ChainUnavailableError."""
    with office.database.read() as connection:
        known = institutions.every(connection)
        last = {one.id: audit.newest(connection, one.id, ACT) for one in known}
    for institution in known:
        before = last[institution.id]
        if before is None or office.clock() - before.at >= EVERY_SECONDS:
            reconcile(office, institution)


def reconcile(office: Office, institution: Institution) -> tuple[AuditFinding, ...]:
    """Return what contradicts itself, noted in the log of acts; empty where everything agrees.

    What is there at one look alone was on its way: only what a second look finds as well counts. Raises
    ChainUnavailableError, RegistryMismatchError.
    """
    first, found = _look(office, institution)
    if found:
        _, again = _look(office, institution)
        known = {(one.code, one.where) for one in again}
        found = tuple(one for one in found if (one.code, one.where) in known)
    for one in found:
        logs.logger().error("books differ", code=one.code.value, institution_id=institution.id)
    with office.database.write() as connection:
        audit.record(
            connection,
            at=office.clock(),
            act=ACT,
            subject=f"institutions/{institution.id}",
            institution_id=institution.id,
            block=first.block.number,
            anchors=sum(one.anchors for one in first.issuers),
            codes=sorted({one.code.value for one in found}),
            findings=len(found),
        )
    return found


def last(office: Office, institution: Institution) -> Act | None:
    """Return the newest reconciliation, None before the first."""
    with office.database.read() as connection:
        return audit.newest(connection, institution.id, ACT)


def _look(office: Office, institution: Institution) -> tuple[Audit, tuple[AuditFinding, ...]]:
    written = books.write(office, institution)
    material = Material(books=written, permutations=books.index_keys(office, institution))
    found = audited(gather(office.chain.registry, (institution.did,), material))
    with office.database.read() as connection:
        planted = trees.roots_of(connection, institution.id)
    # A tree is anchored a moment before the books say so: the office knows it, and counts it the next time.
    under_way = {f"root {root}" for root in planted - {one.root for one in written.batches}}
    return found, tuple(
        one for one in found.findings if one.code is not AuditCode.COUNTS_DIFFER or one.where not in under_way
    )
