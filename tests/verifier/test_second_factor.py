"""The name behind a number: asked at the issuer, and one answer for everything that is not right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from jikin.errors import FetchError
from jikin.openid4vc.door import Answer
from jikin.values import JsonObject
from tests.verifier_desk import Town, client, opened
from verifier.http.counter import standard_limits
from verifier.second_factor import date_of
from verifier.service import counter_of

NOT_FOUND = "이 번호와 이름에 맞는 증명서를 찾지 못했습니다. 둘 다 다시 보세요."


@dataclass
class IssuerSite:
    """An issuer's site at the other end of the door: knows one name and one birth date."""

    reachable: bool = True
    asked: list[tuple[str, JsonObject]] = field(default_factory=list)

    def get(self, url: str, accept: str = "", max_bytes: int = 0) -> Answer:
        raise FetchError("nothing is fetched here")

    def post_form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        raise FetchError("no form is posted here")

    def post_json(self, url: str, body: JsonObject, headers: Mapping[str, str] | None = None) -> Answer:
        self.asked.append((url, body))
        if not self.reachable:
            raise FetchError(f"{url} does not answer")
        right = body == {"name": "김하늘", "birth_date": "2003-04-17"}
        said = {"matches": right, "name": "김*늘" if right else None}
        return Answer(200, {"content-type": "application/json"}, json.dumps(said).encode())


@pytest.fixture
def site() -> IssuerSite:
    return IssuerSite()


@pytest.fixture
def browser(town: Town, tmp_path: Path, site: IssuerSite) -> object:
    with client(counter_of(replace(opened(town, tmp_path), door=site))) as browser:
        yield browser


def ask(browser: TestClient, number: object, name: str = "김하늘", born: str = "2003-04-17") -> str:
    answer = browser.post(f"/n/{number}/name", data={"name": name, "birth_date": born})
    assert answer.status_code == 200
    return answer.text


def test_who_knows_name_and_birth_date_sees_the_masked_name(town: Town, browser: TestClient, site: IssuerSite) -> None:
    issued = town.qualification()
    page = ask(browser, issued.number)
    assert "김*늘" in page
    assert NOT_FOUND not in page
    (url, _body) = site.asked[0]
    assert url == f"{town.examiner.profile.base_url}/n/{issued.number.symbols}/second-factor"


WRONG = {
    "another name": ("이서준", "2003-04-17"),
    "another birth date": ("김하늘", "2003-04-18"),
    "a birth date that is none": ("김하늘", "April"),
    "nothing": ("", ""),
    "a name of a thousand letters": ("가" * 1000, "2003-04-17"),
}


@pytest.mark.parametrize(("name", "born"), WRONG.values(), ids=WRONG.keys())
def test_everything_that_is_wrong_is_answered_alike(name: str, born: str, town: Town, browser: TestClient) -> None:
    page = ask(browser, town.qualification().number, name, born)
    assert NOT_FOUND in page
    assert "김*늘" not in page


def test_who_asks_too_often_hears_the_same_and_the_issuer_is_not_asked(
    town: Town, tmp_path: Path, site: IssuerSite
) -> None:
    issued = town.qualification()
    app = counter_of(replace(opened(town, tmp_path), door=site), standard_limits())
    with client(app) as browser:
        for _ in range(5):
            ask(browser, issued.number, "이서준")
        assert NOT_FOUND in ask(browser, issued.number)
    assert len(site.asked) == 5


def test_an_issuer_that_does_not_answer_says_nothing_of_the_name(
    town: Town, browser: TestClient, site: IssuerSite
) -> None:
    site.reachable = False
    page = ask(browser, town.qualification().number)
    assert "발급 기관이 지금 대답하지 않습니다." in page
    assert NOT_FOUND not in page


def test_a_form_of_another_site_is_refused(town: Town, browser: TestClient) -> None:
    answer = browser.post(
        f"/n/{town.qualification().number}/name",
        data={"name": "김하늘", "birth_date": "2003-04-17"},
        headers={"origin": "https://elsewhere.example"},
    )
    assert answer.status_code == 403


def test_neither_name_nor_number_reaches_the_metrics(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    ask(browser, issued.number)
    text = browser.get("/metrics").text
    assert not {str(issued.number), issued.number.symbols, "김하늘", "2003-04-17"} & set(text.replace('"', " ").split())


DATES = {
    "2003-04-17": "2003-04-17",
    "20030417": "2003-04-17",
    "2003.4.17": "2003-04-17",
    "2003년 4월 17일": "2003-04-17",
    "２００３-０４-１７": "2003-04-17",
    "17 April 2003": None,
    "": None,
}


@pytest.mark.parametrize(("typed", "read"), DATES.items())
def test_dates_are_read_as_people_write_them(typed: str, read: str | None) -> None:
    assert date_of(typed) == read
