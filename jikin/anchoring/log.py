"""An issuer's log of acts: leaves that only ever follow each other, under heads of the registry (STATEMENTS 11).

    leaf = H(0x00 ‖ "JKU1" ‖ ctx ‖ u64 seq ‖ salt ‖ H(JCS(act)))

Acts are counted from 0 without gaps, so the leaf of act *seq* has that index in the tree of every later head. Two
proofs are handed to an auditor: that an act stands in the log (its opening and path), and that a later head only added
to an earlier one. Both are hints until a head of the registry says the same: ``check_act`` and ``check_growth``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jikin.anchoring import consistency
from jikin.anchoring.chain import AuditHead, RegistryView
from jikin.anchoring.members import Members
from jikin.anchoring.merkle import MAX_LEAVES, check_index, root_from_path
from jikin.anchoring.place import MEMBERS, Place
from jikin.anchoring.statements import SALT_BYTES, uint
from jikin.codec import jcs
from jikin.errors import AnchorError
from jikin.values import Digest, Json, JsonObject, sha256

ACT, GROWTH = "AuditAct", "AuditGrowth"  # the types of the two proofs in their JSON forms
_LEAF_PREFIX = b"\x00"
_MAGIC = b"JKU1"
_BELOW_SIZE = MAX_LEAVES + 1
_ACT_MEMBERS = (*MEMBERS, "seq", "salt", "act", "size", "path")
_GROWTH_MEMBERS = (*MEMBERS, "first", "firstRoot", "second", "secondRoot", "proof")


def content_digest(act: JsonObject) -> Digest:
    """Return H(JCS(act)): what the log says was done."""
    return Digest(sha256(jcs.canonicalize(act)))


def act_leaf(context: Digest, seq: int, salt: bytes, content: Digest) -> Digest:
    """Return the leaf of act number *seq* under the issuer's *context*; raises AnchorError for another salt's length.

    *salt* is 32 random bytes: acts are few and short, and whoever sees a leaf could else try out what it says.
    """
    if not isinstance(salt, bytes) or len(salt) != SALT_BYTES:
        raise AnchorError(f"an act's salt is {SALT_BYTES} bytes", code="anchor.salt")
    return Digest(sha256(_LEAF_PREFIX + _MAGIC + context.raw + uint(seq, 8) + salt + content.raw))


def _head_in(view: RegistryView, place: Place) -> AuditHead:
    """Return the head that *view* has of the log at *place*; raises AnchorError."""
    place.check_in(view, "log")
    head = view.audit_head(place.issuer_id)
    if head is None:
        raise AnchorError("the registry has no head of this issuer's log", code="anchor.log.no-head")
    return head


@dataclass(frozen=True, slots=True)
class ActProof:
    """One act and its path to the head over the first *size* acts; *salt* is 32 bytes."""

    place: Place
    seq: int
    salt: bytes = field(repr=False)
    act: JsonObject = field(repr=False)
    size: int
    path: tuple[Digest, ...]

    def __post_init__(self) -> None:
        """Refuse with AnchorError an act that cannot stand under a head of that size."""
        check_index(self.seq, self.size)

    @property
    def root(self) -> Digest:
        """Return the root that the act leads to; raises AnchorError for a path of another length."""
        leaf = act_leaf(self.place.context, self.seq, self.salt, content_digest(self.act))
        return root_from_path(leaf, self.seq, self.size, self.path)

    def to_json(self) -> JsonObject:
        """Return the JSON form; hexadecimal in lower case."""
        return {
            **self.place.to_json(ACT),
            "seq": self.seq,
            "salt": "0x" + self.salt.hex(),
            "act": dict(self.act),
            "size": self.size,
            "path": [step.hex() for step in self.path],
        }

    @classmethod
    def parse(cls, value: Json) -> ActProof:
        """Read the JSON form; raises AnchorError (``anchor.log.<member>``)."""
        members = Members.of("log", value, _ACT_MEMBERS)
        return cls(
            place=Place.read(members, ACT),
            seq=members.number("seq", MAX_LEAVES),
            salt=members.octets("salt"),
            act=members.object("act"),
            size=members.number("size", _BELOW_SIZE),
            path=members.digests("path"),
        )


@dataclass(frozen=True, slots=True)
class GrowthProof:
    """That the log of *second* acts begins with the log of *first* acts, unchanged."""

    place: Place
    first: int
    first_root: Digest
    second: int
    second_root: Digest
    proof: Sequence[Digest]

    def to_json(self) -> JsonObject:
        """Return the JSON form; hexadecimal in lower case."""
        return {
            **self.place.to_json(GROWTH),
            "first": self.first,
            "firstRoot": self.first_root.hex(),
            "second": self.second,
            "secondRoot": self.second_root.hex(),
            "proof": [step.hex() for step in self.proof],
        }

    @classmethod
    def parse(cls, value: Json) -> GrowthProof:
        """Read the JSON form; raises AnchorError (``anchor.log.<member>``)."""
        members = Members.of("log", value, _GROWTH_MEMBERS)
        return cls(
            place=Place.read(members, GROWTH),
            first=members.number("first", _BELOW_SIZE),
            first_root=members.digest("firstRoot"),
            second=members.number("second", _BELOW_SIZE),
            second_root=members.digest("secondRoot"),
            proof=members.digests("proof"),
        )


def check_act(proof: ActProof, view: RegistryView) -> AuditHead:
    """Return the head of the registry under which the act of *proof* stands.

    Raises AnchorError: ``anchor.log.other-head`` when the registry's head is over another number of acts (ask for the
    proof anew), ``anchor.log.mismatch`` when act, salt or path are not what that head stands for.
    """
    head = _head_in(view, proof.place)
    if proof.size != head.size:
        raise AnchorError(
            f"the proof leads to a head over {proof.size} acts, the registry's is over {head.size}",
            code="anchor.log.other-head",
            hint="ask for the proof again: it is made for the newest head",
        )
    if proof.root != head.root:
        raise AnchorError(
            f"act {proof.seq} as it is shown does not stand under the head of the registry", code="anchor.log.mismatch"
        )
    return head


def check_growth(proof: GrowthProof, view: RegistryView, kept_root: Digest) -> AuditHead:
    """Return the registry's head when it only added acts to the earlier head with the root *kept_root*.

    *kept_root* is what the auditor has noted or read from an event: whoever shows the proof could choose another.
    Raises AnchorError: ``anchor.log.kept``, ``anchor.log.other-head``, ``anchor.inconsistent``, ``anchor.path-length``.
    """
    head = _head_in(view, proof.place)
    if proof.first_root != kept_root:
        raise AnchorError(
            f"the proof begins at {proof.first_root}, kept is {kept_root}: another log, or one that was rewritten",
            code="anchor.log.kept",
        )
    if (proof.second, proof.second_root) != (head.size, head.root):
        raise AnchorError(
            f"the proof leads to {proof.second} acts under {proof.second_root}, "
            f"the registry has {head.size} under {head.root}",
            code="anchor.log.other-head",
            hint="ask for the proof again: it is made for the newest head",
        )
    consistency.check(proof.first, proof.first_root, proof.second, proof.second_root, proof.proof)
    return head
