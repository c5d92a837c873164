"""A node that lies: under trust `proof` never a wrong verdict, under trust `rpc` it depends on the lie.

Each lie is told on every question it concerns, to `eth_call` as well as to `eth_getProof`. The table in
docs/state-proofs.md is this one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from jikin.anchoring import artifact, rlp
from jikin.anchoring.acts import AddKey, LeafKind, RetireKey
from jikin.anchoring.batch import fill, new_salt
from jikin.anchoring.devchain import AnvilNode, HardhatNode
from jikin.anchoring.digest import credential_digest
from jikin.anchoring.evm import EvmRegistry
from jikin.anchoring.evm_abi import Interface
from jikin.anchoring.merkle import Tree
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.statements import leaf
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.status.array import State
from jikin.values import KeyId, format_instant
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome
from jikin.verification.verifying import verify
from tests.chain_fixtures import PROJECT, EvmBench, proven, undone
from tests.lying_node import Relay, ask, relay
from tests.small_world import HOUR, SUITES, SmallWorld
from tests.world_on_node import OnNode

pytestmark = pytest.mark.chain
Params, Answer = list[Any], dict[str, Any]
Change = Callable[[str, Params, Answer], Answer]
INTERFACE = Interface(artifact.load().abi)
PAGE = PROJECT / "docs" / "state-proofs.md"


def selector(function: str, *values: Any) -> str:
    return "0x" + INTERFACE.view_data(function, *values)[:4].hex()


KEY_WINDOW = selector("keyWindow", bytes(32), bytes(32))
ANCHOR_OF = selector("anchorOf", bytes(32), bytes(32))
STATUS_HEADS = selector("statusHeads", bytes(32), [])


@dataclass(frozen=True)
class Scene:
    """What happened on the chain, and certificates of which the truth is known."""

    world: SmallWorld
    node: HardhatNode
    deployed_with: int  # the nonce of the account that deployed the registry
    sound: Document
    revoked: Document
    before_the_revocation: int  # a block
    by_a_retired_key: Document
    never_anchored: Document  # by the retired key, back-dated, with a receipt that its forger made up


@pytest.fixture(scope="module")
def scene(hardhat: HardhatNode) -> Iterator[Scene]:
    with undone(hardhat):
        nonce = transactions(hardhat)
        chain = OnNode(EvmBench(hardhat))
        world = SmallWorld(chain=chain, accounts=chain.accounts)
        sound, revoked = world.issue(), world.issue("이다른")
        key = Ed25519Signer.from_seed(b"\x07" * 32)
        world.act(AddKey(world.issuer_id, world.multikey(key)), world.owner)
        world.later(HOUR)
        world.act(RetireKey(world.issuer_id, KeyId.of(world.multikey(key))), world.owner)
        world.later(HOUR)
        honest, world.signer = world.signer, key
        by_a_retired_key = world.issue("박나중")
        forged = made_up(world)
        world.signer = honest
        before = chain.view().block.number
        world.set_state(revoked, State.REVOKED)
        chain.mine()
        yield Scene(world, hardhat, nonce, sound.document, revoked.document, before, by_a_retired_key.document, forged)


def transactions(node: HardhatNode) -> int:
    return int(str(node.request("eth_getTransactionCount", node.accounts[0].address, "latest")), 16)


def made_up(world: SmallWorld) -> Document:
    """A certificate dated back to when the key counted, and a receipt for a tree that nobody ever anchored."""
    when = world.time - 3 * HOUR // 2
    unsecured, _ = world.unsecured("최없음")
    credential = world.sign({**unsecured, "validFrom": format_instant(when)}, created=when)
    digest = credential_digest(securing.statements(credential, SUITES))
    salt, pins = new_salt(), world.chain.pins
    batch = fill(world.context, [leaf(LeafKind.CREDENTIAL, world.context, salt, digest)])
    tree, (place,) = Tree(batch.leaves), batch.indexes
    receipt = Receipt(
        chain=pins.chain,
        registry=pins.registry,
        issuer_id=world.issuer_id,
        root=tree.root,
        tree_size=tree.size,
        index=place,
        path=tree.path(place),
        salt=salt,
        block=1,
        time=when,
    )
    return Document(credential, receipt)


# ------------------------------------------------------------------------------------------------------------ the lies


def calls(function: str, change: Callable[[list[str]], list[str]]) -> Change:
    """Change the words that *function* answers."""

    def changed(method: str, params: Params, answer: Answer) -> Answer:
        if method != "eth_call" or not str(params[0].get("data", "")).startswith(function):
            return answer
        text = answer["result"][2:]
        words = [text[at : at + 64] for at in range(0, len(text), 64)]
        return answer | {"result": "0x" + "".join(change(words))}

    return changed


def word(value: int) -> str:
    return f"{value:064x}"


def both(*changes: Change) -> Change:
    def changed(method: str, params: Params, answer: Answer) -> Answer:
        for change in changes:
            answer = change(method, params, answer)
        return answer

    return changed


def proofs(change: Callable[[list[str], str], list[str]]) -> Change:
    """Change the nodes of every storage proof; *change* gets the nodes and the value stated."""

    def changed(method: str, _params: Params, answer: Answer) -> Answer:
        if method != "eth_getProof":
            return answer
        result = answer["result"]
        storage = [entry | {"proof": change(entry["proof"], entry["value"])} for entry in result["storageProof"]]
        return answer | {"result": result | {"storageProof": storage}}

    return changed


def with_other_value(nodes: list[str], value: str) -> list[str]:
    """Write another number into the leaf, as a liar would who hopes that nobody hashes it."""
    node = rlp.decode(bytes.fromhex(nodes[-1][2:])) if nodes else b""
    if not isinstance(node, list) or int(value, 16) == 0:
        return [*nodes, "0x" + rlp.encode([b"\x20" + bytes(32), rlp.encode(b"\x2a" * 20)]).hex()]
    other = rlp.encode([node[0], rlp.encode(rlp.number(int(value, 16) ^ (1 << 41)))])
    return [*nodes[:-1], "0x" + other.hex()]


def as_of(scene: Scene, number: int) -> Change:
    """Answer every question for a block as if it were for block *number*, with the real node's words for that."""
    old = ask(scene.node.url, _question("eth_getBlockByNumber", [hex(number), False]))["result"]

    def changed(method: str, params: Params, answer: Answer) -> Answer:
        if method == "eth_getProof":
            return ask(scene.node.url, _question(method, [*params[:2], hex(number)]))
        if method == "eth_call":
            return ask(scene.node.url, _question(method, [params[0], {"blockHash": old["hash"]}]))
        if method == "eth_getLogs":
            return answer | {"result": [log for log in answer["result"] if int(log["blockNumber"], 16) <= number]}
        if method == "eth_getBlockByNumber" and params[0] == "latest":
            return answer | {"result": old}
        return answer

    return changed


def _question(method: str, params: Params) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


def hidden_end_of_a_key(_scene: Scene) -> Change:
    return both(calls(KEY_WINDOW, lambda words: [words[0], word(0), *words[2:]]), proofs(with_other_value))


def invented_anchor(scene: Scene) -> Change:
    """Say of a root that it was anchored while the key still counted, as the receipt does."""
    receipt = scene.never_anchored.receipt
    assert receipt is not None
    slot = [word(value) for value in (receipt.time, receipt.block, receipt.tree_size, 1, LeafKind.CREDENTIAL, 1)]
    return both(calls(ANCHOR_OF, lambda _words: slot), proofs(with_other_value))


def hidden_revocation(scene: Scene) -> Change:
    """The list as it stood before the revocation: its head, its events and the proofs of its slots."""
    old = as_of(scene, scene.before_the_revocation)

    def changed(method: str, params: Params, answer: Answer) -> Answer:
        about_the_list = method in ("eth_getProof", "eth_getLogs") or (
            method == "eth_call" and params[0]["data"].startswith(STATUS_HEADS)
        )
        return old(method, params, answer) if about_the_list else answer

    return changed


def hidden_event(_scene: Scene) -> Change:
    published = INTERFACE.topic("StatusPublished").hex()

    def changed(method: str, _params: Params, answer: Answer) -> Answer:
        if method != "eth_getLogs":
            return answer
        return answer | {"result": [log for log in answer["result"] if log["topics"][0] != published]}

    return changed


def old_block(scene: Scene) -> Change:
    return as_of(scene, scene.before_the_revocation)


def forged_header(scene: Scene) -> Change:
    """An old block under the newest number, hash and time: its state, and a header that claims the rest."""
    old = as_of(scene, scene.before_the_revocation)
    number = hex(scene.before_the_revocation)
    state_root = ask(scene.node.url, _question("eth_getBlockByNumber", [number, False]))["result"]["stateRoot"]

    def changed(method: str, params: Params, answer: Answer) -> Answer:
        if method.startswith("eth_getBlockBy") and isinstance(answer.get("result"), dict):
            newest = method.endswith("Hash") or params[0] == "latest"
            return answer | {"result": answer["result"] | {"stateRoot": state_root}} if newest else answer
        return old(method, params, answer)

    return changed


def other_code(scene: Scene) -> Change:
    """The contract does the same today and has one more byte; the node shows the code that was pinned."""
    address = str(scene.world.chain.pins.registry)
    code = ask(scene.node.url, _question("eth_getCode", [address, "latest"]))["result"]
    scene.node.request("hardhat_setCode", address, code + "00")
    scene.node.mine()

    def changed(method: str, _params: Params, answer: Answer) -> Answer:
        return answer | {"result": code} if method == "eth_getCode" else answer

    return changed


def denied_anchor(_scene: Scene) -> Change:
    return both(calls(ANCHOR_OF, lambda words: [word(0)] * len(words)), proofs(lambda nodes, _value: nodes[:-1]))


@dataclass(frozen=True)
class Lie:
    """A lie about a certificate: *rpc* and *proof* are the outcome and the code that tells it, the truth is *true*."""

    tell: Callable[[Scene], Change]
    document: Callable[[Scene], Document]
    true: Outcome
    rpc: tuple[Outcome, str]
    proof: tuple[Outcome, str]


PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
NOTHING = ""
LIES: dict[str, Lie] = {
    "wrong value: the end of a key is hidden": Lie(
        hidden_end_of_a_key,
        lambda scene: scene.by_a_retired_key,
        FAILED,
        (PASSED, NOTHING),
        (UNKNOWN, "chain.unproven"),
    ),
    "wrong value: an anchor is invented": Lie(
        invented_anchor, lambda scene: scene.never_anchored, FAILED, (PASSED, NOTHING), (UNKNOWN, "chain.unproven")
    ),
    "absent slot: an anchor is denied": Lie(
        denied_anchor, lambda scene: scene.sound, PASSED, (UNKNOWN, "anchor.absent"), (UNKNOWN, "chain.unproven")
    ),
    "hidden event": Lie(
        hidden_event,
        lambda scene: scene.revoked,
        FAILED,
        (UNKNOWN, "status.unreachable"),
        (UNKNOWN, "status.unreachable"),
    ),
    "hidden event and old head": Lie(
        hidden_revocation, lambda scene: scene.revoked, FAILED, (PASSED, NOTHING), (UNKNOWN, "chain.unproven")
    ),
    "old block": Lie(old_block, lambda scene: scene.revoked, FAILED, (PASSED, NOTHING), (UNKNOWN, "chain.unproven")),
    "forged header": Lie(
        forged_header, lambda scene: scene.revoked, FAILED, (PASSED, NOTHING), (UNKNOWN, "chain.unproven")
    ),
    "wrong code": Lie(
        other_code, lambda scene: scene.sound, UNKNOWN, (PASSED, NOTHING), (UNKNOWN, "registry.mismatch")
    ),
}


@pytest.fixture
def between(scene: Scene) -> Iterator[Relay]:
    with undone(scene.node), relay(scene.node.url) as state:
        yield state


def judged(scene: Scene, registry: Any, document: Document) -> tuple[Outcome, set[str]]:
    report = verify(document, scene.world.sources(registry=registry), packaged("public"), scene.world.time)
    return report.outcome, {finding.code for finding in report.findings if finding.outcome is not PASSED}


def believing(scene: Scene, between: Relay) -> EvmRegistry:
    return EvmRegistry(between.url, scene.world.chain.pins, seconds=5.0)


def proving(scene: Scene, between: Relay) -> Any:
    return proven(between.url, scene.world.chain.pins, vouching=scene.node.url, seconds=5.0)


@pytest.mark.parametrize("trust", [believing, proving], ids=["rpc", "proof"])
def test_an_honest_node_gives_the_same_verdicts_under_both_trusts(
    scene: Scene, between: Relay, trust: Callable[[Scene, Relay], Any]
) -> None:
    told = {
        document: judged(scene, trust(scene, between), getattr(scene, document))
        for document in ("sound", "revoked", "by_a_retired_key")
    }
    assert told == {
        "sound": (PASSED, set()),
        "revoked": (FAILED, {"status.revoked"}),
        "by_a_retired_key": (FAILED, {"key.retired"}),
    }
    assert judged(scene, trust(scene, between), scene.never_anchored)[0] is FAILED


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_caught_under_trust_proof_and_what_trust_rpc_makes_of_it_is_known(
    scene: Scene, between: Relay, name: str
) -> None:
    lie = LIES[name]
    between.change = lie.tell(scene)
    for trust, (outcome, code) in ((believing, lie.rpc), (proving, lie.proof)):
        said, codes = judged(scene, trust(scene, between), lie.document(scene))
        assert said is outcome, (trust.__name__, codes)
        assert code == NOTHING or code in codes, (trust.__name__, codes)
    assert lie.proof[0] in (lie.true, UNKNOWN)


ANOTHER_CHAIN = "another chain"
SEEN = {"status.unreachable"}  # what trust `rpc` says where an answer does not fit another


def test_another_chain_with_the_same_names_is_caught_under_trust_proof_alone(scene: Scene) -> None:
    """The forger's own chain: same number, same contract at the same address, the institution with a key of theirs."""
    pins = scene.world.chain.pins
    with AnvilNode(PROJECT) as forgers:
        forgers.request("anvil_setNonce", forgers.accounts[0].address, hex(scene.deployed_with))
        forgers.request("anvil_mine", hex(pins.deploy_block))
        bench = EvmBench(forgers)
        assert (bench.evm.pins.registry, bench.evm.pins.code_hash) == (pins.registry, pins.code_hash)
        chain = OnNode(bench)
        world = SmallWorld(chain=chain, accounts=chain.accounts)
        world.signer = Ed25519Signer.from_seed(b"\x66" * 32)
        world.act(AddKey(world.issuer_id, world.multikey(world.signer)), world.owner)
        forged = world.issue("최없음").document

        def as_if(method: str, params: Params, answer: Answer) -> Answer:
            if method == "eth_getBlockByNumber" and params[0] == "0x0":
                return answer | {"result": answer["result"] | {"hash": pins.genesis.hex()}}
            return answer

        with relay(forgers.url) as between:
            between.change = as_if
            said = {
                trust: verify(forged, world.sources(registry=registry), packaged("public"), world.time)
                for trust, registry in (("rpc", believing(scene, between)), ("proof", proving(scene, between)))
            }
    assert said["rpc"].outcome is PASSED
    assert said["proof"].outcome is UNKNOWN
    assert "chain.unreachable" in {finding.code for finding in said["proof"].findings}


def test_the_page_tells_of_every_lie_what_the_tests_show() -> None:
    rows = {name: (lie.rpc, lie.proof) for name, lie in LIES.items()}
    rows[ANOTHER_CHAIN] = ((PASSED, NOTHING), (UNKNOWN, "chain.unreachable"))
    lines = []
    for name, (rpc, proof) in rows.items():
        seen = "" if rpc[1] in SEEN else ", not seen"
        lines.append(f"| {name} | {_cell(*rpc)}{seen} | {_cell(*proof)} |")
    assert "\n".join(lines) in PAGE.read_text("utf-8")


def _cell(outcome: Outcome, code: str) -> str:
    return outcome.value if code == NOTHING else f"{outcome.value} `{code}`"
