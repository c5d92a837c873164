"""The contract's rules for status lists in Python: openings, epochs, relayed ones, and annulments."""

from __future__ import annotations

from jikin.anchoring import changes as packed
from jikin.anchoring.acts import AnnulStatus, OpenStatusList, PublishStatus, PublishStatusBySig, Rights
from jikin.anchoring.chain import StatusEpoch, StatusHead
from jikin.anchoring.events import EpochEvent, OpenedEvent
from jikin.anchoring.memory_frame import Frame, refuse
from jikin.anchoring.relayed import Signed, signed_by, signed_digest
from jikin.anchoring.statements import next_head, opening_head
from jikin.values import Address, Digest

_HEARTBEAT_AFTER = 20 * 3600
_SMALLEST_LIST, _LARGEST_LIST = 17, 22
_PUBLISHING = Rights.REVOKE | Rights.SUSPEND


class StatusRules(Frame):
    """What happens to status lists."""

    __slots__ = ()

    def _open_list(self, act: OpenStatusList) -> None:
        self._allowed(act.issuer_id, Rights.ISSUE | Rights.REVOKE)
        self._check_not_sealed()
        if not _SMALLEST_LIST <= act.log2_entries <= _LARGEST_LIST:
            refuse("StatusListSizeRefused", act.log2_entries, _SMALLEST_LIST, _LARGEST_LIST)
        where = (act.issuer_id, act.list_id)
        if (known := self.state.lists.read(where, self.number)) is not None:
            refuse("StatusListAlreadyOpened", act.issuer_id.raw, act.list_id.raw, known.head.raw)
        entries = 1 << act.log2_entries
        head = opening_head(
            chain=self.pins.chain,
            registry=self.pins.registry,
            issuer_id=act.issuer_id,
            list_id=act.list_id,
            entries=entries,
            index_key_hash=act.index_key_hash,
        )
        self.state.lists.write(where, self.number, StatusHead(head, 0, self.time, self.number, entries))
        self.state.openings.write(where, self.number, act.index_key_hash)
        told = OpenedEvent(act.issuer_id, act.list_id, entries, act.index_key_hash, head, self.sender, self.number)
        self.state.events.append(None, self.number, told)

    def _publish_status(self, act: PublishStatus) -> None:
        rights = self._allowed(act.issuer_id, _PUBLISHING)
        self._publish_next(act, self.sender, rights)

    def _publish_by_signature(self, act: PublishStatusBySig) -> None:
        # First the rights: no contract is asked for its signature but one the issuer has made an operator.
        rights = self._allowed(act.status.issuer_id, _PUBLISHING, act.operator)
        self._check_signed(Signed.EPOCH, act.status, act.operator, act.signature, act.deadline)
        self._publish_next(act.status, act.operator, rights)

    def _annul(self, act: AnnulStatus) -> None:
        issuer = act.status.issuer_id.raw
        owner = self._registered(act.status.issuer_id).owner
        accreditor = act.signer if self.sender == owner else self.sender
        if accreditor == self.sender and act.signer != owner:
            refuse("NotIssuerOwner", issuer, act.signer, owner)
        self._check_accreditor(accreditor)
        if accreditor == owner:
            refuse("AnnulmentNeedsTwo", issuer, owner)
        if not act.status.changes:
            refuse("ChangesSizeRefused", 0, packed.MAX_CHANGES)
        self._check_signed(Signed.ANNULMENT, act.status, act.signer, act.signature, act.deadline)
        self._publish_next(act.status, self.sender, Rights.ANNUL)

    def _check_signed(
        self, signed: Signed, status: PublishStatus, signer: Address, signature: bytes, deadline: int
    ) -> None:
        if self.time > deadline:
            refuse("SignatureExpired", self.time, deadline)
        digest = signed_digest(self.pins, signed, status, deadline)
        if not self._answers(signer, digest, signature):
            refuse("SignatureRefused", signer)

    def _answers(self, signer: Address, digest: Digest, signature: bytes) -> bool:
        contract = self.contracts.get(signer)
        return signed_by(signer, digest, signature) if contract is None else contract(digest, signature)

    def _publish_next(self, act: PublishStatus, operator: Address, rights: Rights) -> None:
        known = self._opened(act)
        if known.head != act.previous_head:
            refuse("StatusHeadMoved", act.issuer_id.raw, act.list_id.raw, act.previous_head.raw, known.head.raw)
        self._publish(act, known, operator, rights)

    def _opened(self, act: PublishStatus) -> StatusHead:
        known = self.state.lists.read((act.issuer_id, act.list_id), self.number)
        return known if known is not None else refuse("StatusListUnknown", act.issuer_id.raw, act.list_id.raw)

    def _publish(self, act: PublishStatus, known: StatusHead, operator: Address, rights: Rights) -> None:
        _check_changes(act.changes, known.entries, rights)
        earliest = known.time + _HEARTBEAT_AFTER
        if not act.changes and self.time < earliest:
            refuse("HeartbeatTooEarly", act.issuer_id.raw, act.list_id.raw, earliest)
        epoch = known.epoch + 1
        head = next_head(
            previous=act.previous_head,
            epoch=epoch,
            status_root=act.status_root,
            operator=operator,
            rights=rights,
            changes=act.changes,
            time=self.time,
            block=self.number,
        )
        where = (act.issuer_id, act.list_id)
        self.state.lists.write(where, self.number, StatusHead(head, epoch, self.time, self.number, known.entries))
        event = StatusEpoch(epoch, known.block, act.status_root, operator, rights, act.changes, self.time, self.number)
        self.state.epochs.append(where, self.number, event)
        self.state.events.append(None, self.number, EpochEvent(act.issuer_id, act.list_id, event))


def _check_changes(data: bytes, entries: int, rights: Rights) -> None:
    if len(data) % 3 or len(data) > 3 * packed.MAX_CHANGES:
        refuse("ChangesSizeRefused", len(data), packed.MAX_CHANGES)
    changes = packed.scan(data)
    for position in range(1, len(changes)):
        before, after = changes[position - 1].index, changes[position].index
        if before >= after:
            refuse("ChangesNotRising", position, before, after)
    if rights is Rights.ANNUL:
        for position, change in enumerate(changes):
            if change.state:
                refuse("AnnulmentStateRefused", position, change.index, change.state)
    elif not rights & Rights.REVOKE:
        for position, change in enumerate(changes):
            if change.state & 1:
                refuse("ChangeNeedsRevoke", position, change.index, change.state, int(rights))
    if changes and changes[-1].index >= entries:
        refuse("ChangeOutOfRange", changes[-1].index, entries)
