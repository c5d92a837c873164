"""Files that people bring: each is answered at once, in words; bad ones are refused in words too, and none is kept."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from jikin.badges import qr
from jikin.status.array import State
from jikin.testing import Issued
from tests.verifier_desk import BASE, Holder, Town, client, service


def file_of(issued: Issued, **change: object) -> bytes:
    credential = json.loads(json.dumps(issued.document.credential))
    credential.update(change)
    return json.dumps({"credential": credential, "receipt": issued.receipt.to_json()}).encode()


def upload(browser: TestClient, *files: tuple[str, bytes]) -> str:
    answer = browser.post("/check", files=[("file", file) for file in files])
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_genuine_file_is_genuine_and_shows_whose_it_is(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    page = upload(browser, ("certificate.json", file_of(issued)))
    for shown in (">진본입니다</h1>", "김하늘", str(issued.number), "한 글자도 바뀌지 않았습니다"):
        assert shown in page


def test_a_changed_file_is_not_genuine_and_its_words_are_not_vouched_for(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    page = upload(browser, ("certificate.json", file_of(issued, name="다른 자격증")))
    assert ">진본이 아닙니다</h1>" in page
    assert "맞다고 확인된 내용이 아닙니다" in page
    assert "facts--large" not in page


def test_several_files_have_an_answer_each_and_the_worst_stands_on_top(town: Town, browser: TestClient) -> None:
    good, revoked = town.qualification(), town.qualification(state=State.REVOKED)
    page = upload(
        browser,
        ("good.json", file_of(good)),
        ("revoked.json", file_of(revoked)),
        ("forged.json", file_of(good, name="다른 자격증")),
        ("letter.txt", b"Dear Sir"),
    )
    assert "4개를 확인했습니다" in page
    assert "verdict--failed" in page
    assert "진본 1개, 진본이 아니거나 효력이 없는 것 2개, 확인할 수 없는 것 1개입니다." in page
    for name in ("good.json", "revoked.json", "forged.json", "letter.txt"):
        assert name in page


def test_an_archive_is_answered_file_by_file(town: Town, browser: TestClient) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.json", file_of(town.qualification()))
        archive.writestr("b.json", file_of(town.qualification(), name="다른 자격증"))
    page = upload(browser, ("all.zip", packed.getvalue()))
    assert "2개를 확인했습니다" in page
    assert "all.zip/a.json" in page


def test_a_picture_of_the_paper_is_enough(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    page = upload(browser, ("photo.png", qr.png(qr.check_url(BASE, issued.number))))
    assert "유효한 증명서 번호입니다" in page


def test_a_badge_picture_carries_its_certificate(town: Town, browser: TestClient) -> None:
    issued = town.bound(Holder())
    baked = json.dumps(issued.document.credential, ensure_ascii=False)
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0">'
        f"<openbadges:credential><![CDATA[{baked}]]></openbadges:credential><rect width='9' height='9'/></svg>"
    )
    page = upload(browser, ("badge.svg", svg.encode()))
    assert ">진본입니다</h1>" in page


def test_a_picture_whose_code_leads_elsewhere_is_told_and_its_number_not_judged(
    town: Town, browser: TestClient
) -> None:
    issued = town.qualification()
    page = upload(browser, ("photo.png", qr.png(qr.check_url("https://hrdk-check.example", issued.number))))
    assert "다른 곳으로 이끄는 QR입니다" in page
    assert "hrdk-check.example" in page
    assert "유효한" not in page


REFUSED = {
    "no picture of a code": ("photo.png", None, "QR을 찾지 못했어요"),
    "a text": ("letter.txt", b"Dear Sir", "확인할 수 있는 종류의 파일이 아닙니다"),
    "a broken PDF": ("broken.pdf", b"%PDF-1.7 and nothing more", "파일을 읽을 수 없습니다"),
    "JSON that is no certificate": ("list.json", b'{"shopping": ["milk"]}', "증명서가 들어 있지 않습니다"),
    "JSON that is none": ("half.json", b'{"a":', "파일을 읽을 수 없습니다"),
    "JSON too deep": ("deep.json", b"[" * 5000, "파일을 읽을 수 없습니다"),
    "a picture with a script": (
        "badge.svg",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "증명서가 들어 있지 않습니다",
    ),
    "a picture with entities": (
        "bomb.svg",
        b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>',
        "파일을 읽을 수 없습니다",
    ),
}


@pytest.mark.parametrize(("name", "data", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_certificate_is_unknown_with_a_word_on_what_to_do(
    name: str, data: bytes | None, said: str, browser: TestClient
) -> None:
    page = upload(browser, (name, _blank() if data is None else data))
    assert ">확인할 수 없습니다</h1>" in page
    assert said in page
    assert "<script>alert" not in page


def _blank() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("L", (400, 400), 255).save(out, "PNG")
    return out.getvalue()


def test_a_file_name_is_shown_as_text(town: Town, browser: TestClient) -> None:
    page = upload(browser, ("<img src=x onerror=alert(1)>.json", b"{}"), ("b.json", b"{}"))
    assert "<img src=x" not in page


def test_no_file_at_all_leads_back_to_the_door(browser: TestClient) -> None:
    answer = browser.post("/check", files=[("file", ("", b""))])
    assert answer.status_code == 400
    assert "고른 파일이 없어요" in answer.text


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(browser: TestClient) -> None:
    answer = browser.post("/check", files=[("file", ("big.pdf", b"%PDF-" + b"0" * (21 << 20)))])
    assert answer.status_code == 413


def test_nothing_that_was_uploaded_is_kept(town: Town, tmp_path: Path) -> None:
    with client(service(town, tmp_path)) as browser:
        upload(browser, ("certificate.json", file_of(town.qualification(name="남궁보라"))))
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert "남궁보라".encode() not in kept


def test_programs_get_the_answer_as_json(town: Town, browser: TestClient) -> None:
    sent = [("file", ("certificate.json", file_of(town.qualification())))]
    answer = browser.post("/check", files=sent, headers={"accept": "application/json"})
    assert answer.json()["outcome"] == "passed"


# --- what the camera read ---


def test_a_scanned_code_of_ours_opens_its_number(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    answer = browser.post("/scan", data={"text": qr.check_url(BASE, issued.number)}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/n/{issued.number}")


def test_a_scanned_code_that_leads_elsewhere_is_never_followed(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    page = browser.post("/scan", data={"text": f"https://hrdk-check.example/n/{issued.number}"}).text
    assert "이 QR은 hrdk-check.example 주소로 이끕니다." in page
    assert 'name="number"' in page
    assert "/report" in page


FOREIGN = {
    "a shop": "https://shop.example/offer?id=1",
    "a text": "WIFI:T:WPA;S:cafe;P:secret;;",
    "a script": "javascript:alert(1)",
    "nothing": "",
    "a host with a user in front": "https://localhost:8103@evil.example/n/26HRDK",
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_code_that_is_from_no_certificate_is_told(text: str, browser: TestClient) -> None:
    answer = browser.post("/scan", data={"text": text})
    assert answer.status_code == 200
    assert "이 QR은 증명서의 QR이 아니에요." in answer.text
    assert "alert(1)" not in answer.text


def test_a_scanned_code_with_a_wrong_number_is_told_as_such(browser: TestClient) -> None:
    page = browser.post("/scan", data={"text": f"{BASE}/N/26HRDK7F3Q9XK4M2W837"}).text
    assert "번호의 글자 하나가 맞지 않습니다." in page


def test_a_further_host_of_ours_is_accepted(town: Town, tmp_path: Path) -> None:
    issued = town.qualification()
    with client(service(town, tmp_path, check_hosts="check.kosha.example")) as browser:
        text = f"https://CHECK.KOSHA.EXAMPLE/N/{issued.number.symbols}"
        answer = browser.post("/scan", data={"text": text}, follow_redirects=False)
    assert answer.status_code == 303
