"""Receiving on pages: a link or a QR code, what it brings and from whom, the code of the letter, the result."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from jikin.errors import DocumentError, JikinError
from jikin.web.bodies import FormBody, Upload, described_form, uploaded
from jikin.web.origin import same_origin
from wallet import accounts, holding, receiving
from wallet.app import Wallet
from wallet.http import shown
from wallet.http.layout import LIST, Fault, fault_named, fault_of, say_of, show, tongue_of
from wallet.http.opened import HolderRoute, Opened, TheWallet, marked, see
from wallet.http.wording import OFFER_FAULTS, TRY_AGAIN, LinkKind, kind_of_link, picture_text
from wallet.sessions import OpenVault
from wallet.values import OfferSeen, Standing

router = APIRouter(tags=["pages"], route_class=HolderRoute)
_OURS = [Depends(same_origin)]
MAX_PICTURE = 20 << 20
_NO_OFFER = {
    LinkKind.REQUEST: "fault.a-request",
    LinkKind.CHECK: "fault.a-check",
    LinkKind.OTHER: "fault.other-qr",
}
Pictures = Annotated[tuple[Upload, ...], Depends(uploaded("picture", 1, MAX_PICTURE))]


@router.get("/receive", summary="Ways to receive a certificate; with ?offer=, what an offer brings")
def receive_page(request: Request, wallet: TheWallet, vault: Opened) -> Response:
    """Return the three doors, or the offer of a link that leads here."""
    text = request.query_params.get("offer")
    return _doors(request, wallet, vault) if text is None else _look(request, wallet, vault, text)


@router.post("/receive", summary="Look at an offer", dependencies=_OURS, openapi_extra=described_form("text"))
def look(request: Request, wallet: TheWallet, vault: Opened, form: FormBody) -> Response:
    """Return what a pasted or scanned link brings."""
    return _look(request, wallet, vault, form.get("text", ""))


@router.post(
    "/receive/picture",
    summary="Look at an offer in a picture of a QR code",
    dependencies=_OURS,
    openapi_extra=described_form(files=("picture",)),
)
def look_at_picture(request: Request, wallet: TheWallet, vault: Opened, pictures: Pictures) -> Response:
    """Return what the code in an uploaded picture brings."""
    try:
        text = picture_text(pictures)
    except DocumentError as error:
        return _doors(request, wallet, vault, fault_of(error, say_of(request), OFFER_FAULTS))
    return _look(request, wallet, vault, text)


def _look(request: Request, wallet: Wallet, vault: OpenVault, text: str, fault: Fault | None = None) -> Response:
    say, text = say_of(request), text.strip()
    if not text:
        return _doors(request, wallet, vault, fault_named(say, "fault.link-needed", "wallet.link"))
    kind = kind_of_link(text)
    if kind is not LinkKind.OFFER:
        return _doors(request, wallet, vault, fault_named(say, _NO_OFFER[kind], f"wallet.link.{kind}"))
    try:
        offer = receiving.look(wallet, vault, text)
    except JikinError as error:
        return _doors(request, wallet, vault, fault_of(error, say, OFFER_FAULTS))
    return _offer(request, offer, text, fault)


@router.post(
    "/receive/{offer_id}",
    summary="Accept an offer",
    dependencies=_OURS,
    openapi_extra=described_form(optional=("code", "text")),
)
def accept(request: Request, wallet: TheWallet, vault: Opened, offer_id: str, form: FormBody) -> Response:
    """Fetch, check and keep what the offer brings."""
    code = form.get("code", "").strip() or None
    try:
        held = receiving.receive(wallet, vault, offer_id, code)
    except JikinError as error:
        texts = OFFER_FAULTS if code else {**OFFER_FAULTS, "wallet.tx-code": "fault.code-needed"}
        fault = fault_of(error, say_of(request), texts)
        if error.code in TRY_AGAIN and form.get("text"):
            return _look(request, wallet, vault, form["text"], fault)
        return _doors(request, wallet, vault, fault)
    if not held:
        return marked(request, wallet, vault, see("/receive?said=pending#result"))
    ids = "".join(f"&id={entry.id}" for entry in held)
    return marked(request, wallet, vault, see(f"/received?{ids[1:]}#result"))


@router.post("/receive/{offer_id}/forget", summary="Do not accept an offer", dependencies=_OURS)
def forget(wallet: TheWallet, vault: Opened, offer_id: str) -> Response:
    """Drop the offer and lead to the list."""
    receiving.forget(wallet, vault, offer_id)
    return see("/?said=not-received#result")


@router.post("/pick-up", summary="Ask again for certificates that were still being made", dependencies=_OURS)
def pick_up(request: Request, wallet: TheWallet, vault: Opened) -> Response:
    """Fetch what is ready now."""
    try:
        held = receiving.pick_up(wallet, vault)
    except JikinError as error:
        return _doors(request, wallet, vault, fault_of(error, say_of(request), OFFER_FAULTS))
    if not held:
        return see("/receive?said=pending#result")
    ids = "".join(f"&id={entry.id}" for entry in held)
    return marked(request, wallet, vault, see(f"/received?{ids[1:]}#result"))


@router.get("/received", summary="What was just put into the wallet")
def received(request: Request, wallet: TheWallet, vault: Opened) -> Response:
    """Return the certificates named by ``?id=``, and whether each holds."""
    ids = request.query_params.getlist("id")[:20]
    held = [holding.one(wallet, vault, key) for key in ids]
    if not held:
        return see("/")
    language, say = tongue_of(request), say_of(request)
    return show(
        request,
        "received.html",
        LIST,
        cards=[shown.card(entry, language, say) for entry in held],
        good=all(entry.standing is Standing.PASSED for entry in held),
    )


def _doors(request: Request, wallet: Wallet, vault: OpenVault, fault: Fault | None = None) -> Response:
    waiting = receiving.pending(wallet, vault)
    language = tongue_of(request)
    return show(
        request,
        "receive.html",
        LIST,
        status=200 if fault is None else 400,
        fault=fault,
        may_receive=accounts.may_receive(wallet, vault),
        pending=[_titles(offer, language) or offer.issuer_url for offer in waiting],
    )


def _offer(request: Request, offer: OfferSeen, text: str, fault: Fault | None) -> Response:
    language, say = tongue_of(request), say_of(request)
    length = offer.code_length or 0
    return show(
        request,
        "offer.html",
        LIST,
        status=200 if fault is None else 400,
        fault=fault,
        offer=offer,
        issuer=shown.tongue(offer.issuer, language) or shown.host(offer.issuer_url),
        host=shown.host(offer.issuer_url),
        titles=[shown.tongue(title, language) for title in offer.titles],
        text=text,
        asks_code=offer.code_length is not None,
        code_hint=offer.code_description
        or (say("offer.code-hint", length=length) if length else say("offer.code-hint-plain")),
        code_attrs={"inputmode": "numeric", "spellcheck": "false", "maxlength": length or 64},
    )


def _titles(offer: OfferSeen, language: str) -> str:
    return ", ".join(title for names in offer.titles if (title := shown.tongue(names, language)))
