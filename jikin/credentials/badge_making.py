"""Endorsements and learner records made: unsecured documents that keep our schemas, ready to be signed.

A badge itself is made from its credential type's template (``types``); what is made here has no type of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jikin.credentials import badge_rules
from jikin.credentials.badge_schemas import BadgeKind
from jikin.credentials.identity import Identity
from jikin.credentials.open_badges import Association
from jikin.credentials.structure import CONTEXT_V2
from jikin.errors import CredentialError
from jikin.values import Did, Json, JsonObject, format_instant

CONTEXT_OB = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
CONTEXT_CLR = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"


def endorsement(
    *,
    credential_id: str,
    issuer: Did,
    issuer_name: str,
    name: str,
    endorsed: str,
    comment: str,
    valid_from: int,
    valid_until: int | None = None,
    status: JsonObject | None = None,
) -> JsonObject:
    """Return an unsecured EndorsementCredential: *issuer* speaks for *endorsed*, the id of whatever it is.

    Instants are Unix seconds. *status* is its ``credentialStatus``. Raises CredentialError (``badge.*``).
    """
    subject: JsonObject = {"id": endorsed, "type": ["EndorsementSubject"], "endorsementComment": comment}
    made = {
        **_head([CONTEXT_V2, CONTEXT_OB], "EndorsementCredential", credential_id, name),
        "issuer": _profile(issuer, issuer_name),
        **_dates(valid_from, valid_until),
        "credentialSubject": subject,
        **({} if status is None else {"credentialStatus": status}),
    }
    return _kept(made, BadgeKind.ENDORSEMENT)


def learner_record(
    *,
    credential_id: str,
    issuer: Did,
    issuer_name: str,
    name: str,
    credentials: Sequence[JsonObject],
    recipient: str | None = None,
    identities: Sequence[Identity] = (),
    associations: Sequence[Association] = (),
    partial: bool | None = None,
    valid_from: int,
    valid_until: int | None = None,
    status: JsonObject | None = None,
) -> JsonObject:
    """Return an unsecured ClrCredential that holds *credentials*, secured ones, of one person.

    *recipient* is that person's id, *identities* are what else names them; one of both is needed. Raises
    CredentialError (``badge.*``).
    """
    links: list[Json] = [
        {"type": "Association", "associationType": one.type, "sourceId": one.source, "targetId": one.target}
        for one in associations
    ]
    subject: dict[str, Json] = {"type": ["ClrSubject"], "verifiableCredential": list(credentials)}
    if recipient is not None:
        subject["id"] = recipient
    if identities:
        subject["identifier"] = [identity.document() for identity in identities]
    if links:
        subject["association"] = links
    made = {
        **_head([CONTEXT_V2, CONTEXT_CLR, CONTEXT_OB], "ClrCredential", credential_id, name),
        "issuer": _profile(issuer, issuer_name),
        **_dates(valid_from, valid_until),
        **({} if partial is None else {"partial": partial}),
        "credentialSubject": subject,
        **({} if status is None else {"credentialStatus": status}),
    }
    return _kept(made, BadgeKind.CLR)


def _head(contexts: Sequence[str], kind: str, credential_id: str, name: str) -> Mapping[str, Json]:
    return {"@context": list(contexts), "id": credential_id, "type": ["VerifiableCredential", kind], "name": name}


def _profile(issuer: Did, name: str) -> JsonObject:
    return {"id": str(issuer), "type": ["Profile"], "name": name}


def _dates(valid_from: int, valid_until: int | None) -> Mapping[str, Json]:
    if valid_until is not None and valid_until < valid_from:
        raise CredentialError("the credential would end before it begins", code="badge.dates")
    dates: dict[str, Json] = {"validFrom": format_instant(valid_from)}
    if valid_until is not None:
        dates["validUntil"] = format_instant(valid_until)
    return dates


def _kept(made: JsonObject, kind: BadgeKind) -> JsonObject:
    for fault in badge_rules.examine(made, kind):
        if not fault.note:
            raise CredentialError(f"it would break its model at {fault.pointer or 'its top'}", code=fault.code)
    return made
