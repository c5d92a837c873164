"""The hashes over a status list: context, array root, note leaves, status root (``docs/spec/statements.md``, line 6).

Measured on one core: the array root of 2^17 entries takes about 2 ms, of 2^22 about 50 ms. Subtrees of zeros are not
kept: a chunk's leaf holds the list and the chunk's number, so no two of them are alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from jikin.anchoring.merkle import Tree
from jikin.anchoring.statements import uint
from jikin.errors import StatusError
from jikin.status.array import StatusArray, check_entries
from jikin.values import Digest, ListId, sha256

CHUNK_BYTES = 64  # 256 entries
NO_NOTES = Digest(bytes(32))
_LEAF_PREFIX = b"\x00"
_CONTEXT_MAGIC = b"JKC1"
_ARRAY_MAGIC = b"JKA1"
_NOTE_MAGIC = b"JKN1"
_KEY_MAGIC = b"JKK1"
_ROOT_MAGIC = b"JKR1"
_KEY_BYTES = 32


def list_context(context: Digest, list_id: ListId, entries: int) -> Digest:
    """Return *lctx*: H("JKC1" ‖ ctx ‖ listId ‖ u32 entries), which ties every hash to one list of one issuer.

    *context* is the issuer's context hash (``anchoring.statements.context_hash``). Raises StatusError for a number of
    entries that no list has.
    """
    check_entries(entries)
    return Digest(sha256(_CONTEXT_MAGIC + context.raw + list_id.raw + uint(entries, 4)))


def chunk_leaf(lctx: Digest, number: int, chunk: bytes) -> Digest:
    """Return the leaf H(0x00 ‖ "JKA1" ‖ lctx ‖ u32 number ‖ 64 bytes) of 256 entries; raises StatusError."""
    if len(chunk) != CHUNK_BYTES:
        raise StatusError(f"a chunk of a status array has {CHUNK_BYTES} bytes, got {len(chunk)}", code="status.chunk")
    return Digest(sha256(_LEAF_PREFIX + _ARRAY_MAGIC + lctx.raw + uint(number, 4) + chunk))


def array_tree(lctx: Digest, array: StatusArray) -> Tree:
    """Return the tree over all chunks of *array*, from which the path of one chunk can be read."""
    prefix, raw = _LEAF_PREFIX + _ARRAY_MAGIC + lctx.raw, array.raw
    return Tree.from_leaves(
        b"".join(
            sha256(prefix + number.to_bytes(4, "big") + raw[at : at + CHUNK_BYTES])
            for number, at in enumerate(range(0, len(raw), CHUNK_BYTES))
        )
    )


def array_root(lctx: Digest, array: StatusArray) -> Digest:
    """Return the root of the tree over all chunks of *array*."""
    return array_tree(lctx, array).root


def key_hash(key: bytes) -> Digest:
    """Return H("JKK1" ‖ key), by which a note leaf commits to the note's key of 32 bytes; raises StatusError."""
    if len(key) != _KEY_BYTES:
        raise StatusError(f"a note's key has {_KEY_BYTES} bytes", code="status.note-key")
    return Digest(sha256(_KEY_MAGIC + key))


def note_leaf(lctx: Digest, index: int, epoch: int, committed: Digest, ciphertext: bytes) -> Digest:
    """Return the leaf H(0x00 ‖ "JKN1" ‖ lctx ‖ u32 index ‖ u64 epoch ‖ *committed* key hash ‖ ct) of one note."""
    place = uint(index, 4) + uint(epoch, 8)
    return Digest(sha256(_LEAF_PREFIX + _NOTE_MAGIC + lctx.raw + place + committed.raw + ciphertext))


def notes_root(leaves: Sequence[Digest]) -> Digest:
    """Return the root over note leaves, sorted by entry and the latest of each; 32 zero bytes when there are none."""
    return Tree(leaves).root if leaves else NO_NOTES


def status_root(lctx: Digest, epoch: int, array: Digest, notes: Digest, note_count: int) -> Digest:
    """Return H("JKR1" ‖ lctx ‖ u64 epoch ‖ arrayRoot ‖ notesRoot ‖ u32 noteCount), which goes on chain."""
    return Digest(sha256(_ROOT_MAGIC + lctx.raw + uint(epoch, 8) + array.raw + notes.raw + uint(note_count, 4)))
