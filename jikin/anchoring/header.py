"""A block's header: whoever has the hash of a block can believe what its header says, whoever brought it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.anchoring import rlp
from jikin.anchoring.chain import Block
from jikin.anchoring.rlp import Item
from jikin.errors import StateProofError
from jikin.values import Digest, Json, JsonObject, keccak256

MAX_HEADER_BYTES = 1024
_LEAST_FIELDS, _MOST_FIELDS = 15, 25  # since Frontier; 21 with Prague, the rest is room for forks to come
_STATE_ROOT, _NUMBER, _TIME = 3, 8, 11
_NUMBERS = frozenset(
    {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"}
)
# The order of the fields in the hashed header (Yellow Paper 4.3; EIP-1559, 4895, 4844, 4788, 7685).
_FIELDS = (
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
    "baseFeePerGas",
    "withdrawalsRoot",
    "blobGasUsed",
    "excessBlobGas",
    "parentBeaconBlockRoot",
    "requestsHash",
)


@dataclass(frozen=True, slots=True)
class Header:
    """A header as it is hashed: *raw* is its RLP, *block* number, hash and time, *state_root* that of all accounts."""

    raw: bytes = field(repr=False)
    block: Block
    state_root: Digest

    @classmethod
    def parse(cls, raw: bytes) -> Header:
        """Return the header that *raw* is; raises StateProofError (``state-proof.header``) for anything else."""
        if len(raw) > MAX_HEADER_BYTES:
            raise _refuse(f"a header has at most {MAX_HEADER_BYTES} bytes, got {len(raw)}")
        fields = rlp.decode_list(raw)
        if not _LEAST_FIELDS <= len(fields) <= _MOST_FIELDS:
            raise _refuse(f"a header has {_LEAST_FIELDS} to {_MOST_FIELDS} fields, got {len(fields)}")
        block = Block(
            rlp.parse_number(fields[_NUMBER], "a block's number", 8),
            Digest(keccak256(raw)),
            rlp.parse_number(fields[_TIME], "a block's time", 8),
        )
        return cls(raw, block, digest(fields[_STATE_ROOT], "the state root"))

    @classmethod
    def of_answer(cls, answer: JsonObject) -> Header:
        """Return the header that a node's ``eth_getBlockBy…`` answer describes; raises StateProofError.

        That the node claims a hash beside it means nothing: the fields are hashed.
        """
        present = [name for name in _FIELDS if answer.get(name) is not None]
        if tuple(present) != _FIELDS[: len(present)]:
            raise _refuse(f"the node's block lacks {next(n for n in _FIELDS if answer.get(n) is None)}")
        return cls.parse(rlp.encode([_field(name, answer) for name in present]))

    def check(self, trusted: Block) -> None:
        """Refuse with StateProofError (``state-proof.block``) a header that is not that of the *trusted* block."""
        if self.block != trusted:
            raise StateProofError(
                f"the header is of block {self.block.number} {self.block.hash}, and block {trusted.number} "
                f"{trusted.hash} is the one that is vouched for",
                code="state-proof.block",
            )


def digest(item: Item, what: str) -> Digest:
    """Return the 32 bytes that *item* is; raises StateProofError naming *what* it is."""
    if not isinstance(item, bytes) or len(item) != 32:
        raise _refuse(f"{what} has 32 bytes")
    return Digest(item)


def _field(name: str, answer: Mapping[str, Json]) -> bytes:
    value = answer[name]
    try:
        if not isinstance(value, str) or not value.startswith("0x"):
            raise ValueError
        if name in _NUMBERS:
            return rlp.number(int(value[2:], 16))
        return bytes.fromhex(value[2:])
    except ValueError:
        raise _refuse(f"the node's block has a {name} that is no hexadecimal text") from None


def _refuse(message: str) -> StateProofError:
    return StateProofError(message, code="state-proof.header")
