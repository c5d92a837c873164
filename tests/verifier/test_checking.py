"""The desk: whatever people bring is answered, one answer for each document, and nothing is lost."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from jikin.badges import qr
from jikin.errors import DocumentError, RegistryError, SettingsError
from jikin.testing import FixedClock, Institution, Issued, World
from jikin.verification import policy
from jikin.verification.report import Outcome
from verifier import checking
from verifier.app import Desk, build
from verifier.settings import load

TYPE = "course-completion"
NOW = 1_790_000_000
RECORD = {"name": "김하늘", "course": "지게차 안전 운전", "completed_on": "2026-05-29"}


@pytest.fixture(scope="module")
def world() -> World:
    return World(FixedClock(NOW))


@pytest.fixture(scope="module")
def institution(world: World) -> Institution:
    return world.institution("hanbit.example", number_code="HANB", types=(TYPE,))


@pytest.fixture(scope="module")
def issued(institution: Institution) -> list[Issued]:
    made = institution.issue(TYPE, [RECORD, {**RECORD, "name": "이서준"}, {**RECORD, "name": "박지우"}])
    for one in made:
        institution.publish_record(institution.record(one, TYPE))
    return made


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world.sources, policy.packaged("public"), world.clock)


def write(folder: Path, issued: Issued, name: str = "certificate", *, receipt: bool = True) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(issued.document.credential, ensure_ascii=False), "utf-8")
    if receipt:
        (folder / f"{name}.receipt.json").write_text(json.dumps(issued.receipt.to_json()), "utf-8")
    return path


def check(asked: str | Path, desk: Desk) -> list[checking.Checked]:
    return list(checking.check(str(asked), desk, desk.sources.at_newest()))


def test_a_credential_with_its_receipt_beside_it_passes(tmp_path: Path, issued: list[Issued], desk: Desk) -> None:
    (answer,) = check(write(tmp_path, issued[0]), desk)
    assert answer.outcome is Outcome.PASSED


def test_a_folder_gives_one_answer_for_each_document_whatever_it_is(
    tmp_path: Path, issued: list[Issued], desk: Desk
) -> None:
    for position, one in enumerate(issued):
        write(tmp_path, one, f"good-{position}")
    forged = json.loads((tmp_path / "good-0.json").read_text("utf-8"))
    forged["credentialSubject"]["identifier"][0]["identityHash"] = "이도둑"
    (tmp_path / "forged.json").write_text(json.dumps({"credential": forged}), "utf-8")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    (tmp_path / "letter.txt").write_text("Dear Sir", "utf-8")
    answers = {answer.name: answer for answer in check(tmp_path, desk)}
    outcomes = {name: answer.outcome for name, answer in answers.items()}
    assert outcomes == {
        **{f"good-{position}.json": Outcome.PASSED for position in range(3)},
        "forged.json": Outcome.FAILED,
        "broken.pdf": Outcome.UNKNOWN,
        "letter.txt": Outcome.UNKNOWN,
    }
    summary = checking.summary_json(list(answers.values()))
    assert summary["outcome"] == "failed"
    assert summary["counts"] == {"failed": 1, "unknown": 2, "passed": 3}


def test_a_zip_archive_is_checked_like_a_folder(tmp_path: Path, issued: list[Issued], desk: Desk) -> None:
    path = write(tmp_path, issued[0])
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(path, "a.json")
        archive.write(path.with_suffix("").with_suffix(".receipt.json"), "a.receipt.json")
    (answer,) = check(tmp_path / "all.zip", desk)
    assert answer.outcome is Outcome.PASSED


def test_a_picture_of_a_code_is_answered_by_its_number_and_tells_where_the_code_leads(
    tmp_path: Path, issued: list[Issued], desk: Desk
) -> None:
    picture = tmp_path / "code.png"
    picture.write_bytes(qr.png(f"HTTPS://V.HANBIT.EXAMPLE/N/{issued[0].number.symbols}"))
    (answer,) = check(picture, desk)
    assert answer.outcome is Outcome.PASSED
    assert answer.host == "v.hanbit.example"
    assert checking.checked_json(answer)["subject"] == {
        "kind": "number",
        "number": str(issued[0].number),
        "title": "지게차 안전 운전",
    }


@pytest.mark.parametrize("form", ["{}", "https://v.hanbit.example/n/{}", "HTTPS://V.HANBIT.EXAMPLE/N/{}"])
def test_a_number_and_a_check_link_are_the_same_question(form: str, issued: list[Issued], desk: Desk) -> None:
    (answer,) = check(form.format(issued[1].number), desk)
    assert answer.outcome is Outcome.PASSED
    assert answer.record is not None


def test_a_link_to_a_credential_is_followed(
    world: World, institution: Institution, issued: list[Issued], desk: Desk
) -> None:
    url = f"{institution.profile.base_url}/shared/certificate.json"
    world.files.publish(url, {"credential": issued[0].document.credential, "receipt": issued[0].receipt.to_json()})
    (answer,) = check(url, desk)
    assert answer.outcome is Outcome.PASSED


def test_a_link_that_leads_nowhere_is_unknown(desk: Desk) -> None:
    (answer,) = check("https://nobody.example/x.json", desk)
    assert answer.outcome is Outcome.UNKNOWN
    assert answer.fault is not None
    assert checking.checked_json(answer)["outcome"] == "unknown"


def test_a_receipt_that_cannot_be_read_does_not_hide_the_credential(
    tmp_path: Path, issued: list[Issued], desk: Desk
) -> None:
    path = write(tmp_path, issued[0])
    (tmp_path / "certificate.receipt.json").write_text('{"v": 1}', "utf-8")
    (answer,) = check(path, desk)
    assert answer.report is not None
    assert answer.outcome is Outcome.UNKNOWN  # without a receipt the anchor that the issuer promises is not found


def test_what_is_neither_file_nor_link_nor_number_is_named(desk: Desk) -> None:
    with pytest.raises(DocumentError, match="no file here, no link and no certificate number"):
        check("certificate-that-is-not-there.pdf", desk)


@pytest.mark.parametrize(
    "environ",
    [
        {"JIKIN_MIRRORS": "somewhere"},
        {"JIKIN_LANG": "fr"},
        {"JIKIN_OFFLINE": "perhaps"},
        {"JIKIN_RPC_URL": "http://127.0.0.1:1"},
        {"JIKIN_REGISTRY_FILE": "absent.json"},
        {"JIKIN_POLICY": "lenient"},
        {"JIKIN_TRUST": "absent"},
    ],
    ids=lambda environ: next(iter(environ)),
)
def test_a_setting_that_cannot_be_right_is_refused_by_name(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        build(load(environ), lambda: NOW)


def test_pins_that_are_no_pins_are_refused(tmp_path: Path) -> None:
    pins = tmp_path / "registry.json"
    pins.write_text('{"chain": "eip155:1"}', "utf-8")
    with pytest.raises(RegistryError, match="exactly the members"):
        build(load({"JIKIN_RPC_URL": "http://127.0.0.1:1", "JIKIN_REGISTRY_FILE": str(pins)}), lambda: NOW)
