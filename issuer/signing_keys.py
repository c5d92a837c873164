"""The life of an institution's signing keys: added, followed by another, retired, reported as stolen (SECURITY 3.2).

    prepared → registered → published → active → retired
                                     ↘ compromised, from whatever state

A new key signs only once the registry and the DID document know it. The old one retires only when nothing that it
signed waits for its anchor, and not within two minutes of the last anchor: near the end nothing can be said.
Every step looks first at what is there already, so that what was cut off is simply run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from issuer import accrediting, epochs, releasing, revoking
from issuer.accrediting import SIGNING
from issuer.acting import act_as
from issuer.keyring import NewKey
from issuer.office import ASSERTION, OWNER, Office
from issuer.store import audit, institutions, signed_batches
from issuer.store import keys as key_rows
from issuer.store.batches import Batch, BatchState, Credential, CredentialState
from issuer.store.institutions import Institution
from issuer.store.keys import Key, KeyState
from jikin.anchoring.acts import AddKey, ReportKeyCompromised, RetireKey
from jikin.anchoring.chain import KeyWindow
from jikin.codec import multikey
from jikin.credentials.record import NumberRecord
from jikin.errors import JikinError, OfficeError
from jikin.values import CertificateNumber, Json, KeyId, format_instant

# Twice what a verifier calls the edge of a window (60 s): clocks of blocks are no better than that.
MARGIN_SECONDS = 120
OWNER_REACHES_BACK = 90 * 86_400
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A signing key as office and registry know it; *window* None: not registered."""

    key: Key
    window: KeyWindow | None


@dataclass(frozen=True, slots=True)
class Compromise:
    """What a report of a stolen key has done.

    *anchored* certificates of the institution were anchored since then, and fall where this key signed them; *unsigned*
    ones wait and will be signed anew; *stuck* batches are on their way to the chain and will not pass.
    """

    key: Key
    since: int
    anchored: int
    unsigned: int
    stuck: tuple[int, ...]


def every(office: Office, institution: Institution) -> tuple[SigningKey, ...]:
    """Return the institution's signing keys, oldest first, each with its window in the registry."""
    view = office.chain.registry.view()
    return tuple(
        SigningKey(key, view.key_window(institution.issuer_id, KeyId.of(key.public)))
        for key in _keys(office, institution)
    )


def rotate(office: Office, institution: Institution, reference: str | None = None, *, purpose: str = ASSERTION) -> Key:
    """Return the key that signs from now on: a fresh one in a file, or the one that *reference* names.

    *purpose* is ASSERTION, or POST_QUANTUM for the second key of hybrid types. The old key's signatures stay good and
    it can still be retired; lists for strangers are signed anew. Raises OfficeError, RegistryRefusedError,
    ChainUnavailableError; run again it goes on where it stopped.
    """
    key = _prepared(office, institution, reference, purpose)
    view = office.chain.registry.view()
    if view.key_window(institution.issuer_id, KeyId.of(key.public)) is None:
        # Nothing is signed with a key that a reorganisation could still take out of the registry.
        act = AddKey(institution.issuer_id, key.public)
        act_as(office, OWNER, institution, act, KeyId.of(key.public), confirmations=None)
    accrediting.publish_did(office, institution)
    now = office.clock()
    with office.database.write() as connection:
        key_rows.activate(connection, key, now)
        _note(connection, office, key, "key activated")
    if purpose == ASSERTION:
        sign_lists(office, institution)
    return _by_id(office, institution, key.id)


def _prepared(office: Office, institution: Institution, reference: str | None, purpose: str) -> Key:
    """Return the key that is to sign next, stored as prepared; one that an earlier run left is taken up."""
    own = [key for key in _keys(office, institution) if key.purpose == purpose]
    waiting = next((key for key in own if key.state is KeyState.PREPARED), None)
    if waiting is not None and reference in (None, waiting.reference):
        return waiting
    if waiting is not None:
        raise OfficeError(
            f"another key is being added: {waiting.public}",
            code="office.key-state",
            hint="finish that first: run the command without a reference",
        )
    fresh = SIGNING[purpose]
    made = office.keys.new_signing_key(fresh) if reference is None else office.keys.found_signing_key(reference)
    return _stored(office, institution, made, purpose)


def _stored(office: Office, institution: Institution, made: NewKey, purpose: str) -> Key:
    kind, suite = multikey.decode(made.public).type, office.settings.suite
    fits = kind in office.suites.named(suite).key_types if purpose == ASSERTION else kind is SIGNING[purpose]
    if not fits:
        raise OfficeError(
            f"a {kind.value} key cannot sign with {suite}, the suite of this office",
            code="office.key-kind",
            hint="set the setting `suite` to one for that kind of key, such as ecdsa-rdfc-2019 for P-256",
        )
    with office.database.write() as connection:
        if any(one.public == made.public for one in key_rows.every(connection)):
            raise OfficeError(f"the key {made.public} is or was in use here already", code="office.key-state")
        key = key_rows.add(
            connection,
            institution_id=institution.id,
            purpose=purpose,
            public=made.public,
            reference=made.reference,
            at=office.clock(),
            active=False,
        )
        _note(connection, office, key, "key prepared")
    return key


def retire(office: Office, institution: Institution, public: str) -> Key:
    """Return the key, retired: it signs nothing from now on, and what it signed stays good.

    Raises OfficeError ``office.key-in-use`` for the key that signs now, ``office.key-waits`` while a batch that it may
    have signed waits for its anchor or was anchored a moment ago.
    """
    key = named(office, institution, public)
    if key.state is KeyState.RETIRED:
        return key
    if key.state is not KeyState.ACTIVE:
        raise OfficeError(f"the key {key.public} is {key.state}; only an active one retires", code="office.key-state")
    following = _following(office, institution, key)
    _check_nothing_waits(office, institution, following)
    if key.purpose == ASSERTION:
        sign_lists(office, institution)  # none may still stand under a key that is about to end
    view = office.chain.registry.view()
    window = view.key_window(institution.issuer_id, KeyId.of(key.public))
    if window is None or not window.retired_at:
        act_as(office, OWNER, institution, RetireKey(institution.issuer_id, KeyId.of(key.public)), KeyId.of(key.public))
        view = office.chain.registry.view()
        window = view.key_window(institution.issuer_id, KeyId.of(key.public))
    retired_at = office.clock() if window is None or not window.retired_at else window.retired_at
    with office.database.write() as connection:
        key_rows.retire(connection, key, retired_at)
        _note(connection, office, key, "key retired")
    accrediting.publish_did(office, institution)
    return _by_id(office, institution, key.id)


def _following(office: Office, institution: Institution, key: Key) -> Key:
    """Return the key that follows *key*; raises OfficeError when it is the one that signs now."""
    own = [one for one in _keys(office, institution) if one.purpose == key.purpose and one.active_at is not None]
    later = [one for one in own if _order(one) > _order(key)]
    if not later:
        raise OfficeError(
            f"the key {key.public} signs now",
            code="office.key-in-use",
            hint="`jikin admin key rotate` lets another one sign; then this one can retire",
        )
    return min(later, key=_order)


def _order(key: Key) -> tuple[int, int]:
    return key.active_at or 0, key.id


def _check_nothing_waits(office: Office, institution: Institution, following: Key) -> None:
    """Refuse while a batch from before *following* waits: its certificates would be anchored after their key's end."""
    with office.database.read() as connection:
        waiting = signed_batches.signed_and_waiting(connection, institution.id, following.follows_batch)
        last = signed_batches.last_anchored(connection, institution.id, following.follows_batch)
    if waiting:
        shown = ", ".join(f"{one.id} ({one.state})" for one in waiting[:5])
        raise OfficeError(
            f"the key may have signed batches that are not anchored yet: {shown}",
            code="office.key-waits",
            hint="run the key's retirement again when they are released",
        )
    left = last + MARGIN_SECONDS - office.chain.registry.view().block.time
    if left > 0:
        raise OfficeError(
            f"what the key may have signed was anchored {MARGIN_SECONDS - left} s ago; {MARGIN_SECONDS} s must pass",
            code="office.key-waits",
            hint=f"run it again in {left} s: near the end of a key nobody can say whether it counted",
        )


def report_compromised(
    office: Office, institution: Institution, public: str, since: int, *, by: str = OWNER
) -> Compromise:
    """Return what was done about a key that counts as stolen since *since* (Unix second).

    The office stops signing with it before anything else. The owner reaches back 90 days, *by* the accreditor further.
    Raises OfficeError ``office.compromise`` for a moment that the registry would refuse.
    """
    key, now = named(office, institution, public), office.clock()
    earliest = now - OWNER_REACHES_BACK if by == OWNER else 1
    if not earliest <= since <= now:
        raise OfficeError(
            f"{format_instant(since)} is not between {format_instant(earliest)} and now",
            code="office.compromise",
            hint="further back than 90 days only the accreditor reaches: --as accreditor",
        )
    with office.database.write() as connection:
        key_rows.compromise(connection, key, since)
        _note(connection, office, key, "key reported compromised", since=since)
    view = office.chain.registry.view()
    window = view.key_window(institution.issuer_id, KeyId.of(key.public))
    if window is not None and (not window.compromised_since or since < window.compromised_since):
        act = ReportKeyCompromised(institution.issuer_id, KeyId.of(key.public), since)
        act_as(office, by, institution, act, f"{KeyId.of(key.public)} {since}")
    accrediting.publish_did(office, institution)
    unsigned, stuck = _take_back(office, institution)
    with office.database.read() as connection:
        anchored = signed_batches.count_anchored_since(connection, institution.id, since)
    return Compromise(_by_id(office, institution, key.id), since, anchored, unsigned, tuple(one.id for one in stuck))


def _take_back(office: Office, institution: Institution) -> tuple[int, list[Batch]]:
    """Take back signatures that are in no tree yet; return how many, and the batches whose root may be on its way."""
    unsigned, stuck = 0, []
    with office.database.write() as connection:
        for batch in signed_batches.signed_and_waiting(connection, institution.id):
            if batch.state is BatchState.PLANTED:
                stuck.append(batch)
            else:
                unsigned += signed_batches.unsign(connection, batch.id)
    return unsigned, stuck


def sign_lists(office: Office, institution: Institution) -> int:
    """Sign the institution's status lists for strangers with the key of now; return how many there are.

    Lists are judged as of now: one under a key that has ended is no evidence.
    """
    with office.database.read() as connection:
        lists = [one for one in institutions.every_status_list(connection, institution.id) if one.opened_at is not None]
    view = office.chain.registry.view()
    for one in lists:
        epochs.publish_files(office, institution, one, revoking.snapshot_now(view, institution, one))
    return len(lists)


def sign_records(office: Office, institution: Institution) -> int:
    """Sign what certificate numbers tell with the key of now; return how many. After a theft nobody believes the old.

    What a record says is made from the office's own tables; only since when a certificate has ended is read back.
    """
    count = 0
    for chunk in _chunks(office, institution):
        ended = {one.status_index: since for one in chunk if (since := _ended(office, institution, one)) is not None}
        releasing.renew_records(office, institution, chunk, ended)
        count += len(chunk)
    return count


def _chunks(office: Office, institution: Institution) -> Iterator[Sequence[Credential]]:
    """Yield the certificates by the hundred, each chunk of one status list."""
    after = 0
    while True:
        with office.database.read() as connection:
            found = signed_batches.with_record(connection, institution.id, after=after, limit=_CHUNK)
        if not found:
            return
        after = found[-1].id
        for list_id in dict.fromkeys(one.status_list_id for one in found):
            yield [one for one in found if one.status_list_id == list_id]


def _ended(office: Office, institution: Institution, credential: Credential) -> int | None:
    if credential.state is CredentialState.RELEASED:
        return None
    number = CertificateNumber(credential.number)
    try:
        return NumberRecord.parse(office.public(institution).published_number(number)).effective
    except JikinError:
        return None  # erased: it has no record any more, and gets none


def named(office: Office, institution: Institution, public: str) -> Key:
    """Return the signing key whose Multikey text begins with *public*; raises OfficeError ``office.no-key``."""
    found = [key for key in _keys(office, institution) if key.public.startswith(public)]
    if len(found) != 1 or not public:
        known = ", ".join(f"{key.public[:48]} ({key.state})" for key in _keys(office, institution))
        raise OfficeError(
            f"{len(found)} signing keys begin with {public[:80]!r}; there are {known}", code="office.no-key"
        )
    return found[0]


def _keys(office: Office, institution: Institution) -> tuple[Key, ...]:
    with office.database.read() as connection:
        return tuple(key for purpose in SIGNING for key in key_rows.of(connection, institution.id, purpose))


def _by_id(office: Office, institution: Institution, key_id: int) -> Key:
    return next(key for key in _keys(office, institution) if key.id == key_id)


def _note(connection: Connection, office: Office, key: Key, act: str, since: int | None = None) -> None:
    detail: dict[str, Json] = {} if since is None else {"since": since}
    audit.record(
        connection,
        at=office.clock(),
        act=act,
        subject=f"keys/{key.id}",
        institution_id=key.institution_id,
        officer_id=None,
        **detail,
    )
