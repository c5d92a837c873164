"""Settings of trust: what is missing or contradicts itself is refused before anything is asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.pins import pins_json
from jikin.anchoring.trusted import Voucher
from jikin.errors import SettingsError
from jikin.values import Address, ChainId, Digest
from jikin.verification.assembly import assemble, packing_view, witnessed_of
from jikin.verification.checks import chain
from jikin.verification.checks.case import Case
from jikin.verification.evidence import Missing
from jikin.verification.gathering import gather_reading
from jikin.verification.plan import BlockPlan, ChainTrust, SourcePlan
from jikin.verification.policy import packaged
from jikin.verification.reading import read
from tests.small_world import SmallWorld
from tests.witnesses import WITNESSES
from verifier import settings as desk

PINS = RegistryPins(ChainId(31337), Address(b"\x01" * 20), Digest(b"\x02" * 32), Digest(b"\x03" * 32), 7)
NODE, OTHER = "http://127.0.0.1:9", "http://127.0.0.1:10"
BLOCK = f"7:0x{'44' * 32}:1790000000"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    file = tmp_path / "registry.json"
    file.write_text(json.dumps(pins_json(PINS)), "utf-8")
    return file


def plan(registry: Path, blocks: BlockPlan, **changes: object) -> SourcePlan:
    given = {"rpc_url": NODE, "registry_file": registry, "chain_trust": ChainTrust.PROOF, "blocks": blocks}
    return SourcePlan(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "blocks",
    [
        BlockPlan(),
        BlockPlan(pinned=BLOCK, nodes=(OTHER,)),
        BlockPlan(pinned="the newest"),
        BlockPlan(pinned=";"),
        BlockPlan(nodes=(OTHER,), agree=1),
        BlockPlan(nodes=(OTHER,), agree=3),
        BlockPlan(nodes=("ftp://node.example",)),
        BlockPlan(nodes=(NODE,)),
    ],
    ids=[
        "nobody",
        "two ways",
        "no block",
        "no block at all",
        "one node",
        "more than there are",
        "no node",
        "the node itself",
    ],
)
def test_who_vouches_is_said_in_one_way_that_can_hold(registry: Path, blocks: BlockPlan) -> None:
    with pytest.raises(SettingsError):
        assemble(plan(registry, blocks))


@pytest.mark.parametrize("blocks", [BlockPlan(pinned=BLOCK), BlockPlan(nodes=(OTHER,))], ids=["a pin", "nodes"])
def test_with_somebody_who_vouches_the_registry_is_proven(registry: Path, blocks: BlockPlan) -> None:
    sources = assemble(plan(registry, blocks))
    assert type(sources.registry).__name__ == "ProvenRegistry"
    assert (sources.packs is not None) is (blocks.pinned is not None)
    assert type(assemble(plan(registry, blocks, chain_trust=ChainTrust.RPC)).registry).__name__ == "EvmRegistry"


def test_with_witnesses_the_registry_is_proven_packs_are_judged_and_no_other_word_is_taken(
    registry: Path, tmp_path: Path
) -> None:
    keys = ", ".join(f'"{each.key}"' for each in WITNESSES)
    file = tmp_path / "witnesses.toml"
    file.write_text(f'quorum = 2\nmax_age_seconds = 900\ncheckpoints = ["newest"]\nwitnesses = [{keys}]\n', "utf-8")
    given = plan(registry, BlockPlan())
    blocks = witnessed_of(given, file, lambda: 0)
    sources = assemble(given, witnessed=blocks)
    assert type(sources.registry).__name__ == "ProvenRegistry"
    assert sources.witnessed is blocks
    assert sources.packs is not None
    assert sources.packs.blocks is blocks
    for others in (BlockPlan(pinned=BLOCK), BlockPlan(nodes=(NODE,))):
        with pytest.raises(SettingsError, match="exactly one of witness_file, chain_block and chain_nodes"):
            assemble(plan(registry, others), witnessed=blocks)
    assert witnessed_of(given, None, lambda: 0) is None
    with pytest.raises(SettingsError, match="registry_file is not"):
        witnessed_of(SourcePlan(), file, lambda: 0)


def test_several_nodes_of_the_endpoint_can_agree_by_themselves(registry: Path) -> None:
    sources = assemble(plan(registry, BlockPlan(), rpc_url=f"{NODE};{OTHER}"))
    assert type(sources.registry).__name__ == "ProvenRegistry"


def test_offline_packs_are_judged_by_what_was_set_down_here(registry: Path) -> None:
    sources = assemble(plan(registry, BlockPlan(pinned=BLOCK), offline=True))
    assert sources.registry is None
    assert sources.packs is not None
    assert sources.packs.pins == PINS
    assert assemble(plan(registry, BlockPlan(), offline=True)).packs is None


def test_packs_are_made_with_a_chain_alone(registry: Path) -> None:
    for changes in ({"offline": True}, {"rpc_url": None}, {"registry_file": None}):
        with pytest.raises(SettingsError):
            packing_view(plan(registry, BlockPlan(), **changes))


def test_the_desk_reads_these_settings(registry: Path) -> None:
    environ = {
        "JIKIN_RPC_URL": NODE,
        "JIKIN_REGISTRY_FILE": str(registry),
        "JIKIN_CHAIN_TRUST": "proof",
        "JIKIN_CHAIN_NODES": f"{NODE}; {NODE}/two",
        "JIKIN_CHAIN_AGREE": "3",
        "JIKIN_CHAIN_DEPTH": "2",
    }
    read_plan = desk.load(environ).plan()
    assert read_plan.chain_trust is ChainTrust.PROOF
    assert read_plan.blocks == BlockPlan(nodes=(NODE, f"{NODE}/two"), agree=3, depth=2)
    with pytest.raises(SettingsError, match="right would be rpc or proof"):
        desk.load({**environ, "JIKIN_CHAIN_TRUST": "blind"})


# ------------------------------------------------------------------------------------------ what the judge makes of it

UNPROVEN = Missing("state-proof.missing-node", "no node of the proof hashes so")
BLOCKS = {
    "state-proof.block": "chain.unproven",
    "pack.left-out": "chain.unproven",
    "checkpoint.nodes-disagree": "chain.contradiction",
    "chain.no-checkpoint": "chain.unvouched",
    "chain.block-missing": "chain.unreachable",
    "registry.mismatch.code": "registry.mismatch",
}


@pytest.fixture(scope="module")
def case() -> Case:
    world = SmallWorld()
    sources = world.sources()
    reading = read(world.issue().document, sources.suites)
    return Case(reading, gather_reading(reading, sources.at_newest()), packaged("public"), sources.suites, world.time)


@pytest.mark.parametrize(("code", "said"), BLOCKS.items(), ids=BLOCKS.keys())
def test_why_there_is_no_block_decides_what_is_said(case: Case, code: str, said: str) -> None:
    evidence = replace(case.evidence, block=Missing(code, "why"))
    assert [one.code.value for one in chain.check(replace(case, evidence=evidence))] == [said]


@pytest.mark.parametrize("fact", ["issuer", "profile", "anchors", "keys", "status"])
def test_one_answer_that_does_not_hold_makes_the_node_unproven(case: Case, fact: str) -> None:
    evidence = case.evidence
    changed = {
        "issuer": {"issuer": UNPROVEN},
        "profile": {"profile": UNPROVEN},
        "anchors": {"anchors": dict.fromkeys(evidence.anchors, UNPROVEN)},
        "keys": {"keys": {name: replace(key, registered=UNPROVEN) for name, key in evidence.keys.items()}},
        "status": {"status": {place: replace(one, snapshot=UNPROVEN) for place, one in evidence.status.items()}},
    }[fact]
    assert [one.code.value for one in chain.check(replace(case, evidence=replace(evidence, **changed)))] == [  # type: ignore[arg-type]
        "chain.unproven"
    ]


@pytest.mark.parametrize("voucher", Voucher)
def test_the_policy_decides_whose_word_is_enough(case: Case, voucher: Voucher) -> None:
    evidence = replace(case.evidence, voucher=voucher)
    said = {
        name: [one.code.value for one in chain.check(replace(case, evidence=evidence, policy=packaged(name)))]
        for name in ("public", "pack")
    }
    assert said["public"] == ["chain.proven"]
    assert said["pack"] == ["chain.unvouched" if voucher is Voucher.NODES else "chain.proven"]
