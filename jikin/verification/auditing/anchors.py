"""Are all anchors shown, as they are on record, with the leaves and counts that belong to them? Pure rules."""

from __future__ import annotations

from collections.abc import Iterator

from jikin.anchoring.acts import LeafKind
from jikin.anchoring.merkle import Tree
from jikin.errors import AnchorError
from jikin.values import Digest
from jikin.verification.auditing.books import Books
from jikin.verification.auditing.evidence import IssuerEvidence, Published
from jikin.verification.auditing.findings import AuditCode, AuditFinding

_LEAF_BYTES = 32


def check(issuer: IssuerEvidence) -> Iterator[AuditFinding]:
    """Yield what does not hold of the issuer's anchors."""
    yield from _events(issuer)
    yield from _sequences(issuer)
    if issuer.published is not None:
        yield from _leaves(issuer, issuer.published)
    if issuer.books is not None:
        yield from _counts(issuer, issuer.books)


def _found(issuer: IssuerEvidence, code: AuditCode, where: str, detail: str) -> AuditFinding:
    return AuditFinding(code, issuer.did.text, where, detail)


def _events(issuer: IssuerEvidence) -> Iterator[AuditFinding]:
    """Hold every event against its slot, and every slot that is known against the events."""
    told = {event.root: event for event in issuer.anchored}
    for root, event in told.items():
        slot = issuer.slots.get(root)
        said = (event.time, event.block, event.tree_size, event.sequence, event.kind)
        stored = None if slot is None else (slot.time, slot.block, slot.tree_size, slot.sequence, slot.kind)
        if said != stored:
            detail = f"time, block, size, sequence, kind: the event says {said}, the storage {stored or 'nothing'}"
            yield _found(issuer, AuditCode.ANCHOR_DIFFERS, f"root {root}", detail)
    for root, slot in issuer.slots.items():
        if slot is not None and root not in told:
            detail = f"anchored in block {slot.block} as number {slot.sequence} of its operator; no event tells of it"
            yield _found(issuer, AuditCode.EVENT_HIDDEN, f"root {root}", detail)


def _sequences(issuer: IssuerEvidence) -> Iterator[AuditFinding]:
    """Count the roots of every operator: the storage knows how many there were (SECURITY 1.5)."""
    for account, record in issuer.operators.items():
        numbers = sorted(event.sequence for event in issuer.anchored if event.operator == account)
        expected = list(range(1, (0 if record is None else record.sequence) + 1))
        if numbers == expected:
            continue
        missing = sorted(set(expected) - set(numbers))
        if missing:
            shown = ", ".join(map(str, missing[:5])) + (" …" if len(missing) > 5 else "")
            detail = f"it has anchored {len(expected)} roots; the events lack number {shown}"
            yield _found(issuer, AuditCode.EVENT_HIDDEN, f"operator {account}", detail)
        else:
            detail = f"it has anchored {len(expected)} roots; the events tell of {len(numbers)}"
            yield _found(issuer, AuditCode.ANCHOR_DIFFERS, f"operator {account}", detail)


def _leaves(issuer: IssuerEvidence, published: Published) -> Iterator[AuditFinding]:
    """Build every root anew from the published leaves, and look for the leaf of every receipt."""
    for root, slot in issuer.slots.items():
        leaves = published.leaves.get(root)
        where = f"root {root}"
        if slot is None:
            if leaves is not None or (published.receipts or {}).get(root):
                detail = "leaves or receipts are published for a root that was never anchored"
                yield _found(issuer, AuditCode.LEAVES_DIFFER, where, detail)
            continue
        if leaves is None:
            if slot.kind == LeafKind.CREDENTIAL:  # what a list under embargo says may come out later
                yield _found(issuer, AuditCode.LEAVES_UNPUBLISHED, where, f"there is no file leaves/{root.raw.hex()}")
            continue
        if len(leaves) != slot.tree_size * _LEAF_BYTES:
            detail = f"the file has {len(leaves)} bytes; {slot.tree_size} leaves are anchored, 32 bytes each"
            yield _found(issuer, AuditCode.LEAVES_DIFFER, where, detail)
        elif (built := _root(leaves)) != root:
            yield _found(issuer, AuditCode.LEAVES_DIFFER, where, f"the published leaves lead to {built}")
        else:
            yield from _receipts(issuer, root, leaves, (published.receipts or {}).get(root, ()))


def _root(leaves: bytes) -> Digest | str:
    try:
        return Tree.from_leaves(leaves).root
    except AnchorError as error:
        return str(error)


def _receipts(
    issuer: IssuerEvidence, root: Digest, leaves: bytes, receipts: tuple[tuple[int, Digest], ...]
) -> Iterator[AuditFinding]:
    taken: set[int] = set()
    for index, stands in receipts:
        at = index * _LEAF_BYTES
        if leaves[at : at + _LEAF_BYTES] != stands.raw:
            detail = f"a receipt says leaf {index}, where another leaf stands"
            yield _found(issuer, AuditCode.LEAF_FOREIGN, f"root {root}", detail)
        elif index in taken:
            yield _found(issuer, AuditCode.LEAF_FOREIGN, f"root {root}", f"two receipts share leaf {index}")
        taken.add(index)


def _counts(issuer: IssuerEvidence, books: Books) -> Iterator[AuditFinding]:
    """Reconcile three counts: leaves that are certificates, numbers given out, entries reserved (SECURITY 1.6)."""
    reserved = sum(one.reserved for one in books.lists)
    unused = sum(one.unused for one in books.lists)
    leaves = sum(one.leaves for one in books.batches)
    if leaves + unused != reserved:
        detail = f"{leaves} leaves are certificates and {unused} entries wait; {reserved} entries were reserved"
        yield _found(issuer, AuditCode.COUNTS_DIFFER, "leaves and entries", detail)
    if books.numbers + books.copies != reserved:
        detail = f"{books.numbers} numbers and {books.copies} copies; {reserved} entries were reserved"
        yield _found(issuer, AuditCode.COUNTS_DIFFER, "numbers and entries", detail)
    booked = {one.root: one for one in books.batches}
    for event in issuer.anchored:
        batch = booked.get(event.root)
        if event.kind == LeafKind.CREDENTIAL and (batch is None or batch.leaves > event.tree_size):
            what = "no batch" if batch is None else f"a batch of {batch.leaves} certificates"
            detail = f"the books have {what} under it; {event.tree_size} leaves are anchored"
            yield _found(issuer, AuditCode.COUNTS_DIFFER, f"root {event.root}", detail)
    for batch in books.batches:
        if issuer.slots.get(batch.root) is None:
            detail = f"the books have {batch.leaves} certificates under it; it was never anchored"
            yield _found(issuer, AuditCode.COUNTS_DIFFER, f"root {batch.root}", detail)
    if issuer.published is not None:
        yield from _published_counts(issuer, books, issuer.published)


def _published_counts(issuer: IssuerEvidence, books: Books, published: Published) -> Iterator[AuditFinding]:
    if published.receipts is not None:
        for batch in books.batches:
            receipts = len(published.receipts.get(batch.root, ()))
            if batch.released and receipts != batch.leaves:
                detail = f"{receipts} receipts are published; the books have {batch.leaves} certificates under it"
                yield _found(issuer, AuditCode.COUNTS_DIFFER, f"root {batch.root}", detail)
    if published.records is not None and published.records != books.records:
        detail = f"{published.records} number records are published; the books have {books.records}"
        yield _found(issuer, AuditCode.COUNTS_DIFFER, "number records", detail)
