"""The commands from a terminal: answers for people and programs, exit codes, errors in both languages, failures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from issuer import cli
from issuer.store import institutions
from jikin.anchoring.pins import pins_json
from jikin.codec import multikey
from jikin.errors import JikinError
from jikin.proofs import keystore
from jikin.proofs.ed25519 import Ed25519Signer
from tests.issuing_office import HEADER, TYPE, Bureau, open_bureau, row, rows


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit code or error."""

    code: int
    out: str
    err: str
    error: JikinError | None

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Said]


@pytest.fixture
def office(tmp_path: Path) -> Bureau:
    """Return an office whose chain is gone: most commands do not need it."""
    bureau = open_bureau(tmp_path / "office")
    bureau.office.database.close()
    return bureau


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], office: Bureau
) -> Command:
    """Return what runs a command on that office, as the `jikin` command does."""
    environment = {
        "JIKIN_DATA": str(office.office.settings.data),
        "JIKIN_RPC_URL": "http://127.0.0.1:9",
        "JIKIN_PASSPHRASE": "견본 암호",
        "JIKIN_OFFICER_PASSPHRASE": "담당자 암호",
        "JIKIN_KEY_COST": "12",
        "LANG": "en_US.UTF-8",
        "LC_ALL": "",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object) -> Said:
        app = typer.Typer(pretty_exceptions_enable=False)
        cli.register(app)
        code, error = 0, None
        try:
            ended = app([str(argument) for argument in arguments], standalone_mode=False)
            code = ended if isinstance(ended, int) else 0
        except JikinError as raised:
            code, error = 1, raised
        out, err = capsys.readouterr()
        return Said(code, out, err, error)

    return run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a list of two good rows and three bad ones."""
    path = tmp_path / "results.csv"
    bad = [row(3, birth_date="2003-02-30"), row(4, name_ko="=HYPERLINK(1)"), row(1)]
    path.write_text("\n".join([HEADER, row(1), row(2), *bad]), "utf-8")
    return path


# ---------------------------------------------------------------------------------------------------------- dry runs


def test_a_dry_run_says_what_would_happen_and_stores_nothing(command: Command, office: Bureau, source: Path) -> None:
    said = command("issue", "--type", TYPE, source, "--dry-run")
    assert said.code == 3
    assert said.out == "2 rows can be issued, 3 cannot, 0 were issued before. Nothing was issued.\n"
    assert "Row 4: Birth date is 2003-02-30." in said.err
    with office.office.database.read() as connection:
        from issuer.store import batches

        assert batches.every(connection, office.institution.id) == ()


def test_a_dry_run_speaks_korean_when_asked(command: Command, source: Path) -> None:
    said = command("issue", "--type", TYPE, source, "--dry-run", "--lang", "ko")
    assert said.out.startswith("발급할 수 있는 줄 2, 없는 줄 3")
    assert "4번째 줄: 생년월일이 2003-02-30입니다." in said.err


def test_programs_get_one_json_document_with_every_fault(command: Command, source: Path) -> None:
    told = command("issue", "--type", TYPE, source, "--dry-run", "--json").json
    assert (told["good"], told["bad"], told["repeated"]) == (2, 3, 0)
    assert [(one["row"], one["column"], one["code"]) for one in told["rows"]] == [
        (4, "birth_date", "record.no-such-date"),
        (5, "name_ko", "record.not-a-name"),
        (6, "", "row.repeated"),
    ]
    assert set(told["rows"][0]["reason"]) == {"ko", "en"}


def test_the_failures_file_opens_in_a_spreadsheet_and_runs_no_formula(
    command: Command, source: Path, tmp_path: Path
) -> None:
    said = command("issue", "--type", TYPE, source, "--dry-run", "--out", tmp_path / "out", "--json")
    file = Path(said.json["failures"])
    assert file == tmp_path / "out" / "failures.csv"
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    table = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert [one["row"] for one in table] == ["4", "5", "6"]
    assert set(table[0]) == {"row", "column", "found", "reason", "what to do"}
    assert table[1]["found"] == "'=HYPERLINK(1)"


def test_a_list_without_bad_rows_ends_with_zero(command: Command, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_bytes(rows(2))
    assert command("issue", "--type", TYPE, tmp_path / "good.csv", "--dry-run").code == 0


REFUSED: dict[str, tuple[list[str], str]] = {
    "an unknown type": (["issue", "--type", "driving-licence", "{source}", "--dry-run"], "type.unknown"),
    "a type the institution may not issue": (
        ["issue", "--type", "machine-safety-certification", "{source}", "--dry-run"],
        "office.type-not-allowed",
    ),
    "a file that is not there": (["issue", "--type", TYPE, "{source}.gone", "--dry-run"], "office.file"),
    "an unknown suite": (["issue", "--type", TYPE, "{source}", "--suite", "rsa"], "proof.unknown-suite"),
    "an unknown institution": (
        ["issue", "--type", TYPE, "{source}", "--dry-run", "--institution", "x"],
        "office.institution",
    ),
    "a number that is none": (["revoke", "26-KR12", "--reason", "superseded", "--officer", "kim"], "number.mistyped"),
    "a date that is none": (
        ["revoke", "{number}", "--reason", "superseded", "--officer", "kim", "--effective", "yesterday"],
        "value",
    ),
    "an officer nobody knows": (["revoke", "{number}", "--reason", "superseded", "--officer", "kim"], "office.officer"),
    "a task that does not exist": (["approve", "99", "--officer", "park"], "office.task"),
    "a task at an institution nobody knows": (
        ["approve", "99", "--officer", "park", "--institution", "x"],
        "office.institution",
    ),
    "a role that does not exist": (["admin", "officer", "add", "kim", "--role", "boss"], "office.role"),
    "a public key that is none": (
        ["admin", "officer", "add", "kim", "--role", "request", "--public-key", "z6Mk"],
        "codec.multikey.unsupported",
    ),
    "a setting that cannot be": (["settings", "--lang", "fr"], "settings.value"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_is_refused_with_its_code(
    command: Command, source: Path, case: tuple[list[str], str]
) -> None:
    arguments, code = case
    number = "26-KR12-7F3Q-9XK4-M2W8-37"
    said = command(*(argument.format(source=source, number=number) for argument in arguments))
    assert said.error is not None
    assert said.error.code == code
    assert said.out == ""


def test_a_refusal_is_told_in_korean_with_the_same_code(
    command: Command, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    said = command("issue", "--type", "driving-licence", source)
    assert said.error is not None
    assert said.error.code == "type.unknown"
    assert str(said.error).startswith("그런 증명서 종류가 없습니다. (no credential type called 'driving-licence'")


def test_an_office_that_is_not_set_up_says_what_to_do(command: Command, source: Path, tmp_path: Path) -> None:
    said = command("issue", "--type", TYPE, source, "--data", tmp_path / "new")
    assert said.error is not None
    assert said.error.code == "office.no-institution"
    assert "jikin admin institution create" in (said.error.hint or "")


def test_a_chain_that_does_not_answer_is_told_before_anything_is_taken_in(
    command: Command, office: Bureau, source: Path
) -> None:
    pins = pins_json(office.chain.pins)
    (office.office.settings.data / "registry.json").write_text(json.dumps(pins))
    said = command("issue", "--type", TYPE, source, "--no-pdf")
    assert said.error is not None
    assert said.error.code == "chain.unreachable"
    with office.office.database.read() as connection:
        from issuer.store import batches

        assert batches.every(connection, office.institution.id) == ()


def test_a_registry_file_that_is_none_is_refused(command: Command, office: Bureau, source: Path) -> None:
    (office.office.settings.data / "registry.json").write_text('{"chain": "eip155:1"}')
    said = command("issue", "--type", TYPE, source, "--no-pdf")
    assert said.error is not None
    assert said.error.code == "registry.pins"


def test_dates_are_read_as_days_of_the_office_or_as_instants() -> None:
    from issuer.commands.common import parse_time

    assert parse_time("2026-06-12", "Asia/Seoul") == (1_781_190_000, True)
    assert parse_time("2026-06-12T00:00:00+09:00", "Asia/Seoul") == (1_781_190_000, False)


def test_without_a_pinned_registry_nothing_is_issued_and_the_way_out_is_named(command: Command, source: Path) -> None:
    said = command("issue", "--type", TYPE, source, "--no-pdf")
    assert said.error is not None
    assert said.error.code == "settings.no-registry"
    assert "2 rows" not in said.out


# --------------------------------------------------------------------------------------------------- looking after it


def test_settings_are_shown_with_where_they_came_from(command: Command) -> None:
    lines = {one["name"]: one for one in command("settings", "--json").json["settings"]}
    assert lines["key_cost"] == {
        "name": "key_cost",
        "value": "12",
        "default": "17",
        "meaning": "scrypt cost of new key files, 2 to the power of this; 17 takes half a second",
        "unit": "",
        "source": "environment JIKIN_KEY_COST",
    }
    assert lines["passphrase"]["value"] == "set, not shown"
    text = command("settings").out
    assert "견본 암호" not in text
    assert "confirmations = 2  [default]" in text


def test_an_officer_gets_a_key_file_of_their_own(command: Command, office: Bureau) -> None:
    added = command("admin", "officer", "add", "kim", "--role", "request", "--role", "approve", "--json").json
    assert added["roles"] == ["request", "approve"]
    file = Path(added["key"])
    assert file.stat().st_mode & 0o777 == 0o600
    signer = keystore.load(file, "담당자 암호")
    assert multikey.encode(signer.public_key) == added["publicKey"]

    again = command("admin", "officer", "add", "kim", "--role", "request")
    assert again.error is not None
    assert file.is_file()
    assert command("admin", "officer", "remove", "kim").out == "kim is no longer an officer\n"
    with office.office.database.read() as connection:
        left = institutions.every_officer(connection, office.institution.id)[-1]
    assert left.removed_at is not None


def test_an_officers_own_public_key_can_be_registered_instead(command: Command, office: Bureau) -> None:
    public = multikey.encode(Ed25519Signer.generate().public_key)
    added = command("admin", "officer", "add", "kim", "--role", "suspend", "--public-key", public, "--json").json
    assert (added["key"], added["publicKey"]) == (None, public)
    assert not (office.office.settings.data / "officers").exists()


def test_a_refused_officer_leaves_no_key_behind(command: Command, office: Bureau) -> None:
    said = command("admin", "officer", "add", "park", "--role", "request")
    assert said.error is not None
    assert list((office.office.settings.data / "officers").iterdir()) == []


def test_an_officer_is_invited_with_a_link_whose_secret_browsers_send_to_nobody(command: Command) -> None:
    made = command("admin", "officer", "invite", "kim", "--role", "review", "--role", "approve", "--json").json
    assert made["roles"] == ["approve", "review"]
    assert made["link"].startswith("http://localhost:8101/admin/enrol#")
    again = command("admin", "officer", "invite", "kim")
    assert "/admin/enrol#" in again.out
    assert made["link"] not in again.out
    assert command("admin", "officer", "invite", "han").error is not None  # somebody new needs a role
    assert command("admin", "officer", "invite", "park", "--role", "review").error is not None


def test_a_bearer_token_is_made_listed_and_ended_and_shown_once(command: Command) -> None:
    made = command("admin", "token", "add", "exam portal", "--scope", "offers", "--json").json
    assert made["scopes"] == ["offers"]
    assert len(made["token"]) >= 43
    listed = command("admin", "token", "list", "--json")
    assert [(one["name"], one["revokedAt"]) for one in listed.json["tokens"]] == [("exam portal", None)]
    assert made["token"] not in listed.out
    assert command("admin", "token", "revoke", str(made["id"])).error is None
    assert "revoked" in command("admin", "token", "list").out
    assert command("admin", "token", "revoke", str(made["id"])).error is not None
    assert command("admin", "token", "add", "x", "--scope", "everything").error is not None


def test_nothing_waits_for_approval_in_a_fresh_office(command: Command) -> None:
    assert command("tasks").out == "Nothing waits for approval.\n"
    assert command("tasks", "--json").json == {"tasks": []}


def test_the_doctor_ends_with_one_when_something_is_wrong(command: Command) -> None:
    said = command("doctor", "--json")
    assert said.code == 1
    checks = {one["name"]: one for one in said.json["checks"]}
    assert checks["chain"]["ok"] is False  # no registry is pinned
    assert "settings.no-registry" in checks["chain"]["found"]
    text = command("doctor")
    assert "✗ chain: " in text.out
    assert "right would be: " in text.out


def test_every_command_explains_itself(command: Command) -> None:
    for words in (["issue"], ["revoke"], ["suspend"], ["reinstate"], ["approve"], ["tasks"], ["doctor"], ["settings"]):
        assert "--json" in command(*words, "--help").out
    for words in (["deploy"], ["institution", "create"], ["officer", "add"], ["officer", "remove"], ["token", "add"]):
        assert "--json" in command("admin", *words, "--help").out
