"""The door to the network, tried on a real server on this machine: no redirects, nothing private, no end of bytes."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from jikin.errors import FetchError, ProtocolError
from jikin.openid4vc.door import WebDoor
from tests.codes import code_of


class Handler(BaseHTTPRequestHandler):
    """Says what it was sent, or misbehaves as its path says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body are written apart: 40 ms a question otherwise

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name, _, rest = self.path[1:].partition("/")
        with suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, f"answer_{name}")(rest, body)

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_echo(self, rest: str, body: bytes) -> None:
        said = {
            "method": self.command,
            "body": body.decode(),
            "headers": {k.lower(): v for k, v in self.headers.items()},
        }
        self.send(json.dumps(said).encode(), int(rest or 200), Content_Type="application/json; charset=utf-8")

    def answer_to(self, rest: str, body: bytes) -> None:
        self.send(b"", 302, Location=f"/{rest}")

    def answer_long(self, rest: str, body: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        for _ in range(int(rest)):
            self.wfile.write(bytes(1 << 16))

    def answer_packed(self, rest: str, body: bytes) -> None:
        self.send(b"\x1f\x8b", Content_Encoding="gzip")

    def answer_slow(self, rest: str, body: bytes) -> None:
        time.sleep(3)
        self.send(b"late")

    def answer_bytes(self, rest: str, body: bytes) -> None:
        self.send(b"\xff\xfe")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


DOOR = WebDoor(("127.0.0.1",), timeout_seconds=1.5)


def test_the_three_verbs_say_what_they_are_asked_to(base: str) -> None:
    got = DOOR.get(f"{base}/echo/", "application/jwt")
    assert got.status == 200
    assert got.media_type == "application/json"
    said = json.loads(got.body)
    assert (said["method"], said["headers"]["accept"]) == ("GET", "application/jwt")
    form = json.loads(DOOR.post_form(f"{base}/echo/", {"a": "1", "코드": "가 나"}).body)
    assert form["method"] == "POST"
    assert form["body"] == "a=1&%EC%BD%94%EB%93%9C=%EA%B0%80+%EB%82%98"
    assert form["headers"]["content-type"] == "application/x-www-form-urlencoded"
    sent = json.loads(DOOR.post_json(f"{base}/echo/", {"이름": "김"}, {"Authorization": "Bearer t"}).body)
    assert json.loads(sent["body"]) == {"이름": "김"}
    assert sent["headers"]["authorization"] == "Bearer t"
    assert sent["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize("status", [201, 202, 400, 401, 404, 500])
def test_every_status_but_a_redirect_is_an_answer(base: str, status: int) -> None:
    assert DOOR.post_json(f"{base}/echo/{status}", {}).status == status


def test_redirects_are_not_followed(base: str) -> None:
    assert code_of(DOOR.get, f"{base}/to/echo/") == "fetch.refused"
    assert code_of(DOOR.post_form, f"{base}/to/echo/", {"secret": "x"}) == "fetch.refused"


def test_answers_have_an_end_and_a_time(base: str) -> None:
    assert code_of(DOOR.get, f"{base}/long/64") == "fetch.too-long"
    assert code_of(DOOR.post_json, f"{base}/long/64", {}) == "fetch.too-long"
    with pytest.raises(FetchError):
        DOOR.get(f"{base}/echo/", "*/*", 10)
    assert code_of(DOOR.get, f"{base}/packed/") == "fetch.refused"
    assert code_of(DOOR.get, f"{base}/slow/") == "fetch.timeout"


def test_this_machine_and_private_networks_are_asked_only_where_allowed(base: str) -> None:
    shut = WebDoor(timeout_seconds=1.5)
    assert code_of(shut.get, f"{base}/echo/") == "fetch.refused"
    assert code_of(shut.post_json, base.replace("http://", "https://"), {}) == "fetch.private-address"
    for host in ("10.0.0.1", "169.254.169.254", "[::1]", "192.168.1.1", "0.0.0.0"):  # noqa: S104
        assert code_of(shut.post_form, f"https://{host}/latest/meta-data", {}) == "fetch.private-address"
    for url in ("file:///etc/passwd", "ftp://a.example", "gopher://a", "https://", "https://a:b@c.example", "a b"):
        assert code_of(shut.get, url) == "fetch.refused"


def test_an_allowed_host_and_port_is_no_other_port(base: str) -> None:
    port = int(base.rpartition(":")[2])
    assert WebDoor((f"127.0.0.1:{port}",)).get(f"{base}/echo/").status == 200
    assert code_of(WebDoor((f"127.0.0.1:{port + 1}",)).get, f"{base}/echo/") == "fetch.refused"


def test_nobody_there_is_no_refusal() -> None:
    assert code_of(DOOR.get, "http://127.0.0.1:9/") == "fetch.unreachable"


def test_it_works_inside_an_event_loop(base: str) -> None:
    async def inside() -> int:
        return DOOR.get(f"{base}/echo/").status

    assert asyncio.run(inside()) == 200


def test_an_answer_is_read_strictly(base: str) -> None:
    assert DOOR.get(f"{base}/echo/").json()
    assert DOOR.get(f"{base}/echo/").text()
    strange = DOOR.get(f"{base}/bytes/")
    assert strange.media_type == ""
    for read in (strange.json, strange.text):
        with pytest.raises(ProtocolError) as caught:
            read()
        assert caught.value.code == "openid.answer"


def test_nothing_of_an_answer_stands_in_its_repr(base: str) -> None:
    assert repr(DOOR.get(f"{base}/echo/")) == "Answer(status=200)"
