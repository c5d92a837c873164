"""A small service that shows every part of the look in every state, and does with the scripts what services do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from jikin.errors import ChainUnavailableError, OfficeError, WalletError
from jikin.web import app, bodies
from jikin.web.frame import Frame
from jikin.web.origin import same_origin
from jikin.web.passkeys import NewPasskey, RelyingParty
from jikin.web.problems import Problem
from jikin.web.texts import Texts

HERE = Path(__file__).parent
JUNE_12 = 1_781_222_640  # 2026-06-12 09:04 in Seoul


class Gallery:
    """What the gallery remembers between requests."""

    def __init__(self) -> None:
        self.done = 0
        self.challenge = b""
        self.passkey: NewPasskey | None = None
        self.prf: list[str] = []
        self.received: list[tuple[str, bytes]] = []


def application(port: int = 8109) -> tuple[FastAPI, Gallery]:
    """Return the gallery and what it remembers."""
    frame = Frame(
        name="verifier",
        base_url=f"http://localhost:{port}",
        texts=Texts.load(HERE / "pages" / "texts"),
        templates=HERE / "pages" / "templates",
        clock=lambda: int(time.time()),
        trusted_https=False,
    )
    gallery = Gallery()
    router = APIRouter()
    _pages(router)
    _progress(router, gallery)
    _passkeys(router, gallery, RelyingParty("localhost", "Jikin", frame.base_url))
    _bodies(router, gallery)
    _faults(router)
    made = app.create(frame, [router], ready=lambda: {"chain": gallery.done < 99}, upload_paths=("/files/{kind}",))
    return made, gallery


def _pages(router: APIRouter) -> None:
    @router.get("/")
    def parts(request: Request) -> Response:
        nav = [("/", "확인하기", True), ("/console", "여러 건 확인", False), ("/camera", "위조 신고", False)]
        return request.app.state.pages.render(request, "gallery.html", nav=nav, june=JUNE_12)

    @router.get("/console")
    def console(request: Request) -> Response:
        menu = [
            ("/console", "발급", True, "paper", None),
            ("/", "대기", False, "list", 12),
            ("/camera", "취소·정지", False, "people", 2),
        ]
        return request.app.state.pages.render(request, "office.html", console_nav=menu)

    @router.get("/holder")
    def holder(request: Request) -> Response:
        tabs = [
            ("/holder", "증명서", True, "paper"),
            ("/", "보여 주기", False, "qr"),
            ("/console", "기록", False, "clock"),
            ("/camera", "설정", False, "gear"),
        ]
        nav = [(href, label, current) for href, label, current, _ in tabs]
        return request.app.state.pages.render(request, "holder.html", tabs=tabs, nav=nav)

    @router.get("/camera")
    def camera(request: Request) -> Response:
        return request.app.state.pages.render(request, "camera.html")

    @router.get("/elsewhere")
    def elsewhere(request: Request) -> Response:
        csp = {"form-action": "https://desk.example"}
        headers = {"cache-control": "public, max-age=60"}
        return request.app.state.pages.render(request, "said.html", csp=csp, headers=headers, said="x")

    @router.post("/scanned", dependencies=[Depends(same_origin)])
    def scanned(request: Request, form: bodies.FormBody) -> Response:
        return request.app.state.pages.render(request, "said.html", said=form["text"])


def _progress(router: APIRouter, gallery: Gallery) -> None:
    @router.get("/progress")
    def progress(request: Request) -> Response:
        gallery.done += 1
        return request.app.state.pages.render(request, "progress.html", done=min(gallery.done, 4), all=4)


def _passkeys(router: APIRouter, gallery: Gallery, party: RelyingParty) -> None:
    @router.get("/passkeys")
    def page(request: Request) -> Response:
        return request.app.state.pages.render(request, "passkeys.html")

    @router.post("/passkeys/options/{kind}", dependencies=[Depends(same_origin)])
    def options(kind: str) -> Response:
        salt = b"s" * 32
        if kind == "create":
            made, gallery.challenge = party.creation_options(b"user-1", "김하늘", prf_salt=salt)
            return JSONResponse(made)
        allow = [gallery.passkey.credential_id] if gallery.passkey else []
        made, gallery.challenge = party.request_options(None, allow, prf_salt=salt)
        return JSONResponse({"publicKey": made, "challenge_id": "c-1"})

    @router.post("/passkeys/{kind}", dependencies=[Depends(same_origin)])
    def answer(kind: str, form: bodies.FormBody) -> Response:
        gallery.prf.append(form.get("prf", ""))
        if kind == "create":
            gallery.passkey = party.verify_creation(form["response"], gallery.challenge)
            return RedirectResponse("/passkeys?made", 303)
        if gallery.passkey is None or form["challenge_id"] != "c-1":
            raise Problem(400, "request.invalid", "no passkey")
        party.verify_assertion(form["response"], gallery.challenge, gallery.passkey)
        return RedirectResponse("/passkeys?opened", 303)


def _bodies(router: APIRouter, gallery: Gallery) -> None:
    schema = {"type": "object"}

    @router.post("/json", openapi_extra=bodies.described_json(schema))
    def echo(body: bodies.JsonBody) -> Response:
        return JSONResponse(dict(body))

    @router.post("/form")
    def form(form: bodies.FormBody) -> Response:
        return JSONResponse(dict(form))

    @router.post("/files/{kind}")
    def files(
        kind: str,
        form: bodies.FormBody,
        sent: Annotated[tuple[bodies.Upload, ...], Depends(bodies.uploaded("file", max_files=2))],
    ) -> Response:
        gallery.received += [(one.name, one.data) for one in sent]
        return JSONResponse({"kind": kind, "fields": dict(form), "sizes": [len(one.data) for one in sent]})

    @router.post("/changes", dependencies=[Depends(same_origin)])
    def changes() -> Response:
        return JSONResponse({"changed": True})

    @router.get("/numbers/{number}")
    def number(number: int) -> Response:
        return JSONResponse({"number": number})


def _faults(router: APIRouter) -> None:
    faults = {
        "outage": ChainUnavailableError("no endpoint answered"),
        "missing": WalletError("there is no such certificate", code="wallet.not-found", hint="look at the list"),
        "refused": OfficeError("the batch is closed", code="office.state"),
        "gone": Problem(410, "invitation.used", "this invitation was used"),
        "defect": ValueError("김비밀"),
    }

    @router.get("/faults/{name}")
    def fault(name: str) -> Response:
        raise faults[name]
