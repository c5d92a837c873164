"""Are an epoch's changes exactly the union of tasks that two persons approved? Pure rules (STATEMENTS 8, SECURITY 3.6).

Officers and their keys are those that the books name: that a number is a person is for the auditor to see on paper.
Everything else is computed again from what was signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from webauthn import verify_authentication_response
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorAssertionResponse

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import StatusEpoch
from jikin.anchoring.changes import Change, scan
from jikin.codec import multikey, strict_json
from jikin.errors import AnchorError, CodecError, JsonError
from jikin.proofs import ed25519
from jikin.status.approvals import ACT_STATUS, MAX_SECONDS, UID_BYTES, challenge, status_subject
from jikin.status.array import State
from jikin.values import Digest, KeyType, ListId
from jikin.verification.auditing.books import ApprovedTask, Books, OfficerKeys, SignedPart, Site
from jikin.verification.auditing.evidence import IssuerEvidence
from jikin.verification.auditing.findings import AuditCode, AuditFinding

_KEY_FILE, _PASSKEY = "ed25519", "webauthn"
# An epoch that was stored goes out even when its approval has ended meanwhile: the chain may have been away.
_GRACE_SECONDS = 86_400
_SKEW_SECONDS = 60  # the office's clock may run before the chain's: a block is as old as the miner says


def check(issuer: IssuerEvidence, context: Digest) -> Iterator[AuditFinding]:
    """Yield what does not hold of the approvals in the issuer's books; nothing when no books were shown."""
    books = issuer.books
    if books is None:
        return
    tasks = {task.uid: task for task in books.tasks}
    used: dict[bytes, str] = {}
    booked = {(one.list_id, one.epoch): one.tasks for one in books.epochs}
    for list_id, epochs in issuer.epochs.items():
        for epoch in epochs:
            if Rights.ANNUL in epoch.rights:
                continue  # owner and accreditor have both signed for it on the chain itself
            where = f"list {list_id}, epoch {epoch.epoch}"
            mine = booked.get((list_id, epoch.epoch), ())
            for uid in mine:
                if uid in used:
                    detail = f"task {uid.hex()} was used for {used[uid]} already"
                    yield AuditFinding(AuditCode.TASK_REUSED, issuer.did.text, where, detail)
                used[uid] = where
            named = [tasks[uid] for uid in mine if uid in tasks]
            if (fault := _union_fault(list_id, epoch, named)) is not None:
                yield AuditFinding(AuditCode.CHANGES_UNAPPROVED, issuer.did.text, where, fault)
            for task in named:
                if (fault := approval_fault(task, books, context, epoch.time)) is not None:
                    detail = f"task {task.uid.hex()}: {fault}"
                    yield AuditFinding(AuditCode.APPROVAL_INVALID, issuer.did.text, where, detail)


def _union_fault(list_id: ListId, epoch: StatusEpoch, tasks: Sequence[ApprovedTask]) -> str | None:
    """Return in which way the changes of *epoch* are not those of *tasks*, None if they are."""
    if any(task.list_id != list_id for task in tasks):
        return "a task of the epoch is about another list"
    try:
        published = scan(epoch.changes)
        approved = [change for task in tasks for change in scan(task.changes)]
    except AnchorError as error:
        return str(error)
    ordered = tuple(sorted(approved, key=lambda change: change.index))
    if published == ordered:
        return None
    extra, left_out = set(published) - set(ordered), set(ordered) - set(published)
    return f"published and not approved: {_shown(extra)}; approved and not published: {_shown(left_out)}"


def _shown(changes: set[Change]) -> str:
    listed = sorted(changes, key=lambda change: change.index)
    texts = [f"entry {change.index} {State(change.state).name.lower()}" for change in listed[:3]]
    return ", ".join(texts) + (f" … ({len(listed)})" if len(listed) > 3 else "") or "nothing"


@dataclass(frozen=True, slots=True)
class _Valid:
    """A signature that holds: whose, with which key, as which part."""

    officer: int
    key: str
    part: str


def approval_fault(task: ApprovedTask, books: Books, context: Digest, published_at: int) -> str | None:
    """Return why the approvals of *task* were not enough for an epoch of *published_at* (Unix second), None if so."""
    if len(task.uid) != UID_BYTES:
        return f"its id has {len(task.uid)} bytes"
    officers = {one.officer: one for one in books.officers}
    about = status_subject(task.uid, task.list_id, task.changes, task.notes_hash)
    valid = []
    for part in task.approvals:
        officer = officers.get(part.officer)
        if officer is None:
            return f"signed by officer {part.officer}, whom the books do not name"
        if published_at > part.expires + _GRACE_SECONDS or part.expires > published_at + MAX_SECONDS + _SKEW_SECONDS:
            return f"an approval that ends at {part.expires} for an epoch of {published_at}"
        key = _holds(part, officer, books.site, challenge(context, ACT_STATUS, about, part.expires))
        if key is None:
            return f"the signature of officer {part.officer} does not hold for what was published"
        valid.append(_Valid(part.officer, key, part.part))
    return _too_few(task, valid)


def _too_few(task: ApprovedTask, valid: Sequence[_Valid]) -> str | None:
    if task.alone:
        only_suspends = all(change.state == State.SUSPENDED for change in scan(task.changes))
        if valid and only_suspends:
            return None
        return "one person alone may suspend and nothing else" if valid else "nobody signed it"
    asked = [one for one in valid if one.part == "request"]
    approved = [one for one in valid if one.part == "approve"]
    if any(a.officer != b.officer and a.key != b.key for a in asked for b in approved):
        return None
    return f"{len(asked)} requests and {len(approved)} approvals by persons and keys of their own; each is needed"


def _holds(part: SignedPart, officer: OfficerKeys, site: Site, challenged: bytes) -> str | None:
    """Return which key of *officer* the signature is by, None when it does not hold over *challenged*."""
    if part.kind == _KEY_FILE and officer.multikey is not None:
        return officer.multikey if _by_key_file(officer.multikey, challenged, part.signature) else None
    if part.kind == _PASSKEY and part.credential_id is not None:
        public_key = officer.passkeys.get(part.credential_id)
        if public_key is not None and _by_passkey(part, public_key, site, challenged):
            return f"passkey:{bytes_to_base64url(part.credential_id)}"
    return None


def _by_key_file(text: str, challenged: bytes, signature: bytes) -> bool:
    try:
        key = multikey.decode(text)
    except CodecError:
        return False
    return key.type is KeyType.ED25519 and ed25519.verify(key, challenged, signature)


def _by_passkey(part: SignedPart, public_key: bytes, site: Site, challenged: bytes) -> bool:
    """Say whether the assertion is by a verified user of *site* over exactly *challenged* (Web Authentication 7.2)."""
    if part.credential_id is None or part.client_data is None or part.authenticator_data is None:
        return False
    if _is_framed(part.client_data):
        return False
    credential = AuthenticationCredential(
        id=bytes_to_base64url(part.credential_id),
        raw_id=part.credential_id,
        response=AuthenticatorAssertionResponse(
            client_data_json=part.client_data,
            authenticator_data=part.authenticator_data,
            signature=part.signature,
        ),
    )
    try:
        verify_authentication_response(
            credential=credential,
            expected_challenge=challenged,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        return False
    return True


def _is_framed(client_data: bytes) -> bool:
    """Say whether the browser's data are none, or come from a page inside another site's."""
    try:
        stated = strict_json.parse(client_data)
    except JsonError:
        return True
    return not isinstance(stated, Mapping) or stated.get("crossOrigin") is True
