"""The keys of the verifier itself: they sign requests, so that a wallet can tell who asks.

They lie in ``keys.json`` of the data folder, readable for its owner alone, as PKCS#8; made at the first start.
The verifier's DID is the did:web of its base URL, its document lists their public halves.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from jikin.codec import jwk, multikey
from jikin.errors import SettingsError, ValueRefusedError
from jikin.proofs.p256 import P256Signer
from jikin.values import Did, DidUrl, JsonObject, KeyType, PublicKey, Signer
from verifier.settings import Settings

FILE_NAME = "keys.json"
_REQUESTS = "requests"
_ASSERTION = "assertion"


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """The verifier's DID, the P-256 key that signs its requests, and the public half of its Ed25519 key.

    The Ed25519 key is for what the verifier will state itself, such as signed answers.
    """

    did: Did
    requests: Signer = field(repr=False)
    assertion: PublicKey

    @property
    def request_method(self) -> DidUrl:
        """Return the verification method that names the key of requests."""
        return DidUrl(f"{self.did}#{multikey.encode(self.requests.public_key)}")

    def document(self) -> JsonObject:
        """Return the DID document."""
        requests, assertion = self.request_method, DidUrl(f"{self.did}#{multikey.encode(self.assertion)}")
        return {
            "@context": [
                "https://www.w3.org/ns/did/v1",
                "https://w3id.org/security/jwk/v1",
                "https://w3id.org/security/multikey/v1",
            ],
            "id": str(self.did),
            "verificationMethod": [
                {
                    "id": str(requests),
                    "type": "JsonWebKey",
                    "controller": str(self.did),
                    "publicKeyJwk": jwk.encode(self.requests.public_key),
                },
                {
                    "id": str(assertion),
                    "type": "Multikey",
                    "controller": str(self.did),
                    "publicKeyMultibase": multikey.encode(self.assertion),
                },
            ],
            "authentication": [str(requests)],
            "assertionMethod": [str(requests), str(assertion)],
        }


def did_of(base_url: str) -> Did:
    """Return the did:web of *base_url*: ``http://localhost:8103`` → ``did:web:localhost%3A8103``."""
    parts = urlsplit(base_url)
    segments = [segment for segment in parts.path.split("/") if segment]
    return Did(":".join(["did:web", parts.netloc.lower().replace(":", "%3A"), *segments]))


def own_keys(settings: Settings) -> OwnKeys:
    """Return the verifier's keys, made and stored if there are none; raises SettingsError for a file that is broken."""
    file = settings.data / FILE_NAME
    secret = None if settings.passphrase is None else settings.passphrase.text.encode()
    if not file.exists():
        _make(file, secret)
    try:
        texts = json.loads(file.read_text("utf-8"))
        keys = {name: load_pem_private_key(texts[name].encode(), secret) for name in (_REQUESTS, _ASSERTION)}
        requests, assertion = P256Signer.of(keys[_REQUESTS]), keys[_ASSERTION]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ValueRefusedError) as error:
        raise _broken(file, error) from error
    if not isinstance(assertion, Ed25519PrivateKey):
        raise _broken(file, TypeError("the assertion key is not of the kind Ed25519"))
    raw = assertion.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return OwnKeys(did_of(settings.base_url), requests, PublicKey(KeyType.ED25519, raw))


def _broken(file: Path, error: Exception) -> SettingsError:
    return SettingsError(
        f"the verifier's keys in {file} cannot be read: {type(error).__name__}",
        code="settings.keys",
        hint="set JIKIN_PASSPHRASE as it was when they were made; without the file new keys are made",
    )


def _make(file: Path, secret: bytes | None) -> None:
    lock: KeySerializationEncryption = NoEncryption() if secret is None else BestAvailableEncryption(secret)
    made = {_REQUESTS: ec.generate_private_key(ec.SECP256R1()), _ASSERTION: Ed25519PrivateKey.generate()}
    texts: Mapping[str, str] = {
        name: key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock).decode("ascii")  # type: ignore[attr-defined]
        for name, key in made.items()
    }
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = file.with_name(f".{FILE_NAME}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(dict(texts), stream)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        # Two processes that start at once: the first one's keys stay.
        file.hardlink_to(beside)
    except FileExistsError:
        pass
    finally:
        beside.unlink()
