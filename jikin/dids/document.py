"""Reading a DID document: the verification methods Jikin can use (W3C DID 1.0, section 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from jikin.codec import jwk, multibase, multikey, points, rsa_keys
from jikin.dids import accounts
from jikin.dids.method import DidDocument, VerificationMethod
from jikin.errors import CodecError, DidError, ValueRefusedError
from jikin.values import Did, DidUrl, Json, JsonObject, KeyType, PublicKey

RELATIONSHIPS = ("assertionMethod", "authentication", "capabilityInvocation", "capabilityDelegation", "keyAgreement")
SIGNING = tuple(name for name in RELATIONSHIPS if name != "keyAgreement")
_MAX_METHODS = 128


def read(did: Did, document: JsonObject, metadata: JsonObject | None = None) -> DidDocument:
    """Return *document* as the DID document of *did*; *metadata* is what its method says about it.

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
    return DidDocument(did, tuple(method for method in methods if method is not None), document, metadata or {})


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
    """Return the key that *method* shows, None if there is none that can verify anything here.

    Where it shows two they must be one and the same: which of them counts would be the reader's whim.
    """
    kind = method.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        return None
    promised, members = _TYPES[kind]
    try:
        found = {_MEMBERS[name](method[name], promised) for name in members if name in method}
        for key in found:
            points.check(key)
    except (CodecError, ValueRefusedError):
        return None
    if len(found) != 1:
        return None
    (key,) = found
    return key if promised is None or key.type in (promised, KeyType.ETHEREUM_ACCOUNT) else None


def _multibase(value: Json, promised: KeyType | None) -> PublicKey:  # noqa: ARG001  # the readers' shape
    return multikey.decode(_text(value))


def _jwk(value: Json, promised: KeyType | None) -> PublicKey:  # noqa: ARG001  # the readers' shape
    if not isinstance(value, Mapping) or jwk.is_private(value):
        raise CodecError("publicKeyJwk is no public key")  # a key that everybody can sign with proves nothing
    return jwk.decode(value)


def _base58(value: Json, promised: KeyType | None) -> PublicKey:
    return _raw(multibase.decode_base58btc(_text(value)), promised)


def _hex(value: Json, promised: KeyType | None) -> PublicKey:
    try:
        return _raw(bytes.fromhex(_text(value).removeprefix("0x")), promised)
    except ValueError as error:
        raise CodecError("publicKeyHex is no hexadecimal text") from error


def _raw(raw: bytes, promised: KeyType | None) -> PublicKey:
    if promised is None:
        raise CodecError("bytes of a key do not say what kind of key they are")
    return points.compressed(promised, raw)


def _pem(value: Json, promised: KeyType | None) -> PublicKey:  # noqa: ARG001  # the readers' shape
    return rsa_keys.of_pem(_text(value))


def _account(value: Json, promised: KeyType | None) -> PublicKey:  # noqa: ARG001  # the readers' shape
    _, address = accounts.read_account(_text(value))
    return PublicKey(KeyType.ETHEREUM_ACCOUNT, address.raw)


def _address(value: Json, promised: KeyType | None) -> PublicKey:  # noqa: ARG001  # the readers' shape
    return PublicKey(KeyType.ETHEREUM_ACCOUNT, accounts.address_of(_text(value)).raw)


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise CodecError("a key is a text")
    return value


_MEMBERS: Mapping[str, Callable[[Json, KeyType | None], PublicKey]] = {
    "publicKeyMultibase": _multibase,
    "publicKeyJwk": _jwk,
    "publicKeyBase58": _base58,
    "publicKeyHex": _hex,
    "publicKeyPem": _pem,
    "blockchainAccountId": _account,
    "ethereumAddress": _address,
}
_KEY = ("publicKeyMultibase", "publicKeyJwk", "publicKeyBase58", "publicKeyHex")
# Type of verification method → the kind of key it promises (None: the key says it) and the members that may show it.
_TYPES: Mapping[str, tuple[KeyType | None, tuple[str, ...]]] = {
    "Multikey": (None, ("publicKeyMultibase",)),
    "JsonWebKey": (None, ("publicKeyJwk",)),
    "JsonWebKey2020": (None, ("publicKeyJwk",)),
    # Older names, still in use.
    "Ed25519VerificationKey2018": (KeyType.ED25519, _KEY),
    "Ed25519VerificationKey2019": (KeyType.ED25519, _KEY),
    "Ed25519VerificationKey2020": (KeyType.ED25519, _KEY),
    "Secp256k1VerificationKey2018": (KeyType.SECP256K1, _KEY),
    "EcdsaSecp256k1VerificationKey2019": (KeyType.SECP256K1, _KEY),
    "EcdsaSecp256k1VerificationKey2020": (KeyType.SECP256K1, _KEY),
    "EcdsaSecp256k1RecoveryMethod2020": (KeyType.SECP256K1, (*_KEY, "blockchainAccountId", "ethereumAddress")),
    "EcdsaSecp256r1VerificationKey2019": (KeyType.P256, _KEY),
    "P256Key2021": (KeyType.P256, _KEY),
    "P384Key2021": (KeyType.P384, _KEY),
    "RsaVerificationKey2018": (KeyType.RSA, ("publicKeyPem", "publicKeyJwk")),
    "Bls12381G2Key2020": (KeyType.BLS12_381_G2, _KEY),
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
