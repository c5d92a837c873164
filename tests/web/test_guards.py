"""Who may do what: requests of other sites, cookies, bearer tokens, how often."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from jikin.errors import (
    ChainUnavailableError,
    DeskError,
    FetchError,
    JikinError,
    NumberError,
    OfficeError,
    ProtocolError,
    SettingsError,
    WalletError,
)
from jikin.web.common_routes import local_path
from jikin.web.cookies import SessionCookie
from jikin.web.frame import Frame
from jikin.web.limiting import Limiter
from jikin.web.problems import problem_of, status_of
from jikin.web.texts import COMMON, Texts
from jikin.web.tokens import Scopes, TokenDigest, bearer, new_token, read_dev_tokens
from tests.web import gallery

client = TestClient(gallery.application()[0], base_url="http://localhost:8109")
ORIGIN = "http://localhost:8109"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin", "origin": ORIGIN},
        {"sec-fetch-site": "same-origin", "origin": "null"},  # a form of a page that sends no referrer
        {"sec-fetch-site": "none"},
        {"origin": ORIGIN},
        {},  # no browser
    ],
)
def test_a_change_asked_by_our_own_page_is_made(headers: dict[str, str]) -> None:
    assert client.post("/changes", headers=headers).json() == {"changed": True}


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "http://localhost:9999"},
        {"sec-fetch-site": "cross-site", "origin": ORIGIN},
        {"sec-fetch-site": ""},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8108"},
        {"origin": "null"},
        {"origin": ""},
    ],
)
def test_a_change_asked_by_another_site_is_refused(headers: dict[str, str]) -> None:
    answer = client.post("/changes", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "request.cross-site")


def _frame(https: bool) -> Frame:
    return Frame(
        name="wallet",
        base_url="http://localhost:8102",
        texts=Texts.load(COMMON),
        templates=COMMON,
        clock=lambda: 0,
        trusted_https=https,
    )


def _request(**headers: str) -> Request:
    return Request({"type": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]})


@pytest.mark.parametrize("https", [True, False])
def test_a_session_cookie_is_kept_from_scripts_and_other_sites(https: bool) -> None:
    cookie = SessionCookie(_frame(https), "session", 3600)
    response = Response()
    cookie.set(response, "abc")
    said = response.headers["set-cookie"]
    assert said.startswith("jikin-wallet-session=abc;")
    for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=3600"):
        assert part in said
    assert ("Secure" in said) is https
    assert cookie.get(_request(cookie="jikin-wallet-session=abc")) == "abc"
    cookie.clear(response)
    assert 'jikin-wallet-session=""; ' in response.headers.getlist("set-cookie")[1]


def test_the_cookie_of_another_service_or_of_absurd_length_is_none() -> None:
    cookie = SessionCookie(_frame(False), "session", 3600)
    assert cookie.get(_request(cookie="jikin-issuer-session=abc")) is None
    assert cookie.get(_request(cookie=f"jikin-wallet-session={'a' * 600}")) is None
    assert cookie.get(_request()) is None


def test_a_bearer_token_is_read_from_the_header_alone() -> None:
    assert bearer(_request(authorization="Bearer abc.def")) == "abc.def"
    assert bearer(_request(authorization="bearer  abc ")) == "abc"
    for header in ("Basic abc", "Bearer", "Bearer ", "", f"Bearer {'a' * 5000}"):
        assert bearer(_request(authorization=header)) is None
    assert bearer(_request()) is None


def test_a_token_is_known_by_its_digest_alone() -> None:
    token = new_token()
    digest = TokenDigest.of(token)
    assert digest.matches(token)
    assert not digest.matches(token + "x")
    assert token not in repr(digest)
    assert new_token() != token


def test_scopes_allow_what_they_name() -> None:
    scopes = Scopes.parse("offers  status")
    assert scopes.allow("offers")
    assert not scopes.allow("offer")
    assert Scopes.parse("*").allow("anything")
    assert str(scopes) == "offers status"
    assert not Scopes.parse("").allow("")


def test_development_tokens_are_read_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "dev-tokens.json"
    file.write_text(json.dumps({"issuer": "a", "wallet": "b"}))
    assert read_dev_tokens(file) == {"issuer": "a", "wallet": "b"}
    for wrong in ("[]", '{"issuer": 1}', '{"issuer": ""}', "nothing"):
        file.write_text(wrong)
        with pytest.raises(SettingsError):
            read_dev_tokens(file)
    with pytest.raises(SettingsError):
        read_dev_tokens(tmp_path / "missing.json")


def test_a_key_may_try_as_often_as_each_rate_allows() -> None:
    limiter = Limiter("3/hour;5/day")
    assert [limiter.take("26-KR12") for _ in range(5)] == [True, True, True, False, False]
    assert limiter.take("26-KR13")


def test_no_key_stays_readable_in_memory() -> None:
    limiter = Limiter("3/hour")
    limiter.take("26-KR12-7F3Q")
    assert "26-KR12-7F3Q" not in str(vars(limiter._window.storage))


def test_a_limit_that_names_no_rate_is_refused() -> None:
    with pytest.raises(SettingsError, match="5/hour"):
        Limiter("often")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NumberError("x"), 400),
        (ProtocolError("x"), 400),
        (WalletError("x", code="wallet.not-found"), 404),
        (OfficeError("x", code="office.number-unknown"), 404),
        (OfficeError("x"), 409),
        (DeskError("x", code="desk.throttled"), 429),
        (WalletError("x", code="wallet.signed-out"), 401),
        (OfficeError("x", code="approval.role"), 403),
        (OfficeError("x", code="office.key-reused"), 409),
        (ChainUnavailableError("x"), 503),
        (FetchError("x"), 424),
        (SettingsError("x"), 500),
    ],
)
def test_the_status_of_an_error_follows_its_code(error: JikinError, status: int) -> None:
    assert status_of(error) == status


def test_a_wrong_setting_is_no_strangers_business() -> None:
    problem = problem_of(SettingsError("the database postgresql://office@10.1.2.3 cannot be opened"))
    assert problem.status == 500
    assert "10.1.2.3" not in str(problem.members())


@given(st.text(max_size=60))
def test_a_way_back_never_leaves_this_site(path: str) -> None:
    back = local_path(path)
    assert back.startswith("/")
    assert not back.startswith(("//", "/\\"))
    assert "\n" not in back
