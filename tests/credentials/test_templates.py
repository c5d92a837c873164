"""Templates: values go in as data, and what depends on an empty field is left out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.credentials.templates import Template
from jikin.errors import CredentialError

FIELDS = ("name", "other", "day", "list", "machine.kind")


def fill(body: Any, language: str = "ko", **values: Any) -> Any:
    return Template.parse(body, FIELDS, "test").fill(values, language)


def test_a_string_that_is_one_placeholder_becomes_the_value_itself() -> None:
    assert fill({"a": "{list}"}, list=[1, {"b": 2}]) == {"a": [1, {"b": 2}]}
    assert fill("{name}", name="김하늘") == "김하늘"
    assert fill("{machine.kind}", **{"machine.kind": "지게차"}) == "지게차"


def test_inside_a_string_the_value_is_put_in_once_and_never_read_again() -> None:
    assert fill("<{name}>", name="{other} {name} {{", other="secret") == "<{other} {name} {{>"


def test_what_depends_on_an_empty_field_is_left_out() -> None:
    body = {
        "kept": "{name}",
        "gone": "{other}",
        "partly": "{name} {other}",
        "array": ["{name}", "{other}"],
        "emptied": ["{other}"],
        "object": {"$when": "other", "fixed": 1},
        "held": {"$when": "name", "fixed": 1},
        "inner": {"gone": "{other}"},
        "empty from the start": [],
    }
    expected = {"kept": "x", "array": ["x"], "held": {"fixed": 1}, "inner": {}, "empty from the start": []}
    assert fill(body, name="x", other="") == expected
    assert fill(body, name="x") == expected


def test_other_values_stay_as_they_are() -> None:
    assert fill({"n": 1, "t": True, "none": None, "text": "plain"}) == {
        "n": 1,
        "t": True,
        "none": None,
        "text": "plain",
    }


def test_a_date_is_written_in_the_language_of_the_page() -> None:
    assert fill("{day:date}", day="2026-06-12") == "2026년\u00a06월\u00a012일"
    assert fill("on {day:date}", "en", day="2026-06-12") == "on 12\u00a0June\u00a02026"


def test_of_alternatives_the_first_complete_one_is_taken() -> None:
    template = Template.parse(["{name} ~ {other}", "{name}"], FIELDS, "test")
    assert template.fill_text({"name": "1", "other": "2"}) == "1 ~ 2"
    assert template.fill_text({"name": "1", "other": ""}) == "1"
    assert template.fill_text({}) == ""


@pytest.mark.parametrize(
    "body",
    [
        "{unknown}",
        "{name:upper}",
        "{name",
        "name}",
        "{NAME}",
        "{name.x.y}",
        "{{name}}",
        {"$when": "unknown"},
        [["{__class__}"]],
    ],
)
def test_a_template_that_asks_for_anything_else_is_refused_when_it_is_loaded(body: Any) -> None:
    with pytest.raises(CredentialError) as refused:
        Template.parse(body, FIELDS, "test")
    assert refused.value.code == "type.template"


@pytest.mark.parametrize(("body", "values"), [("a {list}", {"list": [1]}), ("{day:date}", {"day": "soon"})])
def test_a_value_that_cannot_stand_there_is_refused(body: str, values: dict[str, Any]) -> None:
    with pytest.raises(CredentialError):
        fill(body, **values)


@given(st.text(min_size=1))
def test_every_text_comes_out_as_it_went_in(value: str) -> None:
    assert fill({"a": "{name}", "b": "<{name}>"}, name=value) == {"a": value, "b": f"<{value}>"}
