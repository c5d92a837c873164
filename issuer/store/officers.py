"""How officers come in: passkeys, invitations, sessions, and the challenges that wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, update

from issuer.approving import OfficerPasskey
from issuer.store.console_tables import challenges, invitations, passkeys, sessions


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey just made: its id and public key (COSE), the handle that names its officer, how it is reached."""

    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    user_handle: bytes = field(repr=False)
    sign_count: int
    transports: Sequence[str]


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation of an officer; good until *expires* (Unix second), once."""

    id: int
    officer_id: int
    expires: int
    used_at: int | None


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge given out: for an invitation, or to sign in (None)."""

    invitation_id: int | None
    user_handle: bytes | None = field(repr=False)
    expires: int


# ------------------------------------------------------------------------------------------------------------ passkeys


def passkeys_of(connection: Connection, officer_ids: Sequence[int]) -> dict[int, tuple[OfficerPasskey, ...]]:
    """Return the passkeys of these officers, oldest first, also retired ones."""
    found: dict[int, tuple[OfficerPasskey, ...]] = {}
    rows = connection.execute(select(passkeys).where(passkeys.c.officer_id.in_(officer_ids)).order_by(passkeys.c.id))
    for row in rows:
        one = OfficerPasskey(
            row.id,
            row.officer_id,
            row.credential_id,
            row.public_key,
            row.user_handle,
            row.sign_count,
            tuple(row.transports),
            row.retired_at,
        )
        found[row.officer_id] = (*found.get(row.officer_id, ()), one)
    return found


def passkey_named(connection: Connection, credential_id: bytes) -> OfficerPasskey | None:
    """Return the passkey with that credential id, None if it is not known here."""
    row = connection.execute(select(passkeys.c.officer_id).where(passkeys.c.credential_id == credential_id)).first()
    if row is None:
        return None
    known = passkeys_of(connection, [row.officer_id])[row.officer_id]
    return next(one for one in known if one.credential_id == credential_id)


def add_passkey(connection: Connection, officer_id: int, new: NewPasskey, at: int) -> None:
    """Store a passkey."""
    connection.execute(
        insert(passkeys).values(
            officer_id=officer_id,
            credential_id=new.credential_id,
            public_key=new.public_key,
            user_handle=new.user_handle,
            sign_count=new.sign_count,
            transports=list(new.transports),
            added_at=at,
        )
    )


def set_sign_count(connection: Connection, passkey_id: int, sign_count: int) -> None:
    """Keep how often the authenticator says the passkey has signed."""
    connection.execute(update(passkeys).where(passkeys.c.id == passkey_id).values(sign_count=sign_count))


# --------------------------------------------------------------------------------------------------------- invitations


def add_invitation(connection: Connection, officer_id: int, code_hash: bytes, *, at: int, expires: int) -> None:
    """Store an invitation; earlier ones of the same officer are used up by it."""
    connection.execute(
        update(invitations)
        .where(invitations.c.officer_id == officer_id, invitations.c.used_at.is_(None))
        .values(used_at=at)
    )
    connection.execute(
        insert(invitations).values(officer_id=officer_id, code_hash=code_hash, created_at=at, expires=expires)
    )


def invitation_of(connection: Connection, code_hash: bytes) -> Invitation | None:
    """Return the invitation with that code, None if there is none."""
    row = connection.execute(select(invitations).where(invitations.c.code_hash == code_hash)).one_or_none()
    return None if row is None else Invitation(row.id, row.officer_id, row.expires, row.used_at)


def use_invitation(connection: Connection, invitation_id: int, at: int) -> bool:
    """Use the invitation up; say whether it was this call that did."""
    changed = connection.execute(
        update(invitations)
        .where(invitations.c.id == invitation_id, invitations.c.used_at.is_(None))
        .values(used_at=at)
        .returning(invitations.c.id)
    )
    return changed.first() is not None


# ---------------------------------------------------------------------------------------------------------- challenges


def add_challenge(connection: Connection, value: bytes, kept: Challenge, now: int) -> None:
    """Keep a challenge that was given out; those past their time go."""
    connection.execute(delete(challenges).where(challenges.c.expires <= now))
    connection.execute(
        insert(challenges).values(
            challenge=value, invitation_id=kept.invitation_id, user_handle=kept.user_handle, expires=kept.expires
        )
    )


def take_challenge(connection: Connection, value: bytes, now: int) -> Challenge | None:
    """Return the challenge and forget it, so that it is answered once; None if it is unknown or too old."""
    row = connection.execute(
        delete(challenges)
        .where(challenges.c.challenge == value)
        .returning(challenges.c.invitation_id, challenges.c.user_handle, challenges.c.expires)
    ).one_or_none()
    if row is None or row.expires <= now:
        return None
    return Challenge(row.invitation_id, row.user_handle, row.expires)


# ------------------------------------------------------------------------------------------------------------ sessions


def add_session(connection: Connection, officer_id: int, token_hash: bytes, *, at: int, expires: int) -> None:
    """Store a session; those past their time go."""
    connection.execute(delete(sessions).where(sessions.c.expires <= at))
    connection.execute(
        insert(sessions).values(officer_id=officer_id, token_hash=token_hash, created_at=at, expires=expires)
    )


def session_officer(connection: Connection, token_hash: bytes, now: int) -> int | None:
    """Return whose session it is, None if there is none now."""
    wanted = select(sessions.c.officer_id).where(sessions.c.token_hash == token_hash, sessions.c.expires > now)
    found: int | None = connection.execute(wanted).scalar_one_or_none()
    return found


def end_session(connection: Connection, token_hash: bytes) -> None:
    """Forget a session."""
    connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def end_sessions_of(connection: Connection, officer_id: int) -> None:
    """Forget every session of an officer."""
    connection.execute(delete(sessions).where(sessions.c.officer_id == officer_id))
