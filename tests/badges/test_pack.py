"""The proof pack: it verifies while nobody can be asked, says as of when, and what it leaves out stays unknown."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import cbor2
import pytest

from jikin.anchoring import layout, rlp, storage_proof
from jikin.anchoring.acts import PublishStatus, ReportKeyCompromised, Rights, SetOperator
from jikin.anchoring.block_sources import PinnedBlock
from jikin.anchoring.chain import Block
from jikin.anchoring.changes import Change
from jikin.anchoring.changes import pack as changes_of
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.header import Header
from jikin.anchoring.trie import Nodes
from jikin.anchoring.trusted import TrustedBlock, Voucher
from jikin.codec import jcs
from jikin.dids.web_fetch import NoFetch
from jikin.errors import DocumentError, JikinError, SettingsError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.status.array import State
from jikin.status.opening import EntryProof, EpochProof
from jikin.status.pack import Pack, looks_like
from jikin.status.root import NO_NOTES, array_tree, status_root
from jikin.values import ChainId, Digest, KeyId, keccak256
from jikin.verification import packing
from jikin.verification.document import Document
from jikin.verification.packed import PackTrust, document_of, slots_of
from jikin.verification.policy import packaged, parse
from jikin.verification.report import Outcome, Report
from jikin.verification.reporting import report_json
from jikin.verification.seen_heads import MemoryHeads
from jikin.verification.sources import Sources
from jikin.verification.verifying import verify
from tests.chain_fixtures import EvmBench, proven, undone
from tests.small_world import DAY, LIST, Issued, SmallWorld
from tests.world_on_node import OnNode

pytestmark = pytest.mark.chain
PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
MAX_BEYOND_THE_CREDENTIAL = 12 * 1024


@dataclass(frozen=True)
class Scene:
    """An institution on a Hardhat node, and packs that were made there."""

    world: SmallWorld
    sound: Issued
    newly: Pack  # of the sound certificate while its list had no epoch
    pack: Pack  # of the same, after others were revoked and suspended
    revoked: Pack
    suspended: Pack
    before_the_revocation: Pack


def made(world: SmallWorld, issued: Issued) -> Pack:
    bench = world.chain.bench
    view = proven(bench.node.url, bench.evm.pins).view()
    return packing.make(issued.document, view, world.sources())


@pytest.fixture(scope="module")
def scene(hardhat: HardhatNode) -> Iterator[Scene]:
    with undone(hardhat):
        chain = OnNode(EvmBench(hardhat))
        world = SmallWorld(chain=chain, accounts=chain.accounts)
        sound, revoked, suspended = world.issue(), world.issue("이다른"), world.issue("박나중")
        newly = made(world, sound)
        world.set_state(suspended, State.SUSPENDED)
        before = made(world, revoked)
        world.set_state(revoked, State.REVOKED)
        yield Scene(world, sound, newly, made(world, sound), made(world, revoked), made(world, suspended), before)


def block_of(pack: Pack) -> Block:
    return Header.parse(pack.header).block


def trusting(scene: Scene, *packs: Pack, heads: MemoryHeads | None = None) -> Sources:
    """What a verifier has who is offline: pins, blocks that were written down, and nobody to ask."""
    trust = PackTrust(scene.world.chain.bench.evm.pins, PinnedBlock(*(block_of(pack) for pack in packs)))
    return scene.world.sources(registry=None, fetch=NoFetch(), packs=trust, heads=heads)


def judged(
    scene: Scene,
    pack: Pack,
    *,
    sources: Sources | None = None,
    policy: str = "pack",
    later: int = 60,
    at: int | None = None,
) -> Report:
    session = (sources or trusting(scene, pack)).of_pack(pack)
    assert session is not None
    now = block_of(pack).time + later
    return verify(document_of(pack), session, packaged(policy), now, at=at)


def told(report: Report) -> tuple[Outcome, set[str]]:
    unsure = {finding.code for finding in report.findings if finding.outcome is not PASSED}
    return report.outcome, unsure


# ------------------------------------------------------------------------------------------------------------ verdicts


def test_a_pack_verifies_with_nobody_to_ask_and_says_as_of_when_and_by_whom(scene: Scene) -> None:
    report = judged(scene, scene.pack)
    assert told(report) == (PASSED, set())
    assert report.issuer.name == "한빛직업능력원"
    block = block_of(scene.pack)
    said = report_json(report)["findings"]
    status = next(finding for finding in said if finding["code"] == "status.valid")  # type: ignore[union-attr]
    assert status["as_of"]["block"] == block.number  # type: ignore[index, call-overload]
    assert status["as_of"]["vouched_by"] == "pin"  # type: ignore[index, call-overload]


def test_a_pack_of_a_list_without_epochs_verifies(scene: Scene) -> None:
    assert told(judged(scene, scene.newly)) == (PASSED, set())


def test_an_end_and_its_reason_are_read_from_the_pack(scene: Scene) -> None:
    report = judged(scene, scene.revoked)
    assert told(report) == (FAILED, {"status.revoked"})
    assert "부정행위 확인" in {finding.facts.get("reason") for finding in report.findings}
    assert told(judged(scene, scene.suspended)) == (FAILED, {"status.suspended"})


def test_a_pack_is_judged_like_the_certificate_is_online(scene: Scene) -> None:
    """The same codes but for who answered: what a pack carries is what gathering asks."""
    online = verify(
        scene.sound.document,
        scene.world.sources(registry=scene.world.chain.bench.evm),
        packaged("public"),
        block_of(scene.pack).time + 60,
    )
    packed = judged(scene, scene.pack)
    only_packed = {finding.code for finding in packed.findings} - {finding.code for finding in online.findings}
    assert only_packed == {"chain.proven"}
    assert {finding.code for finding in online.findings} <= {finding.code for finding in packed.findings}


def test_a_pack_older_than_the_policy_allows_is_stale(scene: Scene) -> None:
    assert told(judged(scene, scene.pack, later=7 * DAY)) == (PASSED, set())
    assert told(judged(scene, scene.pack, later=7 * DAY + 1)) == (UNKNOWN, {"status.stale"})
    assert told(judged(scene, scene.revoked, later=30 * DAY)) == (FAILED, {"status.revoked"})


def test_a_newer_head_that_was_seen_here_wins(scene: Scene) -> None:
    """Whoever was revoked shows the pack from before (SECURITY 5.1)."""
    before, issuer = scene.before_the_revocation, scene.world.issuer_id
    assert told(judged(scene, before)) == (PASSED, set())
    heads = MemoryHeads()
    sources = trusting(scene, before, heads=heads)
    online = replace(sources, registry=scene.world.chain.bench.evm).at_newest()
    online.snapshot(issuer, LIST)
    assert told(judged(scene, before, sources=sources)) == (UNKNOWN, {"status.superseded"})
    newest = heads.newest(issuer, LIST)
    assert newest is not None
    other = MemoryHeads()
    other.note(issuer, LIST, replace(newest, epoch=newest.epoch - 1, head=Digest(b"\x66" * 32)))
    split = trusting(scene, before, heads=other)
    assert told(judged(scene, before, sources=split)) == (UNKNOWN, {"status.contradiction"})


def test_how_it_stood_earlier_no_pack_can_tell(scene: Scene) -> None:
    time = block_of(scene.pack).time
    assert told(judged(scene, scene.pack, at=time)) == (UNKNOWN, {"status.unreachable"})
    assert told(judged(scene, scene.revoked, at=time + 1)) == (FAILED, {"status.revoked"})


def test_the_word_of_agreeing_nodes_is_not_enough_for_a_pack(scene: Scene) -> None:
    """SECURITY 5.2: the policy says whose word is."""

    class AgreeingNodes:
        def vouch(self, block: Block, checkpoint: bytes | None) -> TrustedBlock:
            return TrustedBlock(block, Voucher.NODES, block.time)

    trust = PackTrust(scene.world.chain.bench.evm.pins, AgreeingNodes())
    sources = replace(trusting(scene, scene.pack), packs=trust)
    assert told(judged(scene, scene.pack, sources=sources)) == (UNKNOWN, {"chain.unvouched"})
    assert packaged("pack").vouchers == (Voucher.WITNESSES, Voucher.PIN)
    limits = b"[limits]\nstatus_age_seconds=1\nedge_seconds=1\ncreated_after_anchor_seconds=1\n"
    with pytest.raises(SettingsError, match="vouchers are some of"):
        parse("mine", b'meaning="x"\nanchor="never"\nvouchers=["friends"]\n' + limits)


def test_a_block_that_nobody_vouches_for_proves_nothing(scene: Scene) -> None:
    outcome, codes = told(judged(scene, scene.pack, sources=trusting(scene, scene.newly)))
    assert outcome is UNKNOWN
    assert "chain.unvouched" in codes


def test_a_pack_of_another_registry_or_chain_proves_nothing(scene: Scene) -> None:
    for other in (
        replace(scene.pack, chain=ChainId(1)),
        replace(scene.pack, registry=type(scene.pack.registry)(b"\x01" * 20)),
    ):
        outcome, codes = told(judged(scene, other, sources=trusting(scene, scene.pack)))
        assert outcome is UNKNOWN
        assert "registry.mismatch" in codes


# ------------------------------------------------------------------------------------------------------------ left out


def without(pack: Pack, slot: Digest) -> Pack:
    """Return *pack* without the last node on the way to *slot*; another way may end there too."""
    nodes, header = Nodes(pack.nodes), Header.parse(pack.header)
    account = storage_proof.prove_account(header.state_root, pack.registry, nodes)
    assert account is not None
    way = Nodes(pack.nodes)
    storage_proof.prove_word(account.storage_root, slot, way)
    (last,) = (node for node in way.used if not any(keccak256(other) in node for other in way.used))
    return replace(pack, nodes=tuple(node for node in pack.nodes if node != last))


def slot(scene: Scene, which: str) -> Digest:
    world, receipt = scene.world, scene.sound.receipt
    assert receipt is not None
    found = {
        "issuer 1": layout.issuer_slots(world.issuer_id)[:1],
        "issuer 2": layout.issuer_slots(world.issuer_id)[1:2],
        "issuer 3": layout.issuer_slots(world.issuer_id)[2:],
        "key": layout.key_slots(world.issuer_id, KeyId.of(world.multikey(world.signer))),
        "anchor": layout.anchor_slots(world.issuer_id, receipt.root),
        "list 1": layout.status_slots(world.issuer_id, LIST)[:1],
        "list 2": layout.status_slots(world.issuer_id, LIST)[1:],
        "successor": layout.successor_slots(),
    }
    assert set(found[which]) <= set(slots_of(scene.pack))
    return found[which][0]


LEFT_OUT_SLOTS: dict[str, str] = {
    "issuer 1": "issuer.unknown",
    "issuer 2": "issuer.unknown",
    "issuer 3": "issuer.unknown",
    "key": "key.unknown",
    "anchor": "anchor.unreachable",
    "list 1": "status.unreachable",
    "list 2": "status.unreachable",
    "successor": "chain.unproven",
}


@pytest.mark.parametrize(("which", "code"), LEFT_OUT_SLOTS.items(), ids=LEFT_OUT_SLOTS.keys())
def test_a_slot_that_is_left_out_is_unknown(scene: Scene, which: str, code: str) -> None:
    outcome, codes = told(judged(scene, without(scene.pack, slot(scene, which))))
    assert outcome is UNKNOWN
    assert code in codes


def epoch(pack: Pack) -> EpochProof:
    opened = pack.entries[0].opened
    assert isinstance(opened, EpochProof)
    return opened


def _without_node(number: int, pack: Pack) -> Pack:
    return replace(pack, nodes=pack.nodes[:number] + pack.nodes[number + 1 :])


LEFT_OUT: dict[str, Callable[[Pack], Pack]] = {
    "the keys": lambda pack: replace(pack, keys=()),
    "the receipt": lambda pack: replace(pack, receipt=None),
    "the profile": lambda pack: replace(pack, profile=None),
    "the entry of the list": lambda pack: replace(pack, entries=()),
    "all nodes": lambda pack: replace(pack, nodes=()),
    **{f"node {number}": partial(_without_node, number) for number in range(10)},
}


@pytest.mark.parametrize("leave_out", LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_a_member_that_is_left_out_is_unknown(scene: Scene, leave_out: Callable[[Pack], Pack]) -> None:
    assert judged(scene, leave_out(scene.pack), sources=trusting(scene, scene.pack)).outcome is UNKNOWN


def test_a_note_that_is_left_out_leaves_the_reason_unknown_and_the_end_standing(scene: Scene) -> None:
    entry = scene.revoked.entries[0]
    bare = replace(scene.revoked, entries=(replace(entry, opened=replace(epoch(scene.revoked), note=None)),))
    assert told(judged(scene, bare)) == (FAILED, {"status.revoked", "status.reason-unavailable"})


def test_the_end_of_a_key_cannot_be_left_out(scene: Scene, hardhat: HardhatNode) -> None:
    with undone(hardhat):
        world = scene.world
        key = KeyId.of(world.multikey(world.signer))
        assert scene.sound.receipt is not None
        since = scene.sound.receipt.time - 60
        world.act(ReportKeyCompromised(world.issuer_id, key, since), world.owner)
        pack = made(world, scene.sound)
        told_all = judged(scene, pack)
        assert told_all.outcome is FAILED
        assert "key.compromised" in told(told_all)[1]
        assert told(judged(scene, without(pack, slot(scene, "key"))))[0] is UNKNOWN


# --------------------------------------------------------------------------------------------------------------- forged


def forged_entry(**changes: object) -> Callable[[Pack], Pack]:
    def forge(pack: Pack) -> Pack:
        entry = pack.entries[0]
        return replace(pack, entries=(replace(entry, opened=replace(epoch(pack), **changes)),))  # type: ignore[arg-type]

    return forge


def turned(pack: Pack) -> bytes:
    """Return the chunk with the entry of the pack revoked where it is valid, and valid where it is revoked."""
    place, chunk = pack.entries[0].index % 256, bytearray(epoch(pack).chunk)
    chunk[place // 4] ^= 1 << 2 * (place % 4)
    return bytes(chunk)


FORGED: dict[str, Callable[[Pack], Pack]] = {
    "a chunk in which the entry stands otherwise": lambda pack: forged_entry(chunk=turned(pack))(pack),
    "a path of another chunk": lambda pack: forged_entry(path=epoch(pack).path[::-1])(pack),
    "a path that is cut": lambda pack: forged_entry(path=epoch(pack).path[1:])(pack),
    "another array": forged_entry(array_root=Digest(bytes(32))),
    "other notes": forged_entry(notes_root=Digest(bytes(32))),
    "another number of notes": forged_entry(note_count=7),
    "another head before": forged_entry(previous=Digest(bytes(32))),
    "other rights": forged_entry(rights=Rights.REVOKE),
    "other changes": forged_entry(changes_hash=Digest(bytes(32))),
    "the entry of somebody else": lambda pack: replace(
        pack, entries=(replace(pack.entries[0], index=pack.entries[0].index ^ 1),)
    ),
    "a list that was only just opened": lambda pack: replace(
        pack, entries=(replace(pack.entries[0], opened=Digest(bytes(32))),)
    ),
    "another profile": lambda pack: replace(pack, profile=(pack.profile or b"").replace("한".encode(), "두".encode())),
    "a changed header": lambda pack: replace(pack, header=pack.header[:-1] + bytes((pack.header[-1] ^ 1,))),
    "a spare node": lambda pack: replace(
        pack, nodes=tuple(sorted((*pack.nodes, rlp.encode([b"\x20" + bytes(32), b"\x01"]))))
    ),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_pack_never_passes(scene: Scene, forge: Callable[[Pack], Pack]) -> None:
    assert judged(scene, forge(scene.pack), sources=trusting(scene, scene.pack)).outcome is UNKNOWN
    assert judged(scene, forge(scene.revoked), sources=trusting(scene, scene.revoked)).outcome is not PASSED


def test_the_key_that_a_pack_names_must_be_the_issuers_and_fit_the_signature(scene: Scene) -> None:
    (method, _text), stranger = scene.pack.keys[0], Ed25519Signer.generate()
    pack = replace(scene.pack, keys=((method, scene.world.multikey(stranger)),))
    assert told(judged(scene, pack, sources=trusting(scene, scene.pack)))[0] is UNKNOWN


# --------------------------------------------------------------------------------------------- published, not folded


def bare(pack: Pack) -> Pack:
    """Return *pack* without the history of its list, as one of a long history is made."""
    return replace(pack, entries=tuple(replace(entry, history=None) for entry in pack.entries))


def test_without_the_history_a_pack_says_that_the_changes_were_not_seen(scene: Scene) -> None:
    assert told(judged(scene, bare(scene.pack))) == (PASSED, {"status.unfolded"})
    assert told(judged(scene, bare(scene.revoked))) == (FAILED, {"status.revoked"})


def brought_back(world: SmallWorld, revoked: Issued, rights: Rights) -> Pack:
    """Let a thief with *rights* publish an array in which *revoked* is valid again, and make the pack of it by hand."""
    thief = world.chain.accounts[4]
    world.act(SetOperator(world.issuer_id, thief, world.time + DAY, rights), world.owner)
    before = world.snapshot()
    assert before.folded is not None
    other = next(index for index in range(7, 1 << 17) if index // 256 != revoked.index // 256)
    array = before.folded.array.with_states({revoked.index: State.VALID, other: State.SUSPENDED})
    tree, number = array_tree(before.lctx, array), revoked.index // 256
    root = status_root(before.lctx, before.epoch + 1, tree.root, NO_NOTES, 0)
    changes = changes_of([Change(other, int(State.SUSPENDED))])
    world.act(PublishStatus(world.issuer_id, LIST, before.head.head, root, changes), thief)
    view = proven(world.chain.bench.node.url, world.chain.pins).view()
    receipt, profile = revoked.receipt, view.approved_profile(world.issuer_id)
    assert receipt is not None
    view.key_window(world.issuer_id, KeyId.of(world.multikey(world.signer)))
    view.anchor(world.issuer_id, receipt.root)
    history = view.status_history(world.issuer_id, LIST)
    view.successor()
    opened = EpochProof(
        previous=before.head.head,
        operator=thief,
        rights=rights,
        changes_hash=Digest(keccak256(changes)),
        array_root=tree.root,
        notes_root=NO_NOTES,
        note_count=0,
        chunk=array.raw[number * 64 : (number + 1) * 64],
        path=tree.path(number),
    )
    return Pack(
        chain=view.pins.chain,
        registry=view.pins.registry,
        issuer_id=world.issuer_id,
        document=jcs.canonicalize(revoked.credential).decode(),
        header=view.header,
        nodes=view.nodes,
        receipt=receipt,
        profile=profile,
        keys=((str(world.method()), world.multikey(world.signer)),),
        entries=(EntryProof(LIST, revoked.index, opened, history),),
    )


@pytest.mark.parametrize("rights", [Rights.SUSPEND, Rights.SUSPEND | Rights.REVOKE], ids=["suspend", "revoke"])
def test_nobody_brings_a_revoked_certificate_back_by_the_root_they_publish(
    scene: Scene, hardhat: HardhatNode, rights: Rights
) -> None:
    """SECURITY 2.1, offline: a suspend-only key can do nothing else, whatever root it publishes."""
    with undone(hardhat):
        world = scene.world
        revoked = world.issue("최되살")
        world.set_state(revoked, State.REVOKED)
        pack = brought_back(world, revoked, rights)
        assert told(judged(scene, pack)) == (UNKNOWN, {"status.contradiction"})
        without_history = told(judged(scene, bare(pack)))
        if Rights.REVOKE in rights:
            # Only the history shows it; the note says that it was not seen, and whoever is connected says so.
            assert without_history == (PASSED, {"status.unfolded"})
        else:
            assert without_history == (UNKNOWN, {"status.unreachable", "status.unfolded"})
        with pytest.raises(DocumentError):
            made(world, revoked)
        world.notes.pop()


# ----------------------------------------------------------------------------------------------------------------- form


def test_a_pack_is_small_and_says_so(scene: Scene) -> None:
    for pack in (scene.newly, scene.pack, scene.revoked):
        whole, credential = pack.to_bytes(), len(pack.document)
        beyond = len(whole) - len(pack.document.encode() if isinstance(pack.document, str) else pack.document)
        print(f"{len(whole)} bytes, {beyond} beyond the credential of {credential}, {len(pack.nodes)} nodes")
        assert beyond <= MAX_BEYOND_THE_CREDENTIAL


def test_the_same_pack_has_the_same_bytes_and_no_others_are_read(scene: Scene) -> None:
    for pack in (scene.newly, scene.pack, scene.revoked, scene.suspended):
        data = pack.to_bytes()
        assert Pack.parse(data) == pack
        assert looks_like(data)
        for other in (data + b"\x00", data[:-1], b"\xbf" + data[1:] + b"\xff", b"", b"\xa0", b"{}"):
            with pytest.raises(DocumentError):
                Pack.parse(other)
    assert not looks_like(b'{"v": "jikin-pack/1"}')


def test_a_changed_byte_makes_a_pack_unreadable_or_unproven(scene: Scene) -> None:
    chance, data = random.Random(11), scene.pack.to_bytes()
    sources, unreadable, judgements = trusting(scene, scene.pack), 0, set()
    begin = data.index(scene.pack.header)
    for _ in range(150):
        changed = bytearray(data)
        changed[chance.randrange(begin, len(data))] ^= 1 << chance.randrange(8)
        try:
            pack = Pack.parse(bytes(changed))
            document = document_of(pack)
        except JikinError:
            unreadable += 1
            continue
        session = sources.of_pack(pack)
        assert session is not None
        report = verify(document, session, packaged("pack"), block_of(scene.pack).time + 60)
        judgements.add(report.outcome)
    assert unreadable < 150
    assert PASSED not in judgements


MALFORMED: dict[str, Callable[[dict[str, object]], object]] = {
    "another form": lambda m: m | {"v": "jikin-pack/2"},
    "a member more": lambda m: m | {"more": 1},
    "no header": lambda m: {name: value for name, value in m.items() if name != "header"},
    "a list": lambda m: list(m.values()),
    "nodes out of order": lambda m: m | {"nodes": m["nodes"][::-1]},  # type: ignore[index]
    "a node twice": lambda m: m | {"nodes": [m["nodes"][0], *m["nodes"]]},  # type: ignore[index, misc]
    "257 nodes": lambda m: m | {"nodes": [number.to_bytes(2, "big") for number in range(257)]},
    "a document that is a number": lambda m: m | {"document": 5},
    "a registry of 19 bytes": lambda m: m | {"registry": bytes(19)},
    "chain 0": lambda m: m | {"chain": 0},
    "a receipt of eight members": lambda m: m | {"receipt": m["receipt"][:8]},  # type: ignore[index]
    "a receipt with an index beyond its tree": lambda m: (
        m | {"receipt": [*m["receipt"][:2], 1 << 20, *m["receipt"][3:]]}
    ),  # type: ignore[index]
    "a path that is no steps": lambda m: m | {"receipt": [*m["receipt"][:3], bytes(33), *m["receipt"][4:]]},  # type: ignore[index]
    "nine keys": lambda m: m | {"keys": [["a", "b"]] * 9},
    "a key without text": lambda m: m | {"keys": [["", "b"]]},
    "five entries": lambda m: m | {"entries": m["entries"] * 5},  # type: ignore[operator]
    "a pattern": lambda m: m | {"document": cbor2.CBORTag(35, "a+")},
    "an empty list that is left in": lambda m: m | {"keys": []},
    "a checkpoint of 16 KiB and more": lambda m: m | {"checkpoint": bytes((1 << 14) + 1)},
    "more than 64 KiB": lambda m: m | {"document": "x" * (1 << 16)},
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_pack_is_refused(scene: Scene, change: Callable[[dict[str, object]], object]) -> None:
    members: dict[str, object] = cbor2.loads(scene.pack.to_bytes())
    with pytest.raises(DocumentError) as refused:
        Pack.parse(cbor2.dumps(change(members), canonical=True))
    assert refused.value.code == "document.pack"


def test_a_checkpoint_travels_as_it_is(scene: Scene) -> None:
    pack = replace(scene.pack, checkpoint=b"who vouches")
    seen: list[bytes | None] = []

    class Noting(PinnedBlock):
        def vouch(self, block, checkpoint):  # type: ignore[no-untyped-def]
            seen.append(checkpoint)
            return super().vouch(block, checkpoint)

    trust = PackTrust(scene.world.chain.bench.evm.pins, Noting(block_of(pack)))
    sources = replace(trusting(scene, pack), packs=trust)
    assert told(judged(scene, Pack.parse(pack.to_bytes()), sources=sources)) == (PASSED, set())
    assert seen == [b"who vouches"]


# --------------------------------------------------------------------------------------------------------------- making


def test_a_pack_needs_notes_only_where_the_list_has_some(scene: Scene, hardhat: HardhatNode) -> None:
    scene.world.web.reachable = False
    try:
        with pytest.raises(DocumentError) as refused:
            made(scene.world, scene.sound)
        assert refused.value.code == "document.pack-incomplete"
        assert "notes" in str(refused.value)
    finally:
        scene.world.web.reachable = True


def test_no_pack_is_made_of_what_the_registry_does_not_know(scene: Scene) -> None:
    stranger = {**scene.sound.credential, "issuer": "did:web:stranger.example"}
    for document in (Document(stranger), Document({"no": "credential"})):
        bench = scene.world.chain.bench
        with pytest.raises(DocumentError) as refused:
            packing.make(document, proven(bench.node.url, bench.evm.pins).view(), scene.world.sources())
        assert refused.value.code == "document.pack-incomplete"
