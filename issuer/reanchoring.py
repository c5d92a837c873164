"""What stands on the chain is looked at again until it lies deep: a reorganisation puts it back into the queue.

    released ── anchor gone, or in another block ──→ planted → anchored → verified → released
    published ─ epoch gone, or in another block ──→ prepared → published

A batch keeps its root, so it can never be anchored twice, whichever of its transactions is mined in the end; what its
certificates have become meanwhile (revoked, say) stays. An epoch keeps its bytes; where another one took its place, it
is made anew from its task, as after any lost race. What lies deeper than ``settle_blocks`` is not looked at any more,
unless somebody asks for it (``look_back``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from issuer import accrediting, issuing, logs, pairing
from issuer.office import ANCHORING, JOINT, STATUS, Office
from issuer.store import audit, batches, institutions, settling, transactions
from issuer.store import keys as key_rows
from issuer.store.batches import Batch, BatchState
from issuer.store.institutions import Institution
from issuer.store.settling import Published
from issuer.store.transactions import Purpose
from jikin.anchoring.chain import RegistryView
from jikin.errors import RegistryError


class Ground(StrEnum):
    """How firmly something stands on the chain."""

    GONE = "gone"
    MOVED = "moved"  # in another block than was noted, or at another time: receipts say what is no longer true
    FRESH = "fresh"  # where it was, with fewer confirmations than are asked for
    FINAL = "final"
    SETTLED = "settled"  # so deep that nobody looks any more


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: number and time of its block."""

    block: int | None
    time: int | None


@dataclass(frozen=True, slots=True)
class Depths:
    """How many confirmations make something final, and how many settle it; its own block is the first."""

    final: int
    settled: int

    def judge(self, noted: Place, found: Place | None, newest: int) -> Ground:
        """Return how firmly stands what was noted at *noted* and is *found* now, seen from the block *newest*."""
        if found is None or found.block is None:
            return Ground.GONE
        if found != noted:
            return Ground.MOVED
        confirmations = newest - found.block + 1
        if confirmations >= self.settled:
            return Ground.SETTLED
        return Ground.FINAL if confirmations >= self.final else Ground.FRESH


def depths(office: Office) -> Depths:
    """Return the depths that the settings ask for; nothing settles before it is final."""
    final = office.settings.confirmations
    return Depths(final, max(final, office.settings.settle_blocks))


def ground_of(office: Office, institution: Institution, batch: Batch, view: RegistryView) -> Ground:
    """Return how firmly the anchor of *batch* stands as *view* shows it."""
    slot = None if batch.root is None else view.anchor(institution.issuer_id, batch.root)
    found = None if slot is None else Place(slot.block, slot.time)
    return depths(office).judge(Place(batch.anchored_block, batch.anchored_at), found, view.block.number)


def holds_final(office: Office, institution: Institution, batch: Batch) -> bool:
    """Say whether the anchor of *batch* stands where it was noted, with its confirmations; else put the batch back.

    Asked in the moment before anything is released: between anchoring and releasing lies the time of verifying.
    """
    ground = ground_of(office, institution, batch, office.chain.registry.view())
    if ground in (Ground.FINAL, Ground.SETTLED):
        return True
    _put_back(office, batch, ground)
    return False


def look_again(office: Office) -> int:
    """Look at everything released or published that may still move; return how much of it is in the queue again.

    Raises ChainUnavailableError.
    """
    with office.database.read() as connection:
        anchored = settling.unsettled_batches(connection)
        published = settling.unsettled_epochs(connection)
    if not anchored and not published:
        return 0
    view = office.chain.registry.view()
    for institution_id in {one.institution_id for one in anchored} | {one.institution_id for one in published}:
        _look_at_lists(office, institution_id, view)
    return _look_at_batches(office, anchored, view) + _look_at_epochs(office, published, view)


def look_back(office: Office, since: int) -> int:
    """Look again also at what had settled since then (Unix second): for a reorganisation that nobody expected.

    Returns how much of it is in the queue again. Raises ChainUnavailableError.
    """
    with office.database.write() as connection:
        settling.unsettle(connection, since)
    return look_again(office)


def _look_at_lists(office: Office, institution_id: int, view: RegistryView) -> None:
    """Open again the status lists whose opening is gone: what was issued into them could not be revoked."""
    with office.database.read() as connection:
        institution = institutions.by_id(connection, institution_id)
        opened = [
            one for one in institutions.every_status_list(connection, institution_id) if one.opened_at is not None
        ]
    heads = view.status_heads(institution.issuer_id, [one.list_id for one in opened])
    for one, head in zip(opened, heads, strict=True):
        if head is None:
            logs.logger().warning("status list lost")
            accrediting.open_status_list(office, institution, one)


# ------------------------------------------------------------------------------------------------------------ anchors


def _look_at_batches(office: Office, anchored: Iterable[Batch], view: RegistryView) -> int:
    settled: list[int] = []
    returned: list[tuple[Institution, Purpose]] = []
    for batch in anchored:
        _, institution = issuing.batch_of(office, batch.id)
        ground = ground_of(office, institution, batch, view)
        if ground is Ground.SETTLED:
            settled.append(batch.id)
        elif ground in (Ground.GONE, Ground.MOVED) and _put_back(office, batch, ground):
            returned.append((institution, pairing.anchors_alone(batch)))
    if settled:
        with office.database.write() as connection:
            settling.settle_batches(connection, settled, office.clock())
    _send_again(office, (ANCHORING, JOINT), returned)
    return len(returned)


def _put_back(office: Office, batch: Batch, ground: Ground) -> bool:
    """Put *batch* back to where its root waits to be anchored; False when it has moved on meanwhile."""
    with office.database.write() as connection:
        if not batches.stands_at(connection, batch.id, batch.state):
            return False
        batches.advance(connection, batch.id, BatchState.PLANTED, settled_at=None)
        audit.record(
            connection,
            at=office.clock(),
            act="anchor lost",
            subject=f"batches/{batch.id}",
            institution_id=batch.institution_id,
            ground=ground.value,
            block=batch.anchored_block,
        )
    logs.logger().warning("anchor lost", state=ground.value, block=batch.anchored_block)
    return True


# ------------------------------------------------------------------------------------------------------------- epochs


def _look_at_epochs(office: Office, published: Iterable[Published], view: RegistryView) -> int:
    settled: list[int] = []
    returned: list[tuple[Institution, Purpose]] = []
    for one in published:
        with office.database.read() as connection:
            institution = institutions.by_id(connection, one.institution_id)
        ground = depths(office).judge(Place(one.block, one.time), _found(view, institution, one), view.block.number)
        if ground is Ground.SETTLED:
            settled.append(one.epoch_id)
        elif ground in (Ground.GONE, Ground.MOVED) and _prepare_again(office, one, ground):
            returned.append((institution, pairing.publishes_alone(one.epoch_id)))
    if settled:
        with office.database.write() as connection:
            settling.settle_epochs(connection, settled, office.clock())
    _send_again(office, (STATUS, JOINT), returned)
    return len(returned)


def _found(view: RegistryView, institution: Institution, one: Published) -> Place | None:
    (head,) = view.status_heads(institution.issuer_id, [one.list_id])
    if head is None or head.epoch < one.epoch:
        return None
    history = view.status_history(institution.issuer_id, one.list_id)
    there = None if history is None else history.epochs[one.epoch - 1]
    return Place(there.block, there.time) if there is not None and there.status_root == one.status_root else None


def _prepare_again(office: Office, one: Published, ground: Ground) -> bool:
    with office.database.write() as connection:
        if not settling.unpublish(connection, one):
            return False
        audit.record(
            connection,
            at=office.clock(),
            act="epoch lost",
            subject=f"epochs/{one.epoch_id}",
            institution_id=one.institution_id,
            ground=ground.value,
            block=one.block,
        )
    logs.logger().warning("epoch lost", state=ground.value, block=one.block)
    return True


# ------------------------------------------------------------------------------------------------------- transactions


def _send_again(office: Office, purposes: Iterable[str], returned: Sequence[tuple[Institution, Purpose]]) -> None:
    """Send the transactions again that a reorganisation took out; each account's line sends the lowest nonce first."""
    for institution in {institution for institution, _ in returned}:
        halves = [half for whose, half in returned if whose == institution]
        with office.database.read() as connection:
            found = [transactions.live(connection, half) for half in halves]
            found += [transactions.carrying(connection, pairing.BOTH, half) for half in halves]
            kept = [purpose for purpose in purposes if key_rows.find(connection, institution.id, purpose) is not None]
        for purpose in kept:
            line = office.outbox(institution, purpose).line
            own = {one.id: one for one in found if one is not None and one.account == line.account}
            for stored in own.values():  # batches of one tree share one
                line.look(stored)
            if own:
                with contextlib.suppress(RegistryError):  # what it is for will meet that error and deal with it
                    line.tend()
