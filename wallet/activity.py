"""The holder's own log: what was received, shown, declined, checked. It lies in the vault like everything else."""

from __future__ import annotations

from collections.abc import Mapping

from jikin.values import Json, JsonObject
from wallet import records
from wallet.app import Wallet
from wallet.records import Change, Record
from wallet.sessions import OpenVault
from wallet.values import Event

SCHEMA = "event.1"
RECEIVED, REFUSED, REMOVED = "received", "refused", "removed"
PRESENTED, DECLINED = "presented", "declined"
CHECKED, CHANGED = "checked", "changed"
WAY_ADDED, WAY_REMOVED = "way-added", "way-removed"
ACTS = (RECEIVED, REFUSED, REMOVED, PRESENTED, DECLINED, CHECKED, CHANGED, WAY_ADDED, WAY_REMOVED)

_KEPT = 400
_MOST = 500


def events(wallet: Wallet, open: OpenVault, limit: int = 100) -> tuple[Event, ...]:
    """Return what happened, the newest first, *limit* lines at most; the oldest of many are forgotten."""
    found = sorted(records.read(wallet.database, open, SCHEMA), key=_age, reverse=True)
    return tuple(_event(record.value) for record in found[:limit])


def note(
    change: Change,
    at: int,
    act: str,
    *,
    title: Mapping[str, str] | None = None,
    party: str | None = None,
    detail: Mapping[str, Json] | None = None,
) -> str:
    """Write a line as part of *change*, so that it is there exactly if the rest is; returns its id."""
    value: dict[str, Json] = {"at": at, "number": change.number, "act": act, "detail": dict(detail or {})}
    if title is not None:
        value["title"] = dict(title)
    if party is not None:
        value["party"] = party
    line = change.add(SCHEMA, value)
    if len(change.ids(SCHEMA)) > _MOST:
        oldest_first = sorted(change.read(SCHEMA), key=_age)
        for record in oldest_first[:-_KEPT]:
            change.remove(record.id)
    return line


def amend(change: Change, line: str, act: str, detail: Mapping[str, Json]) -> None:
    """Write how something ended of which a line tells that it began; nothing where the line is forgotten already."""
    record = change.find(SCHEMA, line)
    if record is not None:
        before = record.value.get("detail")
        known = before if isinstance(before, Mapping) else {}
        change.replace(record, {**record.value, "act": act, "detail": {**known, **detail}})


def _age(record: Record) -> tuple[int, int]:
    at, number = record.value.get("at"), record.value.get("number")
    return (at if isinstance(at, int) else 0, number if isinstance(number, int) else 0)


def _event(value: JsonObject) -> Event:
    title, party, detail = value.get("title"), value.get("party"), value.get("detail")
    return Event(
        at=int(str(value["at"])),
        act=str(value["act"]),
        title={str(k): str(v) for k, v in title.items()} if isinstance(title, Mapping) else None,
        party=party if isinstance(party, str) else None,
        detail=dict(detail) if isinstance(detail, Mapping) else {},
    )
