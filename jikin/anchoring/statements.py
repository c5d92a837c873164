"""The byte strings that are hashed for anchors and status heads (``docs/spec/statements.md``, lines 1, 2 and 7).

Every function is a pure formula and returns 32 bytes as a value. Integers that do not fit the width written in the
specification are refused with AnchorError: cutting them would make two different statements hash alike.
"""

from __future__ import annotations

from jikin.anchoring.acts import LeafKind, Rights
from jikin.errors import AnchorError
from jikin.values import Address, ChainId, Digest, IssuerId, ListId, keccak256, sha256

SALT_BYTES = 32
_LEAF_PREFIX = b"\x00"  # RFC 9162, 2.1.1: leaves and inner nodes never hash the same bytes
_NODE_PREFIX = b"\x01"
_CONTEXT_MAGIC = b"JKX1"
_LEAF_MAGIC = b"JKL1"
_HEAD_MAGIC = b"JKH1"


def uint(value: int, size: int) -> bytes:
    """Return *value* as *size* bytes, big-endian; raises AnchorError when it is negative or does not fit."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << (8 * size):
        raise AnchorError(f"{value!r} is no unsigned number of {size} bytes", code="anchor.number")
    return value.to_bytes(size, "big")


def short_string(text: str) -> bytes:
    """Return the length of *text* in UTF-8 (two bytes) and the UTF-8 itself; raises AnchorError when too long."""
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise AnchorError("a text with a lone surrogate has no UTF-8", code="anchor.text") from error
    if len(raw) > 0xFFFF:
        raise AnchorError(f"a hashed text has at most 65,535 bytes, got {len(raw)}", code="anchor.text")
    return uint(len(raw), 2) + raw


def context_hash(chain: ChainId, registry: Address, issuer_id: IssuerId) -> Digest:
    """Return *ctx*: H("JKX1" ‖ u64 chainId ‖ registry20 ‖ issuerId), which ties a leaf to one issuer on one chain."""
    return Digest(sha256(_CONTEXT_MAGIC + uint(chain.number, 8) + registry.raw + issuer_id.raw))


def leaf(kind: LeafKind, context: Digest, salt: bytes, digest: Digest) -> Digest:
    """Return the leaf H(0x00 ‖ "JKL1" ‖ kind ‖ ctx ‖ salt ‖ digest), 102 bytes hashed.

    *salt* is 32 bytes from the system's random source, never derived from anything. Raises AnchorError for another
    length or an unknown kind.
    """
    if not isinstance(salt, bytes) or len(salt) != SALT_BYTES:
        raise AnchorError(f"a leaf's salt is {SALT_BYTES} bytes", code="anchor.salt")
    return Digest(sha256(_LEAF_PREFIX + _LEAF_MAGIC + uint(_known(kind), 1) + context.raw + salt + digest.raw))


def _known(kind: LeafKind) -> int:
    try:
        return int(LeafKind(kind))
    except ValueError as error:
        raise AnchorError(f"no leaf kind {kind!r}; known are 1, 2, 3 and 5", code="anchor.kind") from error


def node(left: Digest, right: Digest) -> Digest:
    """Return the inner node H(0x01 ‖ left ‖ right) (RFC 9162, 2.1.1)."""
    return Digest(sha256(_NODE_PREFIX + left.raw + right.raw))


def older_root_digest(
    *, chain: ChainId, registry: Address, issuer_id: IssuerId, root: Digest, size: int, block: int, block_hash: Digest
) -> Digest:
    """Return the digest of a leaf of kind 5: a root that an older registry or chain anchored in *block*."""
    where = uint(chain.number, 8) + registry.raw + issuer_id.raw
    return Digest(sha256(where + root.raw + uint(size, 4) + uint(block, 8) + block_hash.raw))


def _word(value: int) -> bytes:
    """Return one 32-byte word of the contract ABI."""
    return uint(value, 32)


def opening_head(
    *, chain: ChainId, registry: Address, issuer_id: IssuerId, list_id: ListId, entries: int, index_key_hash: Digest
) -> Digest:
    """Return head 0 of a status list, keccak-256 of abi.encode("JKH1", chainId, registry, issuerId, listId, …).

    The magic is a Solidity *string*: its place holds the offset of the tail (seven words), the tail length and text.
    """
    head = (
        _word(7 * 32)
        + _word(chain.number)
        + _word(int.from_bytes(registry.raw, "big"))
        + issuer_id.raw
        + list_id.raw
        + _word(entries)
        + index_key_hash.raw
    )
    tail = _word(len(_HEAD_MAGIC)) + _HEAD_MAGIC.ljust(32, b"\x00")
    return Digest(keccak256(head + tail))


def next_head(
    *,
    previous: Digest,
    epoch: int,
    status_root: Digest,
    operator: Address,
    rights: Rights,
    changes: bytes,
    time: int,
    block: int,
) -> Digest:
    """Return head *epoch* from the head before it: who changed what, with which rights, in which block.

    keccak-256 of abi.encode(previous, epoch, statusRoot, operator, rights, keccak-256(changes), time, block).
    """
    return chained_head(
        previous=previous,
        epoch=epoch,
        status_root=status_root,
        operator=operator,
        rights=rights,
        changes_hash=Digest(keccak256(changes)),
        time=time,
        block=block,
    )


def chained_head(
    *,
    previous: Digest,
    epoch: int,
    status_root: Digest,
    operator: Address,
    rights: Rights,
    changes_hash: Digest,
    time: int,
    block: int,
) -> Digest:
    """Return what ``next_head`` returns, where of the changes only their keccak-256 is known."""
    return Digest(
        keccak256(
            previous.raw
            + _word(epoch)
            + status_root.raw
            + _word(int.from_bytes(operator.raw, "big"))
            + _word(int(rights))
            + changes_hash.raw
            + _word(time)
            + _word(block)
        )
    )
