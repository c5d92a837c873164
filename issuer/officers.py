"""How officers come in: an invitation becomes a passkey, a passkey becomes a session.

Whoever may run commands on the office's machine invites; the link is good once and for a while. A session is a random
token in a cookie. Codes and tokens are kept as SHA-256 only; whoever reads the database can use neither.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from issuer import approving
from issuer.approving import Officer, OfficerPasskey, Role
from issuer.office import Office
from issuer.settings import Settings
from issuer.store import audit, institutions
from issuer.store import officers as store
from issuer.store.institutions import Institution
from issuer.store.officers import Challenge, Invitation
from jikin.errors import OfficeError, ProtocolError
from jikin.values import JsonObject, sha256
from jikin.web import passkeys
from jikin.web.passkeys import RelyingParty

CHALLENGE_SECONDS = 600
_TOKEN_BYTES = 32
_NAME = "Jikin"


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation: who, its secret *code*, the *link* that carries it in its fragment, until when (Unix second)."""

    officer: Officer
    code: str = field(repr=False)
    link: str = field(repr=False)
    expires: int


def relying_party(settings: Settings) -> RelyingParty:
    """Return this service as passkeys see it."""
    parts = urlsplit(settings.base_url)
    return RelyingParty(parts.hostname or "", _NAME, f"{parts.scheme}://{parts.netloc}")


# ------------------------------------------------------------------------------------------------------------ inviting


def invite(office: Office, institution: Institution, name: str, roles: Role = Role.NONE) -> Invited:
    """Return a fresh invitation for *name*, who is registered as an officer with *roles* when not known yet.

    Earlier invitations of the same officer end. Raises OfficeError for a name that cannot be, a known officer with
    other roles (``officer.roles``), or a new one without any.
    """
    code, now = secrets.token_urlsafe(_TOKEN_BYTES), office.clock()
    expires = now + int(office.settings.invitation_hours * 3600)
    with office.database.write() as connection:
        known = {one.name: one for one in institutions.every_officer(connection, institution.id)}
        officer = known.get(name)
        if officer is None:
            approving.check_name(name)
            if roles is Role.NONE:
                raise OfficeError("an officer needs at least one role", code="office.role")
            officer = institutions.add_officer(
                connection, institution_id=institution.id, name=name, roles=roles, multikey=None, at=now
            )
        elif officer.removed_at is not None:
            raise OfficeError(
                "an officer of this name was registered and left; names are used once", code="office.officer"
            )
        elif roles not in (Role.NONE, officer.roles):
            raise OfficeError(
                f"this officer is registered with the roles {', '.join(approving.role_names(officer.roles))}; "
                "an invitation does not change them",
                code="office.role",
                hint="leave the roles away, or remove the officer and register another",
            )
        store.add_invitation(connection, officer.id, _hash(code), at=now, expires=expires)
        audit.record(
            connection,
            at=now,
            act="officer invited",
            subject=f"officers/{officer.id}",
            institution_id=institution.id,
            roles=int(officer.roles),
        )
    return Invited(officer, code, f"{office.settings.base_url}/admin/enrol#{code}", expires)


def invited(office: Office, code: str) -> Officer:
    """Return whom the invitation *code* is for; raises OfficeError ``invitation.gone`` for one that is not good now."""
    return _invited(office, code)[1]


def _invited(office: Office, code: str) -> tuple[Invitation, Officer]:
    with office.database.read() as connection:
        found = store.invitation_of(connection, _hash(code))
        if found is not None and found.used_at is None and found.expires > office.clock():
            officer = institutions.officer_by_id(connection, found.officer_id)
            if officer.removed_at is None:
                return found, officer
    raise OfficeError(
        "this invitation is unknown, used up or too old",
        code="invitation.gone",
        hint="ask for a new one: `jikin admin officer invite NAME`",
    )


def creation_options(office: Office, code: str) -> JsonObject:
    """Return what the browser needs to make a passkey for the invitation *code*; raises OfficeError."""
    invitation, officer = _invited(office, code)
    handle = officer.passkeys[0].user_handle if officer.passkeys else secrets.token_bytes(_TOKEN_BYTES)
    options, challenge = relying_party(office.settings).creation_options(
        handle, officer.name, [one.credential_id for one in officer.passkeys]
    )
    _keep(office, challenge, invitation.id, handle)
    return options


def enrol(office: Office, code: str, response: str) -> str:
    """Return the token of a session after the passkey in *response* was registered and the invitation used up.

    Raises OfficeError ``invitation.gone``, ``officer.challenge``; ProtocolError ``passkey.refused``.
    """
    invitation, officer = _invited(office, code)
    challenge, kept = _answered(office, response)
    if kept.invitation_id != invitation.id or kept.user_handle is None:
        raise _too_late()
    made = relying_party(office.settings).verify_creation(response, challenge)
    new = store.NewPasskey(made.credential_id, made.public_key_cose, kept.user_handle, made.sign_count, made.transports)
    now = office.clock()
    with office.database.write() as connection:
        if not store.use_invitation(connection, invitation.id, now):
            raise OfficeError("this invitation was used a moment ago", code="invitation.gone")
        if store.passkey_named(connection, made.credential_id) is not None:
            raise OfficeError("this passkey belongs to an officer already", code="officer.passkey-used")
        store.add_passkey(connection, officer.id, new, now)
        audit.record(
            connection,
            at=now,
            act="passkey added",
            subject=f"officers/{officer.id}",
            institution_id=officer.institution_id,
            officer_id=officer.id,
        )
    return _open_session(office, officer)


# ---------------------------------------------------------------------------------------------------------- signing in


def request_options(office: Office) -> JsonObject:
    """Return what the browser needs to sign somebody in; it offers the passkeys it has for this site."""
    options, challenge = relying_party(office.settings).request_options()
    _keep(office, challenge, None, None)
    return options


def sign_in(office: Office, response: str) -> str:
    """Return the token of a new session for the owner of the passkey in *response*.

    Raises OfficeError ``officer.challenge`` for an answer that comes too late or twice, ``officer.passkey-unknown``
    for a passkey of nobody here; ProtocolError ``passkey.refused``.
    """
    challenge, kept = _answered(office, response)
    if kept.invitation_id is not None:
        raise _too_late()
    with office.database.read() as connection:
        passkey = store.passkey_named(connection, passkeys.credential_id(response))
        officer = None if passkey is None else institutions.officer_by_id(connection, passkey.officer_id)
    if passkey is None or officer is None or passkey.retired_at is not None or officer.removed_at is not None:
        raise OfficeError(
            "no officer signs in with this passkey",
            code="officer.passkey-unknown",
            hint="choose the passkey you made for this office, or ask for an invitation",
        )
    checked = relying_party(office.settings).verify_assertion(response, challenge, _as_known(passkey))
    if checked.user_handle not in (None, passkey.user_handle):
        raise OfficeError("the passkey names another officer", code="officer.passkey-unknown")
    with office.database.write() as connection:
        store.set_sign_count(connection, passkey.id, checked.sign_count)
    return _open_session(office, officer)


def _open_session(office: Office, officer: Officer) -> str:
    token, now = secrets.token_urlsafe(_TOKEN_BYTES), office.clock()
    with office.database.write() as connection:
        expires = now + int(office.settings.session_hours * 3600)
        store.add_session(connection, officer.id, _hash(token), at=now, expires=expires)
        audit.record(
            connection,
            at=now,
            act="signed in",
            subject=f"officers/{officer.id}",
            institution_id=officer.institution_id,
            officer_id=officer.id,
        )
    return token


def signed_in(office: Office, token: str | None) -> Officer:
    """Return whose session *token* is; raises OfficeError ``officer.signed-out``."""
    with office.database.read() as connection:
        officer_id = None if token is None else store.session_officer(connection, _hash(token), office.clock())
        officer = None if officer_id is None else institutions.officer_by_id(connection, officer_id)
    if officer is None or officer.removed_at is not None:
        raise OfficeError("nobody is signed in", code="officer.signed-out", hint="sign in with your passkey")
    return officer


def sign_out(office: Office, token: str | None) -> None:
    """End the session, if there is one."""
    if token is not None:
        with office.database.write() as connection:
            store.end_session(connection, _hash(token))


# ------------------------------------------------------------------------------------------------------------- signing


def signing_options(office: Office, officer: Officer, challenge: bytes) -> JsonObject:
    """Return what the browser needs to let *officer* sign *challenge* (32 bytes) with one of their passkeys."""
    usable = [one.credential_id for one in officer.passkeys if one.retired_at is None]
    if not usable:
        raise OfficeError("this officer has no passkey", code="officer.passkey-unknown")
    return relying_party(office.settings).request_options(challenge, usable)[0]


def signed(office: Office, officer: Officer, response: str, challenge: bytes) -> tuple[bytes, approving.Assertion]:
    """Return signature and the rest of *officer*'s assertion over *challenge*; raises OfficeError, ProtocolError."""
    named = passkeys.credential_id(response)
    passkey = next((one for one in officer.passkeys if one.credential_id == named and one.retired_at is None), None)
    if passkey is None:
        raise OfficeError(
            "this passkey is not the officer's who is signed in",
            code="approval.wrong-key",
            hint="use the passkey you sign in with",
        )
    checked = relying_party(office.settings).verify_assertion(response, challenge, _as_known(passkey))
    with office.database.write() as connection:
        store.set_sign_count(connection, passkey.id, checked.sign_count)
    return checked.signature, approving.Assertion(passkey.id, checked.authenticator_data, checked.client_data_json)


def _as_known(passkey: OfficerPasskey) -> passkeys.NewPasskey:
    return passkeys.NewPasskey(passkey.credential_id, passkey.public_key, passkey.sign_count, passkey.transports)


# ---------------------------------------------------------------------------------------------------------- challenges


def _keep(office: Office, challenge: bytes, invitation_id: int | None, handle: bytes | None) -> None:
    now = office.clock()
    with office.database.write() as connection:
        store.add_challenge(connection, challenge, Challenge(invitation_id, handle, now + CHALLENGE_SECONDS), now)


def _answered(office: Office, response: str) -> tuple[bytes, Challenge]:
    """Return the challenge that *response* answers, and what was kept with it; it cannot be answered again."""
    challenge = _challenge_in(response)
    with office.database.write() as connection:
        kept = store.take_challenge(connection, challenge, office.clock())
    if kept is None:
        raise _too_late()
    return challenge, kept


def _challenge_in(response: str) -> bytes:
    """Return the challenge that the browser says it answered; that it did is checked by the signature."""
    try:
        client_data = json.loads(response)["response"]["clientDataJSON"]
        stated = json.loads(_decoded(client_data))["challenge"]
        return _decoded(stated)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError("the answer of the passkey cannot be read", code="passkey.refused") from error


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _too_late() -> OfficeError:
    return OfficeError(
        "this was answered before, or ten minutes have passed",
        code="officer.challenge",
        hint="start again from the page that asked for the passkey",
    )


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8"))
