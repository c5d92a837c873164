"""The protocols' own names for what goes wrong, and how a refusal is made and written.

OpenID4VCI 1.0, sections 6.3, 8.3.1 and 9.3; OpenID4VP 1.0, section 8.5; RFC 6749, section 5.2.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn

from jikin.errors import ProtocolError
from jikin.values import JsonObject


class OAuthError(StrEnum):
    """What may stand in ``error``."""

    # OAuth 2.0 and the token endpoint
    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    INVALID_SCOPE = "invalid_scope"
    INVALID_TOKEN = "invalid_token"  # noqa: S105  # a name of RFC 6750
    INSUFFICIENT_SCOPE = "insufficient_scope"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    ACCESS_DENIED = "access_denied"
    SERVER_ERROR = "server_error"
    # OpenID4VCI
    INVALID_CREDENTIAL_REQUEST = "invalid_credential_request"
    UNKNOWN_CREDENTIAL_CONFIGURATION = "unknown_credential_configuration"
    UNKNOWN_CREDENTIAL_IDENTIFIER = "unknown_credential_identifier"
    INVALID_PROOF = "invalid_proof"
    INVALID_NONCE = "invalid_nonce"
    INVALID_ENCRYPTION_PARAMETERS = "invalid_encryption_parameters"
    CREDENTIAL_REQUEST_DENIED = "credential_request_denied"
    INVALID_TRANSACTION_ID = "invalid_transaction_id"
    INVALID_NOTIFICATION_ID = "invalid_notification_id"
    INVALID_NOTIFICATION_REQUEST = "invalid_notification_request"
    # OpenID4VP
    VP_FORMATS_NOT_SUPPORTED = "vp_formats_not_supported"
    INVALID_REQUEST_URI_METHOD = "invalid_request_uri_method"
    INVALID_TRANSACTION_DATA = "invalid_transaction_data"
    WALLET_UNAVAILABLE = "wallet_unavailable"


def refuse(
    code: str, message: str, *, oauth: OAuthError = OAuthError.INVALID_REQUEST, hint: str | None = None
) -> NoReturn:
    """Raise ProtocolError with the narrower code ``openid.<code>``."""
    raise refusal(code, message, oauth=oauth, hint=hint)


def refusal(
    code: str, message: str, *, oauth: OAuthError = OAuthError.INVALID_REQUEST, hint: str | None = None
) -> ProtocolError:
    """Return ProtocolError with the narrower code ``openid.<code>``, to be raised."""
    return ProtocolError(message, code=f"openid.{code}", hint=hint, oauth=oauth.value)


def error_json(error: ProtocolError) -> JsonObject:
    """Return the body of an error answer: ``{"error", "error_description"}`` (RFC 6749, section 5.2)."""
    return {"error": error.oauth, "error_description": error.description}
