"""An invented chain with a log and witnesses, in memory: what checkpoints look like, sound and spoilt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from jikin.anchoring.chain import Block, RegistryPins
from jikin.anchoring.checkpoints import OpenedCheckpoint
from jikin.anchoring.checkpoints_log import BlockLog
from jikin.anchoring.checkpoints_notes import WITNESS, Note, NoteKey, cosign, sign
from jikin.anchoring.checkpoints_policy import WitnessPolicy
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Address, ChainId, Digest

NOW = 1_790_000_000
PINS = RegistryPins(
    chain=ChainId(31_337),
    registry=Address.parse("0x5FbDB2315678afecb367f032d93F642f64180aa3"),
    code_hash=Digest(sha256(b"code").digest()),
    genesis=Digest(sha256(b"genesis").digest()),
    deploy_block=1,
)


def block(number: int, history: str = "") -> Block:
    """Return block *number* of an invented history."""
    return Block(number, Digest(sha256(f"{history}block {number}".encode()).digest()), NOW - 100_000 + 12 * number)


@dataclass(frozen=True, slots=True)
class Witness:
    """One witness with its key."""

    name: str
    signer: Ed25519Signer

    @property
    def key(self) -> NoteKey:
        return NoteKey.of(self.name, WITNESS, self.signer.public_key)


def signer(name: str) -> Ed25519Signer:
    return Ed25519Signer.from_seed(sha256(name.encode()).digest())


def witness(name: str, seed: str | None = None) -> Witness:
    return Witness(name, signer(seed or name))


LOG_SIGNER = signer("the log")
FIRST, SECOND, THIRD = (witness(f"witness.example/{number}") for number in (1, 2, 3))
WITNESSES = (FIRST, SECOND, THIRD)


def policy(witnesses: Sequence[Witness] = WITNESSES, quorum: int = 2, max_age_seconds: int = 900) -> WitnessPolicy:
    return WitnessPolicy(PINS, tuple(each.key for each in witnesses), quorum, max_age_seconds)


def log(size: int = 5, history: str = "", pins: RegistryPins = PINS) -> BlockLog:
    return BlockLog(pins, [block(10 * number, history) for number in range(1, size + 1)])


def checkpoint(
    blocks: BlockLog, times: dict[Witness, int] | Sequence[Witness], size: int | None = None
) -> OpenedCheckpoint:
    """Return the log's newest checkpoint, signed by the log and cosigned by witnesses at their *times* (NOW)."""
    size = len(blocks) if size is None else size
    text = blocks.checkpoint(size).text
    when = times if isinstance(times, dict) else dict.fromkeys(times, NOW)
    lines = [cosign(text, each.name, each.signer, time) for each, time in when.items()]
    note = Note(text, (sign(text, blocks.origin, LOG_SIGNER), *lines))
    return OpenedCheckpoint.of(note, blocks.opening(size))
