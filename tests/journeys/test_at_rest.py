"""After a whole story nothing of the holder can be read where the wallet keeps things, nor in any log or metric.

The holder's name, birth date, passphrase and DID occur nowhere else in the world, so that every find is hers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from jikin.command.browsing import Browser, Page
from jikin.command.founding import QUALIFICATION
from jikin.command.serve import Service
from tests.issuing_office import HEADER
from tests.standing_services import Services, good, standing, until
from tests.wallet.test_at_rest import _found as found_in

pytestmark = pytest.mark.chain
NAME_KO, NAME_EN = "독고달빛나래", "Dokgo Dalbitnarae"
BORN, EXAM = "1987-11-23", "7741-903652"
LOGIN, PASSPHRASE = "dalbitnarae-7f3c", "seventeen quiet otters mend the lighthouse"
PURPOSE = "무지개다리 관리인 채용"
RECOVERY = re.compile(r'class="slip__code" aria-label="([^"]+)"')
HELD = re.compile(r"/credentials/([0-9a-f]+)")
NUMBER = re.compile(rb"\b\d\d-?[0-9A-Z]{4}-?[0-9A-Z]{4}-?[0-9A-Z]{4}-?[0-9A-Z]{4}-?[0-9A-Z]{2}\b")


@dataclass
class Lived:
    """What was done and by whom: *secrets* by what they are, *places* by what is asked for them."""

    services: Services
    tmp: Path
    secrets: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def logs(self) -> dict[str, bytes]:
        return {f"log of the {service}": self.services.log(service).read_bytes() for service in Service}

    @property
    def metrics(self) -> dict[str, bytes]:
        return {
            f"metrics of the {service}": self.services.program(service, token=False).get("/metrics").content
            for service in Service
        }

    @property
    def vaults(self) -> dict[str, bytes]:
        """Return every file of the wallet's folder, and what lies where temporary files are made."""
        data = self.services.data(Service.WALLET)
        files = {f"{path.relative_to(data)}": path for path in data.rglob("*") if path.is_file()}
        files |= {f"tmp/{path.relative_to(self.tmp)}": path for path in self.tmp.rglob("*") if path.is_file()}
        return {name: path.read_bytes() for name, path in files.items()}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Yield what is left of a story of one holder; the services run on."""
    folder = tmp_path_factory.mktemp("lived")
    tmp = folder / "tmp"
    tmp.mkdir()
    settings = {"JIKIN_LOG_LEVEL": "DEBUG", "TMPDIR": str(tmp)}
    with standing(folder / "data", settings) as services:
        one = Lived(services, tmp)
        _live(one)
        yield one


def _live(lived: Lived) -> None:
    """Sign up, receive, show, decline, check, print, be looked up and be mistaken for somebody else."""
    services, secrets = lived.services, lived.secrets
    secrets |= {
        "the holder's name": NAME_KO,
        "the holder's English name": NAME_EN,
        "the birth date": BORN,
        "the birth date in one piece": BORN.replace("-", ""),
        "the exam number": EXAM,
        "the login name": LOGIN,
        "the passphrase": PASSPHRASE,
        "the purpose": PURPOSE,
    }
    for service in Service:
        secrets[f"the token for the {service}"] = services.tokens[str(service)]
    her = services.browser()
    secrets["the recovery code"] = _signed_up(services, her)
    subject = dict(zip(HEADER.split(","), (EXAM, NAME_KO, NAME_EN, BORN, "7875", "2026-05-29"), strict=True))
    offer = services.offer(subject=subject)
    reference = httpx.URL(str(offer["offer"])).params["credential_offer_uri"]
    secrets["the offer's reference"] = reference.rpartition("/")[2]
    seen = her.get(str(offer["link"]))
    her.submit(seen, "/receive/", {"code": "000000" if offer["tx_code"] != "000000" else "111111"}, expect=400)
    got = her.submit(her.get(str(offer["link"])), "/receive/", {"code": str(offer["tx_code"])})
    until(lambda: HELD.search(her.get(services.url(Service.WALLET, "/")).body.decode()), 120)
    home = her.get(services.url(Service.WALLET, "/"))
    match = HELD.search(home.body.decode())
    assert match is not None, got.said
    _looked_at(lived, her, f"/credentials/{match[1]}")
    _shown(services, her, secrets)
    _looked_up(services, secrets["the certificate number"])


def _signed_up(services: Services, her: Browser) -> str:
    form = her.get(services.url(Service.WALLET, "/sign-up"))
    shown = her.submit(form, "/sign-up", {"name": LOGIN, "passphrase": PASSPHRASE, "repeat": PASSPHRASE})
    code = RECOVERY.search(shown.body.decode())
    assert code is not None, shown.said
    her.submit(her.get(shown.link("/settings/recovery-code")), "/settings/recovery-code/kept", {"code": code[1]})
    wrong = services.browser()
    entered = wrong.get(services.url(Service.WALLET, "/sign-in"))
    wrong.post(
        entered.form("/sign-in").action,
        {"name": LOGIN, "passphrase": f"{PASSPHRASE}!"},
        expect=_refusal(wrong, entered),
    )
    return code[1]


def _refusal(who: Browser, page: Page) -> int:
    """Return with what status a wrong passphrase is answered."""
    action = page.form("/sign-in").action
    origin = str(httpx.URL(action).copy_with(path="/")).rstrip("/")
    headers = {"accept": "text/html", "origin": origin, "sec-fetch-site": "same-origin"}
    answer = who._client.post(action, data={"name": LOGIN, "passphrase": "wrong all along"}, headers=headers)
    assert 400 <= answer.status_code < 500 or answer.status_code == 200
    return answer.status_code


def _looked_at(lived: Lived, her: Browser, path: str) -> None:
    services = lived.services

    def at(rest: str, accept: str) -> Page:
        return her.get(services.url(Service.WALLET, path + rest), accept=accept)

    at("", "text/html")
    credential = at("/credential.json", "application/json").json()
    receipt = at("/receipt.json", "application/json").json()
    subject = credential["credentialSubject"]
    assert isinstance(subject, Mapping)
    text = json.dumps(credential, ensure_ascii=False)
    assert NAME_KO in text
    number = NUMBER.search(text.encode())
    assert number is not None
    secrets = {
        "the certificate number": number[0].decode(),
        "the number in one piece": number[0].decode().replace("-", ""),
        "the holder's DID": str(subject["id"]),
        "the salt": str(receipt["salt"]).removeprefix("0x"),
    }
    lived.secrets |= secrets
    for rest in ("/pdf", "/certificate.pdf"):
        headers = {"accept": "application/pdf"}
        her._client.get(services.url(Service.WALLET, path + rest), headers=headers)
    her.submit(her.get(services.url(Service.WALLET, "/")), "/check")
    her.get(services.url(Service.WALLET, "/activity"))


def _shown(services: Services, her: Browser, secrets: dict[str, str]) -> None:
    employer = services.browser()
    for answer in ("yes", "no"):
        form = employer.get(services.url(Service.VERIFIER, "/requests/new"))
        asked = employer.submit(form, "/requests/new", {"template": QUALIFICATION, "purpose": PURPOSE})
        secrets[f"the request that is answered {answer}"] = asked.path.rpartition("/")[2]
        consent = her.get(asked.link("/present?request="))
        her.submit(consent, "/present/", {"answer": answer, "understood": "yes"})
        employer.get(asked.url)
        result = employer.get(f"{asked.url}/result", accept="application/json").json()
        assert result["state"] == ("answered" if answer == "yes" else "declined")


def _looked_up(services: Services, number: str) -> None:
    stranger, site = services.browser(), services.url(Service.VERIFIER)
    stranger.get(f"{site}/n/{number}")
    stranger.get(f"{site}/n?number={number}")
    named = stranger.post(f"{site}/n/{number}/name", {"name": NAME_KO, "birth_date": BORN})
    assert NAME_KO not in named.text  # what is shown is masked
    stranger.post(f"{site}/n/{number}/name", {"name": NAME_EN, "birth_date": BORN})
    issuer = services.url(Service.ISSUER)
    stranger.get(f"{issuer}/n/{number}", accept="application/json", expect=200)
    facts = {"number": number, "name": NAME_KO, "birth_date": BORN}
    stranger.submit(stranger.get(f"{issuer}/claim"), "/claim", facts)
    # What a careless program does: everything in the address, and a request that is refused.
    for service in Service:
        client = services.program(service, token=False)
        client.get(f"/{number}", params={"name": NAME_KO, "token": services.tokens[str(service)]})
        client.post("/nothing-here", json={"name": NAME_KO, "born": BORN, "number": number})
        client.get("/api/credentials", headers={"authorization": f"Bearer {PASSPHRASE}"})
    good(services.wallet.get("/api/credentials"))


def test_the_wallet_keeps_nothing_that_can_be_read(lived: Lived) -> None:
    places = lived.vaults
    assert {"wallet.db", "wallet.key"} <= set(places)
    assert found_in(lived.secrets, places) == []


def test_no_log_names_anybody(lived: Lived) -> None:
    logs = lived.logs
    for name, content in logs.items():
        assert b"/n/{number}" in content or "verifier" not in name
        assert b'"event": "request"' in content, name
    assert found_in(lived.secrets, logs) == []
    assert [name for name, content in logs.items() if NUMBER.search(content)] == []


def test_no_metric_names_anybody(lived: Lived) -> None:
    metrics = lived.metrics
    assert all(b"jikin_requests_total" in content for content in metrics.values())
    assert found_in(lived.secrets, metrics) == []
    assert [name for name, content in metrics.items() if NUMBER.search(content)] == []


def test_it_is_still_so_after_an_end_in_good_order_and_after_a_kill(lived: Lived) -> None:
    services = lived.services
    services.stop(Service.WALLET)
    assert found_in(lived.secrets, lived.vaults) == []
    services.start(Service.WALLET)
    services.kill(Service.WALLET)
    assert found_in(lived.secrets, {**lived.vaults, **lived.logs}) == []
    services.start(Service.WALLET)
