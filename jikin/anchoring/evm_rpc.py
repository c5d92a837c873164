"""JSON-RPC 2.0 to one node over HTTP, answers as the node wrote them.

Whatever goes wrong on the way is ChainUnavailableError; that the node *refused* is an answer and comes back as one.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ProtocolError

from jikin.anchoring.chain import Block, RegistryPins, RegistryView
from jikin.anchoring.evm_abi import Interface, senseless
from jikin.errors import ChainUnavailableError, SettingsError
from jikin.values import Address, Digest, Json, JsonObject

_MAX_ANSWER_BYTES = 64 << 20
_MAX_DEPTH = 32  # no answer of the RPC nests deeper than 8
_CHUNK_BYTES = 1 << 16
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_QUANTITY = re.compile(r"0x(?:0|[1-9a-f][0-9a-f]*)")
_OCTETS = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_JSON_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """The node answered with an error: its *code*, *message*, and the revert *data* if there was any."""

    code: int
    message: str
    data: bytes | None

    @property
    def reverted(self) -> bool:
        """Say whether the contract refused, not the node."""
        return self.data is not None or self.code == 3 or "revert" in self.message.lower()


class _Line:
    """Requests to one URL, with a limit on the answer and without following redirects."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url, self._seconds = url, seconds
        self._session = requests.Session()
        # A proxy of the environment must not see, or break, what goes to this very machine.
        self._session.trust_env = urlsplit(url).hostname not in _LOOPBACK

    def exchange(self, question: bytes) -> bytes:
        """Return the body of the answer; raises requests.RequestException."""
        try:
            answer = self._post(question)
        except requests.ConnectionError as error:
            if not error.args or not isinstance(error.args[0], ProtocolError):
                raise
            # A node ends connections that were idle for some seconds, perhaps in the very moment in which one is used
            # again. Asking twice does no harm: a signed transaction that is known is known.
            answer = self._post(question)
        with answer:
            # Refusals come with status 200, 400 or 500 depending on the node; the body says which they are.
            if answer.status_code in (401, 403, 404, 429) or 300 <= answer.status_code < 400:
                raise requests.HTTPError(f"HTTP status {answer.status_code}")
            body = bytearray()
            for chunk in answer.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > _MAX_ANSWER_BYTES:
                    raise requests.RequestException(f"an answer of more than {_MAX_ANSWER_BYTES} bytes")
        return bytes(body)

    def _post(self, question: bytes) -> requests.Response:
        return self._session.post(
            self._url,
            data=question,
            headers={"Content-Type": "application/json"},
            timeout=self._seconds,
            allow_redirects=False,
            stream=True,
        )


def _check_depth(body: bytes) -> None:
    """Refuse deep nesting before it is parsed.

    A library below eth-account raises Python's recursion limit to 100,000: the parser would not raise an error any
    more, it would end the whole process.
    """
    if body.count(b"[") + body.count(b"{") <= _MAX_DEPTH:
        return
    brackets = _JSON_STRING.sub(b"", body).translate(None, _NO_BRACKETS)
    for _ in range(_MAX_DEPTH):  # each round takes the innermost level away
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return
    raise requests.RequestException(f"an answer nested deeper than {_MAX_DEPTH}, or unbalanced")


class Rpc:
    """One node by its URL; *seconds* is how long it may stay silent."""

    def __init__(self, url: str, seconds: float = 10.0) -> None:
        """Remember the node; nothing is asked yet. Raises SettingsError when *url* is no http(s) URL."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError("the chain's URL is http:// or https:// and a host", code="settings.chain-url")
        # URLs of hosted nodes carry a secret in path or query: messages name the host alone.
        self._name = parts.hostname + (f":{parts.port}" if parts.port else "")
        self._line = _Line(url, seconds)
        self._numbers = itertools.count(1)  # taking the next one is one step: threads share a node

    def __repr__(self) -> str:
        return f"Rpc({self._name})"

    @property
    def name(self) -> str:
        """Return the host and port, for messages."""
        return self._name

    def ask(self, method: str, *params: Json) -> Json | Refusal:
        """Return the result of *method*, or the node's refusal; raises ChainUnavailableError."""
        question = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method, "params": params}
        try:
            body = self._line.exchange(json.dumps(question).encode())
            _check_depth(body)
            answer: object = json.loads(body)
        except (requests.RequestException, ValueError, OSError, RecursionError) as error:
            raise ChainUnavailableError(f"{self._name} does not answer {method}: {type(error).__name__}") from error
        if not isinstance(answer, Mapping):
            raise senseless(f"{method}: no object")
        if answer.get("error") is not None:
            return _refusal(answer["error"])
        if "result" not in answer:
            raise senseless(f"{method}: neither result nor error")
        result: Json = answer["result"]
        return result

    def call(self, method: str, *params: Json) -> Json:
        """Return the result of *method*; a refusal is ChainUnavailableError here."""
        answer = self.ask(method, *params)
        if isinstance(answer, Refusal):
            raise ChainUnavailableError(f"{self._name} refused {method}: {answer.message[:200]}", code="chain.refused")
        return answer

    # ----------------------------------------------------------------------------------------- common questions

    def chain_id(self) -> int:
        """Return the chain's number."""
        return quantity(self.call("eth_chainId"))

    def block(self, which: int | str) -> Block:
        """Return the block by number or tag; raises ChainUnavailableError when the node does not have it."""
        tag = hex(which) if isinstance(which, int) else which
        answer = self.call("eth_getBlockByNumber", tag, False)
        if answer is None:
            raise ChainUnavailableError(f"{self._name} does not have block {which}", code="chain.block-missing")
        found = members(answer)
        return Block(quantity(found.get("number")), digest(found.get("hash")), quantity(found.get("timestamp")))

    def code(self, address: Address, block: Block) -> bytes:
        """Return the code of the contract at *address* as of *block*, empty if there is none."""
        return octets(self.call("eth_getCode", str(address), hex(block.number)))

    def transaction_count(self, account: Address, as_of: str = "pending") -> int:
        """Return the next nonce of *account*, waiting transactions counted; *as_of* "latest": mined ones alone."""
        return quantity(self.call("eth_getTransactionCount", str(account), as_of))


class Node(Protocol):
    """A registry as writers and event readers need it: which one, where, and how to talk to it."""

    @property
    def pins(self) -> RegistryPins:
        """Return which registry this is."""

    @property
    def rpc(self) -> Rpc:
        """Return the node."""

    @property
    def interface(self) -> Interface:
        """Return the contract's ABI."""

    def view(self) -> RegistryView:
        """Return the newest view; raises RegistryMismatchError when another registry answers."""


def _refusal(error: object) -> Refusal:
    if not isinstance(error, Mapping):
        return Refusal(0, str(error)[:500], None)
    code, message = error.get("code"), error.get("message")
    return Refusal(code if isinstance(code, int) else 0, str(message)[:500], _revert_data(error.get("data")))


def _revert_data(data: object) -> bytes | None:
    """Return the revert data wherever this kind of node puts it: a string, or nested in an object."""
    if isinstance(data, Mapping):
        data = data.get("data", data.get("result"))
    if isinstance(data, str) and len(data) > 2 and _OCTETS.fullmatch(data):
        return bytes.fromhex(data[2:])
    return None


def members(value: Json) -> JsonObject:
    """Return an answer that must be an object."""
    if not isinstance(value, Mapping):
        raise senseless("an object was expected")
    return value


def entries(value: Json) -> Sequence[Json]:
    """Return an answer that must be a list."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise senseless("a list was expected")
    return value


def quantity(value: Json | None) -> int:
    """Return an answer that must be a number in the RPC's hexadecimal form."""
    if not isinstance(value, str) or len(value) > 66 or not _QUANTITY.fullmatch(value):
        raise senseless("a hexadecimal number was expected")
    return int(value, 16)


def octets(value: Json | None) -> bytes:
    """Return an answer that must be bytes in hexadecimal."""
    if not isinstance(value, str) or not _OCTETS.fullmatch(value):
        raise senseless("hexadecimal bytes were expected")
    return bytes.fromhex(value[2:])


def digest(value: Json | None) -> Digest:
    """Return an answer that must be 32 bytes."""
    raw = octets(value)
    if len(raw) != 32:
        raise senseless("32 bytes were expected")
    return Digest(raw)
