"""What is in the wallet: the start page, the list, one certificate with its QR code and files, the activity log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter, Depends, Request, Response

from jikin.badges.pdf import PACK_FILE
from jikin.errors import WalletError
from jikin.openid4vc.candidate import SD_JWT_VC
from jikin.status.pack import MEDIA_TYPE
from jikin.values import Json, format_instant
from jikin.web.languages import day
from jikin.web.origin import same_origin
from wallet import accounts, activity, holding
from wallet.http import shown
from wallet.http.layout import ACTIVITY, LIST, say_of, show, tongue_of
from wallet.http.opened import PRIVATE, HolderRoute, Opened, PerhapsOpened, TheWallet, marked, see
from wallet.http.paper import paper
from wallet.http.shown import Say
from wallet.members import texts
from wallet.values import Event, Held, Standing

router = APIRouter(tags=["pages"], route_class=HolderRoute)
_OURS = [Depends(same_origin)]
_FILTER_FROM = 4  # fewer certificates are seen at a glance
_TONES = {
    Standing.PASSED: "passed",
    Standing.REVOKED: "failed",
    Standing.REPLACED: "failed",
    Standing.FAILED: "failed",
    Standing.UNKNOWN: "unknown",
}
_MAX_SEARCH = 200


@router.get("/", summary="The certificates of whoever has the wallet open, else the start page")
def front(request: Request, wallet: TheWallet, vault: PerhapsOpened) -> Response:
    """Return the list, newest first, filtered by ``?kind=`` and ``?q=``; strangers see what a wallet is."""
    if vault is None:
        return show(request, "start.html", None)
    language, say = tongue_of(request), say_of(request)
    everything = holding.held(wallet, vault)
    kind = request.query_params.get("kind", "")
    search = request.query_params.get("q", "")[:_MAX_SEARCH].strip()
    chosen = [held for held in everything if kind in ("", shown.family(held)) and shown.fits(held, search)]
    return show(
        request,
        "list.html",
        LIST,
        name=accounts.display_name(wallet, vault),
        total=len(everything),
        cards=[shown.card(held, language, say) for held in chosen],
        notices=_notices(everything, language, say),
        filters=_filters(everything, kind, say) if len(everything) >= _FILTER_FROM else (),
        kind=kind,
        search=search,
        may_receive=accounts.may_receive(wallet, vault),
    )


@dataclass(frozen=True, slots=True)
class Notice:
    """A certificate whose standing has changed since the holder last looked at it."""

    id: str
    kind: str
    tone: str
    text: str = field(repr=False)


def _notices(everything: Sequence[Held], language: str, say: Say) -> tuple[Notice, ...]:
    return tuple(
        Notice(
            held.id,
            held.standing.value,
            _TONES.get(held.standing, "waiting"),
            say(f"changed.{held.standing}", title=shown.tongue(held.title, language)),
        )
        for held in everything
        if held.previous is not None and held.previous is not held.standing
    )


def _filters(everything: Sequence[Held], kind: str, say: Say) -> tuple[tuple[str, str, bool], ...]:
    """Return value, label with count and whether it is chosen, for every family that is there."""
    families = [shown.family(held) for held in everything]
    there = [name for name in (*shown.FAMILIES, shown.OTHER) if name in families]
    return (
        ("", f"{say('list.all')} {len(everything)}", kind == ""),
        *((name, f"{say(f'family.{name}')} {families.count(name)}", kind == name) for name in there),
    )


@router.post("/check", summary="Check every certificate again", dependencies=_OURS)
def check_all(wallet: TheWallet, vault: Opened) -> Response:
    """Verify everything now and lead to the list."""
    holding.check_again(wallet, vault)
    return see("/?said=checked-all#result")


@router.get("/credentials/{id}", summary="One certificate")
def certificate(request: Request, wallet: TheWallet, vault: Opened, id: str) -> Response:
    """Return the certificate: how it stands, the document, what it says, what was checked, the raw data."""
    held = holding.one(wallet, vault, id)
    if held.previous is not None:
        holding.seen(wallet, vault, id)
    language, say = tongue_of(request), say_of(request)
    url = holding.check_url(wallet, held)
    checks = shown.checks(held.report, language, say)
    return show(
        request,
        "detail.html",
        LIST,
        held=held,
        card=shown.card(held, language, say),
        verdict=shown.verdict(held, language, say),
        paper=paper(held, language, say),
        facts=_facts(held, language, say),
        checks=checks,
        all_passed=shown.all_passed(checks),
        as_of=shown.as_of(held.report),
        check_url=url,
        raw=_readable(held.credential).decode(),
        anchored=shown.anchored_at(held.report),
        packable=wallet.proving is not None and held.receipt is not None,
        printable=held.number is not None and held.type in shown.FAMILIES,
    )


def _facts(held: Held, language: str, say: Say) -> tuple[tuple[str, ...], ...]:
    until = say("detail.no-end") if held.valid_until is None else day(held.valid_until, language)
    rows: list[tuple[str, ...]] = [
        *shown.rows(held, held.fields, language, say),
        (say("detail.number"), held.number or "", "number"),
        (say("detail.issuer"), shown.tongue(held.issuer, language)),
        (say("detail.issued"), "" if held.issued_at is None else day(held.issued_at, language)),
        (say("detail.until"), until),
    ]
    return tuple(rows)


@router.post("/credentials/{id}/check", summary="Check one certificate again", dependencies=_OURS)
def check_one(wallet: TheWallet, vault: Opened, id: str) -> Response:
    """Verify it now and lead back to it."""
    holding.one(wallet, vault, id)
    holding.check_again(wallet, vault, [id])
    return see(f"/credentials/{id}?said=checked#result")


@router.get("/credentials/{id}/qr", summary="The QR code of a certificate, as large as the screen")
def qr(request: Request, wallet: TheWallet, vault: Opened, id: str) -> Response:
    """Return a bright page with the code that leads a verifier to the check page."""
    held = holding.one(wallet, vault, id)
    language, say = tongue_of(request), say_of(request)
    return show(
        request,
        "qr.html",
        None,
        held=held,
        card=shown.card(held, language, say),
        check_url=holding.check_url(wallet, held),
        passed=held.standing is Standing.PASSED,
    )


@router.get("/credentials/{id}/certificate.pdf", summary="The certificate for printing, with the original inside")
def pdf(request: Request, wallet: TheWallet, vault: Opened, id: str) -> Response:
    """Return the PDF."""
    data = holding.pdf(wallet, vault, id, tongue_of(request))
    return _download(data, "application/pdf", "certificate.pdf")


@router.get("/credentials/{id}/credential.json", summary="The signed original, where that is JSON")
def original(wallet: TheWallet, vault: Opened, id: str) -> Response:
    """Return the credential as the issuer signed it; raises WalletError (``wallet.original.not-found``) for a text."""
    held = holding.one(wallet, vault, id)
    if held.envelope is not None:
        raise WalletError("this certificate came as SD-JWT, not as JSON", code="wallet.original.not-found")
    return _download(_readable(held.credential), "application/vc", "credential.json")


@router.get("/credentials/{id}/credential.sd-jwt", summary="The signed original, where that is an SD-JWT")
def original_text(wallet: TheWallet, vault: Opened, id: str) -> Response:
    """Return the SD-JWT VC with all disclosures; raises WalletError (``wallet.original.not-found``) for JSON."""
    held = holding.one(wallet, vault, id)
    if held.envelope is None:
        raise WalletError("this certificate came as JSON, not as SD-JWT", code="wallet.original.not-found")
    return _download(held.envelope.encode(), f"application/{SD_JWT_VC}", "credential.sd-jwt")


@router.get("/credentials/{id}/proof-pack.cbor", summary="What shows offline that it stands")
def proof_pack(wallet: TheWallet, vault: Opened, id: str) -> Response:
    """Return the proof pack, a fresh one where the last is old; raises WalletError (``wallet.no-pack``)."""
    return _download(holding.pack(wallet, vault, id), MEDIA_TYPE, PACK_FILE)


@router.get("/credentials/{id}/receipt.json", summary="The receipt of its record")
def receipt(wallet: TheWallet, vault: Opened, id: str) -> Response:
    """Return the receipt; raises WalletError (``wallet.receipt.not-found``) where none has come yet."""
    held = holding.one(wallet, vault, id)
    if held.receipt is None:
        raise WalletError("this certificate has no receipt yet", code="wallet.receipt.not-found")
    return _download(_readable(held.receipt), "application/json", "receipt.json")


@router.get("/credentials/{id}/remove", summary="Ask before removing")
def ask_remove(request: Request, wallet: TheWallet, vault: Opened, id: str) -> Response:
    """Return the page that warns and asks."""
    held = holding.one(wallet, vault, id)
    return show(request, "remove.html", LIST, card=shown.card(held, tongue_of(request), say_of(request)))


@router.post("/credentials/{id}/remove", summary="Remove a certificate from the wallet", dependencies=_OURS)
def remove(request: Request, wallet: TheWallet, vault: Opened, id: str) -> Response:
    """Remove it for good."""
    holding.remove(wallet, vault, id)
    return marked(request, wallet, vault, see("/?said=removed#result"))


@router.get("/export.json", summary="Every certificate and receipt in one file")
def export(wallet: TheWallet, vault: Opened) -> Response:
    """Return everything held, not sealed."""
    held = holding.held(wallet, vault)
    content: dict[str, Json] = {
        "type": "JikinWalletExport",
        "version": 1,
        "certificates": [{"credential": entry.issued, "receipt": entry.receipt} for entry in held],
    }
    return _download(_readable(content), "application/json", "certificates.json")


@router.get("/activity", summary="What happened in this wallet")
def log(request: Request, wallet: TheWallet, vault: Opened) -> Response:
    """Return the activity log, newest first."""
    language, say = tongue_of(request), say_of(request)
    events = [_line(event, language, say) for event in activity.events(wallet, vault)]
    return show(request, "activity.html", ACTIVITY, events=events)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the activity log."""

    at: int
    iso: str
    text: str = field(repr=False)
    party: str | None = field(repr=False)
    claims: str = ""


def _line(event: Event, language: str, say: Say) -> Line:
    title = shown.tongue(event.title, language) or say("activity.certificate")
    text = say(f"activity.{event.act if event.act in activity.ACTS else 'other'}", title=title)
    return Line(event.at, format_instant(event.at), text, event.party, _claims(event, language, say))


def _claims(event: Event, language: str, say: Say) -> str:
    """Return which claims of a certificate were shown; an empty text where it was shown whole, or nothing was."""
    listed = event.detail.get("claims")
    labels = [texts(label) for label in listed] if isinstance(listed, (list, tuple)) else []
    names = ", ".join(name for label in labels if (name := shown.tongue(label, language)))
    return say("activity.claims", names=names) if names else ""


def _download(data: bytes, media_type: str, name: str) -> Response:
    headers = {**PRIVATE, "content-disposition": f'attachment; filename="{name}"'}
    return Response(data, 200, headers, media_type)


def _readable(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()
