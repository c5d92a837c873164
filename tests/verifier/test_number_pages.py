"""What a printed code opens: the answer in words first, what must match the paper, and nothing that says too much."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from jikin.errors import ValueRefusedError
from jikin.status.array import State
from jikin.values import CertificateNumber
from jikin.verification.texts import SEOUL
from tests.verifier_desk import DAY, NOW, Clock, Town, client, service
from verifier.instants import asked_instant


def heading(page: str) -> str:
    found = re.findall(r"<h1[^>]*>(.*?)</h1>", page)
    assert len(found) == 1, found
    return str(found[0])


def test_a_good_number_is_told_in_words_with_what_must_match_the_paper(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    answer = browser.get(f"/n/{issued.number}")
    assert answer.status_code == 200
    assert heading(answer.text) == "유효한 증명서 번호입니다"
    assert 'class="verdict verdict--passed" id="result" tabindex="-1" role="status"' in answer.text
    for shown in (
        "지게차운전기능사",
        str(issued.number),
        "한국산업인력공단",
        "손에 든 증명서와 같은지 보세요",
        "기준 블록",
    ):
        assert shown in answer.text
    assert "2026년\u00a05월\u00a029일" in answer.text


def test_the_number_alone_shows_no_name(town: Town, browser: TestClient) -> None:
    issued = town.qualification(name="남궁보라")
    page = browser.get(f"/n/{issued.number}").text
    assert "남궁보라" not in page
    assert "Kim Ha-neul" not in page
    assert "이름까지 확인하기" in page


def test_the_printed_alias_in_capitals_without_hyphens_opens_the_same(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    assert heading(browser.get(f"/N/{issued.number.symbols}").text) == "유효한 증명서 번호입니다"


def test_a_machine_is_compared_with_its_plate_and_has_no_name_to_ask_for(town: Town, browser: TestClient) -> None:
    page = browser.get(f"/n/{town.machine().number}").text
    assert heading(page) == "유효한 인증입니다"
    for shown in ("명판과 비교하세요", "HL-30D", "한울리프트(주)", "지게차", "다른 기계에 붙어 있을 수 있어요"):
        assert shown in page
    assert "이름까지 확인하기" not in page


def test_in_english_the_machine_and_its_kind_are_named_in_english(town: Town, tmp_path: Path) -> None:
    with client(service(town, tmp_path), "en") as browser:
        page = browser.get(f"/n/{town.machine().number}").text
    assert heading(page) == "A valid certification"
    assert "Forklift truck" in page


ENDED = {
    "revoked": (State.REVOKED, "취소된 증명서입니다", "verdict--revoked"),
    "replaced": (State.REPLACED, "새 증명서로 바뀌었습니다", "verdict--revoked"),
    "suspended": (State.SUSPENDED, "효력이 정지된 증명서입니다", "verdict--suspended"),
}


@pytest.mark.parametrize(("state", "word", "kind"), ENDED.values(), ids=ENDED.keys())
def test_an_ended_certificate_says_how_it_ended(
    state: State, word: str, kind: str, town: Town, browser: TestClient
) -> None:
    issued = town.machine(state=state) if state is State.SUSPENDED else town.qualification(state=state)
    page = browser.get(f"/n/{issued.number}").text
    assert heading(page) == word
    assert kind in page
    assert "유효한" not in page.split("</main>")[0]


def test_since_when_it_has_no_effect_stands_among_the_facts(town: Town, browser: TestClient) -> None:
    issued = town.qualification(state=State.REVOKED, effective=NOW - 5 * DAY)
    page = browser.get(f"/n/{issued.number}").text
    assert "효력 없음" in page


def test_an_expired_one_says_until_when_it_was_valid(town: Town, browser: TestClient, clock: object) -> None:
    issued = town.machine(valid_until=NOW + DAY)
    clock.now = NOW + 2 * DAY  # type: ignore[attr-defined]
    town.world.chain.mine()
    page = browser.get(f"/n/{issued.number}").text
    assert heading(page) == "기간이 지났습니다"


MISTYPED = {
    "one character wrong": "26-HRDK-7F3Q-9XK4-M2W8-37",
    "too short": "26-HRDK",
    "no number at all": "안녕하세요",
}


@pytest.mark.parametrize("typed", MISTYPED.values(), ids=MISTYPED.keys())
@pytest.mark.parametrize("way", ["/n?number={}", "/n/{}"])
def test_a_mistyped_number_keeps_what_was_typed_and_says_so(typed: str, way: str, browser: TestClient) -> None:
    answer = browser.get(way.format(typed))
    assert answer.status_code == 400
    assert f'value="{typed}"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_wrong_check_symbol_is_told_with_the_sentence_for_it(browser: TestClient) -> None:
    page = browser.get("/n?number=26-HRDK-7F3Q-9XK4-M2W8-37").text
    assert "번호의 글자 하나가 맞지 않습니다. 마지막 두 글자를 다시 보세요." in page


def test_the_form_leads_to_the_numbers_own_address_however_it_was_typed(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    typed = issued.number.symbols.lower().replace("0", "o")
    answer = browser.get("/n", params={"number": f" {typed} "}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/n/{issued.number}")


def test_a_number_nobody_gave_out_is_unknown_and_neither_good_nor_forged(town: Town, browser: TestClient) -> None:
    page = browser.get(f"/n/{CertificateNumber.random(2026, 'HRDK')}").text
    assert heading(page) == "확인할 수 없습니다"
    assert "찾지 못했습니다" in page


def test_pages_of_numbers_are_kept_by_nobody_and_indexed_by_nobody(town: Town, browser: TestClient) -> None:
    sent = browser.get(f"/n/{town.qualification().number}").headers
    assert sent["cache-control"] == "no-store"
    assert sent["referrer-policy"] == "no-referrer"
    assert "noindex" in sent["x-robots-tag"]


def test_metrics_name_routes_and_no_number(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    browser.get(f"/n/{issued.number}")
    text = browser.get("/metrics").text
    assert 'route="/n/{number}"' in text
    assert str(issued.number) not in text
    assert issued.number.symbols not in text


def test_programs_get_the_report_as_json(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    answer = browser.get(f"/n/{issued.number}", headers={"accept": "application/json"}).json()
    assert (answer["outcome"], answer["subject"]["number"]) == ("passed", str(issued.number))
    refused = browser.get("/n/26-HRDK", headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (400, "number.mistyped")


def test_the_answer_is_never_older_than_the_setting_says(town: Town, tmp_path: Path, clock: object) -> None:
    issued = town.qualification()
    with client(service(town, tmp_path, session_seconds=2.0)) as browser:
        assert "유효한" in browser.get(f"/n/{issued.number}").text
        town.examiner.change(issued, State.REVOKED, "issued-in-error")
        clock.now += 3  # type: ignore[attr-defined]
        assert heading(browser.get(f"/n/{issued.number}").text) == "취소된 증명서입니다"


# --- was it valid on that day? ---


def test_a_day_in_the_past_is_answered_on_the_page_and_as_json(town: Town, browser: TestClient, clock: Clock) -> None:
    issued = town.qualification()
    clock.now += 30 * DAY
    town.world.chain.mine()
    town.examiner.change(issued, State.REVOKED, "issued-in-error")
    town.examiner.publish_record(town.examiner.record(issued, "national-technical-qualification"))
    day = datetime.fromtimestamp(NOW + 10 * DAY, SEOUL).date().isoformat()
    assert heading(browser.get(f"/n/{issued.number}").text) == "취소된 증명서입니다"
    page = browser.get(f"/n/{issued.number}?at={day}").text
    assert "물어본 때에는 유효했습니다" in page
    assert f'value="{day}"' in page
    answer = browser.get(f"/n/{issued.number}?at={day}&format=json").json()
    assert answer["outcome"] == "passed"
    assert "status.ended-later" in {finding["code"] for finding in answer["findings"]}


@pytest.mark.parametrize("day", ["2100-01-01", "tomorrow", "2026-02-30"])
def test_a_day_that_is_none_or_has_not_come_is_said_beside_the_field(day: str, town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    page = browser.get(f"/n/{issued.number}?at={day}").text
    assert "오늘까지의 날짜가 아닙니다" in page
    assert 'aria-invalid="true"' in page
    answer = browser.get(f"/n/{issued.number}?at={day}", headers={"accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["code"].startswith("value")


def test_an_uploaded_certificate_is_judged_as_of_the_day_asked_about(
    town: Town, browser: TestClient, clock: Clock
) -> None:
    issued = town.qualification()
    clock.now += 30 * DAY
    town.world.chain.mine()
    town.examiner.change(issued, State.REVOKED, "issued-in-error")
    data = json.dumps(issued.document.credential).encode()

    def outcome(query: str) -> str:
        answer = browser.post(
            f"/check{query}", files={"file": ("certificate.json", data)}, headers={"accept": "application/json"}
        )
        return str(answer.json()["findings"] and [f["code"] for f in answer.json()["findings"]])

    day = datetime.fromtimestamp(NOW + 10 * DAY, SEOUL).date().isoformat()
    assert "status.revoked" in outcome("")
    assert "status.ended-later" in outcome(f"?at={day}")


def test_a_day_means_its_end_in_seoul_and_today_means_now() -> None:
    noon = int(datetime(2026, 6, 12, 12, tzinfo=SEOUL).timestamp())
    assert asked_instant("2026-06-11", noon) == noon - 12 * 3600 - 1
    assert asked_instant("2026-06-12", noon) == noon
    assert asked_instant("2026-06-12T00:00:00+09:00", noon) == noon - 12 * 3600
    for future in ("2026-06-13", "2026-06-12T12:00:01+09:00"):
        with pytest.raises(ValueRefusedError):
            asked_instant(future, noon)
