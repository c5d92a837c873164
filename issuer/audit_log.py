"""The log of acts made provable: looked through, its head published day by day, its proofs for auditors.

Who can write to the database can write to the log; what they cannot do is change an act under a head that the registry
has. Before a new head is published the log is compared with the last one, so that a log that was tampered with is told
and never covered up by a head of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from issuer.office import AUDIT, Office
from issuer.sending import Errand
from issuer.store import audit, institutions
from issuer.store.audit import LogRow, PlannedHead
from issuer.store.institutions import Institution
from issuer.store.transactions import Purpose
from jikin.anchoring import consistency
from jikin.anchoring.acts import PublishAuditHead
from jikin.anchoring.chain import AuditHead, RegistryView
from jikin.anchoring.log import ActProof, GrowthProof, act_leaf, content_digest
from jikin.anchoring.merkle import Tree
from jikin.anchoring.place import Place
from jikin.errors import OfficeError
from jikin.values import Digest, JsonObject, format_instant

_HOUR = 3600
_LEAF_BYTES = 32


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a log: a stable *code*, the number of the first act concerned (None: the log as a whole).

    ``audit.gap``: a number is missing. ``audit.changed``: a row no longer says what was hashed when it was written.
    ``audit.short``: acts are gone that the log's own count, or a head of the registry, knows of. ``audit.head``: the
    acts do not lead to a head that the registry has.
    """

    code: str
    seq: int | None
    found: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A log as it stands: how many acts, the registry's newest head, and what is wrong."""

    size: int
    head: AuditHead | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _Log:
    """The rows of a log, what each says now, hashed, and the leaves that they make (32 bytes each)."""

    place: Place
    rows: tuple[LogRow, ...] = field(repr=False)
    contents: tuple[Digest, ...] = field(repr=False)
    leaves: bytes = field(repr=False)

    @classmethod
    def read(cls, connection: Connection, office: Office, institution: Institution) -> _Log:
        """Return the log of *institution* as its rows are now."""
        pins, rows = office.chain.registry.pins, audit.log_of(connection, institution.id)
        place = Place(pins.chain, pins.registry, institution.issuer_id)
        context, contents = place.context, tuple(content_digest(row.act.to_json()) for row in rows)
        leaves = (act_leaf(context, row.seq, row.salt, said).raw for row, said in zip(rows, contents, strict=True))
        return cls(place, rows, contents, b"".join(leaves))

    def tree(self, size: int) -> Tree:
        """Return the tree over the first *size* acts."""
        return Tree.from_leaves(self.leaves[: size * _LEAF_BYTES])


def examine(office: Office, institution: Institution) -> Standing:
    """Return how the log of *institution* stands against its own count and the registry; raises ChainUnavailableError.

    What is wrong is in the answer and never raised.
    """
    view = office.chain.registry.view()
    with office.database.read() as connection:
        log, count = _Log.read(connection, office, institution), audit.count(connection, institution.id)
        noted = audit.heads_of(connection, institution.id)
    head = view.audit_head(institution.issuer_id)
    heads = {one.size: one for one in (*noted, *((head,) if head is not None else ()))}
    return Standing(len(log.rows), head, tuple(_faults(log, count, list(heads.values()))))


def _faults(log: _Log, count: int, heads: Sequence[AuditHead]) -> Iterator[Fault]:
    missing = next((seq for seq, row in enumerate(log.rows) if row.seq != seq), None)
    if missing is not None:
        yield Fault("audit.gap", missing, f"act {missing} is missing")
    for row, said in zip(log.rows, log.contents, strict=True):
        if said != row.content:
            yield Fault("audit.changed", row.seq, f"act {row.seq} says something else than when it was written")
    known = max([count, *(head.size for head in heads)])
    if len(log.rows) < known:
        yield Fault("audit.short", len(log.rows), f"{len(log.rows)} acts are here, {known} were written")
    for head in heads:
        if head.size > len(log.rows) or log.tree(head.size).root != head.root:
            yield Fault("audit.head", None, f"the acts do not lead to the head over {head.size} of block {head.block}")


def _sound(log: _Log, count: int, heads: Sequence[AuditHead]) -> None:
    """Refuse with OfficeError (``audit.…``) a log with a fault."""
    fault = next(_faults(log, count, heads), None)
    if fault is not None:
        raise OfficeError(
            f"the log of acts was tampered with: {fault.found}",
            code=fault.code,
            hint="keep the database as it is and compare it with a backup; `jikin admin audit-log` names every act",
        )


# ---------------------------------------------------------------------------------------------------------- publishing


def publish_due(office: Office) -> None:
    """Publish the head of every log whose last one is older than the setting ``audit_head_hours``.

    What was missed while the office was down is made up by one head: it stands for everything before it.
    """
    with office.database.read() as connection:
        known = institutions.every(connection)
    for institution in known:
        if is_due(office, institution):
            publish(office, institution)


def is_due(office: Office, institution: Institution) -> bool:
    """Say whether the log has acts that wait for a head long enough, or a head that was planned and not published."""
    with office.database.read() as connection:
        if audit.planned(connection, institution.id) is not None:
            return True
        heads, count = audit.heads_of(connection, institution.id), audit.count(connection, institution.id)
    if not heads:
        return count > 0
    waited = office.clock() - heads[-1].time
    return count > heads[-1].size and waited >= office.settings.audit_head_hours * _HOUR


def publish(office: Office, institution: Institution) -> AuditHead:
    """Return the registry's head over every act up to now, published where it was behind.

    Raises OfficeError (``audit.…``) for a log that was tampered with, ``audit.empty``; ChainUnavailableError.
    """
    head = office.chain.registry.view().audit_head(institution.issuer_id)
    with office.database.read() as connection:  # hashing a long log takes seconds; writers need not wait for it
        log, count = _Log.read(connection, office, institution), audit.count(connection, institution.id)
    _sound(log, count, () if head is None else (head,))
    if not log.rows:
        raise OfficeError(f"the log of {institution.domain} has no acts yet", code="audit.empty")
    newest = PlannedHead(len(log.rows), log.tree(len(log.rows)).root)
    with office.database.write() as connection:
        if head is not None:
            audit.publish(connection, institution.id, head)
            if head.size >= newest.size:
                return head
        plan = audit.plan(connection, institution.id, newest)
    view = office.outbox(institution, AUDIT).carry_out(_errand(institution, plan))
    taken = view.audit_head(institution.issuer_id)
    if taken is None or (taken.size == plan.size and taken.root != plan.root):
        raise OfficeError("the registry shows another head than the one published", code="audit.head")
    with office.database.write() as connection:
        audit.publish(connection, institution.id, taken)
    return taken


def _errand(institution: Institution, plan: PlannedHead) -> Errand:
    def done_at(view: RegistryView) -> int | None:
        head = view.audit_head(institution.issuer_id)
        return None if head is None or head.size < plan.size else head.block

    return Errand(
        Purpose(f"PublishAuditHead {institution.issuer_id} {plan.size}"),
        lambda _view: PublishAuditHead(institution.issuer_id, plan.size, plan.root),
        done_at,
    )


# -------------------------------------------------------------------------------------------------------------- proofs


def prove(office: Office, institution: Institution, seq: int) -> ActProof:
    """Return the proof that act *seq* stands under the registry's newest head.

    Raises OfficeError: ``audit.not-published`` for an act that no head covers yet, ``audit.…`` for a log with a fault.
    """
    log, head = _published(office, institution)
    if not 0 <= seq < head.size:
        raise OfficeError(
            f"the newest head covers the acts 0 to {head.size - 1}, asked is {seq}",
            code="audit.not-published",
            hint="a head is published every day; `jikin admin audit-log --publish` does it now",
        )
    row, tree = log.rows[seq], log.tree(head.size)
    return ActProof(log.place, seq, row.salt, row.act.to_json(), head.size, tree.path(seq))


def growth(office: Office, institution: Institution, first: int, second: int | None = None) -> GrowthProof:
    """Return the proof that the log of *second* acts (None: the newest head's) begins with that of *first* acts.

    Raises OfficeError as ``prove``.
    """
    log, head = _published(office, institution)
    later = head.size if second is None else second
    if not 0 < first <= later <= head.size:
        raise OfficeError(
            f"the newest head covers {head.size} acts; asked is from {first} to {later}", code="audit.not-published"
        )
    tree = log.tree(later)
    return GrowthProof(log.place, first, log.tree(first).root, later, tree.root, consistency.prove(tree, first))


def _published(office: Office, institution: Institution) -> tuple[_Log, AuditHead]:
    head = office.chain.registry.view().audit_head(institution.issuer_id)
    if head is None:
        raise OfficeError("no head of this log was published yet", code="audit.not-published")
    with office.database.read() as connection:
        log, count = _Log.read(connection, office, institution), audit.count(connection, institution.id)
    _sound(log, count, (head,))
    return log, head


def to_json(standing: Standing) -> JsonObject:
    """Return *standing* as auditors read it."""
    head = standing.head
    return {
        "size": standing.size,
        "head": None
        if head is None
        else {"size": head.size, "root": head.root.hex(), "block": head.block, "time": format_instant(head.time)},
        "faults": [{"code": fault.code, "seq": fault.seq, "found": fault.found} for fault in standing.faults],
    }
