"""Ways to unlock a vault: made, tried, put in and taken out. Each wraps the same vault key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jikin.errors import WalletError
from jikin.values import Json, JsonObject
from wallet import activity, records, vault
from wallet.app import Wallet
from wallet.records import Change, Record
from wallet.sessions import OpenVault
from wallet.store import vaults
from wallet.store.vaults import WayRow
from wallet.vault import Key, Place

PROFILE = "profile"
PROFILE_SCHEMA = "profile.1"
_ENOUGH = 2


class WayKind(StrEnum):
    """How a vault can be unlocked."""

    PASSPHRASE = "passphrase"  # noqa: S105 -- a word, not a secret
    RECOVERY = "recovery"
    PASSKEY = "passkey"
    TOKEN = "token"  # noqa: S105 -- likewise


# What counts for "two ways to unlock": a token is for programs, and is gone with the program.
_COUNTING = frozenset({WayKind.PASSPHRASE, WayKind.RECOVERY, WayKind.PASSKEY})


@dataclass(frozen=True, slots=True)
class Way:
    """One way to unlock. *confirmed*: a recovery code counts only once the holder has typed it back."""

    id: str
    kind: WayKind
    confirmed: bool
    added_at: int


def enough(found: tuple[Way, ...], *, without: Way | None = None) -> bool:
    """Say whether a holder who loses one of these ways still has another."""
    counting = [way for way in found if way.confirmed and way.kind in _COUNTING and way != without]
    return len(counting) >= _ENOUGH


def one_way(what: str) -> WalletError:
    """Return the refusal to do *what* while there is only one way to unlock."""
    return WalletError(
        f"to {what}, the vault needs two ways to unlock: lose the only one, and everything in it is lost",
        code="wallet.one-way",
        hint="confirm the recovery code, or add a passkey",
    )


def place(holder: str, way: str) -> Place:
    """Return what the key that a way wraps is bound to."""
    return Place(holder, way, 1, "way")


def by_secret(wallet: Wallet, open: OpenVault, kind: WayKind, secret: str, *, confirmed: bool) -> WayRow:
    """Return a new way to unlock by a text that a person knows."""
    way_id, salt, costs = records.new_id(), vault.new_salt(), wallet.costs
    with vault.stretch(secret, salt, costs) as under:
        wrapped = vault.wrap(under, open.key, place(open.id, way_id))
    return WayRow(id=way_id, holder=open.id, kind=kind, confirmed=confirmed, salt=salt, wrapped=wrapped, costs=costs)


def by_random(
    open: OpenVault,
    kind: WayKind,
    secret: bytes,
    tag: bytes,
    *,
    public_key: bytes | None = None,
    sign_count: int | None = None,
) -> WayRow:
    """Return a new way to unlock by random bytes that a program or a passkey has; *tag* finds it again."""
    way_id, salt = records.new_id(), vault.new_salt()
    with vault.spread(secret, salt, kind) as under:
        wrapped = vault.wrap(under, open.key, place(open.id, way_id))
    return WayRow(
        id=way_id,
        holder=open.id,
        kind=kind,
        confirmed=True,
        salt=salt,
        wrapped=wrapped,
        tag=tag,
        public_key=public_key,
        sign_count=sign_count,
    )


def nobodys(wallet: Wallet, kind: WayKind, tag: bytes) -> WayRow:
    """Return a way that nothing opens, for a name that nobody has: trying it costs the same work as a true one."""
    salt = wallet.key.tag("nobody", tag)[: vault.SALT_BYTES]
    wrapped = bytes(vault.WRAPPED_BYTES)
    return WayRow(id="", holder="", kind=kind, confirmed=False, salt=salt, wrapped=wrapped, costs=wallet.costs)


def try_secret(way: WayRow, secret: str) -> Key | None:
    """Return the vault key when *secret* opens *way*, else None."""
    if way.costs is None:
        return None
    with vault.stretch(secret, way.salt, way.costs) as under:
        return vault.unwrap(under, way.wrapped, place(way.holder, way.id))


def try_random(way: WayRow, secret: bytes) -> Key | None:
    """Return the vault key when the random *secret* opens *way*, else None."""
    with vault.spread(secret, way.salt, way.kind) as under:
        return vault.unwrap(under, way.wrapped, place(way.holder, way.id))


def add(wallet: Wallet, open: OpenVault, way: WayRow, about: JsonObject) -> Way:
    """Add a way; *about* is what the holder's profile keeps of it. Raises IntegrityError for a tag that is known."""
    with records.changing(wallet.database, open) as change:
        vaults.add_way(change.connection, way)
        return _noted(change, wallet, way, about)


def put_in_place(wallet: Wallet, open: OpenVault, way: WayRow) -> Way:
    """Put a way in the place of those of its kind."""
    with records.changing(wallet.database, open) as change:
        for old in vaults.ways_of(change.connection, open.id, way.kind):
            vaults.drop_way(change.connection, open.id, old.id)
            _forgotten(change, old.id)
        vaults.add_way(change.connection, way)
        return _noted(change, wallet, way, {})


def remove(wallet: Wallet, open: OpenVault, way: Way) -> None:
    """Remove a way."""
    with records.changing(wallet.database, open) as change:
        vaults.drop_way(change.connection, open.id, way.id)
        _forgotten(change, way.id)
        activity.note(change, wallet.clock(), activity.WAY_REMOVED, detail={"kind": way.kind.value})


def listed(wallet: Wallet, open: OpenVault) -> tuple[Way, ...]:
    """Return the ways into the vault, the oldest first."""
    with wallet.database.read() as connection:
        rows = vaults.ways_of(connection, open.id)
    added = about_ways(profile(wallet, open).value)
    found = [Way(row.id, WayKind(row.kind), row.confirmed, _added_at(added.get(row.id))) for row in rows]
    return tuple(sorted(found, key=lambda way: (way.added_at, way.kind)))


def profile(wallet: Wallet, open: OpenVault) -> Record:
    """Return the holder's profile; raises WalletError ``wallet.tampered`` when it is missing."""
    found = records.find(wallet.database, open, PROFILE_SCHEMA, PROFILE)
    if found is None:
        raise vault.tampered("the holder's profile is missing")
    return found


def about_ways(value: JsonObject) -> Mapping[str, Json]:
    """Return what a profile says of the ways, by their ids."""
    ways = value.get("ways")
    return ways if isinstance(ways, Mapping) else {}


def _noted(change: Change, wallet: Wallet, way: WayRow, about: JsonObject) -> Way:
    now = wallet.clock()
    found = _in_change(change)
    change.replace(found, {**found.value, "ways": {**about_ways(found.value), way.id: {"added_at": now, **about}}})
    activity.note(change, now, activity.WAY_ADDED, detail={"kind": way.kind})
    return Way(way.id, WayKind(way.kind), way.confirmed, now)


def _forgotten(change: Change, way_id: str) -> None:
    found = _in_change(change)
    left = {known: about for known, about in about_ways(found.value).items() if known != way_id}
    change.replace(found, {**found.value, "ways": left})


def _in_change(change: Change) -> Record:
    found = change.find(PROFILE_SCHEMA, PROFILE)
    if found is None:
        raise vault.tampered("the holder's profile is missing")
    return found


def _added_at(about: Json) -> int:
    value = about.get("added_at") if isinstance(about, Mapping) else None
    return value if isinstance(value, int) else 0
