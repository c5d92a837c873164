"""``jikin wallet``: the same verbs at a terminal, on the data folder and over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from jikin.badges import qr
from jikin.errors import JikinError
from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from jikin.web import logs
from tests.wallet.conftest import PASSPHRASE, signed_up, wallet_in
from tests.wallet.parties import SELECTIVE, Employer, Office, asking_for, served
from wallet import accounts, cli
from wallet.service import application_of


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(int(time.time()))


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "JIKIN_DATA": str(tmp_path / "own"),
        "JIKIN_ALLOW_PRIVATE": "true",
        "JIKIN_ARGON2_MEMORY_KIB": "64",
        "JIKIN_ARGON2_TIME": "1",
        "JIKIN_RECEIVE_WAIT_SECONDS": "0",
        "JIKIN_WALLET_PASSPHRASE": PASSPHRASE,
        "LANG": "ko_KR.UTF-8",
    }


def run(environ: dict[str, str], *arguments: str, answers: str | None = None) -> Result:
    app = typer.Typer()
    cli.register(app)

    @app.command("other")
    def other() -> None:
        """Keep ``wallet`` a group."""

    return CliRunner().invoke(app, ["wallet", *arguments], env=environ, input=answers)


def done(result: Result) -> str:
    assert result.exception is None, (result.output, result.exception)
    return result.output


def _made(environ: dict[str, str]) -> None:
    """Make a vault; the code that is shown has to be typed back."""
    environ.pop("JIKIN_WALLET_TOKEN", None)
    result = run(environ, "new", "하늘", answers="wrong\n")
    assert isinstance(result.exception, JikinError)
    assert result.exception.code == "wallet.recovery-mistyped"


def test_a_vault_is_made_and_its_code_typed_back(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    make = accounts.create

    def create(*arguments: Any) -> Any:
        account, code = make(*arguments)
        shown.append(code)
        return account, code

    monkeypatch.setattr(accounts, "create", create)
    monkeypatch.setattr(typer, "prompt", lambda *_arguments, **_options: shown[0])
    assert shown == []
    said = done(run(environ, "new", "하늘"))
    assert shown[0] in said
    assert len(done(run(environ, "token", "하늘")).strip()) >= 40
    assert "증명서가 없습니다." in done(run(environ, "list", "--name", "하늘"))


def test_receive_list_show_and_present_on_the_data_folder(
    environ: dict[str, str], tmp_path: Path, world: World, clock: FixedClock, office: Office, employer: Employer
) -> None:
    wallet = wallet_in(tmp_path / "own", world, clock)
    with accounts.open_by_token(wallet, signed_up(wallet)) as vault:
        environ["JIKIN_WALLET_TOKEN"] = accounts.new_token(wallet, vault)
    wallet.close()
    picture = tmp_path / "offer.png"
    picture.write_bytes(qr.png(office.offer(by_reference=True)))
    (one,) = json.loads(done(run(environ, "receive", str(picture), "--code", "4932", "--json")))["credentials"]
    assert one["standing"] == "unknown"  # no registry is pinned here
    assert "지게차운전기능사" in done(run(environ, "list"))
    assert "김하늘" in done(run(environ, "show", one["id"]))
    refused = run(environ, "present", employer.ask())
    assert isinstance(refused.exception, JikinError)
    assert refused.exception.code == "wallet.choice"
    said = done(run(environ, "present", employer.ask(), "--choose", f"it={one['id']}"))
    assert employer.address.removeprefix("http://") in said
    done(run(environ, "present", employer.ask(), "--decline"))
    assert [sorted(answer) for answer in employer.answers] == [["state", "vp_token"], ["error", "state"]]


@pytest.fixture
def remote(tmp_path: Path, world: World, clock: FixedClock) -> Iterator[tuple[str, str]]:
    """Yield address and token of a wallet that is served."""
    logs.configure("WARNING")
    wallet = wallet_in(tmp_path / "served", world, clock)
    with accounts.open_by_token(wallet, signed_up(wallet)) as vault:
        token = accounts.new_token(wallet, vault)
    with served(lambda _address: application_of(wallet)) as (_, address):
        yield address, token
    wallet.close()


def test_the_same_over_http(
    environ: dict[str, str], remote: tuple[str, str], office: Office, employer: Employer
) -> None:
    url, environ["JIKIN_WALLET_TOKEN"] = remote
    (one,) = json.loads(done(run(environ, "receive", office.offer(), "--code", "4932", "--url", url, "--json")))[
        "credentials"
    ]
    assert one["standing"] == "passed"
    assert "유효합니다" in done(run(environ, "list", "--check", "--url", url))
    assert "김하늘" in done(run(environ, "show", one["id"], "--url", url, "--lang", "en"))
    assert json.loads(done(run(environ, "present", employer.ask(), "--url", url, "--json")))["presented"] == {
        "it": one["id"]
    }


def test_a_certificate_is_shown_in_part(
    environ: dict[str, str], remote: tuple[str, str], office: Office, employer: Employer
) -> None:
    url, environ["JIKIN_WALLET_TOKEN"] = remote
    done(run(environ, "receive", office.offer(configuration=SELECTIVE), "--code", "4932", "--url", url))
    said = done(run(environ, "present", employer.ask(asking_for("passed_on")), "--url", url))
    assert "  it: 자격종목, 자격종목 (영문), 종목코드, 합격일" in said


@pytest.mark.parametrize("id", ["nothing", "../credentials"])
def test_a_refusal_over_http_keeps_its_code(environ: dict[str, str], remote: tuple[str, str], id: str) -> None:
    url, environ["JIKIN_WALLET_TOKEN"] = remote
    result = run(environ, "show", id, "--url", url)
    assert isinstance(result.exception, JikinError)
    assert result.exception.code == "wallet.not-found"


def test_without_name_and_token_it_says_what_to_give(environ: dict[str, str]) -> None:
    result = run(environ, "list")
    assert isinstance(result.exception, JikinError)
    assert result.exception.code == "wallet.token"
    assert result.exception.hint is not None


def test_a_wallet_that_is_not_there_is_told(environ: dict[str, str]) -> None:
    environ["JIKIN_WALLET_TOKEN"] = "x"
    result = run(environ, "list", "--url", "http://127.0.0.1:9")
    assert isinstance(result.exception, JikinError)
    assert result.exception.code == "wallet.unreachable"


def test_a_mistyped_recovery_code_is_told(environ: dict[str, str]) -> None:
    _made(environ)
