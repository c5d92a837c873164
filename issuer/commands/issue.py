"""``jikin issue``: a list of results becomes certificates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from issuer.commands.common import SOME_ROWS_FAILED, Invocation, Terminal, on_institution
from jikin.terminal import command
from jikin.values import CertificateNumber, Json, format_instant

if TYPE_CHECKING:
    from issuer.importing import Preview
    from issuer.office import Office
    from issuer.printing import Printed
    from issuer.store.batches import Batch, SourceRow
    from issuer.store.institutions import Institution
    from jikin.credentials.types import CredentialType

FAILURES = "failures.csv"
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line."""

    rows: Path
    type: str
    suite: str | None
    key: str | None
    out: Path | None
    pdf: bool
    print_language: str


def register(app: typer.Typer) -> None:
    """Put the command into *app*."""
    app.command("issue")(command(issue, on_institution))


def issue(
    call: Invocation,
    *,
    rows: Annotated[Path, typer.Argument(metavar="ROWS.CSV", help="List of results: UTF-8 or CP949.")],
    type_id: Annotated[str, typer.Option("--type", metavar="TYPE", help="Credential type.")],
    suite: Annotated[str | None, typer.Option("--suite", metavar="NAME", help="Cryptosuite. [eddsa-rdfc-2022]")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; issue nothing.")] = False,
    key: Annotated[
        str | None,
        typer.Option("--idempotency-key", metavar="KEY", help="Names this list. [SHA-256 of type and file]"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where documents go. [DIR/issued/batch-N]")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Print certificates as PDF.")] = True,
    print_language: Annotated[str, typer.Option("--print-lang", metavar="ko|en", help="Language of the PDF.")] = "ko",
    embargo_until: Annotated[
        str | None, typer.Option("--embargo-until", metavar="TIME", help="Seal the list until then; issue it then.")
    ] = None,
) -> None:
    """Issue a certificate for every good row of a list; bad rows go to failures.csv (exit code 3)."""
    from issuer.commands import embargo

    institution = call.institution
    if embargo_until is not None:
        wish = embargo.wish_of(call.office, type_id, suite, embargo_until)
        code = embargo.run(call.shown, call.office, institution, rows=rows, wish=wish, out=out, dry_run=dry_run)
    else:
        wishes = Wishes(rows, type_id, suite, key, out, pdf, print_language)
        act = preview_only if dry_run else run
        code = act(call.shown, call.office, institution, wishes)
    raise typer.Exit(code)


def _looked_at(office: Office, institution: Institution, kind: CredentialType, data: bytes) -> Preview:
    from issuer import importing
    from issuer.store import batches

    def issued(hashes: Iterable[bytes]) -> set[bytes]:
        with office.database.read() as connection:
            return batches.issued_hashes(connection, institution.id, hashes)

    return importing.preview(data, kind, office.limits, today=office.today, issued=issued)


def preview_only(shown: Terminal, office: Office, institution: Institution, wishes: Wishes) -> int:
    """Say what would happen to each row and return the exit code; nothing is stored or issued."""
    from issuer import files, importing

    kind = office.types.named(wishes.type)
    importing.may_issue(institution, kind)
    looked = _looked_at(office, institution, kind, files.read(wishes.rows))
    _tell_preview(shown, looked)
    failures = _write_failures(shown, kind, looked.bad, wishes.out / FAILURES) if wishes.out and looked.bad else None
    tally = {"good": looked.count("good"), "bad": looked.count("bad"), "repeated": looked.count("repeated")}
    document: dict[str, Json] = {
        "dryRun": True,
        "type": kind.id,
        **tally,
        "encoding": looked.encoding,
        "delimiter": looked.delimiter,
        "ignoredColumns": list(looked.ignored),
        "failures": None if failures is None else str(failures),
        "rows": faults_json(looked.bad),
    }
    shown.answer(document, shown.words("issue.preview", **tally))
    return SOME_ROWS_FAILED if looked.bad else 0


def run(shown: Terminal, office: Office, institution: Institution, wishes: Wishes) -> int:
    """Issue, or go on with what an earlier run began, and return the exit code."""
    from issuer import files, importing, sheets
    from issuer.jobs import Worker

    kind = office.types.named(wishes.type)
    importing.may_issue(institution, kind)
    office.suites.named(wishes.suite or office.settings.suite)
    if wishes.pdf:
        sheets.check_fonts()
    data = files.read(wishes.rows)
    key = wishes.key or importing.default_key(kind.id, data)
    batch = importing.existing(office.database, institution, key, kind, data)
    if batch is None:
        looked = _looked_at(office, institution, kind, data)
        _tell_preview(shown, looked)
        if not looked.count("good"):
            return _nothing_to_issue(shown, office, kind, looked, wishes)
        office.chain.registry.view()  # a chain that is away or another one is told now, not after a long wait
        suite = wishes.suite or office.settings.suite
        batch = importing.accept(office.database, institution, looked, key=key, suite=suite, now=office.clock())
    else:
        shown.say("issue.resumed", batch=batch.id, state=batch.state.value)
        if batch.released_at is None:
            office.chain.registry.view()
    if (waits := _waits_for_two(shown, office, institution, batch)) is not None:
        return waits
    with Worker(office) as worker, _bars(shown, batch.count) as tell:
        worker.issue(batch.id, lambda now: tell(now.signed, now.verified, 0))
    return _finish(shown, office, institution, kind=kind, batch_id=batch.id, wishes=wishes)


def _waits_for_two(shown: Terminal, office: Office, institution: Institution, batch: Batch) -> int | None:
    """Say who has to sign before the batch is issued and return the exit code; None when nobody has to any more."""
    from issuer import two_persons
    from issuer.commands.two_persons import line, to_json
    from issuer.store.issue_tasks import TaskState

    if not two_persons.demanded(institution, batch):
        return None
    task = two_persons.task_of(office, batch)
    if task is None or task.state not in (TaskState.DRAFT, TaskState.OPEN):
        return None
    document: dict[str, Json] = {"batch": batch.id, "state": batch.state.value, "issued": 0, **to_json(task)}
    shown.answer(document, f"{line(shown, task)}\n{shown.words('issue.waits', task=task.name)}")
    return 0


def _finish(
    shown: Terminal,
    office: Office,
    institution: Institution,
    *,
    kind: CredentialType,
    batch_id: int,
    wishes: Wishes,
) -> int:
    """Write documents and failures of a released batch and return the exit code."""
    from issuer import printing, sheets
    from issuer.store import batches

    with office.database.read() as connection:
        batch = batches.by_id(connection, batch_id)
        bad = batches.source_rows(connection, batch_id, "bad")
        credentials = batches.credentials_of(connection, batch_id)
    folder = wishes.out or printing.folder_of(office, batch)
    wanted = office.settings.processes if wishes.pdf else 1
    with _bars(shown, batch.count) as tell, sheets.Press(wanted, batch.count) as press:
        printed = printing.write_batch(
            office,
            institution,
            batch,
            folder,
            printer=printing.Printer(office, institution, press, wishes.print_language) if wishes.pdf else None,
            on_progress=lambda count: tell(batch.count, batch.count, count),
        )
    failures = None
    if bad or printed.unprinted:
        failures = _write_failures(shown, kind, bad, folder / FAILURES, printed)
    lines = {one.line: str(CertificateNumber(one.number)) for one in credentials if one.document is not None}
    document = _batch_json(batch, printed, failures) | {
        "certificates": [{"row": line, "number": number} for line, number in sorted(lines.items())],
        "rows": faults_json(bad),
    }
    shown.answer(document, _summary(shown, batch, printed, failures))
    return SOME_ROWS_FAILED if bad or printed.unprinted else 0


def _batch_json(batch: Batch, printed: Printed, failures: Path | None) -> dict[str, Json]:
    return {
        "batch": batch.id,
        "state": batch.state.value,
        "type": batch.type,
        "suite": batch.suite,
        "idempotencyKey": batch.idempotency_key,
        "issued": printed.count,
        "bad": batch.bad,
        "repeated": batch.repeated,
        "unprinted": [{"row": one.line, "code": one.code} for one in printed.unprinted],
        "root": None if batch.root is None else batch.root.hex(),
        "treeSize": batch.tree_size,
        "block": batch.anchored_block,
        "anchoredAt": None if batch.anchored_at is None else format_instant(batch.anchored_at),
        "folder": str(printed.folder),
        "failures": None if failures is None else str(failures),
    }


def _summary(shown: Terminal, batch: Batch, printed: Printed, failures: Path | None) -> str:
    words = shown.words
    lines = [
        words("issue.done", count=printed.count, batch=batch.id),
        words("issue.anchored", block=batch.anchored_block, time=format_instant(batch.anchored_at or 0)),
        words("issue.folder", folder=printed.folder),
    ]
    if batch.repeated:
        lines.append(words("issue.repeated", count=batch.repeated))
    if failures is not None:
        lines.append(words("issue.failures", count=batch.bad + len(printed.unprinted), file=failures))
    return "\n".join(lines)


def _nothing_to_issue(shown: Terminal, office: Office, kind: CredentialType, looked: Preview, wishes: Wishes) -> int:
    """Answer for a file without a row that can be issued: all bad, or all issued before."""
    folder = wishes.out or office.settings.path(office.settings.out) / f"refused-{looked.source_digest.hex()[:12]}"
    failures = _write_failures(shown, kind, looked.bad, folder / FAILURES) if looked.bad else None
    tally = {"good": 0, "bad": looked.count("bad"), "repeated": looked.count("repeated")}
    document: dict[str, Json] = {
        "batch": None,
        "type": kind.id,
        "issued": 0,
        "bad": tally["bad"],
        "repeated": tally["repeated"],
        "failures": None if failures is None else str(failures),
        "rows": faults_json(looked.bad),
    }
    shown.answer(document, shown.words("issue.nothing", **tally))
    return SOME_ROWS_FAILED if looked.bad else 0


def _tell_preview(shown: Terminal, looked: Preview) -> None:
    """Say how the file was read and which rows are refused, the first ten of them in words."""
    shown.say(
        "issue.read",
        rows=len(looked.rows),
        encoding={"cp949": "CP949"}.get(looked.encoding, "UTF-8"),
        delimiter=shown.words(f"delimiter.{looked.delimiter}"),
    )
    if looked.ignored:
        shown.say("issue.ignored", columns=", ".join(looked.ignored[:20]))
    tell_faults(shown, looked.bad)


def tell_faults(shown: Terminal, bad: Sequence[SourceRow]) -> None:
    """Say which rows are refused, the first ten of them in words."""
    language = shown.words.language
    for row in bad[:_SHOWN]:
        for fault in row.faults:
            reason = fault.reason_ko if language == "ko" else fault.reason_en
            remedy = fault.fix_ko if language == "ko" else fault.fix_en
            shown.say("issue.fault", row=row.line, reason=reason, remedy=remedy)
    if len(bad) > _SHOWN:
        shown.say("issue.more-faults", count=len(bad) - _SHOWN)


def faults_json(bad: Sequence[SourceRow]) -> list[Json]:
    """Return the faults of refused rows as a program reads them."""
    return [
        {
            "row": row.line,
            "column": fault.column,
            "code": fault.code,
            "found": fault.found,
            "reason": {"ko": fault.reason_ko, "en": fault.reason_en},
            "remedy": {"ko": fault.fix_ko, "en": fault.fix_en},
        }
        for row in bad
        for fault in row.faults
    ]


def _write_failures(
    shown: Terminal, kind: CredentialType, bad: Sequence[SourceRow], path: Path, printed: Printed | None = None
) -> Path:
    """Write row, column, what was found, why it is refused and what to do, as CSV that spreadsheet programs open."""
    from issuer import failures, files

    data = failures.to_csv(shown.words, kind, bad, () if printed is None else printed.unprinted)
    files.write(path, data, mode=files.PRIVATE)
    return path


@contextmanager
def _bars(shown: Terminal, count: int) -> Iterator[Callable[[int, int, int], None]]:
    """Give a function that shows how many are signed, verified and printed."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=shown.progress, transient=True) as progress:
        tasks = [
            progress.add_task(shown.words(f"progress.{name}"), total=count) for name in ("sign", "verify", "print")
        ]

        def tell(*done: int) -> None:
            for task, value in zip(tasks, done, strict=True):
                progress.update(task, completed=value)

        yield tell
