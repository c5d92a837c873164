"""Strangers' requests to the three running services: whatever comes, never a 5xx, and every refusal is a clear one.

First what schemathesis makes of the three API descriptions, then what attackers send: addresses inside the house,
pictures with scripts, bombs, bodies too large, too deep, of the wrong kind, or of no text at all.
"""

from __future__ import annotations

import gzip
import io
import json
import socket
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.errors import SchemathesisError

from jikin.command.serve import Service
from tests.standing_services import Services, good, standing

pytestmark = pytest.mark.chain
EXAMPLES = 6
SECONDS = 60
MEMBERS = {"type", "title", "status", "code", "detail"}
# Answers of standards that have an error form of their own: OAuth's, and what was verified with which outcome.
OAUTH, VC_API, READY = {"error"}, {"verified", "outcome"}, {"ready", "checks"}
RESOLUTION = {"didDocument", "didDocumentMetadata", "didResolutionMetadata"}  # W3C DID Resolution


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    # Who is asked thousands of questions from one network must not stop at the limits, which have tests of their own.
    limits = {
        "JIKIN_SIGN_IN_RATES": "100000/minute",
        "JIKIN_RECEIVE_WAIT_SECONDS": "1",
        "JIKIN_CLAIM_WAIT_SECONDS": "1",
    }
    with standing(tmp_path_factory.mktemp("fuzz") / "data", limits) as running:
        running.received()
        yield running


def check(answer: Any, what: str = "") -> None:
    """Fail for a 5xx, and for a refusal in JSON that is neither problem details nor its standard's own form."""
    told = f"{what} {answer.request.method} {answer.request.url} → {answer.status_code}: {answer.text[:400]}"
    assert answer.status_code < 500, told
    stated = answer.headers.get("content-type") or ""
    kind = str(stated if isinstance(stated, str) else stated[0]).partition(";")[0]
    if answer.status_code < 400 or answer.request.method == "HEAD" or not kind.endswith("json"):
        return
    body = answer.json()
    assert isinstance(body, dict), told
    if kind == "application/problem+json":
        assert set(body) >= MEMBERS, told
        assert set(body) <= MEMBERS | {"hint"}, told
        assert body["status"] == answer.status_code, told
        assert body["detail"], told
    else:
        assert any(form <= set(body) for form in (OAUTH, VC_API, READY, RESOLUTION)), told


# ------------------------------------------------------------------------------------------------------ descriptions


@pytest.mark.parametrize("token", [True, False], ids=["with a token", "without"])
@pytest.mark.parametrize("service", list(Service))
def test_nothing_that_the_description_allows_is_a_5xx(services: Services, service: Service, token: bool) -> None:
    schema = schemathesis.openapi.from_url(services.url(service, "/openapi.json"), wait_for_schema=30)
    headers = {"authorization": f"Bearer {services.tokens[str(service)]}"} if token else {}
    tried, faults = 0, []
    for found in schema.get_all_operations():
        operation = found.ok()
        try:
            _try(services.url(service), operation, headers, EXAMPLES if token else 2)
        except (AssertionError, ExceptionGroup) as fault:
            faults.append(f"{operation.label}: {fault}")
        tried += 1
    assert faults == []
    assert tried >= {Service.ISSUER: 15, Service.WALLET: 5, Service.VERIFIER: 12}[service]


def _try(base: str, operation: Any, headers: dict[str, str], examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def asked(case: Any) -> None:
        try:
            answer = case.call(base_url=base, headers=headers, timeout=SECONDS, allow_redirects=False)
        except SchemathesisError:
            return
        check(answer, operation.label)

    asked()


# ---------------------------------------------------------------------------------------------------- inside addresses

INSIDE = (
    *("http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://192.168.0.1:80/", "http://[::1]:22/"),
    *(
        "http://0x7f000001/",
        "http://2130706433/",
        "http://127.1:22/",
        "http://0.0.0.0:22/",
        "http://[::ffff:10.0.0.1]/",
    ),
    *("http://localhost:22@10.0.0.1/", "file:///etc/passwd", "gopher://10.0.0.1/", "ftp://10.0.0.1/x", "http://"),
    *("https://metadata.google.internal/", "http://017700000001/", "//10.0.0.1/", "http://10.0.0.1:99999/", "dict://x"),
)


@pytest.mark.parametrize("address", INSIDE)
def test_an_offer_that_leads_inside_is_refused(services: Services, address: str) -> None:
    by_reference = f"openid-credential-offer://?credential_offer_uri={quote(address, safe='')}"
    issuer = {
        "credential_issuer": address,
        "credential_configuration_ids": ["x"],
        "grants": {"urn:ietf:params:oauth:grant-type:pre-authorized_code": {"pre-authorized_code": "x"}},
    }
    by_value = f"openid-credential-offer://?credential_offer={quote(json.dumps(issuer), safe='')}"
    for offer in (by_reference, by_value, address):
        _refused(services.wallet.post("/api/offers", json={"credential_offer": offer}))


@pytest.mark.parametrize("address", INSIDE)
def test_a_request_that_leads_inside_is_refused(services: Services, address: str) -> None:
    for request in (
        f"openid4vp://?client_id=redirect_uri:{quote(address, safe='')}&request_uri={quote(address, safe='')}",
        f"openid4vp://?client_id=decentralized_identifier:did:web:10.0.0.1&request_uri={quote(address, safe='')}",
        address,
    ):
        _refused(services.wallet.post("/api/requests", json={"request": request}))


@pytest.mark.parametrize("address", ["did:web:169.254.169.254", "did:web:10.0.0.1%3A22", "did:web:%5B%3A%3A1%5D"])
def test_a_credential_whose_issuer_lives_inside_is_not_verified(services: Services, address: str) -> None:
    credential = dict(good(services.wallet.get(f"/api/credentials/{services.held()[0]['id']}"))["credential"])  # type: ignore[call-overload]
    credential["issuer"] = address
    answer = services.verifier.post("/credentials/verify", json={"verifiableCredential": credential})
    check(answer)
    assert answer.json()["verified"] is False


def _refused(answer: httpx.Response) -> None:
    check(answer)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


@contextmanager
def stranger(
    answer: bytes, status: int = 200, headers: dict[str, str] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Give the address of a server of a stranger who answers everything the same, and what was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in (headers or {"content-type": "application/json"}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815 -- the name that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_nobody_follows_a_stranger_who_points_elsewhere(services: Services) -> None:
    with (
        stranger(b"{}") as (inside, reached),
        stranger(b"", 302, {"location": f"{inside}/secret"}) as (outside, asked),
    ):
        offer = f"openid-credential-offer://?credential_offer_uri={quote(outside + '/offer', safe='')}"
        _refused(services.wallet.post("/api/offers", json={"credential_offer": offer}))
        request = f"openid4vp://?client_id=x&request_uri={quote(outside + '/request', safe='')}"
        _refused(services.wallet.post("/api/requests", json={"request": request}))
    assert asked
    assert reached == []


STRANGE = {
    "nothing": b"",
    "no JSON": b"<html>",
    "null": b"null",
    "an array": b"[]",
    "deep": b"[" * 100_000,
    "no text": b'{"a": "\xff\xfe"}',
    "a lone surrogate": b'{"credential_issuer": "\\ud800"}',
    "two of a name": b'{"a": 1, "a": 2}',
    "endless": b'{"a": "' + b"a" * (3 << 20) + b'"}',
    "a number beyond all": b'{"a": 1e999999, "b": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE.keys())
def test_whatever_a_strangers_server_says_is_no_failure_of_the_wallet(services: Services, body: bytes) -> None:
    with stranger(body) as (address, asked):
        offer = f"openid-credential-offer://?credential_offer_uri={quote(address + '/offer', safe='')}"
        _refused(services.wallet.post("/api/offers", json={"credential_offer": offer}))
        request = f"openid4vp://?client_id=x&request_uri={quote(address + '/request', safe='')}"
        _refused(services.wallet.post("/api/requests", json={"request": request}))
    assert asked


def test_a_strangers_answer_that_unpacks_to_much_is_refused(services: Services) -> None:
    bomb = gzip.compress(b" " * (64 << 20))
    with stranger(bomb, headers={"content-type": "application/json", "content-encoding": "gzip"}) as (address, _):
        offer = f"openid-credential-offer://?credential_offer_uri={quote(address + '/offer', safe='')}"
        _refused(services.wallet.post("/api/offers", json={"credential_offer": offer}))


# ------------------------------------------------------------------------------------------------------------- bodies

JSON_PATHS = (
    *((Service.ISSUER, path) for path in ("/offers", "/hrdk/credential", "/hrdk/deferred")),
    *((Service.ISSUER, path) for path in ("/hrdk/notification", "/hrdk/n/26HRDK/second-factor")),
    *((Service.WALLET, path) for path in ("/api/offers", "/api/requests")),
    *((Service.VERIFIER, path) for path in ("/requests", "/credentials/verify", "/presentations/verify")),
)
BODIES = {
    "nothing": b"",
    "null": b"null",
    "a text": b'"x"',
    "an array": b"[]",
    "cut short": b'{"a": ',
    "deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "deep arrays": b"[" * 200_000,
    "no UTF-8": b'{"credential_offer": "\xff\xfe\xfd"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "NUL": b'{"credential_offer": "a\x00b"}',
    "an escaped NUL": b'{"credential_offer":"a\\u0000b","request":"\\u0000","number":"\\u0000","type":"\\u0000"}',
    "a lone surrogate": b'{"credential_offer":"\\ud800","request":"\\udfff","name":"\\ud800","birth_date":"\\ud800"}',
    "two of a name": b'{"request": "a", "request": "b"}',
    "not a number": b'{"a": NaN, "b": Infinity}',
    "a great number": b'{"a": ' + b"9" * 10_000 + b"}",
    "wrong types": b'{"credential_offer":1,"request":[],"choose":7,"tx_code":{},"number":1,"subject":[],"type":2}',
    "wrong types again": b'{"verifiableCredential":[1],"verifiablePresentation":0,"options":"x","dcql_query":3}',
    "many members": b"{" + b",".join(b'"m%d":0' % number for number in range(40_000)) + b"}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize(("service", "path"), JSON_PATHS, ids=[f"{s}{p}" for s, p in JSON_PATHS])
def test_a_body_that_is_nothing_is_refused(services: Services, service: Service, path: str, body: bytes) -> None:
    program = getattr(services, str(service))
    for kind in ("application/json", "application/vc+json"):
        check(program.post(path, content=body, headers={"content-type": kind}), path)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x", "a" * 3000):
        answer = program.post(path, content=body, headers={"content-type": kind})
        check(answer, path)
        assert 400 <= answer.status_code < 500


FORM_PATHS = (
    *((Service.ISSUER, path) for path in ("/hrdk/token", "/claim", "/apply", "/display", "/admin/sign-in/passkey")),
    *((Service.WALLET, path) for path in ("/sign-in", "/sign-up", "/display", "/receive", "/present")),
    *((Service.VERIFIER, path) for path in ("/requests/new", "/scan", "/check", "/display", "/oid4vp/x/response")),
    (Service.VERIFIER, "/n/26-HRDK-9NSA-1V5T-5KA9-7H/name"),
)
PARTS = "multipart/form-data; boundary=x"
FORMS = {
    "a thousand fields": (b"&".join(b"f%d=1" % number for number in range(1000)), "application/x-www-form-urlencoded"),
    "the same field twice": (b"name=a&name=b&text=1&text=2", "application/x-www-form-urlencoded"),
    "no UTF-8": (b"name=%ff%fe&text=\xff&template=%80", "application/x-www-form-urlencoded"),
    "NUL": (b"name=a%00b&text=%00&template=%00&purpose=%00", "application/x-www-form-urlencoded"),
    "surrogates": (b"name=%ed%a0%80&birth_date=%ed%a0%80", "application/x-www-form-urlencoded"),
    "JSON": (b'{"name": "x"}', "application/json"),
    "no boundary": (b"--x\r\n\r\n--x--", "multipart/form-data"),
    "an empty boundary": (b"----", "multipart/form-data; boundary="),
    "cut short": (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc', PARTS),
    "nameless parts": (b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--x--\r\n", PARTS),
    "a thousand files": (
        b"".join(
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="%d"\r\n\r\nz\r\n' % number
            for number in range(1000)
        )
        + b"--x--\r\n",
        PARTS,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "kind"), FORMS.values(), ids=FORMS.keys())
def test_a_form_that_is_none_is_refused(services: Services, body: bytes, kind: str) -> None:
    for service, path in FORM_PATHS:
        program, site = services.program(service, token=False), services.url(service)
        for accept in ("application/json", "text/html"):
            headers = {"content-type": kind, "accept": accept, "origin": site, "sec-fetch-site": "same-origin"}
            check(program.post(path, content=body, headers=headers), path)
        program.close()


@pytest.mark.parametrize(("service", "path"), JSON_PATHS, ids=[f"{s}{p}" for s, p in JSON_PATHS])
def test_more_than_a_mebibyte_is_not_read(services: Services, service: Service, path: str) -> None:
    program = getattr(services, str(service))
    answer = program.post(
        path, content=b'{"a":"' + b"a" * (2 << 20) + b'"}', headers={"content-type": "application/json"}
    )
    check(answer, path)
    assert answer.status_code == 413


def test_a_body_without_an_end_is_cut_off(services: Services) -> None:
    def without_end() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * (1 << 16)

    try:
        answer = services.wallet.post(
            "/api/offers", content=without_end(), headers={"content-type": "application/json"}
        )
    except httpx.TransportError:
        return  # told to go away while still talking
    check(answer)
    assert answer.status_code == 413


# ------------------------------------------------------------------------------------------------------------- uploads


def _zip_bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(20):
            archive.writestr(f"{number}.json", b" " * (8 << 20))
    return made.getvalue()


def _nested_zip(depth: int = 40) -> bytes:
    inner = b"{}"
    for number in range(depth):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr(f"{number}.zip" if number else "a.json", inner)
        inner = made.getvalue()
    return inner


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 1000))
        + chunk(b"IEND", b"")
    )


SVG = b"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">
<!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">
<script>alert(document.domain)</script><image href="http://169.254.169.254/"/><text>&b;</text>
<foreignObject><iframe src="javascript:alert(1)"/></foreignObject></svg>"""
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + number, b"&%c;" % (97 + number) * 10) for number in range(12)
) + b']><svg xmlns="http://www.w3.org/2000/svg"><text>&m;</text></svg>'  # fmt: skip
UPLOADS = {
    "a picture with a script": ("a.svg", SVG),
    "a million laughs": ("a.svg", LAUGHS),
    "a zip bomb": ("a.zip", _zip_bomb()),
    "zips in zips": ("a.zip", _nested_zip()),
    "a broken zip": ("a.zip", b"PK\x03\x04" + b"\xff" * 100),
    "a picture of a billion points": ("a.png", _png(60_000, 60_000)),
    "a broken picture": ("a.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 50),
    "a broken PDF": ("a.pdf", b"%PDF-1.7\n" + b"1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj " * 200),
    "deep JSON": ("a.json", b"[" * 500_000),
    "no text": ("a.json", b'{"@context": "\xff\xfe"}'),
    "NUL": ("a\x00b.json", b'{"a": "\x00"}'),
    "a name that leads away": ("../../../../etc/passwd", b"{}"),
    "a name with a script": ("<script>alert(1)</script>.json", b"{}"),
    "nothing": ("a.json", b""),
    "a JWT that is none": ("a.jwt", b"a.b.c"),
    "a JWT of alg none": ("a.jwt", b"eyJhbGciOiJub25lIn0.e30."),
}


@pytest.mark.parametrize(("name", "data"), UPLOADS.values(), ids=UPLOADS.keys())
def test_an_upload_of_an_attacker_is_answered(services: Services, name: str, data: bytes) -> None:
    site = services.url(Service.VERIFIER)
    for accept in ("application/json", "text/html"):
        headers = {"accept": accept, "origin": site, "sec-fetch-site": "same-origin"}
        answer = services.verifier.post("/check", files={"file": (name, data)}, headers=headers)
        check(answer, name)
        assert "<script>alert" not in answer.text
        assert "onload=" not in answer.text
        assert "root:" not in answer.text
        if answer.status_code == 200 and accept == "application/json":
            assert answer.json()["outcome"] != "passed"


def test_an_upload_beyond_the_limit_is_not_read(services: Services) -> None:
    site = services.url(Service.VERIFIER)
    headers = {"accept": "application/json", "origin": site, "sec-fetch-site": "same-origin"}
    answer = services.verifier.post("/check", files={"file": ("a.json", b" " * (22 << 20))}, headers=headers)
    check(answer)
    assert answer.status_code == 413


# ------------------------------------------------------------------------------------------------------------- lines

LINES = (
    *("/n/%00", "/n/%ff%fe", "/n/" + "A" * 5000, "/%2e%2e/%2e%2e/etc/passwd", "/static/..%2f..%2fetc%2fpasswd"),
    *("/n/26-HRDK-9NSA-1V5T-5KA9-7H%0d%0aX-Evil:1", "/?lang=%00", "/?lang=" + "k" * 3000, "/requests/%00", "//evil"),
    *("/receipts/" + "z" * 64, "/receipts/%00", "/status/%00/revocation", "/hrdk/n/%00", "/oid4vp/%00/request"),
    *("/credentials/%00", "/requests/new?template=%ff", "/.well-known/openid-credential-issuer/%00", "/offers/%00"),
    *("/admin/certificates/99999999999999999999999", "/admin/batches/-1", "/admin/certificates?before=1e9"),
    *("/receive?offer=%00", "/present?request=%ff", "/progress/%00", "/progress?receipt=%00", "/n?number=%00%ff"),
)


@pytest.mark.parametrize("line", LINES)
def test_an_address_that_is_none_is_answered(services: Services, line: str) -> None:
    for service in Service:
        program = getattr(services, str(service))
        for accept in ("application/json", "text/html"):
            answer = program.get(httpx.URL(services.url(service) + line), headers={"accept": accept})
            check(answer, line)
            assert "x-evil" not in answer.headers


HEADERS = {
    "a token of strange signs": b"Authorization: Bearer \xff\xfe\x80",
    "an empty token": b"Authorization: Bearer ",
    "another scheme": b"Authorization: Basic Og==",
    "a strange language": b"Accept-Language: \xff;q=x,,;;q=9999999",
    "a strange cookie": b"Cookie: jikin-wallet-holder=\xff; jikin-verifier-asker=%00; ;;=;",
    "a negative length": b"Content-Length: -1",
    "a strange length": b"Content-Length: 1e3",
    "a strange origin": b"Origin: null",
    "a strange tag": b"If-None-Match: \xff,,,",
    "another host": b"X-Forwarded-Host: evil.example",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_a_header_that_is_none_is_answered(services: Services, header: bytes) -> None:
    for service in Service:
        port = httpx.URL(services.url(service)).port
        for path in (b"/", b"/api/credentials", b"/requests/x/result", b"/n/x", b"/hrdk/did.json"):
            line = b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + header + b"\r\n\r\n"
            with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
                connection.sendall(line)
                got = b"".join(iter(lambda c=connection: c.recv(65536), b""))  # type: ignore[misc]
            assert got.startswith(b"HTTP/1.1 "), got[:200]
            assert int(got[9:12]) < 500, got[:300]
            assert b"evil.example" not in got


def test_after_all_that_everybody_is_well(services: Services) -> None:
    services.settled()
    asked = services.ask()
    good(services.show(asked))
    assert services.result(asked)["outcome"] == "passed"
    for service in Service:
        log = services.log(service).read_text("utf-8", "replace")
        assert '"event": "defect"' not in log
        assert "Traceback" not in log
