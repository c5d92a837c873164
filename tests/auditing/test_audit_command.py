"""`jikin audit` at a terminal: a registry by address or file, a table for people, JSON for programs, exit 0 or 1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from issuer.office import STATUS
from jikin.anchoring.acts import PublishStatus
from jikin.anchoring.changes import Change, pack
from jikin.command import audit
from jikin.errors import StatusError
from jikin.status.array import State, StatusArray
from jikin.status.derived import DerivedLists
from jikin.values import Digest
from jikin.verification.auditing.books import Books
from jikin.verification.auditing.index_keys import index_keys_json, parse_index_keys
from tests.audited_office import Audited

pytestmark = pytest.mark.chain


@pytest.fixture
def material(founded: Audited, tmp_path: Path) -> dict[str, str]:
    """Write what is shown to the auditor into files, and return the options that name them."""
    (tmp_path / "books.json").write_text(json.dumps(founded.books.to_json()))
    (tmp_path / "keys.json").write_text(json.dumps(index_keys_json(founded.permutations)))
    return {
        "--public": str(founded.public),
        "--books": str(tmp_path / "books.json"),
        "--index-key": str(tmp_path / "keys.json"),
        "--issuer": founded.bureau.institution.did.text,
    }


def run(office: Audited, registry: str | None = None, **options: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    audit.register(app)
    address = registry or str(office.bureau.office.chain.registry.pins.registry)
    given = [word for name, value in options.items() for word in (name, value) if word]
    return CliRunner().invoke(app, ["audit", "--rpc-url", office.node.url, "--registry", address, *given])


def test_a_sound_institution_ends_with_exit_0(office: Audited, material: dict[str, str]) -> None:
    found = run(office, **material)
    assert found.exit_code == 0, found.output
    assert "No contradictions." in found.output
    assert "3/3" in found.output


def test_a_contradiction_ends_with_exit_1_and_is_told_in_both_languages(
    office: Audited, material: dict[str, str]
) -> None:
    changes = pack([Change(office.entry(1), State.VALID)], 1 << 17)
    act = PublishStatus(office.issuer_id, office.list_id, office.head(), Digest(bytes(32)), changes)
    office.does(STATUS, act)
    korean, english = run(office, **material, **{"--lang": "ko"}), run(office, **material)
    assert korean.exit_code == english.exit_code == 1
    assert "끝난 증명서를 되살리려는 변경이 있으며" in korean.output
    assert "A change tried to bring back what had ended" in english.output
    document = json.loads(run(office, **material, **{"--json": ""}).output)
    assert document["outcome"] == "failed"
    assert "audit.unrevoked" in {one["code"] for one in document["issuers"][0]["findings"]}
    assert document["issuers"][0]["lists"][0]["states"] == {
        "valid": (1 << 17) - 1,
        "revoked": 1,  # the change was void
        "suspended": 0,
        "replaced": 0,
    }


def test_without_a_named_issuer_every_issuer_of_the_registry_is_audited(office: Audited) -> None:
    document = json.loads(run(office, **{"--json": ""}).output)
    assert [one["did"] for one in document["issuers"]] == [office.bureau.institution.did.text]
    assert document["outcome"] == "passed"


def test_files_without_saying_whose_they_are_are_refused_where_there_are_several_issuers(office: Audited) -> None:
    books = Books.parse(json.loads(json.dumps(office.books.to_json())))
    assert books == office.books
    with pytest.raises(StatusError, match="the books are of"):
        office.audit(books=_of_another(books))


def _of_another(books: Books) -> Books:
    from dataclasses import replace

    from jikin.values import Did

    return replace(books, issuer=Did("did:web:somebody.example"))


def test_the_registry_can_be_named_by_the_file_that_pins_it(office: Audited) -> None:
    file = office.bureau.office.settings.path(office.bureau.office.settings.registry_file)
    assert run(office, str(file)).exit_code == 0


def test_with_several_nodes_the_storage_is_proven_at_a_block_they_share(
    office: Audited, material: dict[str, str]
) -> None:
    found = run(office, **material, **{"--rpc-url": office.node.url})
    assert found.exit_code == 0, found.output
    assert "3/3" in found.output


def test_lists_are_rebuilt_from_the_events_alone(office: Audited, tmp_path: Path) -> None:
    """The issuer is gone: nothing but a node is asked, and every list is what the issuer had published."""
    found = run(office, **{"--lists": str(tmp_path / "lists")})
    assert found.exit_code == 0
    folder = tmp_path / "lists" / office.list_id.raw.hex()
    array = StatusArray((folder / "array.bin").read_bytes())
    assert array.state(office.entry(1)) is State.REVOKED
    for name, data in DerivedLists.of(array).by_name.items():
        assert (folder / f"{name}.bin").read_bytes() == data
    published = office.audit().issuers[0].lists[0]
    assert published.findings == ()


def test_index_keys_are_read_as_they_are_written_and_never_quoted(founded: Audited) -> None:
    document = index_keys_json(founded.permutations)
    assert parse_index_keys(json.loads(json.dumps(document))) == founded.permutations
    key = document["keys"][0]["key"]  # type: ignore[index, call-overload]
    for broken in ({"v": 2, "keys": []}, {"v": 1, "keys": [{"list": "0x12", "log2Entries": 17, "key": key}]}, []):
        with pytest.raises(StatusError) as refused:
            parse_index_keys(broken)
        assert str(key) not in str(refused.value)


@pytest.mark.parametrize("member", ["chain", "registry", "issuer", "site", "officers", "tasks", "epochs", "lists"])
def test_books_with_a_member_that_cannot_be_right_are_refused(founded: Audited, member: str) -> None:
    for value in (None, 7, "x", [{"uid": 1}], {}):
        with pytest.raises(StatusError) as refused:
            Books.parse({**founded.books.to_json(), member: value})
        assert refused.value.code == "status.books"
