"""Witnesses vouch for the block of a proof pack, and for the block at which a node's answers are proven."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from jikin.anchoring.chain import Block
from jikin.anchoring.checkpoints import OpenedCheckpoint
from jikin.anchoring.checkpoints_log import BlockLog
from jikin.anchoring.checkpoints_policy import WitnessPolicy
from jikin.anchoring.checkpoints_source import NewestSeen, WitnessedBlocks
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.evm_proven import ProvenRegistry
from jikin.anchoring.header import Header
from jikin.dids.web_fetch import NoFetch
from jikin.status.pack import Pack
from jikin.values import Digest, sha256
from jikin.verification import packing
from jikin.verification.packed import PackTrust, document_of
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome, Report
from jikin.verification.verifying import verify
from tests.chain_fixtures import EvmBench, undone
from tests.small_world import DAY, Issued, SmallWorld
from tests.witnesses import FIRST, SECOND, THIRD, WITNESSES, Witness, checkpoint, witness
from tests.world_on_node import OnNode

pytestmark = pytest.mark.chain


class Log:
    """Where the log's newest checkpoint is published."""

    name = "log.example"
    data = b""

    def read(self) -> bytes:
        return self.data


@dataclass
class Scene:
    """An institution on a Hardhat node, its sound certificate, and a log of the chain's blocks."""

    node: HardhatNode
    world: SmallWorld
    issued: Issued
    log: Log
    now: int

    @property
    def policy(self) -> WitnessPolicy:
        pins = self.world.chain.bench.evm.pins
        return WitnessPolicy(pins, tuple(each.key for each in WITNESSES), 2, 900)

    def blocks(self) -> WitnessedBlocks:
        return WitnessedBlocks(self.policy, [self.log], lambda: self.now, NewestSeen(), every_seconds=0)

    def cosigned(self, *blocks: Block, by: tuple[Witness, ...] = (FIRST, SECOND)) -> OpenedCheckpoint:
        return checkpoint(BlockLog(self.policy.pins, blocks), dict.fromkeys(by, self.now))

    def pack(self, opened: OpenedCheckpoint | None) -> Pack:
        self.log.data = self.cosigned(self.newest()).to_bytes()
        source = self.blocks()
        view = ProvenRegistry(self.node.url, self.policy.pins, source).view()
        assert view.block == self.newest()
        made = packing.make(
            self.issued.document, view, self.world.sources(), checkpoint=source.checkpoint_of(view.block)
        )
        return made if opened is None else replace(made, checkpoint=opened.to_bytes())

    def newest(self) -> Block:
        return self.world.chain.bench.evm.rpc.block("latest")

    def judged(self, pack: Pack, blocks: WitnessedBlocks | None = None, later: int = 60) -> Report:
        trust = PackTrust(self.policy.pins, blocks or self.blocks())
        session = self.world.sources(registry=None, fetch=NoFetch(), packs=trust, witnessed=blocks).of_pack(pack)
        assert session is not None
        return verify(document_of(pack), session, packaged("pack"), self.now + later)


@pytest.fixture
def scene(hardhat: HardhatNode) -> Iterator[Scene]:
    with undone(hardhat):
        chain = OnNode(EvmBench(hardhat))
        hardhat.request("evm_setIntervalMining", 0)
        world = SmallWorld(chain=chain, accounts=chain.accounts)
        issued = world.issue()
        yield Scene(hardhat, world, issued, Log(), chain.bench.evm.rpc.block("latest").time)


def block_of(pack: Pack) -> Block:
    return Header.parse(pack.header).block


def unsure(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.outcome is not Outcome.PASSED}


def test_a_pack_carries_the_checkpoint_of_its_block_and_verifies_by_it_with_nobody_to_ask(scene: Scene) -> None:
    pack = Pack.parse(scene.pack(None).to_bytes())
    assert pack.checkpoint is not None
    report = scene.judged(pack)
    assert (report.outcome, unsure(report)) == (Outcome.PASSED, set())
    (proven,) = [finding for finding in report.findings if finding.code == "chain.proven"]
    assert proven.facts["witnesses"] == f"{block_of(pack).number:,}"
    # A week on it is too old for the policy, as any pack is; that witnesses once vouched does not make it new.
    assert "status.stale" in unsure(scene.judged(pack, later=8 * DAY))


def test_a_pack_whose_block_nobody_vouches_for_is_unknown(scene: Scene) -> None:
    pack = scene.pack(None)
    block = block_of(pack)
    stranger = witness("stranger.example")
    unvouched = {
        "without a checkpoint": replace(pack, checkpoint=None),
        "by one witness": replace(pack, checkpoint=scene.cosigned(block, by=(FIRST,)).to_bytes()),
        "by strangers": replace(pack, checkpoint=scene.cosigned(block, by=(stranger, FIRST)).to_bytes()),
    }
    for name, changed in unvouched.items():
        report = scene.judged(changed)
        assert report.outcome is Outcome.UNKNOWN, name
        assert "chain.unvouched" in unsure(report), name


def test_a_checkpoint_that_does_not_hold_or_is_of_another_block_vouches_for_nothing(scene: Scene) -> None:
    pack = scene.pack(None)
    block = block_of(pack)
    assert pack.checkpoint is not None
    broken = {
        "of another block": scene.cosigned(Block(block.number, Digest(sha256(b"other")), block.time)).to_bytes(),
        "with a spoilt signature": pack.checkpoint[:-8] + b"AAAAAA=\n",
        "cut short": pack.checkpoint[:-40],
    }
    for name, raw in broken.items():
        report = scene.judged(replace(pack, checkpoint=raw))
        assert report.outcome is Outcome.UNKNOWN, name
        assert "chain.contradiction" in unsure(report), name


def test_a_pack_from_a_second_history_is_a_split_view(scene: Scene) -> None:
    blocks = scene.blocks()
    pack = scene.pack(None)
    block = block_of(pack)
    other = Block(block.number, Digest(sha256(b"another history")), block.time)
    scene.log.data = scene.cosigned(other, by=(SECOND, THIRD)).to_bytes()
    blocks.newest()
    report = scene.judged(pack, blocks)
    assert report.outcome is Outcome.UNKNOWN
    split = [finding for finding in report.findings if finding.code == "chain.split-view"]
    assert len(split) == 1
    assert pack.checkpoint is not None
    assert pack.checkpoint.decode() in split[0].proof


def test_a_nodes_answers_are_proven_at_the_block_that_witnesses_vouch_for(scene: Scene) -> None:
    block = scene.newest()
    scene.log.data = scene.cosigned(block).to_bytes()
    blocks = scene.blocks()
    registry = ProvenRegistry(scene.node.url, scene.policy.pins, blocks)
    session = scene.world.sources(registry=registry, witnessed=blocks).at_newest()
    report = verify(scene.issued.document, session, packaged("public"), scene.now + 60)
    assert (report.outcome, unsure(report)) == (Outcome.PASSED, set())
    assert report.checkpoint == scene.log.data.decode()
    forged = Block(block.number, Digest(sha256(b"a block that no chain has")), block.time)
    scene.log.data = scene.cosigned(forged, by=(SECOND, THIRD)).to_bytes()
    session = scene.world.sources(registry=registry, witnessed=blocks).at_newest()
    report = verify(scene.issued.document, session, packaged("public"), scene.now + 60)
    assert report.outcome is Outcome.UNKNOWN
    assert "chain.split-view" in unsure(report)
    assert "chain.contradiction" not in unsure(report)
