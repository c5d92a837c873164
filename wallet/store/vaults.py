"""Rows in and out: holders, their ways to unlock, their sealed records. Nothing is decrypted here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, delete, insert, select, update

from jikin.errors import WalletError
from wallet.store.tables import holders, records, ways
from wallet.vault import Costs, Sealed


@dataclass(frozen=True, slots=True)
class Head:
    """A vault's sealed manifest and the counter it is bound to."""

    counter: int
    manifest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRow:
    """One way to unlock, as stored. *costs* None: the secret is random already and is not stretched."""

    id: str
    holder: str
    kind: str
    confirmed: bool
    salt: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)
    tag: bytes | None = field(repr=False, default=None)
    costs: Costs | None = None
    public_key: bytes | None = field(repr=False, default=None)
    sign_count: int | None = None


def add_holder(connection: Connection, id: str, login_tag: bytes, head: Head) -> None:
    """Add a holder; the caller has looked that the tag is free, and two at once are told apart by the constraint."""
    connection.execute(insert(holders).values(id=id, login_tag=login_tag, counter=head.counter, manifest=head.manifest))


def holder_by_tag(connection: Connection, login_tag: bytes) -> str | None:
    """Return the vault's id, None for a name nobody has."""
    return connection.execute(select(holders.c.id).where(holders.c.login_tag == login_tag)).scalar_one_or_none()


def head(connection: Connection, holder: str, *, for_change: bool = False) -> Head:
    """Return the vault's manifest; *for_change* holds the row until the transaction ends, where rows can be held.

    Raises WalletError (``wallet.signed-out``) when the vault is gone.
    """
    query = select(holders.c.counter, holders.c.manifest).where(holders.c.id == holder)
    row = connection.execute(query.with_for_update() if for_change else query).one_or_none()
    if row is None:
        raise WalletError("this vault is not here any more", code="wallet.signed-out")
    return Head(row.counter, row.manifest)


def set_head(connection: Connection, holder: str, new: Head) -> None:
    """Write the vault's manifest."""
    connection.execute(update(holders).where(holders.c.id == holder).values(counter=new.counter, manifest=new.manifest))


def sealed(connection: Connection, holder: str, ids: Collection[str]) -> Mapping[str, tuple[int, Sealed]]:
    """Return version and ciphertext of the records with these *ids*; one that is not there is left out."""
    found: dict[str, tuple[int, Sealed]] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        query = select(records).where(records.c.holder_id == holder, records.c.id.in_(wanted[start : start + 500]))
        for row in connection.execute(query):
            found[row.id] = (row.version, Sealed(row.wrapped_key, row.ciphertext))
    return found


def put(connection: Connection, holder: str, id: str, version: int, content: Sealed) -> None:
    """Write a record: a new one (version 1), or the next version of one that is there."""
    values = {"version": version, "wrapped_key": content.wrapped_key, "ciphertext": content.ciphertext}
    if version == 1:
        connection.execute(insert(records).values(holder_id=holder, id=id, **values))
    else:
        connection.execute(update(records).where(records.c.holder_id == holder, records.c.id == id).values(**values))


def drop(connection: Connection, holder: str, id: str) -> None:
    """Delete a record."""
    connection.execute(delete(records).where(records.c.holder_id == holder, records.c.id == id))


def add_way(connection: Connection, way: WayRow) -> None:
    """Add a way to unlock."""
    costs = way.costs
    connection.execute(
        insert(ways).values(
            id=way.id,
            holder_id=way.holder,
            kind=way.kind,
            confirmed=way.confirmed,
            tag=way.tag,
            salt=way.salt,
            memory_kib=None if costs is None else costs.memory_kib,
            time=None if costs is None else costs.time,
            lanes=None if costs is None else costs.lanes,
            wrapped=way.wrapped,
            public_key=way.public_key,
            sign_count=way.sign_count,
        )
    )


def ways_of(connection: Connection, holder: str, kind: str | None = None) -> tuple[WayRow, ...]:
    """Return the ways into a vault, of one *kind* or all."""
    query = select(ways).where(ways.c.holder_id == holder).order_by(ways.c.kind, ways.c.id)
    if kind is not None:
        query = query.where(ways.c.kind == kind)
    return tuple(_way(row) for row in connection.execute(query))


def way_by_tag(connection: Connection, tag: bytes) -> WayRow | None:
    """Return the way with this tag, None for none."""
    row = connection.execute(select(ways).where(ways.c.tag == tag)).one_or_none()
    return None if row is None else _way(row)


def confirm_way(connection: Connection, id: str) -> None:
    """Note that the holder has what this way needs."""
    connection.execute(update(ways).where(ways.c.id == id).values(confirmed=True))


def set_sign_count(connection: Connection, id: str, count: int) -> None:
    """Note a passkey's counter."""
    connection.execute(update(ways).where(ways.c.id == id).values(sign_count=count))


def drop_way(connection: Connection, holder: str, id: str) -> bool:
    """Delete a way to unlock; says whether it was there."""
    return connection.execute(delete(ways).where(ways.c.holder_id == holder, ways.c.id == id)).rowcount == 1


def _way(row: Row[tuple[object, ...]]) -> WayRow:
    named = row._mapping
    costs = None
    if named["memory_kib"] is not None:
        costs = Costs(memory_kib=named["memory_kib"], time=named["time"], lanes=named["lanes"])
    return WayRow(
        id=named["id"],
        holder=named["holder_id"],
        kind=named["kind"],
        confirmed=named["confirmed"],
        salt=named["salt"],
        wrapped=named["wrapped"],
        tag=named["tag"],
        costs=costs,
        public_key=named["public_key"],
        sign_count=named["sign_count"],
    )
