"""The wallet as a web application: routers listed one by one, nothing is found by itself."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from jikin.anchoring.pins import check_at_start
from jikin.verification.evidence import Known
from jikin.web import logs
from jikin.web.app import create
from jikin.web.frame import Frame
from jikin.web.texts import Texts
from wallet import app, development
from wallet.app import Wallet
from wallet.http import api, deriving, pages, presenting, receiving, settings_pages, sign_in
from wallet.settings import Settings
from wallet.watching import Watcher

_HERE = Path(__file__).parent

ROUTERS = (
    sign_in.router,
    pages.router,
    receiving.router,
    presenting.router,
    settings_pages.router,
    api.router,
    deriving.router,
)
# Pictures of QR codes.
UPLOAD_PATHS = frozenset({"/receive/picture", "/present/picture"})


def application(settings: Settings) -> FastAPI:
    """Return the wallet's application; raises SettingsError for what is missing or cannot be right.

    It does not start where another registry answers than the pinned one (RegistryMismatchError).
    """
    logs.configure(settings.log_level)
    wallet = app.build(settings, clock=lambda: int(time.time()))
    check_at_start(wallet.sources.registry)
    return application_of(wallet)


def application_of(wallet: Wallet) -> FastAPI:
    """Return the application over a wallet that is put together already; it is closed at the end."""
    settings = wallet.settings
    if settings.dev_tokens is not None:
        development.prepare(wallet, settings.dev_tokens)
    frame = Frame(
        name="wallet",
        base_url=settings.base_url,
        texts=Texts.load(_HERE / "texts"),
        templates=_HERE / "pages",
        clock=wallet.clock,
        trusted_https=settings.base_url.startswith("https://"),
        static=(_HERE / "static",),
    )
    watcher = Watcher(wallet)

    @asynccontextmanager
    async def lifespan(_service: FastAPI) -> AsyncIterator[None]:
        watcher.start()
        try:
            yield
        finally:
            watcher.stop()
            wallet.close()

    service = create(frame, ROUTERS, ready=lambda: _ready(wallet), lifespan=lifespan, upload_paths=UPLOAD_PATHS)
    service.state.wallet = wallet
    return service


def _ready(wallet: Wallet) -> Mapping[str, bool]:
    try:
        found, newest = wallet.database.schema_versions()
        database = found == newest
    except SQLAlchemyError:
        database = False
    session = wallet.sources.at_newest()
    chain = wallet.sources.registry is None or isinstance(session.block, Known)
    return {"database": database, "chain": chain}
