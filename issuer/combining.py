"""The step from signed certificates to their tree; small batches that wait at the same time share one.

    batch 7 (an application)  ┐
    batch 8 (a program's)     ├─ each reserved and signed by itself ─→ one tree ─→ one anchor ─→ each released
    batch 9 (holders' copies) ┘

Each stays a batch of its own, with its rows, its idempotency key and its errors: one from which nothing can be made
holds up no other. A list that an officer has uploaded is a batch large enough, and waits for nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from issuer import issuing, logs
from issuer.office import Office
from issuer.store import batches, trees
from issuer.store.batches import Batch, BatchState, Origin
from jikin.anchoring import batch as planting
from jikin.anchoring.acts import LeafKind
from jikin.anchoring.merkle import Tree
from jikin.anchoring.statements import leaf
from jikin.errors import JikinError, OfficeError

# What is small, and comes in one by one.
ORIGINS = (Origin.OFFER, Origin.APPLICATION, Origin.COPIES)


def ripe(waiting: Sequence[Batch], since: Callable[[Batch], float], *, most: int, seconds: float) -> bool:
    """Say whether small batches that wait are closed now: *most* certificates, or one has waited for *seconds*.

    *since* returns how long a batch has waited.
    """
    return sum(one.count for one in waiting) >= most or any(since(one) >= seconds for one in waiting)


def plant(office: Office, batch_id: int) -> None:
    """Give every certificate its salt and its place in the tree; store salts, places, nodes and root together.

    Small batches that wait are planted in the same tree: one transaction anchors what came in together.
    """
    batch, institution = issuing.batch_of(office, batch_id)
    if batch.state is not BatchState.SIGNED:
        return
    others = _bring_along(office, batch)
    context = office.context(institution)
    with office.database.write() as connection:
        if not batches.stands_at(connection, batch_id, BatchState.SIGNED):
            return
        signed = trees.digests_of(connection, batch_id)
        if not signed:
            raise OfficeError("no certificate of this batch could be signed", code=batches.NOTHING_SIGNED)
        together = {batch_id}
        for other in trees.keep_signed(connection, others):
            if more := trees.digests_of(connection, other):
                signed |= more
                together.add(other)
        salts = {credential_id: planting.new_salt() for credential_id in signed}
        leaves = [leaf(LeafKind.CREDENTIAL, context, salts[id_], digest) for id_, digest in signed.items()]
        filled = planting.fill(context, leaves)
        tree = Tree(filled.leaves)
        salted = {id_: (salts[id_], place) for id_, place in zip(signed, filled.indexes, strict=True)}
        trees.plant(connection, batch_id, salted, tree.to_bytes())
        for one in together:
            batches.advance(
                connection, one, BatchState.PLANTED, root=tree.root.raw, tree_size=tree.size, tree_id=batch_id
            )


def _bring_along(office: Office, batch: Batch) -> tuple[int, ...]:
    """Return the row ids of the small batches that may be planted with *batch*, each reserved and signed by now.

    No more than ``batch_most`` certificates come together. What cannot be signed now is left to its own job, which
    notes why.
    """
    if batch.origin not in ORIGINS:
        return ()
    with office.database.read() as connection:
        waiting = trees.small_ones(connection, batch.institution_id, ORIGINS)
    room, along = office.settings.batch_most - batch.count, []
    for other in waiting:
        if other.id == batch.id or other.count > room:
            continue
        if sign(office, other.id):
            room -= other.count
            along.append(other.id)
    return tuple(along)


def sign(office: Office, batch_id: int) -> bool:
    """Bring a batch to where it can be planted; say whether it is there. What is wrong is left to its own job."""
    try:
        issuing.reserve(office, batch_id)
        while issuing.sign_chunk(office, batch_id):
            pass
    except JikinError as error:
        logs.logger().warning("left to its own job", code=error.code)
        return False
    with office.database.read() as connection:
        return batches.by_id(connection, batch_id).state is BatchState.SIGNED
