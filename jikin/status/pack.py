"""The proof pack: one file with which a certificate can be checked while the network is unplugged (STATEMENTS 10).

Deterministic CBOR (RFC 8949, 4.2.1), at most 64 KiB and 256 nodes, nothing behind it. A pack is made by whoever wants
to show it: nothing in it is believed but what leads to the hash of a block that somebody else vouches for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import cbor2

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import StatusEpoch, StatusHistory
from jikin.anchoring.digest import ProofHash
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.trie import MAX_BYTES, MAX_NODES
from jikin.errors import AnchorError, DocumentError, StatusError, ValueRefusedError
from jikin.status.members import Members, fixed, listed, octets, text, whole
from jikin.status.notes import SealedNote
from jikin.status.opening import EntryProof, EpochProof, NoteProof
from jikin.values import Address, ChainId, Digest, Form, IssuerId, ListId

FORMAT = "jikin-pack/1"
MEDIA_TYPE = "application/vnd.jikin.pack+cbor"
_BEGINNING = b"\x61v" + cbor2.dumps(FORMAT)  # behind the map's own first byte: the one member with a name of one letter
_MAX_DEPTH = 8
_MAX_KEYS = 8
_MAX_ENTRIES = 4
_MAX_EPOCHS = 1 << 10
_MAX_STEPS = 32
_MAX_CHECKPOINT = 1 << 14
_MAX_TEXT = 1 << 13
_U32, _U40, _U64 = 1 << 32, 1 << 40, 1 << 64
_ALWAYS = frozenset({"v", "chain", "registry", "issuer", "document", "header", "nodes"})
_PERHAPS = frozenset({"receipt", "profile", "keys", "entries", "checkpoint"})


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack as read; nothing in it is checked yet. What is None or empty was left out, and stays unknown.

    *document*: the credential as JSON text, or the bytes of its envelope. *header*: RLP of the block's header. *nodes*:
    of all tries, in the order of their bytes. *profile*: bytes of the issuer's profile. *keys*: verification method →
    Multikey text. *checkpoint*: who vouches for the block, as ``BlockVoucher`` reads it.
    """

    chain: ChainId
    registry: Address
    issuer_id: IssuerId
    document: str | bytes = field(repr=False)
    header: bytes = field(repr=False)
    nodes: tuple[bytes, ...] = field(repr=False)
    receipt: Receipt | None = field(default=None, repr=False)
    profile: bytes | None = field(default=None, repr=False)
    keys: tuple[tuple[str, str], ...] = ()
    entries: tuple[EntryProof, ...] = field(default=(), repr=False)
    checkpoint: bytes | None = field(default=None, repr=False)

    def to_bytes(self) -> bytes:
        """Return the pack's one form; raises DocumentError (``document.pack``) when it is too large."""
        members: dict[str, object] = {
            "v": FORMAT,
            "chain": self.chain.number,
            "registry": self.registry.raw,
            "issuer": self.issuer_id.raw,
            "document": self.document,
            "header": self.header,
            "nodes": list(self.nodes),
        }
        optional: dict[str, object] = {
            "receipt": None if self.receipt is None else _receipt_members(self.receipt),
            "profile": self.profile,
            "keys": [list(key) for key in self.keys] or None,
            "entries": [_entry_members(entry) for entry in self.entries] or None,
            "checkpoint": self.checkpoint,
        }
        members |= {name: value for name, value in optional.items() if value is not None}
        data = cbor2.dumps(members, canonical=True)
        if len(data) > MAX_BYTES or len(self.nodes) > MAX_NODES:
            raise _refuse(
                f"a pack has at most {MAX_BYTES:,} bytes and {MAX_NODES} nodes, "
                f"this one {len(data):,} and {len(self.nodes)}"
            )
        return data

    @classmethod
    def parse(cls, data: bytes) -> Pack:
        """Return the pack that *data* is; raises DocumentError (``document.pack``) for any other bytes."""
        if len(data) > MAX_BYTES:
            raise _refuse(f"a pack has at most {MAX_BYTES:,} bytes, got {len(data):,}")
        try:
            pack = cls._of(_decoded(data))
            again = pack.to_bytes()
        except (cbor2.CBORError, AnchorError, StatusError, ValueRefusedError) as error:
            raise _refuse(str(error)[:200]) from error
        if again != data:
            raise _refuse("it is not in deterministic form, or something follows it")
        return pack

    @classmethod
    def _of(cls, value: object) -> Pack:
        members = Members.of(value, _ALWAYS, _PERHAPS)
        if members["v"] != FORMAT:
            raise _refuse(f"packs of the form {FORMAT} are read here")
        document = members["document"]
        if not isinstance(document, str | bytes) or not document:
            raise _refuse("the document is a text (JSON) or bytes (an envelope)")
        nodes = tuple(octets(node, "a node", MAX_BYTES) for node in listed(members["nodes"], "nodes", MAX_NODES))
        if any(one >= other for one, other in pairwise(nodes)):
            raise _refuse("its nodes are not in the order of their bytes, each once")
        chain, registry = ChainId(whole(members["chain"], "chain", 1 << 63)), Address(fixed(members["registry"], 20))
        issuer_id = IssuerId(fixed(members["issuer"], 32))
        receipt, profile, checkpoint = (members.get(name) for name in ("receipt", "profile", "checkpoint"))
        return cls(
            chain=chain,
            registry=registry,
            issuer_id=issuer_id,
            document=document,
            header=octets(members["header"], "header", MAX_BYTES),
            nodes=nodes,
            receipt=None if receipt is None else _receipt(receipt, chain, registry, issuer_id),
            profile=None if profile is None else octets(profile, "profile", _MAX_TEXT),
            keys=tuple(_key(key) for key in listed(members.get("keys", []), "keys", _MAX_KEYS)),
            entries=tuple(_entry(entry) for entry in listed(members.get("entries", []), "entries", _MAX_ENTRIES)),
            checkpoint=None if checkpoint is None else octets(checkpoint, "checkpoint", _MAX_CHECKPOINT),
        )


def looks_like(data: bytes) -> bool:
    """Say whether *data* begins as every pack does."""
    return data[1:].startswith(_BEGINNING)


class _NoTags(dict[int, object]):
    """Decoders for CBOR tags: none. A tag could build what its author likes (patterns, dates, shared values)."""

    def __missing__(self, tag: int) -> object:
        raise cbor2.CBORDecodeError(f"a pack has no tags, and this one has tag {tag}")


def _decoded(data: bytes) -> object:
    return cbor2.loads(
        data,
        max_depth=_MAX_DEPTH,
        allow_indefinite=False,
        allow_duplicate_keys=False,
        strict_hashable_types=True,
        semantic_decoders=_NoTags(),  # type: ignore[arg-type]  # its values are never called
    )


# --- receipt: chain, registry and issuer are the pack's own ---


def _receipt_members(receipt: Receipt) -> list[object]:
    absent = [[p.form.value, p.algorithm, p.signed.raw, p.signature.raw] for p in receipt.absent_proofs]
    where: list[object] = [receipt.root.raw, receipt.tree_size, receipt.index, _joined(receipt.path)]
    return [*where, receipt.salt, receipt.full, absent, receipt.block, receipt.time]


def _receipt(value: object, chain: ChainId, registry: Address, issuer_id: IssuerId) -> Receipt:
    root, size, index, path, salt, full, absent, block, time = listed(value, "receipt", 9, exactly=True)
    return Receipt(
        chain=chain,
        registry=registry,
        issuer_id=issuer_id,
        root=Digest(fixed(root, 32)),
        tree_size=whole(size, "treeSize", _U32),
        index=whole(index, "index", _U32),
        path=_steps(path),
        salt=fixed(salt, 32),
        full=fixed(full, 32),
        absent_proofs=tuple(_absent(proof) for proof in listed(absent, "absentProofs", _MAX_KEYS)),
        block=whole(block, "block", _U40),
        time=whole(time, "time", _U40),
    )


def _absent(value: object) -> ProofHash:
    form, algorithm, signed, signature = listed(value, "absentProofs", 4, exactly=True)
    try:
        known = Form(whole(form, "form", 8))
    except ValueError as error:
        raise _refuse("an absent proof of a form that is not known") from error
    if known is Form.NONE:
        raise _refuse("an absent proof of no form")
    return ProofHash(known, text(algorithm, "alg", 64), Digest(fixed(signed, 32)), Digest(fixed(signature, 32)))


def _key(value: object) -> tuple[str, str]:
    method, multikey = listed(value, "keys", 2, exactly=True)
    return text(method, "a verification method", _MAX_TEXT), text(multikey, "a Multikey", _MAX_TEXT)


# --- entries of status lists ---


def _entry_members(entry: EntryProof) -> list[object]:
    opened = entry.opened
    if isinstance(opened, Digest):
        return [entry.list_id.raw, entry.index, opened.raw, None]
    note: list[object] | None = None
    if opened.note is not None:
        sealed = opened.note.note
        note = [opened.note.position, sealed.epoch, sealed.key_hash.raw, sealed.ciphertext, _joined(opened.note.path)]
    made = [opened.previous.raw, opened.operator.raw, int(opened.rights), opened.changes_hash.raw]
    roots = [opened.array_root.raw, opened.notes_root.raw, opened.note_count]
    history = None if entry.history is None else _history_members(entry.history)
    return [entry.list_id.raw, entry.index, [*made, *roots, opened.chunk, _joined(opened.path), note], history]


def _entry(value: object) -> EntryProof:
    list_id, index, opened, history = listed(value, "entries", 4, exactly=True)
    place = whole(index, "index", _U32)
    proof = Digest(opened) if isinstance(opened, bytes) else _epoch(opened, place)
    whole_list = None if history is None else _history(history)
    return EntryProof(ListId(fixed(list_id, 32)), place, proof, whole_list)


def _history_members(history: StatusHistory) -> list[object]:
    epochs = [
        [e.previous_block, e.status_root.raw, e.operator.raw, int(e.rights), e.changes, e.time, e.block]
        for e in history.epochs
    ]
    return [history.entries, history.index_key_hash.raw, epochs]


def _history(value: object) -> StatusHistory:
    entries, index_key_hash, epochs = listed(value, "history", 3, exactly=True)
    found = [_past_epoch(epoch, number) for number, epoch in enumerate(listed(epochs, "epochs", _MAX_EPOCHS), start=1)]
    return StatusHistory(whole(entries, "entries", _U32), Digest(fixed(index_key_hash, 32)), tuple(found))


def _past_epoch(value: object, number: int) -> StatusEpoch:
    before, root, operator, rights, changes, time, block = listed(value, "an epoch", 7, exactly=True)
    return StatusEpoch(
        epoch=number,
        previous_block=whole(before, "previousBlock", _U64),
        status_root=Digest(fixed(root, 32)),
        operator=Address(fixed(operator, 20)),
        rights=Rights(whole(rights, "rights", 256)),
        changes=octets(changes, "changes", MAX_BYTES),
        time=whole(time, "time", _U64),
        block=whole(block, "block", _U64),
    )


def _epoch(value: object, index: int) -> EpochProof:
    previous, operator, rights, changes, array, notes, count, chunk, path, note = listed(
        value, "epoch", 10, exactly=True
    )
    return EpochProof(
        previous=Digest(fixed(previous, 32)),
        operator=Address(fixed(operator, 20)),
        rights=Rights(whole(rights, "rights", 256)),
        changes_hash=Digest(fixed(changes, 32)),
        array_root=Digest(fixed(array, 32)),
        notes_root=Digest(fixed(notes, 32)),
        note_count=whole(count, "noteCount", _U32),
        chunk=fixed(chunk, 64),
        path=_steps(path),
        note=None if note is None else _note(note, index),
    )


def _note(value: object, index: int) -> NoteProof:
    position, epoch, key_hash, ciphertext, path = listed(value, "note", 5, exactly=True)
    sealed = SealedNote(
        index, whole(epoch, "epoch", _U64), Digest(fixed(key_hash, 32)), octets(ciphertext, "note", _MAX_TEXT)
    )
    return NoteProof(sealed, whole(position, "position", _U32), _steps(path))


def _joined(path: tuple[Digest, ...]) -> bytes:
    return b"".join(step.raw for step in path)


def _steps(value: object) -> tuple[Digest, ...]:
    raw = octets(value, "path", 32 * _MAX_STEPS)
    if len(raw) % 32:
        raise _refuse("a path has 32 bytes for each step")
    return tuple(Digest(raw[at : at + 32]) for at in range(0, len(raw), 32))


def _refuse(message: str) -> DocumentError:
    return DocumentError(f"this is no proof pack that can be read: {message}", code="document.pack")
