"""A list that nothing changes is confirmed on the chain once a day: silence then means that something is wrong.

A verifier does not need it (it looks at the block at which the head was proven); whoever watches an institution does.
"""

from __future__ import annotations

from issuer.office import Office
from issuer.settings import Settings
from issuer.store import institutions, tasks
from jikin.anchoring.chain import Block, StatusHead

_HOUR = 3600


def is_due(head: StatusHead, block: Block, settings: Settings) -> bool:
    """Say whether a list with *head* as of *block* is to be confirmed: by the chain's clock, as the contract counts."""
    return block.time - head.time >= settings.heartbeat_hours * _HOUR


def due(office: Office) -> tuple[int, ...]:
    """Return the row ids of the lists that are to be confirmed now, or whose heartbeat was stored and never noted.

    One question to the chain for each institution. Raises ChainUnavailableError, RegistryMismatchError.
    """
    with office.database.read() as connection:
        known = institutions.every(connection)
        lists = {one.id: institutions.every_status_list(connection, one.id) for one in known}
        unfinished = tasks.unfinished_heartbeats(connection)
    view, found = office.chain.registry.view(), set(unfinished)
    for institution in known:
        opened = [one for one in lists[institution.id] if one.opened_at is not None]
        heads = view.status_heads(institution.issuer_id, [one.list_id for one in opened])
        found |= {
            one.id
            for one, head in zip(opened, heads, strict=True)
            if head is not None and is_due(head, view.block, office.settings)
        }
    return tuple(sorted(found))
