"""The issuer's web application: the office, its background runner, and an explicit list of routers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from issuer import app, audit_log, copies, embargo, embargo_opening, reconciling, two_persons
from issuer.http import (
    applications,
    audit,
    batches,
    console,
    holders,
    protocol,
    public,
    releases,
    revocations,
    sign_in,
    transactions,
    vc_api,
)
from issuer.office import Office
from issuer.running import Runner
from issuer.settings import Settings
from issuer.timekeeping import Chore, Timekeeper
from jikin.anchoring.pins import check_at_start
from jikin.errors import JikinError
from jikin.web.app import create
from jikin.web.frame import Frame
from jikin.web.texts import Texts

_HERE = Path(__file__).parent

ROUTERS = (
    sign_in.router,
    console.router,
    batches.router,
    revocations.router,
    transactions.console_router,  # before what institutions have under paths of their own
    holders.router,
    holders.console_router,
    applications.router,
    applications.console_router,
    protocol.offers_router,
    protocol.router,
    vc_api.router,
    transactions.router,
    audit.router,
    releases.router,
    releases.console_router,
    public.router,
)

# What the calendar says is to be done, each by a thread of its own.
CHORES = (
    Chore(embargo_opening.open_due),
    Chore(embargo.anchor_due, 1.0),
    Chore(embargo.anchor_again, 30.0),
    Chore(audit_log.publish_due, 10.0),
    Chore(two_persons.forget_records, 60.0),
    Chore(reconciling.reconcile_due, 60.0),
)
UPLOAD_PATHS = (*batches.UPLOAD_PATHS, *releases.UPLOAD_PATHS, "/admin/sealed")


def application(settings: Settings) -> FastAPI:
    """Return the issuer's application; its runner works between start and end of the lifespan.

    Raises SettingsError, OfficeError for what is missing, RegistryMismatchError when another registry answers than the
    pinned one. A chain that does not answer is asked again when it is needed.
    """
    office = app.build(settings)
    if settings.path(settings.registry_file).is_file():
        check_at_start(office.chain.registry)
    return application_of(office)


def application_of(office: Office) -> FastAPI:
    """Return the application over an office that is put together already; it is closed at the end."""
    settings = office.settings
    runner = Runner(office, copies.collect)
    timekeeper = Timekeeper(office, CHORES)
    frame = Frame(
        name="issuer",
        base_url=settings.base_url,
        texts=Texts.load(_HERE / "texts"),
        templates=_HERE / "pages",
        clock=office.clock,
        trusted_https=settings.https,
        static=(_HERE / "static",),
    )

    @asynccontextmanager
    async def lifespan(_service: FastAPI) -> AsyncIterator[None]:
        runner.start()
        timekeeper.start()
        try:
            yield
        finally:
            timekeeper.stop()
            runner.stop()
            office.database.close()

    service = create(frame, ROUTERS, ready=_ready(office, runner), lifespan=lifespan, upload_paths=UPLOAD_PATHS)
    service.state.office = office
    service.state.runner = runner
    return service


def _ready(office: Office, runner: Runner) -> Callable[[], Mapping[str, bool]]:
    def ready() -> Mapping[str, bool]:
        return {"database": _database(office), "chain": _chain(office), "runner": runner.alive}

    return ready


def _database(office: Office) -> bool:
    try:
        with office.database.read() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _chain(office: Office) -> bool:
    try:
        office.chain.registry.view()
    except JikinError:
        return False
    return True
