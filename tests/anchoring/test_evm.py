"""The EVM adapter against a node that is another one, lies, or falls silent: no answer, never a wrong one."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from typing import Any

import pytest
from web3 import HTTPProvider, Web3

from jikin.anchoring import artifact, evm
from jikin.anchoring.acts import AddKey, ApproveProfile, ProposeProfile
from jikin.anchoring.changes import Change, pack
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.evm import EvmRegistry, EvmWriter
from jikin.errors import ChainUnavailableError, RegistryError, RegistryMismatchError, SettingsError
from jikin.values import Address, ChainId, Digest, sha256
from tests.chain_fixtures import EvmBench, undone
from tests.lying_node import Relay, relay
from tests.registry_office import (
    ACCREDITOR,
    ISSUING,
    LIST,
    OTHER,
    OTHER_OWNER,
    OWNER,
    REVOKING,
    Office,
    open_office,
    register,
)

pytestmark = pytest.mark.chain
Change_ = Callable[[str, list[Any], dict[str, Any]], "dict[str, Any] | bytes | int"]


@pytest.fixture(scope="module")
def prepared(hardhat: HardhatNode) -> Iterator[Office]:
    """An institution with a profile, and a list with three epochs."""
    with undone(hardhat):
        office = open_office(EvmBench(hardhat))
        office.does(OWNER, ProposeProfile(office.id, b"profile"))
        office.does(ACCREDITOR, ApproveProfile(office.id, Digest(sha256(b"profile"))))
        office.does(ISSUING, office.opens())
        for index in (1, 2, 3):
            office.does(REVOKING, office.publishes(pack([Change(index, 1)])))
            hardhat.mine(4)
        yield office


@pytest.fixture
def office(prepared: Office, hardhat: HardhatNode) -> Iterator[Office]:
    """The institution as prepared; what a test does to the chain is undone."""
    with undone(hardhat):
        yield prepared


@pytest.fixture
def between(hardhat: HardhatNode) -> Iterator[Relay]:
    with relay(hardhat.url) as state:
        yield state


def through(between: Relay, office: Office) -> EvmRegistry:
    return EvmRegistry(between.url, office.bench.registry.pins, seconds=5.0)


def answering(wanted: str, result: Any) -> Change_:
    return lambda method, _params, answer: answer | {"result": result} if method == wanted else answer


def test_web3_reads_the_same_from_the_same_registry(office: Office, hardhat: HardhatNode) -> None:
    """An implementation of others over the same node: block, code, an answer of the contract, and its events."""
    pins = office.bench.registry.pins
    view = EvmRegistry(hardhat.url, pins).view()
    web3 = Web3(HTTPProvider(hardhat.url))
    address = web3.to_checksum_address(str(pins.registry))
    contract = web3.eth.contract(address=address, abi=artifact.load().abi)
    block = web3.eth.get_block(view.block.number)
    assert (Digest(bytes(block["hash"])), block["timestamp"]) == (view.block.hash, view.block.time)
    assert f"eip155:{web3.eth.chain_id}" == str(pins.chain)

    (theirs,) = contract.functions.statusHeads(office.id.raw, [LIST.raw]).call(block_identifier=block["number"])
    (ours,) = view.status_heads(office.id, [LIST])
    assert ours is not None
    assert theirs[:5] == (ours.head.raw, ours.epoch, ours.time, ours.block, ours.entries)
    history = view.status_history(office.id, LIST)
    assert history is not None
    events = contract.events.StatusPublished.get_logs(from_block=0, to_block=block["number"])
    assert [(event["args"]["epoch"], event["blockNumber"], event["args"]["changes"]) for event in events] == [
        (number, epoch.block, epoch.changes) for number, epoch in enumerate(history.epochs, start=1)
    ]
    assert len(events) == 3


# ------------------------------------------------------------------------------------------------- another registry


def test_another_chain_is_refused_with_both_numbers(office: Office, hardhat: HardhatNode) -> None:
    pins = replace(office.bench.registry.pins, chain=ChainId(1))
    with pytest.raises(RegistryMismatchError, match=r"eip155:31337, expected eip155:1$") as refused:
        EvmRegistry(hardhat.url, pins).view()
    assert refused.value.code == "registry.mismatch.chain"


def test_other_code_is_refused(office: Office, hardhat: HardhatNode) -> None:
    pins = replace(office.bench.registry.pins, code_hash=Digest(bytes(32)))
    with pytest.raises(RegistryMismatchError, match="expected 0x0000") as refused:
        EvmRegistry(hardhat.url, pins).view()
    assert refused.value.code == "registry.mismatch.code"
    empty = replace(office.bench.registry.pins, registry=Address(b"\x99" * 20))
    with pytest.raises(RegistryMismatchError):
        EvmRegistry(hardhat.url, empty).view()


def test_a_development_chain_that_was_started_anew_is_recognised(office: Office, between: Relay) -> None:
    registry = through(between, office)
    assert registry.view().issuer(office.id) is not None
    genesis = "0x" + "77" * 32

    def reset(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getBlockByNumber" and params[0] == "0x0":
            return answer | {"result": answer["result"] | {"hash": genesis}}
        return answer

    between.change = reset
    with pytest.raises(RegistryMismatchError, match="started anew") as refused:
        registry.view()
    assert refused.value.code == "registry.mismatch.genesis"
    assert genesis in str(refused.value)


def test_nothing_is_signed_for_another_registry(office: Office, hardhat: HardhatNode) -> None:
    pins = replace(office.bench.registry.pins, chain=ChainId(1))
    writer = EvmWriter(EvmRegistry(hardhat.url, pins), hardhat.accounts[OWNER])
    with pytest.raises(RegistryMismatchError):
        writer.prepare(AddKey(office.id, "z6MkKey"))


def test_chain_and_code_are_compared_once_and_again_after_trouble(office: Office, between: Relay) -> None:
    registry = through(between, office)
    for _ in range(3):
        registry.view()
    assert (between.asked["eth_chainId"], between.asked["eth_getCode"]) == (1, 1)
    between.change = lambda *_: b"<html>"
    with pytest.raises(ChainUnavailableError):
        registry.view()
    between.change = lambda _method, _params, answer: answer
    registry.view()
    assert (between.asked["eth_chainId"], between.asked["eth_getCode"]) == (2, 2)


# ---------------------------------------------------------------------------------------------------- no sense at all

NONSENSE: dict[str, Change_] = {
    "a web page": lambda *_: b"<html>not found</html>",
    "nothing": lambda *_: b"",
    "half of an object": lambda *_: b'{"jsonrpc":',
    "no UTF-8": lambda *_: b'{"result": "\xff\xfe"}',
    "very deep lists": lambda *_: b"[" * 100_000,
    "a list": lambda *_: b"[1]",
    "neither result nor error": lambda *_: b"{}",
    "an error that is a text": lambda *_: b'{"error": "no"}',
    "a block without hash": answering("eth_getBlockByNumber", {"number": "0x1", "timestamp": "0x1"}),
    "a block that is a text": answering("eth_getBlockByNumber", "0x1"),
    "a block that is missing": answering("eth_getBlockByNumber", None),
    "a number without 0x": answering("eth_chainId", "31337"),
    "a number that is a number": answering("eth_chainId", 31337),
    "a status of overload": lambda *_: 429,
    "a redirect": lambda *_: 307,
    "a refusal": lambda *_: b'{"error": {"code": -32005, "message": "limit exceeded"}}',
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE.keys())
def test_an_answer_without_sense_is_no_answer(office: Office, between: Relay, nonsense: Change_) -> None:
    between.change = nonsense
    with pytest.raises(ChainUnavailableError):
        through(between, office).view()


LIES: dict[str, Change_] = {
    "no bytes": answering("eth_call", "0x"),
    "half a record": answering("eth_call", "0x" + "00" * 31),
    "no hexadecimal": answering("eth_call", "0xzz"),
    "an address too large": answering("eth_call", "0x" + "ff" * 32 * 13),
    "a record that is null": answering("eth_call", None),
    "a refusal": lambda method, _p, answer: {"error": {"code": 3, "message": "?"}} if method == "eth_call" else answer,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_record_that_cannot_be_read_is_no_answer(office: Office, between: Relay, lie: Change_) -> None:
    view = through(between, office).view()
    between.change = lie
    with pytest.raises(ChainUnavailableError):
        view.issuer(office.id)
    with pytest.raises(ChainUnavailableError):
        view.status_history(office.id, LIST)


def test_a_node_that_falls_silent_is_no_answer(office: Office) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        registry = EvmRegistry(f"http://127.0.0.1:{deaf.getsockname()[1]}", office.bench.registry.pins, seconds=0.3)
        with pytest.raises(ChainUnavailableError):
            registry.view()


def test_an_answer_beyond_all_measure_is_no_answer(office: Office, between: Relay) -> None:
    between.change = lambda *_: b'{"result": "0x' + b"00" * (33 << 20) + b'"}'
    with pytest.raises(ChainUnavailableError):
        through(between, office).view()


def test_a_url_with_a_secret_does_not_show_in_messages(office: Office) -> None:
    registry = EvmRegistry("http://user:pass-word@127.0.0.1:9/v1/api-key?token=t0ken", office.bench.registry.pins)
    with pytest.raises(ChainUnavailableError) as silent:
        registry.view()
    said = f"{silent.value} {registry.rpc!r}"
    for secret in ("pass-word", "api-key", "t0ken"):
        assert secret not in said


@pytest.mark.parametrize("url", ["", "127.0.0.1:8545", "ftp://x/", "http://", "file:///etc/passwd"])
def test_what_is_no_url_of_a_node_is_refused(office: Office, url: str) -> None:
    with pytest.raises(SettingsError):
        EvmRegistry(url, office.bench.registry.pins)


# ---------------------------------------------------------------------------------------------------- lies in events


def logs_changed(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Change_:
    def changed(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"result": change(answer["result"])} if method == "eth_getLogs" else answer

    return changed


EVENT_LIES: dict[str, Change_] = {
    "none": logs_changed(lambda _logs: []),
    "the oldest is missing": logs_changed(lambda logs: logs[1:]),
    "the newest is missing": logs_changed(lambda logs: logs[:-1]),
    "one in the middle is missing": logs_changed(lambda logs: [logs[0], *logs[2:]]),
    "one stands there twice": logs_changed(lambda logs: [*logs, logs[-1]]),
    "another change": logs_changed(
        lambda logs: [log | {"data": log["data"].replace("000005", "000004")} for log in logs]
    ),
    "another time": logs_changed(lambda logs: [log | {"blockTimestamp": "0x1"} for log in logs]),
    "another block": logs_changed(lambda logs: [log | {"blockNumber": "0x1"} for log in logs]),
    "no topics": logs_changed(lambda logs: [log | {"topics": []} for log in logs]),
    "other topics": logs_changed(lambda logs: [log | {"topics": ["0x" + "11" * 32]} for log in logs]),
    "cut data": logs_changed(lambda logs: [log | {"data": log["data"][:-64]} for log in logs]),
    "a text": logs_changed(lambda _logs: "logs"),  # type: ignore[arg-type, return-value]  # that is the lie
}


@pytest.mark.parametrize("lie", EVENT_LIES.values(), ids=EVENT_LIES.keys())
def test_events_that_do_not_lead_to_the_head_are_no_answer(office: Office, between: Relay, lie: Change_) -> None:
    between.change = lie
    with pytest.raises(ChainUnavailableError):
        through(between, office).view().status_history(office.id, LIST)


def test_a_profile_that_does_not_hash_to_the_approved_one_is_no_answer(office: Office, between: Relay) -> None:
    assert through(between, office).view().approved_profile(office.id) == b"profile"
    for change in (
        lambda _logs: [],
        lambda logs: [log | {"data": log["data"].replace("70726f", "70726e")} for log in logs],
    ):
        between.change = logs_changed(change)
        with pytest.raises(ChainUnavailableError):
            through(between, office).view().approved_profile(office.id)


def test_an_issuer_under_the_id_of_another_is_no_answer(office: Office, between: Relay) -> None:
    assert through(between, office).view().issuers() == (office.did,)
    between.change = logs_changed(
        lambda logs: [log | {"data": log["data"].replace(b"exam".hex(), b"eggs".hex())} for log in logs]
    )
    with pytest.raises(ChainUnavailableError):
        through(between, office).view().issuers()


# ----------------------------------------------------------------------------------------------- reading frugally


def test_times_that_the_events_do_not_state_are_asked_for(office: Office, between: Relay) -> None:
    expected = office.view().status_history(office.id, LIST)
    between.change = logs_changed(
        lambda logs: [{name: value for name, value in log.items() if name != "blockTimestamp"} for log in logs]
    )
    assert through(between, office).view().status_history(office.id, LIST) == expected


def test_a_node_that_limits_ranges_is_asked_for_smaller_ones(office: Office, between: Relay) -> None:
    expected = office.view()

    def limited(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getLogs" and int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) >= 3:
            return {"error": {"code": -32600, "message": "up to a 3 block range"}}
        return answer

    between.change = limited
    view = through(between, office).view()
    assert view.status_history(office.id, LIST) == expected.status_history(office.id, LIST)
    assert view.issuers() == expected.issuers()


def test_a_view_asks_for_nothing_twice(office: Office, between: Relay) -> None:
    view = through(between, office).view()
    for _ in range(3):
        view.issuer(office.id)
        view.approved_profile(office.id)
        view.status_heads(office.id, [LIST])
        view.status_history(office.id, LIST)
    assert between.asked["eth_call"] == 2
    assert between.asked["eth_getLogs"] == 2


def test_only_newer_epochs_are_read_again(office: Office, between: Relay, hardhat: HardhatNode) -> None:
    registry = through(between, office)
    before = registry.view().status_history(office.id, LIST)
    seen: list[int] = []

    def noting(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getLogs":
            seen.append(len(answer["result"]))
        return answer

    hardhat.mine(2)
    assert registry.view().status_history(office.id, LIST) == before
    between.change = noting
    office.does(REVOKING, office.publishes(pack([Change(9, 1)])))
    after = registry.view().status_history(office.id, LIST)
    assert before is not None
    assert after is not None
    assert after.epochs[:-1] == before.epochs
    assert len(after.epochs) == 4
    assert len(seen) == 1


def test_after_a_reorganisation_a_list_and_the_issuers_are_read_anew(office: Office, hardhat: HardhatNode) -> None:
    registry = EvmRegistry(hardhat.url, office.bench.registry.pins)
    fork = hardhat.snapshot()
    office.does(REVOKING, office.publishes(pack([Change(9, 1)])))
    register(office.bench, OTHER, OTHER_OWNER)
    lost = registry.view()
    assert len(lost.issuers()) == 2
    history = lost.status_history(office.id, LIST)
    assert history is not None
    assert len(history.epochs) == 4
    hardhat.revert(fork)
    hardhat.mine(3)
    office.does(REVOKING, office.publishes(pack([Change(10, 1)])))
    office.does(REVOKING, office.publishes(pack([Change(11, 1)])))
    hardhat.mine(8)
    kept = registry.view()
    assert kept.issuers() == (office.did,)
    assert kept.status_history(office.id, LIST) == EvmRegistry(hardhat.url, registry.pins).view().status_history(
        office.id, LIST
    )
    with pytest.raises(ChainUnavailableError):  # its block is gone: not an answer about another history
        lost.operator(office.id, office.account(OWNER))


# --------------------------------------------------------------------------------------------------------- writing


def test_the_limit_of_gas_is_a_tenth_above_the_estimate(office: Office, hardhat: HardhatNode) -> None:
    writer = EvmWriter(EvmRegistry(hardhat.url, office.bench.registry.pins), hardhat.accounts[OWNER])
    planned = writer.plan(AddKey(office.id, "z6MkKey"))
    request = {"from": str(writer.account), "to": str(planned.to), "data": "0x" + planned.data.hex()}
    estimate = int(str(hardhat.request("eth_estimateGas", request, "pending")), 16)
    assert planned.gas == estimate * 11 // 10


def test_a_stuck_transaction_is_replaced_with_a_higher_fee(office: Office, hardhat: HardhatNode) -> None:
    writer = EvmWriter(EvmRegistry(hardhat.url, office.bench.registry.pins), hardhat.accounts[OWNER])
    stuck = writer.prepare(AddKey(office.id, "z6MkKey"))
    office.bench.hold_back()
    writer.broadcast(stuck)
    replacement = writer.replace(stuck)
    assert replacement.nonce == stuck.nonce
    assert replacement.hash != stuck.hash
    writer.broadcast(replacement)
    hardhat.mine()
    mined = writer.mined(replacement.hash)
    assert mined is not None
    assert mined.succeeded
    assert writer.mined(stuck.hash) is None


def test_a_fee_is_never_raised_beyond_reason(office: Office, hardhat: HardhatNode) -> None:
    writer = EvmWriter(EvmRegistry(hardhat.url, office.bench.registry.pins), hardhat.accounts[OWNER])
    transaction = writer.prepare(AddKey(office.id, "z6MkKey"))
    for _ in range(12):  # 1.1^12 is 3.1 times
        transaction = writer.replace(transaction)
    with pytest.raises(RegistryError) as refused:
        reduce(lambda last, _: writer.replace(last), range(10), transaction)
    assert refused.value.code == "registry.fee-cap"


def test_an_account_without_money_is_told_so(office: Office, hardhat: HardhatNode) -> None:
    registry = EvmRegistry(hardhat.url, office.bench.registry.pins)
    writer = EvmWriter(registry, hardhat.accounts[OWNER])
    transaction = writer.prepare(AddKey(office.id, "z6MkKey"))
    hardhat.request("hardhat_setBalance", str(writer.account), "0x0")
    with pytest.raises(RegistryError) as refused:
        writer.broadcast(transaction)
    assert refused.value.code == "registry.funds"
    hardhat.request("hardhat_setBalance", str(writer.account), hex(10**20))
    writer.broadcast(transaction)


def test_a_transaction_ahead_of_its_turn_is_told_so(office: Office, hardhat: HardhatNode) -> None:
    registry = EvmRegistry(hardhat.url, office.bench.registry.pins)
    writer = EvmWriter(registry, hardhat.accounts[OWNER])
    first, spare = writer.prepare(AddKey(office.id, "z6MkFirst")), hardhat.snapshot()
    writer.broadcast(first)
    second = writer.prepare(AddKey(office.id, "z6MkSecond"))
    hardhat.revert(spare)
    with pytest.raises(RegistryError) as refused:
        writer.broadcast(second)
    assert refused.value.code == "registry.nonce-gap"


def test_when_it_is_unknown_whether_it_arrived_the_same_bytes_are_sent_again(office: Office, between: Relay) -> None:
    registry = through(between, office)
    writer = EvmWriter(registry, office.bench.node.accounts[OWNER])  # type: ignore[attr-defined]  # an EvmBench
    transaction = writer.prepare(AddKey(office.id, "z6MkKey"))
    between.change = lambda method, _p, answer: 429 if method == "eth_sendRawTransaction" else answer
    with pytest.raises(ChainUnavailableError):
        writer.broadcast(transaction)
    between.change = lambda _method, _params, answer: answer
    writer.broadcast(transaction)
    mined = writer.mined(transaction.hash)
    assert mined is not None
    assert mined.succeeded


# ------------------------------------------------------------------------------------------------------ deploying


def test_a_deployed_registry_is_the_compiled_one(office: Office, hardhat: HardhatNode) -> None:
    pins = office.bench.registry.pins
    assert evm.read_pins(hardhat.url, pins.registry, pins.deploy_block) == pins
    with pytest.raises(RegistryMismatchError, match="has no code"):
        evm.read_pins(hardhat.url, Address(b"\x99" * 20), 1)


def test_two_deployments_differ_in_their_immutables_alone(hardhat: HardhatNode) -> None:
    with undone(hardhat):
        first, second = (evm.deploy(hardhat.url, hardhat.accounts[0], delay) for delay in (0, 86_400))
        assert first.code_hash != second.code_hash
        codes = [
            bytes.fromhex(str(hardhat.request("eth_getCode", str(pins.registry), "latest"))[2:])
            for pins in (first, second)
        ]
    assert all(artifact.load().matches(code) for code in codes)
    start, _length = artifact.load().immutables[0]
    assert not artifact.load().matches(codes[0][: start - 1] + b"\x00" + codes[0][start:])
    assert not artifact.load().matches(codes[0] + b"\x00")
    assert not artifact.load().matches(codes[0][:start])
    assert not artifact.load().matches(b"")
