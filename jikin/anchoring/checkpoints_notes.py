"""Signed notes (c2sp.org/signed-note) and the two kinds of signature on them: a log's, and a witness's cosignature.

A note is a text, an empty line, and signature lines of whoever signed the text. What is read here is exactly what is
written: one text for one note, so that two notes that differ in a byte differ in what they say.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from jikin.anchoring.statements import uint
from jikin.errors import CheckpointError
from jikin.values import KeyType, PublicKey, Signer, sha256

MAX_NOTE_BYTES = 1 << 17  # sixteen post-quantum signatures of others, which every reader must take, have 80 KiB
MAX_SIGNATURES = 100
LOG = 0x01  # signature types of c2sp.org/signed-note: Ed25519 over the text
WITNESS = 0x04  # timestamped Ed25519 over the text (c2sp.org/tlog-cosignature)
_TYPES = (LOG, WITNESS)
_DASH = "\u2014 "
_SIGNATURE_BYTES = 64
_MAX_TIME = (1 << 63) - 1
_MAX_NAME_BYTES = 255
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}")


def malformed(what: str) -> CheckpointError:
    """Return the error for a text that breaks the format."""
    return CheckpointError(what, code="checkpoint.malformed")


def decimal(text: str, what: str, bits: int = 64) -> int:
    """Return a number in its one decimal form, below 2^*bits*; raises CheckpointError."""
    if not _DECIMAL.fullmatch(text) or int(text) >> bits:
        raise malformed(f"{what} is {text[:40]!r}; right would be a number of {bits} bits without leading zeros")
    return int(text)


def octets(text: str, what: str) -> bytes:
    """Return what *text* encodes in Base64 (RFC 4648, section 4) in its one form; raises CheckpointError."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error) as error:
        raise malformed(f"{what} is no Base64") from error
    if encoded(raw) != text:  # bits behind the last byte: a second text for the same bytes
        raise malformed(f"{what} is not the one Base64 text of its bytes")
    return raw


def encoded(raw: bytes) -> str:
    """Return *raw* in Base64 (RFC 4648, section 4)."""
    return base64.b64encode(raw).decode("ascii")


def text_of(data: bytes) -> str:
    """Return the lines that *data* holds; raises CheckpointError for what is too long, no UTF-8, or has controls."""
    if len(data) > MAX_NOTE_BYTES:
        raise malformed(f"a note has at most {MAX_NOTE_BYTES:,} bytes, got {len(data):,}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise malformed("a note is UTF-8") from error
    if _CONTROLS.search(text):
        raise malformed("a note has no control character but the line feed")
    if not text.endswith("\n"):
        raise malformed("a note ends with a line feed")
    return text


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature as it stands on a note: the *name* of its key, the key's id (4 bytes), and the signature."""

    name: str
    key_id: bytes
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> SignatureLine:
        """Return the signature in one line without its line feed; raises CheckpointError."""
        name, blank, rest = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not blank:
            raise malformed(f"a signature line is an em dash, a name and Base64, got {line[:80]!r}")
        raw = octets(rest, "a signature")
        if len(raw) < 5:
            raise malformed("a signature has a key id of four bytes and at least one byte more")
        return cls(_checked_name(name), raw[:4], raw[4:])

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {encoded(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A *text*, which ends with a line feed, and its signatures, known and unknown, in their order."""

    text: str
    signatures: tuple[SignatureLine, ...]

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Return the note that *data* is; raises CheckpointError (``checkpoint.malformed``).

        Nothing of its text is to be believed before a signature of a known key was checked.
        """
        whole = text_of(data)
        text, empty, lines = whole.rpartition("\n\n")
        if not empty or not text or not lines:
            raise malformed("a note is a text, an empty line and at least one signature line")
        signed = lines[:-1].split("\n")
        if len(signed) > MAX_SIGNATURES:
            raise malformed(f"a note has at most {MAX_SIGNATURES} signatures, got {len(signed)}")
        return cls(text + "\n", tuple(SignatureLine.parse(line) for line in signed))

    def to_bytes(self) -> bytes:
        """Return the note as it is stored and sent."""
        return (self.text + "\n" + "".join(str(line) for line in self.signatures)).encode("utf-8")


@dataclass(frozen=True, slots=True)
class NoteKey:
    """An Ed25519 key under a *name*; *type* says what its signatures mean: LOG or WITNESS.

    Two of the same *raw* key (32 bytes) are one signer, whatever their names.
    """

    name: str
    type: int
    raw: bytes

    def __post_init__(self) -> None:
        """Refuse names that no signature line can carry, other types, and what is no Ed25519 key."""
        _checked_name(self.name)
        if self.type not in _TYPES or len(self.raw) != 32:
            raise malformed(f"the key of {self.name} is no Ed25519 key of a log (1) or of a witness (4)")

    @classmethod
    def of(cls, name: str, signature_type: int, public_key: PublicKey) -> NoteKey:
        """Return *public_key* under *name*; raises CheckpointError for another kind of key than Ed25519."""
        if public_key.type is not KeyType.ED25519:
            raise malformed(f"the key of {name} is {public_key.type.value}; notes are signed by Ed25519 here")
        return cls(name, signature_type, public_key.raw)

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """Return the key of a verifier key, ``name+id+base64``; raises CheckpointError, also for an id not its own."""
        name, plus, rest = text.partition("+")
        key_id, second, material = rest.partition("+")
        if not plus or not second:
            raise malformed(f"{text[:80]!r} is no verifier key; right would be NAME+ID+BASE64 (c2sp.org/signed-note)")
        raw = octets(material, f"the key of {name[:80]}")
        if not raw:
            raise malformed(f"the verifier key of {name[:80]} holds no key")
        key = cls(name, raw[0], raw[1:])
        if key.id.hex() != key_id:
            raise malformed(f"the verifier key of {name} states the id {key_id[:16]!r}; its own is {key.id.hex()}")
        return key

    @property
    def id(self) -> bytes:
        """Return the key's id: the first four bytes of H(name ‖ 0x0A ‖ type ‖ key) (STATEMENTS 9)."""
        return sha256(self.name.encode("utf-8") + b"\n" + bytes([self.type]) + self.raw)[:4]

    def signed(self, line: SignatureLine) -> bool:
        """Say whether *line* claims to be of this key: by name and id both (c2sp.org/signed-note)."""
        return line.name == self.name and line.key_id == self.id

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encoded(bytes([self.type]) + self.raw)}"


def sign(text: str, name: str, signer: Signer) -> SignatureLine:
    """Return a log's signature over *text*, under *name*, which for a log is its origin."""
    key = NoteKey.of(name, LOG, signer.public_key)
    return SignatureLine(name, key.id, signer.sign(text.encode("utf-8")))


def check_signature(text: str, line: SignatureLine, key: NoteKey) -> None:
    """Return when *line* is the signature of the log's *key* over *text*; raises CheckpointError."""
    _verify(key, LOG, text.encode("utf-8"), line.signature)


def cosign(text: str, name: str, signer: Signer, time: int) -> SignatureLine:
    """Return the cosignature over *text*: that at *time* (Unix second) this is the newest its witness has seen."""
    key = NoteKey.of(name, WITNESS, signer.public_key)
    return SignatureLine(name, key.id, uint(time, 8) + signer.sign(_cosigned(text, time)))


def cosigned_at(text: str, line: SignatureLine, key: NoteKey) -> int:
    """Return when the witness with *key* cosigned *text* (Unix second); raises CheckpointError if *line* is not by it.

    ``checkpoint.signature``: whoever made the line did not have the key, or text or time were changed since.
    """
    time = int.from_bytes(line.signature[:8], "big")
    if len(line.signature) != 8 + _SIGNATURE_BYTES or not 0 < time <= _MAX_TIME:
        raise _not_by(key)
    _verify(key, WITNESS, _cosigned(text, time), line.signature[8:])
    return time


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _verify(key: NoteKey, signature_type: int, message: bytes, signature: bytes) -> None:
    # libsodium is strict: no second signature for one message, no key of small order that fits many messages.
    if key.type != signature_type or len(signature) != _SIGNATURE_BYTES:
        raise _not_by(key)
    try:
        VerifyKey(key.raw).verify(message, signature)
    except (CryptoError, ValueError) as error:
        raise _not_by(key) from error


def _not_by(key: NoteKey) -> CheckpointError:
    return CheckpointError(f"a signature under the name and id of {key.name} is not by its key", code=_SIGNATURE)


def _checked_name(name: str) -> str:
    """Return *name*; raises CheckpointError for one that would make a signature line ambiguous."""
    wrong = not name or "+" in name or any(sign.isspace() or sign < " " for sign in name)
    if wrong or len(name.encode("utf-8", "replace")) > _MAX_NAME_BYTES:
        raise malformed(f"the name of a key has no blank, no plus and at most {_MAX_NAME_BYTES} bytes: {name[:80]!r}")
    return name


_SIGNATURE = "checkpoint.signature"
