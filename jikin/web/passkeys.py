"""Passkeys (WebAuthn level 3): options for the browser and the check of its answers. User verification is required."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json, parse_registration_credential_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from jikin.errors import ProtocolError
from jikin.values import JsonObject

CHALLENGE_BYTES = 32
_MINUTES = 5 * 60 * 1000
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What is kept of a passkey: its id, its public key as COSE_Key (RFC 9052), its counter, how it is reached."""

    credential_id: bytes
    public_key_cose: bytes = field(repr=False)
    sign_count: int
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assertion:
    """A checked answer to ``request_options``: what was signed, over what, and whose handle it names."""

    sign_count: int
    authenticator_data: bytes = field(repr=False)
    client_data_json: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    user_handle: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This service as passkeys see it: *id* is the host without port, *origin* scheme, host and port."""

    id: str
    name: str
    origin: str

    def creation_options(
        self, user_handle: bytes, user_name: str, exclude: Sequence[bytes] = (), *, prf_salt: bytes | None = None
    ) -> tuple[JsonObject, bytes]:
        """Return PublicKeyCredentialCreationOptionsJSON and its challenge.

        *exclude* are ids of passkeys that the user has already. *prf_salt* asks the authenticator for the PRF of it
        (WebAuthn 3, 10.1.4), which the browser hands over beside the response.
        """
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        options = generate_registration_options(
            rp_id=self.id,
            rp_name=self.name,
            user_id=user_handle,
            user_name=user_name,
            challenge=challenge,
            timeout=_MINUTES,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=known) for known in exclude],
            supported_pub_key_algs=_ALGORITHMS,
        )
        return _with_prf(options_to_json(options), prf_salt), challenge

    def verify_creation(self, response: JsonObject | str, challenge: bytes) -> NewPasskey:
        """Return the passkey of a RegistrationResponseJSON; raises ProtocolError (``passkey.refused``)."""
        data = _as_object(response)
        try:
            parsed = parse_registration_credential_json(data)
            verified = verify_registration_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=self.origin,
                require_user_verification=True,
                supported_pub_key_algs=_ALGORITHMS,
            )
        except _MALFORMED as error:
            raise _refused(error) from error
        return NewPasskey(
            verified.credential_id,
            verified.credential_public_key,
            verified.sign_count,
            tuple(transport.value for transport in parsed.response.transports or ()),
        )

    def request_options(
        self, challenge: bytes | None = None, allow: Sequence[bytes] = (), *, prf_salt: bytes | None = None
    ) -> tuple[JsonObject, bytes]:
        """Return PublicKeyCredentialRequestOptionsJSON and its challenge, a random one where none is given.

        Without *allow* the browser offers whatever passkeys it has for this site.
        """
        asked = secrets.token_bytes(CHALLENGE_BYTES) if challenge is None else challenge
        options = generate_authentication_options(
            rp_id=self.id,
            challenge=asked,
            timeout=_MINUTES,
            allow_credentials=[PublicKeyCredentialDescriptor(id=known) for known in allow],
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _with_prf(options_to_json(options), prf_salt), asked

    def verify_assertion(self, response: JsonObject | str, challenge: bytes, passkey: NewPasskey) -> Assertion:
        """Return what the owner of *passkey* signed; raises ProtocolError (``passkey.refused``).

        A counter that does not grow is refused (WebAuthn 3, 6.1.1) unless it is always zero.
        """
        data = _as_object(response)
        try:
            parsed = parse_authentication_credential_json(data)
            if parsed.raw_id != passkey.credential_id:
                raise ProtocolError("this is another passkey", code="passkey.refused")
            verified = verify_authentication_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=self.origin,
                credential_public_key=passkey.public_key_cose,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except _MALFORMED as error:
            raise _refused(error) from error
        answer = parsed.response
        return Assertion(
            verified.new_sign_count,
            answer.authenticator_data,
            answer.client_data_json,
            answer.signature,
            answer.user_handle,
        )


def credential_id(response: JsonObject | str) -> bytes:
    """Return the id of the passkey that a response names; raises ProtocolError (``passkey.refused``)."""
    raw = _as_object(response).get("rawId")
    if not isinstance(raw, str) or not 0 < len(raw) <= 2048:
        raise ProtocolError("the answer of the passkey names no passkey", code="passkey.refused")
    try:
        return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
    except ValueError as error:
        raise _refused(error) from error


# The parser reads a stranger's bytes with cbor2 and cryptography, whose errors are ValueError, KeyError and the like.
_MALFORMED = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)


def _refused(error: Exception) -> ProtocolError:
    return ProtocolError(
        f"the passkey's answer is not accepted ({type(error).__name__})",
        code="passkey.refused",
        hint="start again from the page that asked for the passkey",
    )


def _as_object(response: JsonObject | str) -> dict[str, Any]:
    if not isinstance(response, str):
        return dict(response)
    try:
        data = json.loads(response)
    except (ValueError, RecursionError) as error:
        raise _refused(error) from error
    if not isinstance(data, dict):
        raise ProtocolError("the answer of the passkey is no JSON object", code="passkey.refused")
    return data


def _with_prf(options: str, salt: bytes | None) -> JsonObject:
    data: dict[str, Any] = json.loads(options)
    if salt is not None:
        data["extensions"] = {"prf": {"eval": {"first": base64.urlsafe_b64encode(salt).decode().rstrip("=")}}}
    return data
