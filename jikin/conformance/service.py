"""The conformance profile as a web application: put together here, with keys that end with the process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI

from jikin.conformance import http
from jikin.conformance.issuing import Issuer
from jikin.conformance.keys import Keys
from jikin.conformance.lists import Lists, OwnLists
from jikin.conformance.settings import Settings
from jikin.conformance.trusting import TrustFolder
from jikin.dids import resolution
from jikin.values import KeyType
from jikin.verification import policy as policies
from jikin.verification.assembly import assemble
from jikin.verification.sources import Session
from jikin.web import identifiers, vc_api
from jikin.web.app import create
from jikin.web.frame import Frame
from jikin.web.texts import Texts
from jikin.web.vc_api import Judging

_HERE = Path(__file__).parent
_POLICY = "proof"


def application(settings: Settings, clock: Callable[[], int]) -> FastAPI:
    """Return the application; raises SettingsError for a trust or contexts folder that cannot be read."""
    keys = Keys()
    lists = Lists(settings.base_url, str(keys.did(KeyType.ED25519)), clock())
    base = assemble(settings.plan())
    trust = None if settings.trust is None else TrustFolder(settings.trust)
    policy = policies.packaged(_POLICY)

    def session() -> Session:
        door = OwnLists(lists, issuer.status_list, base.fetch)
        sources = replace(base, fetch=door)
        return (sources if trust is None else trust.newest(sources)).at_newest()

    issuer = Issuer(keys, lists, policy, session, clock)

    @contextmanager
    def judging() -> Iterator[Judging]:
        yield Judging(session(), policy, clock())

    frame = Frame(
        name="conformance",
        base_url=settings.base_url,
        texts=Texts.load(_HERE / "texts"),
        templates=_HERE / "texts",
        clock=clock,
        trusted_https=False,
    )
    return create(
        frame,
        (
            vc_api.router(judging, http.guard),
            http.router(issuer),
            identifiers.router(
                lambda text, options: resolution.resolve(text, base.did_methods, base.fetch, options), http.guard
            ),
        ),
        ready=lambda: {"key": True},
    )
