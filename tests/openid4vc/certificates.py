"""X.509 for tests: an authority and the certificates it gives out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from jikin.proofs.p256 import P256Signer


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Authority:
    """A root that signs leaves."""

    name: str = "Test Root"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    now: int = 1_790_000_000

    def __post_init__(self) -> None:
        self.root = self._signed(self.name, self.key.public_key(), authority=True)

    def leaf(
        self, host: str | None, *, authority: bool = False, days: int = 30, p384: bool = False
    ) -> tuple[P256Signer, bytes]:
        """Return a fresh key and its certificate (DER) for *host*."""
        key = ec.generate_private_key(ec.SECP384R1() if p384 else ec.SECP256R1())
        signer = P256Signer.generate() if p384 else P256Signer.of(key)
        certificate = self._signed(host or "nobody", key.public_key(), host=host, authority=authority, days=days)
        return signer, certificate.public_bytes(Encoding.DER)

    def _signed(
        self,
        name: str,
        key: ec.EllipticCurvePublicKey,
        *,
        host: str | None = None,
        authority: bool = False,
        days: int = 30,
    ) -> x509.Certificate:
        start = datetime.fromtimestamp(self.now, UTC) - timedelta(days=60 - days if days < 0 else 1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(self.name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(datetime.fromtimestamp(self.now, UTC) + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if authority:
            usage = x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            )
            builder = builder.add_extension(usage, critical=True)
        if host is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self.key, hashes.SHA256())
