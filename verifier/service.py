"""The verifier as a web application: routers listed one by one, nothing is found by itself."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from jikin.anchoring.pins import check_at_start
from jikin.errors import SettingsError
from jikin.verification.evidence import Known
from jikin.web import logs
from jikin.web.app import create
from jikin.web.cookies import SessionCookie
from jikin.web.frame import Frame
from jikin.web.texts import Texts
from jikin.web.tokens import TokenDigest, read_dev_tokens
from verifier.app import build
from verifier.http import api, identity, numbers, pages, requests, sightings, uploads
from verifier.http.counter import Counter, Limits, standard_limits
from verifier.opening import OpenDesk, open_desk
from verifier.settings import Settings

_HERE = Path(__file__).parent
_SERVICE = "verifier"
_DAY = 24 * 60 * 60


def application(settings: Settings) -> FastAPI:
    """Return the verifier's application; raises SettingsError, RegistryError, DeskError where it cannot work.

    It does not start where another registry answers than the pinned one (RegistryMismatchError).
    """
    logs.configure(settings.log_level)
    desk = build(settings, lambda: int(time.time()))
    check_at_start(desk.sources.registry)
    return counter_of(open_desk(settings, desk, monotonic=time.monotonic))


def counter_of(opened: OpenDesk, limits: Limits | None = None) -> FastAPI:
    """Return the application of an open desk, which it closes when it ends."""
    settings = opened.settings
    frame = Frame(
        name=_SERVICE,
        base_url=settings.base_url,
        texts=Texts.load(_HERE / "texts"),
        templates=_HERE / "pages",
        clock=opened.desk.clock,
        trusted_https=settings.base_url.startswith("https://"),
        static=(_HERE / "static",),
    )
    asker = SessionCookie(frame, "asker", _DAY)
    counter = Counter(opened, frame, asker, _token(settings), limits or standard_limits())

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        opened.close()

    return create(
        frame,
        [
            pages.router(counter),
            numbers.router(counter),
            uploads.router(counter),
            requests.router(counter),
            api.router(counter),
            sightings.router(counter),
            identity.router(counter),
        ],
        ready=lambda: _ready(opened),
        lifespan=lifespan,
        upload_paths=uploads.UPLOAD_PATHS,
    )


def _token(settings: Settings) -> TokenDigest | None:
    if settings.dev_tokens is None:
        return None
    tokens = read_dev_tokens(settings.dev_tokens)
    if _SERVICE not in tokens:
        raise SettingsError(f"{settings.dev_tokens} has no token for the {_SERVICE}", code="settings.value")
    return TokenDigest.of(tokens[_SERVICE])


def _ready(opened: OpenDesk) -> Mapping[str, bool]:
    try:
        found, newest = opened.database.schema_versions()
        database = found == newest
    except SQLAlchemyError:
        database = False
    with opened.sessions.session() as session:
        chain = session.sources.registry is None or isinstance(session.block, Known)
    return {"database": database, "chain": chain}
