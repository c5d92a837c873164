"""Changes of state that a program asks for over the VC API: asked for, never made.

A token is no person. What it asks for is written down; one officer takes it up with a signature, another one approves,
and only then it is published (two persons revoke). Asking again opens nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from issuer import reasons, revoking
from issuer.office import Office
from issuer.store import batches, institutions, tasks
from issuer.store.batches import Credential, CredentialState
from issuer.store.institutions import Institution
from issuer.store.tasks import StoredTask, TaskState
from jikin.credentials.structure import items
from jikin.errors import OfficeError, StatusError
from jikin.status.array import State
from jikin.status.bitstring import Purpose, list_id_of
from jikin.values import CertificateNumber, Json, JsonObject

_ON, _OFF = frozenset({"1", "true"}), frozenset({"0", "false"})
_NEEDED = 2  # signatures
_STATES = {
    State.VALID: CredentialState.RELEASED,
    State.REVOKED: CredentialState.REVOKED,
    State.SUSPENDED: CredentialState.SUSPENDED,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: the certificate of that *number*, or at that *entry* (URL of the list, place in it)."""

    state: State
    reason: str
    number: CertificateNumber | None = None
    entry: tuple[str, int] | None = None


def parse(body: JsonObject) -> Wish:
    """Return what the body of ``POST /credentials/status`` asks for.

    ``credentialId`` is the certificate's number; ``credentialStatus`` the entry that stands in the certificate;
    ``status`` says whether it is set (true) or cleared; ``reason`` is the code of a reason. Raises StatusError
    (``status.entry``, ``status.reason``, ``status.forbidden`` for what nobody can ask for), NumberError.
    """
    stated = body.get("credentialStatus")
    first = items(stated)[:1]
    entry = first[0] if first and isinstance(first[0], Mapping) else {}
    number = body.get("credentialId")
    if number is not None and not isinstance(number, str):
        raise _refuse("credentialId is the certificate's number, a text")
    place = _place(entry)
    if number is None and place is None:
        raise _refuse(
            "credentialStatus is an entry with statusListCredential and statusListIndex; or give credentialId"
        )
    state = _state(entry.get("statusPurpose", Purpose.REVOCATION.value), body.get("status", entry.get("status", True)))
    return Wish(state, _reason(body, state), None if number is None else CertificateNumber.parse(number), place)


def _place(entry: JsonObject) -> tuple[str, int] | None:
    url, index = entry.get("statusListCredential"), entry.get("statusListIndex")
    if url is None and index is None:
        return None
    text = str(index) if isinstance(index, int | str) and not isinstance(index, bool) else ""
    if not isinstance(url, str) or not (text.isascii() and text.isdecimal() and len(text) < len("10000000")):
        raise _refuse("statusListCredential is a URL, statusListIndex a whole number")
    return url, int(text)


def _state(purpose: Json, on: Json) -> State:
    text = str(on).lower() if isinstance(on, bool | str) else ""
    if text not in _ON | _OFF:
        raise _refuse("status is true or false")
    if purpose == Purpose.REVOCATION.value:
        if text in _OFF:
            raise StatusError(
                "what was revoked stays revoked",
                code="status.forbidden",
                hint="a suspension can be lifted; instead of a revoked certificate a new one is issued",
            )
        return State.REVOKED
    if purpose == Purpose.SUSPENSION.value:
        return State.SUSPENDED if text in _ON else State.VALID
    raise _refuse(f"statusPurpose is {', '.join(one.value for one in Purpose)}, found {str(purpose)[:40]!r}")


def _reason(body: JsonObject, state: State) -> str:
    reason = body.get("reason")
    fitting = [one.code for one in reasons.reasons().values() if state in one.states]
    if not isinstance(reason, str) or reason not in fitting:
        raise StatusError(
            f"reason is missing, or leads to another state; right would be one of {', '.join(fitting)}",
            code="status.reason",
        )
    return reason


def _refuse(message: str) -> StatusError:
    return StatusError(message, code="status.entry")


# --------------------------------------------------------------------------------------------------------------- asking


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a change stands: *done*, or the tasks that wait for signatures or for being published."""

    done: bool
    tasks: tuple[StoredTask, ...]


def ask(office: Office, known: Sequence[Institution], wish: Wish, token_id: int | None = None) -> Standing:
    """Return where the change stands that *wish* asks one of the institutions *known* for.

    It is written down unless it was before; nothing is signed and nothing published by it. Raises OfficeError:
    ``office.number-unknown``, ``office.not-released``, ``office.state`` for a state that cannot be reached, or while
    another change of the same certificate is being decided.
    """
    found = _find(office, known, wish)
    if found.state is _STATES[wish.state]:
        return Standing(done=True, tasks=())
    institution = next(one for one in known if one.id == found.institution_id)
    open_tasks = _open_tasks(office, institution, found)
    if any(note.get("state") != wish.state for one in open_tasks for note in one.task.notes):
        raise OfficeError("another change of this certificate is being decided", code="office.state")
    if open_tasks:
        return Standing(done=False, tasks=open_tasks)
    asked = revoking.Request([CertificateNumber(found.number)], wish.state, wish.reason)
    return Standing(done=False, tasks=revoking.draft_unsigned(office, institution, asked, token_id))


def _find(office: Office, known: Sequence[Institution], wish: Wish) -> Credential:
    """Return the certificate, the original where the entry is a copy's; raises OfficeError."""
    ids = {one.id for one in known}
    with office.database.read() as connection:
        found = None if wish.number is None else batches.by_number(connection, wish.number.symbols)
        if wish.entry is not None:
            url, index = wish.entry
            list_id = list_id_of(url)
            lists = [one for id_ in ids for one in institutions.every_status_list(connection, id_)]
            rows = [one.id for one in lists if one.list_id == list_id]
            named = batches.by_entries(connection, rows[0], [index]) if rows else ()
            at_entry = named[0] if named else None
            if at_entry is not None and at_entry.copy_of is not None:
                at_entry = batches.by_row(connection, at_entry.copy_of)
            if wish.number is not None and (found is None or at_entry is None or at_entry.id != found.id):
                found = None  # number and entry are of two certificates
            else:
                found = at_entry
    if found is None or found.institution_id not in ids:
        raise OfficeError("there is no such certificate here", code="office.number-unknown")
    return found


def _open_tasks(office: Office, institution: Institution, credential: Credential) -> tuple[StoredTask, ...]:
    """Return the tasks that wait and change the certificate."""
    now = office.clock()
    with office.database.read() as connection:
        waiting = [
            one
            for state in (TaskState.DRAFT, TaskState.OPEN, TaskState.APPROVED)
            for one in tasks.in_state(connection, state, institution.id)
        ]
    return tuple(
        one
        for one in waiting
        if one.status_list_id == credential.status_list_id
        and any(note.get("index") == credential.status_index for note in one.task.notes)
        and (one.state is TaskState.APPROVED or one.ends > now)
    )


def to_json(office: Office, standing: Standing) -> JsonObject:
    """Return *standing* as it is told to a program."""
    with office.database.read() as connection:
        signatures = {one.task.id: len(tasks.approvals_of(connection, one.task.id)) for one in standing.tasks}
    return {
        "state": "done" if standing.done else "waiting",
        "tasks": [
            {
                "task": one.task.id,
                "state": one.state.value,
                "signatures": signatures[one.task.id],
                "needed": 1 if one.task.break_glass else _NEEDED,
                "expires": one.ends,
                "decide": f"{office.settings.base_url}/admin/changes/{one.task.id}",
            }
            for one in standing.tasks
        ],
    }
