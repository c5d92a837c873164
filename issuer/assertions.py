"""Approvals by passkey: a WebAuthn assertion whose challenge is the hash of exactly what will be published.

What is stored of one is enough to judge it again at any time: the authenticator's data, the browser's, and the
signature. The signature counter is not looked at: it says something about the moment of signing alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from webauthn import verify_authentication_response
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorAssertionResponse

from issuer.approving import Approval, Officer, OfficerPasskey
from jikin.codec import strict_json
from jikin.errors import JsonError

NAME = "webauthn"


@dataclass(frozen=True, slots=True)
class WebAuthnApproval:
    """Assertions made on the pages of *origin* for the relying party *rp_id*, with user verification."""

    rp_id: str
    origin: str
    name: str = NAME

    def key_of(self, officer: Officer, approval: Approval) -> str | None:
        """Return the passkey's credential id as text, None when it is not the officer's or was retired."""
        passkey = _passkey(officer, approval)
        return None if passkey is None else f"passkey:{bytes_to_base64url(passkey.credential_id)}"

    def holds(self, officer: Officer, approval: Approval, challenge: bytes) -> bool:
        """Say whether the assertion was made here, by a verified user, over exactly *challenge*."""
        passkey, assertion = _passkey(officer, approval), approval.assertion
        if passkey is None or assertion is None or _is_framed(assertion.client_data):
            return False
        credential = AuthenticationCredential(
            id=bytes_to_base64url(passkey.credential_id),
            raw_id=passkey.credential_id,
            response=AuthenticatorAssertionResponse(
                client_data_json=assertion.client_data,
                authenticator_data=assertion.authenticator_data,
                signature=approval.signature,
            ),
        )
        try:
            verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except WebAuthnException:
            return False
        return True


def _passkey(officer: Officer, approval: Approval) -> OfficerPasskey | None:
    """Return the passkey that *approval* names, if it is this officer's and in use."""
    if approval.assertion is None:
        return None
    wanted = approval.assertion.passkey_id
    return next((key for key in officer.passkeys if key.id == wanted and key.retired_at is None), None)


def _is_framed(client_data: bytes) -> bool:
    """Say whether the browser's data are none, or come from a page inside another site's."""
    try:
        stated = strict_json.parse(client_data)
    except JsonError:
        return True
    return not isinstance(stated, dict) or stated.get("crossOrigin") is True
