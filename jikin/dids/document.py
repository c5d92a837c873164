"""Reading a DID document: the verification methods Jikin can use (W3C DID 1.0, section 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from jikin.codec import jwk, multibase, multikey
from jikin.dids.method import DidDocument, VerificationMethod
from jikin.errors import CodecError, DidError, ValueRefusedError
from jikin.values import Did, DidUrl, Json, JsonObject, KeyType, PublicKey

RELATIONSHIPS = ("assertionMethod", "authentication", "capabilityInvocation", "capabilityDelegation", "keyAgreement")
_MAX_METHODS = 128


def read(did: Did, document: JsonObject) -> DidDocument:
    """Return *document* as the DID document of *did*.

    Methods of kinds Jikin cannot use, and methods of other DIDs, are left out. Raises DidError:
    ``did.document-id`` when the document is another DID's, ``did.duplicate-method`` when two methods share an id (which
    of the two keys counts would be the reader's whim), ``did.document`` when it breaks the DID syntax.
    """
    if document.get("id") != did.text:
        raise DidError(
            f"the document found for {did} calls itself {str(document.get('id'))[:80]!r}", code="did.document-id"
        )
    listed = _objects(document, "verificationMethod")
    relationships = {name: _entries(document, name) for name in RELATIONSHIPS}
    found: dict[str, tuple[JsonObject, set[str]]] = {}
    for method in listed:
        _add(found, did, method, set())
    for name, entries in relationships.items():
        for entry in entries:
            if isinstance(entry, Mapping):
                _add(found, did, entry, {name})
    for name, entries in relationships.items():
        for entry in entries:
            if isinstance(entry, str) and (known := found.get(_absolute(did, entry))):
                known[1].add(name)
    methods = (_method(did, name, method, frozenset(names)) for name, (method, names) in found.items())
    return DidDocument(did, tuple(method for method in methods if method is not None), document)


def _add(found: dict[str, tuple[JsonObject, set[str]]], did: Did, method: JsonObject, names: set[str]) -> None:
    written = method.get("id")
    if not isinstance(written, str):
        raise _broken(did, "a verification method has no id")
    if len(found) >= _MAX_METHODS:
        raise _broken(did, f"it has more than {_MAX_METHODS} verification methods")
    absolute = _absolute(did, written)
    if absolute in found:
        raise DidError(f"two verification methods of {did} are called {absolute[:200]!r}", code="did.duplicate-method")
    found[absolute] = (method, names)


def _absolute(did: Did, id: str) -> str:
    return did.text + id if id.startswith("#") else id


def _method(did: Did, id: str, method: JsonObject, relationships: frozenset[str]) -> VerificationMethod | None:
    """Return the method, None if Jikin cannot use it."""
    controller = method.get("controller")
    try:
        url = DidUrl(id)
        owner = Did(controller) if isinstance(controller, str) else None
    except ValueRefusedError as error:
        raise _broken(did, str(error)) from error
    if owner is None:
        raise _broken(did, "a verification method has no controller")
    if url.did != did or not url.fragment:
        return None  # another DID's key is that DID's to show
    key = _key(method)
    return None if key is None else VerificationMethod(url, owner, key, relationships)


def _key(method: JsonObject) -> PublicKey | None:
    reader = _READERS.get(str(method.get("type")))
    try:
        return reader(method) if reader else None
    except CodecError:
        return None  # a kind of key, or a key, that cannot verify anything here


def _multikey(method: JsonObject) -> PublicKey | None:
    value = method.get("publicKeyMultibase")
    return multikey.decode(value) if isinstance(value, str) else None


def _ed25519_multikey(method: JsonObject) -> PublicKey | None:
    key = _multikey(method)
    return key if key is not None and key.type is KeyType.ED25519 else None


def _jwk(method: JsonObject) -> PublicKey | None:
    value = method.get("publicKeyJwk")
    return jwk.decode(value) if isinstance(value, Mapping) else None


def _base58_or_jwk(method: JsonObject) -> PublicKey | None:
    value = method.get("publicKeyBase58")
    if not isinstance(value, str):
        return _jwk(method)
    raw = multibase.decode_base58btc(value)
    return PublicKey(KeyType.ED25519, raw) if len(raw) == 32 else None


_READERS: dict[str, Callable[[JsonObject], PublicKey | None]] = {
    "Multikey": _multikey,
    "JsonWebKey": _jwk,
    "JsonWebKey2020": _jwk,
    # Older names, still in use.
    "Ed25519VerificationKey2020": _ed25519_multikey,
    "Ed25519VerificationKey2018": _base58_or_jwk,
    "Ed25519VerificationKey2019": _jwk,
    "EcdsaSecp256k1VerificationKey2019": _jwk,
    "EcdsaSecp256r1VerificationKey2019": _jwk,
}


def _entries(document: JsonObject, name: str) -> Sequence[Json]:
    value = document.get(name, [])
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise DidError(f"{name} of a DID document is an array", code="did.document")
    return value


def _objects(document: JsonObject, name: str) -> list[JsonObject]:
    methods: list[JsonObject] = []
    for entry in _entries(document, name):
        if not isinstance(entry, Mapping):
            raise DidError(f"{name} of a DID document holds something that is no object", code="did.document")
        methods.append(entry)
    return methods


def _broken(did: Did, why: str) -> DidError:
    return DidError(f"the document of {did} cannot be used: {why}", code="did.document")
