"""Lists in the console: upload, preview, issue, progress, failures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from issuer import failures, lists, looking, two_persons
from issuer.approving import Officer
from issuer.http.common import ConsoleRoute, OfficeHere, OfficerHere, RowId, RunnerHere, in_words, show, to
from issuer.http.console import attachment
from issuer.office import Office
from issuer.store.batches import BatchState
from issuer.texts import Words
from jikin.errors import JikinError
from jikin.web.bodies import FormBody, Upload, uploaded
from jikin.web.languages import language_of
from jikin.web.origin import same_origin
from jikin.web.problems import status_of

UPLOAD_PATHS = ("/admin/lists",)
router = APIRouter(prefix="/admin", route_class=ConsoleRoute, include_in_schema=False)
_CHANGES = [Depends(same_origin)]
_SHOWN_ROWS = 200
# In the order of the work; what stands before the batch's state is done.
_ORDER = tuple(BatchState)


@router.get("/batches")
def batches(request: Request, office: OfficeHere, officer: OfficerHere) -> Response:
    """Return the batches, newest first."""
    seen = lists.every(office, officer)
    return show(request, "admin-batches.html", officer, "batches", batches=seen)


@router.get("/lists/new")
def new(request: Request, office: OfficeHere, officer: OfficerHere) -> Response:
    """Return the form that takes a list."""
    return _form(request, office, officer)


@router.post("/lists", dependencies=_CHANGES)
def upload(
    request: Request,
    office: OfficeHere,
    officer: OfficerHere,
    files: Annotated[tuple[Upload, ...], Depends(uploaded("file"))],
    form: FormBody,
) -> Response:
    """Keep the list for a day and lead to its preview."""
    chosen = form.get("type", "")
    if not files:
        return _form(request, office, officer, chosen, status=400, missing=True)
    try:
        upload_id = lists.upload(office, officer, chosen, files[0].name, files[0].data)
    except JikinError as error:
        return _form(request, office, officer, chosen, status=status_of(error), error=in_words(request, error))
    return to(f"/admin/lists/{upload_id}")


def _form(
    request: Request,
    office: Office,
    officer: Officer,
    chosen: str = "",
    *,
    status: int = 200,
    error: str | None = None,
    missing: bool = False,
) -> Response:
    return show(
        request,
        "admin-list-new.html",
        officer,
        "batches",
        status=status,
        types=lists.types(office, officer),
        institution=looking.institution_names(office, officer),
        chosen=chosen,
        error=error,
        missing=missing,
    )


@router.get("/lists/{upload_id}")
def preview(request: Request, office: OfficeHere, officer: OfficerHere, upload_id: RowId) -> Response:
    """Return what would happen to each row."""
    became = lists.became(office, officer, upload_id)
    if became is not None:
        return to(f"/admin/batches/{became}")
    looked = lists.look(office, officer, upload_id)
    bad = looked.preview.bad
    return show(
        request,
        "admin-list.html",
        officer,
        "batches",
        looked=looked,
        good=looked.preview.count("good"),
        repeated=looked.preview.count("repeated"),
        bad=bad,
        shown=bad[:_SHOWN_ROWS],
    )


@router.get("/lists/{upload_id}/failures.csv")
def list_failures(request: Request, office: OfficeHere, officer: OfficerHere, upload_id: RowId) -> Response:
    """Return the rows that are refused as CSV."""
    looked = lists.look(office, officer, upload_id)
    data = failures.to_csv(Words(language_of(request)), looked.kind, looked.preview.bad)
    return attachment(failures.FILE_NAME, data, "text/csv; charset=utf-8")


@router.post("/lists/{upload_id}/issue", dependencies=_CHANGES)
def issue(office: OfficeHere, officer: OfficerHere, runner: RunnerHere, upload_id: RowId) -> Response:
    """Issue the good rows and lead to the progress."""
    batch = lists.issue(office, officer, upload_id)
    task = two_persons.task_of(office, batch, officer)
    if task is not None and two_persons.waiting_for(office, batch) is not None:
        return to(f"/admin/releases/{task.task.id}")
    runner.nudge()
    return to(f"/admin/batches/{batch.id}")


@router.post("/lists/{upload_id}/drop", dependencies=_CHANGES)
def drop(office: OfficeHere, officer: OfficerHere, upload_id: RowId, form: FormBody) -> Response:
    """Forget the list."""
    lists.drop(office, officer, upload_id)
    return to("/admin/lists/new" if form.get("again") == "yes" else "/admin/batches")


@router.get("/batches/{batch_id}")
def batch(request: Request, office: OfficeHere, officer: OfficerHere, batch_id: RowId) -> Response:
    """Return how far a batch is, from what is stored."""
    seen = lists.batch(office, officer, batch_id)
    waits = two_persons.waiting_for(office, seen.batch)
    return show(
        request,
        "admin-batch.html",
        officer,
        "batches",
        seen=seen,
        reached=_ORDER.index(seen.batch.state),
        shown=seen.bad[:_SHOWN_ROWS],
        stopped=None if waits is not None else _stopped(request, seen),
        waits=waits,
    )


def _stopped(request: Request, seen: lists.BatchSeen) -> str | None:
    """Return why the batch stands still, in words; None while it moves."""
    code = seen.batch.error_code
    if seen.done or code is None or code == "office.interrupted":
        return None
    return in_words(request, JikinError(seen.batch.error or "", code=code))


@router.get("/batches/{batch_id}/failures.csv")
def batch_failures(request: Request, office: OfficeHere, officer: OfficerHere, batch_id: RowId) -> Response:
    """Return the refused rows of a batch as CSV."""
    seen = lists.batch(office, officer, batch_id)
    data = failures.to_csv(Words(language_of(request)), seen.kind, seen.bad)
    return attachment(failures.FILE_NAME, data, "text/csv; charset=utf-8")
