"""Issuer, wallet and verifier are killed (kill -9) as they receive, present and issue: nothing lost, nothing doubled.

When each is killed is drawn from a seeded chance, so that the moments differ from each other and not from run to run.
What was under way is asked for again afterwards, as people and programs do whose answer never came.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
import pytest

from jikin.command.browsing import Browser, Page, RefusedError
from jikin.command.founding import QUALIFICATION
from jikin.command.serve import Service
from jikin.values import Json, JsonObject
from tests.issuing_office import HEADER, row
from tests.standing_services import Services, good, standing, until
from wallet import accounts, activity
from wallet.app import build
from wallet.settings import load

pytestmark = pytest.mark.chain
SEED = 20261122
_CHANCE = random.Random(SEED)
ROUNDS = 3
LONGEST = {"receive": 3.0, "present": 1.5, "issue": 4.0}
WAIT = 150.0
LIST = 6
_NEW_OFFER = ("wallet.tx-code", "wallet.offer.gone", "openid.offer.gone")


def moments(work: str) -> list[float]:
    """Return after how many seconds somebody is killed: early, in the middle and late."""
    part = LONGEST[work] / ROUNDS
    return [round(part * (number + _CHANCE.random()), 2) for number in range(ROUNDS)]


@dataclass
class House:
    """The services and an officer who may issue."""

    services: Services
    officer: Browser
    count: int = 0

    def somebody(self) -> dict[str, Json]:
        """Return an invented person whom nobody has certified yet."""
        self.count += 1
        return dict(zip(HEADER.split(","), row(5000 + self.count).split(","), strict=True))

    def rows(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """Return what the office's database says."""
        place = self.services.data(Service.ISSUER) / "office.db"
        with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=30)) as connection:
            return [tuple(one) for one in connection.execute(question, values)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Yield the services."""
    with standing(tmp_path_factory.mktemp("house") / "data") as services:
        made = House(services, services.officer("hong"))
        yield made


def killed(house: House, victim: Service, after: float, work: Callable[[], object]) -> None:
    """Let *work* begin, kill *victim* *after* so many seconds, and start it again."""

    def at_work() -> None:
        with contextlib.suppress(httpx.TransportError, RefusedError):
            work()

    worker = threading.Thread(target=at_work, daemon=True)
    worker.start()
    time.sleep(after)
    house.services.kill(victim)
    worker.join(WAIT)
    assert not worker.is_alive()
    house.services.start(victim)


# --------------------------------------------------------------------------------------------------------- receiving


@pytest.mark.parametrize("after", moments("receive"))
@pytest.mark.parametrize("victim", [Service.WALLET, Service.ISSUER])
def test_killed_while_receiving(house: House, victim: Service, after: float) -> None:
    services, person = house.services, house.somebody()
    before = {str(one["id"]) for one in services.held()}
    offer = services.offer(subject=person)
    killed(house, victim, after, lambda: services.receive(offer))

    offers = _receive_at_last(services, offer, person, before)

    new = [one for one in services.held() if str(one["id"]) not in before]
    assert len(new) == 1
    assert [one["number"] for one in services.held()].count(new[0]["number"]) == 1
    whole = good(services.wallet.get(f"/api/credentials/{new[0]['id']}"))
    assert whole["standing"] == "passed"
    # One certificate of this person, one copy for the one key that asked for it; no code was redeemed twice.
    made = house.rows(
        "SELECT copy_of, holder FROM credentials WHERE number = ?", str(new[0]["number"]).replace("-", "")
    )
    subject = whole["credential"]["credentialSubject"]  # type: ignore[index,call-overload]
    assert [holder for copy_of, holder in made if copy_of is not None] == [subject["id"]]  # type: ignore[index,call-overload]
    assert [copy_of for copy_of, _ in made].count(None) == 1
    assert offers <= 2
    assert _doubled(house, "SELECT offer_id FROM grants") == []
    _anchored_once(house)


def _receive_at_last(services: Services, offer: JsonObject, person: JsonObject, before: set[str]) -> int:
    """Go on until the certificate is there; returns how many offers it took.

    A code is good once. Where the wallet was killed with the answer on its way, the issuer has to offer again.
    """
    offers, deadline = 1, time.monotonic() + WAIT
    while len(services.held()) == len(before):
        assert time.monotonic() < deadline, "the certificate never came"
        answer = services.receive(offer)
        if answer.is_success:
            good(services.wallet.post("/api/offers/resume"))
        elif answer.json()["code"] in _NEW_OFFER:
            good(services.wallet.post("/api/offers/resume"))
            if len(services.held()) == len(before):
                offer, offers = services.offer(subject=person), offers + 1
        else:
            assert answer.json()["code"] == "wallet.offer.used", answer.text
        time.sleep(0.2)
    return offers


def _doubled(house: House, question: str) -> list[object]:
    counted = Counter(first for first, *_ in house.rows(question))
    return [one for one, count in counted.items() if count > 1]


def _anchored_once(house: House) -> None:
    """Fail unless every batch that was released stands in the chain's events once, and no root stands there twice."""
    registry = json.loads((house.services.data(Service.ISSUER) / "registry.json").read_text())
    address = next(value for value in registry.values() if isinstance(value, str) and len(value) == 42)
    asked: JsonObject = {"address": address, "fromBlock": "0x0", "toBlock": "latest"}
    logs = house.services.chain.request("eth_getLogs", asked)
    assert isinstance(logs, list)
    said = [json.dumps(entry) for entry in logs]
    for (root,) in house.rows("SELECT root FROM batches WHERE state = 'released'"):
        assert isinstance(root, bytes)
        assert sum(root.hex() in entry for entry in said) == 1
    assert _doubled(house, "SELECT root FROM batches WHERE root IS NOT NULL") == []


# -------------------------------------------------------------------------------------------------------- presenting


@pytest.mark.parametrize("after", moments("present"))
@pytest.mark.parametrize("victim", [Service.WALLET, Service.VERIFIER])
def test_killed_while_presenting(house: House, victim: Service, after: float) -> None:
    services = house.services
    if not services.held():
        services.received()
    held = str(services.held()[0]["id"])
    asked = services.ask()
    before = _presented(services)
    killed(house, victim, after, lambda: services.show(asked, choose={"certificate": held}))

    deadline = time.monotonic() + WAIT
    while services.result(asked)["state"] != "answered":
        assert time.monotonic() < deadline, "the answer never came"
        again = services.show(asked, choose={"certificate": held})
        assert again.status_code in (200, 409, 424), again.text
        time.sleep(0.2)

    result = services.result(asked)
    assert (result["outcome"], len(result["credentials"])) == ("passed", 1)  # type: ignore[arg-type]
    # Once more is no second answer, whatever the wallet knows of the first.
    assert services.show(asked, choose={"certificate": held}).status_code in (200, 409, 410)
    assert services.result(asked) == result
    assert _presented(services) == before + 1


def _presented(services: Services) -> int:
    """Return how often the wallet's log says that something was shown."""
    environ = dict(services.trial.children[Service.WALLET].environ)
    wallet = build(load(environ), clock=lambda: int(time.time()))
    try:
        with accounts.open_by_token(wallet, services.tokens["wallet"]) as vault:
            return [event.act for event in activity.events(wallet, vault, 1000)].count(activity.PRESENTED)
    finally:
        wallet.close()


# ----------------------------------------------------------------------------------------------------------- issuing


@pytest.mark.parametrize("after", moments("issue"))
def test_killed_while_issuing_a_list(house: House, after: float) -> None:
    services = house.services
    people = [house.somebody() for _ in range(LIST)]
    data = "\n".join([HEADER, *(",".join(map(str, one.values())) for one in people)]).encode()
    before = {str(number) for (number,) in house.rows("SELECT number FROM credentials WHERE copy_of IS NULL")}
    preview = _uploaded(house, data)
    killed(house, Service.ISSUER, after, lambda: house.officer.submit(preview, "/issue"))

    # The officer does not know whether it was taken, and uploads the same list again: nothing is issued twice.
    again = _uploaded(house, data)
    if any(form.action.endswith("/issue") for form in again.forms):
        house.officer.submit(again, "/issue")
    until(lambda: house.rows("SELECT 1 FROM batches WHERE state NOT IN ('released', 'failed')") == [], WAIT)

    numbers = [str(number) for (number,) in house.rows("SELECT number FROM credentials WHERE copy_of IS NULL")]
    new = [number for number in numbers if number not in before]
    assert len(new) == LIST
    assert len(set(numbers)) == len(numbers)
    states = house.rows("SELECT DISTINCT state FROM credentials WHERE copy_of IS NULL")
    assert states == [("released",)]
    _anchored_once(house)
    for number in new:
        answer = good(services.verifier.get(f"/n/{number}", params={"format": "json"}))
        assert answer["outcome"] == "passed"


def _uploaded(house: House, data: bytes) -> Page:
    new = house.officer.get(house.services.url(Service.ISSUER, "/admin/lists/new"))
    return house.officer.submit(new, "/admin/lists", {"type": QUALIFICATION}, {"file": ("list.csv", data)})


# --------------------------------------------------------------------------------------------------------- all three


def test_killed_all_at_once_everything_is_as_before(house: House) -> None:
    services = house.services
    if not services.held():
        services.received()
    held, asked = services.held(), services.ask()
    for service in Service:
        services.kill(service)
    services.start(*Service)
    assert services.held() == held
    good(services.show(asked, choose={"certificate": str(held[0]["id"])}))
    assert services.result(asked)["outcome"] == "passed"
