"""Badges that people bring: the certificate in a picture is judged as the certificate itself."""

from __future__ import annotations

import io
import json

from PIL import Image
from starlette.testclient import TestClient

from jikin.badges.baking import bake
from jikin.testing import Issued
from tests.verifier_desk import Holder, Town

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(out, "PNG")
    return out.getvalue()


def credential(issued: Issued, **changes: object) -> str:
    return json.dumps({**issued.document.credential, **changes}, ensure_ascii=False)


def upload(browser: TestClient, name: str, data: bytes) -> str:
    answer = browser.post("/check", files=[("file", (name, data))])
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_badge_in_a_png_or_svg_is_genuine(town: Town, browser: TestClient) -> None:
    issued = town.bound(Holder())
    assert ">진본입니다</h1>" in upload(browser, "badge.png", bake(picture(), credential(issued)))
    assert ">진본입니다</h1>" in upload(browser, "badge.svg", bake(SVG, credential(issued)))


def test_a_changed_badge_is_not(town: Town, browser: TestClient) -> None:
    forged = credential(town.bound(Holder()), name="다른 자격증")
    assert ">진본이 아닙니다</h1>" in upload(browser, "badge.png", bake(picture(), forged))


def test_a_jwt_in_a_picture_is_judged_as_the_jwt_itself(browser: TestClient) -> None:
    jwt = "eyJhbGciOiJFZERTQSIsInR5cCI6InZjK2p3dCJ9.e30.c2lnbmF0dXJl"
    page = upload(browser, "badge.png", bake(picture(), jwt))
    assert upload(browser, "badge.png", jwt.encode()) == page
    assert ">진본입니다</h1>" not in page


def test_an_open_badges_2_badge_is_told_and_not_judged(browser: TestClient) -> None:
    tag = b'<o:assertion xmlns:o="http://openbadges.org" verify="https://exam.example/assertions/1"/>'
    assert ">확인할 수 없습니다</h1>" in upload(browser, "badge.svg", SVG.replace(b"<rect", tag + b"<rect"))
