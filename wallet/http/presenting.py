"""Showing on pages: by QR code in person, or as the answer to a request, after the holder has seen who asks and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from jikin.errors import DocumentError, JikinError
from jikin.web.bodies import FormBody, Upload, described_form, uploaded
from jikin.web.languages import day
from jikin.web.origin import same_origin
from wallet import holding, presenting
from wallet.app import Wallet
from wallet.http import shown
from wallet.http.layout import SHOW, Fault, fault_named, fault_of, say_of, show, tongue_of
from wallet.http.opened import HolderRoute, Opened, TheWallet, marked, see
from wallet.http.paper import has_hidden_birth_date
from wallet.http.receiving import MAX_PICTURE
from wallet.http.shown import Card, Say
from wallet.http.wording import REQUEST_FAULTS, LinkKind, kind_of_link, picture_text
from wallet.sessions import OpenVault
from wallet.values import Asked, Held, Presented, Shown, Standing, Trust, Wanted

router = APIRouter(tags=["pages"], route_class=HolderRoute)
_OURS = [Depends(same_origin)]
Pictures = Annotated[tuple[Upload, ...], Depends(uploaded("picture", 1, MAX_PICTURE))]
_CHOICE = "choose."
_TRUST_KINDS: Mapping[Trust, str] = {
    Trust.REGISTERED: "passed",
    Trust.VERIFIED: "waiting",
    Trust.UNVERIFIED: "unknown",
}


@router.get("/present", summary="Ways to show a certificate; with ?request=, who asks for what")
def present_page(request: Request, wallet: TheWallet, vault: Opened) -> Response:
    """Return the ways to show something, or the request of a link that leads here."""
    text = request.query_params.get("request")
    return _ways(request, wallet, vault) if text is None else _look(request, wallet, vault, text)


@router.get("/share", summary="The same as /present", include_in_schema=False)
def share() -> Response:
    """Lead to the ways to show a certificate."""
    return see("/present")


@router.post("/present", summary="Look at a request", dependencies=_OURS, openapi_extra=described_form("text"))
def look(request: Request, wallet: TheWallet, vault: Opened, form: FormBody) -> Response:
    """Return who asks for what, from a pasted or scanned link."""
    return _look(request, wallet, vault, form.get("text", ""))


@router.post(
    "/present/picture",
    summary="Look at a request in a picture of a QR code",
    dependencies=_OURS,
    openapi_extra=described_form(files=("picture",)),
)
def look_at_picture(request: Request, wallet: TheWallet, vault: Opened, pictures: Pictures) -> Response:
    """Return who asks for what, from the code in an uploaded picture."""
    try:
        text = picture_text(pictures)
    except DocumentError as error:
        return _ways(request, wallet, vault, fault_of(error, say_of(request), REQUEST_FAULTS))
    return _look(request, wallet, vault, text)


def _look(request: Request, wallet: Wallet, vault: OpenVault, text: str) -> Response:
    say, text = say_of(request), text.strip()
    if not text:
        return _ways(request, wallet, vault, fault_named(say, "fault.link-needed", "wallet.link"))
    kind = kind_of_link(text)
    if kind is not LinkKind.REQUEST:
        key = "fault.an-offer" if kind is LinkKind.OFFER else "fault.other-qr"
        return _ways(request, wallet, vault, fault_named(say, key, f"wallet.link.{kind}"))
    try:
        asked = presenting.look(wallet, vault, text)
    except JikinError as error:
        return _ways(request, wallet, vault, fault_of(error, say, REQUEST_FAULTS))
    return _consent(request, asked)


@router.get("/present/{asked_id}", summary="A request that waits for an answer")
def consent(request: Request, wallet: TheWallet, vault: Opened, asked_id: str) -> Response:
    """Return the consent page once more."""
    try:
        asked = presenting.again(wallet, vault, asked_id)
    except JikinError as error:
        return _ways(request, wallet, vault, fault_of(error, say_of(request), REQUEST_FAULTS))
    return _consent(request, asked)


@router.post(
    "/present/{asked_id}",
    summary="Show what was asked for, or do not",
    dependencies=_OURS,
    openapi_extra=described_form("answer", optional=("understood",)),
)
def answer(request: Request, wallet: TheWallet, vault: Opened, asked_id: str, form: FormBody) -> Response:
    """Send the holder's answer and say what became of it."""
    say = say_of(request)
    try:
        asked = presenting.again(wallet, vault, asked_id)
        if form.get("answer") != "yes":
            return _done(request, asked, presenting.decline(wallet, vault, asked_id), shown_it=False)
    except JikinError as error:
        return _ways(request, wallet, vault, fault_of(error, say, REQUEST_FAULTS))
    chosen = {name.removeprefix(_CHOICE): value for name, value in form.items() if name.startswith(_CHOICE) and value}
    if _needs_warning(asked, chosen) and not form.get("understood"):
        fault = fault_named(say, "consent.must-understand", "wallet.not-understood")
        return _consent(request, asked, chosen=chosen, fault=fault)
    try:
        presented = presenting.answer(wallet, vault, asked_id, chosen)
    except JikinError as error:
        return _after_refusal(request, wallet, vault, asked_id, fault_of(error, say, REQUEST_FAULTS))
    return marked(request, wallet, vault, _done(request, asked, presented, shown_it=True))


def _after_refusal(request: Request, wallet: Wallet, vault: OpenVault, asked_id: str, fault: Fault) -> Response:
    """Return the consent page again where the request can still be answered, else the ways to show something."""
    try:
        asked = presenting.again(wallet, vault, asked_id)
    except JikinError:
        return _ways(request, wallet, vault, fault)
    return _consent(request, asked, fault=fault)


def _needs_warning(asked: Asked, chosen: Mapping[str, str]) -> bool:
    held = {entry.id: entry for wanted in asked.wanted for entry in wanted.candidates}
    return any(key in held and held[key].standing is not Standing.PASSED for key in chosen.values())


def _ways(request: Request, wallet: Wallet, vault: OpenVault, fault: Fault | None = None) -> Response:
    language, say = tongue_of(request), say_of(request)
    cards = [shown.card(held, language, say) for held in holding.held(wallet, vault)]
    return show(request, "present.html", SHOW, status=200 if fault is None else 400, fault=fault, cards=cards)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A certificate that fits, as the consent page shows it: what would be seen of it, and what to be warned of.

    *hidden* are the names of what would not be seen.
    """

    card: Card
    rows: tuple[tuple[str, str], ...] = field(repr=False)
    hidden: tuple[str, ...]
    warning: str | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is asked for. *skipped*: the holder leaves it out."""

    id: str
    required: bool
    candidates: tuple[Candidate, ...]
    skipped: bool

    @property
    def selective(self) -> bool:
        """Say whether certificates that fit are shown in part; all that fit one question are of one format."""
        return any(candidate.card.selective for candidate in self.candidates)


def _consent(
    request: Request, asked: Asked, *, chosen: Mapping[str, str] | None = None, fault: Fault | None = None
) -> Response:
    language, say = tongue_of(request), say_of(request)
    questions = [_question(wanted, chosen, language, say) for wanted in asked.wanted]
    warned = any(row.warning for question in questions for row in question.candidates if row.chosen)
    choices = [question for question in questions if len(question.candidates) > 1 or not question.required]
    return show(
        request,
        "consent.html",
        SHOW,
        status=200 if fault is None else 400,
        fault=fault,
        asked=asked,
        asker=shown.tongue(asked.asker.name, language) or asked.asker.host,
        trust_kind=_TRUST_KINDS[asked.asker.trust],
        purpose=shown.tongue(asked.purpose, language),
        questions=[question for question in questions if question.required],
        optional=[question for question in questions if not question.required],
        leaves_out=any(row.hidden for question in choices for row in question.candidates),
        warned=warned or (fault is not None and fault.code == "wallet.not-understood"),
    )


def _question(wanted: Wanted, chosen: Mapping[str, str] | None, language: str, say: Say) -> Question:
    picked = _picked(wanted, chosen)
    return Question(
        wanted.query_id,
        wanted.required,
        tuple(_candidate(held, wanted, picked, language, say) for held in wanted.candidates),
        skipped=picked is None,
    )


def _picked(wanted: Wanted, chosen: Mapping[str, str] | None) -> str | None:
    """Return which certificate is marked at first: the best that fits; nothing where it may be left out."""
    if chosen is not None:
        return chosen.get(wanted.query_id)
    return wanted.candidates[0].id if wanted.required and wanted.candidates else None


def _candidate(held: Held, wanted: Wanted, picked: str | None, language: str, say: Say) -> Candidate:
    card = shown.card(held, language, say)
    warning = None if held.standing is Standing.PASSED else say(f"consent.warn-{held.standing}")
    seen = wanted.shown[held.id]
    hidden = tuple(shown.tongue(label, language) for label in seen.hidden)
    rows = _whole(held, seen, language, say) if seen.whole else _part(held, seen, language, say)
    return Candidate(card, rows, hidden, warning, held.id == picked)


def _part(held: Held, seen: Shown, language: str, say: Say) -> tuple[tuple[str, str], ...]:
    """Return what is seen of a certificate that is shown in part: only what is in what would be sent."""
    until = seen.valid_until
    return (
        (say("consent.kind"), shown.tongue(seen.kind, language)),
        *shown.said_of(seen.fields, language),
        (say("consent.issuer-and-date"), _issued(held, seen, language)),
        *(() if until is None else ((say("detail.until"), day(until, language)),)),
        (say("consent.validity"), say("consent.validity-say", word=say(f"pill.{held.standing}"))),
    )


def _issued(held: Held, seen: Shown, language: str) -> str:
    issuer = shown.tongue(held.issuer, language)
    return issuer if seen.issued_at is None else f"{issuer}, {day(seen.issued_at, language)}"


def _whole(held: Held, seen: Shown, language: str, say: Say) -> tuple[tuple[str, str], ...]:
    return (
        *shown.rows(held, seen.fields, language, say),
        *(
            ((say("consent.birth-date"), say("consent.birth-date-say")),)
            if has_hidden_birth_date(held.credential)
            else ()
        ),
        (say("consent.issuer-and-date"), _issued(held, seen, language)),
        *(() if held.number is None else ((say("detail.number"), held.number),)),
        (say("consent.validity"), say("consent.validity-say", word=say(f"pill.{held.standing}"))),
    )


def _done(request: Request, asked: Asked, presented: Presented, *, shown_it: bool) -> Response:
    onward = presented.redirect_uri
    return show(
        request,
        "done.html",
        SHOW,
        asker=shown.tongue(asked.asker.name, tongue_of(request)) or asked.asker.host,
        shown_it=shown_it,
        onward=onward if onward is not None and onward.startswith(("https://", "http://")) else None,
    )
