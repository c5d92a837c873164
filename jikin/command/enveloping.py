"""What ``jikin jose`` does: secures credentials and presentations as JWT, SD-JWT and COSE, and checks them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jikin.codec import jwk, multibase, strict_json
from jikin.codec.contexts import Contexts
from jikin.command.jose import MAX_BYTES, Feature
from jikin.credentials import structure
from jikin.credentials.model import Credential, Model
from jikin.credentials.structure import CONTEXT_V2, items, refuse
from jikin.errors import CodecError, EnvelopeError, JikinError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.envelope import Content, EnvelopeFormat, Opened
from jikin.proofs.envelopes import jws, registered, vc_cose, vc_jwt, vc_sd_jwt
from jikin.proofs.envelopes.disclosures import Path
from jikin.proofs.envelopes.enveloped import CREDENTIAL, contained, is_enveloped
from jikin.proofs.p256 import P256Signer
from jikin.proofs.p384 import P384Signer
from jikin.proofs.p521 import P521Signer
from jikin.proofs.secp256k1 import Secp256k1Signer
from jikin.values import Json, JsonObject, KeyType, PublicKey, Signer

_SIGNERS: Mapping[KeyType, Callable[[bytes], Signer]] = {
    KeyType.ED25519: Ed25519Signer.from_seed,
    KeyType.P256: P256Signer.from_secret,
    KeyType.P384: P384Signer.from_secret,
    KeyType.P521: P521Signer.from_secret,
    KeyType.SECP256K1: Secp256k1Signer.from_secret,
}
_FORMATS: Mapping[str, EnvelopeFormat] = {
    "jose": vc_jwt.VcJwt(),
    "sdjwt": vc_sd_jwt.VcSdJwt(),
    "cose": vc_cose.VcCose(),
}
_STEP = re.compile(r"(?:^|\.)(?P<name>[^.\[\]]+)|\[(?P<place>0|[1-9][0-9]{0,6})\]")


@dataclass(frozen=True, slots=True)
class Method:
    """A verification method (W3C Controlled Identifiers 1.0, section 2.2.3): its id, and its key as far as given."""

    id: str | None
    public_key: PublicKey
    signer: Signer | None

    @classmethod
    def parse(cls, document: JsonObject) -> Method:
        """Return the method with ``publicKeyJwk`` and perhaps ``secretKeyJwk``; raises JikinError for what is none."""
        identifier, secret = document.get("id"), document.get("secretKeyJwk")
        public = document.get("publicKeyJwk", secret)
        if not isinstance(public, Mapping) or not (identifier is None or isinstance(identifier, str)):
            raise CodecError("a verification method has publicKeyJwk or secretKeyJwk, and a text as id")
        key = jwk.decode(public)
        if secret is None:
            return cls(identifier, key, None)
        if not isinstance(secret, Mapping) or jwk.decode(secret) != key or key.type not in _SIGNERS:
            raise CodecError("secretKeyJwk is not the secret half of publicKeyJwk")
        number = secret.get("d")
        signer = _SIGNERS[key.type](multibase.decode_base64url(number if isinstance(number, str) else ""))
        if signer.public_key != key:
            raise CodecError("d of secretKeyJwk does not belong to its public half")
        return cls(identifier, key, signer)


def secure(document: JsonObject, method: Method, feature: Feature, disclosable: Sequence[Path] = ()) -> str:
    """Return *document* secured by *method* as *feature* says; raises JikinError for what is no such document."""
    check_model(document, feature.content)
    _check_terms(document)
    if method.signer is None:
        raise CodecError("signing needs the secretKeyJwk of the verification method")
    form = _FORMATS[feature.form]
    if isinstance(form, vc_sd_jwt.VcSdJwt):
        return vc_sd_jwt.issue(document, disclosable, method.signer, key_id=method.id)
    if disclosable:
        raise EnvelopeError("only SD-JWT has claims that can be left out", code="envelope.path")
    if isinstance(form, vc_jwt.VcJwt):
        return vc_jwt.issue(document, method.signer, key_id=method.id)
    message = vc_cose.issue(document, method.signer, key_id=method.id)
    return base64.b64encode(message).decode("ascii").rstrip("=")


def check(data: bytes, key: PublicKey, feature: Feature) -> JsonObject:
    """Return the document that *data* secures as *feature* says; raises JikinError unless it holds under *key*."""
    form = _FORMATS[feature.form]
    envelope = _from_base64(data) if isinstance(form, vc_cose.VcCose) else data
    if not form.recognizes(envelope):
        raise EnvelopeError(f"this is no {form.name} by its type", code="envelope.type")
    opened = form.open(envelope)
    if opened.content != feature.content:
        raise EnvelopeError(f"this is a {opened.content}, and a {feature.content} was asked for", code="envelope.type")
    if not form.verify(opened.statement, key):
        raise EnvelopeError("the signature is not by this key", code="envelope.signature")
    _check_binding(opened, form)
    check_model(opened.document, feature.content)
    return opened.document


def check_model(document: JsonObject, content: Content) -> None:
    """Return if *document* is what *content* says (VC Data Model 2.0); raises JikinError otherwise.

    The credentials in a presentation are enveloped (section 3.1.2 of the specification) and are not opened.
    """
    if content == "credential":
        if Credential.parse(document).model is not Model.V2_0:
            refuse("context", f"the first @context of a credential is {CONTEXT_V2} here")
        return
    if structure.check_context(document) != CONTEXT_V2:
        refuse("context", f"the first @context of a presentation is {CONTEXT_V2} here")
    if "VerifiablePresentation" not in structure.check_types(document.get("type"), "the presentation"):
        refuse("type", "the type of a presentation includes VerifiablePresentation")
    structure.check_id(document, "the presentation")
    if "holder" in document and not structure.is_url(registered.identifier(document["holder"])):
        refuse("holder", "the holder is a URL, or an object with one as its id")
    for entry in items(document.get("verifiableCredential", ())):
        if not isinstance(entry, Mapping) or not is_enveloped(entry) or CREDENTIAL not in items(entry["type"]):
            refuse("type", f"each verifiableCredential of a secured presentation is an {CREDENTIAL}")
        contained(entry)


def disclosable_paths(text: str) -> tuple[Path, ...]:
    """Return the paths of a JSON array of texts such as ``credentialSubject.phoneNumbers[0]``; raises EnvelopeError."""
    try:
        names = strict_json.parse(text or "[]", max_bytes=MAX_BYTES)
    except JikinError as error:
        raise EnvelopeError(f"the claims to be disclosable are a JSON array: {error}", code="envelope.path") from error
    if not isinstance(names, list):
        raise EnvelopeError("the claims to be disclosable are a JSON array of texts", code="envelope.path")
    return tuple(_path(name) for name in names)


def _path(text: Json) -> Path:
    found = list(_STEP.finditer(text)) if isinstance(text, str) else []
    if not found or "".join(one[0] for one in found) != text:
        raise EnvelopeError(
            f"a path is names with dots and places in brackets, got {str(text)[:60]!r}", code="envelope.path"
        )
    return tuple(int(one["place"]) if one["place"] else one["name"] for one in found)


def _check_terms(document: JsonObject) -> None:
    """Refuse members that no known context defines: a vocabulary for whatever is left gives them no meaning."""
    contexts = Contexts.packaged()
    defined: set[str] = {"@context"}
    for entry in items(document["@context"]):
        if isinstance(entry, Mapping):
            defined |= _terms(entry)
        elif isinstance(entry, str) and entry in contexts:
            defined |= _terms(contexts.document(entry))
    if unknown := sorted(set(document) - defined):
        refuse("terms", f"no known context defines {', '.join(unknown)[:80]}")


def _terms(value: Json) -> set[str]:
    if isinstance(value, Mapping):
        below = [_terms(inner) for inner in value.values()]
        return {name for name in value if not name.startswith("@")}.union(*below)
    return set().union(*map(_terms, value)) if isinstance(value, list) else set()


def _check_binding(opened: Opened, form: EnvelopeFormat) -> None:
    binding = opened.key_binding
    if binding is None:
        return
    if opened.holder_key is None or not binding.hash_fits or not form.verify(binding.statement, opened.holder_key):
        raise EnvelopeError(
            "the key binding is not by the holder's key over what is shown", code="envelope.key-binding"
        )


def _from_base64(data: bytes) -> bytes:
    try:
        return base64.b64decode(data.rstrip(b"=") + b"=" * (-len(data.rstrip(b"=")) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise EnvelopeError(f"a COSE message is handed over in base64: {error}") from error


def read(data: bytes, what: str) -> Mapping[str, Json]:
    """Return the JSON object that *data* is; raises JikinError that calls it *what*."""
    return jws.parse_object(data, what, max_bytes=MAX_BYTES)


def written(document: JsonObject) -> str:
    """Return *document* as JSON text."""
    return jws.write(document).decode("utf-8")
