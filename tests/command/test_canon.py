"""``jikin canon``: RDFC-1.0 from a terminal, as the W3C suite runs it."""

from __future__ import annotations

import csv
import json
from contextlib import suppress

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from jikin.command import canon
from jikin.command.canon import canonical
from jikin.errors import JikinError
from tests.codes import code_of
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "rdf-canon"
CASES = {row["test"]: row for row in csv.DictReader((VECTORS / "manifest.csv").read_text("utf-8").splitlines())}
POSITIVE = [name for name, row in CASES.items() if "Negative" not in row["rdfc10"]]
MAPPED = [name for name in POSITIVE if CASES[name]["rdfc10map"] == "TRUE"]


def run(data: bytes, *options: str) -> Result:
    app = typer.Typer()
    canon.register(app)
    app.command("other")(lambda: None)
    return CliRunner().invoke(app, ["canon", *options], input=data)


def given_data(case: str) -> bytes:
    return (VECTORS / "rdfc10" / f"{case}-in.nq").read_bytes()


def hash_options(case: str) -> list[str]:
    name = CASES[case]["hashAlgorithm"]
    return ["--hash", name] if name else []


@pytest.mark.parametrize("case", ["test001", "test020", "test060", "test075"])
def test_it_prints_the_published_form(case: str) -> None:
    result = run(given_data(case), *hash_options(case))
    assert result.exit_code == 0
    assert result.stdout_bytes == (VECTORS / "rdfc10" / f"{case}-rdfc10.nq").read_bytes()


def test_every_published_form_and_map_comes_out() -> None:
    for case in POSITIVE:
        hash_name = (CASES[case]["hashAlgorithm"] or "SHA256").lower()
        expected = (VECTORS / "rdfc10" / f"{case}-rdfc10.nq").read_text("utf-8")
        assert canonical(given_data(case), hash_name) == expected, case
    for case in MAPPED:
        hash_name = (CASES[case]["hashAlgorithm"] or "SHA256").lower()
        expected_map = json.loads((VECTORS / "rdfc10" / f"{case}-rdfc10map.json").read_text("utf-8"))
        assert json.loads(canonical(given_data(case), hash_name, labels=True)) == expected_map, case


def test_it_prints_the_map_on_request() -> None:
    case = MAPPED[0]
    result = run(given_data(case), "--map", *hash_options(case))
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads((VECTORS / "rdfc10" / f"{case}-rdfc10map.json").read_text())


def test_the_hash_has_a_say_where_nodes_look_alike() -> None:
    case = next(name for name, row in CASES.items() if row["hashAlgorithm"] == "SHA384")
    assert canonical(given_data(case), "sha256") != canonical(given_data(case), "sha384")
    assert (
        run(given_data(case), "--hash", "sha-384").stdout_bytes
        == run(given_data(case), "--hash", "SHA384").stdout_bytes
    )


def test_poison_ends_in_failure() -> None:
    (poison,) = (name for name in CASES if name not in POSITIVE)
    result = run(given_data(poison))
    assert isinstance(result.exception, JikinError)
    assert result.exception.code == "codec.work-limit"
    assert result.stdout == ""


REFUSED = {
    "no N-Quads": (b"hello", "codec.nquads"),
    "no UTF-8": (b'<urn:a> <urn:b> "\xff" .\n', "codec.text"),
    "too long": (b"#" * ((1 << 24) + 1), "codec.too-long"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_n_quads_is_refused(data: bytes, code: str) -> None:
    assert code_of(canonical, data, "sha256") == code


def test_an_unknown_hash_is_wrong_usage() -> None:
    result = run(b"", "--hash", "MD5")
    assert result.exit_code == 2
    assert "SHA256 or SHA384" in result.output


def test_nothing_has_an_empty_form() -> None:
    assert run(b"").stdout == ""
    assert json.loads(run(b"", "--map").stdout) == {}


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused_on_purpose(data: bytes) -> None:
    with suppress(JikinError):
        canonical(data, "sha256")
