"""What two persons sign before certificates are issued: the manifest of a list (STATEMENTS 8, act 2).

    {"count", "policy": {"embargo", "suite", "task"}, "records", "sources": [file digests], "type"}

A manifest fixes not only the file that the officers have seen but every record that was read from it: who can write to
the database between approval and signing changes nothing unnoticed. ``policy.task`` is random and makes an approval
good for one list, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from issuer import approving
from issuer.approving import ACT_ISSUE, Approval, Circumstances, Officer, Role
from jikin.anchoring.statements import uint
from jikin.codec import jcs
from jikin.errors import OfficeError
from jikin.values import Digest, Json, JsonObject, sha256

_LINE_BYTES = 4
_ENTRY_BYTES = _LINE_BYTES + 32


@dataclass(frozen=True, slots=True)
class Records:
    """Which record stands in which line, as hashes: u32 line ‖ H, 36 bytes each, lines rising."""

    raw: bytes = field(repr=False)

    @classmethod
    def of(cls, hashes: Mapping[int, bytes]) -> Records:
        """Return the records with these *hashes* (32 bytes) by line."""
        return cls(b"".join(uint(line, _LINE_BYTES) + hashes[line] for line in sorted(hashes)))

    @property
    def digest(self) -> Digest:
        """Return H over all entries: what the manifest names."""
        return Digest(sha256(self.raw))

    def __len__(self) -> int:
        return len(self.raw) // _ENTRY_BYTES

    def at(self, line: int) -> bytes | None:
        """Return the hash of the record in *line*, None for a line that was not approved."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            start = middle * _ENTRY_BYTES
            found = int.from_bytes(self.raw[start : start + _LINE_BYTES], "big")
            if found == line:
                return self.raw[start + _LINE_BYTES : start + _ENTRY_BYTES]
            low, high = (middle + 1, high) if found < line else (low, middle)
        return None


def manifest(
    *,
    uid: bytes,
    type_id: str,
    count: int,
    sources: Sequence[bytes],
    records: Digest,
    suite: str,
    embargo_until: int | None = None,
) -> JsonObject:
    """Return the manifest of a list.

    *sources* are SHA-256 of the files, *records* the digest over all its records, or under an embargo the root over
    all its candidates, with *count* the size of that tree.
    """
    policy: dict[str, Json] = {"task": uid.hex(), "suite": suite, "embargo": embargo_until}
    return {
        "type": type_id,
        "count": count,
        "sources": [source.hex() for source in sources],
        "records": records.raw.hex(),
        "policy": policy,
    }


def embargo_of(manifest: JsonObject) -> int | None:
    """Return until when the list of a manifest is sealed (Unix second), None when it is not."""
    policy = manifest.get("policy")
    until = policy.get("embargo") if isinstance(policy, Mapping) else None
    return until if isinstance(until, int) else None


@dataclass(frozen=True, slots=True)
class IssueTask:
    """A list that waits for two persons, or was released by them: of a batch or of an embargo."""

    id: int
    institution_id: int
    uid: bytes
    batch_id: int | None
    embargo_id: int | None
    manifest: JsonObject
    created_at: int
    expires: int
    used_at: int | None

    @property
    def act(self) -> int:
        """Return 2: an issue."""
        return ACT_ISSUE

    @property
    def about(self) -> Digest:
        """Return H(JCS(manifest))."""
        return Digest(sha256(jcs.canonicalize(self.manifest)))


def check(
    task: IssueTask, approvals: Sequence[Approval], officers: Sequence[Officer], given: Circumstances
) -> tuple[Officer, Officer]:
    """Return which two officers released *task*; refuse with OfficeError (``approval.…``) unless two did.

    The first may issue, the second may approve. Once the task is used, its approvals have to hold at that time.
    """
    policy = task.manifest.get("policy")
    if not isinstance(policy, Mapping) or policy.get("task") != task.uid.hex():
        raise OfficeError("the manifest is another task's", code="approval.malformed")
    return approving.two_persons(task, approvals, officers, given, first_role=Role.ISSUE)
