"""The doors to the web, tried against a real server on this machine."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import Mirrors, NoFetch, WebFetch
from jikin.errors import FetchError
from jikin.values import Did
from tests.codes import code_of


class Handler(BaseHTTPRequestHandler):
    """Answers as its path says; counts what it was asked."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body are written apart: 40 ms a question otherwise
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        name, _, rest = self.path[1:].partition("/")
        with suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, f"answer_{name.replace('-', '_')}")(rest)

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_hello(self, rest: str) -> None:
        self.send(b"hello " + rest.encode())

    def answer_status(self, rest: str) -> None:
        self.send(b"no", int(rest))

    def answer_to(self, rest: str) -> None:
        self.send(b"", 302, Location=rest)

    def answer_again(self, rest: str) -> None:
        left = int(rest)
        self.send(b"there", 200) if left == 0 else self.send(b"", 307, Location=f"/again/{left - 1}")

    def answer_long(self, rest: str) -> None:
        self.send_response(200)
        self.end_headers()  # no length: the body has no end of its own
        self.close_connection = True
        for _ in range(int(rest)):
            self.wfile.write(bytes(1 << 16))

    def answer_packed(self, rest: str) -> None:
        self.send(b"\x1f\x8b", Content_Encoding="gzip")

    def answer_slow(self, rest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b".")
            self.wfile.flush()
            time.sleep(0.05)

    def answer_cut(self, rest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def answer_did(self, rest: str) -> None:
        port = self.headers["Host"].partition(":")[2]
        self.send(f'{{"id": "did:web:localhost%3A{port}:did"}}'.encode())

    def log_message(self, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *arguments: object) -> None:
        pass  # a client that hangs up in the middle is what is tested


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    Handler.asked = []
    running = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def base(server: Server) -> str:
    Handler.asked.clear()
    return f"http://127.0.0.1:{server.server_address[1]}"


OPEN = WebFetch(allowed_hosts=["127.0.0.1", "localhost"], timeout_seconds=5)


def code(url: str, fetch: WebFetch = OPEN, max_bytes: int = 1000) -> str | None:
    return code_of(lambda: fetch.get(url, max_bytes=max_bytes))


def test_a_body_within_the_limits_is_returned(base: str) -> None:
    assert OPEN.get(f"{base}/hello/world?q#f", max_bytes=100) == b"hello world?q"
    assert OPEN.get(f"{base}/hello/", max_bytes=6) == b"hello "


def test_it_can_be_called_where_an_event_loop_runs(base: str) -> None:
    async def inside() -> bytes:
        return OPEN.get(f"{base}/hello/loop", max_bytes=100)

    assert asyncio.run(inside()) == b"hello loop"


@pytest.mark.parametrize("status", [201, 204, 304, 400, 500])
def test_another_answer_than_200_is_none(base: str, status: int) -> None:
    assert code(f"{base}/status/{status}") == "fetch.status"


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_told_apart_from_what_cannot_be_asked(base: str, status: int) -> None:
    assert code(f"{base}/status/{status}") == "fetch.not-found"


def test_a_body_beyond_the_limit_is_not_read_on(base: str) -> None:
    assert code(f"{base}/hello/world", max_bytes=10) == "fetch.too-long"
    start = time.monotonic()
    assert code(f"{base}/long/100000", max_bytes=1 << 20) == "fetch.too-long"  # six gigabytes, if it were read
    assert time.monotonic() - start < 3


def test_a_packed_body_is_not_unpacked(base: str) -> None:
    assert code(f"{base}/packed/x") == "fetch.refused"


def test_a_slow_body_is_given_up(base: str) -> None:
    start = time.monotonic()
    assert code(f"{base}/slow/x", WebFetch(allowed_hosts=["127.0.0.1"], timeout_seconds=0.4)) == "fetch.timeout"
    assert time.monotonic() - start < 2


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert code(url, WebFetch(allowed_hosts=["127.0.0.1"], timeout_seconds=0.3)) == "fetch.timeout"


def test_a_body_that_breaks_off_is_none(base: str) -> None:
    assert code(f"{base}/cut/x") == "fetch.unreachable"


def test_nobody_listening_is_an_error_of_ours() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    assert code(url) == "fetch.unreachable"


def test_three_redirects_on_the_same_host_are_followed_and_no_more(base: str) -> None:
    assert OPEN.get(f"{base}/again/3", max_bytes=100) == b"there"
    assert code(f"{base}/again/4") == "fetch.refused"
    assert code(f"{base}/again/1", WebFetch(allowed_hosts=["127.0.0.1"], max_redirects=0)) == "fetch.refused"


ELSEWHERE = {
    "a private network": "http://10.0.0.1/secret",
    "this machine by another address": "http://127.0.0.2/secret",
    "the cloud's own page": "http://169.254.169.254/latest",
    "another port": "http://127.0.0.1:1/secret",
    "this machine by name": "http://localhost/secret",
    "a host without scheme": "//10.0.0.1/secret",
    "a file": "file:///etc/hostname",
    "no URL": "http://[",
}


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_redirect_to_another_place_is_not_followed(base: str, place: str) -> None:
    assert code(f"{base}/to/{place}") == "fetch.refused"
    assert Handler.asked == [f"/to/{place}"]


def test_plain_http_is_for_allowed_hosts_alone(base: str) -> None:
    assert code(f"{base}/hello/x", WebFetch()) == "fetch.refused"
    assert code(f"{base}/hello/x", WebFetch(allowed_hosts=["exam.example"])) == "fetch.refused"
    assert Handler.asked == []


def test_an_allowed_port_allows_no_other(base: str, server: Server) -> None:
    port = server.server_address[1]
    assert code(f"{base}/hello/x", WebFetch(allowed_hosts=[f"127.0.0.1:{port}"])) is None
    assert code(f"{base}/hello/x", WebFetch(allowed_hosts=[f"127.0.0.1:{port + 1}"])) == "fetch.refused"


PRIVATE = {
    "loopback": "https://127.0.0.1:{port}/",
    "loopback by name": "https://localhost:{port}/",
    "loopback by one number": "https://2130706433:{port}/",
    "loopback in IPv6": "https://[::1]:{port}/",
    "loopback wrapped in IPv6": "https://[::ffff:127.0.0.1]:{port}/",
    "a private network": "https://10.1.2.3/",
    "another": "https://192.168.0.1/",
    "link local": "https://169.254.169.254/latest/meta-data",
    "everywhere": "https://0.0.0.0:{port}/",
}


@pytest.mark.parametrize("url", PRIVATE.values(), ids=PRIVATE.keys())
def test_private_addresses_are_refused_and_nothing_is_sent_there(url: str, base: str, server: Server) -> None:
    found = code(url.format(port=server.server_address[1]), WebFetch(timeout_seconds=3))
    assert found in ("fetch.private-address", "fetch.unreachable")  # the second: no such name, no such network here
    assert Handler.asked == []


def test_loopback_by_its_address_is_named_as_private(server: Server) -> None:
    url = f"https://127.0.0.1:{server.server_address[1]}/"
    assert code(url, WebFetch()) == "fetch.private-address"


NO_URLS = ["", "x", "ftp://exam.example/", "file:///etc/hostname", "https://", "https:///x", "https://exam.example:x/"]
NO_URLS += [
    "https://exam.example:99999/",
    "https://exa mple/",
    "https://exam.example/\n",
    "https://exam.example\\@evil/",
    "http://[",
]


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert code(url) == "fetch.refused"


def test_no_error_repeats_a_secret_in_a_url() -> None:
    for url in ("https://user:hunter2@127.0.0.1/", "https://127.0.0.1/x?token=hunter2#hunter2", "ftp://u:hunter2@x/"):
        with pytest.raises(FetchError) as refused:
            WebFetch().get(url, max_bytes=10)
        assert "hunter2" not in str(refused.value)


@given(st.text(max_size=40) | st.text("htps:/@[]#?.a0%\\", max_size=30))
def test_arbitrary_texts_are_refused_or_errors_of_ours(url: str) -> None:
    mirrors = Mirrors({})
    assert (code_of(lambda: mirrors.get(url, max_bytes=10)) or "").startswith("fetch.")


def test_a_did_is_resolved_over_the_real_network(server: Server, base: str) -> None:
    did = Did(f"did:web:localhost%3A{server.server_address[1]}:did")
    assert standard_methods(local="http").resolve(did, OPEN).id == did
    assert Handler.asked == ["/did/did.json"]
    with pytest.raises(FetchError) as refused:
        standard_methods(local="http").resolve(did, WebFetch())
    assert refused.value.code == "fetch.refused"


def test_a_shut_door_says_so() -> None:
    with pytest.raises(FetchError) as refused:
        NoFetch().get("https://exam.example/x", max_bytes=10)
    assert refused.value.code == "fetch.offline"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "public"
    (folder / ".well-known").mkdir(parents=True)
    (folder / ".well-known" / "did.json").write_bytes(b"document")
    (folder / "status" / "a b").mkdir(parents=True)
    (folder / "status" / "a b" / "notes").write_bytes(b"notes")
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    (folder / "alias").symlink_to(folder / ".well-known" / "did.json")
    return folder


class Counting:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, url: str, *, max_bytes: int) -> bytes:
        self.asked.append(url)
        return b"from elsewhere"


MIRRORED = {
    "https://exam.example/.well-known/did.json": b"document",
    "https://EXAM.example:443/.well-known/did.json?x=1#y": b"document",
    "https://exam.example/status/a%20b/notes": b"notes",
    "https://exam.example/alias": b"document",
}


@pytest.mark.parametrize(("url", "body"), MIRRORED.items())
def test_a_mirror_answers_from_its_folder(mirror: Path, url: str, body: bytes) -> None:
    for prefix in ("https://exam.example", "https://exam.example/"):
        assert Mirrors({prefix: mirror}).get(url, max_bytes=100) == body


OUTSIDE = [
    "https://exam.example/../secret",
    "https://exam.example/status/../../secret",
    "https://exam.example/%2e%2e/secret",
    "https://exam.example/..%2Fsecret",
    "https://exam.example/..%5Csecret",
    "https://exam.example/%2Fetc%2Fhostname",
    "https://exam.example//etc/hostname",
    "https://exam.example/./.well-known/did.json",
    "https://exam.example/.well-known%00/did.json",
    "https://exam.example/.well-known/did.json/",
    "https://exam.example/",
    "https://exam.example",
    "https://exam.example/out",
    "https://exam.example/up/secret",
]


@pytest.mark.parametrize("url", OUTSIDE)
def test_no_path_leads_out_of_a_mirror(mirror: Path, url: str) -> None:
    other = Counting()
    with pytest.raises(FetchError) as refused:
        Mirrors({"https://exam.example/": mirror}, other).get(url, max_bytes=100)
    assert refused.value.code in ("fetch.refused", "fetch.not-found")
    assert other.asked == []


def test_what_a_mirror_lacks_is_not_there_and_nobody_else_is_asked(mirror: Path) -> None:
    other = Counting()
    for path in ("nothing", "status", "%252e%252e/secret", "x" * 5000):
        with pytest.raises(FetchError) as refused:
            Mirrors({"https://exam.example/": mirror}, other).get(f"https://exam.example/{path}", max_bytes=100)
        assert refused.value.code == "fetch.not-found"
    assert other.asked == []


def test_a_mirrored_file_beyond_the_limit_is_refused(mirror: Path) -> None:
    mirrors = Mirrors({"https://exam.example/": mirror})
    assert mirrors.get("https://exam.example/alias", max_bytes=8) == b"document"
    assert code_of(lambda: mirrors.get("https://exam.example/alias", max_bytes=7)) == "fetch.too-long"


@pytest.mark.parametrize(
    "url",
    [
        "https://exam.example.evil/alias",
        "https://exam.example:8443/alias",
        "http://exam.example/alias",
        "https://other.example/alias",
    ],
)
def test_other_places_are_passed_on(mirror: Path, url: str) -> None:
    other = Counting()
    assert Mirrors({"https://exam.example": mirror}, other).get(url, max_bytes=100) == b"from elsewhere"
    assert other.asked == [url]
    assert code_of(lambda: Mirrors({"https://exam.example": mirror}).get(url, max_bytes=100)) == "fetch.offline"


def test_the_longest_prefix_counts_and_ends_at_a_slash(mirror: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "did.json").write_bytes(b"other")
    mirrors = Mirrors({"https://exam.example": mirror, "https://exam.example/kr": other})
    assert mirrors.get("https://exam.example/kr/did.json", max_bytes=10) == b"other"
    assert code_of(lambda: mirrors.get("https://exam.example/krx/did.json", max_bytes=10)) == "fetch.not-found"


def test_a_prefix_that_is_no_url_is_refused(mirror: Path) -> None:
    with pytest.raises(FetchError):
        Mirrors({"exam.example": mirror})


@given(
    st.lists(
        st.sampled_from(["..", ".", "%2e%2e", "%2f", "up", "out", "secret", "", "%5c", "a", "\\", "%00"]), max_size=5
    )
)
def test_no_mixture_of_dots_and_slashes_reads_the_secret(parts: list[str]) -> None:
    folder = Path(__file__).parent / "no-such-folder"
    url = "https://exam.example/" + "/".join(parts)
    assert (code_of(lambda: Mirrors({"https://exam.example": folder}).get(url, max_bytes=10)) or "").startswith(
        "fetch."
    )
