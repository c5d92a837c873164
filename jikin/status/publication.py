"""The file that opens a status root: what an issuer publishes beside each epoch.

It lies at ``{base}/status/{list id, 64 hex digits}/notes`` and holds the latest note of every entry that has one. The
file itself need not be believed: array root, notes and their number must hash to the status root on the chain.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jikin.codec import multibase
from jikin.errors import CodecError, StatusError, ValueRefusedError
from jikin.status.array import MAX_LOG2_ENTRIES
from jikin.status.notes import SealedNote
from jikin.status.root import notes_root, status_root
from jikin.values import Digest, Json, JsonObject

VERSION = 1
_MEMBERS = ("v", "epoch", "arrayRoot", "notesRoot", "noteCount", "notes")
_NOTE_MEMBERS = ("index", "epoch", "keyHash", "ciphertext")
_HEX_32 = re.compile(r"0x[0-9a-f]{64}")
_MAX_NOTES = 1 << MAX_LOG2_ENTRIES
_U64 = 1 << 64


@dataclass(frozen=True, slots=True)
class Publication:
    """What epoch *epoch* of a list consists of; *notes* are sorted by entry, the latest of each."""

    epoch: int
    array_root: Digest
    notes_root: Digest
    notes: tuple[SealedNote, ...] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse with StatusError notes out of order or from a later epoch."""
        last = -1
        for note in self.notes:
            if note.index <= last:
                raise _refuse("notes", f"the note of entry {note.index} stands after that of entry {last}")
            if not 1 <= note.epoch <= self.epoch:
                raise _refuse("notes", f"the note of entry {note.index} is of epoch {note.epoch}, after {self.epoch}")
            last = note.index

    @classmethod
    def make(cls, lctx: Digest, epoch: int, array: Digest, notes: Iterable[SealedNote]) -> Publication:
        """Return the publication of *notes* (any order, the latest of each entry counts) with array root *array*."""
        latest: dict[int, SealedNote] = {}
        for note in sorted(notes, key=lambda note: note.epoch):
            latest[note.index] = note
        ordered = tuple(latest[index] for index in sorted(latest))
        return cls(epoch, array, notes_root([note.leaf(lctx) for note in ordered]), ordered)

    def status_root(self, lctx: Digest) -> Digest:
        """Return the status root that this file opens, if its own roots are right."""
        return status_root(lctx, self.epoch, self.array_root, self.notes_root, len(self.notes))

    def check_notes(self, lctx: Digest) -> None:
        """Refuse with StatusError notes that do not hash to the notes root this file states."""
        if notes_root([note.leaf(lctx) for note in self.notes]) != self.notes_root:
            raise _refuse("notesRoot", "the notes of this file are not the ones its notes root stands for")

    def note(self, index: int) -> SealedNote | None:
        """Return the note of entry *index*, None if it has none."""
        place = bisect_left(self.notes, index, key=lambda note: note.index)
        found = self.notes[place] if place < len(self.notes) else None
        return found if found is not None and found.index == index else None

    def to_json(self) -> JsonObject:
        """Return the JSON form; digests as 0x and 64 digits, ciphertexts as base64url with the header u."""
        return {
            "v": VERSION,
            "epoch": self.epoch,
            "arrayRoot": self.array_root.hex(),
            "notesRoot": self.notes_root.hex(),
            "noteCount": len(self.notes),
            "notes": [
                {
                    "index": note.index,
                    "epoch": note.epoch,
                    "keyHash": note.key_hash.hex(),
                    "ciphertext": multibase.encode(note.ciphertext, "u"),
                }
                for note in self.notes
            ],
        }

    @classmethod
    def parse(cls, value: Json) -> Publication:
        """Read the JSON form; raises StatusError, code ``status.publication.<member>``, for any other."""
        members = _object(value, _MEMBERS, "shape")
        if _number(members["v"], "v", _U64) != VERSION:
            raise _refuse("v", f"publications of version {VERSION} are read here, not {members['v']!r}")
        notes = members["notes"]
        if isinstance(notes, str) or not isinstance(notes, Sequence) or len(notes) > _MAX_NOTES:
            raise _refuse("notes", f"notes is a list of at most {_MAX_NOTES:,}")
        if _number(members["noteCount"], "noteCount", _MAX_NOTES + 1) != len(notes):
            raise _refuse("noteCount", f"noteCount is {members['noteCount']!r}, and there are {len(notes)} notes")
        return cls(
            epoch=_number(members["epoch"], "epoch", _U64),
            array_root=_digest(members["arrayRoot"], "arrayRoot"),
            notes_root=_digest(members["notesRoot"], "notesRoot"),
            notes=tuple(_note(entry) for entry in notes),
        )


def _note(value: Json) -> SealedNote:
    members = _object(value, _NOTE_MEMBERS, "notes")
    ciphertext = members["ciphertext"]
    if not isinstance(ciphertext, str) or not ciphertext.startswith("u"):
        raise _refuse("ciphertext", "a ciphertext is base64url text with the header u")
    try:
        raw = multibase.decode(ciphertext)
    except CodecError as error:
        raise _refuse("ciphertext", str(error)) from error
    return SealedNote(
        index=_number(members["index"], "index", _MAX_NOTES),
        epoch=_number(members["epoch"], "epoch", _U64),
        key_hash=_digest(members["keyHash"], "keyHash"),
        ciphertext=raw,
    )


def _refuse(member: str, message: str) -> StatusError:
    return StatusError(message, code=f"status.publication.{member}")


def _object(value: Json, members: tuple[str, ...], member: str) -> Mapping[str, Json]:
    if not isinstance(value, Mapping) or set(value) != set(members):
        raise _refuse(member, f"an object with exactly {', '.join(members)} is expected")
    return value


def _number(value: Json, member: str, below: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < below:
        raise _refuse(member, f"{member} is a whole number below {below}, got {str(value)[:40]!r}")
    return value


def _digest(value: Json, member: str) -> Digest:
    if not isinstance(value, str) or not _HEX_32.fullmatch(value):
        raise _refuse(member, f"{member} is 0x and 64 lower-case hexadecimal digits, got {str(value)[:40]!r}")
    try:
        return Digest.from_hex(value)
    except ValueRefusedError as error:
        raise _refuse(member, str(error)) from error
