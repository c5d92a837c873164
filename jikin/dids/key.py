"""did:key: the DID is the key (W3C CCG, did:key method 0.9)."""

from __future__ import annotations

from collections.abc import Mapping

from jikin.codec import jwk, multibase, multikey, points
from jikin.dids.document import SIGNING
from jikin.dids.method import DidDocument, Fetch, Options, VerificationMethod
from jikin.errors import CodecError, DidError, MultibaseError
from jikin.values import Did, DidUrl, Json, JsonObject, KeyType, PublicKey

_CODES = {
    "codec.multikey.unsupported": "did.unsupported-public-key-type",
    "codec.multikey.length": "did.invalid-public-key-length",
}
_FORMAT, _AGREEMENT = "publicKeyFormat", "enableEncryptionKeyDerivation"
_CONTEXTS = {
    "Multikey": "https://w3id.org/security/multikey/v1",
    "JsonWebKey": "https://w3id.org/security/jwk/v1",
    "JsonWebKey2020": "https://w3id.org/security/suites/jws-2020/v1",
    "Ed25519VerificationKey2020": "https://w3id.org/security/suites/ed25519-2020/v1",
    "X25519KeyAgreementKey2020": "https://w3id.org/security/suites/x25519-2020/v1",
}
# Forms that have a name and are not made: the specification calls them experimental, or superseded.
_EXPERIMENTAL = frozenset(
    {
        "Bls12381G1Key2020",
        "Bls12381G2Key2020",
        "EcdsaSecp256k1RecoveryMethod2020",
        "EcdsaSecp256k1VerificationKey2019",
        "EcdsaSecp256r1VerificationKey2019",
        "Ed25519VerificationKey2018",
        "P256Key2021",
        "P384Key2021",
        "X25519KeyAgreementKey2019",
    }
)


def did_of(key: PublicKey) -> Did:
    """Return the did:key of *key*; raises MultibaseError for a key of the wrong length."""
    return Did(f"did:key:{multikey.encode(key)}")


def method_of(key: PublicKey) -> DidUrl:
    """Return the one verification method of the did:key of *key* (``did:key:z…#z…``)."""
    text = multikey.encode(key)
    return DidUrl(f"did:key:{text}#{text}")


class DidKey:
    """The method ``key``; resolves without asking anybody."""

    @property
    def name(self) -> str:
        """Return ``key``."""
        return "key"

    @property
    def options(self) -> frozenset[str]:
        """Return ``publicKeyFormat`` and ``enableEncryptionKeyDerivation``."""
        return frozenset({_FORMAT, _AGREEMENT})

    def resolve(self, did: Did, fetch: Fetch) -> DidDocument:
        """Return the document that follows from *did* itself: its key as a Multikey method in every signing role.

        An Ed25519 key has an X25519 key for keyAgreement besides, which follows from it and verifies nothing.

        Raises DidError: ``did.invalid``, ``did.unsupported-public-key-type``, ``did.invalid-public-key-length``,
        ``did.invalid-public-key`` for bytes that are no point of their curve.
        """
        return self.resolve_with(did, fetch, {})

    def resolve_with(self, did: Did, fetch: Fetch, options: Options) -> DidDocument:  # noqa: ARG002  # nothing is fetched
        """Return the document with the methods in the form that ``publicKeyFormat`` names.

        ``Multikey`` (the default), ``JsonWebKey``, ``JsonWebKey2020`` or ``Ed25519VerificationKey2020``;
        ``enableEncryptionKeyDerivation`` ``false`` leaves the X25519 key out. Raises DidError as ``resolve`` does, and
        ``did.unsupported-public-key-type`` for a form that is not known, ``did.invalid-public-key-type`` for one that
        is known but not made, or not for such a key.
        """
        form = _form(options.get(_FORMAT, "Multikey"))
        text, key = _key(did)
        method_id = DidUrl(f"{did}#{text}")
        listed: list[Json] = [_shown(did, text, key, form)]
        agreement: list[Json] = []
        forms = {form}
        if key.type is KeyType.ED25519 and options.get(_AGREEMENT, "true") != "false":
            shown = _agreement(did, key, form)
            listed.append(shown)
            agreement.append(shown["id"])
            forms.add(str(shown["type"]))
        document: dict[str, Json] = {
            "@context": ["https://www.w3.org/ns/did/v1", *(url for name, url in _CONTEXTS.items() if name in forms)],
            "id": str(did),
            "controller": str(did),
            "verificationMethod": listed,
            **{role: [str(method_id)] for role in SIGNING},
            **({"keyAgreement": agreement} if agreement else {}),
        }
        return DidDocument(did, (VerificationMethod(method_id, did, key, frozenset(SIGNING)),), document)


def _key(did: Did) -> tuple[str, PublicKey]:
    """Return the key in *did* and its Multikey text; a version in front of it can only be the one there is."""
    text = did.identifier.removeprefix("1:")
    try:
        key = multikey.decode(text)
    except MultibaseError as error:
        raise DidError(
            f"{did.text[:120]!r} is no did:key: {error}", code=_CODES.get(error.code, "did.invalid")
        ) from error
    try:
        if key.type is KeyType.ED25519:
            points.x25519_of(key)  # is kept for the document, and refuses what is no key
        else:
            points.check(key)
    except CodecError as error:
        raise DidError(f"{did.text[:120]!r} is no did:key: {error}", code="did.invalid-public-key") from error
    return text, key


def _form(name: str) -> str:
    if name in _EXPERIMENTAL or name == "X25519KeyAgreementKey2020":
        raise DidError(f"a did:key is not shown as {name}", code="did.invalid-public-key-type")
    if name not in _CONTEXTS:
        raise DidError(
            f"publicKeyFormat {name[:80]!r} is not known; {', '.join(_CONTEXTS)} are",
            code="did.unsupported-public-key-type",
        )
    return name


def _shown(did: Did, text: str, key: PublicKey, form: str) -> JsonObject:
    if form == "Ed25519VerificationKey2020" and key.type is not KeyType.ED25519:
        raise DidError(f"a {key.type.value} key is not shown as {form}", code="did.invalid-public-key-type")
    if not form.startswith("JsonWebKey"):
        return _method(did, text, form, {"publicKeyMultibase": text})
    try:
        return _method(did, text, form, {"publicKeyJwk": jwk.encode(key)})
    except CodecError as error:
        raise DidError(f"{error}: it is not shown as {form}", code="did.invalid-public-key-type") from error


def _agreement(did: Did, key: PublicKey, form: str) -> JsonObject:
    raw = points.x25519_of(key)
    text = multikey.encode_x25519(raw)
    if form.startswith("JsonWebKey"):
        members: Mapping[str, Json] = {"kty": "OKP", "crv": "X25519", "x": multibase.encode_base64url(raw)}
        return _method(did, text, form, {"publicKeyJwk": members})
    form = "X25519KeyAgreementKey2020" if form == "Ed25519VerificationKey2020" else form
    return _method(did, text, form, {"publicKeyMultibase": text})


def _method(did: Did, text: str, type: str, key: JsonObject) -> JsonObject:
    return {"id": f"{did}#{text}", "type": type, "controller": str(did), **key}
