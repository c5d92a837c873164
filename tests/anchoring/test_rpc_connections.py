"""A node may end an idle connection in the very moment in which it is used again: that is no outage."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jikin.anchoring.evm_rpc import Rpc
from jikin.errors import ChainUnavailableError

BODY = b'{"jsonrpc":"2.0","id":1,"result":"0x7a69"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@contextmanager
def node(plan: list[list[bool]]) -> Iterator[tuple[str, list[int]]]:
    """Serve one connection after the other: for each request, True answers it, False ends the connection silently."""
    asked: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for number, requests in enumerate(plan):
                connection, _ = listener.accept()
                with connection:
                    for answers in requests:
                        while not connection.recv(65_536).rstrip().endswith(b"}"):
                            pass
                        asked.append(number)
                        if answers:
                            connection.sendall(ANSWER)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        thread.join(5)


def test_a_connection_that_ended_while_it_was_idle_is_replaced() -> None:
    with node([[True, False], [True]]) as (url, asked):
        rpc = Rpc(url)
        assert rpc.call("eth_chainId") == "0x7a69"
        assert rpc.call("eth_chainId") == "0x7a69"
        assert asked == [0, 0, 1]


def test_a_node_that_ends_every_connection_does_not_answer() -> None:
    with node([[False], [False]]) as (url, asked), pytest.raises(ChainUnavailableError):
        Rpc(url).call("eth_chainId")
    assert asked == [0, 1]
