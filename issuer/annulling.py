"""Taking revocations back within seven days: owner and accreditor together, where this office keeps both keys.

A thief of the one key that revokes could otherwise end every certificate for ever (SECURITY 2.2). The accreditor signs,
the owner sends. The signature ends before the first of the revocations becomes final, so what is published is never
void. An office cut off in the middle is simply asked again: what the chain has is looked at first, and only what is
missing is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from issuer import epochs, releasing, revoking
from issuer.office import ACCREDITOR, OWNER, Office
from issuer.store import audit, batches, institutions, tasks
from issuer.store.batches import Credential, CredentialState
from issuer.store.institutions import Institution, StatusList
from issuer.store.transactions import Purpose
from jikin.anchoring.acts import AnnulStatus, PublishStatus
from jikin.anchoring.changes import Change, pack
from jikin.anchoring.relayed import Signed, typed_data
from jikin.errors import OfficeError, StatusError
from jikin.status.array import REVOKED_STATES, State
from jikin.status.fold import check_annulment
from jikin.status.publication import Publication
from jikin.status.root import array_root
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Address, CertificateNumber

_SIGNED_FOR_SECONDS = 3600  # the owner sends at once; a signature that lies about is of no use
_ENDED = frozenset({CredentialState.REVOKED, CredentialState.REPLACED})


@dataclass(frozen=True, slots=True)
class Annulled:
    """An epoch that took revocations back: in which *block*, and the *numbers* that are valid again.

    *block* None: they were valid on the chain already, and only what the office shows was behind.
    """

    numbers: tuple[CertificateNumber, ...]
    block: int | None


def annul(office: Office, institution: Institution, numbers: Sequence[CertificateNumber]) -> tuple[Annulled, ...]:
    """Return what was taken back, one entry for each status list; copies go with their certificates.

    Raises OfficeError: ``office.number-unknown``, ``office.state`` for what has not ended or was replaced by another
    certificate, ``office.final`` after seven days, ``office.no-key`` where owner or accreditor are somebody else;
    RegistryRefusedError when another epoch came in between.
    """
    credentials = _credentials(office, institution, numbers)
    with office.database.read() as connection:
        lists = {one.id: one for one in institutions.every_status_list(connection, institution.id)}
    here = {
        place: [one for one in credentials if one.status_list_id == place]
        for place in dict.fromkeys(one.status_list_id for one in credentials)
    }
    for place, named in here.items():  # all of them before the first is sent
        _refuse_replaced(_snapshot(office, institution, lists[place]), named)
    return tuple(_on_list(office, institution, lists[place], ended) for place, ended in here.items())


def _refuse_replaced(snapshot: StatusSnapshot, credentials: Sequence[Credential]) -> None:
    """Refuse what another certificate took the place of: both would be valid, and they do not say the same."""
    replaced = [one for one in credentials if snapshot.state(one.status_index) is State.REPLACED]
    if replaced:
        raise OfficeError(
            f"{', '.join(_numbers(replaced))}: replaced by another certificate, which is valid",
            code="office.state",
            hint="correct the one that took its place",
        )


def _credentials(
    office: Office, institution: Institution, numbers: Sequence[CertificateNumber]
) -> Sequence[Credential]:
    found = []
    with office.database.read() as connection:
        for number in dict.fromkeys(numbers):
            one = batches.by_number(connection, number.symbols)
            if one is None or one.institution_id != institution.id:
                raise OfficeError(f"{number} is no certificate of {institution.domain}", code="office.number-unknown")
            found.append(one)
        return revoking.with_copies(connection, found)


def _on_list(
    office: Office, institution: Institution, status_list: StatusList, credentials: Sequence[Credential]
) -> Annulled:
    snapshot = _snapshot(office, institution, status_list)
    ended = [one for one in credentials if snapshot.state(one.status_index) in REVOKED_STATES]
    block: int | None = None
    if ended:
        act = _act(office, institution, status_list, snapshot, ended)
        purpose = Purpose(f"AnnulStatus {status_list.list_id} {snapshot.head.head}")
        block = office.outbox(institution, OWNER).deliver(purpose, act).block.number
    elif not any(one.state in _ENDED for one in credentials):
        named = ", ".join(_numbers(credentials))
        raise OfficeError(f"{named}: not revoked, so there is nothing to take back", code="office.state")
    _show(office, institution, status_list, credentials)
    numbers = tuple(CertificateNumber(text) for text in dict.fromkeys(one.number for one in credentials))
    return Annulled(numbers, block)


def _numbers(credentials: Sequence[Credential]) -> list[str]:
    return list(dict.fromkeys(str(CertificateNumber(one.number)) for one in credentials))


def _snapshot(office: Office, institution: Institution, status_list: StatusList) -> StatusSnapshot:
    view = office.chain.registry.view()
    revoking.array_now(view, institution, status_list)  # refuses a list that contradicts itself
    return revoking.snapshot_now(view, institution, status_list)


def _act(
    office: Office,
    institution: Institution,
    status_list: StatusList,
    snapshot: StatusSnapshot,
    ended: Sequence[Credential],
) -> AnnulStatus:
    """Return the annulment as the owner sends it, signed by the accreditor; the notes of the list stay as they are."""
    if snapshot.folded is None:
        raise OfficeError(f"the status list contradicts itself: {snapshot.contradiction}", code="office.contradiction")
    changes = [Change(one.status_index, int(State.VALID)) for one in ended]
    now = snapshot.block.time
    try:
        last = check_annulment(snapshot.folded, snapshot.epochs, changes, now)
    except StatusError as error:
        raise OfficeError(
            str(error),
            code="office.final" if error.code == "status.final" else "office.state",
            hint="issue a new certificate in place of one that stays revoked",
        ) from error
    array = snapshot.folded.array.with_states({change.index: State.VALID for change in changes})
    with office.database.read() as connection:
        notes = tasks.notes_up_to(connection, status_list.id, snapshot.epoch)
    root = array_root(snapshot.lctx, array)
    status = PublishStatus(
        institution.issuer_id,
        status_list.list_id,
        snapshot.head.head,
        Publication.make(snapshot.lctx, snapshot.epoch + 1, root, notes).status_root(snapshot.lctx),
        pack(changes, snapshot.entries),
    )
    deadline = min(last, now + _SIGNED_FOR_SECONDS)
    key = office.key(None, ACCREDITOR)
    stated = typed_data(office.chain.registry.pins, Signed.ANNULMENT, status, deadline)
    signature = office.keys.sign_typed_data(key.reference, stated)
    return AnnulStatus(status, Address.parse(key.public), signature, deadline)


def _show(office: Office, institution: Institution, status_list: StatusList, credentials: Sequence[Credential]) -> None:
    """Publish lists, notes and number records as the chain has them, then note the certificates as valid again."""
    snapshot = _snapshot(office, institution, status_list)
    again = [one for one in credentials if snapshot.state(one.status_index) is State.VALID]
    epochs.publish_files(office, institution, status_list, snapshot)
    releasing.renew_records(office, institution, again, {})
    with office.database.write() as connection:
        behind = [one.id for one in again if one.state in _ENDED]
        batches.set_state(connection, behind, CredentialState.RELEASED)
        audit.record(
            connection,
            at=office.clock(),
            act="revocation annulled",
            subject=f"status_lists/{status_list.id}",
            institution_id=institution.id,
            epoch=snapshot.epoch,
            changes=len(behind),
        )
