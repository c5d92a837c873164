"""Results under an embargo: anchored before they are known, opened at their second, and checkable for ever after.

A leaf of kind 3 stands for every candidate, whether passed or failed; its digest is H(JCS(record)) and its salt is
secret until the release. Afterwards each candidate has an opening: with it anybody sees that the record stood under a
root that the registry has had since before the announced second, so that nothing was changed in between.

    record = {"type", "result": "pass"|"fail", "until", "columns": {…}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.anchoring.acts import LeafKind
from jikin.anchoring.chain import AnchorSlot, RegistryView
from jikin.anchoring.members import Members
from jikin.anchoring.merkle import MAX_LEAVES, path_length, root_from_path
from jikin.anchoring.place import MEMBERS, Place
from jikin.anchoring.statements import leaf
from jikin.codec import jcs
from jikin.errors import AnchorError
from jikin.values import Digest, Json, JsonObject, sha256

OPENING = "EmbargoOpening"
PASS, FAIL = "pass", "fail"
_MEMBERS = (*MEMBERS, "root", "treeSize", "index", "path", "salt", "record")


def record_of(type_id: str, *, passed: bool, until: int, columns: Mapping[str, str]) -> JsonObject:
    """Return the record of one candidate: what the leaf stands for.

    *until* (Unix second) is the announced time; inside the record it cannot be moved afterwards.
    """
    return {"type": type_id, "result": PASS if passed else FAIL, "until": until, "columns": dict(columns)}


def result_leaf(context: Digest, salt: bytes, record: JsonObject) -> Digest:
    """Return the leaf of kind 3 for *record* under the issuer's *context*."""
    return leaf(LeafKind.EMBARGOED, context, salt, Digest(sha256(jcs.canonicalize(record))))


@dataclass(frozen=True, slots=True)
class Opening:
    """What shows one candidate's record under an anchored root. It holds personal data and is its candidate's alone."""

    place: Place
    root: Digest
    tree_size: int
    index: int
    path: tuple[Digest, ...]
    salt: bytes = field(repr=False)
    record: JsonObject = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse with AnchorError what can lead to no root."""
        needed = path_length(self.index, self.tree_size)
        if len(self.path) != needed:
            raise AnchorError(
                f"the path of leaf {self.index} of {self.tree_size} has {needed} nodes, got {len(self.path)}",
                code="anchor.opening.path",
            )

    def to_json(self) -> JsonObject:
        """Return the JSON form; hexadecimal in lower case."""
        return {
            **self.place.to_json(OPENING),
            "root": self.root.hex(),
            "treeSize": self.tree_size,
            "index": self.index,
            "path": [step.hex() for step in self.path],
            "salt": "0x" + self.salt.hex(),
            "record": dict(self.record),
        }

    @classmethod
    def parse(cls, value: Json) -> Opening:
        """Read the JSON form; raises AnchorError (``anchor.opening.<member>``)."""
        members = Members.of("opening", value, _MEMBERS)
        return cls(
            place=Place.read(members, OPENING),
            root=members.digest("root"),
            tree_size=members.number("treeSize", MAX_LEAVES + 1),
            index=members.number("index", MAX_LEAVES),
            path=members.digests("path"),
            salt=members.octets("salt"),
            record=members.object("record"),
        )

    @property
    def until(self) -> int:
        """Return the announced second that the record names; raises AnchorError ``anchor.opening.record``."""
        until = self.record.get("until")
        if isinstance(until, bool) or not isinstance(until, int):
            raise AnchorError("the record names no announced time", code="anchor.opening.record")
        return until

    @property
    def passed(self) -> bool:
        """Say whether the candidate passed; raises AnchorError ``anchor.opening.record``."""
        result = self.record.get("result")
        if result not in (PASS, FAIL):
            raise AnchorError(f"the record's result is {str(result)[:40]!r}", code="anchor.opening.record")
        return result == PASS


def check_opening(opening: Opening, view: RegistryView) -> AnchorSlot:
    """Return the registry's slot when the record stood there, as it is, before its announced second.

    Raises AnchorError: ``anchor.opening.foreign``, ``anchor.opening.mismatch`` when record, salt or path do not lead to
    the root; ``anchor.opening.absent`` when this issuer never anchored it as sealed results; ``anchor.opening.late``
    when it was anchored only at the announced second or after it, and could have been made of what was known by then.
    """
    opening.place.check_in(view, "opening")
    stands = result_leaf(opening.place.context, opening.salt, opening.record)
    if root_from_path(stands, opening.index, opening.tree_size, opening.path) != opening.root:
        raise AnchorError("the record as it is shown does not stand under this root", code="anchor.opening.mismatch")
    slot = view.anchor(opening.place.issuer_id, opening.root)
    if slot is None or slot.kind != LeafKind.EMBARGOED or slot.tree_size != opening.tree_size:
        raise AnchorError(
            f"the registry has no sealed results of this issuer under {opening.root}", code="anchor.opening.absent"
        )
    if slot.time >= opening.until:
        raise AnchorError(
            f"the results were anchored at {slot.time}, announced were they for {opening.until}",
            code="anchor.opening.late",
        )
    return slot


def differences(opening: Opening, said: Mapping[str, str]) -> tuple[str, ...]:
    """Return in which columns a certificate says otherwise than the anchored record; empty when it says the same.

    *said* is what the certificate's type reads back from it (``CredentialType.read_back``); columns that it holds only
    as a hash, or not at all, are not in it. A certificate of somebody who failed differs in ``result``.
    """
    columns = opening.record.get("columns")
    known = columns if isinstance(columns, Mapping) else {}
    wrong = tuple(sorted(name for name, value in said.items() if known.get(name) != value))
    return wrong if opening.passed else ("result", *wrong)
