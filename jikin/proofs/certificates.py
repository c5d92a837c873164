"""X.509 certificates in a header (``x5c``, RFC 7515, 4.1.6): whose key signed, by an authority that is trusted here.

Paths are built by the ``cryptography`` library under the rules of RFC 5280, which for authorities are those of the web:
their keys are RSA or ECDSA on NIST curves, and one that is limited to purposes is not limited to others than client
authentication. Of the leaf is demanded that it does not vouch for itself, is no authority, and that its key usage,
where it states one, is to sign (digitalSignature or contentCommitment). No purpose (EKU) is demanded, since profiles
differ; what counts is the name in its SAN. So whoever trusts the authorities of the web here trusts every web server to
sign as its own host. Revocation of certificates is not asked for: the page asked would learn what is being checked.

The root need not stand in the chain, and may. A root here may also be a leaf itself, which is thereby pinned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import verification
from cryptography.x509.oid import NameOID

from jikin.errors import ProofError, ValueRefusedError
from jikin.values import Did, KeyType, PublicKey

MAX_CHAIN = 8
MAX_CERTIFICATE_BYTES = 1 << 14
_MAX_INSTANTS = 16
_MAX_SHOWN = 80
_AUTHORITIES = verification.ExtensionPolicy.webpki_defaults_ca()
_LEAVES = verification.ExtensionPolicy.permit_all()
_CURVES = {"secp256r1": KeyType.P256, "secp384r1": KeyType.P384, "secp256k1": KeyType.SECP256K1}
# The library reads a certificate piece by piece: any piece may turn out to be none.
_BROKEN = (
    ValueError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)

E = TypeVar("E", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class Certified:
    """A key that a path of certificates leads to; every certificate of it is valid from *since* to *until*.

    Both are Unix seconds, *until* included. *authority* is what the root is called; *hosts* and *uris* are the leaf's
    names (SAN), hosts in lower case.
    """

    key: PublicKey
    since: int
    until: int
    authority: str
    hosts: frozenset[str] = field(repr=False)
    uris: frozenset[str] = field(repr=False)

    def valid_at(self, instant: int) -> bool:
        """Say whether every certificate of the path is valid at *instant* (Unix second)."""
        return self.since <= instant <= self.until

    def names(self, issuer: str) -> bool:
        """Say whether the leaf is made out to *issuer* (draft-ietf-oauth-sd-jwt-vc: its host or URL is a SAN).

        For a did:web its host counts. A wildcard names nobody, and nobody else can be named by a certificate.
        """
        host = host_of(issuer)
        if host is None:
            return False
        return host in self.hosts or (issuer.startswith("https:") and issuer in self.uris)


def host_of(issuer: str) -> str | None:
    """Return the host by which a certificate names *issuer*: of an https URL or a did:web; None for any other."""
    try:
        if issuer.startswith("did:web:"):
            found: str | None = unquote(Did(issuer).identifier.split(":")[0], errors="replace").partition(":")[0]
        else:
            parts = urlsplit(issuer)
            # https://bank.example@evil.example/ seems to be of another host than it is of.
            found = parts.hostname if parts.scheme == "https" and "@" not in parts.netloc else None
    except ValueError:  # ValueRefusedError is one
        return None
    return found.lower() if found else None


def certified(chain: Sequence[bytes], roots: Sequence[x509.Certificate]) -> Certified:
    """Return the key of the leaf of *chain* (DER, leaf first) by the path to one of *roots* that was the last to begin.

    When that was valid is for the caller to compare. Raises ProofError: ``certificate.malformed`` and
    ``certificate.too-long`` for what is no such chain, ``certificate.untrusted`` and ``certificate.self-signed`` where
    it leads to no root of these, ``certificate.authority`` and ``certificate.usage`` for a leaf that signs no
    documents, ``certificate.key`` for a key of a kind that is not known here.
    """
    certificates = read(chain)
    _check_ends(certificates, roots)
    failed: ProofError | None = None
    for instant in _instants(certificates, roots):
        try:
            return _signing(_path(certificates, roots, instant, MAX_CHAIN))
        except ProofError as error:
            if error.code != "certificate.untrusted":
                raise
            failed = error
    raise failed or _untrusted("the dates of the certificate end before they begin")


def certified_key(
    chain: Sequence[bytes], roots: Sequence[x509.Certificate], now: int, *, most: int = MAX_CHAIN
) -> PublicKey:
    """Return the key of the leaf of *chain* (DER, leaf first) that leads to one of *roots* at *now* (Unix second).

    Raises ProofError as ``certified``, also for more than *most* certificates; ``certificate.expired`` for a leaf that
    is not valid at *now*, while one above it that is not makes the chain ``certificate.untrusted``.
    """
    certificates = read(chain, most=most)
    _check_ends(certificates, roots)
    start, end = _dates(certificates[0])
    if not start <= now <= end:
        raise ProofError("the certificate is not valid at this time", code="certificate.expired")
    return _signing(_path(certificates, roots, now, most)).key


def read(chain: Sequence[bytes], *, most: int = MAX_CHAIN) -> tuple[x509.Certificate, ...]:
    """Return the certificates of *chain* (DER), none of them believed yet.

    Raises ProofError: ``certificate.too-long`` for more than *most*, or one of more than 16 KiB;
    ``certificate.malformed`` for none at all, or something that is no certificate.
    """
    if len(chain) > most:
        raise ProofError(f"a chain has at most {most} certificates, got {len(chain)}", code="certificate.too-long")
    if not chain:
        raise _malformed("a chain has at least one certificate")
    if any(len(data) > MAX_CERTIFICATE_BYTES for data in chain):
        raise ProofError(f"a certificate has at most {MAX_CERTIFICATE_BYTES} bytes", code="certificate.too-long")
    try:
        certificates = tuple(x509.load_der_x509_certificate(data) for data in chain)
        for certificate in certificates:
            _dates(certificate)
    except _BROKEN as error:
        raise _malformed("the chain holds something that is no certificate") from error
    return certificates


def _check_ends(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> None:
    if not roots:
        raise _untrusted("no authorities are set up here to trust a certificate by")
    leaf = chain[0]
    if leaf.issuer == leaf.subject:
        try:
            leaf.verify_directly_issued_by(leaf)
        except (*_BROKEN, TypeError, Exception) as error:  # noqa: BLE001
            del error
