"""Several nodes of one chain: a silent one is passed over, and two that contradict each other answer nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from jikin.anchoring.acts import AddKey
from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.evm import EvmRegistry, EvmWriter
from jikin.anchoring.evm_nodes import Nodes, connect
from jikin.anchoring.evm_rpc import Rpc
from jikin.errors import ChainUnavailableError, SettingsError
from tests.chain_fixtures import EvmBench, undone
from tests.lying_node import Relay, relay
from tests.registry_office import OWNER, Office, open_office

pytestmark = pytest.mark.chain
Change_ = Callable[[str, list[Any], dict[str, Any]], "dict[str, Any] | bytes | int"]
DEEP = 4  # blocks above the one that is compared


@pytest.fixture(scope="module")
def office(hardhat: HardhatNode) -> Iterator[Office]:
    """An institution on a chain of some blocks."""
    with undone(hardhat):
        opened = open_office(EvmBench(hardhat))
        hardhat.mine(2 * DEEP)
        yield opened


@pytest.fixture
def three(hardhat: HardhatNode) -> Iterator[list[Relay]]:
    """Three ways to the node, each of which can be made to lie or fall silent."""
    with undone(hardhat), ExitStack() as stack:
        yield [stack.enter_context(relay(hardhat.url)) for _ in range(3)]


class Time:
    """Seconds that move when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def nodes_of(relays: list[Relay], pins: RegistryPins, time: Time) -> Nodes:
    return Nodes([one.url for one in relays], 5.0, watched=(pins.registry,), monotonic=time)


def honest(_method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
    return answer


def dead(*_: object) -> int:
    return 429


def asked(relays: list[Relay]) -> list[int]:
    return [sum(one.asked.values()) for one in relays]


# ------------------------------------------------------------------------------------------------------------- failover


def test_a_question_goes_to_one_node_and_comparing_costs_a_few_an_interval(office: Office, three: list[Relay]) -> None:
    time = Time()
    nodes = nodes_of(three, office.bench.registry.pins, time)
    nodes.chain_id()
    first = asked(three)
    for _ in range(50):
        nodes.chain_id()
    second = asked(three)
    assert [after - before for before, after in zip(first, second, strict=True)] == [50, 0, 0]
    time.now += 15
    nodes.chain_id()
    assert [after - before for before, after in zip(second, asked(three), strict=True)] == [4, 3, 3]


def test_a_silent_node_is_passed_over_and_asked_again_after_its_rest(office: Office, three: list[Relay]) -> None:
    time = Time()
    nodes = nodes_of(three, office.bench.registry.pins, time)
    nodes.chain_id()
    three[0].change = dead
    before = asked(three)
    for _ in range(10):
        assert nodes.chain_id() == 31337
    assert [after - start for start, after in zip(before, asked(three), strict=True)] == [1, 10, 0]

    three[0].change = honest
    time.now += 1.5
    before = asked(three)
    nodes.chain_id()
    assert [after - start for start, after in zip(before, asked(three), strict=True)] == [1, 0, 0]


@pytest.mark.parametrize("silent", [(0,), (1,), (0, 1), (0, 2), (1, 2)])
def test_a_registry_answers_while_one_node_does(office: Office, three: list[Relay], silent: tuple[int, ...]) -> None:
    registry = EvmRegistry(";".join(one.url for one in three), office.bench.registry.pins, seconds=5.0)
    for number in silent:
        three[number].change = dead
    assert registry.view().issuer(office.id) is not None


def test_when_all_are_silent_nothing_is_answered_until_one_comes_back(office: Office, three: list[Relay]) -> None:
    nodes = nodes_of(three, office.bench.registry.pins, Time())
    for one in three:
        one.change = dead
    with pytest.raises(ChainUnavailableError) as caught:
        nodes.chain_id()
    assert caught.value.code == "chain.unreachable"
    three[2].change = honest
    assert nodes.chain_id() == 31337


def test_a_node_that_is_too_busy_is_passed_over_and_a_refusal_is_an_answer(office: Office, three: list[Relay]) -> None:
    nodes = nodes_of(three, office.bench.registry.pins, Time())
    nodes.chain_id()
    three[0].change = lambda *_: {"error": {"code": -32005, "message": "Too many requests, slow down"}}
    assert nodes.chain_id() == 31337

    three[1].change = lambda *_: {"error": {"code": -32005, "message": "query returned more than 10000 results"}}
    three[2].change = honest
    with pytest.raises(ChainUnavailableError, match="10000 results"):
        nodes.chain_id()


def test_a_transaction_is_sent_to_every_node_and_one_that_takes_it_is_enough(
    office: Office, three: list[Relay], hardhat: HardhatNode
) -> None:
    registry = EvmRegistry(";".join(one.url for one in three), office.bench.registry.pins, seconds=5.0)
    writer = EvmWriter(registry, hardhat.accounts[OWNER])
    transaction = writer.prepare(AddKey(office.id, "z6MkSeveral"))
    three[0].change = lambda method, _p, answer: 429 if method == "eth_sendRawTransaction" else answer
    refusal = {"error": {"code": -32000, "message": "transaction underpriced"}}
    three[1].change = lambda method, _p, answer: refusal if method == "eth_sendRawTransaction" else answer
    writer.broadcast(transaction)
    assert [one.asked.get("eth_sendRawTransaction") for one in three] == [1, 1, 1]
    mined = writer.mined(transaction.hash)
    assert mined is not None
    assert mined.succeeded


# --------------------------------------------------------------------------------------------------------- disagreement


def other_blocks(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Show a chain of other blocks, each with the right number."""
    if method == "eth_getBlockByNumber" and answer["result"] is not None:
        return answer | {"result": answer["result"] | {"hash": "0x" + "77" * 32}}
    return answer


def proof_with(member: str) -> Change_:
    def changed(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return (
            answer | {"result": answer["result"] | {member: "0x" + "66" * 32}} if method == "eth_getProof" else answer
        )

    return changed


def other_code(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Know no proofs, and show other code."""
    if method == "eth_getProof":
        return {"error": {"code": -32601, "message": "method not found"}}
    return answer | {"result": "0x6001"} if method == "eth_getCode" else answer


CONTRADICTIONS: dict[str, tuple[Change_, str]] = {
    "another hash for a deep block": (other_blocks, "^block [0-9]+ differs"),
    "other storage of the registry": (proof_with("storageHash"), "^the storage of 0x"),
    "other code of the registry": (proof_with("codeHash"), "^the code of 0x"),
    "other code from a node without proofs": (other_code, "^the code of 0x"),
}


@pytest.mark.parametrize("liar", [0, 1, 2])
@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_nodes_that_contradict_each_other_answer_nothing(
    office: Office, three: list[Relay], case: str, liar: int
) -> None:
    time = Time()
    nodes = nodes_of(three, office.bench.registry.pins, time)
    three[liar].change, said = CONTRADICTIONS[case]
    with pytest.raises(ChainUnavailableError, match=said) as caught:
        nodes.chain_id()
    assert caught.value.code == "chain.disagree"
    assert three[liar].url.removeprefix("http://") in str(caught.value)

    three[liar].change = honest
    with pytest.raises(ChainUnavailableError):  # not before they were compared again
        nodes.chain_id()
    time.now += 15
    assert nodes.chain_id() == 31337


def test_a_node_without_proofs_is_compared_by_code_and_contradicts_nobody(office: Office, three: list[Relay]) -> None:
    three[1].change = lambda method, _p, answer: (
        {"error": {"code": -32601, "message": "method not found"}} if method == "eth_getProof" else answer
    )
    assert nodes_of(three, office.bench.registry.pins, Time()).chain_id() == 31337
    assert three[1].asked["eth_getCode"] == 1


def test_what_one_node_said_about_a_block_is_asked_of_another_and_the_lie_ends_every_answer(
    office: Office, three: list[Relay]
) -> None:
    time = Time()
    registry = EvmRegistry(";".join(one.url for one in three), office.bench.registry.pins, seconds=5.0)
    registry._rpc = nodes_of(three, office.bench.registry.pins, time)
    assert registry.view().issuer(office.id) is not None

    def never_registered(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"result": "0x" + "00" * (len(answer["result"]) // 2 - 1)} if method == "eth_call" else answer

    three[0].change = never_registered
    assert registry.view().issuer(office.id) is None  # until the next comparison the preferred node is believed
    time.now += 15
    with pytest.raises(ChainUnavailableError, match="answered differently") as caught:
        registry.view()
    assert caught.value.code == "chain.disagree"


def test_a_node_that_is_silent_at_comparisons_alone_is_not_preferred(office: Office, three: list[Relay]) -> None:
    time = Time()
    nodes = nodes_of(three, office.bench.registry.pins, time)
    three[0].change = lambda method, _p, answer: 429 if method == "eth_getBlockByNumber" else answer | {"result": "0x1"}
    assert nodes.chain_id() == 31337
    for _ in range(10):  # it would answer again, and it would lie
        time.now += 14
        assert nodes.chain_id() == 31337
    three[0].change = honest
    time.now += 61
    nodes.chain_id()
    before = asked(three)
    nodes.chain_id()
    assert [after - start for start, after in zip(before, asked(three), strict=True)] == [1, 0, 0]


def test_heads_that_differ_by_a_block_or_two_are_no_contradiction(
    office: Office, three: list[Relay], hardhat: HardhatNode
) -> None:
    behind = int(str(hardhat.request("eth_blockNumber")), 16) - 2
    three[1].change = lambda method, params, answer: (
        answer | {"result": hardhat.request("eth_getBlockByNumber", hex(behind), False)}
        if (method, params[:1]) == ("eth_getBlockByNumber", ["latest"])
        else answer
    )
    assert nodes_of(three, office.bench.registry.pins, Time()).block("latest").number >= behind + 2


def test_a_node_that_stands_still_while_others_go_on_has_to_rest(
    office: Office, three: list[Relay], hardhat: HardhatNode
) -> None:
    time = Time()
    nodes = nodes_of(three, office.bench.registry.pins, time)
    stood = hardhat.request("eth_getBlockByNumber", "latest", False)
    three[0].change = lambda method, params, answer: (
        answer | {"result": stood} if (method, params[:1]) == ("eth_getBlockByNumber", ["latest"]) else answer
    )
    nodes.chain_id()
    hardhat.mine(8)
    time.now += 15
    newest = nodes.block("latest").number
    assert newest == int(str(hardhat.request("eth_blockNumber")), 16) >= int(stood["number"], 16) + 8  # type: ignore[index, call-overload]


def test_one_node_alone_is_asked_as_it_is_and_never_compared(office: Office, three: list[Relay]) -> None:
    single = connect(f" {three[0].url} ;", 5.0)
    assert type(single) is Rpc
    single.chain_id()
    assert asked(three) == [1, 0, 0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1;http://127.0.0.1:1", "http://127.0.0.1:1;ftp://127.0.0.1", ";"])
def test_urls_that_are_none_or_the_same_are_refused(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        connect(url)
    assert caught.value.code == "settings.chain-url"


def test_secrets_in_urls_show_in_no_message() -> None:
    nodes = connect("http://127.0.0.1:9/v1/first-secret;http://user:second-secret@127.0.0.1:10/", 1.0)
    with pytest.raises(ChainUnavailableError) as caught:
        nodes.chain_id()
    said = f"{caught.value!r} {nodes!r}"
    assert "secret" not in said
    assert "127.0.0.1:9" in said
