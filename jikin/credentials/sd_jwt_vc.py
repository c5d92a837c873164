"""The claims of an SD-JWT VC as a credential (draft-ietf-oauth-sd-jwt-vc, section 2.2)."""

from __future__ import annotations

from collections.abc import Mapping

from jikin.credentials import structure
from jikin.credentials.model import Credential, Model, StatusEntry
from jikin.credentials.structure import refuse
from jikin.credentials.types import CredentialTypes
from jikin.values import Json, JsonObject

STATUS_ENTRY_TYPE = "TokenStatusListEntry"
_MAX_INSTANT = 253_402_300_800  # the year 10000
_MAX_INDEX = 10**15


def parse(claims: JsonObject, types: CredentialTypes | None = None) -> Credential:
    """Return the credential that *claims* (disclosures in their places) make; raises CredentialError (``model.*``).

    Its one type is the ``vct``, its issuer ``iss``, its beginning ``nbf``, else ``iat``, its end ``exp``. *types* are
    the credential types to recognise it by; without them the packaged ones.
    """
    kind, issuer = claims.get("vct"), claims.get("iss")
    if not isinstance(kind, str) or not kind:
        refuse("type", f"an SD-JWT VC needs a vct that is a text, got {structure.shown(kind)}")
    if not structure.is_url(issuer):
        refuse("issuer", f"the iss of an SD-JWT VC must be a URL, got {structure.shown(issuer)}")
    start, end = (_instant(claims, name) for name in ("nbf", "exp"))
    structure.check_order(start, end, ("nbf", "exp"))
    known = CredentialTypes.packaged() if types is None else types
    return Credential(
        model=Model.SD_JWT_VC,
        id=None,
        types=(kind,),
        issuer=str(issuer),
        valid_from=_instant(claims, "iat") if start is None else start,
        valid_until=end,
        status=_status(claims),
        schemas=(),
        kind=known.by_vct(kind),
        subjects=(claims,),
        related_resources=(),
        document=claims,
    )


def _instant(claims: JsonObject, name: str) -> int | None:
    value = claims.get(name)
    if name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MAX_INSTANT:
        refuse("dates", f"{name} is a Unix second, got {structure.shown(value)}")
    return int(value)


def _status(claims: JsonObject) -> tuple[StatusEntry, ...]:
    status: Json = claims.get("status")
    if status is None:
        return ()
    listed = status.get("status_list") if isinstance(status, Mapping) else None
    if not isinstance(status, Mapping) or not isinstance(listed, Mapping):
        refuse("status", "the status of an SD-JWT VC is an object with a status_list")
    index, uri = listed.get("idx"), listed.get("uri")
    sound = isinstance(index, int) and not isinstance(index, bool) and 0 <= index < _MAX_INDEX
    return (
        StatusEntry(
            position=0,
            types=(STATUS_ENTRY_TYPE,),
            id=None,
            purpose=None,
            index=index if sound and isinstance(index, int) else None,
            list_credential=str(uri) if structure.is_url(uri) else None,
            document=listed,
        ),
    )
