"""Pages for holders, without a script: what this service is, and how a holder gets her certificate into a wallet."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Depends, Request, Response

from issuer import applying, handing, second_factor
from issuer.approving import Role, need
from issuer.formats import Format
from issuer.http.common import ConsoleRoute, OfficeHere, OfficerHere, RowId, show
from issuer.http.places import every, network_of
from issuer.http.public import limiters_of
from issuer.notices import notifier
from issuer.office import Office
from issuer.second_factor import Facts
from jikin.errors import OfficeError
from jikin.web.bodies import FormBody
from jikin.web.languages import language_of
from jikin.web.origin import same_origin
from jikin.web.pages import Pages
from jikin.web.problems import Problem

router = APIRouter(include_in_schema=False)
console_router = APIRouter(prefix="/admin", route_class=ConsoleRoute, include_in_schema=False)
_WHOLE, _SELECTIVE = "whole", "selective"
_NAV = (("/claim", "claim"), ("/apply", "apply"), ("/progress", "progress"))


def page(
    request: Request, office: Office, template: str, current: str = "", *, status: int = 200, **values: object
) -> Response:
    """Return a public page; *current* is the key of the menu's entry that it belongs to."""
    pages, language = cast(Pages, request.app.state.pages), language_of(request)
    takes = applying.taker(office) is not None
    nav = [
        (address, pages.text(language, f"holder.nav.{key}"), key == current)
        for address, key in _NAV
        if takes or key == "claim"
    ]
    known = every(office)
    role = office.profile(known[0]).names.in_language(language) if len(known) == 1 else None
    return pages.render(
        request,
        template,
        status=status,
        headers=None,
        csp=None,
        csp_without=frozenset(),
        nav=nav,
        institution_name=role,
        **values,
    )


@router.get("/")
def home(request: Request, office: OfficeHere) -> Response:
    """Return what this service is, and where to go."""
    names = [office.profile(one).names for one in every(office)]
    return page(
        request,
        office,
        "home.html",
        names=names,
        takes=applying.taker(office) is not None,
        verifier_url=office.settings.verifier_url,
        wallet_url=office.settings.wallet_url,
    )


# -------------------------------------------------------------------------------------------------------------- claim


@router.get("/claim")
def ask(request: Request, office: OfficeHere) -> Response:
    """Return the form for number, name and birth date."""
    return page(request, office, "claim.html", "claim", number="", refused=None, chosen=_WHOLE)


@router.post("/claim", dependencies=[Depends(same_origin)])
def claim(request: Request, office: OfficeHere, form: FormBody) -> Response:
    """Return the offer for who knows number, name and birth date; the transaction code goes another way."""
    facts = Facts(form.get("number", ""), form.get("name", ""), form.get("birth_date", ""))
    number = facts.number.strip()[:40]
    chosen = _SELECTIVE if form.get("form") == _SELECTIVE else _WHOLE
    wanted = Format.SD_JWT_VC if chosen == _SELECTIVE else Format.LDP_VC
    known = second_factor.check(office, facts, limiters_of(request), network_of(request))
    if known is None:
        return page(request, office, "claim.html", "claim", status=403, number=number, refused="unknown", chosen=chosen)
    try:
        offered = handing.hand_over(office, known, notifier(office), format=wanted)
    except OfficeError as error:
        if error.code != handing.NOT_IN_FORCE:
            raise
        return page(request, office, "claim.html", "claim", status=409, number=number, refused="ended", chosen=chosen)
    name = second_factor.masked_name(known, language_of(request))
    return page(request, office, "claim-offer.html", "claim", offered=offered, holder_name=name)


@console_router.post("/certificates/{credential_id}/offer", dependencies=[Depends(same_origin)])
def offer(request: Request, office: OfficeHere, officer: OfficerHere, credential_id: RowId) -> Response:
    """Return an offer of a certificate that an officer hands to its holder, as link and QR code."""
    need(officer, Role.ISSUE)
    found = handing.of_officer(office, officer, credential_id)
    if found is None:
        raise Problem(404, "certificate.not-found", "there is no such certificate of this institution")
    offered = handing.hand_over(office, found, notifier(office), officer_id=officer.id)
    return show(request, "admin-offer.html", officer, "certificates", offered=offered, credential=found)
