"""``jikin admin recheck``: after a deep reorganisation, what is gone from the chain goes there again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import DataOption, JsonOption, LangOption, Terminal, opened, terminal
from issuer.commands.trust import second

if TYPE_CHECKING:
    from issuer.office import Office
    from jikin.values import Json


def register(admin: typer.Typer) -> None:
    """Put the command into *admin*."""

    @admin.command("recheck")
    def recheck(
        since: Annotated[
            str, typer.Option("--since", metavar="TIME", help="Whatever was anchored or published since then.")
        ],
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Look whether what was anchored and published still is, and bring what is gone onto the chain again."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _recheck(shown, office, since)


def _recheck(shown: Terminal, office: Office, since: str) -> None:
    from issuer import epochs, reanchoring
    from issuer.jobs import Worker
    from issuer.store import copies, tasks
    from issuer.store.batches import BatchState, Origin
    from issuer.store.tasks import TaskState

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
    shown.answer(told, shown.words("recheck.done", returned=returned))
