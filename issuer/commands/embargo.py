"""``jikin issue --embargo-until`` and ``jikin embargo …``: results sealed until their second, and checked after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import (
    SOME_ROWS_FAILED,
    DataOption,
    Invocation,
    JsonOption,
    LangOption,
    RegistryOption,
    RpcOption,
    Terminal,
    on_institution,
    on_office,
    parse_time,
    terminal,
)
from jikin.terminal import command
from jikin.values import Json, format_instant

if TYPE_CHECKING:
    from issuer.candidates import Read
    from issuer.embargo import Wish
    from issuer.office import Office
    from issuer.store.embargoes import Embargo
    from issuer.store.institutions import Institution

IdArgument = Annotated[int, typer.Argument(metavar="ID", help="Number of the embargo.")]


def register(app: typer.Typer) -> None:
    """Put the commands into *app*."""
    embargo = typer.Typer(help="Lists of results that are sealed until their second.", no_args_is_help=True)
    app.add_typer(embargo, name="embargo")
    _register_check(embargo)
    embargo.command("list")(command(list_embargoes, on_institution))
    embargo.command("open")(command(open_list, on_office))
    embargo.command("openings")(command(openings, on_office))


def _register_check(embargo: typer.Typer) -> None:
    @embargo.command("check")
    def check(
        *,
        file: Annotated[Path, typer.Argument(metavar="FILE", help="An opening.")],
        certificate: Annotated[
            Path | None, typer.Option("--certificate", metavar="FILE", help="Compare this certificate with it.")
        ] = None,
        rpc_url: RpcOption = None,
        registry: RegistryOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Check that a result stood in the registry before it was announced, as it is. Needs no office."""
        with terminal(data, lang, as_json=as_json, rpc_url=rpc_url, registry_file=registry) as shown:
            _check(shown, file, certificate)


# ------------------------------------------------------------------------------------------------------------- sealing


def run(
    shown: Terminal,
    office: Office,
    institution: Institution,
    *,
    rows: Path,
    wish: Wish,
    out: Path | None,
    dry_run: bool,
) -> int:
    """Seal and anchor a list of results and return the exit code; with *dry_run* only say what is wrong with it."""
    from issuer import embargo, files

    data = files.read(rows)
    sealed = embargo.known(office, institution, wish, data)
    if sealed is None:
        looked = embargo.look(office, wish, data)
        if looked.bad or dry_run:
            return _looked(shown, wish, looked, out)
        sealed = embargo.seal(office, institution, wish, data, looked)
    return _anchor(shown, office, sealed)


def _looked(shown: Terminal, wish: Wish, looked: Read, out: Path | None) -> int:
    """Say what is wrong with a list; without a folder nothing of it is written down."""
    from issuer import failures, files
    from issuer.commands.issue import FAILURES, faults_json, tell_faults

    if looked.ignored:
        shown.say("issue.ignored", columns=", ".join(looked.ignored[:20]))
    tell_faults(shown, looked.bad)
    written: Path | None = None
    if looked.bad and out is not None:
        written = out / FAILURES
        files.write(written, failures.to_csv(shown.words, wish.kind, looked.bad), mode=files.PRIVATE)
    document: dict[str, Json] = {
        "embargo": None,
        "good": len(looked.candidates),
        "bad": len(looked.bad),
        "failures": None if written is None else str(written),
        "rows": faults_json(looked.bad),
    }
    key = "embargo.refused" if looked.bad else "embargo.preview"
    shown.answer(document, shown.words(key, good=len(looked.candidates), bad=len(looked.bad)))
    return SOME_ROWS_FAILED if looked.bad else 0


def _anchor(shown: Terminal, office: Office, sealed: Embargo) -> int:
    """Anchor a sealed list, or say who has to sign first, and return the exit code."""
    from issuer import embargo, embargo_approval
    from issuer.jobs import Worker
    from issuer.store.embargoes import EmbargoState
    from issuer.store.issue_tasks import TaskState

    task = embargo_approval.task_of(office, sealed) if sealed.state is EmbargoState.SEALED else None
    if task is not None and task.state in (TaskState.DRAFT, TaskState.OPEN):
        text = f"{_line(shown, sealed)}\n{shown.words('issue.waits', task=task.name)}"
        shown.answer({**embargo.to_json(sealed), "task": task.name}, text)
        return 0
    if sealed.state is EmbargoState.SEALED:
        with Worker(office):  # holds the lock: one process at a time sends with the office's accounts
            embargo.anchor(office, sealed.id)
        sealed = embargo.read(office, sealed.id)[0]
    shown.answer(embargo.to_json(sealed), _line(shown, sealed))
    return 0


def wish_of(office: Office, type_id: str, suite: str | None, until: str) -> Wish:
    """Return what was asked for on the command line; raises ValueRefusedError for what is no time."""
    from issuer.embargo import Wish as _Wish

    second, _whole_day = parse_time(until, office.settings.timezone)
    return _Wish(office.types.named(type_id), suite or office.settings.suite, second)


# ------------------------------------------------------------------------------------------------------------- opening


def list_embargoes(call: Invocation) -> None:
    """List what is sealed and what was opened; never how many candidates a sealed list has."""
    from issuer import embargo
    from issuer.store import embargoes

    institution = call.institution
    with call.office.database.read() as connection:
        found = embargoes.every(connection, institution.id)
    text = "\n".join(_line(call.shown, one) for one in found) or call.shown.words("embargo.none")
    call.shown.answer({"embargoes": [embargo.to_json(one) for one in found]}, text)


def open_list(call: Invocation, number: IdArgument) -> None:
    """Open a list whose second has come, and issue its certificates; a running service does it by itself."""
    from issuer import embargo, embargo_opening
    from issuer.jobs import Worker

    with Worker(call.office) as worker:
        batch = embargo_opening.open_list(call.office, number)
        if batch is not None:
            worker.issue(batch.id)
    sealed = embargo.read(call.office, number)[0]
    call.shown.answer(embargo.to_json(sealed), _line(call.shown, sealed))


def openings(
    call: Invocation,
    *,
    number: IdArgument,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where they go. [DIR/issued/embargo-N]")
    ] = None,
) -> None:
    """Write each candidate's opening, which shows the result unchanged; each is for its candidate alone."""
    import json

    from issuer import embargo, embargo_opening, files

    office = call.office
    sealed, institution = embargo.read(office, number)
    folder = out or office.settings.path(office.settings.out) / f"embargo-{number}"
    count = 0
    for one in embargo_opening.openings(office, institution, sealed):
        text = json.dumps(one.opening.to_json(), ensure_ascii=False).encode("utf-8")
        files.write(folder / f"row-{one.line}.opening.json", text, mode=files.PRIVATE, durable=False)
        count += 1
    files.settle()
    document: dict[str, Json] = {"embargo": number, "openings": count, "folder": str(folder)}
    call.shown.answer(document, call.shown.words("embargo.openings", count=count, folder=folder))


def _line(shown: Terminal, sealed: Embargo) -> str:
    return shown.words(
        "embargo.line",
        number=sealed.id,
        type=sealed.type,
        until=format_instant(sealed.until),
        state=shown.words(f"embargo-state.{sealed.state.value}"),
        root=sealed.root,
    )


def _check(shown: Terminal, file: Path, certificate: Path | None) -> None:
    from issuer import files
    from issuer.app import EvmChain
    from jikin.anchoring.embargo import Opening, check_opening, differences
    from jikin.codec import strict_json
    from jikin.credentials.types import CredentialTypes
    from jikin.errors import OfficeError

    opening = Opening.parse(strict_json.parse(files.read(file)))
    slot = check_opening(opening, EvmChain(shown.settings).registry.view())
    document: dict[str, Json] = {
        "holds": True,
        "result": opening.record["result"],
        "announced": format_instant(opening.until),
        "anchoredAt": format_instant(slot.time),
        "block": slot.block,
    }
    lines = [
        shown.words("embargo.holds", time=format_instant(slot.time), block=slot.block),
        shown.words("embargo.announced", time=format_instant(opening.until)),
    ]
    if certificate is not None:
        credential = strict_json.parse(files.read(certificate))
        kind = CredentialTypes.packaged().named(str(opening.record.get("type")))
        if not isinstance(credential, dict):
            raise OfficeError(f"{certificate} is no credential in JSON", code="embargo.certificate")
        wrong = differences(opening, kind.read_back(credential))
        if wrong:
            raise OfficeError(
                f"the certificate says otherwise than the anchored result in {', '.join(wrong)}", code="embargo.differs"
            )
        document["certificate"] = "the same"
        lines.append(shown.words("embargo.same"))
    shown.answer(document, "\n".join(lines))
