"""What the issuer's pages say: the same in both languages, with the same places to fill in, and none of it unused."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import issuer
from issuer import approving
from jikin.web.texts import Texts, read_texts

ISSUER = Path(issuer.__file__).parent
TEXTS = Texts.load(ISSUER / "texts")
CALLS = re.compile(r"""\bt\(([^()]*(?:\([^()]*\)[^()]*)*)\)""")
LITERAL = re.compile(r"""["']([a-z0-9_.-]+)["']""")
# Chosen by what an error or an act is called.
BY_CODE = ("said.", "act.")


def own(language: str) -> set[str]:
    return set(read_texts(ISSUER / "texts" / f"{language}.toml"))


def named() -> set[str]:
    """Return every literal inside ``t(…)`` of the templates, and every string of the modules under ``issuer/http``."""
    found: set[str] = set()
    for template in (ISSUER / "pages").glob("*.html"):
        found.update(LITERAL.findall(template.read_text("utf-8")))
    for module in (*(ISSUER / "http").glob("*.py"), *ISSUER.glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_both_languages_say_the_same_things_and_want_the_same_filled_in() -> None:
    assert own("ko") == own("en")
    differing = [key for key in own("ko") if TEXTS.placeholders("ko", key) != TEXTS.placeholders("en", key)]
    assert differing == []


def test_no_text_is_unused() -> None:
    said = named()
    beginnings = tuple(word for word in said if word.endswith(".")) + BY_CODE
    assert {key for key in own("ko") if key not in said and not key.startswith(beginnings)} == set()


def test_every_text_that_a_template_names_exists() -> None:
    known = TEXTS.keys("ko")
    for template in (ISSUER / "pages").glob("*.html"):
        for inside in CALLS.findall(template.read_text("utf-8")):
            first = re.match(r"""\s*["']([a-z0-9_.-]+)["']\s*(?:[,]|$)""", inside)
            if first is not None:
                assert first[1] in known, f"{template.name}: {first[1]}"


def test_every_role_and_every_change_has_words() -> None:
    known = TEXTS.keys("en")
    assert {f"role.{name}" for name in approving.role_names(approving.ALL_ROLES)} <= known
    for state in ("revoked", "suspended", "valid"):
        for group in ("to", "ask", "title", "approve", "effective_since", "then_2_text"):
            assert f"change.{group}.{state}" in known
