"""Who asks: the verifier as its ``client_id`` names it, and the key that must have signed (OpenID4VP 1.0, section 5.9).

A prefix says how the name is proven: ``redirect_uri`` not at all, ``decentralized_identifier`` by a key of a DID,
``x509_san_dns`` and ``x509_hash`` by a certificate of an authority the wallet trusts.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from cryptography import x509

from jikin.codec import multibase
from jikin.dids.method import DidMethods, Fetch
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import NoFetch
from jikin.errors import DidError, FetchError, ProofError, ValueRefusedError
from jikin.openid4vc.errors import OAuthError, refusal, refuse
from jikin.openid4vc.members import Members
from jikin.proofs import certificates
from jikin.values import Did, DidUrl, KeyType, PublicKey, sha256

_CODE = "client"
_OAUTH = OAuthError.INVALID_CLIENT
_MAX_CHAIN = 5
_KEY_TYPES = frozenset({KeyType.P256, KeyType.ED25519})
_SIGNING = frozenset({"assertionMethod", "authentication"})


class Prefix(StrEnum):
    """The client identifier prefixes that can be answered."""

    REDIRECT_URI = "redirect_uri"
    DECENTRALIZED_IDENTIFIER = "decentralized_identifier"
    X509_SAN_DNS = "x509_san_dns"
    X509_HASH = "x509_hash"


_REFUSED = {
    "verifier_attestation": "attestations of verifiers are not trusted here",
    "openid_federation": "OpenID Federation is not used here",
    "origin": "origin belongs to the Digital Credentials API and must not stand in a request",
    "did": "did was the prefix of a draft; decentralized_identifier takes its place",
    "https": "OpenID Federation is not used here",
    "x509_san_uri": "x509_san_uri was the prefix of a draft; x509_san_dns or x509_hash take its place",
}


class ClientTrust(StrEnum):
    """What is shown about who asks."""

    VERIFIED = "verified"  # the request is signed by whom it names
    UNVERIFIED = "unverified"  # anybody could have written the request


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks. *id* is the whole client_id with its prefix: the audience of what is presented.

    *name* is what it calls itself, which nobody has checked (None: nothing); *host* is where the answer goes.
    """

    prefix: Prefix
    id: str
    name: str | None
    trust: ClientTrust
    host: str

    @property
    def value(self) -> str:
        """Return the client_id without its prefix: a URL, a DID, a DNS name or a hash."""
        return self.id.partition(":")[2]

    @property
    def did(self) -> Did | None:
        """Return the DID of a client that is named by one."""
        return Did(self.value) if self.prefix is Prefix.DECENTRALIZED_IDENTIFIER else None


@dataclass(frozen=True, slots=True)
class RequestTrust:
    """What a wallet relies on to know who asks: roots for certificates, DID methods and the door they fetch through.

    Without *roots* every certificate is refused.
    """

    roots: tuple[x509.Certificate, ...] = ()
    methods: DidMethods = field(default_factory=standard_methods)
    fetch: Fetch = field(default_factory=NoFetch)


def prefix_of(client_id: str) -> Prefix:
    """Return the prefix of *client_id*; raises ProtocolError (``openid.client``) with the reason for any other."""
    name, colon, value = client_id.partition(":")
    if not colon:
        refuse(_CODE, "the client_id has no prefix; verifiers registered beforehand are not known here", oauth=_OAUTH)
    if name in _REFUSED:
        refuse(_CODE, f"the client_id has the prefix {name}: {_REFUSED[name]}", oauth=_OAUTH)
    if name not in set(Prefix) or not value:
        refuse(_CODE, f"the client_id has the unknown prefix {name[:40]!r}", oauth=_OAUTH)
    return Prefix(name)


def signing_key(client_id: str, header: Members, trust: RequestTrust, now: int) -> PublicKey:
    """Return the key that a request of *client_id* must be signed with, as the JWS *header* and *trust* show it.

    Raises ProtocolError (``openid.client``) for a key that is not the client's, FetchError when a DID document could
    not be asked for.
    """
    prefix = prefix_of(client_id)
    value = client_id.partition(":")[2]
    if prefix is Prefix.REDIRECT_URI:
        refuse(_CODE, "a request with the prefix redirect_uri is not signed", oauth=_OAUTH)
    if prefix is Prefix.DECENTRALIZED_IDENTIFIER:
        return _did_key(value, header, trust)
    chain = _chain(header)
    leaf = _leaf(header, chain)
    if prefix is Prefix.X509_HASH:
        _check_hash(value, chain[0])
    else:
        _check_name(value, leaf)
    return _certified_key(chain, trust.roots, now)


def check_response_uri(client_id: str, response_uri: str) -> None:
    """Return if answers to *client_id* may go to *response_uri* (OpenID4VP 1.0, section 5.9.3).

    For redirect_uri it is the client_id itself; for x509_san_dns its host is the certified name. Raises ProtocolError.
    """
    prefix, value = prefix_of(client_id), client_id.partition(":")[2]
    if prefix is Prefix.REDIRECT_URI and response_uri != value:
        refuse(_CODE, "response_uri is not the address that the client_id names", oauth=_OAUTH)
    if prefix is Prefix.X509_SAN_DNS and (urlsplit(response_uri).hostname or "") != value.lower():
        refuse(_CODE, "response_uri is on another host than the client_id names", oauth=_OAUTH)


def x509_hash(certificate: bytes) -> str:
    """Return the client_id with the prefix x509_hash of a leaf certificate (DER)."""
    return f"{Prefix.X509_HASH}:{multibase.encode_base64url(sha256(certificate))}"


def _did_key(value: str, header: Members, trust: RequestTrust) -> PublicKey:
    try:
        did, kid = Did(value), DidUrl(header.text("kid"))
    except ValueRefusedError as error:
        raise refusal(_CODE, f"the client's key: {error}", oauth=_OAUTH) from error
    if kid.did != did:
        refuse(_CODE, "kid is a key of another DID than the client_id names", oauth=_OAUTH)
    try:
        document = trust.methods.resolve(did, trust.fetch)
    except DidError as error:
        raise refusal(_CODE, f"the client's DID: {error}", oauth=_OAUTH) from error
    except FetchError as error:
        if error.code == "fetch.not-found":
            raise refusal(_CODE, f"the client's DID document is not there: {error}", oauth=_OAUTH) from error
        raise
    method = document.method(kid)
    if method is None or not method.relationships & _SIGNING:
        refuse(_CODE, "the client's DID document has no such key to sign with", oauth=_OAUTH)
    return method.public_key


def _chain(header: Members) -> tuple[bytes, ...]:
    entries = header.texts("x5c")
    if len(entries) > _MAX_CHAIN:
        header.refuse(f"x5c has at most {_MAX_CHAIN} certificates, got {len(entries)}")
    try:
        return tuple(base64.b64decode(entry, validate=True) for entry in entries)
    except (binascii.Error, ValueError) as error:
        raise refusal(_CODE, "x5c holds something that is no certificate", oauth=_OAUTH) from error


def _leaf(header: Members, chain: Sequence[bytes]) -> x509.Certificate:
    try:
        return certificates.read(chain, most=_MAX_CHAIN)[0]
    except ProofError as error:
        if error.code == "certificate.too-long":
            header.refuse(f"x5c: {error}")
        raise refusal(_CODE, f"x5c: {error}", oauth=_OAUTH) from error


def _check_hash(value: str, leaf: bytes) -> None:
    if multibase.encode_base64url(sha256(leaf)) != value:
        refuse(_CODE, "the certificate in x5c has another hash than the client_id names", oauth=_OAUTH)


def _check_name(value: str, leaf: x509.Certificate) -> None:
    try:
        hosts, _ = certificates.names_of(leaf)
    except ProofError as error:
        raise refusal(_CODE, f"x5c: {error}", oauth=_OAUTH) from error
    if value.lower() not in hosts:
        refuse(_CODE, "the certificate in x5c is not for the DNS name that the client_id names", oauth=_OAUTH)


def _certified_key(chain: Sequence[bytes], roots: Sequence[x509.Certificate], now: int) -> PublicKey:
    try:
        key = certificates.certified_key(chain, roots, now, most=_MAX_CHAIN)
    except ProofError as error:
        raise refusal(_CODE, f"x5c: {error}", oauth=_OAUTH) from error
    if key.type not in _KEY_TYPES:
        refuse(_CODE, "the certificate's key is neither P-256 nor Ed25519", oauth=_OAUTH)
    return key
