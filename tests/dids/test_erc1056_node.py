"""An ERC-1056 registry behind a node that changes its answers: whatever does not fit together is no source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.evm_erc1056 import EvmErc1056
from jikin.dids.ethr import DidEthr
from jikin.dids.web_fetch import NoFetch
from jikin.values import Address, Did
from tests.chain_fixtures import undone
from tests.codes import code_of
from tests.erc1056_bench import EvmBench
from tests.lying_node import relay

pytestmark = pytest.mark.chain
OTHER = "0x" + "11" * 20
Answer = dict[str, Any]


def of_log(**members: Any) -> Callable[[str, Answer], Any]:
    """Return a change of every event's members."""

    def change(method: str, answer: Answer) -> Answer:
        if method != "eth_getLogs":
            return answer
        return {**answer, "result": [{**log, **members} for log in answer["result"]]}

    return change


def of_answer(asked: str, result: Any) -> Callable[[str, Answer], Any]:
    """Return another result of one method."""
    return lambda method, answer: {**answer, "result": result} if method == asked else answer


def refusal(asked: str) -> Callable[[str, Answer], Any]:
    """Return a refusal of one method."""

    def change(method: str, answer: Answer) -> Answer:
        error = {"code": -32000, "message": "not here"}
        return {"jsonrpc": "2.0", "id": answer["id"], "error": error} if method == asked else answer

    return change


def of_identity(method: str, answer: Answer) -> Answer:
    if method != "eth_getLogs":
        return answer
    logs = [{**log, "topics": [log["topics"][0], "0x" + "00" * 12 + "11" * 20]} for log in answer["result"]]
    return {**answer, "result": logs}


LIES: dict[str, tuple[Callable[[str, Answer], Any], str]] = {
    "an event of another contract": (of_log(address=OTHER), "chain.senseless"),
    "an event of another block": (of_log(blockHash="0x" + "11" * 32), "chain.senseless"),
    "an event of another identity": (of_identity, "chain.senseless"),
    "an event of another kind": (of_log(topics=["0x" + "11" * 32]), "chain.senseless"),
    "an event without topics": (of_log(topics=[]), "chain.senseless"),
    "an event cut short": (of_log(data="0x00"), "chain.senseless"),
    "events that are no list": (of_answer("eth_getLogs", "0x"), "chain.senseless"),
    "no events": (of_answer("eth_getLogs", []), "chain.senseless"),
    "events that are refused": (refusal("eth_getLogs"), "chain.refused"),
    "a call that is refused": (refusal("eth_call"), "chain.refused"),
    "a word cut short": (of_answer("eth_call", "0x00"), "chain.senseless"),
    "a word without end": (of_answer("eth_call", "0x" + "ff" * 32), "chain.senseless"),
    "no contract": (of_answer("eth_call", "0x"), "registry.mismatch.code"),
    "a chain that cannot be": (of_answer("eth_chainId", "0x0"), "chain.senseless"),
    "no block": (of_answer("eth_getBlockByNumber", None), "chain.block-missing"),
    "no JSON": (lambda _method, _answer: b"<html>", "chain.unreachable"),
    "a node that is busy": (lambda _method, _answer: 429, "chain.unreachable"),
}


@pytest.fixture(scope="module")
def changed(hardhat: HardhatNode, erc1056: Address) -> Any:
    """Yield a bench whose first account was given to another."""
    with undone(hardhat):
        bench = EvmBench(hardhat, erc1056)
        bench.add_delegate(bench.account(1), "veriKey", bench.account(3))
        bench.change_owner(bench.account(1), bench.account(2))
        yield bench


@pytest.mark.parametrize(("lie", "code"), LIES.values(), ids=LIES.keys())
def test_an_answer_that_does_not_fit_is_no_verdict(
    lie: Callable[[str, Answer], Any], code: str, changed: EvmBench
) -> None:
    did = Did(f"did:ethr:0x7a69:{changed.account(1)}")
    with relay(changed.node.url) as node:
        method = DidEthr([EvmErc1056(node.url, changed.address, seconds=5.0)])
        assert method.resolve(did, NoFetch()).methods[0].public_key.raw == changed.account(2).raw
        node.change = lambda asked, _params, answer: lie(asked, answer)
        fresh = DidEthr([EvmErc1056(node.url, changed.address, seconds=5.0)])
        assert code_of(fresh.resolve, did, NoFetch()) == code
