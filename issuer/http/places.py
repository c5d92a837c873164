"""Which institution a request is about: the one under whose path it comes, or the only one there is."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from issuer.http.common import OfficeHere
from issuer.office import Office
from issuer.store import institutions
from issuer.store.institutions import Institution
from jikin.web.problems import Problem

Handler = Callable[..., Any]


def path_of(institution: Institution) -> str:
    """Return the path of an institution's site without slashes at its ends; empty for one with a host of its own."""
    return institution.domain.removeprefix("https://").partition("/")[2]


def every(office: Office) -> tuple[Institution, ...]:
    """Return the institutions of the office."""
    with office.database.read() as connection:
        return institutions.every(connection)


def institution_here(request: Request, office: OfficeHere) -> Institution:
    """Return the institution whose site a request speaks to; raises Problem 404 for none."""
    asked = str(request.path_params.get("org", ""))
    known = every(office)
    if not asked and len(known) == 1:
        return known[0]
    found = next((one for one in known if path_of(one) == asked), None)
    if found is None:
        raise Problem(404, "institution.not-found", "no institution has its site at this address")
    return found


def institutions_here(request: Request, office: OfficeHere) -> tuple[Institution, ...]:
    """Return the institution of the path, or every one where the path names none; raises Problem 404."""
    return (institution_here(request, office),) if "org" in request.path_params else every(office)


InstitutionHere = Annotated[Institution, Depends(institution_here)]
InstitutionsHere = Annotated[tuple[Institution, ...], Depends(institutions_here)]


def at_every_site(
    router: APIRouter, path: str, *, methods: tuple[str, ...], summary: str, **more: Any
) -> Callable[[Handler], Handler]:
    """Return what registers a handler at *path* and, for institutions with a path of their own, at ``/{org}`` + *path*.

    The first is the second's twin for an office with one institution.
    """

    def register(handler: Handler) -> Handler:
        described: Mapping[str, Any] = {"tags": ["institution"], "summary": summary, **more}
        for method in methods:  # one route each: an operation of the API description is one method at one path
            shown = {**described, "include_in_schema": method != "HEAD"}
            router.add_api_route(path, handler, methods=[method], **shown)
            router.add_api_route("/{org}" + path, handler, methods=[method], **shown)
        return handler

    return register


def network_of(request: Request) -> str:
    """Return the network that a request comes from, /24 or /64: people behind one address count as one."""
    host = request.client.host if request.client is not None else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))
