"""What can be written to the registry, each as a value. Names and order of members are those of the contract.

A writer turns an act into a signed transaction; the in-memory twin applies it by the contract's rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TypeAlias

from jikin.values import Address, Digest, IssuerId, KeyId, ListId


class Rights(IntFlag):
    """What an operator may do (``operators[issuerId][account].rights``), and by which right an epoch was published.

    ANNUL is recorded with an epoch that owner and accreditor published together; nobody can be given it.
    """

    NONE = 0
    ISSUE = 1
    REVOKE = 2
    SUSPEND = 4
    AUDIT = 8
    ANNUL = 16


class LeafKind(IntEnum):
    """What a leaf, and a root made of such leaves, stands for (STATEMENTS 2)."""

    CREDENTIAL = 1
    FILLER = 2
    EMBARGOED = 3
    OLDER_REGISTRY = 5


@dataclass(frozen=True, slots=True)
class RegisterIssuer:
    """Accreditor: put an issuer on record; *did* is the registered text, times are Unix seconds."""

    did: str
    owner: Address
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True)
class SetAccreditation:
    """Accreditor: move the accreditation window."""

    issuer_id: IssuerId
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True)
class SetAnchorsAll:
    """Accreditor: from now on a credential of this issuer without anchor does not pass; never cleared."""

    issuer_id: IssuerId


@dataclass(frozen=True, slots=True)
class Invalidate:
    """Accreditor: nothing this issuer anchored at or after *since* counts (fraud); only ever moves down."""

    issuer_id: IssuerId
    since: int


@dataclass(frozen=True, slots=True)
class SetSuccessor:
    """Accreditor: *registry* follows this one from now plus the registry's delay on; 20 zero bytes: none does.

    It can be named anew until then, and stands for good from then on.
    """

    registry: Address


@dataclass(frozen=True, slots=True)
class SealAnchoring:
    """Anybody, once another registry follows this one: the issuer anchors nothing more here."""

    issuer_id: IssuerId


@dataclass(frozen=True, slots=True)
class ProposeProfile:
    """Owner: propose the public profile; *profile* is its JCS text and goes into the event."""

    issuer_id: IssuerId
    profile: bytes


@dataclass(frozen=True, slots=True)
class ApproveProfile:
    """Accreditor: approve the proposed profile, named by its SHA-256."""

    issuer_id: IssuerId
    profile_hash: Digest


@dataclass(frozen=True, slots=True)
class SetOperator:
    """Owner: give *account* these rights until *valid_until*; no rights takes them away."""

    issuer_id: IssuerId
    account: Address
    valid_until: int
    rights: Rights


@dataclass(frozen=True, slots=True)
class AddKey:
    """Owner: register a signing key by its Multikey text; its id is the SHA-256 of that text."""

    issuer_id: IssuerId
    multikey: str


@dataclass(frozen=True, slots=True)
class RetireKey:
    """Owner: the key signs nothing from now on."""

    issuer_id: IssuerId
    key_id: KeyId


@dataclass(frozen=True, slots=True)
class ReportKeyCompromised:
    """Owner (90 days back at most) or accreditor: nothing anchored at or after *since* counts under this key."""

    issuer_id: IssuerId
    key_id: KeyId
    since: int


@dataclass(frozen=True, slots=True)
class TransferOwnership:
    """Owner: offer the issuer to *new_owner*, which becomes its owner by accepting."""

    issuer_id: IssuerId
    new_owner: Address


@dataclass(frozen=True, slots=True)
class AcceptOwnership:
    """Whom the issuer was offered to: take it over; from now on the earlier owner has no say."""

    issuer_id: IssuerId


@dataclass(frozen=True, slots=True)
class AnchorRoot:
    """Operator with the right to issue: anchor a batch of *tree_size* leaves under *root*."""

    issuer_id: IssuerId
    root: Digest
    tree_size: int
    kind: LeafKind


@dataclass(frozen=True, slots=True)
class OpenStatusList:
    """Operator: open a list of 2^*log2_entries* entries (17 … 22), all valid, for ever."""

    issuer_id: IssuerId
    list_id: ListId
    log2_entries: int
    index_key_hash: Digest


@dataclass(frozen=True, slots=True)
class PublishStatus:
    """Operator: one status epoch (STATEMENTS 7); refused unless *previous_head* is the head on record."""

    issuer_id: IssuerId
    list_id: ListId
    previous_head: Digest
    status_root: Digest
    changes: bytes


@dataclass(frozen=True, slots=True)
class PublishStatusBySig:
    """Anybody: the epoch that *operator* signed (``relayed``); its rights are those it has when this is mined.

    *deadline* is the last Unix second in which *signature* works.
    """

    status: PublishStatus
    operator: Address
    signature: bytes
    deadline: int


@dataclass(frozen=True, slots=True)
class AnnulStatus:
    """Owner or accreditor, *signer* being the other one who signed (``relayed``): revocations are taken back.

    Every change is to 0, and counts only where the state is younger than seven days (``jikin.status.fold``).
    """

    status: PublishStatus
    signer: Address
    signature: bytes
    deadline: int


@dataclass(frozen=True, slots=True)
class AnchorAndPublish:
    """Operator: both in one transaction; a lost status race is skipped, an equal root counts as anchored."""

    anchor: AnchorRoot
    status: PublishStatus


@dataclass(frozen=True, slots=True)
class PublishAuditHead:
    """Operator with the right to audit: the head of the audit log; *size* must grow."""

    issuer_id: IssuerId
    size: int
    root: Digest


Act: TypeAlias = (
    RegisterIssuer
    | SetAccreditation
    | SetAnchorsAll
    | Invalidate
    | SetSuccessor
    | SealAnchoring
    | ProposeProfile
    | ApproveProfile
    | SetOperator
    | AddKey
    | RetireKey
    | ReportKeyCompromised
    | TransferOwnership
    | AcceptOwnership
    | AnchorRoot
    | OpenStatusList
    | PublishStatus
    | PublishStatusBySig
    | AnnulStatus
    | AnchorAndPublish
    | PublishAuditHead
)
