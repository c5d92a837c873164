"""X.509 certificates in a header (``x5c``, RFC 7515, 4.1.6): whose key signed, by an authority that is trusted here.

Paths are built by the ``cryptography`` library under the rules of RFC 5280, which for authorities are those of the web:
their keys are RSA or ECDSA on NIST curves, and one that is limited to purposes is not limited to others than client
authentication. Of the leaf is demanded that it is no authority, and that its key usage, where it states one, is to sign
(digitalSignature or contentCommitment). No purpose (EKU) is demanded, since profiles differ; what counts is the name in
its SAN. So whoever trusts the authorities of the web here trusts every web server to sign as its own host. Revocation
of certificates is not asked for: the page asked would learn what is being checked.

The root need not stand in the chain, and may. A certificate that is no authority and stands among the roots is trusted
itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import verification
from cryptography.x509.oid import NameOID

from jikin.codec import rsa_keys
from jikin.errors import CodecError, ProofError
from jikin.values import Did, KeyType, PublicKey

MAX_CHAIN = 8
MAX_CERTIFICATE_BYTES = 1 << 14
_MAX_INSTANTS = 16
_MAX_SHOWN = 80
_AUTHORITIES = verification.ExtensionPolicy.webpki_defaults_ca()
_LEAVES = verification.ExtensionPolicy.permit_all()
_CURVES = {
    "secp256r1": KeyType.P256,
    "secp384r1": KeyType.P384,
    "secp521r1": KeyType.P521,
    "secp256k1": KeyType.SECP256K1,
}
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
    found: str | None
    try:
        if issuer.startswith("did:web:"):
            found = unquote(Did(issuer).identifier.partition(":")[0], errors="replace").partition(":")[0]
        else:
            parts = urlsplit(issuer)
            # https://bank.example@evil.example/ seems to be of another host than it is of.
            found = parts.hostname if parts.scheme == "https" and "@" not in parts.netloc else None
    except ValueError:  # also what Did refuses
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
    _check_roots(roots)
    if _is_self_signed(certificates[0]):
        raise ProofError("the certificate is signed by its own key alone", code="certificate.self-signed")
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
    is not valid at *now*, while one above it that is not makes the chain ``certificate.untrusted``. A leaf that vouches
    for itself is taken where it stands among *roots*.
    """
    certificates = read(chain, most=most)
    _check_roots(roots)
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
            _dates(certificate), certificate.subject, certificate.issuer
    except _BROKEN as error:
        raise _malformed("the chain holds something that is no certificate") from error
    return certificates


def names_of(leaf: x509.Certificate) -> tuple[frozenset[str], frozenset[str]]:
    """Return the hosts, in lower case, and the URIs in the SAN of *leaf*.

    Raises ProofError (``certificate.malformed``).
    """
    try:
        names = _extension(leaf, x509.SubjectAlternativeName)
        if names is None:
            return frozenset(), frozenset()
        hosts = names.get_values_for_type(x509.DNSName)
        return frozenset(map(str.lower, hosts)), frozenset(names.get_values_for_type(x509.UniformResourceIdentifier))
    except _BROKEN as error:
        raise _malformed("the names of the certificate cannot be read") from error


def _check_roots(roots: Sequence[x509.Certificate]) -> None:
    if not roots:
        raise _untrusted("no authorities are set up here to trust a certificate by")


def _is_self_signed(certificate: x509.Certificate) -> bool:
    if certificate.issuer != certificate.subject:
        return False
    try:
        certificate.verify_directly_issued_by(certificate)
    except (*_BROKEN, InvalidSignature, TypeError):
        return False
    return True


def _instants(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> Iterator[int]:
    """Yield when a path could begin to be valid, the latest first: the beginnings of what it could be made of.

    Every path is valid at the last of the beginnings of its certificates, or never.
    """
    start, end = _dates(chain[0])
    issuers = {certificate.issuer for certificate in chain}
    parts = (*chain, *(root for root in roots if root.subject in issuers))
    starts = {_dates(part)[0] for part in parts}
    yield from sorted((at for at in starts if start <= at <= end), reverse=True)[:_MAX_INSTANTS]


def _path(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], instant: int, most: int
) -> tuple[x509.Certificate, ...]:
    """Return the certificates from leaf to root, valid at *instant*; raises ProofError (``certificate.untrusted``)."""
    builder = verification.PolicyBuilder().store(verification.Store(list(roots))).max_chain_depth(most)
    builder = builder.extension_policies(ca_policy=_AUTHORITIES, ee_policy=_LEAVES)
    try:
        verifier = builder.time(datetime.fromtimestamp(instant, UTC)).build_client_verifier()
        return tuple(verifier.verify(chain[0], list(chain[1:])).chain)
    except (*_BROKEN, verification.VerificationError) as error:
        raise _untrusted("the certificate does not lead to an authority trusted here") from error


def _signing(path: Sequence[x509.Certificate]) -> Certified:
    """Return what *path* certifies; raises ProofError for a leaf that signs no documents."""
    leaf, root = path[0], path[-1]
    try:
        basic = _extension(leaf, x509.BasicConstraints)
        usage = _extension(leaf, x509.KeyUsage)
    except _BROKEN as error:
        raise _malformed("the extensions of the certificate cannot be read") from error
    hosts, uris = names_of(leaf)
    if basic is not None and basic.ca:
        raise ProofError("an authority's own certificate signs no documents", code="certificate.authority")
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise ProofError("the key of the certificate is not for signatures", code="certificate.usage")
    dates = [_dates(certificate) for certificate in path]
    return Certified(
        key=_key(leaf),
        since=max(start for start, _ in dates),
        until=min(end for _, end in dates),
        authority=_called(root),
        hosts=hosts,
        uris=uris,
    )


def _extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _key(leaf: x509.Certificate) -> PublicKey:
    try:
        key = leaf.public_key()
    except _BROKEN as error:
        raise _no_key("cannot be read") from error
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return PublicKey(_CURVES[key.curve.name], key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
    if isinstance(key, ed25519.Ed25519PublicKey):
        return PublicKey(KeyType.ED25519, key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    if isinstance(key, rsa.RSAPublicKey):
        try:
            return rsa_keys.of(key)
        except CodecError as error:
            raise _no_key(f"is not used: {error}") from error
    raise _no_key("is neither RSA nor Ed25519 nor on P-256, P-384, P-521 or secp256k1")


def _no_key(why: str) -> ProofError:
    return ProofError(f"the certificate's key {why}", code="certificate.key")


def _called(root: x509.Certificate) -> str:
    names = root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = str(names[0].value) if names else root.subject.rfc4514_string()
    return "".join(sign if sign.isprintable() else "?" for sign in text[:_MAX_SHOWN]) or "an authority without a name"


def _dates(certificate: x509.Certificate) -> tuple[int, int]:
    """Return from when until when it is valid, as Unix seconds, both included."""
    return int(certificate.not_valid_before_utc.timestamp()), int(certificate.not_valid_after_utc.timestamp())


def _malformed(message: str) -> ProofError:
    return ProofError(message, code="certificate.malformed")


def _untrusted(message: str) -> ProofError:
    return ProofError(message, code="certificate.untrusted")
