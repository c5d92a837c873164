"""Status lists as a registry would have recorded them, made without a chain: for tests of what readers make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import Block, RegistryPins, StatusEpoch, StatusHead, StatusHistory
from jikin.anchoring.changes import Change
from jikin.anchoring.statements import context_hash, next_head, opening_head
from jikin.status.fold import fold
from jikin.status.notes import SealedNote
from jikin.status.publication import Publication
from jikin.status.root import array_root, list_context
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Address, ChainId, Digest, IssuerId, ListId

PINS = RegistryPins(
    chain=ChainId(31337),
    registry=Address(b"\x11" * 20),
    code_hash=Digest(b"\x22" * 32),
    genesis=Digest(b"\x33" * 32),
    deploy_block=1,
)
ISSUER = IssuerId(b"\x44" * 32)
LIST = ListId(b"\x55" * 32)
OPERATOR = Address(b"\x66" * 20)
OPENED = 1_780_000_000
EPOCH_SECONDS = 100


def packed(changes: Sequence[Change]) -> bytes:
    """Return *changes* as written, in whatever order: the contract's own checks are left out on purpose."""
    return b"".join((change.index << 2 | change.state).to_bytes(3, "big") for change in changes)


@dataclass
class RecordedList:
    """A list that grows by epochs; epoch *n* is of block 10 + *n* and 100 seconds after the one before.

    *waited* are seconds that the next epochs come later than that.
    """

    entries: int = 1 << 17
    epochs: list[StatusEpoch] = field(default_factory=list)
    waited: int = 0
    head: Digest = field(init=False)

    def __post_init__(self) -> None:
        self.head = opening_head(
            chain=PINS.chain,
            registry=PINS.registry,
            issuer_id=ISSUER,
            list_id=LIST,
            entries=self.entries,
            index_key_hash=Digest(b"\x77" * 32),
        )

    @property
    def lctx(self) -> Digest:
        return list_context(context_hash(PINS.chain, PINS.registry, ISSUER), LIST, self.entries)

    def publish(
        self,
        changes: Sequence[Change],
        rights: Rights = Rights.REVOKE,
        *,
        notes: Sequence[SealedNote] = (),
        root: Digest | None = None,
    ) -> Publication:
        """Record one epoch and return the file that opens it; *root* overrides the honest status root."""
        number = len(self.epochs) + 1
        epoch = StatusEpoch(
            epoch=number,
            previous_block=self.epochs[-1].block if self.epochs else 10,
            status_root=Digest(bytes(32)),
            operator=OPERATOR,
            rights=rights,
            changes=packed(changes),
            time=OPENED + number * EPOCH_SECONDS + self.waited,
            block=10 + number,
        )
        array = fold(StatusHistory(self.entries, Digest(b"\x77" * 32), (*self.epochs, epoch))).array
        publication = Publication.make(self.lctx, number, array_root(self.lctx, array), notes)
        self.record(epoch, root or publication.status_root(self.lctx))
        return publication

    def record(self, epoch: StatusEpoch, root: Digest) -> None:
        recorded = StatusEpoch(
            epoch.epoch,
            epoch.previous_block,
            root,
            epoch.operator,
            epoch.rights,
            epoch.changes,
            epoch.time,
            epoch.block,
        )
        self.head = next_head(
            previous=self.head,
            epoch=recorded.epoch,
            status_root=recorded.status_root,
            operator=recorded.operator,
            rights=recorded.rights,
            changes=recorded.changes,
            time=recorded.time,
            block=recorded.block,
        )
        self.epochs.append(recorded)

    @property
    def history(self) -> StatusHistory:
        return StatusHistory(self.entries, Digest(b"\x77" * 32), tuple(self.epochs))

    @property
    def status_head(self) -> StatusHead:
        newest = self.epochs[-1] if self.epochs else None
        return StatusHead(
            head=self.head,
            epoch=len(self.epochs),
            time=newest.time if newest else OPENED,
            block=newest.block if newest else 10,
            entries=self.entries,
        )

    @property
    def block(self) -> Block:
        """Return the block as of which the list is looked at: one after the newest epoch."""
        return Block(self.status_head.block + 1, Digest(b"\x88" * 32), self.status_head.time + 1)

    def snapshot(self, history: StatusHistory | None = None, head: StatusHead | None = None) -> StatusSnapshot:
        return StatusSnapshot.build(
            PINS, ISSUER, LIST, head or self.status_head, history or self.history, block=self.block
        )
