"""Acts as calls of the contract: function, types and plain values, checked for the widths the contract has.

Both writers go through here, so the in-memory twin refuses the same numbers as the encoding for the EVM.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, TypeAlias, get_type_hints

from jikin.anchoring.acts import (
    AcceptOwnership,
    Act,
    AddKey,
    AnchorAndPublish,
    AnchorRoot,
    AnnulStatus,
    ApproveProfile,
    Invalidate,
    OpenStatusList,
    ProposeProfile,
    PublishAuditHead,
    PublishStatus,
    PublishStatusBySig,
    RegisterIssuer,
    ReportKeyCompromised,
    RetireKey,
    SealAnchoring,
    SetAccreditation,
    SetAnchorsAll,
    SetOperator,
    SetSuccessor,
    TransferOwnership,
)
from jikin.errors import ValueRefusedError
from jikin.values import Address, Did
from jikin.values.digests import Bytes32

Plain: TypeAlias = int | bytes | str

_FUNCTIONS: dict[type[Act], tuple[str, tuple[str, ...]]] = {
    RegisterIssuer: ("registerIssuer", ("string", "address", "uint40", "uint40")),
    SetAccreditation: ("setAccreditation", ("bytes32", "uint40", "uint40")),
    SetAnchorsAll: ("setAnchorsAll", ("bytes32",)),
    Invalidate: ("invalidate", ("bytes32", "uint40")),
    SetSuccessor: ("setSuccessor", ("address",)),
    SealAnchoring: ("sealAnchoring", ("bytes32",)),
    ProposeProfile: ("proposeProfile", ("bytes32", "bytes")),
    ApproveProfile: ("approveProfile", ("bytes32", "bytes32")),
    SetOperator: ("setOperator", ("bytes32", "address", "uint40", "uint8")),
    AddKey: ("addKey", ("bytes32", "string")),
    RetireKey: ("retireKey", ("bytes32", "bytes32")),
    ReportKeyCompromised: ("reportKeyCompromised", ("bytes32", "bytes32", "uint40")),
    TransferOwnership: ("transferIssuerOwnership", ("bytes32", "address")),
    AcceptOwnership: ("acceptIssuerOwnership", ("bytes32",)),
    AnchorRoot: ("anchor", ("bytes32", "bytes32", "uint32", "uint8")),
    OpenStatusList: ("openStatusList", ("bytes32", "bytes32", "uint8", "bytes32")),
    PublishStatus: ("publishStatus", ("bytes32", "bytes32", "bytes32", "bytes32", "bytes")),
    PublishAuditHead: ("publishAuditHead", ("bytes32", "uint64", "bytes32")),
}
_BOTH = "anchorAndPublish"
_BY_SIGNATURE, _ANNULMENT = "publishStatusBySig", "annulStatus"
_SIGNED = ("address", "bytes", "uint64")


@dataclass(frozen=True, slots=True)
class Call:
    """A call: 32-byte values and addresses as bytes, numbers as int, texts as str."""

    function: str
    types: tuple[str, ...]
    values: tuple[Plain, ...]


def call_of(act: Act) -> Call:
    """Return the call that *act* is; raises ValueRefusedError naming a member the contract has no room for."""
    if isinstance(act, AnchorAndPublish):
        if act.anchor.issuer_id != act.status.issuer_id:
            raise ValueRefusedError("anchorAndPublish: root and status epoch are of one issuer")
        anchor, status = call_of(act.anchor), call_of(act.status)
        return Call(_BOTH, anchor.types + status.types[1:], anchor.values + status.values[1:])
    if isinstance(act, PublishStatusBySig):
        return _signed_call(_BY_SIGNATURE, act.status, act.operator, act.signature, act.deadline)
    if isinstance(act, AnnulStatus):
        return _signed_call(_ANNULMENT, act.status, act.signer, act.signature, act.deadline)
    function, types = _FUNCTIONS[type(act)]
    names = [member.name for member in fields(act)]
    values = tuple(
        _plain(getattr(act, name), kind, f"{function}: {name}") for name, kind in zip(names, types, strict=True)
    )
    return Call(function, types, values)


def _signed_call(function: str, status: PublishStatus, signer: Address, signature: bytes, deadline: int) -> Call:
    epoch, given = call_of(status), (signer, signature, deadline)
    values = tuple(_plain(value, kind, f"{function}: {kind}") for value, kind in zip(given, _SIGNED, strict=True))
    return Call(function, epoch.types + _SIGNED, epoch.values + values)


def act_of(function: str, values: tuple[Plain, ...]) -> Act:
    """Return the act that a call is: ``call_of`` backwards; raises ValueRefusedError for anything else."""
    if function == _BOTH and values:
        anchor, status = act_of("anchor", values[:4]), act_of("publishStatus", (values[0], *values[4:]))
        if isinstance(anchor, AnchorRoot) and isinstance(status, PublishStatus):
            return AnchorAndPublish(anchor, status)
    if function in (_BY_SIGNATURE, _ANNULMENT) and len(values) == 8:
        epoch = act_of("publishStatus", values[:5])
        signer, signature, deadline = values[5:]
        if isinstance(signer, bytes) and isinstance(signature, bytes) and isinstance(deadline, int):
            kind = PublishStatusBySig if function == _BY_SIGNATURE else AnnulStatus
            if isinstance(epoch, PublishStatus):
                return kind(epoch, Address(signer), signature, deadline)
    for act, (name, types) in _FUNCTIONS.items():
        if name == function and len(types) == len(values):
            kinds: dict[str, Any] = get_type_hints(act)
            made: Act = act(*(kinds[member.name](value) for member, value in zip(fields(act), values, strict=True)))
            return made
    raise ValueRefusedError(f"the registry has no function {function} with {len(values)} arguments")


def _plain(value: object, kind: str, name: str) -> Plain:
    if isinstance(value, Bytes32 | Address):
        return value.raw
    if isinstance(value, int) and kind.startswith("uint"):
        if not 0 <= value < 1 << int(kind.removeprefix("uint")):
            raise ValueRefusedError(f"{name} is a number of {kind.removeprefix('uint')} bits, got {value}")
        return int(value)
    if isinstance(value, bytes) and kind == "bytes":
        return value
    if isinstance(value, str) and kind == "string":
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueRefusedError(f"{name} has a lone surrogate") from error
        return value
    raise ValueRefusedError(f"{name} cannot be {type(value).__name__}")


def readable_dids(registered: Iterable[str]) -> tuple[Did, ...]:
    """Return *registered* texts as DIDs. One that this library cannot read is left out: it can have no certificates.

    The contract's check is looser than the DID syntax (a lone %); one such text must not hide all other issuers.
    """
    dids = []
    for text in registered:
        with contextlib.suppress(ValueRefusedError):
            dids.append(Did(text))
    return tuple(dids)
