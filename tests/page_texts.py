"""What holds for the texts of every service: both languages say the same, nothing is unused, the voice is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from jikin.verification.texts import placeholders
from jikin.web.texts import COMMON, LANGUAGES, read_texts

# LOOK 7: what never stands on a page for the public.
_NEVER = {"ko": ("에러", "해시", "트랜잭션", "DID", "바랍니다"), "en": ("!", "Oops", "hash", "transaction", "DID")}
_USED = re.compile(r"""(?:\bt|\bsay|\btext)\((?:[\w.]+,\s*)?["']([a-z_0-9.-]+)["']""")


def assert_same_texts(folder: Path) -> None:
    """Fail unless both languages in *folder* have the same keys with the same placeholders."""
    korean, english = (read_texts(folder / f"{language}.toml") for language in LANGUAGES)
    assert korean.keys() == english.keys(), korean.keys() ^ english.keys()
    differing = [key for key in korean if placeholders(korean[key]) != placeholders(english[key])]
    assert differing == []


def assert_texts_used(folder: Path, sources: Iterable[Path], *, together: tuple[str, ...] = ()) -> None:
    """Fail when a text of *folder* stands in none of *sources* (templates, code), or one that they use is missing.

    *together* are beginnings of keys that are put together while a page is made, such as ``kind.``.
    """
    source = "".join(path.read_text("utf-8") for path in sources)
    own = read_texts(folder / "ko.toml").keys()
    used = set(_USED.findall(source))
    missing = {key for key in used - own - read_texts(COMMON / "ko.toml").keys() if not key.endswith(".")}
    assert missing == set()
    unused = {key for key in own - used if not key.startswith(together)}
    assert unused == set()


def assert_voice(folder: Path) -> None:
    """Fail when a text of *folder* uses a word that no page for the public uses."""
    for language, words in _NEVER.items():
        for key, said in read_texts(folder / f"{language}.toml").items():
            for word in words:
                assert word not in said, f"{language} {key}: {word}"
