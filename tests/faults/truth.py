"""What must be true afterwards, counted from the chain, the database and the public files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from issuer.checking import Checker
from issuer.releasing import issued
from issuer.store import batches, institutions, settling, tasks
from issuer.store.batches import BatchState, CredentialState
from issuer.store.tables import epochs as epochs_table
from issuer.store.tables import status_lists
from issuer.store.tasks import TaskState
from jikin.anchoring.changes import scan
from jikin.status.array import State
from jikin.values import Digest, keccak256
from tests.faults.scene import FAR_SECONDS, Scene


@dataclass(frozen=True)
class Truth:
    """Counts of one scene; every list of what is wrong is empty."""

    batches: int
    trees: int
    pairs: int
    certificates: int
    anchors: int
    revocations: int
    epochs: int
    releases_seen: int
    anchored_twice: int
    lost: int
    without_entry: int
    released_early: int
    receipts_wrong: int
    verdicts_wrong: int

    def wrong(self) -> str | None:
        """Return what is not as it should be, None when all is."""
        none = ("anchored_twice", "lost", "without_entry", "released_early", "receipts_wrong", "verdicts_wrong")
        found = [f"{name}: {getattr(self, name)}" for name in none if getattr(self, name)]
        if self.anchors != self.trees:
            found.append(f"{self.anchors} anchors for {self.trees} trees")
        if self.epochs != self.revocations:
            found.append(f"{self.epochs} epochs for {self.revocations} revocations")
        return "; ".join(found) or None

    def check(self) -> None:
        """Assert that nothing is wrong."""
        wrong = self.wrong()
        assert wrong is None, f"{wrong}: {self}"

    def to_json(self) -> dict[str, int]:
        return asdict(self)


def settled(scene: Scene) -> bool:
    """Say whether nothing is under way any more and everything lies too deep to move."""
    if scene.unfinished() or scene.undone():
        return False
    with scene.office.database.read() as connection:
        waiting = connection.execute(
            epochs_table.select().where(epochs_table.c.state == "published", epochs_table.c.settled_at.is_(None))
        ).first()
        return waiting is None and not settling.unsettled_batches(connection)


def read(scene: Scene) -> Truth:
    """Return what is true of *scene*, where everything has been done."""
    office, institution = scene.office, scene.bureau.institution
    with office.database.read() as connection:
        every = batches.every(connection, institution.id)
        credentials = [one for batch in every for one in batches.credentials_of(connection, batch.id)]
        lists = {one.id: one for one in institutions.every_status_list(connection, institution.id)}
        done = tasks.in_state(connection, TaskState.DONE)
        reserved = sum(row.reserved for row in connection.execute(status_lists.select()))
    view = office.chain.registry.view()
    roots = _anchored(scene)
    wrong_place = 0
    for batch in every:
        assert batch.root is not None
        slot = view.anchor(institution.issuer_id, batch.root)
        wrong_place += slot is None or (slot.block, slot.time, slot.tree_size) != (
            batch.anchored_block,
            batch.anchored_at,
            batch.tree_size,
        )
    released = [one for one in credentials if one.state in (CredentialState.RELEASED, CredentialState.REVOKED)]
    entries = {(one.status_list_id, one.status_index) for one in credentials}
    fitting = [one for one in credentials if one.status_index < 1 << lists[one.status_list_id].log2_entries]
    numbers = {one.number for one in released}
    states = {batch.state for batch in every} | {BatchState.RELEASED}
    assert states == {BatchState.RELEASED}, [(one.id, one.state, one.error) for one in every]
    verdicts = _wrong_verdicts(scene)
    print("\n".join(verdicts))
    return Truth(
        batches=len(every),
        trees=len({batch.root for batch in every}),
        pairs=_pairs(scene),
        certificates=len(released),
        anchors=len(roots),
        revocations=len(scene.revoked),
        epochs=_epochs(scene, len(done)),
        releases_seen=scene.releases,
        anchored_twice=len(roots) - len(set(roots)) + wrong_place,
        lost=scene.accepted - len(numbers),
        without_entry=2 * len(credentials) - len(entries) - len(fitting) + max(0, len(credentials) - reserved),
        released_early=len(scene.early),
        receipts_wrong=_wrong_receipts(scene),
        verdicts_wrong=len(verdicts),
    )


def _anchored(scene: Scene) -> list[str]:
    """Return the root of every anchoring event that the chain has, as the node itself shows them."""
    pins = scene.office.chain.registry.pins
    wanted = {"address": str(pins.registry), "fromBlock": "0x0", "toBlock": "latest", "topics": [_topic()]}
    found: Any = scene.node.request("eth_getLogs", wanted)
    return [str(one["topics"][2]) for one in found]


def _pairs(scene: Scene) -> int:
    """Return in how many transactions an anchor and an epoch have arrived together, as the node itself shows them."""
    pins = scene.office.chain.registry.pins
    wanted = {"address": str(pins.registry), "fromBlock": "0x0", "toBlock": "latest"}
    found: Any = scene.node.request("eth_getLogs", wanted)
    anchored = {one["transactionHash"] for one in found if one["topics"][0] == _topic()}
    published = {one["transactionHash"] for one in found if one["topics"][0] == _topic("StatusPublished")}
    return len(anchored & published)


def _topic(name: str = "Anchored") -> str:
    from jikin.anchoring import artifact

    (event,) = [one for one in artifact.load().abi if one.get("type") == "event" and one.get("name") == name]
    words = ",".join(str(one["type"]) for one in event["inputs"])
    return "0x" + keccak256(f"{name}({words})".encode()).hex()


def _epochs(scene: Scene, done: int) -> int:
    """Return how many epochs the chain has; each revokes one certificate that was to be revoked, and none twice."""
    office, institution = scene.office, scene.bureau.institution
    with office.database.read() as connection:
        lists = institutions.every_status_list(connection, institution.id)
    view, count, entries = office.chain.registry.view(), 0, []
    for one in lists:
        history = view.status_history(institution.issuer_id, one.list_id)
        if history is None:
            continue
        count += len(history.epochs)
        changes = [change for epoch in history.epochs for change in scan(epoch.changes)]
        assert {State(change.state) for change in changes} <= {State.REVOKED}
        entries += [(one.id, change.index) for change in changes]
    assert len(entries) == len(set(entries)) == done
    return count


def _wrong_receipts(scene: Scene) -> int:
    office, institution = scene.office, scene.bureau.institution
    folder, wrong = office.public(institution).path / "receipts", 0
    with office.database.read() as connection:
        every = batches.every(connection, institution.id)
        found = [(batch, one) for batch in every for one in batches.credentials_of(connection, batch.id)]
    for batch, one in found:
        digest: Digest | None = one.digest
        assert digest is not None
        said = json.loads((folder / digest.raw.hex()).read_bytes())
        wrong += said["block"] != batch.anchored_block
    return wrong


def _wrong_verdicts(scene: Scene) -> list[str]:
    """Return what strangers object to certificates that are good, and where they miss a revocation.

    They judge by a clock as far ahead as a worker's may have been when it signed: what holds from then on is no error.
    """
    office, institution = scene.office, scene.bureau.institution
    checker = Checker.of(office, institution)
    checker, wrong = replace(checker, clock=lambda: office.clock() + FAR_SECONDS), []
    with office.database.read() as connection:
        every = batches.every(connection, institution.id)
        found = {batch: batches.credentials_of(connection, batch.id) for batch in every}
    for batch, credentials in found.items():
        for one in issued(office, institution, batch, credentials):
            expected = {"status.revoked"} if one.credential.number in scene.revoked else set()
            codes = set(checker.objections(one.document))
            if codes != expected:
                wrong.append(f"batch {batch.id} line {one.credential.line}: {sorted(codes)}")
    return wrong


def wait(true: Callable[[], bool], *, seconds: float) -> bool:
    """Say whether it became *true* in so many seconds, without a block being mined."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False
