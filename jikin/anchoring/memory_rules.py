"""The contract's rules in Python: the same checks in the same order, refused by the same names and arguments.

`contracts/CredentialRegistry.sol` is the original. One behaviour suite runs on both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import NoReturn

from jikin.anchoring import changes as packed
from jikin.anchoring.acts import (
    Act,
    AddKey,
    AnchorAndPublish,
    AnchorRoot,
    ApproveProfile,
    Invalidate,
    LeafKind,
    OpenStatusList,
    ProposeProfile,
    PublishAuditHead,
    PublishStatus,
    RegisterIssuer,
    ReportKeyCompromised,
    RetireKey,
    Rights,
    SetAccreditation,
    SetAnchorsAll,
    SetOperator,
)
from jikin.anchoring.chain import AnchorSlot, KeyWindow, OperatorRecord, StatusEpoch, StatusHead
from jikin.anchoring.memory_state import AuditState, IssuerState, State
from jikin.anchoring.merkle import MAX_LEAVES
from jikin.anchoring.statements import next_head, opening_head
from jikin.errors import RegistryRefusedError
from jikin.values import Address, ChainId, Digest, IssuerId, KeyId, keccak256, sha256

ACCREDITOR_ROLE = keccak256(b"ACCREDITOR_ROLE")
_NOBODY = Address(bytes(20))
_ALL_RIGHTS = Rights.ISSUE | Rights.REVOKE | Rights.SUSPEND | Rights.AUDIT
_MAX_PROFILE_BYTES = 8192
_MAX_KEY_BYTES = 4096
_MAX_DID_BYTES = 2048
_OWNER_REACHES_BACK = 90 * 86_400
_HEARTBEAT_AFTER = 20 * 3600
_ROOT_KINDS = (LeafKind.CREDENTIAL, LeafKind.EMBARGOED, LeafKind.OLDER_REGISTRY)
_SMALLEST_LIST, _LARGEST_LIST = 17, 22
_METHOD = re.compile(rb"[0-9a-z]*")
_HOST = re.compile(rb"[0-9a-z.\-_%]*")
_IDENTIFIER = re.compile(rb"[0-9A-Za-z.\-_%:]*")


def _refuse(name: str, *arguments: object) -> NoReturn:
    raise RegistryRefusedError(name, arguments)


@dataclass(frozen=True, slots=True)
class Execution:
    """One act in one block: *sender* does it at *time* in block *number*; what it writes goes into *state*."""

    state: State
    chain: ChainId
    registry: Address
    accreditor: Address
    delay: int
    sender: Address
    number: int
    time: int

    def run(self, act: Act) -> None:
        """Apply *act*; raises RegistryRefusedError, then the caller takes back what this block wrote."""
        match act:
            case RegisterIssuer() | SetAccreditation() | SetAnchorsAll() | Invalidate() | ApproveProfile():
                self._accredit(act)
            case ProposeProfile():
                self._propose_profile(act)
            case SetOperator():
                self._set_operator(act)
            case AddKey() | RetireKey() | ReportKeyCompromised():
                self._change_key(act)
            case AnchorRoot():
                self._anchor_once(act)
            case OpenStatusList():
                self._open_list(act)
            case PublishStatus():
                self._publish_status(act)
            case AnchorAndPublish():
                self._anchor_and_publish(act)
            case PublishAuditHead():
                self._publish_audit_head(act)

    # -------------------------------------------------------------------------------------------- accreditors

    def _accredit(self, act: RegisterIssuer | SetAccreditation | SetAnchorsAll | Invalidate | ApproveProfile) -> None:
        if self.sender != self.accreditor:
            _refuse("AccessControlUnauthorizedAccount", self.sender, ACCREDITOR_ROLE)
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

    def _register_issuer(self, act: RegisterIssuer) -> None:
        if (position := _did_wrong_at(act.did)) is not None:
            _refuse("DidRefused", act.did, position)
        issuer_id = IssuerId(keccak256(act.did.encode()))
        if (known := self.state.issuers.read(issuer_id, self.number)) is not None:
            _refuse("IssuerAlreadyRegistered", issuer_id.raw, known.owner)
        if act.owner == _NOBODY:
            _refuse("AddressMissing", issuer_id.raw)
        effective_from = self.time + self.delay
        valid_from = max(act.valid_from, effective_from)
        if valid_from >= act.valid_until:
            _refuse("AccreditationWindowEmpty", issuer_id.raw, valid_from, act.valid_until)
        self._write(issuer_id, IssuerState(act.owner, valid_from, act.valid_until, effective_from))
        self.state.registrations.append(None, self.number, act.did)

    def _set_accreditation(self, act: SetAccreditation) -> None:
        record = self._registered(act.issuer_id)
        valid_from = max(act.valid_from, record.effective_from)
        if valid_from > act.valid_until:
            _refuse("AccreditationWindowEmpty", act.issuer_id.raw, valid_from, act.valid_until)
        self._write(act.issuer_id, replace(record, valid_from=valid_from, valid_until=act.valid_until))

    def _set_anchors_all(self, act: SetAnchorsAll) -> None:
        record = self._registered(act.issuer_id)
        if record.anchors_all:
            _refuse("AnchorsAllAlreadySet", act.issuer_id.raw, record.anchors_all_since)
        self._write(act.issuer_id, replace(record, anchors_all=True, anchors_all_since=self.time))

    def _invalidate(self, act: Invalidate) -> None:
        record = self._registered(act.issuer_id)
        self._check_since(act.since, record.invalid_since, 1)
        self._write(act.issuer_id, replace(record, invalidated=True, invalid_since=act.since))

    def _approve_profile(self, act: ApproveProfile) -> None:
        record = self._registered(act.issuer_id)
        issuer, asked = act.issuer_id.raw, act.profile_hash.raw
        if record.proposed_hash is None or act.profile_hash != record.proposed_hash:
            _refuse(
                "ProfileNotProposed", issuer, asked, record.proposed_hash.raw if record.proposed_hash else bytes(32)
            )
        if self.time < record.proposed_at + self.delay:
            _refuse("ProfileTooEarly", issuer, asked, record.proposed_at + self.delay)
        if record.profile_hash == act.profile_hash:
            _refuse("ProfileAlreadyApproved", issuer, asked)
        self._write(act.issuer_id, replace(record, profile=record.proposed, profile_hash=act.profile_hash))

    # ------------------------------------------------------------------------------------------------- owners

    def _propose_profile(self, act: ProposeProfile) -> None:
        record = self._owned(act.issuer_id)
        if not 1 <= len(act.profile) <= _MAX_PROFILE_BYTES:
            _refuse("ProfileSizeRefused", act.issuer_id.raw, len(act.profile), _MAX_PROFILE_BYTES)
        proposed_hash = Digest(sha256(act.profile))
        self._write(
            act.issuer_id,
            replace(record, proposed=act.profile, proposed_hash=proposed_hash, proposed_at=self.time),
        )

    def _set_operator(self, act: SetOperator) -> None:
        self._owned(act.issuer_id)
        if act.account == _NOBODY:
            _refuse("AddressMissing", act.issuer_id.raw)
        if int(act.rights) & ~int(_ALL_RIGHTS):
            _refuse("RightsUnknown", act.issuer_id.raw, act.account, int(act.rights))
        known = self.state.operators.read((act.issuer_id, act.account), self.number)
        record = OperatorRecord(act.valid_until, act.rights, known.sequence if known else 0)
        self.state.operators.write((act.issuer_id, act.account), self.number, record)

    def _change_key(self, act: AddKey | RetireKey | ReportKeyCompromised) -> None:
        if isinstance(act, AddKey):
            self._owned(act.issuer_id)
            key_id, window = self._added(act)
        elif isinstance(act, RetireKey):
            self._owned(act.issuer_id)
            key_id, window = act.key_id, self._key(act.issuer_id, act.key_id)
            if window.retired_at:
                _refuse("KeyAlreadyRetired", act.issuer_id.raw, key_id.raw, window.retired_at)
            window = replace(window, retired_at=self.time)
        else:
            key_id, window = act.key_id, self._compromised(act)
        self.state.keys.write((act.issuer_id, key_id), self.number, window)

    def _added(self, act: AddKey) -> tuple[KeyId, KeyWindow]:
        text = act.multikey.encode()
        if not 1 <= len(text) <= _MAX_KEY_BYTES:
            _refuse("KeySizeRefused", act.issuer_id.raw, len(text), _MAX_KEY_BYTES)
        key_id = KeyId(sha256(text))
        if (known := self.state.keys.read((act.issuer_id, key_id), self.number)) is not None:
            _refuse("KeyAlreadyAdded", act.issuer_id.raw, key_id.raw, known.added_at)
        return key_id, KeyWindow(self.time, 0, 0)

    def _compromised(self, act: ReportKeyCompromised) -> KeyWindow:
        earliest = 1
        if self.sender != self.accreditor:
            owner = self._registered(act.issuer_id).owner
            if self.sender != owner:
                _refuse("NotOwnerNorAccreditor", act.issuer_id.raw, self.sender, owner)
            # Further back an owner could undo what it signed and regrets.
            earliest = max(earliest, self.time - _OWNER_REACHES_BACK)
        window = self._key(act.issuer_id, act.key_id)
        self._check_since(act.since, window.compromised_since, earliest)
        return replace(window, compromised_since=act.since)

    # ---------------------------------------------------------------------------------------------- operators

    def _anchor_once(self, act: AnchorRoot) -> None:
        self._allowed(act.issuer_id, Rights.ISSUE)
        known = self.state.anchors.read((act.issuer_id, act.root), self.number)
        if known is not None:
            _refuse("RootAlreadyAnchored", act.issuer_id.raw, act.root.raw, known.time)
        self._anchor(act)

    def _anchor(self, act: AnchorRoot) -> None:
        if not 1 <= act.tree_size <= MAX_LEAVES:
            _refuse("TreeSizeRefused", act.tree_size, MAX_LEAVES)
        if act.kind not in _ROOT_KINDS:
            _refuse("AnchorKindRefused", int(act.kind))
        self._check_accredited(act.issuer_id)
        where = (act.issuer_id, self.sender)
        operator = self.state.operators.read(where, self.number) or OperatorRecord(0, Rights.NONE, 0)
        sequence = operator.sequence + 1
        self.state.operators.write(where, self.number, replace(operator, sequence=sequence))
        slot = AnchorSlot(self.time, self.number, act.tree_size, sequence, int(act.kind))
        self.state.anchors.write((act.issuer_id, act.root), self.number, slot)

    def _open_list(self, act: OpenStatusList) -> None:
        self._allowed(act.issuer_id, Rights.ISSUE | Rights.REVOKE)
        if not _SMALLEST_LIST <= act.log2_entries <= _LARGEST_LIST:
            _refuse("StatusListSizeRefused", act.log2_entries, _SMALLEST_LIST, _LARGEST_LIST)
        where = (act.issuer_id, act.list_id)
        if (known := self.state.lists.read(where, self.number)) is not None:
            _refuse("StatusListAlreadyOpened", act.issuer_id.raw, act.list_id.raw, known.head.raw)
        entries = 1 << act.log2_entries
        head = opening_head(
            chain=self.chain,
            registry=self.registry,
            issuer_id=act.issuer_id,
            list_id=act.list_id,
            entries=entries,
            index_key_hash=act.index_key_hash,
        )
        self.state.lists.write(where, self.number, StatusHead(head, 0, self.time, self.number, entries))
        self.state.openings.write(where, self.number, act.index_key_hash)

    def _publish_status(self, act: PublishStatus) -> None:
        rights = self._allowed(act.issuer_id, Rights.REVOKE | Rights.SUSPEND)
        known = self._opened(act)
        if known.head != act.previous_head:
            _refuse("StatusHeadMoved", act.issuer_id.raw, act.list_id.raw, act.previous_head.raw, known.head.raw)
        self._publish(act, known, rights)

    def _anchor_and_publish(self, act: AnchorAndPublish) -> None:
        issuer_id, root = act.anchor.issuer_id, act.anchor.root
        rights = self._allowed(issuer_id, Rights.ISSUE)
        self._check_right(issuer_id, Rights.REVOKE | Rights.SUSPEND, rights)
        slot = self.state.anchors.read((issuer_id, root), self.number)
        if slot is None:
            self._anchor(act.anchor)
        elif (slot.tree_size, slot.kind) != (act.anchor.tree_size, int(act.anchor.kind)):
            _refuse("RootAlreadyAnchored", issuer_id.raw, root.raw, slot.time)
        known = self._opened(act.status)
        if known.head == act.status.previous_head:  # else the race is lost and the status part is left out
            self._publish(act.status, known, rights)

    def _publish(self, act: PublishStatus, known: StatusHead, rights: Rights) -> None:
        _check_changes(act.changes, known.entries, rights)
        earliest = known.time + _HEARTBEAT_AFTER
        if not act.changes and self.time < earliest:
            _refuse("HeartbeatTooEarly", act.issuer_id.raw, act.list_id.raw, earliest)
        epoch = known.epoch + 1
        head = next_head(
            previous=act.previous_head,
            epoch=epoch,
            status_root=act.status_root,
            operator=self.sender,
            rights=rights,
            changes=act.changes,
            time=self.time,
            block=self.number,
        )
        where = (act.issuer_id, act.list_id)
        self.state.lists.write(where, self.number, StatusHead(head, epoch, self.time, self.number, known.entries))
        event = StatusEpoch(
            epoch, known.block, act.status_root, self.sender, rights, act.changes, self.time, self.number
        )
        self.state.epochs.append(where, self.number, event)

    def _publish_audit_head(self, act: PublishAuditHead) -> None:
        self._allowed(act.issuer_id, Rights.AUDIT)
        known = self.state.audits.read(act.issuer_id, self.number)
        recorded = known.size if known else 0
        if act.size <= recorded:
            _refuse("AuditHeadNotGrown", act.issuer_id.raw, act.size, recorded)
        self.state.audits.write(act.issuer_id, self.number, AuditState(act.root, act.size, self.time, self.number))

    # ------------------------------------------------------------------------------------------------- inside

    def _write(self, issuer_id: IssuerId, record: IssuerState) -> None:
        self.state.issuers.write(issuer_id, self.number, record)

    def _registered(self, issuer_id: IssuerId) -> IssuerState:
        record = self.state.issuers.read(issuer_id, self.number)
        return record if record is not None else _refuse("IssuerUnknown", issuer_id.raw)

    def _owned(self, issuer_id: IssuerId) -> IssuerState:
        record = self._registered(issuer_id)
        if self.sender != record.owner:
            _refuse("NotIssuerOwner", issuer_id.raw, self.sender, record.owner)
        return record

    def _key(self, issuer_id: IssuerId, key_id: KeyId) -> KeyWindow:
        window = self.state.keys.read((issuer_id, key_id), self.number)
        return window if window is not None else _refuse("KeyUnknown", issuer_id.raw, key_id.raw)

    def _opened(self, act: PublishStatus) -> StatusHead:
        known = self.state.lists.read((act.issuer_id, act.list_id), self.number)
        return known if known is not None else _refuse("StatusListUnknown", act.issuer_id.raw, act.list_id.raw)

    def _allowed(self, issuer_id: IssuerId, needed: Rights) -> Rights:
        record = self.state.operators.read((issuer_id, self.sender), self.number)
        rights = record.rights if record else Rights.NONE
        self._check_right(issuer_id, needed, rights)
        if record is not None and self.time >= record.valid_until:
            _refuse("OperatorExpired", issuer_id.raw, self.sender, record.valid_until)
        return rights

    def _check_right(self, issuer_id: IssuerId, needed: Rights, rights: Rights) -> None:
        if not rights & needed:
            _refuse("RightMissing", issuer_id.raw, self.sender, int(needed), int(rights))

    def _check_accredited(self, issuer_id: IssuerId) -> None:
        record = self._registered(issuer_id)
        if not record.valid_from <= self.time < record.valid_until:
            _refuse("NotAccredited", issuer_id.raw, self.time, record.valid_from, record.valid_until)
        if record.invalidated:
            _refuse("IssuerIsInvalidated", issuer_id.raw, record.invalid_since)

    def _check_since(self, since: int, recorded: int, earliest: int) -> None:
        if not earliest <= since <= self.time:
            _refuse("SinceOutOfRange", since, earliest, self.time)
        if recorded and since >= recorded:
            _refuse("SinceOnlyMovesDown", since, recorded)


def _did_wrong_at(did: str) -> int | None:
    """Return the byte at which *did* stops being a DID as it is registered; None: it is one."""
    text = did.encode()
    if len(text) > _MAX_DID_BYTES:
        return _MAX_DID_BYTES
    if not text.startswith(b"did:"):
        return 0
    colon = _skip(_METHOD, text, 4)
    if colon == 4 or text[colon : colon + 1] != b":":
        return colon
    at = start = colon + 1
    if text[4:colon] == b"web":
        # Hosts are the same in any case of letters: lower case is the registered one.
        at = _skip(_HOST, text, start)
        if at == start:
            return at
    if at < len(text) and (at == start or text[at : at + 1] == b":"):
        at = _skip(_IDENTIFIER, text, at)
    return at if at != len(text) or at == start or text.endswith(b":") else None


def _skip(pattern: re.Pattern[bytes], text: bytes, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _check_changes(data: bytes, entries: int, rights: Rights) -> None:
    if len(data) % 3 or len(data) > 3 * packed.MAX_CHANGES:
        _refuse("ChangesSizeRefused", len(data), packed.MAX_CHANGES)
    changes = packed.scan(data)
    for position in range(1, len(changes)):
        before, after = changes[position - 1].index, changes[position].index
        if before >= after:
            _refuse("ChangesNotRising", position, before, after)
    if not rights & Rights.REVOKE:
        for position, change in enumerate(changes):
            if change.state & 1:
                _refuse("ChangeNeedsRevoke", position, change.index, change.state, int(rights))
    if changes and changes[-1].index >= entries:
        _refuse("ChangeOutOfRange", changes[-1].index, entries)
