"""Two persons: what an officer signs, and whether the approvals of a task are enough (STATEMENTS 8, SECURITY 3.6).

An approval is a signature over the hash of exactly what will be published (of a status change: task, list, changes and
notes; of an issue: its manifest), tied to the issuer and registry by its context, and to a time at which it ends.
Nothing here trusts a state column: the worker computes every hash again from the rows it is about to publish.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Protocol

from jikin.anchoring.changes import scan
from jikin.codec import jcs, multikey
from jikin.errors import OfficeError
from jikin.proofs import ed25519
from jikin.status.approvals import ACT_STATUS, MAX_SECONDS, UID_BYTES, status_subject
from jikin.status.approvals import challenge as challenge_of
from jikin.status.array import State
from jikin.values import Digest, Json, ListId, Signer, sha256

ACT_ISSUE = 2


class Role(IntFlag):
    """What an officer may do; one officer can have several roles."""

    NONE = 0
    ISSUE = 1
    REQUEST = 2
    APPROVE = 4
    SUSPEND = 8  # alone, as an emergency brake
    REGISTRAR = 16  # approves effective dates further back than the setting backdating_days
    REVIEW = 32  # receives and reviews applications


ALL_ROLES = Role.ISSUE | Role.REQUEST | Role.APPROVE | Role.SUSPEND | Role.REGISTRAR | Role.REVIEW


def parse_roles(names: Iterable[str]) -> Role:
    """Return the roles of *names* ("issue", "request" …); raises OfficeError for another word."""
    roles = Role.NONE
    for name in names:
        try:
            roles |= Role[name.strip().upper()]
        except KeyError:
            known = ", ".join(str(role.name).lower() for role in ALL_ROLES)
            raise OfficeError(f"no role {name!r}; right would be {known}", code="office.role") from None
    return roles


def role_names(roles: Role) -> tuple[str, ...]:
    """Return the names of *roles*, lower-case."""
    return tuple(str(role.name).lower() for role in roles)


@dataclass(frozen=True, slots=True)
class OfficerPasskey:
    """A passkey of an officer: *public_key* as COSE key; *user_handle* is the officer in the authenticator's eyes."""

    id: int
    officer_id: int
    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    user_handle: bytes = field(repr=False)
    sign_count: int
    transports: tuple[str, ...]
    retired_at: int | None


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer as registered: the keys decide, the name is for people.

    *multikey* is the key of the officer's key file, None for one who has passkeys alone.
    """

    id: int
    institution_id: int
    name: str = field(repr=False)
    roles: Role
    multikey: str | None
    removed_at: int | None
    passkeys: tuple[OfficerPasskey, ...] = field(default=(), repr=False)


def check_name(name: str) -> None:
    """Refuse with OfficeError a login name that cannot be."""
    if not 0 < len(name) <= 40 or not name.isprintable():
        raise OfficeError("an officer's name has 1 to 40 printable characters", code="office.officer")


class Approvable(Protocol):
    """Something that two persons decide about."""

    @property
    def id(self) -> int:
        """Return its row id among its like."""

    @property
    def institution_id(self) -> int:
        """Return whose officers decide."""

    @property
    def expires(self) -> int:
        """Return until when it waits (Unix second)."""

    @property
    def act(self) -> int:
        """Return what kind of act it is: 1 a status change, 2 an issue."""

    @property
    def about(self) -> Digest:
        """Return the subject of line 8: the hash of exactly what will be published."""


@dataclass(frozen=True, slots=True)
class Task:
    """A status change to approve. *uid* is 16 random bytes, *changes* packed as STATEMENTS 7, *notes* one per change.

    A note is ``{"index", "state", "reason", "effective"}``; the epoch is not known yet and therefore not in it.
    """

    id: int
    institution_id: int
    uid: bytes
    list_id: ListId
    changes: bytes
    notes: Sequence[Mapping[str, Json]]
    break_glass: bool
    created_at: int
    expires: int

    @property
    def act(self) -> int:
        """Return 1: a status change."""
        return ACT_STATUS

    @property
    def about(self) -> Digest:
        """Return H(taskId16 ‖ listId ‖ changes ‖ H(JCS(notes)))."""
        if len(self.uid) != UID_BYTES:
            raise OfficeError(f"a task id has {UID_BYTES} bytes, found {len(self.uid)}", code="approval.malformed")
        return status_subject(self.uid, self.list_id, self.changes, notes_hash(self))


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a WebAuthn assertion consists of beside its signature (Web Authentication 7.2), and the passkey's row id."""

    passkey_id: int
    authenticator_data: bytes = field(repr=False)
    client_data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Approval:
    """One officer's approval of one task, as stored; *part* is "request" or "approve", *kind* how it was signed."""

    task_id: int
    officer_id: int
    part: str
    kind: str
    expires: int
    signature: bytes
    at: int
    assertion: Assertion | None = None


class ApprovalKind(Protocol):
    """A way of signing an approval: an officer's key file, or a passkey."""

    @property
    def name(self) -> str:
        """Return the word stored in ``approvals.kind``."""

    def key_of(self, officer: Officer, approval: Approval) -> str | None:
        """Return what tells the key that *approval* names from any other, None when it is not this officer's now."""

    def holds(self, officer: Officer, approval: Approval, challenge: bytes) -> bool:
        """Say whether the signature of *approval* is that key's over *challenge* (32 bytes)."""


class Ed25519Approval:
    """An Ed25519 signature over the challenge itself, by the officer's own key file."""

    name = "ed25519"

    def key_of(self, officer: Officer, approval: Approval) -> str | None:
        """Return the Multikey of the officer's key file."""
        return None if approval.assertion is not None else officer.multikey

    def holds(self, officer: Officer, approval: Approval, challenge: bytes) -> bool:
        """Say whether the signature (64 bytes) is the key file's over *challenge*."""
        key = self.key_of(officer, approval)
        return key is not None and ed25519.verify(multikey.decode(key), challenge, approval.signature)


STANDARD_KINDS: tuple[ApprovalKind, ...] = (Ed25519Approval(),)


def new_uid() -> bytes:
    """Return a fresh task id, 16 random bytes."""
    return secrets.token_bytes(UID_BYTES)


def subject(task: Approvable) -> Digest:
    """Return what the approvals of *task* speak of (line 8 of the statements)."""
    return task.about


def notes_hash(task: Task) -> Digest:
    """Return H(JCS(notes)) of *task*: all that anybody but the office gets to see of them."""
    return Digest(sha256(jcs.canonicalize([dict(note) for note in task.notes])))


def challenge(context: Digest, about: Digest, expires: int, act: int = ACT_STATUS) -> bytes:
    """Return H("JKV1" ‖ ctx ‖ act ‖ subject ‖ u64 expires), 32 bytes: what is signed."""
    return challenge_of(context, act, about, expires)


def ends(task: Approvable, now: int) -> int:
    """Return until when an approval given *now* holds: as long as its task, a day at most."""
    return min(task.expires, now + MAX_SECONDS)


def approve(task: Approvable, officer: Officer, signer: Signer, *, part: str, context: Digest, now: int) -> Approval:
    """Return *officer*'s signed approval of *task*, good until the task ends.

    Raises OfficeError when the signer is not this officer's key.
    """
    if multikey.encode(signer.public_key) != officer.multikey:
        raise OfficeError(
            "this key file holds another key than the one registered for the officer",
            code="approval.wrong-key",
            hint="use the key file that was made when the officer was added",
        )
    expires = ends(task, now)
    signature = signer.sign(challenge(context, task.about, expires, task.act))
    return Approval(task.id, officer.id, part, Ed25519Approval.name, expires, signature, now)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the worker checks approvals against; *backdating_seconds* as the settings say."""

    context: Digest
    now: int
    backdating_seconds: int
    kinds: Sequence[ApprovalKind] = STANDARD_KINDS


def check(task: Task, approvals: Sequence[Approval], officers: Sequence[Officer], given: Circumstances) -> None:
    """Refuse with OfficeError (``approval.…``) unless *approvals* allow *task* to be published now.

    Needed are a request and an approval, each valid, of two distinct officers with two distinct keys and the right
    roles. A suspension alone may rest on one officer with the role of the emergency brake. Whether the task was used
    before is for the store to say: an epoch names its task, and each task once.
    """
    by_id = {officer.id: officer for officer in officers}
    _check_notes(task)
    if task.break_glass:
        _check_break_glass(task, [_signed(task, approval, by_id, given) for approval in approvals])
        return
    _check_backdating(task, two_persons(task, approvals, officers, given), given)


def two_persons(
    task: Approvable,
    approvals: Sequence[Approval],
    officers: Sequence[Officer],
    given: Circumstances,
    *,
    first_role: Role = Role.REQUEST,
) -> tuple[Officer, Officer]:
    """Return who requested and who approved *task*; refuse with OfficeError (``approval.…``) unless two did.

    Two distinct officers with two distinct keys, the first with *first_role*, the second with the role to approve.
    """
    by_id = {officer.id: officer for officer in officers}
    valid = [_signed(task, approval, by_id, given) for approval in approvals]
    asked = [one for one in valid if one.part == "request"]
    approved = [one for one in valid if one.part == "approve"]
    if not asked or not approved:
        missing = "request" if not asked else "approval by a second officer"
        raise OfficeError(f"the task has no valid {missing}", code="approval.missing")
    first = asked[0]
    need(first.officer, first_role)
    second = next((one for one in approved if one.officer.id != first.officer.id), None)
    if second is None or second.key == first.key:
        raise OfficeError(
            "request and approval are by the same person; right would be two officers with two keys",
            code="approval.same-officer",
        )
    need(second.officer, Role.APPROVE)
    return first.officer, second.officer


@dataclass(frozen=True, slots=True)
class _Signed:
    """A valid approval: who gave it, with which key, as which part."""

    officer: Officer
    key: str
    part: str


def verify(task: Approvable, approval: Approval, officers: Sequence[Officer], given: Circumstances) -> None:
    """Refuse with OfficeError (``approval.…``) unless *approval* is signed by its officer for exactly *task*, now."""
    _signed(task, approval, {officer.id: officer for officer in officers}, given)


def _signed(task: Approvable, approval: Approval, officers: Mapping[int, Officer], given: Circumstances) -> _Signed:
    """Return who gave *approval*; raises OfficeError when it does not hold for exactly this task at this time."""
    officer = officers.get(approval.officer_id)
    if officer is None or officer.institution_id != task.institution_id or officer.removed_at is not None:
        raise OfficeError("an approval is by nobody who is an officer here now", code="approval.not-an-officer")
    if approval.at > given.now:  # no refusal: what two persons have decided is not lost to a clock that was set back
        raise OfficeError(
            f"an approval was given at {approval.at}, and the clock says {given.now}: it was set back",
            code="office.clock",
            hint="set the clock of this machine; the task goes on by itself",
        )
    if approval.expires <= given.now or approval.expires > approval.at + MAX_SECONDS:
        raise OfficeError(
            f"an approval ended at {approval.expires}, now is {given.now}; it holds a day at most",
            code="approval.expired",
            hint="request the change again",
        )
    kind = next((kind for kind in given.kinds if kind.name == approval.kind), None)
    if kind is None:
        raise OfficeError(f"no approvals of kind {approval.kind!r} are known here", code="approval.kind")
    key = kind.key_of(officer, approval)
    signed = challenge(given.context, task.about, approval.expires, task.act)
    if approval.task_id != task.id or key is None or not kind.holds(officer, approval, signed):
        raise OfficeError(
            "the signature of an approval does not hold for what this task would publish",
            code="approval.forged",
            hint="list, changes or notes are not what was signed; look into the audit log",
        )
    return _Signed(officer, key, approval.part)


def need(officer: Officer, role: Role) -> None:
    """Refuse with OfficeError ``approval.role`` an officer without *role*."""
    if role not in officer.roles:
        raise OfficeError(
            f"officer {officer.id} has not the role {str(role.name).lower()}; found: "
            f"{', '.join(role_names(officer.roles)) or 'none'}",
            code="approval.role",
        )


def _check_notes(task: Task) -> None:
    """Refuse notes that do not speak of exactly the task's changes."""
    changed = [(change.index, change.state) for change in scan(task.changes)]
    noted = [(note.get("index"), note.get("state")) for note in task.notes]
    if not changed or changed != noted or not all(isinstance(note.get("effective"), int) for note in task.notes):
        raise OfficeError("the notes of the task do not speak of its changes", code="approval.malformed")


def _check_break_glass(task: Task, valid: Sequence[_Signed]) -> None:
    if any(change.state != State.SUSPENDED for change in scan(task.changes)):
        raise OfficeError("one person alone may suspend and nothing else", code="approval.missing")
    if not valid:
        raise OfficeError("the task has no valid request", code="approval.missing")
    need(valid[0].officer, Role.SUSPEND)


def _check_backdating(task: Task, officers: Sequence[Officer], given: Circumstances) -> None:
    earliest = min((note["effective"] for note in task.notes if isinstance(note["effective"], int)), default=given.now)
    if task.created_at - earliest <= given.backdating_seconds:
        return
    if not any(Role.REGISTRAR in officer.roles for officer in officers):
        days = given.backdating_seconds // 86_400
        raise OfficeError(
            f"the effective date lies more than {days} days back; one of the two officers has to be a registrar",
            code="approval.backdating",
        )
