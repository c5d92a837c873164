"""Signing keys in a file: PKCS#8, encrypted with a passphrase (RFC 8018 PBES2; scrypt, AES-256-CBC).

Ed25519, P-256, P-384 and ML-DSA-44 (RFC 9881, as its seed); the file itself says which.

Written here rather than by the library's default, whose 2,048 rounds of PBKDF2 let a thief of the file try a thousand
passphrases a second on one core; scrypt at this cost (128 MiB, half a second) allows two. Any reader of PKCS#8 that
knows scrypt opens the file.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from jikin.errors import SettingsError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.proofs.p256 import P256Signer
from jikin.proofs.p384 import P384Signer

StoredSigner: TypeAlias = Ed25519Signer | P256Signer | P384Signer | Mldsa44Signer
_LOG2_COST = 17  # scrypt N = 2^17, r = 8, p = 1: 128 MiB
_MAX_FILE_BYTES = 16 * 1024
_PBES2 = bytes.fromhex("06092a864886f70d01050d")  # 1.2.840.113549.1.5.13
_SCRYPT = bytes.fromhex("06092b06010401da47040b")  # 1.3.6.1.4.1.11591.4.11 (RFC 7914, section 7)
_AES_256_CBC = bytes.fromhex("060960864801650304012a")  # 2.16.840.1.101.3.4.1.42


def save(path: Path, signer: StoredSigner, passphrase: str, *, log2_cost: int = _LOG2_COST) -> None:
    """Write the key of *signer* to the new file *path* (mode 0600), encrypted with *passphrase*.

    *log2_cost* is scrypt's cost; every step up doubles time and memory. Raises SettingsError:
    ``keystore.passphrase-missing``; ``keystore.exists`` (a key is never written over: an old one may be the only copy);
    ``keystore.unwritable``.
    """
    text = _encrypted(signer, _required(passphrase), log2_cost)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise SettingsError(
            f"the key file {path} is there already and is not written over", code="keystore.exists"
        ) from error
    except OSError as error:
        raise SettingsError(
            f"the key file {path} cannot be written: {error.strerror}", code="keystore.unwritable"
        ) from error


def load(path: Path, passphrase: str) -> StoredSigner:
    """Return the key in the file *path*.

    Raises SettingsError: ``keystore.missing``; ``keystore.passphrase-missing``; ``keystore.wrong-passphrase`` (or the
    file is damaged: the two cannot be told apart); ``keystore.unencrypted``; ``keystore.kind`` for another kind of key.
    """
    password = _required(passphrase)
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_FILE_BYTES)
    except OSError as error:
        raise SettingsError(f"the key file {path} cannot be read: {error.strerror}", code="keystore.missing") from error
    try:
        key = load_pem_private_key(text, password)
    except TypeError as error:  # "password was given but private key is not encrypted"
        raise SettingsError(f"the key file {path} is not encrypted", code="keystore.unencrypted") from error
    except (ValueError, UnsupportedAlgorithm, OverflowError, MemoryError) as error:
        raise SettingsError(
            f"the passphrase does not open the key file {path}, or the file is damaged",
            code="keystore.wrong-passphrase",
            hint="try the passphrase again; without it the key is lost",
        ) from error
    signer = _signer(key)
    if signer is None:
        known = "Ed25519, P-256, P-384 or ML-DSA-44"
        raise SettingsError(f"the key file {path} holds another kind of key than {known}", code="keystore.kind")
    return signer


def _signer(key: object) -> StoredSigner | None:
    if isinstance(key, Ed25519PrivateKey):
        return Ed25519Signer.from_seed(key.private_bytes_raw())
    if isinstance(key, MLDSA44PrivateKey):
        return Mldsa44Signer.from_seed(key.private_bytes_raw())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        for kind in (P256Signer, P384Signer):
            if key.curve.name == kind.curve.curve.name:
                return kind.of(key)
    return None


def _plain(signer: StoredSigner) -> bytes:
    """Return PrivateKeyInfo (RFC 5958), not encrypted."""
    key: Ed25519PrivateKey | MLDSA44PrivateKey | ec.EllipticCurvePrivateKey
    if isinstance(signer, Ed25519Signer):
        key = Ed25519PrivateKey.from_private_bytes(signer.export_seed())
    elif isinstance(signer, Mldsa44Signer):
        key = MLDSA44PrivateKey.from_seed_bytes(signer.export_seed())
    else:
        key = ec.derive_private_key(int.from_bytes(signer.export_secret(), "big"), signer.curve.curve)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _required(passphrase: str) -> bytes:
    if not passphrase:
        raise SettingsError("a key file needs a passphrase", code="keystore.passphrase-missing")
    return passphrase.encode("utf-8")


def _encrypted(signer: StoredSigner, password: bytes, log2_cost: int) -> bytes:
    """Return EncryptedPrivateKeyInfo (RFC 5958) as PEM."""
    plain = _plain(signer)
    salt, vector, cost = os.urandom(16), os.urandom(16), 1 << log2_cost
    secret = Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(password)
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(vector)).encryptor()
    data = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    derivation = _sequence(_SCRYPT, _sequence(_octets(salt), _integer(cost), _integer(8), _integer(1)))
    scheme = _sequence(_PBES2, _sequence(derivation, _sequence(_AES_256_CBC, _octets(vector))))
    body = base64.encodebytes(_sequence(scheme, _octets(data)))
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + body + b"-----END ENCRYPTED PRIVATE KEY-----\n"


def _tagged(tag: int, content: bytes) -> bytes:
    length = len(content)
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    size = octets if 0 < length < 128 else bytes([0x80 + len(octets)]) + octets
    return bytes([tag]) + size + content


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _octets(data: bytes) -> bytes:
    return _tagged(0x04, data)


def _integer(number: int) -> bytes:
    return _tagged(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))
