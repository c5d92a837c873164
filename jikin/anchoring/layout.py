"""Where the registry keeps what, and how a record is read from its words.

The numbers are part of the contract's interface (``contracts/interfaces/ICredentialRegistry.sol``): state proofs depend
on them. A mapping's record lies at keccak-256(key ‖ slot), members are packed from the lowest bit upwards.
"""

from __future__ import annotations

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import (
    AnchorSlot,
    AuditHead,
    IssuerRecord,
    KeyWindow,
    OperatorRecord,
    StatusHead,
    Successor,
)
from jikin.errors import StateProofError
from jikin.values import Address, Digest, IssuerId, KeyId, ListId, keccak256

_ISSUERS, _OPERATORS, _KEYS, _ANCHORS, _STATUS_LISTS, _AUDIT_HEADS, _SUCCESSOR = 5, 6, 7, 8, 9, 10, 11
_LAYOUT = 1
_ANCHORS_ALL = 1  # bit of an issuer's flags
_TIME = 40  # bits


def _slot(slot: int) -> bytes:
    return slot.to_bytes(32, "big")


def _mapped(key: bytes, slot: bytes) -> bytes:
    return keccak256(key.rjust(32, b"\x00") + slot)


def _slots(first: bytes, count: int) -> tuple[Digest, ...]:
    number = int.from_bytes(first, "big")
    return tuple(Digest(((number + step) % (1 << 256)).to_bytes(32, "big")) for step in range(count))


def issuer_slots(issuer_id: IssuerId) -> tuple[Digest, ...]:
    """Return the slots 1 to 3 of an issuer: all that judging needs."""
    return _slots(_mapped(issuer_id.raw, _slot(_ISSUERS)), 3)


def operator_slots(issuer_id: IssuerId, account: Address) -> tuple[Digest, ...]:
    """Return the one slot of an operator."""
    return _slots(_mapped(account.raw, _mapped(issuer_id.raw, _slot(_OPERATORS))), 1)


def key_slots(issuer_id: IssuerId, key_id: KeyId) -> tuple[Digest, ...]:
    """Return the one slot of a key."""
    return _slots(_mapped(key_id.raw, _mapped(issuer_id.raw, _slot(_KEYS))), 1)


def anchor_slots(issuer_id: IssuerId, root: Digest) -> tuple[Digest, ...]:
    """Return the one slot of an anchored root."""
    return _slots(_mapped(root.raw, _mapped(issuer_id.raw, _slot(_ANCHORS))), 1)


def status_slots(issuer_id: IssuerId, list_id: ListId) -> tuple[Digest, ...]:
    """Return both slots of a status list."""
    return _slots(_mapped(list_id.raw, _mapped(issuer_id.raw, _slot(_STATUS_LISTS))), 2)


def audit_slots(issuer_id: IssuerId) -> tuple[Digest, ...]:
    """Return both slots of the head of an issuer's log of acts."""
    return _slots(_mapped(issuer_id.raw, _slot(_AUDIT_HEADS)), 2)


def successor_slots() -> tuple[Digest, ...]:
    """Return the one slot of the successor."""
    return _slots(_slot(_SUCCESSOR), 1)


class _Word:
    """A word whose members are taken from the lowest bit upwards."""

    def __init__(self, word: int) -> None:
        self._rest = word

    def take(self, bits: int) -> int:
        value = self._rest & ((1 << bits) - 1)
        self._rest >>= bits
        return value

    def address(self) -> Address:
        return Address(self.take(160).to_bytes(20, "big"))

    def version(self, bits: int = 8) -> None:
        """Refuse a record of a layout that is not known here: its members would be read wrongly."""
        if (found := self.take(bits)) != _LAYOUT:
            raise StateProofError(f"a record of layout {found}; read here is {_LAYOUT}", code="state-proof.layout")


def issuer_record(words: tuple[int, ...]) -> tuple[IssuerRecord, int] | None:
    """Return the issuer and the block that holds its approved profile's bytes; None: not registered.

    *words* are those of ``issuer_slots``. Raises StateProofError for an unknown layout.
    """
    first, profile_hash, third = words
    if not first & ((1 << 160) - 1):
        return None
    one, three = _Word(first), _Word(third)
    owner, valid_from, valid_until, flags = one.address(), one.take(_TIME), one.take(_TIME), one.take(16)
    anchors_all_since, invalid_since, _proposed_at, _proposed_block, profile_block, _effective = (
        three.take(_TIME) for _ in range(6)
    )
    three.version()
    record = IssuerRecord(
        owner=owner,
        valid_from=valid_from,
        valid_until=valid_until,
        anchors_all=bool(flags & _ANCHORS_ALL),
        anchors_all_since=anchors_all_since,
        invalid_since=invalid_since,
        profile_hash=Digest(profile_hash.to_bytes(32, "big")) if profile_hash else None,
    )
    return record, profile_block


def operator_record(words: tuple[int, ...]) -> OperatorRecord | None:
    """Return the operator, None if it never had rights; raises StateProofError for an unknown layout."""
    if not words[0]:
        return None
    word = _Word(words[0])
    valid_until, rights, sequence = word.take(_TIME), word.take(8), word.take(32)
    word.version()
    return OperatorRecord(valid_until, Rights(rights), sequence)


def key_window(words: tuple[int, ...]) -> KeyWindow | None:
    """Return the key's window, None if it is not registered; raises StateProofError for an unknown layout."""
    if not words[0]:
        return None
    word = _Word(words[0])
    window = KeyWindow(word.take(_TIME), word.take(_TIME), word.take(_TIME))
    word.version()
    return window


def anchor_slot(words: tuple[int, ...]) -> AnchorSlot | None:
    """Return the anchor, None if the root never was; raises StateProofError for an unknown layout."""
    if not words[0]:
        return None
    word = _Word(words[0])
    time, block, tree_size, sequence, kind = (word.take(bits) for bits in (_TIME, _TIME, 32, 32, 8))
    word.version()
    return AnchorSlot(time=time, block=block, tree_size=tree_size, sequence=sequence, kind=kind)


def status_head(words: tuple[int, ...]) -> StatusHead | None:
    """Return the list's newest head, None if it was not opened; raises StateProofError for an unknown layout."""
    head, packed = words
    word = _Word(packed)
    epoch, time, block, entries = (word.take(bits) for bits in (64, 64, 64, 32))
    if not entries:
        return None
    word.version()
    return StatusHead(Digest(head.to_bytes(32, "big")), epoch, time, block, entries)


def audit_head(words: tuple[int, ...]) -> AuditHead | None:
    """Return the log's newest head, None while none was published; raises StateProofError for an unknown layout."""
    root, packed = words
    word = _Word(packed)
    size, time, block = (word.take(64) for _ in range(3))
    if not size:
        return None
    word.version()
    return AuditHead(Digest(root.to_bytes(32, "big")), size, time, block)


def successor(words: tuple[int, ...]) -> Successor | None:
    """Return the registry that follows this one, None while there is none; StateProofError for an unknown layout."""
    word = _Word(words[0])
    registry, sealed_at = word.address(), word.take(_TIME)
    if not any(registry.raw):
        return None  # none was ever named, or it was taken back
    word.version()
    return Successor(registry, sealed_at)
