"""The two steps at which an anchor and a status change find each other, where there is a joint operator (``pairing``).

Whichever comes first to the point where it would be sent looks whether the other one waits, and brings it there.
"""

from __future__ import annotations

from issuer import combining, epochs, issuing, pairing
from issuer.office import Office
from issuer.store import institutions, tasks, trees
from issuer.store.batches import BatchState
from issuer.store.institutions import Institution


def prepare_anchor(office: Office, batch_id: int) -> None:
    """Sign the anchoring transaction and store it, together with a status change that waits; nothing is sent."""
    batch, institution = issuing.batch_of(office, batch_id)
    if batch.state is BatchState.PLANTED and pairing.has_joint_operator(office, institution):
        epochs.prepare_waiting(office, institution)
    issuing.prepare_anchor(office, batch_id)


def publish(office: Office, task_id: int) -> None:
    """Bring an approved task onto the chain, and small batches that wait with it; raises as ``epochs.publish``."""
    with office.database.read() as connection:
        institution = institutions.by_id(connection, tasks.by_id(connection, task_id).task.institution_id)
    if pairing.has_joint_operator(office, institution):
        _plant_waiting(office, institution)
    epochs.publish(office, task_id)


def _plant_waiting(office: Office, institution: Institution) -> None:
    """Plant the small batches that wait, so that their tree can be taken along; what cannot be is left to its job."""
    with office.database.read() as connection:
        waiting = trees.small_ones(connection, institution.id, combining.ORIGINS)
    first = next((one.id for one in waiting if combining.sign(office, one.id)), None)
    if first is not None:
        combining.plant(office, first)
