"""Anchor and status epoch in one transaction, where an institution wants it and both wait (``anchorAndPublish``).

    tree planted, not under way  ┐
                                 ├─ one transaction of the joint operator ─→ both on record, each noted by its own job
    epoch stored, not under way  ┘

The choice is a joint operator: one account that may both issue and change the status, beside those that may do one of
both. What waits alone goes its own way, and what is under way already is followed, never sent a second way. Nothing is
lost when the two part: the contract passes over an epoch whose place was taken, and takes the epoch also where the root
is there already. What is done, the registry decides, for each of the two by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from issuer.accrediting import RIGHTS
from issuer.office import ANCHORING, JOINT, STATUS, Office
from issuer.sending import Errand, Outbox
from issuer.store import batches, institutions, tasks, transactions, trees
from issuer.store import keys as key_rows
from issuer.store.batches import Batch
from issuer.store.institutions import Institution
from issuer.store.keys import Key
from issuer.store.tasks import Epoch
from issuer.store.transactions import Purpose, Stored, TransactionState
from jikin.anchoring.acts import Act, AnchorAndPublish, AnchorRoot, LeafKind, PublishStatus
from jikin.anchoring.chain import RegistryView
from jikin.errors import OfficeError
from jikin.values import Address

BOTH = "AnchorAndPublish"


@dataclass(frozen=True, slots=True)
class Way:
    """How something gets onto the chain: the errand, and the outbox of the account that sends it."""

    outbox: Outbox
    errand: Errand

    def go(self) -> RegistryView:
        """Return a view in which it is done; raises as ``Outbox.carry_out``."""
        return self.outbox.carry_out(self.errand)


def tree_of(batch: Batch) -> int:
    """Return the row id of the batch whose tree holds *batch*: small ones that came in together share one."""
    return batch.id if batch.tree_id is None else batch.tree_id


def anchors_alone(batch: Batch) -> Purpose:
    """Return what the transaction that anchors *batch* alone is for: one for all batches of a tree."""
    return Purpose("AnchorRoot", batch_id=tree_of(batch))


def publishes_alone(epoch_id: int) -> Purpose:
    """Return what the transaction that publishes an epoch alone is for."""
    return Purpose("PublishStatus", epoch_id=epoch_id)


def has_joint_operator(office: Office, institution: Institution) -> bool:
    """Say whether the institution has chosen to have both done by one account."""
    with office.database.read() as connection:
        return key_rows.find(connection, institution.id, JOINT) is not None


def to_anchor(office: Office, institution: Institution, batch: Batch) -> Way:
    """Return how the tree of *batch* gets onto the chain; an epoch that waits is taken along.

    Raises OfficeError ``office.order`` while there is no tree, ChainUnavailableError.
    """
    act, own = _anchor(institution, batch), anchors_alone(batch)

    def done_at(view: RegistryView) -> int | None:
        slot = view.anchor(institution.issuer_id, act.root)
        return None if slot is None else slot.block

    alone = Way(office.outbox(institution, ANCHORING), Errand(own, lambda _view: act, done_at))
    return _way(office, institution, alone)


def to_publish(office: Office, institution: Institution, epoch: Epoch) -> Way:
    """Return how a stored epoch gets onto the chain; a tree that waits is taken along. Raises ChainUnavailableError."""
    with office.database.read() as connection:
        act = _publish(connection, institution, epoch)

    def done_at(view: RegistryView) -> int | None:
        (head,) = view.status_heads(institution.issuer_id, [act.list_id])
        if head is None or head.epoch < epoch.epoch:
            return None
        history = view.status_history(institution.issuer_id, act.list_id)
        published = history.epochs[epoch.epoch - 1] if history is not None else None
        return published.block if published is not None and published.status_root == epoch.status_root else None

    own = publishes_alone(epoch.id)
    alone = Way(office.outbox(institution, STATUS), Errand(own, lambda _view: act, done_at))
    return _way(office, institution, alone)


def _way(office: Office, institution: Institution, alone: Way) -> Way:
    pair = _pair(office, institution, alone.errand.purpose)
    if pair is None:
        return alone
    with office.database.read() as connection:
        both = _both(connection, institution, pair)

    def make(view: RegistryView) -> Act:
        # Where another epoch took the place of this one, each is on its own again: the registry says then why not.
        (head,) = view.status_heads(institution.issuer_id, [both.status.list_id])
        joined = head is not None and head.head == both.status.previous_head
        return both if joined else alone.errand.make(view)

    return Way(office.outbox(institution, JOINT), Errand(pair, make, alone.errand.done_at))


def _pair(office: Office, institution: Institution, own: Purpose) -> Purpose | None:
    """Return the pair that takes along what *own* would bring alone; None where it goes alone."""
    with office.database.read() as connection:
        joint = key_rows.find(connection, institution.id, JOINT)
        if joint is None or transactions.live(connection, own) is not None:
            return None
        begun = transactions.carrying(connection, BOTH, own)
        pair = _waiting(connection, institution, own) if begun is None else begun.purpose
    if begun is not None:
        return pair if str(begun.account) == joint.public and not _unpaid(begun) else None
    return pair if pair is not None and _may_send(office, institution, joint) else None


def _waiting(connection: Connection, institution: Institution, own: Purpose) -> Purpose | None:
    """Return the pair of *own* and what waits for the other half, if something does and is not under way."""

    def free(other: Purpose) -> bool:
        return transactions.live(connection, other) is None and transactions.carrying(connection, BOTH, other) is None

    if own.epoch_id is None:
        epochs = tasks.prepared_of(connection, institution.id)
        found = next((one.id for one in epochs if free(publishes_alone(one.id))), None)
        return None if found is None else Purpose(BOTH, own.batch_id, found)
    planted = trees.planted_of(connection, institution.id)
    tree = next((tree_of(one) for one in planted if free(anchors_alone(one))), None)
    return None if tree is None else Purpose(BOTH, tree, own.epoch_id)


def _unpaid(begun: Stored) -> bool:
    """Say whether it has not left this office because its account cannot pay: nobody waits for that."""
    never_sent = begun.state in (TransactionState.QUEUED, TransactionState.SIGNED)
    return never_sent and begun.error_code == "registry.funds"


def _may_send(office: Office, institution: Institution, joint: Key) -> bool:
    """Say whether the joint operator has its rights and something to pay with; without them each goes alone."""
    account, view = Address.parse(joint.public), office.chain.registry.view()
    record = view.operator(institution.issuer_id, account)
    if record is None or RIGHTS[JOINT] not in record.rights or record.valid_until <= view.block.time:
        return False
    return office.chain.balance_wei(account) != 0


def _both(connection: Connection, institution: Institution, pair: Purpose) -> AnchorAndPublish:
    if pair.batch_id is None or pair.epoch_id is None:
        raise OfficeError("a pair has a tree and an epoch", code="office.order")
    anchor = _anchor(institution, batches.by_id(connection, pair.batch_id))
    return AnchorAndPublish(anchor, _publish(connection, institution, tasks.epoch_by_id(connection, pair.epoch_id)))


def _anchor(institution: Institution, batch: Batch) -> AnchorRoot:
    if batch.root is None or batch.tree_size is None:
        raise OfficeError("the batch has no tree yet", code="office.order")
    return AnchorRoot(institution.issuer_id, batch.root, batch.tree_size, LeafKind.CREDENTIAL)


def _publish(connection: Connection, institution: Institution, epoch: Epoch) -> PublishStatus:
    changes = b"" if epoch.task_id is None else tasks.by_id(connection, epoch.task_id).task.changes
    list_id = institutions.status_list(connection, epoch.status_list_id).list_id
    return PublishStatus(institution.issuer_id, list_id, epoch.previous_head, epoch.status_root, changes)
