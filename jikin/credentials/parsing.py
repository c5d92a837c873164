"""A credential's JSON read by whichever model it is of: W3C's, or the claims of an SD-JWT VC."""

from __future__ import annotations

from collections.abc import Mapping

from jikin.credentials import sd_jwt_vc
from jikin.credentials.model import Credential
from jikin.credentials.types import CredentialTypes
from jikin.values import JsonObject


def parse(document: JsonObject, types: CredentialTypes | None = None) -> Credential:
    """Return the credential in *document*: claims with a ``vct`` and no ``@context`` are an SD-JWT VC's.

    *types* are the credential types to recognise it by; without them the packaged ones. Raises CredentialError.
    """
    if isinstance(document, Mapping) and "vct" in document and "@context" not in document:
        return sd_jwt_vc.parse(document, types)
    return Credential.parse(document, types)
