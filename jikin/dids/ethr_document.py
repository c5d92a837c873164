"""The document of a did:ethr, made from the changes of its identity as of one moment (did:ethr method, Read)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jikin.anchoring.erc1056 import AttributeChanged, Change, DelegateChanged, OwnerChanged
from jikin.codec import jwk, multibase, multikey, points, strict_json
from jikin.dids import accounts
from jikin.dids import document as documents
from jikin.dids.method import DidDocument
from jikin.errors import CodecError
from jikin.values import Address, ChainId, Did, Json, JsonObject, KeyType, PublicKey, format_instant

_NAME = re.compile(
    r"did/(?P<kind>pub|svc)/(?P<what>[A-Za-z0-9_]+)(?:/(?P<purpose>\w+))?(?:/(?P<encoding>\w+))?", re.ASCII
)
_MAX_VALUE_BYTES = 4096  # of an attribute; base58 is a number of quadratic cost
_ROLES = {"veriKey": "assertionMethod", "sigAuth": "authentication", "enc": "keyAgreement"}
_DELEGATES = frozenset({"veriKey", "sigAuth"})
_RECOVERY, _SECP256K1 = "EcdsaSecp256k1RecoveryMethod2020", "EcdsaSecp256k1VerificationKey2019"
_SECURITY = "https://w3id.org/security"
_BASE: Sequence[Json] = ("https://www.w3.org/ns/did/v1", f"{_SECURITY}/suites/secp256k1recovery-2020/v2")
_CONTEXTS: Mapping[str, Json] = {
    _SECP256K1: f"{_SECURITY}/v2",
    "publicKeyJwk": {"publicKeyJwk": {"@id": f"{_SECURITY}#publicKeyJwk", "@type": "@json"}},
    "Ed25519VerificationKey2020": f"{_SECURITY}/suites/ed25519-2020/v1",
    "X25519KeyAgreementKey2020": f"{_SECURITY}/suites/x25519-2020/v1",
    "Multikey": f"{_SECURITY}/multikey/v1",
    "publicKeyHex": {"publicKeyHex": f"{_SECURITY}#publicKeyHex"},
    "publicKeyBase58": {"publicKeyBase58": f"{_SECURITY}#publicKeyBase58"},
    "publicKeyBase64": {"publicKeyBase64": f"{_SECURITY}#publicKeyBase64"},
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose document is made: the DID, its chain, its identity in the registry, and the key if the DID is one."""

    did: Did
    chain: ChainId
    identity: Address
    key: PublicKey | None

    def account(self, fragment: str, address: Address) -> JsonObject:
        """Return the verification method *fragment* for whoever controls *address*."""
        return {
            "id": f"{self.did}#{fragment}",
            "type": _RECOVERY,
            "controller": str(self.did),
            "blockchainAccountId": accounts.account_id(self.chain, address),
        }


@dataclass(frozen=True, slots=True)
class Moment:
    """As of when a document is made: changes up to this *block* and Unix second *time*, what is valid at *time*."""

    block: int
    time: int


@dataclass(slots=True)
class _State:
    """What the changes have led to so far; entries are kept by what they are of: a later change replaces them."""

    owner: Address
    given_up: bool = False
    delegates: int = 0
    services_seen: int = 0
    methods: dict[tuple[bytes, bytes], tuple[JsonObject, str]] = field(default_factory=dict)
    services: dict[tuple[bytes, bytes], JsonObject] = field(default_factory=dict)
    last: Change | None = None


def build(subject: Subject, changes: Sequence[Change], moment: Moment) -> DidDocument:
    """Return the document of *subject* at *moment*; *changes* are all that there are, oldest first.

    Raises DidError (``did.document``) for more verification methods than are read.
    """
    state, following = _State(subject.identity), None
    for change in changes:
        if state.given_up:
            break  # the registry lets changes follow; the method says that there can be none
        if change.block.number > moment.block or change.block.time > moment.time:
            following = change
            break
        _apply(state, change, subject, moment)
    metadata = _metadata(state, following)
    if state.given_up:
        nothing: JsonObject = dict.fromkeys(("verificationMethod", "authentication", "assertionMethod"), ())
        return documents.read(subject.did, {"@context": _BASE[0], "id": str(subject.did), **nothing}, metadata)
    return documents.read(subject.did, _document(subject, state), metadata)


def _apply(state: _State, change: Change, subject: Subject, moment: Moment) -> None:
    state.last = change
    if isinstance(change, OwnerChanged):
        state.owner, state.given_up = change.owner, not any(change.owner.raw)
    elif isinstance(change, DelegateChanged):
        _delegate(state, change, subject, moment)
    else:
        _attribute(state, change, subject.did, moment)


def _delegate(state: _State, change: DelegateChanged, subject: Subject, moment: Moment) -> None:
    state.delegates += 1
    kind, of = _name_of(change.delegate_type), (change.delegate_type, change.delegate.raw)
    if not _valid(change, moment):
        state.methods.pop(of, None)
    elif kind in _DELEGATES:
        state.methods[of] = (subject.account(f"delegate-{state.delegates}", change.delegate), _ROLES[kind])


def _attribute(state: _State, change: AttributeChanged, did: Did, moment: Moment) -> None:
    name, of = _name_of(change.name), (change.name, change.value)
    state.delegates += name.startswith("did/pub/")
    state.services_seen += name.startswith("did/svc/")
    found = _NAME.fullmatch(name)
    if found is None or len(change.value) > _MAX_VALUE_BYTES:
        return
    if not _valid(change, moment):
        state.methods.pop(of, None)
        state.services.pop(of, None)
    elif found["kind"] == "svc":
        if (endpoint := _endpoint(change.value)) is not None:
            service: JsonObject = {"id": f"{did}#service-{state.services_seen}", "type": found["what"]}
            state.services[of] = {**service, "serviceEndpoint": endpoint}
    elif found["purpose"] in _ROLES and (shown := _key(found["what"], found["encoding"], change.value)) is not None:
        method: JsonObject = {"id": f"{did}#delegate-{state.delegates}", **shown, "controller": str(did)}
        state.methods[of] = (method, _ROLES[found["purpose"]])


def _valid(change: DelegateChanged | AttributeChanged, moment: Moment) -> bool:
    # As the contract has it (validDelegate): what is revoked has the time of its own block, and must not count in it.
    return change.valid_to > moment.time


def _name_of(text: bytes) -> str:
    return text.rstrip(b"\0").decode("ascii", errors="replace")


def _key(algorithm: str, encoding: str | None, value: bytes) -> JsonObject | None:
    """Return type and key of a verification method, None for bytes that are no key of the *algorithm*."""
    try:
        if algorithm in _ALGORITHMS:
            return _ALGORITHMS[algorithm](value)
    except CodecError:
        return None
    shown = {"base58": multibase.encode_base58btc, "base64": _base64}.get(encoding or "", bytes.hex)
    member = {"base58": "publicKeyBase58", "base64": "publicKeyBase64"}.get(encoding or "", "publicKeyHex")
    return {"type": algorithm, member: shown(value)}


def _secp256k1(value: bytes) -> JsonObject:
    return {"type": _SECP256K1, "publicKeyJwk": jwk.encode(points.compressed(KeyType.SECP256K1, value))}


def _ed25519(value: bytes) -> JsonObject:
    text = multikey.encode(PublicKey(KeyType.ED25519, value))
    return {"type": "Ed25519VerificationKey2020", "publicKeyMultibase": text}


def _x25519(value: bytes) -> JsonObject:
    return {"type": "X25519KeyAgreementKey2020", "publicKeyMultibase": multikey.encode_x25519(value)}


def _multikey(value: bytes) -> JsonObject:
    return {"type": "Multikey", "publicKeyMultibase": multibase.encode(value)}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_ALGORITHMS: Mapping[str, Callable[[bytes], JsonObject]] = {
    "Secp256k1": _secp256k1,
    "Ed25519": _ed25519,
    "X25519": _x25519,
    "Multikey": _multikey,
}


def _endpoint(value: bytes) -> Json:
    """Return the service endpoint in *value*: a text, or the JSON object or array that it holds; None if neither."""
    try:
        text = value.decode("utf-8")
        return strict_json.parse(value, max_bytes=_MAX_VALUE_BYTES) if text.lstrip()[:1] in ("{", "[") else text
    except CodecError:
        return text
    except UnicodeDecodeError:
        return None


def _document(subject: Subject, state: _State) -> JsonObject:
    did, key = subject.did, subject.key
    own = [subject.account("controller", state.owner)]
    if key is not None and state.owner == subject.identity:
        own.append(
            {
                "id": f"{did}#controllerKey",
                "type": _SECP256K1,
                "controller": str(did),
                "publicKeyJwk": jwk.encode(key),
            }
        )
    added = list(state.methods.values())
    listed = [*own, *(method for method, _ in added)]
    roles: dict[str, list[Json]] = {
        role: [method["id"] for method in own] for role in ("authentication", "assertionMethod")
    }
    for method, role in added:
        roles.setdefault(role, []).append(method["id"])
    document: dict[str, Json] = {"@context": _context(listed), "id": str(did), "verificationMethod": listed, **roles}
    if state.services:
        document["service"] = list(state.services.values())
    return document


def _context(methods: Sequence[JsonObject]) -> list[Json]:
    """Return the contexts that define what the *methods* use."""
    used = {str(method["type"]) for method in methods} | {name for method in methods for name in method}
    return [*_BASE, *(context for name, context in _CONTEXTS.items() if name in used)]


def _metadata(state: _State, following: Change | None) -> JsonObject:
    metadata: dict[str, Json] = {"deactivated": True} if state.given_up else {}
    for number, when, change in (("versionId", "updated", state.last), ("nextVersionId", "nextUpdate", following)):
        if change is not None:
            metadata |= {number: str(change.block.number), when: format_instant(change.block.time)}
    return metadata
