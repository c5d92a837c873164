"""The contract's rules in Python: the same checks in the same order, refused by the same names and arguments.

`contracts/CredentialRegistry.sol` is the original. One behaviour suite runs on both. What all rules look at stands in
`memory_frame`, the rules of status lists in `memory_status_rules`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from jikin.anchoring.acts import (
    AcceptOwnership,
    Act,
    AddKey,
    AnchorAndPublish,
    AnchorRoot,
    AnnulStatus,
    ApproveProfile,
    Invalidate,
    LeafKind,
    OpenStatusList,
    ProposeProfile,
    PublishAuditHead,
    PublishStatus,
    PublishStatusBySig,
    RegisterIssuer,
    ReportKeyCompromised,
    RetireKey,
    Rights,
    SealAnchoring,
    SetAccreditation,
    SetAnchorsAll,
    SetOperator,
    SetSuccessor,
    TransferOwnership,
)
from jikin.anchoring.chain import AnchorSlot, AuditHead, KeyWindow, OperatorRecord, Successor
from jikin.anchoring.events import AnchoredEvent, OperatorEvent
from jikin.anchoring.memory_dids import did_wrong_at
from jikin.anchoring.memory_frame import ACCREDITOR_ROLE, NOBODY, refuse
from jikin.anchoring.memory_state import IssuerState
from jikin.anchoring.memory_status_rules import StatusRules
from jikin.anchoring.merkle import MAX_LEAVES
from jikin.values import Digest, IssuerId, KeyId, keccak256, sha256

__all__ = ["ACCREDITOR_ROLE", "Execution"]

_ALL_RIGHTS = Rights.ISSUE | Rights.REVOKE | Rights.SUSPEND | Rights.AUDIT
_MAX_PROFILE_BYTES = 8192
_MAX_KEY_BYTES = 4096
_OWNER_REACHES_BACK = 90 * 86_400
_ROOT_KINDS = (LeafKind.CREDENTIAL, LeafKind.EMBARGOED, LeafKind.OLDER_REGISTRY)
_Accrediting: TypeAlias = RegisterIssuer | SetAccreditation | SetAnchorsAll | Invalidate | ApproveProfile | SetSuccessor


@dataclass(frozen=True, slots=True)
class Execution(StatusRules):
    """One act in one block."""

    def run(self, act: Act) -> None:
        """Apply *act*; raises RegistryRefusedError, then the caller takes back what this block wrote."""
        match act:
            case (
                RegisterIssuer()
                | SetAccreditation()
                | SetAnchorsAll()
                | Invalidate()
                | ApproveProfile()
                | SetSuccessor()
            ):
                self._accredit(act)
            case SealAnchoring():
                self._seal_anchoring(act)
            case ProposeProfile() | SetOperator() | TransferOwnership() | AcceptOwnership():
                self._own(act)
            case AddKey() | RetireKey() | ReportKeyCompromised():
                self._change_key(act)
            case AnchorRoot():
                self._anchor_once(act)
            case OpenStatusList():
                self._open_list(act)
            case PublishStatus():
                self._publish_status(act)
            case PublishStatusBySig():
                self._publish_by_signature(act)
            case AnnulStatus():
                self._annul(act)
            case AnchorAndPublish():
                self._anchor_and_publish(act)
            case PublishAuditHead():
                self._publish_audit_head(act)

    # -------------------------------------------------------------------------------------------- accreditors

    def _accredit(self, act: _Accrediting) -> None:
        self._check_accreditor(self.sender)
        match act:
            case RegisterIssuer():
                self._register_issuer(act)
            case SetAccreditation():
                self._set_accreditation(act)
            case SetAnchorsAll():
                self._set_anchors_all(act)
            case Invalidate():
                self._invalidate(act)
            case ApproveProfile():
                self._approve_profile(act)
            case SetSuccessor():
                self._set_successor(act)

    def _register_issuer(self, act: RegisterIssuer) -> None:
        if (position := did_wrong_at(act.did)) is not None:
            refuse("DidRefused", act.did, position)
        issuer_id = IssuerId(keccak256(act.did.encode()))
        if (known := self.state.issuers.read(issuer_id, self.number)) is not None:
            refuse("IssuerAlreadyRegistered", issuer_id.raw, known.owner)
        if act.owner == NOBODY:
            refuse("AddressMissing", issuer_id.raw)
        effective_from = self.time + self.delay
        valid_from = max(act.valid_from, effective_from)
        if valid_from >= act.valid_until:
            refuse("AccreditationWindowEmpty", issuer_id.raw, valid_from, act.valid_until)
        self._write(issuer_id, IssuerState(act.owner, valid_from, act.valid_until, effective_from))
        self.state.registrations.append(None, self.number, act.did)

    def _set_accreditation(self, act: SetAccreditation) -> None:
        record = self._registered(act.issuer_id)
        valid_from = max(act.valid_from, record.effective_from)
        if valid_from > act.valid_until:
            refuse("AccreditationWindowEmpty", act.issuer_id.raw, valid_from, act.valid_until)
        self._write(act.issuer_id, replace(record, valid_from=valid_from, valid_until=act.valid_until))

    def _set_anchors_all(self, act: SetAnchorsAll) -> None:
        record = self._registered(act.issuer_id)
        if record.anchors_all:
            refuse("AnchorsAllAlreadySet", act.issuer_id.raw, record.anchors_all_since)
        self._write(act.issuer_id, replace(record, anchors_all=True, anchors_all_since=self.time))

    def _invalidate(self, act: Invalidate) -> None:
        record = self._registered(act.issuer_id)
        self._check_since(act.since, record.invalid_since, 1)
        self._write(act.issuer_id, replace(record, invalidated=True, invalid_since=act.since))

    def _approve_profile(self, act: ApproveProfile) -> None:
        record = self._registered(act.issuer_id)
        issuer, asked = act.issuer_id.raw, act.profile_hash.raw
        if record.proposed_hash is None or act.profile_hash != record.proposed_hash:
            refuse("ProfileNotProposed", issuer, asked, record.proposed_hash.raw if record.proposed_hash else bytes(32))
        if self.time < record.proposed_at + self.delay:
            refuse("ProfileTooEarly", issuer, asked, record.proposed_at + self.delay)
        if record.profile_hash == act.profile_hash:
            refuse("ProfileAlreadyApproved", issuer, asked)
        self._write(act.issuer_id, replace(record, profile=record.proposed, profile_hash=act.profile_hash))

    def _set_successor(self, act: SetSuccessor) -> None:
        self._check_not_sealed()
        named = act.registry != NOBODY
        if named and (act.registry == self.pins.registry or act.registry not in self.contracts):
            refuse("SuccessorRefused", act.registry)
        sealed_at = self.time + self.delay if named else 0
        self.state.successor.write(None, self.number, Successor(act.registry, sealed_at))

    def _seal_anchoring(self, act: SealAnchoring) -> None:
        record = self._registered(act.issuer_id)
        known = self.state.successor.read(None, self.number) or Successor(NOBODY, 0)
        if known.registry == NOBODY or self.time < known.sealed_at:
            refuse("RegistryNotSealed", self.time, known.sealed_at)
        if record.sealed:
            refuse("IssuerIsSealed", act.issuer_id.raw)
        self._write(act.issuer_id, replace(record, sealed=True))

    # ------------------------------------------------------------------------------------------------- owners

    def _own(self, act: ProposeProfile | SetOperator | TransferOwnership | AcceptOwnership) -> None:
        match act:
            case ProposeProfile():
                self._propose_profile(act)
            case SetOperator():
                self._set_operator(act)
            case TransferOwnership() | AcceptOwnership():
                self._hand_over(act)

    def _propose_profile(self, act: ProposeProfile) -> None:
        record = self._owned(act.issuer_id)
        if not 1 <= len(act.profile) <= _MAX_PROFILE_BYTES:
            refuse("ProfileSizeRefused", act.issuer_id.raw, len(act.profile), _MAX_PROFILE_BYTES)
        proposed_hash = Digest(sha256(act.profile))
        self._write(
            act.issuer_id,
            replace(record, proposed=act.profile, proposed_hash=proposed_hash, proposed_at=self.time),
        )

    def _set_operator(self, act: SetOperator) -> None:
        self._owned(act.issuer_id)
        if act.account == NOBODY:
            refuse("AddressMissing", act.issuer_id.raw)
        if int(act.rights) & ~int(_ALL_RIGHTS):
            refuse("RightsUnknown", act.issuer_id.raw, act.account, int(act.rights))
        known = self.state.operators.read((act.issuer_id, act.account), self.number)
        record = OperatorRecord(act.valid_until, act.rights, known.sequence if known else 0)
        self.state.operators.write((act.issuer_id, act.account), self.number, record)
        told = OperatorEvent(act.issuer_id, act.account, act.valid_until, act.rights, self.number)
        self.state.events.append(None, self.number, told)

    def _change_key(self, act: AddKey | RetireKey | ReportKeyCompromised) -> None:
        if isinstance(act, AddKey):
            self._owned(act.issuer_id)
            key_id, window = self._added(act)
        elif isinstance(act, RetireKey):
            self._owned(act.issuer_id)
            key_id, window = act.key_id, self._key(act.issuer_id, act.key_id)
            if window.retired_at:
                refuse("KeyAlreadyRetired", act.issuer_id.raw, key_id.raw, window.retired_at)
            window = replace(window, retired_at=self.time)
        else:
            key_id, window = act.key_id, self._compromised(act)
        self.state.keys.write((act.issuer_id, key_id), self.number, window)

    def _added(self, act: AddKey) -> tuple[KeyId, KeyWindow]:
        text = act.multikey.encode()
        if not 1 <= len(text) <= _MAX_KEY_BYTES:
            refuse("KeySizeRefused", act.issuer_id.raw, len(text), _MAX_KEY_BYTES)
        key_id = KeyId(sha256(text))
        if (known := self.state.keys.read((act.issuer_id, key_id), self.number)) is not None:
            refuse("KeyAlreadyAdded", act.issuer_id.raw, key_id.raw, known.added_at)
        return key_id, KeyWindow(self.time, 0, 0)

    def _compromised(self, act: ReportKeyCompromised) -> KeyWindow:
        earliest = 1
        if self.sender != self.accreditor:
            owner = self._registered(act.issuer_id).owner
            if self.sender != owner:
                refuse("NotOwnerNorAccreditor", act.issuer_id.raw, self.sender, owner)
            # Further back an owner could undo what it signed and regrets.
            earliest = max(earliest, self.time - _OWNER_REACHES_BACK)
        window = self._key(act.issuer_id, act.key_id)
        self._check_since(act.since, window.compromised_since, earliest)
        return replace(window, compromised_since=act.since)

    def _hand_over(self, act: TransferOwnership | AcceptOwnership) -> None:
        if isinstance(act, TransferOwnership):
            self._write(act.issuer_id, replace(self._owned(act.issuer_id), pending_owner=act.new_owner))
            return
        record = self._registered(act.issuer_id)
        if self.sender != record.pending_owner:
            refuse("NotPendingOwner", act.issuer_id.raw, self.sender, record.pending_owner or NOBODY)
        self._write(act.issuer_id, replace(record, owner=self.sender, pending_owner=None))

    # ---------------------------------------------------------------------------------------------- operators

    def _anchor_once(self, act: AnchorRoot) -> None:
        self._allowed(act.issuer_id, Rights.ISSUE)
        known = self.state.anchors.read((act.issuer_id, act.root), self.number)
        if known is not None:
            refuse("RootAlreadyAnchored", act.issuer_id.raw, act.root.raw, known.time)
        self._anchor(act)

    def _anchor(self, act: AnchorRoot) -> None:
        if not 1 <= act.tree_size <= MAX_LEAVES:
            refuse("TreeSizeRefused", act.tree_size, MAX_LEAVES)
        if act.kind not in _ROOT_KINDS:
            refuse("AnchorKindRefused", int(act.kind))
        self._check_accredited(act.issuer_id)
        where = (act.issuer_id, self.sender)
        operator = self.state.operators.read(where, self.number) or OperatorRecord(0, Rights.NONE, 0)
        sequence = operator.sequence + 1
        self.state.operators.write(where, self.number, replace(operator, sequence=sequence))
        slot = AnchorSlot(self.time, self.number, act.tree_size, sequence, int(act.kind))
        self.state.anchors.write((act.issuer_id, act.root), self.number, slot)
        told = AnchoredEvent(
            act.issuer_id, act.root, act.tree_size, sequence, int(act.kind), self.sender, self.time, self.number
        )
        self.state.events.append(None, self.number, told)

    def _anchor_and_publish(self, act: AnchorAndPublish) -> None:
        issuer_id, root = act.anchor.issuer_id, act.anchor.root
        rights = self._allowed(issuer_id, Rights.ISSUE)
        self._check_right(issuer_id, Rights.REVOKE | Rights.SUSPEND, rights, self.sender)
        slot = self.state.anchors.read((issuer_id, root), self.number)
        if slot is None:
            self._anchor(act.anchor)
        elif (slot.tree_size, slot.kind) != (act.anchor.tree_size, int(act.anchor.kind)):
            refuse("RootAlreadyAnchored", issuer_id.raw, root.raw, slot.time)
        known = self._opened(act.status)
        if known.head == act.status.previous_head:  # else the race is lost and the status part is left out
            self._publish(act.status, known, self.sender, rights)

    def _publish_audit_head(self, act: PublishAuditHead) -> None:
        self._allowed(act.issuer_id, Rights.AUDIT)
        known = self.state.audits.read(act.issuer_id, self.number)
        recorded = known.size if known else 0
        if act.size <= recorded:
            refuse("AuditHeadNotGrown", act.issuer_id.raw, act.size, recorded)
        self.state.audits.write(act.issuer_id, self.number, AuditHead(act.root, act.size, self.time, self.number))

    def _write(self, issuer_id: IssuerId, record: IssuerState) -> None:
        self.state.issuers.write(issuer_id, self.number, record)
