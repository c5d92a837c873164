"""The vault's cryptography, and nothing else: no database, no clock, no settings (security rules, 6.3).

    vault key      32 random bytes, made once; never stored but wrapped
    way            wraps the vault key under a key from a passphrase or recovery code (argon2id), a passkey's PRF output
                   or an API token (HKDF)
    record key     32 random bytes for each version of each record, wrapped under a key derived from the vault key
    record         AES-256-GCM under its record key; associated data: vault, record, version, schema
    manifest       which records there are and in which version, with a counter; signed, sealed like a record
    session        vault key = half in the browser's cookie ⊕ half in the server's memory: neither alone opens

What is wiped here is overwritten in place. Copies that the interpreter or a library made are beyond reach; so keys are
derived late, used once, and never turned into text.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jikin.codec import jcs, strict_json
from jikin.errors import CodecError, ValueRefusedError, WalletError
from jikin.proofs import ed25519
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Json

KEY_BYTES = 32
SALT_BYTES = 16
_NONCE_BYTES = 12
_TAG_BYTES = 16
WRAPPED_BYTES = _NONCE_BYTES + KEY_BYTES + _TAG_BYTES
_MAX_MANIFEST = 16 << 20
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no letter that looks like a digit
_CODE_SYMBOLS = 24  # 120 bits
_LOOK_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "\u00a0": None, "–": None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What one guess of a passphrase costs (RFC 9106): memory in KiB, passes, lanes."""

    memory_kib: int = 64 << 10
    time: int = 3
    lanes: int = 4


class Key:
    """Thirty-two secret bytes that can be wiped. Never shows them; a context manager wipes at its end."""

    __slots__ = ("_bytes",)

    def __init__(self, data: bytes | bytearray) -> None:
        """Take a copy of *data*; raises ValueRefusedError for another length."""
        if len(data) != KEY_BYTES:
            raise ValueRefusedError(f"a key is {KEY_BYTES} bytes, got {len(data)}")
        self._bytes = bytearray(data)

    @classmethod
    def generate(cls) -> Key:
        """Return a fresh key from the system's random source."""
        return cls(os.urandom(KEY_BYTES))

    @property
    def data(self) -> bytearray:
        """Return the bytes themselves, not a copy; raises WalletError (``wallet.closed``) after a wipe."""
        if not self._bytes:
            raise WalletError("the vault is closed", code="wallet.closed", hint="sign in again")
        return self._bytes

    def copy(self) -> Key:
        """Return a second key of the same bytes, to be wiped by itself."""
        return Key(self.data)

    def wipe(self) -> None:
        """Overwrite the bytes; the key cannot be used any more."""
        for place in range(len(self._bytes)):
            self._bytes[place] = 0
        self._bytes.clear()

    def __enter__(self) -> Key:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return "Key(…)"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed record belongs: another vault, record, version or schema does not open it."""

    vault: str
    record: str
    version: int
    schema: str

    def bound(self, purpose: str) -> bytes:
        """Return the associated data for *purpose*: every part with its length in front."""
        parts = [part.encode("utf-8") for part in (purpose, self.vault, self.record, self.schema)]
        return b"JKW1" + b"".join(len(p).to_bytes(2, "big") + p for p in parts) + self.version.to_bytes(8, "big")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record as it lies in the database: its wrapped key, and the ciphertext with nonce in front and tag behind."""

    wrapped_key: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says of one record."""

    schema: str
    version: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which records a vault holds. *counter* grows with every change: an older manifest has a smaller one."""

    counter: int
    records: Mapping[str, Entry]


def stretch(secret: str, salt: bytes, costs: Costs) -> Key:
    """Return the key that a passphrase or recovery code gives with *salt* (argon2id)."""
    return Key(
        hash_secret_raw(
            secret.encode("utf-8"),
            salt,
            time_cost=costs.time,
            memory_cost=costs.memory_kib,
            parallelism=costs.lanes,
            hash_len=KEY_BYTES,
            type=Type.ID,
        )
    )


def spread(secret: bytes, salt: bytes, purpose: str) -> Key:
    """Return the key for *purpose* from a *secret* that is random already (HKDF-SHA-256)."""
    return Key(HKDF(SHA256(), KEY_BYTES, salt, b"jikin/wallet/" + purpose.encode("ascii")).derive(secret))


def normal_passphrase(text: str) -> str:
    """Return *text* as every keyboard would write it: Unicode NFKC; Hangul typed as jamo is the same passphrase."""
    return unicodedata.normalize("NFKC", text)


def new_salt() -> bytes:
    """Return a fresh salt."""
    return os.urandom(SALT_BYTES)


def new_recovery_code() -> str:
    """Return a fresh recovery code, 120 random bits, as six groups of four symbols."""
    symbols = "".join(_ALPHABET[byte & 31] for byte in os.urandom(_CODE_SYMBOLS))
    return "-".join(symbols[start : start + 4] for start in range(0, _CODE_SYMBOLS, 4))


def normal_recovery_code(text: str) -> str:
    """Return the symbols of a typed code: case, blanks, hyphens and look-alike letters are forgiven."""
    return unicodedata.normalize("NFKC", text).strip().upper().translate(_LOOK_ALIKE)


def wrap(under: Key, key: Key, place: Place) -> bytes:
    """Return *key* encrypted *under* another, bound to *place*."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(under.data).encrypt(nonce, bytes(key.data), place.bound("key"))


def unwrap(under: Key, wrapped: bytes, place: Place) -> Key | None:
    """Return the key that ``wrap`` hid, None when *under* is another key, or place or bytes are not the same."""
    nonce, body = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    if len(body) != KEY_BYTES + _TAG_BYTES:
        return None
    try:
        return Key(AESGCM(under.data).decrypt(nonce, body, place.bound("key")))
    except InvalidTag:
        return None


def seal(vault_key: Key, place: Place, content: bytes) -> Sealed:
    """Return *content* sealed under a fresh record key."""
    with Key.generate() as record_key, _derived(vault_key, place.vault, "records") as under:
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = nonce + AESGCM(record_key.data).encrypt(nonce, content, place.bound("record"))
        return Sealed(wrap(under, record_key, place), ciphertext)


def unseal(vault_key: Key, place: Place, sealed: Sealed) -> bytes:
    """Return what was sealed at *place*; raises WalletError (``wallet.tampered``)."""
    with _derived(vault_key, place.vault, "records") as under:
        record_key = unwrap(under, sealed.wrapped_key, place)
    if record_key is None:
        raise tampered("a record does not belong where it lies")
    nonce, body = sealed.ciphertext[:_NONCE_BYTES], sealed.ciphertext[_NONCE_BYTES:]
    try:
        with record_key:
            return AESGCM(record_key.data).decrypt(nonce, body, place.bound("record"))
    except (InvalidTag, ValueError) as error:
        raise tampered("a record was changed") from error


def seal_manifest(vault_key: Key, vault: str, manifest: Manifest) -> bytes:
    """Return *manifest* signed by a key of the vault's own, and sealed."""
    content = jcs.canonicalize(
        {
            "vault": vault,
            "counter": manifest.counter,
            "records": {name: [entry.schema, entry.version] for name, entry in manifest.records.items()},
        }
    )
    nonce = os.urandom(_NONCE_BYTES)
    with _derived(vault_key, vault, "manifest") as key, _derived(vault_key, vault, "manifest signature") as seed:
        signature = Ed25519Signer.from_seed(bytes(seed.data)).sign(content)
        return nonce + AESGCM(key.data).encrypt(nonce, signature + content, _manifest_place(vault, manifest.counter))


def unseal_manifest(vault_key: Key, vault: str, counter: int, sealed: bytes) -> Manifest:
    """Return the manifest of *vault* that has this *counter*; raises WalletError (``wallet.tampered``)."""
    nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    with _derived(vault_key, vault, "manifest") as key, _derived(vault_key, vault, "manifest signature") as seed:
        signer = Ed25519Signer.from_seed(bytes(seed.data))
        try:
            opened = AESGCM(key.data).decrypt(nonce, body, _manifest_place(vault, counter))
        except (InvalidTag, ValueError) as error:
            raise tampered("the list of records was changed") from error
    signature, content = opened[: ed25519.SIGNATURE_BYTES], opened[ed25519.SIGNATURE_BYTES :]
    if not ed25519.verify(signer.public_key, content, signature):
        raise tampered("the list of records is not signed by this vault")
    return _manifest(content, vault, counter)


def split(vault_key: Key) -> tuple[str, bytes]:
    """Return a session's two halves: a *token* for the browser, and what stays in memory; each alone is random."""
    secret = os.urandom(KEY_BYTES)
    with spread(secret, b"", "session") as pad:
        kept = bytes(a ^ b for a, b in zip(vault_key.data, pad.data, strict=True))
    return base64.urlsafe_b64encode(secret).decode("ascii").rstrip("="), kept


def join(token: str, kept: bytes) -> Key:
    """Return the vault key from both halves; a wrong token gives a key that opens nothing."""
    try:
        secret = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError as error:
        raise WalletError("this session is none", code="wallet.signed-out", hint="sign in again") from error
    with spread(secret, b"", "session") as pad:
        return Key(bytes(a ^ b for a, b in zip(kept, pad.data, strict=True)))


def watermark(vault_key: Key, vault: str, counter: int) -> str:
    """Return a mark for the holder's own device: this vault has had this counter, so no older state is the newest."""
    with _derived(vault_key, vault, "watermark") as key:
        mac = hmac.digest(bytes(key.data), f"{vault}.{counter}".encode("ascii"), hashlib.sha256)
    return f"{counter}.{mac.hex()}"


def read_watermark(vault_key: Key, vault: str, mark: str) -> int | None:
    """Return the counter of a mark that this vault gave out, None for any other text."""
    counter, dot, _ = mark.partition(".")
    if not dot or not counter.isascii() or not counter.isdecimal() or len(counter) > 18:
        return None
    fits = hmac.compare_digest(mark.encode("utf-8"), watermark(vault_key, vault, int(counter)).encode("ascii"))
    return int(counter) if fits else None


def tampered(why: str) -> WalletError:
    """Return the error for stored data that this vault did not leave so."""
    return WalletError(
        f"the vault's stored data is not what this vault wrote: {why}",
        code="wallet.tampered",
        hint="do not go on; ask whoever runs this wallet to restore the newest backup",
    )


def _derived(vault_key: Key, vault: str, purpose: str) -> Key:
    return spread(bytes(vault_key.data), vault.encode("ascii"), purpose)


def _manifest_place(vault: str, counter: int) -> bytes:
    return Place(vault, "manifest", counter, "manifest").bound("manifest")


def _manifest(content: bytes, vault: str, counter: int) -> Manifest:
    try:
        value = strict_json.parse(content, max_bytes=_MAX_MANIFEST)
    except CodecError as error:
        raise tampered("the list of records cannot be read") from error
    if not isinstance(value, Mapping) or value.get("vault") != vault or value.get("counter") != counter:
        raise tampered("the list of records is another vault's")
    records = value.get("records")
    if not isinstance(records, Mapping):
        raise tampered("the list of records is none")
    return Manifest(counter, {name: _entry(entry) for name, entry in records.items()})


def _entry(value: Json) -> Entry:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise tampered("the list of records cannot be read")
    schema, version = value
    if not isinstance(schema, str) or not isinstance(version, int):
        raise tampered("the list of records cannot be read")
    return Entry(schema, version)
