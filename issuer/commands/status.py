"""``jikin revoke | suspend | reinstate | correct | approve | tasks``: two persons change what a certificate is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands import two_persons
from issuer.commands.common import (
    Invocation,
    OfficerOption,
    OfficersInvocation,
    Terminal,
    by_officer,
    on_institution,
    parse_time,
)
from jikin.errors import OfficeError
from jikin.terminal import command
from jikin.values import CertificateNumber, Json, format_instant

if TYPE_CHECKING:
    from issuer.office import Office
    from issuer.store.institutions import Institution
    from issuer.store.tasks import StoredTask

NumbersArgument = Annotated[list[str], typer.Argument(metavar="NUMBER…", help="Certificate numbers.")]
PerhapsNumbersArgument = Annotated[
    list[str] | None, typer.Argument(metavar="NUMBER…", help="Certificate numbers, if no list is given.")
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="CODE", help="Why; a wrong code is answered with all.")]
BatchOption = Annotated[
    int | None,
    typer.Option("--batch", metavar="BATCH", help="All of this batch, in several tasks if need be."),
]
EffectiveOption = Annotated[
    str | None, typer.Option("--effective", metavar="TIME", help="Since when: a date or a time. [now]")
]


@dataclass(frozen=True, slots=True)
class _Change:
    """A change as asked for: *state* is the name of the new state."""

    numbers: Sequence[str]
    state: str
    reason: str
    effective: str | None
    alone: bool = False
    list_file: Path | None = None
    cells: Sequence[str] = ()
    tell: bool = False
    batch: int | None = None


def register(app: typer.Typer) -> None:
    """Put the commands into *app*."""
    app.command("revoke")(command(revoke, by_officer))
    app.command("suspend")(command(suspend, by_officer))
    app.command("reinstate")(command(reinstate, by_officer))
    app.command("correct")(command(correct, by_officer))
    app.command("approve")(command(approve, by_officer))
    app.command("tasks")(command(tasks, on_institution))


def revoke(
    call: OfficersInvocation,
    *,
    numbers: PerhapsNumbersArgument = None,
    reason: ReasonOption,
    officer: OfficerOption,
    effective: EffectiveOption = None,
    list_file: Annotated[
        Path | None,
        typer.Option(
            "--list",
            metavar="FILE",
            help="CSV: numbers; a row with further cells is corrected and issued anew. Holders are told.",
        ),
    ] = None,
    tell: Annotated[bool, typer.Option("--tell", help="Send the holders a notice.")] = False,
    batch: BatchOption = None,
) -> None:
    """Request that certificates are revoked for good; a second officer has to approve."""
    tells = tell or list_file is not None
    change = _Change(numbers or [], "REVOKED", reason, effective, list_file=list_file, tell=tells, batch=batch)
    _request(call, officer, change)


def suspend(
    call: OfficersInvocation,
    *,
    numbers: PerhapsNumbersArgument = None,
    reason: ReasonOption,
    officer: OfficerOption,
    effective: EffectiveOption = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="Emergency brake: publish at once, without a colleague.")
    ] = False,
    batch: BatchOption = None,
) -> None:
    """Request that certificates are suspended; they can be reinstated later."""
    change = _Change(numbers or [], "SUSPENDED", reason, effective, alone, batch=batch)
    _request(call, officer, change)


def reinstate(
    call: OfficersInvocation,
    *,
    numbers: NumbersArgument,
    reason: ReasonOption,
    officer: OfficerOption,
    effective: EffectiveOption = None,
) -> None:
    """Request that suspended certificates count again; a second officer has to approve."""
    change = _Change(numbers, "VALID", reason, effective)
    _request(call, officer, change)


def correct(
    call: OfficersInvocation,
    *,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Certificate number.")],
    cells: Annotated[
        list[str],
        typer.Option("--set", metavar="COLUMN=VALUE", help="What is right; columns as in result lists; repeatable."),
    ],
    officer: OfficerOption,
    reason: Annotated[str, typer.Option("--reason", metavar="CODE", help="Why.")] = "corrected",
    effective: EffectiveOption = None,
) -> None:
    """Request that a certificate is put right: a new one takes its place and keeps the first date of issue."""
    change = _Change([number], "REPLACED", reason, effective, cells=cells, tell=True)
    _request(call, officer, change)


def approve(
    call: OfficersInvocation,
    *,
    task: Annotated[str, typer.Argument(metavar="TASK", help="Number of the task; of an issue it begins with I.")],
    officer: OfficerOption,
) -> None:
    """Approve what a colleague has requested, and publish it; or request what a program asked for."""
    issue_task = two_persons.is_issue_task(task)
    if issue_task is not None:
        two_persons.approve(call, issue_task, officer=officer)
        return
    if not task.isdecimal():
        raise typer.BadParameter(f"{task[:20]!r} is no task; right would be 7, or I7 for an issue")
    _approve(call, int(task), officer)


def tasks(
    call: Invocation,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are done or refused.")] = False,
) -> None:
    """List what waits for approval."""
    from issuer.store import tasks as stored_tasks
    from issuer.store.tasks import TaskState

    shown, office, institution = call.shown, call.office, call.institution
    with office.database.read() as connection:
        known = stored_tasks.every(connection, institution.id)
    waiting = (TaskState.OPEN, TaskState.APPROVED)
    found = [one for one in known if everything or one.by_program or one.state in waiting]
    issues = two_persons.waiting(office, institution, everything=everything)
    lines = [_line(shown, office, one) for one in found] + [two_persons.line(shown, one) for one in issues]
    document = [_task_json(office, one) for one in found] + [two_persons.to_json(one) for one in issues]
    shown.answer({"tasks": document}, "\n".join(lines) or shown.words("task.none"))


def _request(call: OfficersInvocation, officer_name: str, change: _Change) -> None:
    from issuer import revoking
    from issuer.jobs import Worker
    from jikin.status.array import State

    shown, office, institution = call.shown, call.office, call.institution
    pieces = _wanted(office, institution, change)
    effective, whole_day = None, False
    if change.effective is not None:
        effective, whole_day = parse_time(change.effective, office.settings.timezone)
    officer, signer = call.officer(officer_name)
    stored: tuple[StoredTask, ...] = ()
    for numbers, corrected in pieces:
        asked = revoking.Request(
            numbers,
            State[change.state],
            change.reason,
            effective,
            whole_day=whole_day,
            alone=change.alone,
            corrected=corrected,
            tell=change.tell,
        )
        stored += revoking.request(office, institution, officer, signer, asked)
    if change.alone:
        with Worker(office) as worker:
            for one in stored:
                worker.publish(one.task.id)
        stored = tuple(_read(office, one.task.id) for one in stored)
    texts = [_line(shown, office, one) for one in stored]
    if not change.alone:
        texts += [shown.words("task.next", task=one.task.id) for one in stored]
    shown.answer({"tasks": [_task_json(office, one) for one in stored]}, "\n".join(texts))


def _wanted(
    office: Office, institution: Institution, change: _Change
) -> list[tuple[Sequence[CertificateNumber], Mapping[str, Mapping[str, str]]]]:
    """Return for each request the numbers, and by number the cells that are put right; raises JikinError."""
    from issuer import bulk, files
    from issuer.store import batches
    from issuer.store.batches import CredentialState

    ways = (bool(change.numbers), change.list_file is not None, change.batch is not None)
    if sum(ways) != 1:
        raise OfficeError(
            "certificates are named in one way: by their numbers, by a list, or by their batch", code="office.request"
        )
    if change.batch is not None:
        reach = {CredentialState.RELEASED, *([CredentialState.SUSPENDED] if change.state == "REVOKED" else [])}
        return [(piece, {}) for piece in bulk.of_batch(office, institution, change.batch, reach)]
    if change.list_file is not None:
        listed = bulk.read(office, institution, files.read(change.list_file))
        return [(listed.numbers, listed.corrected)]
    numbers = [CertificateNumber.parse(text) for text in change.numbers]
    if not change.cells:
        return [(numbers, {})]
    with office.database.read() as connection:
        found = batches.by_number(connection, numbers[0].symbols)
    if found is None or found.institution_id != institution.id:
        raise OfficeError(f"{numbers[0]} is no certificate of {institution.domain}", code="office.number-unknown")
    named = dict(cell.partition("=")[::2] for cell in change.cells)
    return [(numbers, {numbers[0].symbols: bulk.cells_of(office.types.named(found.type), named)})]


def _approve(call: OfficersInvocation, task_id: int, officer_name: str) -> None:
    from issuer import revoking
    from issuer.jobs import Worker
    from issuer.store.tasks import TaskState

    shown, office = call.shown, call.office
    stored = _read(office, task_id)
    shown.progress.print(_line(shown, office, stored), markup=False, highlight=False, soft_wrap=True)
    if stored.state is not TaskState.APPROVED:  # else an earlier run was cut off after the approval
        officer, signer = call.officer(officer_name)
        stored = revoking.approve(office, officer, signer, task_id)
        if stored.state is not TaskState.APPROVED:  # a program asked: this was the request, a colleague approves
            texts = (_line(shown, office, stored), shown.words("task.next", task=task_id))
            shown.answer({"tasks": [_task_json(office, stored)]}, "\n".join(texts))
            return
    with Worker(office) as worker:
        worker.publish(task_id)
    stored = _read(office, task_id)
    shown.answer({"tasks": [_task_json(office, stored)]}, _line(shown, office, stored))


def _read(office: Office, task_id: int) -> StoredTask:
    from issuer.store import tasks

    with office.database.read() as connection:
        return tasks.by_id(connection, task_id)


def _numbers(office: Office, stored: StoredTask) -> list[str]:
    """Return the numbers that the task speaks of, as printed."""
    from issuer.store import batches

    entries = [int(str(note["index"])) for note in stored.task.notes]
    with office.database.read() as connection:
        found = batches.by_entries(connection, stored.status_list_id, entries)
    return list(dict.fromkeys(str(CertificateNumber(one.number)) for one in found))  # copies share their number


def _line(shown: Terminal, office: Office, stored: StoredTask) -> str:
    """Return what the task asks for, in one line, and how far its certificates have come where that is kept."""
    from issuer import telling
    from issuer.reasons import reasons
    from jikin.status.array import State

    note, numbers = stored.task.notes[0], _numbers(office, stored)
    listed = ", ".join(numbers[:3]) + (f" … ({len(numbers)})" if len(numbers) > 3 else "")
    code = str(note["reason"])
    come = telling.progress(office, stored.task.id)
    far = "" if not come.rows else "\n  " + shown.words("bulk.progress", **asdict(come))
    line = shown.words(
        "task.line",
        task=stored.task.id,
        numbers=listed,
        state=shown.words(f"state.{State(int(str(note['state']))).name.lower()}"),
        reason=reasons()[code].text.in_language(shown.words.language) if code in reasons() else code,
        effective=format_instant(int(str(note["effective"]))),
        fate=shown.words(f"fate.{stored.state.value}"),
    )
    return line + far


def _task_json(office: Office, stored: StoredTask) -> dict[str, Json]:
    from issuer import telling
    from jikin.status.array import State

    note, come = stored.task.notes[0], telling.progress(office, stored.task.id)
    return {
        "task": stored.task.id,
        "state": stored.state.value,
        "numbers": list(_numbers(office, stored)),
        "change": State(int(str(note["state"]))).name.lower(),
        "reason": note["reason"],
        "effective": format_instant(int(str(note["effective"]))),
        "expires": format_instant(stored.task.expires),
        "alone": stored.task.break_glass,
        "error": stored.error_code,
        **({"progress": asdict(come)} if come.rows else {}),
    }
