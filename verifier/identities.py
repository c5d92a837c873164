"""As whom the verifier asks: by its DID, by its TLS certificate, or by an address alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from jikin.codec import multibase
from jikin.errors import DeskError, SettingsError, ValueRefusedError
from jikin.openid4vc.client import Prefix
from jikin.proofs.p256 import P256Signer
from jikin.values import DidUrl, Signer, sha256
from verifier.keys import OwnKeys
from verifier.settings import Settings

_CERTIFIED = (Prefix.X509_SAN_DNS, Prefix.X509_HASH)


@dataclass(frozen=True, slots=True)
class Identity:
    """A client_id with its prefix, and what signs for it: by *kid* of a DID, or by a *chain* (DER, leaf first)."""

    client_id: str
    signer: Signer = field(repr=False)
    kid: DidUrl | None = None
    chain: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Identities:
    """Every identity of this verifier; *certificate* is None where it has no TLS certificate."""

    keys: OwnKeys
    certificate: tuple[Signer, tuple[bytes, ...]] | None = field(repr=False)
    host: str

    def named(self, prefix: Prefix, response_uri: str) -> Identity:
        """Return the identity with *prefix*; raises DeskError (``request.prefix``) where this set-up has none."""
        signer = self.keys.requests
        if prefix is Prefix.REDIRECT_URI:
            return Identity(f"{prefix}:{response_uri}", signer)
        if prefix is Prefix.DECENTRALIZED_IDENTIFIER:
            return Identity(f"{prefix}:{self.keys.did}", signer, self.keys.request_method)
        if self.certificate is None:
            raise DeskError(
                f"the prefix {prefix} needs a TLS certificate, and this verifier runs without one",
                code="request.prefix",
                hint=f"set tls_certificate and tls_key, or ask with {Prefix.DECENTRALIZED_IDENTIFIER}",
            )
        certified, chain = self.certificate
        value = multibase.encode_base64url(sha256(chain[0])) if prefix is Prefix.X509_HASH else self.host
        return Identity(f"{prefix}:{value}", certified, chain=chain)


def identities(settings: Settings, keys: OwnKeys) -> Identities:
    """Return the identities that *settings* give; raises SettingsError for a certificate or key that cannot be used."""
    host = urlsplit(settings.base_url).hostname or ""
    if settings.tls_certificate is None or settings.tls_key is None:
        return Identities(keys, None, host)
    return Identities(keys, _certificate(settings.tls_certificate, settings.tls_key), host)


def _certificate(certificate: Path, key: Path) -> tuple[Signer, tuple[bytes, ...]] | None:
    try:
        listed = x509.load_pem_x509_certificates(certificate.read_bytes())
        private = load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"{certificate} and {key} hold no certificate with its key: {type(error).__name__}", code="settings.tls"
        ) from error
    # A root goes to wallets another way, and they refuse a chain that brings its own.
    chain = [one for place, one in enumerate(listed) if place == 0 or one.issuer != one.subject]
    try:
        signer = P256Signer.of(private)
    except ValueRefusedError:
        return None  # good for TLS; requests are signed with ES256
    return signer, tuple(one.public_bytes(Encoding.DER) for one in chain)
