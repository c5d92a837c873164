"""The console's first page, certificates and the log of acts."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from issuer import looking, two_persons
from issuer.http.common import Before, ConsoleRoute, OfficeHere, OfficerHere, RowId, in_words, show, to
from jikin.errors import JikinError
from jikin.web.bodies import FormBody
from jikin.web.languages import language_of
from jikin.web.origin import same_origin
from jikin.web.problems import status_of

router = APIRouter(prefix="/admin", route_class=ConsoleRoute, include_in_schema=False)


@router.get("")
def overview(request: Request, office: OfficeHere, officer: OfficerHere) -> Response:
    """Return what waits."""
    releases = two_persons.for_officer(office, officer)
    return show(
        request, "admin-overview.html", officer, "overview", seen=looking.overview(office, officer), releases=releases
    )


@router.get("/certificates")
def certificates(request: Request, office: OfficeHere, officer: OfficerHere, before: Before = None) -> Response:
    """Return the newest certificates."""
    listed = looking.listed(office, officer, before)
    return show(request, "admin-certificates.html", officer, "certificates", listed=listed, number="", error=None)


@router.post("/certificates", dependencies=[Depends(same_origin)])
def find(request: Request, office: OfficeHere, officer: OfficerHere, form: FormBody) -> Response:
    """Lead to the certificate with the number in the form; the number itself never stands in an address."""
    number = form.get("number", "")[:80]
    try:
        return to(f"/admin/certificates/{looking.find(office, officer, number)}")
    except JikinError as error:
        return show(
            request,
            "admin-certificates.html",
            officer,
            "certificates",
            status=status_of(error),
            listed=looking.listed(office, officer),
            number=number,
            error=in_words(request, error),
        )


@router.get("/certificates/{credential_id}")
def certificate(request: Request, office: OfficeHere, officer: OfficerHere, credential_id: RowId) -> Response:
    """Return a certificate as on paper, its state and its history."""
    seen = looking.look(office, officer, credential_id, language_of(request))
    return show(request, "admin-certificate.html", officer, "certificates", seen=seen)


@router.get("/certificates/{credential_id}/pdf")
def pdf(request: Request, office: OfficeHere, officer: OfficerHere, credential_id: RowId) -> Response:
    """Return the certificate as PDF."""
    name, data = looking.pdf(office, officer, credential_id, language_of(request))
    return attachment(name, data, "application/pdf")


@router.get("/audit")
def audit(request: Request, office: OfficeHere, officer: OfficerHere, before: Before = None) -> Response:
    """Return the log of acts."""
    return show(request, "admin-audit.html", officer, "audit", acts=looking.acts(office, officer, before))


def attachment(name: str, data: bytes, media_type: str) -> Response:
    """Return *data* as a file to be saved under *name*; nobody keeps it on the way."""
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "cache-control": "no-store",
    }
    return Response(data, media_type=media_type, headers=headers)
