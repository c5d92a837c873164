"""Credentials that programs ask for over the VC API: one record, one batch of one, the ordinary steps.

Asking again is safe: with the same idempotency key, or with the same credential while it is in force or on its way, the
answer is the same certificate. What is answered was anchored, verified as a stranger would, and released.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from issuer import importing, issuing, pepper, signing, waiting
from issuer.office import Office
from issuer.store import audit, batches, commissions, trees
from issuer.store import copies as copy_store
from issuer.store.batches import Batch, BatchState, Credential, CredentialState, Origin, SourceRow
from issuer.store.institutions import Institution
from issuer.submitting import Submission
from jikin.errors import CredentialError, OfficeError
from jikin.values import JsonObject

_MAGIC = b"JKC1"
_PREFIX = "vc-api"
_MAX_KEY = 180
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Profile:
    """A way to issue: secured with the cryptosuite, or in the envelope, *suite*; *receipt*: with the receipt inside."""

    suite: str
    receipt: bool = False


PROFILES: Mapping[str, Profile] = {
    "eddsa-rdfc-2022": Profile("eddsa-rdfc-2022"),
    "eddsa-jcs-2022": Profile("eddsa-jcs-2022"),
    "vc-jwt": Profile(signing.VC_JWT),
    "anchored": Profile("eddsa-rdfc-2022", receipt=True),
}


def commission(
    office: Office, institution: Institution, profile: Profile, asked: Submission, key: str | None = None
) -> Batch:
    """Return the batch in which the certificate is issued, a new one or the one there is; durable from here on.

    *key* is the caller's idempotency key. Raises CredentialError ``issue.key`` for a key that cannot be one;
    OfficeError: ``office.key-reused`` for one that stood for something else, ``office.state`` where a certificate that
    says the same is suspended, or was issued in another way.
    """
    if key is not None and not (0 < len(key) <= _MAX_KEY and key.isprintable()):
        raise CredentialError(f"an idempotency key has 1 to {_MAX_KEY} printable characters", code="issue.key")
    hashed = importing.record_hash(asked.kind.id, asked.record)
    return _Order(office, institution, profile, asked, hashed).place(None if key is None else f"{_PREFIX} key {key}")


@dataclass(frozen=True, slots=True)
class _Order:
    """What is asked for, and of whom."""

    office: Office
    institution: Institution
    profile: Profile
    asked: Submission
    hashed: bytes

    def place(self, key: str | None) -> Batch:
        """Return the batch with that idempotency key, or of that certificate; else a new one."""
        # Keyed: whoever has the database cannot try out whose certificate a batch was, once its record is erased.
        digest = pepper.tag(self.office, _MAGIC, self.profile.suite.encode("ascii"), b"\n", self.hashed)
        with self.office.database.write() as connection:
            commissions.take_turn(connection, self.institution.id)
            before = None if key is None else batches.find(connection, self.institution.id, key)
            if before is not None and before.source_digest != digest:
                raise OfficeError(
                    "the idempotency key was used for another credential, or for another profile",
                    code="office.key-reused",
                    hint="use a fresh key for each credential",
                )
            found = before or self._known(connection)
            return found or self._add(connection, key or f"{_PREFIX} {secrets.token_hex(16)}", digest)

    def _known(self, connection: Connection) -> Batch | None:
        """Return the batch of a certificate that says the same and is in force, or on its way."""
        credential = copy_store.in_force(connection, self.institution.id, self.hashed)
        if credential is None:
            known = commissions.accepted(connection, self.institution.id, self.hashed)
        elif credential.state is CredentialState.SUSPENDED:
            raise OfficeError("a certificate that says the same is suspended", code="office.state")
        else:
            known = batches.by_id(connection, credential.batch_id)
        if known is not None and known.suite != self.profile.suite:
            raise OfficeError(
                f"a certificate that says the same is issued already, secured as {known.suite}",
                code="office.state",
                hint=f"ask for it with the profile of {known.suite}; nobody is certified twice",
            )
        return known

    def _add(self, connection: Connection, key: str, digest: bytes) -> Batch:
        batch = batches.add(
            connection,
            institution_id=self.institution.id,
            type=self.asked.kind.id,
            suite=self.profile.suite,
            idempotency_key=key,
            source_digest=digest,
            source=[SourceRow(1, "good", self.asked.record, self.hashed)],
            at=self.office.clock(),
            origin=Origin.OFFER,
        )
        audit.record(
            connection,
            at=self.office.clock(),
            act="batch accepted",
            subject=f"batches/{batch.id}",
            institution_id=self.institution.id,
            good=1,
        )
        return batch


# ------------------------------------------------------------------------------------------------------------- waiting


def hand_out(office: Office, profile: Profile, asked: Submission, batch: Batch) -> JsonObject | None:
    """Return the certificate once it is released; None when that takes longer than ``claim_wait_seconds``.

    A vc+jwt comes in the object that carries it. Raises CredentialError ``issue.failed`` when none can be made of the
    record, OfficeError ``office.erased`` for one that was erased.
    """
    hashed = importing.record_hash(asked.kind.id, asked.record)
    with waiting.patience(office.settings.claim_wait_seconds) as seconds:
        found = _await(office, batch.id, hashed, seconds)
    if found is None:
        return None
    if found.document is None:
        raise OfficeError("the certificate was erased", code="office.erased")
    document: JsonObject = json.loads(signing.as_file(found.document))
    return _with_receipt(office, found, document) if profile.receipt else document


def _await(office: Office, batch_id: int, hashed: bytes, seconds: float) -> Credential | None:
    deadline = office.clock() + seconds
    while True:
        with office.database.read() as connection:
            batch = batches.by_id(connection, batch_id)
            found = commissions.credential(connection, batch_id, hashed)
        if found is not None and batch.state is BatchState.RELEASED:
            return found
        if found is None and batch.state is BatchState.RELEASED:
            raise OfficeError("the certificate was erased", code="office.erased")
        if found is None and batch.state is not BatchState.ACCEPTED:
            raise CredentialError(
                "no credential can be made of this record, though it keeps the rules of its type",
                code="issue.failed",
                hint="whoever looks after the office finds the reason among the bad rows of the batch",
            )
        if office.clock() >= deadline:
            return None
        office.sleep(min(_LOOK_SECONDS, seconds))


def _with_receipt(office: Office, credential: Credential, document: JsonObject) -> JsonObject:
    batch, institution = issuing.batch_of(office, credential.batch_id)
    with office.database.read() as connection:
        salt = trees.salts_of(connection, [credential.id]).get(credential.id)
    if salt is None or credential.place is None:
        raise OfficeError("the certificate was erased", code="office.erased")
    receipt = issuing.receipt(office, institution, batch, credential.place, salt)
    return {**document, "proof": [document["proof"], receipt.to_proof()]}
