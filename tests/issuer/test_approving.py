"""What an officer signs, byte by byte, and the roles there are."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from issuer import approving
from issuer.approving import ALL_ROLES, Officer, Role, Task
from jikin.codec import multikey
from jikin.errors import OfficeError
from jikin.proofs import ed25519
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Digest, ListId

CONTEXT = Digest(bytes(range(32)))
NOTE = {"index": 5, "state": 1, "reason": "issued-in-error", "effective": 1_790_000_000}
TASK = Task(
    id=1,
    institution_id=1,
    uid=bytes(16),
    list_id=ListId(b"\x11" * 32),
    changes=(5 * 4 + 1).to_bytes(3, "big"),
    notes=[NOTE],
    break_glass=False,
    created_at=1_790_000_000,
    expires=1_790_086_400,
)


def test_the_challenge_is_the_hash_of_the_bytes_in_the_statements() -> None:
    notes = b'[{"effective":1790000000,"index":5,"reason":"issued-in-error","state":1}]'
    subject = hashlib.sha256(bytes(16) + b"\x11" * 32 + b"\x00\x00\x15" + hashlib.sha256(notes).digest()).digest()
    assert approving.subject(TASK).raw == subject

    expires = 1_790_086_400
    signed = b"JKV1" + bytes(range(32)) + b"\x01" + subject + expires.to_bytes(8, "big")
    challenge = approving.challenge(CONTEXT, Digest(subject), expires)
    assert challenge == hashlib.sha256(signed).digest()


CHANGES = {
    "another task id": {"uid": b"\x01" + bytes(15)},
    "another list": {"list_id": ListId(b"\x12" * 32)},
    "another entry": {"changes": (6 * 4 + 1).to_bytes(3, "big")},
    "another state": {"changes": (5 * 4 + 2).to_bytes(3, "big")},
    "another reason": {"notes": [NOTE | {"reason": "holder-request"}]},
    "another effective date": {"notes": [NOTE | {"effective": 1_790_000_001}]},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_part_of_a_task_is_signed(change: dict[str, object]) -> None:
    assert approving.subject(replace(TASK, **change)) != approving.subject(TASK)


def test_an_approval_holds_a_day_at_most_and_never_longer_than_its_task() -> None:
    signer = Ed25519Signer.generate()
    officer = Officer(1, 1, "park", ALL_ROLES, multikey.encode(signer.public_key), None)

    def expires(task: Task, now: int) -> int:
        return approving.approve(task, officer, signer, part="request", context=CONTEXT, now=now).expires

    assert expires(TASK, TASK.created_at) == TASK.expires
    assert expires(replace(TASK, expires=TASK.created_at + 10**6), TASK.created_at) == TASK.created_at + 86_400
    made = approving.approve(TASK, officer, signer, part="request", context=CONTEXT, now=TASK.created_at)
    challenge = approving.challenge(CONTEXT, approving.subject(TASK), made.expires)
    assert ed25519.verify(signer.public_key, challenge, made.signature)


def test_roles_have_names_and_other_words_are_answered_with_them() -> None:
    assert approving.parse_roles(["request", " Approve "]) == Role.REQUEST | Role.APPROVE
    assert approving.role_names(Role.REQUEST | Role.SUSPEND) == ("request", "suspend")
    with pytest.raises(OfficeError, match="issue, request, approve, suspend, registrar"):
        approving.parse_roles(["boss"])


def test_an_officers_name_is_not_shown_by_accident() -> None:
    assert "박담당" not in repr(Officer(1, 1, "박담당", ALL_ROLES, "z6Mk", None))
