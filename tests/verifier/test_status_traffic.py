"""What a status check tells the world: captured whole, HTTP and RPC, it does not say which certificate is checked.

And how soon a revocation is seen: measured on a chain with a block every second.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from jikin.anchoring.digest import credential_digest
from jikin.anchoring.evm import EvmRegistry
from jikin.dids.web_fetch import WebFetch
from jikin.proofs import securing
from jikin.status.array import State
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome, Report
from jikin.verification.verifying import verify
from tests.chain_fixtures import EvmBench, undone
from tests.lying_node import relay
from tests.small_world import SUITES, Issued, SmallWorld, Web
from tests.verification.test_on_the_contract import OnNode
from verifier.sessions import Sessions

pytestmark = pytest.mark.chain
BLOCK_SECONDS = 1.0  # the node mines at this interval
CACHE_SECONDS = 1.0  # the setting session_seconds as it comes
SLACK_SECONDS = 3.0  # of a machine that does other things too


@dataclass
class Wire:
    """Everything that left the verifier, as bytes, in the order in which it left."""

    sent: list[bytes] = field(default_factory=list)

    def holds(self, text: str) -> bool:
        return any(text.lower().encode() in part.lower() for part in self.sent)


@dataclass
class OverTheWire:
    """A door to the web: the same files, asked for over a real connection to a server on this machine."""

    port: int
    door: WebFetch

    def get(self, url: str, *, max_bytes: int) -> bytes:
        return self.door.get(f"http://127.0.0.1:{self.port}{urlsplit(url).path}", max_bytes=max_bytes)


@contextmanager
def site(web: Web, wire: Wire) -> Iterator[OverTheWire]:
    """Serve the institution's files and keep every request, head and all."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wire.sent.append(f"{self.requestline}\n{self.headers}".encode())
            body = web.files.get(f"https://certs.example{self.path}")
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    port = server.server_address[1]
    try:
        yield OverTheWire(port, WebFetch(allowed_hosts={"127.0.0.1", f"127.0.0.1:{port}"}))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def world(hardhat: Any) -> Iterator[SmallWorld]:
    with undone(hardhat):
        chain = OnNode(EvmBench(hardhat))
        yield SmallWorld(chain=chain, accounts=chain.accounts)


def batch(world: SmallWorld) -> tuple[Issued, Issued, Issued]:
    """Return three certificates of one batch and one list; the last one is revoked."""
    made = []
    for name in ("김하늘", "이도윤", "박서연"):
        unsecured, index = world.unsecured(name)
        made.append(Issued(world.sign(unsecured), index, bytes([len(made) + 1]) * 32))
    first, second, third = made
    world.anchor(first, second, third)
    world.set_state(third, State.REVOKED)
    return first, second, third


def captured(world: SmallWorld, document: Document) -> tuple[Wire, Report]:
    """Check *document* as a stranger who never asked before, and return all that left, and the answer."""
    wire = Wire()
    with relay(world.chain.bench.node.url) as node, site(world.web, wire) as door:

        def keep(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
            wire.sent.append(json.dumps([method, params], sort_keys=True).encode())
            return answer

        node.change = keep
        registry = EvmRegistry(node.url, world.chain.pins)
        report = verify(document, world.sources(registry=registry, fetch=door), packaged("public"), world.time)
    port = str(door.port).encode()
    wire.sent = [part.replace(port, b"PORT") for part in wire.sent]
    return wire, report


def test_all_that_leaves_during_a_check_is_the_same_for_every_certificate_of_a_list(world: SmallWorld) -> None:
    """Nobody outside can tell which one it was, revoked or not: neither the node's operator nor the issuer."""
    with _still(world):
        seen = [captured(world, issued.document) for issued in batch(world)]
    assert [report.outcome for _, report in seen] == [Outcome.PASSED, Outcome.PASSED, Outcome.FAILED]
    first, second, third = (wire.sent for wire, _ in seen)
    assert first == second == third
    assert any(b"eth_getLogs" in part for part in first)  # the list was read whole, from the chain
    assert any(b"/notes" in part for part in first)


def test_neither_number_nor_id_nor_entry_nor_digest_leaves_with_a_check(world: SmallWorld) -> None:
    with _still(world):
        issued, *_ = batch(world)
        wire, report = captured(world, issued.document)
    assert report.outcome is Outcome.PASSED
    subject: Any = issued.credential["credentialSubject"]
    number = report.subject.number
    assert number is not None
    digest = credential_digest(securing.statements(issued.credential, SUITES))
    secrets = [
        number,
        number.replace("-", ""),
        str(issued.credential["id"]),
        str(subject.get("name", "김하늘")),
        "statusListIndex",
        digest.raw.hex(),
        issued.salt.hex(),
        issued.index.to_bytes(32, "big").hex(),  # as a word of a call
        f"/{issued.index}",  # in an address
        f"={issued.index}",
    ]
    assert [text for text in secrets if wire.holds(text)] == []


def test_a_revocation_is_seen_within_one_block_and_the_time_of_the_cache(world: SmallWorld) -> None:
    """From the moment the transaction is sent, through a desk that shares what it learned for a second."""
    issued = world.issue()
    sessions = Sessions(
        world.sources(registry=world.chain.bench.registry), seconds=CACHE_SECONDS, monotonic=time.monotonic
    )

    def codes() -> set[str]:
        with sessions.session() as session:
            report = verify(issued.document, session, packaged("public"), world.time)
        return {finding.code for finding in report.findings}

    assert "status.valid" in codes()  # now the desk has a session that says so
    world.chain.bench.node.request("evm_setAutomine", False)  # so the transaction waits for the next block
    sent = time.monotonic()
    publishing = threading.Thread(target=world.set_state, args=(issued, State.REVOKED))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tests.small_world.send", _sent_and_waited_for)
        publishing.start()
        while "status.revoked" not in codes() and time.monotonic() - sent < 30:
            time.sleep(0.02)
        seen = time.monotonic() - sent
        publishing.join()
    print(f"seen {seen:.2f} s after it was sent (a block every {BLOCK_SECONDS:.0f} s, cache {CACHE_SECONDS:.0f} s)")
    assert seen <= BLOCK_SECONDS + CACHE_SECONDS + SLACK_SECONDS


def _sent_and_waited_for(writer: Any, act: Any) -> Any:
    transaction = writer.prepare(act)
    writer.broadcast(transaction)
    while (mined := writer.mined(transaction.hash)) is None:
        time.sleep(0.02)
    return mined


@contextmanager
def _still(world: SmallWorld) -> Iterator[None]:
    """Let no block be mined by itself, so that every check looks at the same one."""
    node = world.chain.bench.node
    node.request("evm_setIntervalMining", 0)
    yield
    node.request("evm_setIntervalMining", 1000)
