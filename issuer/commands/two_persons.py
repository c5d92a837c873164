"""The commands of two persons for issuing: what waits, signing it, demanding it, and the export for auditors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import (
    Invocation,
    OfficersInvocation,
    Terminal,
    on_institution,
)
from jikin.terminal import command
from jikin.values import Json, format_instant

if TYPE_CHECKING:
    from issuer.office import Office
    from issuer.store.institutions import Institution
    from issuer.store.issue_tasks import StoredTask


def register(admin: typer.Typer, institution: typer.Typer) -> None:
    """Put the commands into *admin* and into its group *institution*."""
    institution.command("two-persons")(command(demand, on_institution))
    admin.command("approvals")(command(approvals, on_institution))


def demand(
    call: Invocation,
    *,
    origins: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="ORIGIN", help="list, offer, application; repeatable. [none]"),
    ] = None,
) -> None:
    """Say for which batches two officers have to sign before anything is issued; without --for: for none."""
    from issuer import two_persons

    found = two_persons.demand(call.office, call.institution, tuple(origins or ()))
    text = call.shown.words("issue.demanded", origins=", ".join(found.two_persons) or "-")
    call.shown.answer({"twoPersons": list(found.two_persons)}, text)


def approvals(
    call: Invocation,
    *,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where it goes. [printed]")] = None,
) -> None:
    """Export every task with its changes and approvals, for `jikin audit`; names and reasons stay here."""
    import json

    from issuer import approvals_export, files

    document = approvals_export.export(call.office, call.institution)
    text = json.dumps(document, ensure_ascii=False, indent=2)
    if out is None:
        call.shown.answer(document, text)
        return
    files.write(out, text.encode("utf-8"), mode=files.PRIVATE)
    told: dict[str, Json] = {"file": str(out)}
    call.shown.answer(told, call.shown.words("issue.exported", file=out))


def is_issue_task(text: str) -> int | None:
    """Return the number of the issue task that *text* names ("I7"), None when it names a status change."""
    from issuer.store.issue_tasks import PREFIX

    digits = text.upper().removeprefix(PREFIX)
    return int(digits) if text.upper().startswith(PREFIX) and digits.isdecimal() else None


def approve(call: OfficersInvocation, task_id: int, *, officer: str) -> None:
    """Sign an issue task, and issue what it released when this was the second signature."""
    from issuer import two_persons
    from issuer.store.issue_tasks import TaskState

    shown, office = call.shown, call.office
    stored = two_persons.read(office, call.institution, task_id)
    shown.progress.print(line(shown, stored), markup=False, highlight=False, soft_wrap=True)
    if stored.state not in (TaskState.APPROVED, TaskState.USED):  # else an earlier run was cut off after the approval
        who, signer = call.officer(officer)
        stored = two_persons.approve(office, who, signer, task_id)
    if stored.state is TaskState.OPEN:
        text = f"{line(shown, stored)}\n{shown.words('issue.next', task=stored.name)}"
        shown.answer({"tasks": [to_json(stored)]}, text)
        return
    _go_on(office, stored)
    stored = two_persons.read(office, call.institution, task_id)
    shown.answer({"tasks": [to_json(stored)]}, line(shown, stored))


def _go_on(office: Office, stored: StoredTask) -> None:
    """Issue the batch, or anchor the sealed list, that was released."""
    from issuer import embargo
    from issuer.jobs import Worker

    with Worker(office) as worker:
        if stored.task.batch_id is not None:
            worker.issue(stored.task.batch_id)
        elif stored.task.embargo_id is not None:
            embargo.anchor(office, stored.task.embargo_id)


def line(shown: Terminal, stored: StoredTask) -> str:
    """Return what the task releases, in one line."""
    from issuer.issue_approval import embargo_of

    manifest = stored.task.manifest
    until = embargo_of(manifest)
    text = shown.words(
        "issue.task",
        task=stored.name,
        type=manifest["type"],
        count=manifest["count"],
        fate=shown.words(f"fate.{stored.state.value}"),
    )
    if until is None:
        return text
    return f"{text} {shown.words('issue.sealed-until', time=format_instant(until))}"


def to_json(stored: StoredTask) -> dict[str, Json]:
    """Return the task as a program reads it."""
    return {
        "task": stored.name,
        "state": stored.state.value,
        "batch": stored.task.batch_id,
        "embargo": stored.task.embargo_id,
        "manifest": dict(stored.task.manifest),
        "expires": format_instant(stored.task.expires),
    }


def waiting(office: Office, institution: Institution, *, everything: bool) -> tuple[StoredTask, ...]:
    """Return the issue tasks that wait for a signature, or all."""
    from issuer import two_persons
    from issuer.store import issue_tasks

    if not everything:
        return two_persons.waiting(office, institution)
    with office.database.read() as connection:
        return issue_tasks.every(connection, institution.id)
