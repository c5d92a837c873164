"""What every service answers and how: headers, problem details, error pages, health, metrics, its own description."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from jikin.web.app import create
from tests.web import gallery

BASE = "http://localhost:8109"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def client() -> TestClient:
    app, _ = gallery.application()
    return TestClient(app, base_url=BASE, raise_server_exceptions=False, follow_redirects=False)


def test_every_page_forbids_inline_script_eval_and_frames(client: TestClient) -> None:
    for path in ("/", "/console", "/nowhere", "/faults/defect"):
        answer = client.get(path, headers=BROWSER)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "camera=(self)" in answer.headers["permissions-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])


def test_no_page_holds_inline_script_or_style(client: TestClient) -> None:
    for path in ("/", "/console", "/holder", "/camera", "/progress", "/passkeys", "/docs", "/nowhere"):
        text = client.get(path, headers=BROWSER).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"\sstyle=|<style|\son\w+=", text), path


def test_one_page_may_send_its_form_elsewhere_and_no_other_may(client: TestClient) -> None:
    answer = client.get("/elsewhere")
    assert "form-action 'self' https://desk.example;" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert "form-action 'self';" in client.get("/holder").headers["content-security-policy"]


def test_a_service_may_widen_the_policy_of_all_its_pages(client: TestClient) -> None:
    frame = client.app.state.frame  # type: ignore[attr-defined]
    made = create(frame, [], ready=dict, csp_extra={"form-action": "http://localhost:8102"})
    for path in ("/nowhere", "/healthz"):
        answer = TestClient(made, base_url=BASE).get(path, headers=BROWSER)
        assert "form-action 'self' http://localhost:8102;" in answer.headers["content-security-policy"]


def test_webassembly_is_allowed_in_the_worker_alone(client: TestClient) -> None:
    assert "'wasm-unsafe-eval'" in client.get("/static/scan-worker.js").headers["content-security-policy"]
    assert "wasm" not in client.get("/camera").headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nowhere", 404, "request.not-found"),
        ("/static/nothing.css", 404, "request.not-found"),
        ("/static/../app.py", 404, "request.not-found"),
        ("/changes", 405, "request.method"),
        ("/numbers/x", 400, "request.invalid"),
        ("/faults/missing", 404, "wallet.not-found"),
        ("/faults/refused", 409, "office.state"),
        ("/faults/gone", 410, "invitation.used"),
        ("/faults/outage", 503, "chain.unreachable"),
        ("/faults/defect", 500, "internal"),
    ],
)
def test_whatever_goes_wrong_is_problem_details(client: TestClient, path: str, status: int, code: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"urn:jikin:problem:{code}"
    assert body["title"]
    assert body["detail"]


def test_a_hint_is_told_and_a_secret_is_not(client: TestClient) -> None:
    assert client.get("/faults/missing").json()["hint"] == "look at the list"
    assert "김비밀" not in client.get("/faults/defect").text


@pytest.mark.parametrize("path", ["/nowhere", "/faults/missing", "/faults/outage", "/faults/defect", "/numbers/x"])
def test_a_browser_gets_a_page_in_its_language(client: TestClient, path: str) -> None:
    for language in ("ko", "en"):
        answer = client.get(path, headers={**BROWSER, "accept-language": language})
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert f'<html lang="{language}"' in answer.text
        assert answer.text.count("<h1") == 1


def test_a_service_may_word_a_problem_of_its_own(client: TestClient) -> None:
    assert "닫힌 묶음입니다" in client.get("/faults/refused", headers=BROWSER).text


def test_programs_get_problem_details_where_they_ask_for_json(client: TestClient) -> None:
    answer = client.get("/nowhere", headers={"accept": "application/json, text/html;q=0.5"})
    assert answer.headers["content-type"] == "application/problem+json"


def test_health_says_that_the_process_answers(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_readiness_names_what_does_not_answer() -> None:
    app, remembered = gallery.application()
    client = TestClient(app, base_url=BASE)
    assert client.get("/readyz").json() == {"ready": True, "checks": {"chain": True}}
    remembered.done = 99
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "checks": {"chain": False}}


def test_metrics_count_route_templates_and_never_paths(client: TestClient) -> None:
    client.get("/numbers/2612345")
    client.get("/secret-place/26-KR12-7F3Q?token=abc")
    client.request("BREW", "/numbers/7")
    text = client.get("/metrics").text
    assert 'jikin_requests_total{method="GET",route="/numbers/{number}",status="2xx"} 1.0' in text
    assert 'jikin_requests_total{method="GET",route="none",status="4xx"} 1.0' in text
    assert 'method="other"' in text
    for personal in ("2612345", "secret-place", "7F3Q", "abc", "BREW"):
        assert personal not in text


def test_each_application_counts_for_itself() -> None:
    clients = [TestClient(gallery.application()[0], base_url=BASE) for _ in range(2)]
    clients[0].get("/numbers/1")
    assert 'route="/numbers/{number}"' not in clients[1].get("/metrics").text


def test_reports_of_browsers_are_counted_by_directive(client: TestClient) -> None:
    report = {"csp-report": {"violated-directive": "script-src-elem", "document-uri": "http://x/secret"}}
    client.post("/csp-report", json=report, headers={"content-type": "application/csp-report"})
    client.post("/csp-report", content=b"\xff{")
    client.post("/csp-report", json={"csp-report": {"violated-directive": "made-up"}})
    client.post("/csp-report", json=[1])
    text = client.get("/metrics").text
    assert 'jikin_csp_reports_total{directive="script-src"} 1.0' in text
    assert 'jikin_csp_reports_total{directive="other"} 1.0' in text
    assert 'jikin_csp_reports_total{directive="unreadable"} 2.0' in text
    assert "secret" not in text


def test_the_description_states_problem_details_and_no_framework_errors(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert "HTTPValidationError" not in str(schema)
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert "422" not in operation["responses"]
            assert "application/problem+json" in operation["responses"]["4XX"]["content"]
    assert schema["paths"]["/json"]["post"]["requestBody"]["content"].keys() == {"application/json"}


@pytest.mark.parametrize(
    "back", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:x", "", "/a b"]
)
def test_the_look_switch_leads_back_to_this_site_only(client: TestClient, back: str) -> None:
    answer = client.post("/display", data={"theme": "dark", "back": back})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


def test_the_look_switch_keeps_known_positions_only(client: TestClient) -> None:
    client.post("/display", data={"theme": "dark", "contrast": '"><script>', "text": "huge"})
    assert client.cookies["jikin-verifier-look"] == "dark.."
    client.post("/display", data={"text": "big", "back": "/holder?x=1"})
    assert client.cookies["jikin-verifier-look"] == "dark..big"
    page = client.get("/holder").text
    assert '<html lang="ko" data-theme="dark" data-text="big">' in page


@pytest.mark.usefixtures("logs_of_its_own")
def test_a_log_line_names_the_route_and_nothing_of_the_request(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get("/numbers/2612345?name=kim", headers={"authorization": "Bearer s3cret", "cookie": "a=t0ken"})
    client.get("/faults/defect")
    said = capsys.readouterr()
    told = said.out + said.err
    assert "/numbers/{number}" in told
    for personal in ("2612345", "kim", "s3cret", "t0ken", "김비밀"):
        assert personal not in told
