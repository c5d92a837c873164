"""Sealing rows so that nobody, the office itself included, reads them before its release job does.

Every row becomes a slot of one length and lies at its leaf's place among the slots of fillers: from what is stored
neither number nor results can be told. The rows are encrypted under a fresh key (XChaCha20-Poly1305), that key for the
embargo's own key pair (X25519); the private half lies encrypted among the key files and is opened at the release.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.public import SealedBox
from nacl.secret import Aead
from nacl.signing import SigningKey

from jikin.anchoring.statements import uint
from jikin.errors import OfficeError
from jikin.proofs import keystore
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Digest

PART_PLACES = 1024
_MAGIC = b"JKE1"
_STEP_BYTES = 256
_LENGTH_BYTES = 4
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Sealed:
    """Rows as stored: *parts* of PART_PLACES slots, each *slot_bytes* long, and the key that opens them, sealed."""

    parts: tuple[bytes, ...] = field(repr=False)
    slot_bytes: int
    sealed_key: bytes = field(repr=False)
    key_file: str


@dataclass(frozen=True, slots=True)
class Binding:
    """What sealed rows belong to: moving them to another root or another second makes them unreadable."""

    root: Digest
    until: int

    @property
    def raw(self) -> bytes:
        """Return the bytes that are authenticated with every part."""
        return _MAGIC + self.root.raw + uint(self.until, 8)


def seal(slots: Sequence[bytes], binding: Binding, folder: Path, passphrase: str, log2_cost: int) -> Sealed:
    """Return *slots* sealed, one for each leaf in the order of the tree, empty for a filler.

    A new key pair is made for them; its private half is kept in *folder* alone, encrypted with *passphrase*.
    """
    width = max(map(len, slots)) + _LENGTH_BYTES
    width = -(-width // _STEP_BYTES) * _STEP_BYTES
    key = secrets.token_bytes(_KEY_BYTES)
    box = Aead(key)
    parts = [
        bytes(
            box.encrypt(
                b"".join(_padded(slot, width) for slot in slots[start : start + PART_PLACES]),
                binding.raw + uint(start, 4) + uint(len(slots), 4),
            )
        )
        for start in range(0, len(slots), PART_PLACES)
    ]
    signer = Ed25519Signer.generate()
    name = f"embargo-{secrets.token_hex(8)}.pem"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keystore.save(folder / name, signer, passphrase, log2_cost=log2_cost)
    public = SigningKey(signer.export_seed()).to_curve25519_private_key().public_key
    return Sealed(tuple(parts), width, bytes(SealedBox(public).encrypt(key + binding.raw)), name)


def _padded(slot: bytes, width: int) -> bytes:
    return (uint(len(slot), _LENGTH_BYTES) + slot).ljust(width, b"\x00")


def open_slots(sealed: Sealed, places: int, binding: Binding, folder: Path, passphrase: str) -> tuple[bytes, ...]:
    """Return the slots of *places* leaves; raises OfficeError ``embargo.tampered`` for anything that was changed.

    A wrong passphrase or a missing key file is SettingsError.
    """
    signer = keystore.load(folder / sealed.key_file, passphrase)
    if not isinstance(signer, Ed25519Signer):
        raise OfficeError(f"{sealed.key_file} holds another kind of key", code="office.key-file")
    private = SigningKey(signer.export_seed()).to_curve25519_private_key()
    slots: list[bytes] = []
    try:
        opened = bytes(SealedBox(private).decrypt(sealed.sealed_key))
        key, bound = opened[:_KEY_BYTES], opened[_KEY_BYTES:]
        if bound != binding.raw:
            raise _tampered()
        box = Aead(key)
        for number, part in enumerate(sealed.parts):
            start = number * PART_PLACES
            plain = bytes(box.decrypt(part, binding.raw + uint(start, 4) + uint(places, 4)))
            slots += (_unpadded(plain[at : at + sealed.slot_bytes]) for at in range(0, len(plain), sealed.slot_bytes))
    except (CryptoError, ValueError) as error:
        raise _tampered() from error
    if len(slots) != places:
        raise _tampered()
    return tuple(slots)


def _unpadded(slot: bytes) -> bytes:
    length = int.from_bytes(slot[:_LENGTH_BYTES], "big")
    return slot[_LENGTH_BYTES : _LENGTH_BYTES + length]


def _tampered() -> OfficeError:
    return OfficeError(
        "the sealed rows, their root or their time are not those that were sealed",
        code="embargo.tampered",
        hint="keep the database as it is and restore the embargo from a backup",
    )
