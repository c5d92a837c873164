"""Regular expressions of strangers: the same answers as a backtracking matcher gives, without its explosions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec.patterns import Pattern
from jikin.errors import CodecError

FOUND: dict[str, tuple[str, list[str], list[str]]] = {
    "a literal anywhere": ("b", ["abc", "b"], ["", "ac"]),
    "nothing at all": ("", ["", "x"], []),
    "anchors": ("^ab$", ["ab"], ["xab", "abx", "ab\n"]),
    "alternatives": ("^(?:cat|dog|)$", ["cat", "dog", ""], ["cow"]),
    "classes": ("^[a-c1_-]+$", ["ab-1_", "c"], ["d", ""]),
    "a class that excludes": ("^[^a-c]$", ["d", "\n"], ["a", ""]),
    "a class with a bracket": (r"^[\]\\[]+$", ["]\\["], ["x"]),
    "an empty class": ("[]", [], ["", "a"]),
    "the class of everything": ("^[^]$", ["\n", "a"], ["", "ab"]),
    "counts": ("^a{2,3}b{2}c{1,}$", ["aabbc", "aaabbccc"], ["abbc", "aabc", "aabb"]),
    "lazy counts": ("^a+?b*?$", ["a", "aabb"], ["b"]),
    "no time": ("^a{0}b$", ["b"], ["ab"]),
    "named groups": ("^(?<year>[0-9]{4})$", ["2026"], ["26"]),
    "words": (r"\bfoo\B", ["a foot"], ["a foo", "afoot"]),
    "digits of ASCII alone": (r"^\d$", ["5"], ["５"]),
    "letters of ASCII alone": (r"^\w\W$", ["a가"], ["가a"]),
    "blanks": (r"^\s\S$", ["\u3000x", "\tx"], ["xx"]),
    "a point that is no line end": ("^.$", ["가", "😀"], ["\n", "\u2028"]),
    "numbered characters": (r"^\x41\u{1F600}\u0042\cJ$", ["A😀B\n"], ["A"]),
    "controls": (r"^\t\0$", ["\t\0"], ["t0"]),
    "a Unicode category": (r"^\p{Lu}\P{L}$", ["A1", "É-"], ["a1", "AB"]),
    "escaped signs": (r"^\.\*\/\-\$$", [".*/-$"], ["x"]),
    "a backspace in a class": (r"^[\b]$", ["\b"], ["b"]),
    "a context of Open Badges": (
        r"^https:\/\/purl\.imsglobal\.org\/spec\/ob\/v3p0\/context(-3\.\d\.\d)*\.json$",
        ["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
        ["https://purl.imsglobal.org/spec/ob/v2p0/context.json"],
    ),
}


@pytest.mark.parametrize(("text", "yes", "no"), FOUND.values(), ids=FOUND.keys())
def test_an_expression_finds_what_ecma_262_says(text: str, yes: list[str], no: list[str]) -> None:
    pattern = Pattern(text)
    assert [one for one in yes if not pattern.found_in(one)] == []
    assert [one for one in no if pattern.found_in(one)] == []


REFUSED = {
    "looking ahead": "(?=a)",
    "looking ahead for what is not there": "(?!a)",
    "looking behind": "(?<=a)",
    "a back reference": r"(a)\1",
    "a named back reference": r"(?<x>a)\k<x>",
    "a quantifier of a quantifier": "a**",
    "a quantifier of nothing": "*a",
    "a group that never ends": "(a",
    "a group that never began": "a)",
    "a class that never ends": "[a",
    "a range turned round": "[z-a]",
    "a range of classes": r"[\d-z]",
    "an end before the beginning": "a{3,2}",
    "a count without digits": "a{,2}",
    "a count that is too large": "a{1001}",
    "an escape that is none": r"\q",
    "an octal escape": r"\012",
    "hexadecimal digits that are none": r"\u00g0",
    "a character beyond Unicode": r"\u{110000}",
    "a property that is not read": r"\p{Script=Hangul}",
    "an escape at the end": "\\",
    "too many characters": "a" * 2001,
    "too many places": "(?:a{100}){100}",
    "nothing, repeated without end": "(?:(?:(?:){1000}){1000}){1000}",
    "groups in groups in groups": "(" * 200 + ")" * 200,
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_expression_or_beyond_the_limits_is_refused(text: str) -> None:
    with pytest.raises(CodecError) as refused:
        Pattern(text)
    assert refused.value.code == "codec.pattern"
    assert len(str(refused.value)) <= 200


@pytest.mark.parametrize("text", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(a*)*(a*)*$", "^(?:a?){25}a{25}$"])
def test_what_keeps_a_backtracking_matcher_busy_for_years_takes_steps_in_line_with_the_text(text: str) -> None:
    pattern, steps = Pattern(text), 0

    def spend(more: int) -> None:
        nonlocal steps
        steps += more

    assert not pattern.found_in("a" * 3000 + "!", spend)
    assert steps <= 3002 * (pattern.size + 2)


def test_whoever_counts_the_steps_can_end_the_search() -> None:
    def stop(_: int) -> None:
        raise CodecError("enough", code="codec.enough")

    with pytest.raises(CodecError, match="enough"):
        Pattern("a").found_in("bbb", stop)


EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "[a-c1]", "^", "$", r"\b", "[0-9]"]),
    lambda inner: (
        st.builds("{}{}".format, inner, inner)
        | st.builds("(?:{}|{})".format, inner, inner)
        | st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}?", "*?", "{2,}"]))
    ),
    max_leaves=6,
)


@given(EXPRESSIONS, st.lists(st.text("abc1 ", max_size=7), min_size=1, max_size=6))
def test_the_answers_are_those_of_a_backtracking_matcher(text: str, values: list[str]) -> None:
    other = re.compile(text.replace("$", r"\Z"), re.ASCII)
    pattern = Pattern(text)
    assert [pattern.found_in(value) for value in values] == [other.search(value) is not None for value in values]


@given(st.text(max_size=30), st.text(max_size=10))
def test_any_text_is_an_expression_or_refused(text: str, value: str) -> None:
    try:
        pattern = Pattern(text)
    except CodecError:
        return
    assert pattern.found_in(value) in {True, False}
