"""Lists under an embargo: sealed rows, trees, and after the release the openings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, Row, delete, insert, select, update

from issuer.store.embargo_tables import embargo_trees, embargoes, openings, sealed_rows
from issuer.store.parts import in_parts
from jikin.errors import OfficeError
from jikin.values import Digest, JsonObject

_PART_BYTES = 1 << 16


class EmbargoState(StrEnum):
    """How far a list under an embargo has come."""

    SEALED = "sealed"
    ANCHORED = "anchored"  # with the confirmations asked for
    OPENED = "opened"  # the passes are a batch like any other from here on


@dataclass(frozen=True, slots=True)
class Embargo:
    """A list under an embargo; *batch_id* is what its passes became, None before the release or where nobody passed."""

    id: int
    institution_id: int
    type: str
    suite: str
    tag: bytes = field(repr=False)
    until: int
    state: EmbargoState
    root: Digest
    tree_size: int
    slot_bytes: int
    key_file: str
    sealed_key: bytes = field(repr=False)
    anchored_block: int | None
    anchored_at: int | None
    opened_at: int | None
    batch_id: int | None
    error_code: str | None
    created_at: int


@dataclass(frozen=True, slots=True)
class StoredOpening:
    """One candidate after the release: place among the leaves, line of the list, salt and record."""

    place: int
    line: int
    salt: bytes = field(repr=False)
    record: JsonObject = field(repr=False)


def _embargo(row: Row[tuple[object, ...]]) -> Embargo:
    values = dict(row._mapping)
    values["state"], values["root"] = EmbargoState(row.state), Digest(row.root)
    return Embargo(**values)


def add(
    connection: Connection,
    *,
    institution_id: int,
    type: str,
    suite: str,
    tag: bytes,
    until: int,
    root: Digest,
    tree_size: int,
    slot_bytes: int,
    key_file: str,
    sealed_key: bytes,
    parts: Sequence[bytes],
    nodes: bytes,
    at: int,
) -> Embargo:
    """Return the embargo, stored with its sealed rows and its tree."""
    row = connection.execute(
        insert(embargoes)
        .values(
            institution_id=institution_id,
            type=type,
            suite=suite,
            tag=tag,
            until=until,
            state=EmbargoState.SEALED,
            root=root.raw,
            tree_size=tree_size,
            slot_bytes=slot_bytes,
            key_file=key_file,
            sealed_key=sealed_key,
            created_at=at,
        )
        .returning(embargoes)
    ).one()
    for part, ciphertext in enumerate(parts):
        connection.execute(insert(sealed_rows).values(embargo_id=row.id, part=part, ciphertext=ciphertext))
    connection.execute(
        insert(embargo_trees),
        [
            {"embargo_id": row.id, "part": part, "nodes": nodes[start : start + _PART_BYTES]}
            for part, start in enumerate(range(0, len(nodes), _PART_BYTES))
        ],
    )
    return _embargo(row)


def find(connection: Connection, embargo_id: int, *, lock: bool = False) -> Embargo:
    """Return the embargo with that row id; *lock* keeps others from changing it. Raises OfficeError."""
    wanted = select(embargoes).where(embargoes.c.id == embargo_id)
    row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise OfficeError(f"there is no embargo {embargo_id}", code="embargo.unknown")
    return _embargo(row)


def tagged(connection: Connection, institution_id: int, tag: bytes) -> Embargo | None:
    """Return the embargo of the list with that tag, None when it was never sealed."""
    row = connection.execute(
        select(embargoes).where(embargoes.c.institution_id == institution_id, embargoes.c.tag == tag)
    ).one_or_none()
    return None if row is None else _embargo(row)


def of_batch(connection: Connection, batch_id: int) -> Embargo | None:
    """Return the embargo whose passes the batch is, None for every other batch."""
    row = connection.execute(select(embargoes).where(embargoes.c.batch_id == batch_id)).one_or_none()
    return None if row is None else _embargo(row)


def every(connection: Connection, institution_id: int) -> tuple[Embargo, ...]:
    """Return the embargoes of an institution, oldest first."""
    wanted = select(embargoes).where(embargoes.c.institution_id == institution_id).order_by(embargoes.c.id)
    return tuple(_embargo(row) for row in connection.execute(wanted))


def in_state(connection: Connection, state: EmbargoState) -> tuple[Embargo, ...]:
    """Return the embargoes in *state*, those that end first first."""
    wanted = select(embargoes).where(embargoes.c.state == state).order_by(embargoes.c.until, embargoes.c.id)
    return tuple(_embargo(row) for row in connection.execute(wanted))


def anchored(connection: Connection, embargo_id: int, *, block: int, time: int) -> None:
    """Note since when the root is on the chain."""
    connection.execute(
        update(embargoes)
        .where(embargoes.c.id == embargo_id)
        .values(state=EmbargoState.ANCHORED, anchored_block=block, anchored_at=time, error_code=None)
    )


def unanchored(connection: Connection, embargo_id: int) -> None:
    """Note that the root is not on the chain any more: it is anchored again as it is."""
    connection.execute(
        update(embargoes)
        .where(embargoes.c.id == embargo_id, embargoes.c.state == EmbargoState.ANCHORED)
        .values(state=EmbargoState.SEALED, anchored_block=None, anchored_at=None)
    )


def note_error(connection: Connection, embargo_id: int, code: str | None) -> None:
    """Keep why the embargo stands still, or that it moves again (None)."""
    connection.execute(update(embargoes).where(embargoes.c.id == embargo_id).values(error_code=code))


def parts_of(connection: Connection, embargo_id: int) -> tuple[bytes, ...]:
    """Return the sealed rows, part by part."""
    wanted = select(sealed_rows).where(sealed_rows.c.embargo_id == embargo_id).order_by(sealed_rows.c.part)
    return tuple(row.ciphertext for row in connection.execute(wanted))


def opened(
    connection: Connection, embargo_id: int, found: Sequence[StoredOpening], batch_id: int | None, at: int
) -> None:
    """Put the openings in the place of the sealed rows, and note what the passes became."""
    values = [
        {"embargo_id": embargo_id, "place": one.place, "line": one.line, "salt": one.salt, "record": dict(one.record)}
        for one in found
    ]
    for part in in_parts(values):
        connection.execute(insert(openings), list(part))
    connection.execute(delete(sealed_rows).where(sealed_rows.c.embargo_id == embargo_id))
    connection.execute(
        update(embargoes)
        .where(embargoes.c.id == embargo_id)
        .values(state=EmbargoState.OPENED, opened_at=at, batch_id=batch_id, sealed_key=b"", error_code=None)
    )


def openings_of(connection: Connection, embargo_id: int) -> Iterator[StoredOpening]:
    """Yield the openings of a released list, by line."""
    wanted = select(openings).where(openings.c.embargo_id == embargo_id).order_by(openings.c.line)
    for row in connection.execute(wanted):
        yield StoredOpening(row.place, row.line, row.salt, row.record)


def openings_at(connection: Connection, embargo_id: int, lines: Sequence[int]) -> dict[int, StoredOpening]:
    """Return the openings of these lines, by line."""
    found: dict[int, StoredOpening] = {}
    for part in in_parts(lines):
        wanted = select(openings).where(openings.c.embargo_id == embargo_id, openings.c.line.in_(part))
        found |= {
            row.line: StoredOpening(row.place, row.line, row.salt, row.record) for row in connection.execute(wanted)
        }
    return found


def tree_bytes(connection: Connection, embargo_id: int) -> bytes:
    """Return all nodes of the tree, leaf level first (``merkle.Tree.from_bytes`` reads them)."""
    wanted = (
        select(embargo_trees.c.nodes).where(embargo_trees.c.embargo_id == embargo_id).order_by(embargo_trees.c.part)
    )
    return b"".join(row.nodes for row in connection.execute(wanted))
