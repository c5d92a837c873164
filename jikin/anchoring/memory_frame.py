"""What every rule of the in-memory registry looks at: the act's sender and block, what is on record, and who may what.

Refused are the names and arguments of the contract's errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import KeyWindow, RegistryPins
from jikin.anchoring.memory_state import IssuerState, State
from jikin.errors import RegistryRefusedError
from jikin.values import Address, Digest, IssuerId, KeyId, keccak256

ACCREDITOR_ROLE = keccak256(b"ACCREDITOR_ROLE")
NOBODY = Address(bytes(20))
# How a contract answers whether a signature over a digest is its own (ERC-1271).
Answering: TypeAlias = Callable[[Digest, bytes], bool]


def refuse(name: str, *arguments: object) -> NoReturn:
    """Raise the contract's error *name*."""
    raise RegistryRefusedError(name, arguments)


@dataclass(frozen=True, slots=True)
class Frame:
    """*sender* does something at *time* in block *number* of the registry of *pins*; what it writes goes into *state*.

    *contracts* are the accounts that are no keys.
    """

    state: State
    pins: RegistryPins
    accreditor: Address
    delay: int
    sender: Address
    number: int
    time: int
    contracts: Mapping[Address, Answering] = field(default_factory=dict)

    def _registered(self, issuer_id: IssuerId) -> IssuerState:
        record = self.state.issuers.read(issuer_id, self.number)
        return record if record is not None else refuse("IssuerUnknown", issuer_id.raw)

    def _owned(self, issuer_id: IssuerId) -> IssuerState:
        record = self._registered(issuer_id)
        if self.sender != record.owner:
            refuse("NotIssuerOwner", issuer_id.raw, self.sender, record.owner)
        return record

    def _key(self, issuer_id: IssuerId, key_id: KeyId) -> KeyWindow:
        window = self.state.keys.read((issuer_id, key_id), self.number)
        return window if window is not None else refuse("KeyUnknown", issuer_id.raw, key_id.raw)

    def _allowed(self, issuer_id: IssuerId, needed: Rights, account: Address | None = None) -> Rights:
        """Return the rights of the sender, or of *account*, which contain one of *needed* now."""
        account = self.sender if account is None else account
        record = self.state.operators.read((issuer_id, account), self.number)
        rights = record.rights if record else Rights.NONE
        self._check_right(issuer_id, needed, rights, account)
        if record is not None and self.time >= record.valid_until:
            refuse("OperatorExpired", issuer_id.raw, account, record.valid_until)
        return rights

    def _check_right(self, issuer_id: IssuerId, needed: Rights, rights: Rights, account: Address) -> None:
        if not rights & needed:
            refuse("RightMissing", issuer_id.raw, account, int(needed), int(rights))

    def _check_accreditor(self, account: Address) -> None:
        if account != self.accreditor:
            refuse("AccessControlUnauthorizedAccount", account, ACCREDITOR_ROLE)

    def _check_not_sealed(self) -> None:
        known = self.state.successor.read(None, self.number)
        if known is not None and known.registry != NOBODY and self.time >= known.sealed_at:
            refuse("RegistryIsSealed", known.registry, known.sealed_at)

    def _check_accredited(self, issuer_id: IssuerId) -> None:
        record = self._registered(issuer_id)
        if not record.valid_from <= self.time < record.valid_until:
            refuse("NotAccredited", issuer_id.raw, self.time, record.valid_from, record.valid_until)
        if record.sealed:
            refuse("IssuerIsSealed", issuer_id.raw)
        if record.invalidated:
            refuse("IssuerIsInvalidated", issuer_id.raw, record.invalid_since)

    def _check_since(self, since: int, recorded: int, earliest: int) -> None:
        if not earliest <= since <= self.time:
            refuse("SinceOutOfRange", since, earliest, self.time)
        if recorded and since >= recorded:
            refuse("SinceOnlyMovesDown", since, recorded)
