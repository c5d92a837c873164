"""The service as it is set up, over a Hardhat node and what a real office publishes: told, revoked, stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from jikin.anchoring.devchain import HardhatNode
from jikin.badges import pdf as pdf_pages
from tests.chain_fixtures import hardhat
from tests.issuing_office import DOMAIN, HEADER, TYPE, row
from tests.office_command import Commands, set_up
from tests.verifier_desk import BASE, client
from verifier.service import application
from verifier.settings import load

__all__ = ["hardhat"]
pytestmark = pytest.mark.chain


@dataclass
class Issued:
    """What an office issued on a real chain."""

    commands: Commands
    numbers: list[str]
    folder: Path


@pytest.fixture(scope="module")
def issued(hardhat: HardhatNode, tmp_path_factory: pytest.TempPathFactory) -> Issued:
    folder = tmp_path_factory.mktemp("office")
    commands = Commands(folder / "office", hardhat.url, {"JIKIN_CHECK_AT": BASE})
    set_up(commands)
    source = folder / "results.csv"
    source.write_text("\n".join([HEADER, *(row(number) for number in range(3))]), "utf-8")
    told = commands.succeed("issue", "--type", TYPE, source)
    return Issued(commands, [one["number"] for one in told["certificates"]], Path(told["folder"]))


@pytest.fixture
def browser(issued: Issued, hardhat: HardhatNode, tmp_path: Path) -> Iterator[TestClient]:
    (public,) = (issued.commands.data / "public").iterdir()
    environ = {
        "JIKIN_RPC_URL": hardhat.url,
        "JIKIN_REGISTRY_FILE": str(issued.commands.data / "registry.json"),
        "JIKIN_MIRRORS": f"https://{DOMAIN}={public}",
        "JIKIN_DATA": str(tmp_path / "verifier"),
        "JIKIN_BASE_URL": BASE,
    }
    with client(application(load(environ))) as opened:
        yield opened


def test_a_number_a_pdf_and_a_picture_of_it_are_told_and_a_revocation_is_seen_at_once(
    issued: Issued, browser: TestClient
) -> None:
    number = issued.numbers[0]
    assert "유효한 증명서 번호입니다" in browser.get(f"/n/{number}").text
    pdf = (issued.folder / f"{number}.pdf").read_bytes()
    page = browser.post("/check", files=[("file", (f"{number}.pdf", pdf))]).text
    assert ">진본입니다</h1>" in page
    picture = pdf_pages.rasterise(pdf)
    photo = browser.post("/check", files=[("file", ("photo.png", picture))]).text
    assert "유효한 증명서 번호입니다" in photo

    (task,) = issued.commands.succeed("revoke", number, "--reason", "issued-in-error", "--officer", "park")["tasks"]
    issued.commands.succeed("approve", task["task"], "--officer", "lee")
    time.sleep(1.1)  # what was learned is shared for a second
    assert "취소된 증명서입니다" in browser.get(f"/n/{number}").text
    again = browser.post("/check", files=[("file", (f"{number}.pdf", pdf))]).text
    assert ">취소된 증명서입니다</h1>" in again
    assert "유효한 증명서 번호입니다" in browser.get(f"/n/{issued.numbers[1]}").text


def test_when_the_node_stops_nobody_is_told_valid_and_when_it_is_back_all_goes_on(
    issued: Issued, browser: TestClient, hardhat: HardhatNode, tmp_path: Path
) -> None:
    number = issued.numbers[2]
    (public,) = (issued.commands.data / "public").iterdir()
    away = {
        "JIKIN_RPC_URL": "http://127.0.0.1:9",  # the discard port: nobody answers there
        "JIKIN_REGISTRY_FILE": str(issued.commands.data / "registry.json"),
        "JIKIN_MIRRORS": f"https://{DOMAIN}={public}",
        "JIKIN_DATA": str(tmp_path / "away"),
        "JIKIN_BASE_URL": BASE,
    }
    with client(application(load(away))) as silent:
        page = silent.get(f"/n/{number}").text
        assert "확인할 수 없습니다" in page
        assert "위조라는 뜻은 아닙니다" in page
        assert "유효한 증명서 번호입니다" not in page
        assert silent.get("/readyz").status_code == 503
    assert "유효한 증명서 번호입니다" in browser.get(f"/n/{number}").text
