"""``jikin admin recheck``: after a deep reorganisation, what is gone from the chain goes there again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import Invocation, on_office
from issuer.commands.trust import second
from jikin.terminal import command

if TYPE_CHECKING:
    from jikin.values import Json


def register(admin: typer.Typer) -> None:
    """Put the command into *admin*."""
    admin.command("recheck")(command(recheck, on_office))


def recheck(
    call: Invocation,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="Whatever was anchored or published since then.")
    ],
) -> None:
    """Look whether what was anchored and published still is, and bring what is gone onto the chain again."""
    from issuer import epochs, reanchoring
    from issuer.jobs import Worker
    from issuer.store import copies, tasks
    from issuer.store.batches import BatchState, Origin
    from issuer.store.tasks import TaskState

    office = call.office
    returned = reanchoring.look_back(office, second(office, since) or 0)
    with office.database.read() as connection:
        unfinished = copies.unfinished(connection, tuple(Origin))
        approved = tasks.in_state(connection, TaskState.APPROVED)
        quiet = tasks.unfinished_heartbeats(connection)
    planted = [one for one in unfinished if one.state is BatchState.PLANTED]
    if planted or approved:
        with Worker(office) as worker:
            for task in approved:
                worker.publish(task.task.id)
            for batch in planted:
                worker.issue(batch.id)
    for list_id in quiet:  # those of another epoch's list went with it
        epochs.heartbeat(office, list_id)
    told: dict[str, Json] = {
        "returned": returned,
        "batches": [one.id for one in planted],
        "tasks": [one.task.id for one in approved],
    }
    call.shown.answer(told, call.shown.words("recheck.done", returned=returned))
