"""Public files: what anybody may read of an institution, in the folder that its web site serves.

    /.well-known/did.json             who signs (did:web); /did.json where the institution's site has a path
    /profiles/{profile hash}          the public profile, as approved in the registry
    /status/{list id}/revocation      status lists for strangers (W3C Bitstring Status List), and …/suspension
    /status/{list id}/token           the same for strangers' SD-JWT VCs (IETF Token Status List)
    /status/{list id}/notes           what opens the newest status root, notes encrypted
    /receipts/{digest}                where a credential stands in the anchored tree
    /leaves/{root}                    the leaves of a batch, 32 bytes each: anybody can rebuild the root
    /n/{20 symbols}                   what a certificate number alone tells

Hexadecimal is without 0x. Every file is written whole or not at all, and writing it again changes nothing that matters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from issuer import files
from jikin.anchoring.receipt import Receipt
from jikin.codec import strict_json
from jikin.credentials.profile import Profile
from jikin.credentials.record import NumberRecord
from jikin.proofs import securing
from jikin.proofs.envelopes import jws
from jikin.proofs.suite import ProofOptions, Suite
from jikin.status import token_list
from jikin.status.array import StatusArray
from jikin.status.bitstring import IETF_LIST, Purpose, list_credential, list_url, token_list_url
from jikin.status.publication import Publication
from jikin.status.token_list import list_claims
from jikin.values import (
    CertificateNumber,
    Did,
    DidUrl,
    Digest,
    Json,
    JsonObject,
    ListId,
    SignedStatement,
    Signer,
    format_instant,
)

_DID_CONTEXT = "https://www.w3.org/ns/did/v1"
_MULTIKEY_CONTEXT = "https://w3id.org/security/multikey/v1"


@dataclass(frozen=True, slots=True)
class Seal:
    """What signs for an institution: key, how a proof names it, and the suite."""

    signer: Signer
    method: DidUrl
    suite: Suite

    def secure(self, document: JsonObject, created: int) -> JsonObject:
        """Return *document* with one proof made at *created* (Unix seconds)."""
        return self.sign(document, created)[0]

    def sign(self, document: JsonObject, created: int) -> tuple[JsonObject, SignedStatement]:
        """Return *document* with one proof made at *created*, and what that proof states."""
        return securing.sign(document, self.suite, self._options(created), self.signer)

    def layer(self, created: int) -> tuple[Suite, ProofOptions, Signer]:
        """Return this seal as one of several under the same document (``securing.secure_all``)."""
        return self.suite, self._options(created), self.signer

    def _options(self, created: int) -> ProofOptions:
        return ProofOptions(verification_method=self.method, created=created)


def to_bytes(document: JsonObject) -> bytes:
    """Return *document* as it is stored, published and handed out."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key as the DID document names it: Multikey text, and since when it signs nothing more (None: it signs)."""

    multikey: str
    retired_at: int | None = None


def did_document(did: Did, keys: Sequence[PublishedKey]) -> JsonObject:
    """Return the DID document of an institution: each key a verification method named by its own text.

    A retired one has ``expires`` (W3C Controlled Identifiers 1.0, section 2.2).
    """
    methods: list[Json] = []
    for key in keys:
        ended: JsonObject = {} if key.retired_at is None else {"expires": format_instant(key.retired_at)}
        own = {"id": f"{did}#{key.multikey}", "type": "Multikey", "controller": str(did)}
        methods.append({**own, "publicKeyMultibase": key.multikey, **ended})
    return {
        "@context": [_DID_CONTEXT, _MULTIKEY_CONTEXT],
        "id": str(did),
        "verificationMethod": methods,
        "assertionMethod": [f"{did}#{key.multikey}" for key in keys],
    }


def folder_name(domain: str) -> str:
    """Return the folder of an institution among the public files: its domain, port and path after underscores."""
    return domain.removeprefix("https://").replace(":", "_").replace("/", "_")


@dataclass(frozen=True, slots=True)
class PublicFolder:
    """The folder of one institution's public files."""

    path: Path

    def did_json(self, document: JsonObject) -> None:
        """Write the DID document, at both places that a did:web can mean: a host's, and a path's."""
        for name in (".well-known/did.json", "did.json"):
            self._json(name, document)

    def profile(self, profile: Profile) -> None:
        """Write the profile, byte for byte as it is hashed."""
        files.write(self.path / "profiles" / profile.hash.raw.hex(), profile.to_bytes())

    def status_list(
        self, profile: Profile, list_id: ListId, array: StatusArray, *, seal: Seal, valid_from: int, created: int
    ) -> None:
        """Write the signed lists of *array*: W3C's, one a purpose, and IETF's, one for all.

        *valid_from* is the time of the epoch's block.
        """
        for purpose in Purpose:
            unsecured = list_credential(
                array,
                url=list_url(profile.base_url, list_id, purpose),
                issuer=str(profile.did),
                purpose=purpose,
                valid_from=valid_from,
            )
            self._json(f"status/{list_id.raw.hex()}/{purpose.value}", seal.secure(unsecured, created))
        url = token_list_url(profile.base_url, list_id)
        claims: JsonObject = {**list_claims(array, url=url, issued_at=valid_from), "iss": str(profile.did)}
        token = jws.sign(jws.write(claims), seal.signer, {"typ": token_list.TYPE, "kid": str(seal.method)})
        files.write(self.path / "status" / list_id.raw.hex() / IETF_LIST, token.encode("ascii"))

    def notes(self, list_id: ListId, publication: Publication) -> None:
        """Write what opens the newest status root of a list."""
        self._json(f"status/{list_id.raw.hex()}/notes", publication.to_json())

    def receipt(self, digest: Digest, receipt: Receipt) -> None:
        """Write the receipt of the credential with that digest; durable after ``settle``."""
        self._json(f"receipts/{digest.raw.hex()}", receipt.to_json(), durable=False)

    def leaves(self, root: Digest, leaves: bytes) -> None:
        """Write the leaves of the batch with that root."""
        files.write(self.path / "leaves" / root.raw.hex(), leaves)

    def number(self, record: NumberRecord, seal: Seal, created: int) -> None:
        """Write what a certificate number alone tells, signed; durable after ``settle``."""
        self._json(f"n/{record.number.symbols}", seal.secure(record.to_json(), created), durable=False)

    def published_number(self, number: CertificateNumber) -> Json:
        """Return what is published of *number*; raises OfficeError ``office.file``, JsonError."""
        return strict_json.parse(files.read(self.path / "n" / number.symbols))

    def settle(self) -> None:
        """Wait until receipts and records would survive a loss of power."""
        files.settle()

    def _json(self, name: str, document: Mapping[str, Json], *, durable: bool = True) -> None:
        files.write(self.path / name, to_bytes(document), durable=durable)
