"""Institutions, their officers and status lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, insert, select, update

from issuer.approving import Officer, OfficerPasskey, Role
from issuer.store.officers import passkeys_of
from issuer.store.tables import institutions, officers, status_lists
from jikin.errors import OfficeError
from jikin.values import Did, IssuerId, ListId


@dataclass(frozen=True, slots=True)
class Institution:
    """An institution that issues here; *profile* are the bytes of the profile in use, *seal* the printed letters.

    *two_persons* are the origins of batches (``batches.Origin``) that two officers have to release. *proposed* are the
    bytes of another profile that waits for the accreditor, None when none does.
    """

    id: int
    did: Did
    domain: str
    number_code: str
    profile: bytes = field(repr=False)
    seal: str
    two_persons: tuple[str, ...] = ()
    proposed: bytes | None = field(default=None, repr=False)

    @property
    def issuer_id(self) -> IssuerId:
        """Return its id in the registry."""
        return self.did.issuer_id


@dataclass(frozen=True, slots=True)
class StatusList:
    """A status list: *reserved* entries were given out so far, *opened_at* None while it is not on the chain."""

    id: int
    institution_id: int
    list_id: ListId
    log2_entries: int
    index_key: bytes = field(repr=False)
    reserved: int
    opened_at: int | None


def _institution(row: Row[tuple[object, ...]]) -> Institution:
    demanded = tuple(row.two_persons.split())
    return Institution(
        row.id,
        Did(row.did),
        row.domain,
        row.number_code,
        row.profile,
        row.seal,
        two_persons=demanded,
        proposed=row.proposed_profile,
    )


def add(
    connection: Connection, *, did: Did, domain: str, number_code: str, profile: bytes, seal: str, at: int
) -> Institution:
    """Return the institution, added."""
    result = connection.execute(
        insert(institutions)
        .values(did=did.text, domain=domain, number_code=number_code, profile=profile, seal=seal, created_at=at)
        .returning(institutions.c.id)
    )
    return Institution(result.scalar_one(), did, domain, number_code, profile, seal)


def set_profile(connection: Connection, institution_id: int, profile: bytes, seal: str) -> None:
    """Use another profile and seal; what waited for the accreditor is dropped."""
    changed = {"profile": profile, "seal": seal, "proposed_profile": None}
    connection.execute(update(institutions).where(institutions.c.id == institution_id).values(changed))


def propose_profile(connection: Connection, institution_id: int, profile: bytes) -> None:
    """Keep a profile that waits for the accreditor; the one in use stays in use."""
    connection.execute(update(institutions).where(institutions.c.id == institution_id).values(proposed_profile=profile))


def set_two_persons(connection: Connection, institution_id: int, origins: Sequence[str]) -> None:
    """Keep for which origins of batches two officers are demanded."""
    changed = update(institutions).where(institutions.c.id == institution_id).values(two_persons=" ".join(origins))
    connection.execute(changed)


def every(connection: Connection) -> tuple[Institution, ...]:
    """Return all institutions, oldest first."""
    return tuple(_institution(row) for row in connection.execute(select(institutions).order_by(institutions.c.id)))


def by_id(connection: Connection, id: int) -> Institution:
    """Return the institution with that row id."""
    return _institution(connection.execute(select(institutions).where(institutions.c.id == id)).one())


def named(connection: Connection, name: str | None) -> Institution:
    """Return the institution *name* (DID, domain or number code), or the only one there is; raises OfficeError."""
    found = every(connection)
    chosen = found if name is None else tuple(i for i in found if name in (i.did.text, i.domain, i.number_code))
    if len(chosen) == 1:
        return chosen[0]
    if not found:
        raise OfficeError(
            "no institution is set up here",
            code="office.no-institution",
            hint="`jikin admin institution create` sets one up",
        )
    known = ", ".join(i.domain for i in found)
    wanted = "several institutions are set up here" if name is None else f"no institution {name!r} is set up here"
    raise OfficeError(f"{wanted}; right would be one of {known}", code="office.institution")


def _officer(row: Row[tuple[object, ...]], passkeys: tuple[OfficerPasskey, ...] = ()) -> Officer:
    return Officer(row.id, row.institution_id, row.name, Role(row.roles), row.multikey, row.removed_at, passkeys)


def add_officer(
    connection: Connection, *, institution_id: int, name: str, roles: Role, multikey: str | None, at: int
) -> Officer:
    """Return the officer, added; without *multikey* one who will have passkeys alone."""
    result = connection.execute(
        insert(officers)
        .values(institution_id=institution_id, name=name, roles=int(roles), multikey=multikey, added_at=at)
        .returning(officers.c.id)
    )
    return Officer(result.scalar_one(), institution_id, name, roles, multikey, None)


def remove_officer(connection: Connection, officer_id: int, at: int) -> None:
    """Note that the officer left; the row stays, because past approvals name it."""
    connection.execute(update(officers).where(officers.c.id == officer_id).values(removed_at=at))


def every_officer(connection: Connection, institution_id: int) -> tuple[Officer, ...]:
    """Return all officers of an institution, also those who left."""
    wanted = select(officers).where(officers.c.institution_id == institution_id).order_by(officers.c.id)
    found = connection.execute(wanted).all()
    passkeys = passkeys_of(connection, [row.id for row in found])
    return tuple(_officer(row, passkeys.get(row.id, ())) for row in found)


def officer_by_id(connection: Connection, officer_id: int) -> Officer:
    """Return the officer with that row id, also one who left."""
    row = connection.execute(select(officers).where(officers.c.id == officer_id)).one()
    return _officer(row, passkeys_of(connection, [officer_id]).get(officer_id, ()))


def officer_named(connection: Connection, institution_id: int, name: str) -> Officer:
    """Return the officer called *name* who is here now; raises OfficeError."""
    present = [o for o in every_officer(connection, institution_id) if o.removed_at is None]
    found = next((officer for officer in present if officer.name == name), None)
    if found is None:
        raise OfficeError(
            f"no officer is called {name!r} here; {len(present)} are registered",
            code="office.officer",
            hint="`jikin admin officer add NAME` registers one",
        )
    return found


def _status_list(row: Row[tuple[object, ...]]) -> StatusList:
    return StatusList(
        row.id, row.institution_id, ListId(row.list_id), row.log2_entries, row.index_key, row.reserved, row.opened_at
    )


def add_status_list(
    connection: Connection, *, institution_id: int, list_id: ListId, log2_entries: int, index_key: bytes
) -> StatusList:
    """Return a new list, not yet opened on the chain."""
    result = connection.execute(
        insert(status_lists)
        .values(
            institution_id=institution_id,
            list_id=list_id.raw,
            log2_entries=log2_entries,
            index_key=index_key,
            reserved=0,
        )
        .returning(status_lists.c.id)
    )
    return StatusList(result.scalar_one(), institution_id, list_id, log2_entries, index_key, 0, None)


def status_list_opened(connection: Connection, list_row_id: int, at: int) -> None:
    """Note that the list is open on the chain."""
    connection.execute(update(status_lists).where(status_lists.c.id == list_row_id).values(opened_at=at))


def every_status_list(connection: Connection, institution_id: int) -> tuple[StatusList, ...]:
    """Return all lists of an institution, oldest first."""
    found = connection.execute(
        select(status_lists).where(status_lists.c.institution_id == institution_id).order_by(status_lists.c.id)
    )
    return tuple(_status_list(row) for row in found)


def status_list(connection: Connection, list_row_id: int) -> StatusList:
    """Return the list with that row id."""
    return _status_list(connection.execute(select(status_lists).where(status_lists.c.id == list_row_id)).one())


def reserve_entries(connection: Connection, list_row_id: int, count: int) -> int:
    """Return the first of *count* serial numbers that are now given out for ever."""
    after = connection.execute(
        update(status_lists)
        .where(status_lists.c.id == list_row_id)
        .values(reserved=status_lists.c.reserved + count)
        .returning(status_lists.c.reserved)
    ).scalar_one()
    return int(after) - count
