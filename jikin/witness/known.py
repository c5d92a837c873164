"""The owner's own list of acts: what was meant to happen. Everything else is somebody else's doing.

One entry a line; empty lines and lines that begin with # are passed over. An entry is the hash of a transaction that
was signed here (every event of it is then known), or a JSON object that names an event and what makes it this one:

    0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060
    {"event": "KeyAdded", "keyId": "0x…"}
    {"event": "Anchored", "root": "0x…"}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.codec import strict_json
from jikin.errors import CodecError, SettingsError
from jikin.values import Digest
from jikin.witness.acts import Happened, Value

# What an entry must state, so that it cannot stand for more than the one act that was meant.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "IssuerRegistered": ("issuerId", "owner", "validFrom", "validUntil"),
    "AccreditationChanged": ("validFrom", "validUntil"),
    "AnchorsAllSet": ("issuerId",),
    "IssuerInvalidated": ("issuerId", "since"),
    "ProfileProposed": ("profileHash",),
    "ProfileApproved": ("profileHash",),
    "OperatorSet": ("account", "validUntil", "rights"),
    "KeyAdded": ("keyId",),
    "KeyRetired": ("keyId",),
    "KeyCompromised": ("keyId", "since"),
    "IssuerOwnershipOffered": ("pendingOwner",),
    "IssuerOwnershipTransferred": ("previousOwner", "owner"),
    "Anchored": ("root",),
    "StatusListOpened": ("listId",),
    "StatusPublished": ("listId", "epoch", "statusRoot"),
    "StatusAnnulled": ("listId", "epoch"),
    "AuditHeadPublished": ("size", "root"),
    "IssuerSealed": ("registry", "sealedAt"),
    "SuccessorSet": ("registry", "sealedAt"),
}
_TRANSACTION = re.compile(r"0x[0-9a-fA-F]{64}")
_MAX_ENTRY = 4096


@dataclass(frozen=True, slots=True)
class Known:
    """The list: hashes of transactions, and events by what they must state."""

    transactions: frozenset[Digest] = frozenset()
    events: Mapping[str, tuple[Mapping[str, Value], ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Known:
        """Return the list in *text*; raises SettingsError (``watch.known``) naming the line that is none."""
        transactions: set[Digest] = set()
        events: dict[str, list[Mapping[str, Value]]] = {}
        for number, line in enumerate(text.splitlines(), 1):
            entry = line.strip()
            if not entry or entry.startswith("#"):
                continue
            if _TRANSACTION.fullmatch(entry):
                transactions.add(Digest.from_hex(entry))
            else:
                name, stated = _event(entry, number)
                events.setdefault(name, []).append(stated)
        return cls(frozenset(transactions), {name: tuple(stated) for name, stated in events.items()})

    def has(self, happened: Happened) -> bool:
        """Say whether *happened* was meant to happen."""
        if happened.transaction in self.transactions:
            return True
        return any(
            all(happened.members.get(name) == value for name, value in stated.items())
            for stated in self.events.get(happened.event, ())
        )


def _event(entry: str, number: int) -> tuple[str, Mapping[str, Value]]:
    try:
        value = strict_json.parse(entry.encode("utf-8"), max_bytes=_MAX_ENTRY)
    except (CodecError, UnicodeEncodeError) as error:
        raise _wrong(number, f"it is neither a transaction's hash nor JSON: {error}") from error
    if not isinstance(value, Mapping) or not isinstance(value.get("event"), str):
        raise _wrong(number, 'an act is a JSON object with "event"')
    name = str(value["event"])
    if name not in NEEDED:
        raise _wrong(number, f"{name[:60]!r} is known by its transaction alone; by name are {', '.join(NEEDED)}")
    stated: dict[str, Value] = {}
    for member, said in value.items():
        if isinstance(said, bool) or not isinstance(said, int | str):
            raise _wrong(number, f"{member[:60]} is a text or a number")
        if member != "event":
            # Hashes and addresses are compared as the events are written here; texts of other kinds have no 0x.
            stated[member] = said.lower() if isinstance(said, str) and said.startswith(("0x", "0X")) else said
    if missing := [member for member in NEEDED[name] if member not in stated]:
        raise _wrong(number, f"{name} is told from others by {', '.join(NEEDED[name])}; missing: {', '.join(missing)}")
    return name, stated


def _wrong(number: int, why: str) -> SettingsError:
    return SettingsError(f"line {number} of the list of known acts: {why}", code="watch.known")
