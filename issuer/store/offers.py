"""Offers of certificates to holders, and what follows of them: access tokens, nonces, claims.

Everything secret comes here as a SHA-256. What may happen once happens by one statement that says whether it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, delete, insert, select, update

from issuer.store.holder_tables import claims, grants, nonces, offers

MAX_WRONG_CODES = 5


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as stored. *credential_id* is None while the certificate is still being issued by the batch.

    *tx_tag* is the tag of the transaction code under the pepper, None where none is asked for.
    """

    id: int
    institution_id: int
    credential_id: int | None
    batch_id: int | None
    configuration: str
    tx_tag: bytes | None
    wrong_codes: int
    deferred: bool
    created_at: int
    expires: int
    redeemed_at: int | None

    @property
    def dead(self) -> bool:
        """Say whether too many wrong transaction codes were tried."""
        return self.wrong_codes >= MAX_WRONG_CODES


@dataclass(frozen=True, slots=True)
class NewOffer:
    """An offer to be stored."""

    institution_id: int
    credential_id: int | None
    batch_id: int | None
    officer_id: int | None
    configuration: str
    reference_digest: bytes
    code_digest: bytes
    tx_tag: bytes | None
    deferred: bool
    created_at: int
    expires: int


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token as stored, and the offer it was given for."""

    offer: Offer
    expires: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A credential request that was taken: which copies it is about (row ids, in the order of its proofs)."""

    id: int
    offer_id: int
    copies: tuple[int, ...]
    event: str | None
    answered_at: int | None


def _offer(row: Row[tuple[object, ...]]) -> Offer:
    return Offer(
        row.id,
        row.institution_id,
        row.credential_id,
        row.batch_id,
        row.configuration,
        row.tx_tag,
        row.wrong_codes,
        row.deferred,
        row.created_at,
        row.expires,
        row.redeemed_at,
    )


# ---------------------------------------------------------------------------------------------------------- offers


def add(connection: Connection, new: NewOffer) -> Offer:
    """Return the offer, stored."""
    values = {name: getattr(new, name) for name in NewOffer.__slots__}
    row = connection.execute(insert(offers).values(wrong_codes=0, **values).returning(offers)).one()
    return _offer(row)


def by_id(connection: Connection, offer_id: int) -> Offer:
    """Return the offer with that row id."""
    return _offer(connection.execute(select(offers).where(offers.c.id == offer_id)).one())


def by_reference(connection: Connection, institution_id: int, digest: bytes) -> Offer | None:
    """Return the institution's offer that a link with this reference leads to, None if there is none."""
    return _one(connection, institution_id, digest, lock=False, by_code=False)


def by_code(connection: Connection, institution_id: int, digest: bytes) -> Offer | None:
    """Return the institution's offer with this pre-authorised code, locked until the transaction ends."""
    return _one(connection, institution_id, digest, lock=True, by_code=True)


def _one(connection: Connection, institution_id: int, digest: bytes, *, lock: bool, by_code: bool) -> Offer | None:
    column = offers.c.code_digest if by_code else offers.c.reference_digest
    wanted = select(offers).where(column == digest, offers.c.institution_id == institution_id)
    row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    return None if row is None else _offer(row)


def count_wrong_code(connection: Connection, offer_id: int) -> int:
    """Return how many wrong transaction codes were tried by now, this one included."""
    result = connection.execute(
        update(offers)
        .where(offers.c.id == offer_id)
        .values(wrong_codes=offers.c.wrong_codes + 1)
        .returning(offers.c.wrong_codes)
    )
    return int(result.scalar_one())


def redeem(connection: Connection, offer_id: int, at: int) -> bool:
    """Say whether the offer's code was used up now; False when another request was faster."""
    done = connection.execute(
        update(offers)
        .where(offers.c.id == offer_id, offers.c.redeemed_at.is_(None), offers.c.wrong_codes < MAX_WRONG_CODES)
        .values(redeemed_at=at)
        .returning(offers.c.id)
    )
    return done.one_or_none() is not None


def resolved(connection: Connection, offer_id: int, credential_id: int) -> None:
    """Note which certificate the offer's batch has made."""
    connection.execute(update(offers).where(offers.c.id == offer_id).values(credential_id=credential_id))


# ---------------------------------------------------------------------------------------------------------- tokens


def add_grant(connection: Connection, *, offer_id: int, token_digest: bytes, at: int, expires: int) -> None:
    """Store an access token."""
    connection.execute(
        insert(grants).values(offer_id=offer_id, token_digest=token_digest, created_at=at, expires=expires)
    )


def grant(connection: Connection, institution_id: int, token_digest: bytes) -> Grant | None:
    """Return what an access token of the institution allows, None for an unknown one; its end is not looked at."""
    row = connection.execute(select(grants).where(grants.c.token_digest == token_digest)).one_or_none()
    if row is None:
        return None
    offer = by_id(connection, row.offer_id)
    return Grant(offer, row.expires) if offer.institution_id == institution_id else None


# ---------------------------------------------------------------------------------------------------------- nonces


def add_nonce(connection: Connection, *, institution_id: int, digest: bytes, now: int, expires: int) -> None:
    """Store a nonce, and forget those that are too old to be used."""
    connection.execute(delete(nonces).where(nonces.c.expires <= now))
    connection.execute(insert(nonces).values(institution_id=institution_id, digest=digest, expires=expires))


def use_nonce(connection: Connection, institution_id: int, digest: bytes, now: int) -> bool:
    """Say whether the nonce was given out, is fresh and was not used; it is used up with this."""
    used = connection.execute(
        delete(nonces)
        .where(nonces.c.digest == digest, nonces.c.institution_id == institution_id, nonces.c.expires > now)
        .returning(nonces.c.id)
    )
    return used.one_or_none() is not None


# ---------------------------------------------------------------------------------------------------------- claims


def _claim(row: Row[tuple[object, ...]]) -> Claim:
    return Claim(row.id, row.offer_id, tuple(row.copies), row.event, row.answered_at)


def add_claim(connection: Connection, *, offer_id: int, copies: Sequence[int], at: int) -> Claim:
    """Return a credential request, stored; it is neither answered nor put off yet."""
    row = connection.execute(
        insert(claims).values(offer_id=offer_id, copies=list(copies), created_at=at).returning(claims)
    ).one()
    return _claim(row)


def put_off(connection: Connection, claim_id: int, transaction_digest: bytes) -> None:
    """Keep under which transaction id the wallet will ask again."""
    connection.execute(update(claims).where(claims.c.id == claim_id).values(transaction_digest=transaction_digest))


def by_transaction(connection: Connection, offer_id: int, digest: bytes) -> Claim | None:
    """Return the offer's request with this transaction id, None when it is another's, unknown or picked up."""
    row = connection.execute(
        select(claims).where(
            claims.c.transaction_digest == digest, claims.c.offer_id == offer_id, claims.c.answered_at.is_(None)
        )
    ).one_or_none()
    return None if row is None else _claim(row)


def answer(connection: Connection, claim_id: int, notification_digest: bytes | None, at: int) -> bool:
    """Say whether the request is answered now; False when it was before."""
    done = connection.execute(
        update(claims)
        .where(claims.c.id == claim_id, claims.c.answered_at.is_(None))
        .values(answered_at=at, notification_digest=notification_digest)
        .returning(claims.c.id)
    )
    return done.one_or_none() is not None


def note_event(connection: Connection, offer_id: int, notification_digest: bytes, event: str) -> bool:
    """Say whether there is such a notification id of this offer; the wallet's word is kept, the newest counts."""
    done = connection.execute(
        update(claims)
        .where(claims.c.notification_digest == notification_digest, claims.c.offer_id == offer_id)
        .values(event=event)
        .returning(claims.c.id)
    )
    return done.one_or_none() is not None
