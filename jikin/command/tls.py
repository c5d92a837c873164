"""Certificates for a trial on this machine: an authority of its own that vouches for ``localhost`` and nothing else.

The authority's private key is forgotten as soon as the one certificate is signed: who trusts it can never be shown
another site with it.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST = "localhost"
_ADDRESS = ipaddress.ip_address("127.0.0.1")
_DAYS = 90
_RENEWAL_DAYS = 7
_SKEW = timedelta(minutes=5)  # a clock a little behind finds the certificate valid too


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where the PEM files lie: the authority to trust, the certificate of ``localhost``, and its private key."""

    authority: Path
    certificate: Path
    key: Path


def ensure(folder: Path, now: int) -> TlsFiles:
    """Return the files in *folder*, made when they are missing or end within a week of *now* (Unix seconds)."""
    found = TlsFiles(folder / "ca.pem", folder / "localhost.pem", folder / "localhost.key")
    if not _good(found, datetime.fromtimestamp(now, UTC)):
        _make(found, datetime.fromtimestamp(now, UTC))
    return found


def _good(files: TlsFiles, now: datetime) -> bool:
    try:
        ends = [
            x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
            for path in (files.authority, files.certificate)
        ]
        return min(ends) - now > timedelta(days=_RENEWAL_DAYS) and files.key.is_file()
    except (OSError, ValueError):
        return False


def _make(files: TlsFiles, now: datetime) -> None:
    files.key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name("Jikin trial authority")
    authority = _builder(issuer, issuer, authority_key.public_key(), now)
    authority = (
        authority.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(
            x509.NameConstraints([x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_network(_ADDRESS))], None),
            critical=True,
        )
    )
    leaf = _builder(_name(HOST), issuer, key.public_key(), now)
    leaf = (
        leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(_ADDRESS)]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
    )
    signed = [builder.sign(authority_key, hashes.SHA256()) for builder in (authority, leaf)]
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for path, data in (
        (files.key, private),
        (files.certificate, signed[1].public_bytes(pem)),
        (files.authority, signed[0].public_bytes(pem)),
    ):
        _write(path, data)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, data: bytes) -> None:
    """Write *data* for the owner alone."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    beside.replace(path)
