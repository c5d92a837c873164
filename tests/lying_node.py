"""A JSON-RPC server between a program and a real node, which passes on what a test makes of the answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def ask(target: str, body: bytes) -> dict[str, Any]:
    connection = HTTPConnection(target.removeprefix("http://"), timeout=30)
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


@dataclass
class Relay:
    """What a test sets while the relay runs: *change* gets (method, params, answer) and returns another answer.

    An answer is the whole JSON-RPC object; returning bytes sends them as they are, an int is an HTTP status. What
    *instead* gives for (method, params) is answered without asking the node; None asks it. *asked* counts the questions
    by method. *failed* are the errors of the two functions: whoever asked sees only a connection that ends, and asks
    again, so the first of them is raised when the relay stops.
    """

    url: str = ""
    change: Callable[[str, list[Any], dict[str, Any]], dict[str, Any] | bytes | int] = lambda _m, _p, answer: answer
    instead: Callable[[str, list[Any]], dict[str, Any] | None] = lambda _m, _p: None
    asked: dict[str, int] = field(default_factory=dict)
    failed: list[Exception] = field(default_factory=list)


@contextmanager
def relay(target: str) -> Iterator[Relay]:
    """Yield a relay to the node at *target*."""
    state = Relay()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # header and body are written apart: 40 ms a question otherwise

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            question = json.loads(body)
            method, params = question["method"], question["params"]
            state.asked[method] = state.asked.get(method, 0) + 1
            try:
                invented = state.instead(method, params)
                answer = ask(target, body) if invented is None else {"jsonrpc": "2.0", "id": question["id"], **invented}
                changed = state.change(method, params, answer)
            except Exception as error:
                state.failed.append(error)
                raise
            status = changed if isinstance(changed, int) else 200
            body = changed if isinstance(changed, bytes) else json.dumps(None if status != 200 else changed).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", target)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_arguments: Any) -> None:
            """Say nothing: whoever asks may be killed while it waits."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    if state.failed:
        raise state.failed[0]
