"""The fonts of printed certificates: where they lie, and which characters they can draw.

Only the fonts of one folder are used, never those of the machine: the same data gives the same bytes everywhere. The
folder is filled by ``tools/build_fonts.py`` from pinned packages.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import schemas
from jikin.errors import DocumentError

_PINS = "fonts/fonts.json"
_SET_UP = "run `make setup` (or `python tools/build_fonts.py` in a checkout)"
# Blanks need no glyph of their own: the page sets them as spaces.
_BLANK = frozenset(" \u00a0\n")


@dataclass(frozen=True, slots=True)
class Font:
    """One font file: the *family* and *weight* that a page names, and the characters it has."""

    family: str
    weight: int
    path: Path
    characters: frozenset[int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FontFolder:
    """The certificate fonts, all present. Made by :meth:`open`.

    *families* are the characters that all weights of a family have, so that an answer holds for bold text too.
    """

    path: Path
    fonts: tuple[Font, ...]
    families: Mapping[str, frozenset[int]] = field(repr=False)

    @classmethod
    def packaged(cls) -> FontFolder:
        """Return the fonts that come with the installation; raises DocumentError when the set-up did not run."""
        return cls.open(Path(str(files("jikin"))) / "_generated" / "fonts")

    @classmethod
    def open(cls, path: Path) -> FontFolder:
        """Return the fonts in the folder *path*; DocumentError (``document.fonts``) names what is missing."""
        if not path.is_dir():
            raise DocumentError(f"the font folder {path} is missing", code="document.fonts", hint=_SET_UP)
        found = []
        for entry in json.loads(schemas.read(_PINS))["fonts"]:
            file = path / entry["file"]
            if not file.is_file():
                raise DocumentError(
                    f"the font {entry['family']} {entry['weight']} ({entry['file']}) is missing in {path}",
                    code="document.fonts",
                    hint=_SET_UP,
                )
            found.append(Font(entry["family"], entry["weight"], file, _characters(file)))
        names = dict.fromkeys(font.family for font in found)
        families = {name: frozenset.intersection(*(f.characters for f in found if f.family == name)) for name in names}
        return cls(path, tuple(found), families)

    def missing(self, text: str, families: Sequence[str]) -> tuple[str, ...]:
        """Return the characters of *text* that no font of *families* can draw, each once, in order of appearance."""
        for family in families:
            if family not in self.families:
                raise DocumentError(
                    f"no font family {family!r}; the folder has {', '.join(self.families)}", code="document.fonts"
                )
        known = [self.families[family] for family in families]
        return tuple(c for c in dict.fromkeys(text) if c not in _BLANK and not any(ord(c) in found for found in known))


def _characters(path: Path) -> frozenset[int]:
    """Return the code points that the font file maps to a glyph (OpenType, table cmap, formats 4 and 12)."""
    data = path.read_bytes()
    try:
        tables = struct.unpack_from(">H", data, 4)[0]
        records = (struct.unpack_from(">4sLLL", data, 12 + 16 * i) for i in range(tables))
        start = next(offset for tag, _, offset, _ in records if tag == b"cmap")
        count = struct.unpack_from(">H", data, start + 2)[0]
        offsets = {struct.unpack_from(">HHL", data, start + 4 + 8 * i)[2] for i in range(count)}
        return frozenset(_mapped(data, [start + offset for offset in offsets]))
    except (struct.error, StopIteration, IndexError) as error:
        raise DocumentError(f"the font {path.name} cannot be read: {error}", code="document.fonts") from error


def _mapped(data: bytes, subtables: Iterable[int]) -> Iterable[int]:
    for at in subtables:
        form = struct.unpack_from(">H", data, at)[0]
        if form == 12:
            groups = struct.unpack_from(">L", data, at + 12)[0]
            for i in range(groups):
                first, last, glyph = struct.unpack_from(">LLL", data, at + 16 + 12 * i)
                yield from range(first + (glyph == 0), last + 1)  # glyph 0 draws the "missing" box
        elif form == 4:
            half = struct.unpack_from(">H", data, at + 6)[0] // 2
            ends = struct.unpack_from(f">{half}H", data, at + 14)
            starts = struct.unpack_from(f">{half}H", data, at + 16 + 2 * half)
            deltas = struct.unpack_from(f">{half}H", data, at + 16 + 4 * half)
            at_ranges = at + 16 + 6 * half
            for i, (first, last, delta) in enumerate(zip(starts, ends, deltas, strict=True)):
                offset = struct.unpack_from(">H", data, at_ranges + 2 * i)[0]
                for code in range(first, min(last, 0xFFFE) + 1):
                    place = at_ranges + 2 * i + offset + 2 * (code - first)
                    glyph = struct.unpack_from(">H", data, place)[0] if offset else 0
                    if (glyph if offset else (code + delta) & 0xFFFF) != 0:
                        yield code
