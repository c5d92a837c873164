"""A passkey in software: what a phone or a security key does for a person, for tests and demonstrations.

W3C Web Authentication Level 3: ES256 keys, user presence and verification always, discoverable credentials, the PRF
extension (section 10.1.4) as CTAP's hmac-secret computes it. Its keys lie in memory and guard nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from jikin.codec import multibase
from jikin.errors import JikinError
from jikin.values import Json, JsonObject

_ES256 = -7  # RFC 9053, table 1
_AAGUID = bytes(16)  # "none of your business": what goes with attestation "none"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40  # flags of authenticator data, section 6.1
_PRF_CONTEXT = b"WebAuthn PRF\x00"


class AuthenticatorRefusedError(JikinError):
    """The authenticator or the browser around it does not do what the options ask."""

    code = "authenticator.refused"


@dataclass(slots=True)
class _Passkey:
    """One discoverable credential."""

    id: bytes
    relying_party: str
    user_handle: bytes = field(repr=False)
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    prf_secret: bytes = field(repr=False)
    count: int = 0


class SoftwareAuthenticator:
    """A browser at *origin* (``http://localhost:8101``) with an authenticator in it that always says yes.

    ``create`` and ``get`` take the options a relying party made, as JSON text or parsed, and return the response as
    the JSON text that ``PublicKeyCredential.toJSON()`` would give.
    """

    def __init__(self, origin: str) -> None:
        """Begin without any passkey."""
        self.origin = origin
        self._host = urlsplit(origin).hostname or ""
        self._passkeys: list[_Passkey] = []

    def create(self, options_json: str | Mapping[str, Json]) -> str:
        """Return the response to creation options (section 5.4): a new ES256 key, attestation "none".

        Raises AuthenticatorRefusedError when the options are for another site, know no ES256, or exclude a passkey
        that is already here.
        """
        options = _options(options_json)
        relying_party = self._relying_party(_object(options, "rp").get("id"))
        if _ES256 not in [entry.get("alg") for entry in _objects(options, "pubKeyCredParams")]:
            raise AuthenticatorRefusedError("the options accept no ES256 key", code="authenticator.algorithm")
        excluded = {_bytes(entry, "id") for entry in _objects(options, "excludeCredentials")}
        if any(passkey.id in excluded for passkey in self._passkeys):
            raise AuthenticatorRefusedError("a passkey for this account is here already", code="authenticator.excluded")
        handle = _bytes(_object(options, "user"), "id")
        made = _Passkey(
            secrets.token_bytes(32),
            relying_party,
            handle,
            ec.generate_private_key(ec.SECP256R1()),
            secrets.token_bytes(32),
        )
        # One account of a site has one passkey in an authenticator: a new one takes the old one's place.
        self._passkeys = [p for p in self._passkeys if (p.relying_party, p.user_handle) != (relying_party, handle)]
        self._passkeys.append(made)
        data = _authenticator_data(made, attested=True)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response: JsonObject = {
            "clientDataJSON": _text(self._client_data("webauthn.create", options)),
            "attestationObject": _text(attestation),
            "authenticatorData": _text(data),
            "publicKeyAlgorithm": _ES256,
            "transports": ["internal"],
        }
        return self._answer(made, response, options, created=True)

    def get(self, options_json: str | Mapping[str, Json]) -> str:
        """Return the response to request options (section 5.5), by the newest passkey that is allowed.

        Raises AuthenticatorRefusedError when there is none, or the options are for another site.
        """
        options = _options(options_json)
        relying_party = self._relying_party(options.get("rpId"))
        allowed = [_bytes(entry, "id") for entry in _objects(options, "allowCredentials")]
        mine = [p for p in self._passkeys if p.relying_party == relying_party and (not allowed or p.id in allowed)]
        if not mine:
            raise AuthenticatorRefusedError(f"no passkey for {relying_party} is here", code="authenticator.none")
        passkey = mine[-1]
        passkey.count += 1
        client_data = self._client_data("webauthn.get", options)
        data = _authenticator_data(passkey, attested=False)
        signature = passkey.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        response: JsonObject = {
            "clientDataJSON": _text(client_data),
            "authenticatorData": _text(data),
            "signature": _text(signature),
            "userHandle": _text(passkey.user_handle),
        }
        return self._answer(passkey, response, options, created=False)

    @property
    def credential_ids(self) -> tuple[str, ...]:
        """Return the ids of the passkeys that are here, base64url, the oldest first."""
        return tuple(_text(passkey.id) for passkey in self._passkeys)

    def _relying_party(self, stated: Json) -> str:
        """Return the relying party's id; a browser refuses one that is not its page's host or a parent of it."""
        relying_party = stated if isinstance(stated, str) else self._host
        if relying_party != self._host and not self._host.endswith(f".{relying_party}"):
            raise AuthenticatorRefusedError(
                f"the options are for {relying_party}, this browser shows {self._host}", code="authenticator.origin"
            )
        return relying_party

    def _client_data(self, type: str, options: JsonObject) -> bytes:
        challenge = _text(_bytes(options, "challenge"))
        stated = {"type": type, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(stated, separators=(",", ":")).encode()

    def _answer(self, passkey: _Passkey, response: JsonObject, options: JsonObject, *, created: bool) -> str:
        name = _text(passkey.id)
        extensions = _extensions(passkey, _object(options, "extensions"), created=created)
        answer: JsonObject = {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": response,
            "clientExtensionResults": extensions,
        }
        return json.dumps(answer, separators=(",", ":"))


def _authenticator_data(passkey: _Passkey, *, attested: bool) -> bytes:
    """Return authenticator data (section 6.1): 37 bytes, with the new key behind them when *attested*."""
    flags = _PRESENT | _VERIFIED | (_ATTESTED if attested else 0)
    head = hashlib.sha256(passkey.relying_party.encode()).digest() + bytes([flags]) + passkey.count.to_bytes(4, "big")
    if not attested:
        return head
    point = passkey.key.public_key().public_numbers()
    # COSE_Key, RFC 9053 section 7.1.1: kty EC2, alg ES256, crv P-256, x, y.
    cose = cbor2.dumps({1: 2, 3: _ES256, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
    return head + _AAGUID + len(passkey.id).to_bytes(2, "big") + passkey.id + cose


def _extensions(passkey: _Passkey, asked: JsonObject, *, created: bool) -> JsonObject:
    """Return the client extension results: credProps and prf when they were asked for."""
    results: dict[str, Json] = {}
    if created and asked.get("credProps") is True:
        results["credProps"] = {"rk": True}
    if "prf" not in asked:
        return results
    prf = _object(asked, "prf")
    inputs = _object(_object(prf, "evalByCredential"), _text(passkey.id)) or _object(prf, "eval")
    values: dict[str, Json] = {
        name: _text(_prf(passkey, _bytes(inputs, name))) for name in ("first", "second") if name in inputs
    }
    answer: dict[str, Json] = {"enabled": True} if created else {}
    if values:
        answer["results"] = values
    results["prf"] = answer
    return results


def _prf(passkey: _Passkey, value: bytes) -> bytes:
    """Return the 32 bytes the pseudo-random function gives for *value*."""
    salt = hashlib.sha256(_PRF_CONTEXT + value).digest()
    return hmac.digest(passkey.prf_secret, salt, "sha256")


def _options(given: str | Mapping[str, Json]) -> JsonObject:
    parsed: object = json.loads(given) if isinstance(given, str) else dict(given)
    if not isinstance(parsed, dict):
        raise AuthenticatorRefusedError("the options are no JSON object", code="authenticator.options")
    inner = parsed.get("publicKey")
    return inner if isinstance(inner, dict) else parsed


def _object(value: Mapping[str, Json], name: str) -> JsonObject:
    found = value.get(name)
    return dict(found) if isinstance(found, Mapping) else {}


def _objects(value: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    found = value.get(name)
    entries = found if isinstance(found, Sequence) and not isinstance(found, str) else ()
    return [entry for entry in entries if isinstance(entry, Mapping)]


def _bytes(value: Mapping[str, Json], name: str) -> bytes:
    found = value.get(name)
    if not isinstance(found, str):
        raise AuthenticatorRefusedError(f"the options have no {name}", code="authenticator.options")
    return multibase.decode_base64url(found)


def _text(data: bytes) -> str:
    return multibase.encode_base64url(data)
