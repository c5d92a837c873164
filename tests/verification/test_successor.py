"""A registry that another one follows: what was anchored there afterwards, and how an old receipt still holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from jikin.anchoring.acts import AnchorRoot, LeafKind, RetireKey, SetSuccessor
from jikin.anchoring.chain import Successor
from jikin.anchoring.memory import MemoryChain
from jikin.anchoring.older import OlderRoot, OlderRoots, Reanchored
from jikin.anchoring.pins import pins_json
from jikin.errors import AnchorError, RegistryError, SettingsError
from jikin.values import Address, ChainId, Digest, IssuerId, KeyId, keccak256
from jikin.verification.assembly import assemble
from jikin.verification.document import Document
from jikin.verification.evidence import Known, Missing
from jikin.verification.gathering import gather
from jikin.verification.judging import judge
from jikin.verification.plan import SourcePlan
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome, Report
from jikin.verification.verifying import verify
from tests.small_world import ACCREDITOR, DAY, HOUR, OWNER, START, SUITES, Issued, SmallWorld

FOLLOWING = Address(keccak256(b"the registry that follows")[12:])


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def judged(world: SmallWorld, document: Document) -> Report:
    return verify(document, world.sources(), packaged("public"), world.time)


def world_on(chain: ChainId) -> SmallWorld:
    """Return a world on a chain of its own, on which there is one more contract."""
    made: list[SmallWorld] = []
    contracts = {FOLLOWING: lambda digest, signature: False}
    world = SmallWorld(chain=MemoryChain(lambda: made[0].time if made else START, chain=chain, contracts=contracts))
    made.append(world)
    world.later(HOUR)
    return world


# ------------------------------------------------------------------------------------------ in the one that ends


def test_what_was_anchored_before_another_registry_followed_stays_good() -> None:
    world = world_on(ChainId(31337))
    issued = world.issue()
    world.later(HOUR)
    world.act(SetSuccessor(FOLLOWING), ACCREDITOR)
    report = judged(world, issued.document)
    assert report.outcome is Outcome.PASSED
    assert "anchor.present" in codes(report)


def test_what_was_anchored_afterwards_counts_as_not_anchored_though_the_contract_took_it() -> None:
    world = world_on(ChainId(31337))
    world.act(SetSuccessor(FOLLOWING), ACCREDITOR)
    issued = world.issue()
    report = judged(world, issued.document)
    assert report.outcome is Outcome.UNKNOWN
    assert "anchor.sealed" in codes(report)
    assert "anchor.present" not in codes(report)


def test_a_key_that_has_ended_gains_nothing_by_an_anchor_after_the_end() -> None:
    world = world_on(ChainId(31337))
    world.act(SetSuccessor(FOLLOWING), ACCREDITOR)
    issued = world.issue()
    world.later(HOUR)
    world.act(RetireKey(world.issuer_id, KeyId.of(world.multikey(world.signer))), OWNER)
    world.later(HOUR)
    report = judged(world, issued.document)
    assert report.outcome is Outcome.FAILED
    assert {"anchor.sealed", "key.retired"} <= codes(report)


@pytest.mark.parametrize(("seconds", "counts"), [(0, False), (1, True)], ids=["in the same second", "a second after"])
def test_the_end_is_compared_to_the_second(seconds: int, counts: bool) -> None:
    world = world_on(ChainId(31337))
    issued = world.issue()
    assert issued.receipt is not None
    evidence = gather(issued.document, world.sources())
    ended = replace(evidence, successor=Known(Successor(FOLLOWING, issued.receipt.time + seconds)))
    report = judge(issued.document, ended, packaged("public"), SUITES, world.time)
    assert ("anchor.present" in codes(report)) is counts
    assert ("anchor.sealed" in codes(report)) is not counts


def test_where_it_is_not_known_whether_another_one_follows_nothing_is_said_of_the_anchor() -> None:
    world = world_on(ChainId(31337))
    issued = world.issue()
    evidence = gather(issued.document, world.sources())
    silent = replace(evidence, successor=Missing("chain.unreachable", "no answer"))
    report = judge(issued.document, silent, packaged("public"), SUITES, world.time)
    assert report.outcome is Outcome.UNKNOWN
    assert "anchor.unreachable" in codes(report)


def test_a_receipt_of_the_registry_that_follows_is_no_forgery_to_those_who_still_ask_the_older_one() -> None:
    world = world_on(ChainId(31337))
    issued = world.issue()
    world.act(SetSuccessor(FOLLOWING), ACCREDITOR)
    assert issued.receipt is not None
    newer = Document(issued.credential, replace(issued.receipt, registry=FOLLOWING))
    assert "anchor.unreachable" in codes(judged(world, newer))
    another = Document(issued.credential, replace(issued.receipt, registry=Address(bytes(20))))
    assert "anchor.foreign" in codes(judged(world, another))


# ------------------------------------------------------------------------------------------ in the one that follows


@dataclass
class Move:
    """A certificate of the *older* world, whose root the issuer anchored again in the *newer* one."""

    older: SmallWorld
    newer: SmallWorld
    issued: Issued
    again: Reanchored

    def report(self, again: Reanchored | None = None, *, pinned: bool = True) -> Report:
        shown = again or self.again
        self.newer.web.put(self.url, shown.to_json())
        older = (self.older.chain.pins,) if pinned else ()
        return verify(self.issued.document, self.newer.sources(older=older), packaged("public"), self.newer.time)

    @property
    def url(self) -> str:
        assert self.issued.receipt is not None
        return f"{self.newer.profile.base_url}/roots/{self.issued.receipt.root.raw.hex()}"


def older_root(world: SmallWorld, issued: Issued) -> OlderRoot:
    receipt = issued.receipt
    assert receipt is not None
    return OlderRoot(
        chain=receipt.chain,
        registry=receipt.registry,
        issuer_id=receipt.issuer_id,
        root=receipt.root,
        size=receipt.tree_size,
        block=receipt.block,
        block_hash=Digest(keccak256(b"a block that nobody can look up any more")),
    )


def anchored_again(newer: SmallWorld, *older: OlderRoot, kind: LeafKind = LeafKind.OLDER_REGISTRY) -> Reanchored:
    """Anchor roots of an older registry in *newer* and return the file of the first."""
    roots = OlderRoots.of(older, newer.chain.pins)
    newer.act(AnchorRoot(newer.issuer_id, roots.tree.root, roots.tree.size, kind))
    slot = newer.chain.view().anchor(newer.issuer_id, roots.tree.root)
    assert slot is not None
    newer.later(HOUR)
    return roots.reanchored(newer.chain.pins, slot)[0]


@pytest.fixture(scope="module")
def move() -> Move:
    older, newer = world_on(ChainId(31337)), world_on(ChainId(31338))
    issued, other = older.issue(), older.issue("이하나")
    newer.later(DAY)
    again = anchored_again(newer, older_root(older, issued), older_root(older, other))
    return Move(older, newer, issued, again)


def test_an_old_receipt_holds_by_one_hop(move: Move) -> None:
    report = move.report()
    assert report.outcome is Outcome.PASSED
    (present,) = [finding for finding in report.findings if finding.code == "anchor.present"]
    assert present.facts["at"] == move.again.time  # the time of the newer registry: the older one is asked nothing
    assert move.issued.receipt is not None
    assert move.again.time > move.issued.receipt.time


def test_a_registry_that_is_not_pinned_as_an_older_one_is_another_registry(move: Move) -> None:
    report = move.report(pinned=False)
    assert report.outcome is Outcome.FAILED
    assert "anchor.foreign" in codes(report)


def test_a_root_that_was_not_anchored_again_is_unknown(move: Move) -> None:
    later = move.older.issue("박서준")
    report = verify(
        later.document,
        move.newer.sources(older=(move.older.chain.pins,)),
        packaged("public"),
        move.newer.time,
    )
    assert report.outcome is Outcome.UNKNOWN
    assert "anchor.absent" in codes(report)


def test_where_the_issuer_does_not_answer_it_is_unknown(move: Move) -> None:
    move.report()
    evidence = gather(move.issued.document, move.newer.sources(older=(move.older.chain.pins,)))
    silent = replace(evidence, reanchored=Missing("fetch.timeout", "no answer"))
    report = judge(move.issued.document, silent, packaged("public"), SUITES, move.newer.time)
    assert report.outcome is Outcome.UNKNOWN
    assert "anchor.unreachable" in codes(report)


X = Digest(keccak256(b"x"))
FORGED: dict[str, Callable[[Reanchored], Reanchored]] = {
    "another older chain": lambda r: replace(r, older=replace(r.older, chain=ChainId(1))),
    "another older registry": lambda r: replace(r, older=replace(r.older, registry=FOLLOWING)),
    "another issuer": lambda r: replace(r, older=replace(r.older, issuer_id=IssuerId(X.raw))),
    "another older root": lambda r: replace(r, older=replace(r.older, root=X)),
    "another size": lambda r: replace(r, older=replace(r.older, size=128)),
    "another older block": lambda r: replace(r, older=replace(r.older, block=3)),
    "another hash of that block": lambda r: replace(r, older=replace(r.older, block_hash=X)),
    "another chain": lambda r: replace(r, chain=ChainId(1)),
    "another registry": lambda r: replace(r, registry=FOLLOWING),
    "another root": lambda r: replace(r, root=X),
    "another salt": lambda r: replace(r, salt=bytes(32)),
    "another place": lambda r: replace(r, index=r.index ^ 1),
    "another path": lambda r: replace(r, path=(X, *r.path[1:])),
    "another block": lambda r: replace(r, block=r.block + 1),
    "another time": lambda r: replace(r, time=r.time - 1),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_hop_with_anything_changed_is_foreign(move: Move, forge: Callable[[Reanchored], Reanchored]) -> None:
    report = move.report(forge(move.again))
    assert report.outcome is Outcome.FAILED
    assert "anchor.foreign" in codes(report)


def test_a_leaf_of_kind_5_under_a_root_of_another_kind_is_foreign() -> None:
    older, newer = world_on(ChainId(31337)), world_on(ChainId(31338))
    issued = older.issue()
    again = anchored_again(newer, older_root(older, issued), kind=LeafKind.CREDENTIAL)
    report = Move(older, newer, issued, again).report()
    assert report.outcome is Outcome.FAILED
    assert "anchor.foreign" in codes(report)


def test_there_is_one_hop_and_not_two() -> None:
    """A registry in the middle that was sealed: what it anchored afterwards carries nothing over."""
    older, newer = world_on(ChainId(31337)), world_on(ChainId(31338))
    issued = older.issue()
    newer.act(SetSuccessor(FOLLOWING), ACCREDITOR)
    again = anchored_again(newer, older_root(older, issued))
    report = Move(older, newer, issued, again).report()
    assert report.outcome is Outcome.UNKNOWN
    assert "anchor.sealed" in codes(report)


def test_a_verifier_names_older_registries_by_their_files(move: Move, tmp_path: Path) -> None:
    (tmp_path / "2026.json").write_text(json.dumps(pins_json(move.older.chain.pins)))
    sources = assemble(SourcePlan(offline=True, older_registries=tmp_path))
    assert sources.older == (move.older.chain.pins,)
    with pytest.raises(SettingsError, match="no folder"):
        assemble(SourcePlan(offline=True, older_registries=tmp_path / "nowhere"))
    (tmp_path / "2027.json").write_text("{}")
    with pytest.raises(RegistryError):
        assemble(SourcePlan(offline=True, older_registries=tmp_path))


# ------------------------------------------------------------------------------------------------------- the file


def test_the_file_is_read_as_it_is_written(move: Move) -> None:
    assert Reanchored.parse(move.again.to_json()) == move.again


@pytest.mark.parametrize("member", ["v", "older", "chain", "root", "treeSize", "index", "path", "salt", "time"])
def test_a_file_without_a_member_or_with_another_form_is_refused(move: Move, member: str) -> None:
    whole = dict(move.again.to_json())
    with pytest.raises(AnchorError) as refused:
        Reanchored.parse({name: value for name, value in whole.items() if name != member})
    assert refused.value.code == "anchor.older.shape"
    with pytest.raises(AnchorError) as refused:
        Reanchored.parse({**whole, member: -1})
    assert refused.value.code.startswith("anchor.older.")
    with pytest.raises(AnchorError, match="there can be no extra"):
        Reanchored.parse({**whole, "extra": 1})


def test_an_issuer_anchors_its_own_older_roots_alone(move: Move) -> None:
    mine = move.again.older
    for several in ([], [mine, replace(mine, issuer_id=IssuerId(X.raw))]):
        with pytest.raises(AnchorError, match="of one issuer"):
            OlderRoots.of(several, move.newer.chain.pins)
