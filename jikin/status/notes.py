"""Why, since when, replaced by what: one encrypted note an entry (``docs/spec/statements.md``, line 6; SECURITY 2.3).

A note is bound to the status root, so the issuer cannot tell two stories, and encrypted under a key made from the salt
of the credential's leaf: who holds credential and receipt reads their own note, nobody else reads any, and erasing the
salt erases the note. Every note has the same length.

    note key = HKDF-SHA-256(ikm = salt, salt = lctx, info = "JKN1" ‖ u32 index ‖ u64 epoch, 32)
    ciphertext = nonce12 ‖ AES-256-GCM(note key, nonce12, CBOR padded with zeros to 160 bytes, lctx)
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jikin.anchoring.statements import SALT_BYTES, uint
from jikin.errors import StatusError, ValueRefusedError
from jikin.status.array import MAX_LOG2_ENTRIES, State, check_index
from jikin.status.root import key_hash, note_leaf
from jikin.values import Digest

PLAINTEXT_BYTES = 160
_NONCE_BYTES = 12
_TAG_BYTES = 16
CIPHERTEXT_BYTES = _NONCE_BYTES + PLAINTEXT_BYTES + _TAG_BYTES
_MAGIC = b"JKN1"
_MEMBERS = frozenset({"index", "epoch", "state", "reason", "effective"})
_REPLACEMENT = "replacementDigest"
_U40 = 1 << 40


@dataclass(frozen=True, slots=True)
class Note:
    """What the issuer says of one change: *effective* is a Unix second not after the epoch's block.

    *reason* is a short text or code; *replacement* is the anchor digest of the corrected credential. A note must fit
    160 bytes of CBOR: the reason has about 90 bytes, about 45 beside a replacement.
    """

    index: int
    epoch: int
    state: State
    reason: str
    effective: int
    replacement: Digest | None = None

    def __post_init__(self) -> None:
        """Refuse with StatusError what the format cannot say."""
        check_index(self.index, 1 << MAX_LOG2_ENTRIES)
        for name, value, least in (("epoch", self.epoch, 1), ("effective", self.effective, 0)):
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value < _U40:
                raise _refuse(f"the note's {name} is a number from {least} below 2^40, got {value!r}")
        if not isinstance(self.reason, str) or not isinstance(self.state, State):
            raise _refuse("a note has a text as reason and one of the four states")
        self.to_bytes()

    def to_bytes(self) -> bytes:
        """Return deterministic CBOR (RFC 8949, 4.2.1) padded with zeros to 160 bytes; raises StatusError if longer."""
        members: dict[str, int | str | bytes] = {
            "index": self.index,
            "epoch": self.epoch,
            "state": int(self.state),
            "reason": self.reason,
            "effective": self.effective,
        }
        if self.replacement is not None:
            members[_REPLACEMENT] = self.replacement.raw
        try:
            encoded = cbor2.dumps(members, canonical=True)
        except UnicodeEncodeError as error:
            raise _refuse("the reason of a note has a lone surrogate, which has no UTF-8") from error
        if len(encoded) > PLAINTEXT_BYTES:
            raise _refuse(f"a note has at most {PLAINTEXT_BYTES} bytes, got {len(encoded)}: shorten the reason")
        return encoded.ljust(PLAINTEXT_BYTES, b"\x00")

    @classmethod
    def from_bytes(cls, plaintext: bytes) -> Note:
        """Read what ``to_bytes`` wrote and nothing else; raises StatusError."""
        try:
            decoder = cbor2.CBORDecoder(
                io.BytesIO(plaintext), max_depth=2, allow_indefinite=False, allow_duplicate_keys=False
            )
            members = decoder.decode()
        except cbor2.CBORError as error:
            raise _refuse(f"the note's plaintext is no CBOR: {error}") from error
        if not isinstance(members, Mapping) or not _MEMBERS <= set(members) <= _MEMBERS | {_REPLACEMENT}:
            raise _refuse(f"a note's members are {', '.join(sorted(_MEMBERS))} and perhaps {_REPLACEMENT}")
        try:
            note = cls(
                index=members["index"],
                epoch=members["epoch"],
                state=State(members["state"]),
                reason=members["reason"],
                effective=members["effective"],
                replacement=Digest(members[_REPLACEMENT]) if _REPLACEMENT in members else None,
            )
        except (TypeError, ValueError, ValueRefusedError) as error:
            raise _refuse(f"the note's plaintext cannot be right: {error}") from error
        if note.to_bytes() != plaintext:
            raise _refuse("the note's plaintext is not in deterministic form, padded with zeros to its length")
        return note


@dataclass(frozen=True, slots=True)
class SealedNote:
    """A note as it is published: *key_hash* commits to the key, so that one ciphertext has one meaning."""

    index: int
    epoch: int
    key_hash: Digest
    ciphertext: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse every other length of ciphertext: it would tell notes apart."""
        check_index(self.index, 1 << MAX_LOG2_ENTRIES)
        if len(self.ciphertext) != CIPHERTEXT_BYTES:
            raise _refuse(f"a sealed note has {CIPHERTEXT_BYTES} bytes, got {len(self.ciphertext)}")

    def leaf(self, lctx: Digest) -> Digest:
        """Return the note's leaf in the notes tree of its list."""
        return note_leaf(lctx, self.index, self.epoch, self.key_hash, self.ciphertext)

    def open(self, lctx: Digest, salt: bytes) -> Note:
        """Return the note, opened with the *salt* of the credential's receipt.

        Raises StatusError (``status.note``) when the salt belongs to another credential or the note is not its own.
        Whether the note is bound to the status root is for the snapshot to say.
        """
        key = note_key(salt, lctx, self.index, self.epoch)
        if key_hash(key) != self.key_hash:
            raise _refuse(f"this salt does not open the note of entry {self.index}: it belongs to another credential")
        nonce, sealed = self.ciphertext[:_NONCE_BYTES], self.ciphertext[_NONCE_BYTES:]
        try:
            plaintext = AESGCM(key).decrypt(nonce, sealed, lctx.raw)
        except InvalidTag:
            raise _refuse(f"the note of entry {self.index} was changed after it was sealed") from None
        note = Note.from_bytes(plaintext)
        if (note.index, note.epoch) != (self.index, self.epoch):
            raise _refuse(f"the note of entry {self.index} speaks of entry {note.index}, epoch {note.epoch}")
        return note


def note_key(salt: bytes, lctx: Digest, index: int, epoch: int) -> bytes:
    """Return the key of one note, 32 bytes, from the leaf's *salt* (32 bytes); raises StatusError."""
    if not isinstance(salt, bytes) or len(salt) != SALT_BYTES:
        raise _refuse(f"a leaf's salt has {SALT_BYTES} bytes")
    info = _MAGIC + uint(index, 4) + uint(epoch, 8)
    return HKDF(algorithm=SHA256(), length=32, salt=lctx.raw, info=info).derive(salt)


def seal(note: Note, lctx: Digest, salt: bytes) -> SealedNote:
    """Return *note* encrypted for whoever holds the *salt* of the credential's leaf; a fresh nonce each time."""
    key = note_key(salt, lctx, note.index, note.epoch)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, note.to_bytes(), lctx.raw)
    return SealedNote(note.index, note.epoch, key_hash(key), sealed)


def _refuse(message: str) -> StatusError:
    return StatusError(message, code="status.note")
