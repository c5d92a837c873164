"""What the two persons of a status change sign, byte by byte (``docs/spec/statements.md``, line 8).

The office makes these bytes when officers sign, its worker before it publishes, and an auditor years later: the same
function for all three.
"""

from __future__ import annotations

from jikin.anchoring.statements import uint
from jikin.errors import StatusError
from jikin.values import Digest, ListId, sha256

ACT_STATUS = 1
UID_BYTES = 16
MAX_SECONDS = 86_400  # an approval holds a day at most
_MAGIC = b"JKV1"


def status_subject(uid: bytes, list_id: ListId, changes: bytes, notes_hash: Digest) -> Digest:
    """Return H(taskId16 ‖ listId ‖ changes ‖ H(JCS(notes))); *notes_hash* is the last member.

    So an auditor checks an approval without reading the notes, which are personal. Raises StatusError.
    """
    if len(uid) != UID_BYTES:
        raise StatusError(f"a task id has {UID_BYTES} bytes, found {len(uid)}", code="status.approval")
    return Digest(sha256(uid + list_id.raw + changes + notes_hash.raw))


def challenge(context: Digest, act: int, about: Digest, expires: int) -> bytes:
    """Return H("JKV1" ‖ ctx ‖ act ‖ subject ‖ u64 expires), the 32 bytes that are signed."""
    return sha256(_MAGIC + context.raw + uint(act, 1) + about.raw + uint(expires, 8))
