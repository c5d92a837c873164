"""The in-memory registry and the contract, given the same random acts, take and refuse the same ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from jikin.anchoring.acts import (
    Act,
    AddKey,
    AnchorAndPublish,
    AnchorRoot,
    AnnulStatus,
    ApproveProfile,
    Invalidate,
    LeafKind,
    OpenStatusList,
    ProposeProfile,
    PublishAuditHead,
    PublishStatus,
    PublishStatusBySig,
    RegisterIssuer,
    ReportKeyCompromised,
    RetireKey,
    Rights,
    SealAnchoring,
    SetAccreditation,
    SetAnchorsAll,
    SetOperator,
    SetSuccessor,
)
from jikin.anchoring.chain import RegistryPins, RegistryView
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.relayed import Signed, signed_digest
from jikin.errors import RegistryRefusedError
from jikin.values import Address, Did, Digest, KeyId, ListId, sha256
from tests.chain_fixtures import Bench, EvmBench, MemoryBench, send, undone
from tests.registry_office import KEY_HASH, YEAR, root

DIDS = [Did("did:web:exam.example"), Did("did:web:school.example"), Did("did:key:z6MkUnknown")]
ACCOUNTS = range(5)
LISTS = [ListId(sha256(b"list %d" % number)) for number in range(2)]
KEYS = ["z6MkOne", "z6MkTwo"]
PROFILES = [b"one", b"two"]
ROOTS = [root(f"batch {number}") for number in range(4)]


class Acts:
    """Random acts from small pools, so that they often meet; the same for both chains but for accounts and heads."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def next(self) -> tuple[int, str, dict[str, int]]:
        """Return who acts, what, and the numbers that fill it in."""
        kinds = [
            *("register", "operator", "anchor", "publish", "both", "relay", "annul") * 3,
            "open",
            "open",
            "accredit",
            "all",
            "invalid",
        ]
        kinds += ["propose", "approve", "key", "retire", "compromise", "audit", "seal", "succeed"]
        numbers = {name: self._random.randrange(1 << 30) for name in ("did", "who", "pick", "more", "size", "state")}
        # Half of the acts come from whom they should come from: else almost everything would be refused.
        return self._random.choice([*ACCOUNTS, -1, -1, -1, -1, -1]), self._random.choice(kinds), numbers


def act_on(bench: Bench, kind: str, n: dict[str, int]) -> Act:
    view = bench.registry.view()
    did = DIDS[(0, 0, 0, 0, 1, 1, 1, 2)[n["did"] % 8]]
    issuer, now = did.issuer_id, view.block.time
    account = bench.writer(n["who"] % 5).account
    list_id, batch_root = LISTS[n["pick"] % 2], ROOTS[n["pick"] % 4]
    (head,) = view.status_heads(issuer, [list_id])
    previous = head.head if head and n["more"] % 4 else Digest(bytes(32))
    changes = [
        b"",
        b"\x00",
        b"\x00\x00\x05",
        b"\x00\x00\x06",
        b"\x00\x00\x06\x00\x00\x0b",
        b"\xff\xff\xfe",
        b"\0\0\x09\0\0\x05",
    ]
    taken_back = [b"\x00\x00\x04", b"\x00\x00\x04\x00\x00\x08", b"\x00\x00\x04", b"\x00\x00\x05", b""]
    publish = PublishStatus(issuer, list_id, previous, root("state"), changes[n["state"] % 7])
    signer = n["who"] % 5 if n["who"] % 4 == 0 else (0, 1 + DIDS.index(did))[n["who"] % 2]
    leaf_kind = list(LeafKind)[n["more"] % 4]
    anchor = AnchorRoot(issuer, batch_root, [64, 64, 64, 0, 1 << 23][n["size"] % 5], leaf_kind)
    key, profile = KEYS[n["pick"] % 2], PROFILES[n["pick"] % 2]
    since = [0, 1, now - 100, now - 200, now + YEAR][n["size"] % 5]
    acts: dict[str, Act] = {
        "register": RegisterIssuer(did.text, account, 0, now + YEAR),
        "accredit": SetAccreditation(issuer, 0, [now + YEAR, now + YEAR, now + 1, 1][n["size"] % 4]),
        "all": SetAnchorsAll(issuer),
        "invalid": Invalidate(issuer, since if n["more"] % 6 == 0 else 0),
        "propose": ProposeProfile(issuer, profile if n["more"] % 5 else b""),
        "approve": ApproveProfile(issuer, Digest(sha256(profile))),
        "operator": SetOperator(issuer, account, now + (YEAR if n["more"] % 5 else 1), Rights(n["size"] % 17)),
        "key": AddKey(issuer, key if n["more"] % 5 else ""),
        "retire": RetireKey(issuer, KeyId.of(key)),
        "compromise": ReportKeyCompromised(issuer, KeyId.of(key), since),
        "anchor": anchor,
        "open": OpenStatusList(issuer, list_id, 16 + n["size"] % 3, KEY_HASH),
        "publish": publish,
        "both": AnchorAndPublish(anchor, publish),
        "audit": PublishAuditHead(issuer, n["size"] % 4, root("audit")),
        "relay": relayed(
            bench, publish, n["who"] % 5 if n["who"] % 4 == 0 else 1 + DIDS.index(did), now + n["size"] % 40 - 2
        ),
        "annul": annulment(bench, replace(publish, changes=taken_back[n["state"] % 5]), signer, now + 60),
        "seal": SealAnchoring(issuer),
        "succeed": SetSuccessor(account if n["more"] % 3 else Address(bytes(20))),
    }
    return acts[kind]


def relayed(bench: Bench, status: PublishStatus, who: int, deadline: int) -> PublishStatusBySig:
    signature = bench.sign(who, signed_digest(bench.registry.pins, Signed.EPOCH, status, deadline))
    return PublishStatusBySig(status, bench.writer(who).account, signature, deadline)


def annulment(bench: Bench, status: PublishStatus, signer: int, deadline: int) -> AnnulStatus:
    signature = bench.sign(signer, signed_digest(bench.registry.pins, Signed.ANNULMENT, status, deadline))
    return AnnulStatus(status, bench.writer(signer).account, signature, deadline)


def rightful(bench: Bench, kind: str, act: Act) -> int:
    """Return who may most likely do *act*: the accreditor, the owner, or an operator with any right."""
    view = bench.registry.view()
    accrediting = RegisterIssuer | SetAccreditation | SetAnchorsAll | Invalidate | ApproveProfile | SetSuccessor
    if isinstance(act, accrediting):
        return 0
    if isinstance(act, AnchorAndPublish | PublishStatusBySig | AnnulStatus):
        issuer = act.status.issuer_id
    else:
        issuer = act.issuer_id
    record = view.issuer(issuer)
    accounts: list[Address] = [bench.writer(number).account for number in ACCOUNTS]
    if record is None:
        return 1
    if isinstance(act, AnnulStatus) and act.signer == record.owner:
        return 0
    if kind in ("propose", "operator", "key", "retire", "compromise", "annul"):
        return accounts.index(record.owner)
    operators = [view.operator(issuer, account) for account in accounts]
    return max(ACCOUNTS, key=lambda number: found.rights if (found := operators[number]) else 0)


def tell(view: RegistryView, bench: Bench) -> Iterator[object]:
    """Yield everything a view says, without times and blocks."""
    accounts = [bench.writer(number).account for number in ACCOUNTS]
    yield view.successor()
    yield view.issuers()
    for did in DIDS:
        issuer = did.issuer_id
        record = view.issuer(issuer)
        yield record and (accounts.index(record.owner), record.anchors_all, record.profile_hash)
        yield view.approved_profile(issuer)
        for account in accounts:
            operator = view.operator(issuer, account)
            yield operator and (operator.rights, operator.sequence)
        for key in KEYS:
            window = view.key_window(issuer, KeyId.of(key))
            yield window and (bool(window.retired_at), bool(window.compromised_since))
        for batch_root in ROOTS:
            slot = view.anchor(issuer, batch_root)
            yield slot and (slot.tree_size, slot.sequence, slot.kind)
        for head in view.status_heads(issuer, LISTS):
            yield head and (head.epoch, head.entries)
        for list_id in LISTS:
            history = view.status_history(issuer, list_id)
            yield history and [
                (epoch.epoch, epoch.status_root, accounts.index(epoch.operator), epoch.rights, epoch.changes)
                for epoch in history.epochs
            ]


def outcome(bench: Bench, who: int, kind: str, numbers: dict[str, int]) -> str:
    act = act_on(bench, kind, numbers)
    number = rightful(bench, kind, act) if who < 0 else who
    try:
        send(bench.writer(number), act)
    except RegistryRefusedError as refused:
        return f"{number} {kind}: {refused.name}"
    return f"{number} {kind}: taken"


def begin(bench: Bench) -> None:
    """Register two of the three issuers, each with one operator that may do everything, and open a list."""
    now = bench.registry.view().block.time
    for number, did in enumerate(DIDS[:2], start=1):
        owner = bench.writer(number)
        everything = SetOperator(did.issuer_id, owner.account, now + YEAR, Rights(15))
        send(bench.writer(0), RegisterIssuer(did.text, owner.account, 0, now + YEAR))
        send(owner, everything)
        send(owner, OpenStatusList(did.issuer_id, LISTS[0], 17, KEY_HASH))


@pytest.mark.chain
@pytest.mark.parametrize("seed", [5, 8, 9])  # in each of them epochs are relayed and ends taken back
def test_both_registries_take_and_refuse_the_same(
    hardhat: HardhatNode, registry_without_delay: RegistryPins, seed: int
) -> None:
    acts = Acts(seed)
    with undone(hardhat):
        memory, contract = MemoryBench(), EvmBench(hardhat, registry_without_delay)
        for bench in (memory, contract):
            begin(bench)
        said: list[str] = []
        for _ in range(130):
            who, kind, numbers = acts.next()
            for bench in (memory, contract):  # one second each, so that neither clock stands still
                bench.advance(1)
            in_memory, on_chain = (outcome(bench, who, kind, numbers) for bench in (memory, contract))
            assert in_memory == on_chain, said
            said.append(in_memory)
        assert list(tell(memory.registry.view(), memory)) == list(tell(contract.registry.view(), contract))
        assert sum(each.endswith("taken") for each in said) > 15
        assert len({each.split(": ")[1] for each in said}) > 8
        for kind in ("relay", "annul"):
            assert any(f" {kind}: taken" in each for each in said), kind
