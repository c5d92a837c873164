"""Several nodes of one chain behind the face of one: who falls silent is passed over, and who contradicts is noticed.

A question goes to one node; the next one is asked only when that one does not answer. Once in a while, and before the
first answer, the nodes are held against each other: a block that lies deep enough must have one hash, and the watched
contracts one code and one storage there; what one node has said lately about the state at a block, another one must say
too. Where they differ nobody can tell who is right: then nothing is answered at all (``chain.disagree``) until they
agree again. That is no proof: nodes that lie together are believed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from jikin.anchoring.evm_rpc import Refusal, Rpc, digest, members, octets
from jikin.errors import ChainUnavailableError, SettingsError
from jikin.values import Address, Digest, Json, keccak256

SEPARATOR = ";"
DISAGREE = "chain.disagree"
COMPARE_SECONDS = 15.0
COMPARE_DEPTH = 2  # blocks below the lowest head: nearer to it nodes differ honestly
_FIRST_REST, _LONGEST_REST = 1.0, 60.0  # seconds until a silent node is asked again; doubled each time
_BEHIND_BLOCKS = 5
_KEPT_ANSWERS = 16
_BUSY = ("rate limit", "too many requests", "capacity exceeded")
_Found = TypeVar("_Found")


@dataclass(slots=True, eq=False)
class _Member:
    """One node: how long it rests after it was silent, and what it showed at the last comparison.

    One that did not take part is asked only when nobody else answers: it could lie and be silent at each comparison.
    """

    rpc: Rpc
    rests_until: float = 0.0
    rest: float = _FIRST_REST
    head: int = -1
    compared: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a node said about the state at one block, which can never change."""

    member: _Member
    method: str
    params: tuple[Json, ...]
    result: Json


@dataclass(frozen=True, slots=True)
class _State:
    """Hashes of a contract's code and storage; empty where the node cannot say."""

    code: str
    storage: str


def connect(url: str, seconds: float = 10.0, *, watched: Sequence[Address] = ()) -> Rpc:
    """Return what asks the node at *url*, or the nodes at several, joined by ``;``.

    *watched* are contracts about which several nodes must agree. Raises SettingsError for what is no http(s) URL.
    """
    urls = [part.strip() for part in url.split(SEPARATOR) if part.strip()]
    return Rpc(urls[0] if urls else "", seconds) if len(urls) < 2 else Nodes(urls, seconds, watched=watched)


class Nodes(Rpc):
    """Several nodes, the preferred one first; *depth* and *compare_seconds* say when and how they are compared."""

    def __init__(
        self,
        urls: Sequence[str],
        seconds: float = 10.0,
        *,
        watched: Sequence[Address] = (),
        depth: int = COMPARE_DEPTH,
        compare_seconds: float = COMPARE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember the nodes; nothing is asked yet. Raises SettingsError for a URL of another kind, or one twice."""
        if len(set(urls)) != len(urls):
            raise SettingsError("one of the chain's URLs stands there twice", code="settings.chain-url")
        self._members = [_Member(Rpc(url, seconds)) for url in urls]
        self._name = ", ".join(member.rpc.name for member in self._members)
        self._watched = tuple(watched)
        self._depth = depth
        self._compare_seconds = compare_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._compared: float | None = None
        self._quarrel: str | None = None
        self._said: deque[_Answer] = deque(maxlen=_KEPT_ANSWERS)

    def ask(self, method: str, *params: Json) -> Json | Refusal:
        """Return the result of *method* from the first node that answers, or its refusal.

        Raises ChainUnavailableError when none does, with code ``chain.disagree`` while they contradict each other.
        """
        self._compare_if_due()
        if self._quarrel is not None:
            raise ChainUnavailableError(
                self._quarrel,
                code=DISAGREE,
                hint="find out which node is right, and take the others out of the setting rpc_url",
            )
        if method == "eth_sendRawTransaction":
            return self._send(params)
        member, answer = self._first_answer(method, params)
        if method == "eth_call" and not isinstance(answer, Refusal) and _is_pinned(params):
            self._said.append(_Answer(member, method, params, answer))
        return answer

    # ----------------------------------------------------------------------------------------------------- failover

    def _first_answer(self, method: str, params: tuple[Json, ...]) -> tuple[_Member, Json | Refusal]:
        silent: ChainUnavailableError | None = None
        busy: tuple[_Member, Refusal] | None = None
        for member in self._in_order():
            try:
                answer = member.rpc.ask(method, *params)
            except ChainUnavailableError as error:
                self._let_rest(member)
                silent = error
                continue
            if isinstance(answer, Refusal) and _is_busy(answer):
                self._let_rest(member)
                busy = (member, answer)
                continue
            member.rest, member.rests_until = _FIRST_REST, 0.0
            return member, answer
        if busy is not None:
            return busy
        raise ChainUnavailableError(f"none of {self._name} answers {method}: {silent}") from silent

    def _in_order(self) -> Iterator[_Member]:
        """Yield the nodes as they are preferred; those that rest come last, for there may be nobody else."""
        now = self._monotonic()
        yield from sorted(self._members, key=lambda member: (not member.compared, max(member.rests_until - now, 0.0)))

    def _let_rest(self, member: _Member) -> None:
        member.rests_until = self._monotonic() + member.rest
        member.rest = min(2 * member.rest, _LONGEST_REST)

    def _send(self, params: tuple[Json, ...]) -> Json | Refusal:
        """Send a transaction to every node: one that keeps it to itself, or loses it, keeps nobody waiting."""
        taken: Json = None
        refused: Refusal | None = None
        silent: ChainUnavailableError | None = None
        for member in self._in_order():
            try:
                answer = member.rpc.ask("eth_sendRawTransaction", *params)
            except ChainUnavailableError as error:
                self._let_rest(member)
                silent = error
                continue
            if isinstance(answer, Refusal):
                refused = refused or answer
            else:
                taken = answer
        if taken is not None:
            return taken
        if refused is not None:
            return refused
        raise ChainUnavailableError(f"none of {self._name} takes the transaction: {silent}") from silent

    # --------------------------------------------------------------------------------------------------- comparison

    def _compare_if_due(self) -> None:
        with self._lock:
            now = self._monotonic()
            if self._compared is not None and now - self._compared < self._compare_seconds:
                return
            self._compare()
            self._compared = self._monotonic()

    def _compare(self) -> None:
        heads = self._heads()
        if len(heads) > 1:  # else there is nobody to hold against: what was noticed before is still true
            common = max(min(heads.values()) - self._depth, 0)
            self._quarrel = self._different_blocks(heads, common) or self._different_answers(heads)
        now = self._monotonic()
        for member in self._members:
            member.compared = member in heads and member.rests_until <= now

    def _heads(self) -> Mapping[_Member, int]:
        """Return the newest block's number by node. One that stands still while others go on has to rest."""
        heads: dict[_Member, int] = {}
        now = self._monotonic()
        for member in self._members:
            if member.rests_until > now:
                continue
            try:
                heads[member] = member.rpc.block("latest").number
            except ChainUnavailableError:
                self._let_rest(member)
        newest = max(heads.values(), default=0)
        for member, head in list(heads.items()):
            # That another one is ahead proves nothing by itself: it may have invented the blocks.
            if head == member.head and newest - head > _BEHIND_BLOCKS:
                self._let_rest(member)
                del heads[member]
            member.head = head
        return heads

    def _different_blocks(self, among: Collection[_Member], number: int) -> str | None:
        """Return how the nodes differ about block *number* and the watched contracts as of it, None if they do not."""
        hashes = self._each(among, lambda rpc: str(rpc.block(number).hash))
        if _differ(hashes):
            return f"block {number} differs from node to node: {_listed(hashes)}"
        for address in self._watched:
            states = self._each(among, partial(_state_of, address=address, number=number))
            codes = {member: state.code for member, state in states.items() if state.code}
            storages = {member: state.storage for member, state in states.items() if state.storage}
            for what, found in (("code", codes), ("storage", storages)):
                if _differ(found):
                    return f"the {what} of {address} at block {number} differs from node to node: {_listed(found)}"
        return None

    def _different_answers(self, among: Collection[_Member]) -> str | None:
        """Return which answer of late another node contradicts, None if none does."""
        said_of_late, self._said = tuple(self._said), deque(maxlen=_KEPT_ANSWERS)
        for said in said_of_late:
            others = [member for member in among if member is not said.member]
            again = self._each(others, partial(_again, said))
            told = {member: str(answer) for member, answer in again.items() if not isinstance(answer, Refusal)}
            told[said.member] = str(said.result)
            if _differ(told):
                return f"one question about one block is answered differently: {_listed(told)}"
        return None

    def _each(self, among: Collection[_Member], ask: Callable[[Rpc], _Found]) -> dict[_Member, _Found]:
        """Return what each node answers; one that does not has to rest and is left out."""
        found: dict[_Member, _Found] = {}
        for member in among:
            try:
                found[member] = ask(member.rpc)
            except ChainUnavailableError:
                self._let_rest(member)
        return found


def _again(said: _Answer, rpc: Rpc) -> Json | Refusal:
    return rpc.ask(said.method, *said.params)


def _state_of(rpc: Rpc, *, address: Address, number: int) -> _State:
    """Return code and storage of a contract at a block as hashes, as far as the node can say."""
    answer = rpc.ask("eth_getProof", str(address), [], hex(number))
    if not isinstance(answer, Refusal):
        found = members(answer)
        return _State(str(digest(found.get("codeHash"))), str(digest(found.get("storageHash"))))
    code = rpc.ask("eth_getCode", str(address), hex(number))
    return _State("" if isinstance(code, Refusal) else str(Digest(keccak256(octets(code)))), "")


def _differ(found: Mapping[_Member, str]) -> bool:
    return len(set(found.values())) > 1


def _listed(found: Mapping[_Member, str]) -> str:
    return "; ".join(f"{member.rpc.name}: {said[:160]}" for member, said in found.items())


def _is_pinned(params: tuple[Json, ...]) -> bool:
    return len(params) == 2 and isinstance(params[1], Mapping) and "blockHash" in params[1]


def _is_busy(refusal: Refusal) -> bool:
    return refusal.data is None and any(word in refusal.message.lower() for word in _BUSY)
