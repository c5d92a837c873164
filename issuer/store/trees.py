"""Batches as trees: what waits to be planted together, leaves, salts and nodes, roots that wait for their anchor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, insert, select, update

from issuer.store.batches import NOTHING_SIGNED, Batch, BatchState, CredentialState, Origin, read_batch
from issuer.store.parts import in_parts
from issuer.store.tables import batches, credentials, salts, trees
from jikin.anchoring.merkle import Tree, node_count, node_positions
from jikin.values import Digest

_PART_BYTES = 1 << 16  # of a stored tree: a path is read from a few parts


def digests_of(connection: Connection, batch_id: int) -> dict[int, Digest]:
    """Return the anchor digests of the batch's signed credentials by row id, in that order."""
    found = connection.execute(
        select(credentials.c.id, credentials.c.digest)
        .where(credentials.c.batch_id == batch_id, credentials.c.state == CredentialState.SIGNED)
        .order_by(credentials.c.id)
    )
    return {row.id: Digest(row.digest) for row in found}


def plant(connection: Connection, batch_id: int, salted: Mapping[int, tuple[bytes, int]], nodes: bytes) -> None:
    """Store salt and place of every credential id, and the nodes of the tree."""
    connection.execute(insert(salts), [{"credential_id": key, "salt": salt} for key, (salt, _) in salted.items()])
    for credential_id, (_, place) in salted.items():
        connection.execute(update(credentials).where(credentials.c.id == credential_id).values(place=place))
    connection.execute(
        insert(trees),
        [
            {"batch_id": batch_id, "part": part, "nodes": nodes[start : start + _PART_BYTES]}
            for part, start in enumerate(range(0, len(nodes), _PART_BYTES))
        ],
    )


def salts_of(connection: Connection, credential_ids: Sequence[int]) -> dict[int, bytes]:
    """Return the salts that were not erased, by credential id."""
    found: dict[int, bytes] = {}
    for part in in_parts(credential_ids):
        rows_found = connection.execute(select(salts).where(salts.c.credential_id.in_(part)))
        found.update({row.credential_id: row.salt for row in rows_found})
    return found


def tree_bytes(connection: Connection, batch_id: int) -> bytes:
    """Return all nodes of the batch's tree, leaf level first (``merkle.Tree.from_bytes`` reads them)."""
    found = connection.execute(select(trees.c.nodes).where(trees.c.batch_id == batch_id).order_by(trees.c.part))
    return b"".join(row.nodes for row in found)


def paths(connection: Connection, batch_id: int, size: int, places: Sequence[int]) -> list[tuple[Digest, ...]]:
    """Return the paths of these leaves of a stored tree of *size* leaves, each leaf side first.

    Of a few, only the parts of the tree are read in which their nodes lie; of many, the tree is read once.
    """
    if len(places) * size.bit_length() * _PART_BYTES > node_count(size) * 32:
        tree = Tree.from_bytes(tree_bytes(connection, batch_id), size)
        return [tree.path(place) for place in places]
    return [_nodes(connection, batch_id, node_positions(place, size)) for place in places]


def _nodes(connection: Connection, batch_id: int, positions: Sequence[int]) -> tuple[Digest, ...]:
    """Return single nodes of the stored tree, reading only the parts they lie in."""
    each = _PART_BYTES // 32
    wanted = sorted({position // each for position in positions})
    found = connection.execute(select(trees).where(trees.c.batch_id == batch_id, trees.c.part.in_(wanted)))
    parts = {row.part: row.nodes for row in found}
    return tuple(Digest(parts[p // each][p % each * 32 : p % each * 32 + 32]) for p in positions)


def small_ones(connection: Connection, institution_id: int, origins: Sequence[Origin]) -> tuple[Batch, ...]:
    """Return the batches of these origins that are on their way and in no tree yet, oldest first."""
    before = (BatchState.ACCEPTED, BatchState.RESERVED, BatchState.SIGNED)
    found = connection.execute(
        select(batches)
        .where(
            batches.c.institution_id == institution_id,
            batches.c.origin.in_(origins),
            batches.c.state.in_(before),
            func.coalesce(batches.c.error_code, "") != NOTHING_SIGNED,
        )
        .order_by(batches.c.id)
    )
    return tuple(read_batch(row) for row in found)


def planted_of(connection: Connection, institution_id: int) -> tuple[Batch, ...]:
    """Return the batches of an institution whose tree waits to be anchored, oldest first."""
    found = connection.execute(
        select(batches)
        .where(batches.c.institution_id == institution_id, batches.c.state == BatchState.PLANTED)
        .order_by(batches.c.id)
    )
    return tuple(read_batch(row) for row in found)


def roots_of(connection: Connection, institution_id: int) -> set[Digest]:
    """Return the root of every tree that was planted for an institution, anchored or not."""
    found = connection.execute(
        select(batches.c.root).where(batches.c.institution_id == institution_id, batches.c.root.is_not(None))
    )
    return {Digest(row.root) for row in found}


def keep_signed(connection: Connection, batch_ids: Sequence[int]) -> set[int]:
    """Return which of these batches are signed, and keep them so for others until the transaction ends.

    What another worker is moving at this moment is not waited for, and left out.
    """
    found = connection.execute(
        select(batches.c.id)
        .where(batches.c.id.in_(batch_ids), batches.c.state == BatchState.SIGNED)
        .with_for_update(skip_locked=True)
    )
    return {row.id for row in found}
