"""Names that look alike: skeletons by Unicode Technical Standard 39, section 4, over the data of Unicode.

Two names that share a skeleton are one name to whoever reads them: Latin and Cyrillic letters, full-width forms, hidden
marks, other blanks and dots. Blanks and punctuation count for nothing: 한국 산업인력공단 is 한국산업인력공단.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

_MARK = "\u200e"  # the data puts it around letters that are written from right to left
_SHOWS_NOTHING = frozenset({"Zs", "Zl", "Zp", "Cf", "Cc", "Pd", "Ps", "Pe", "Pi", "Pf", "Pc", "Po"})


def skeletons(name: str) -> frozenset[str]:
    """Return the two skeletons of *name*, as written and in small letters; names that share one look alike.

    Both are needed: I looks like l only as a capital, and a name in small letters is taken for the same name.
    """
    written = _skeleton(name)
    small = _skeleton(name.casefold())
    return frozenset({_skeleton(written.casefold()), small}) - {""}


def alike(name: str, others: Iterable[str]) -> str | None:
    """Return the first of *others* that *name* can be taken for, None when there is none."""
    own = skeletons(name)
    return next((other for other in others if own & skeletons(other)), None)


def _skeleton(text: str) -> str:
    prototypes = _prototypes()
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    shown = "".join(prototypes.get(sign, sign) for sign in folded)
    return "".join(
        sign for sign in unicodedata.normalize("NFD", shown) if unicodedata.category(sign) not in _SHOWS_NOTHING
    )


@cache
def _prototypes() -> Mapping[str, str]:
    """Return for every sign that has one its prototype.

    The package keeps the relation in both directions, so that a class is a star: its centre, which all others lead to,
    is the prototype. Of two signs alone the longer is it (rn for m), as in the data.
    """
    from confusable_homoglyphs.confusables import confusables_data

    near: dict[str, set[str]] = {}
    for sign, found in confusables_data.items():
        near.setdefault(sign.replace(_MARK, ""), set()).update(str(one["c"]).replace(_MARK, "") for one in found)
    prototypes: dict[str, str] = {}
    for sign, others in near.items():
        if len(sign) == 1:
            centre = max((sign, *others), key=lambda one: (len(near.get(one, ())), len(one), one))
            if centre != sign:
                prototypes[sign] = centre
    return prototypes
