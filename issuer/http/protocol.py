"""OpenID4VCI over HTTP: metadata, offers, token, nonce, credential, deferred credential, notification.

Refusals are the standard's own: 400 with ``{"error", "error_description"}``, 401 with ``WWW-Authenticate`` for what is
wrong with an access token, and nobody keeps an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse

from issuer import claiming, describing, offering
from issuer.formats import Configured
from issuer.http.common import OfficeHere, runner_of
from issuer.http.places import InstitutionHere, at_every_site, every, institution_here, institutions_here
from issuer.http.tokens import access_to
from issuer.offering import Offered, Wishes
from issuer.office import Office
from issuer.store.institutions import Institution
from issuer.tokens import Access, Scope
from jikin.errors import ProtocolError
from jikin.openid4vc.errors import OAuthError, error_json, refusal
from jikin.openid4vc.issuance import Notification, TokenRequest, parse_deferred_request
from jikin.openid4vc.metadata import ISSUER_WELL_KNOWN, SERVER_WELL_KNOWN
from jikin.values import CertificateNumber, Json, JsonObject
from jikin.web.bodies import FormBody, JsonBody, described_form, described_json
from jikin.web.problems import Problem
from jikin.web.tokens import bearer

_NO_STORE = {"cache-control": "no-store"}
# A wallet may be a page of another site.
_ANYBODY = {"access-control-allow-origin": "*"}
_METADATA = {**_ANYBODY, "cache-control": "public, max-age=60"}
_PREFLIGHT = {
    **_ANYBODY,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "600",
}
_PRE_AUTHORIZED = ("pre-authorized_code", "urn:ietf:params:oauth:grant-type:pre-authorized_code")


def refused(error: ProtocolError) -> Response:
    """Return the standard's answer for *error*."""
    headers = {**_NO_STORE, **_ANYBODY}
    if error.oauth == OAuthError.INVALID_TOKEN:
        headers["www-authenticate"] = f'Bearer error="invalid_token", error_description="{error.description}"'
        return JSONResponse(error_json(error), 401, headers)
    return JSONResponse(error_json(error), 400, headers)


class ProtocolRoute(APIRoute):
    """A route that refuses in the words of OAuth and OpenID4VCI, whatever was wrong with the request."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with refusals turned into the standard's answers."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except ProtocolError as error:
                return refused(error)
            except Problem as problem:
                if problem.status not in (400, 415):
                    raise
                return refused(refusal("request", problem.detail, oauth=self._malformed()))
            except RequestValidationError:
                return refused(refusal("request", "the request cannot be read", oauth=self._malformed()))

        return handled

    def _malformed(self) -> OAuthError:
        if self.path.endswith((describing.CREDENTIAL, describing.DEFERRED)):
            return OAuthError.INVALID_CREDENTIAL_REQUEST
        if self.path.endswith(describing.NOTIFICATION):
            return OAuthError.INVALID_NOTIFICATION_REQUEST
        return OAuthError.INVALID_REQUEST


router = APIRouter(route_class=ProtocolRoute)
offers_router = APIRouter()


# ---------------------------------------------------------------------------------------------------------- metadata


@router.get(f"/.well-known/{ISSUER_WELL_KNOWN}", summary="Metadata of the credential issuer", tags=["OpenID4VCI"])
@router.get(
    f"/.well-known/{ISSUER_WELL_KNOWN}/{{org}}", summary="Metadata of the credential issuer", tags=["OpenID4VCI"]
)
@router.get(
    f"/{{org}}/.well-known/{ISSUER_WELL_KNOWN}", summary="Metadata of the credential issuer", tags=["OpenID4VCI"]
)
def issuer_metadata(office: OfficeHere, institution: InstitutionHere) -> Response:
    """Return what the institution says of itself as a credential issuer."""
    return JSONResponse(describing.issuer_metadata(office, institution).to_json(), headers=_METADATA)


@router.get(f"/.well-known/{SERVER_WELL_KNOWN}", summary="Metadata of the authorization server", tags=["OpenID4VCI"])
@router.get(
    f"/.well-known/{SERVER_WELL_KNOWN}/{{org}}", summary="Metadata of the authorization server", tags=["OpenID4VCI"]
)
@router.get(
    f"/{{org}}/.well-known/{SERVER_WELL_KNOWN}", summary="Metadata of the authorization server", tags=["OpenID4VCI"]
)
def server_metadata(office: OfficeHere, institution: InstitutionHere) -> Response:
    """Return what the institution says of itself as an authorization server."""
    return JSONResponse(describing.server_metadata(office, institution).to_json(), headers=_METADATA)


# ------------------------------------------------------------------------------------------------------------ wallets


def _token_of(request: Request) -> str | None:
    """Return the access token of a request; raises ProtocolError for one in the address, where logs would keep it."""
    if "access_token" in request.query_params:
        raise refusal("token", "an access token stands in the header Authorization and nowhere else")
    return bearer(request)


AccessToken = Annotated[str | None, Depends(_token_of)]


def _answer(body: Mapping[str, Json], status: int = 200) -> Response:
    return JSONResponse(body, status, {**_NO_STORE, **_ANYBODY})


@at_every_site(
    router,
    describing.TOKEN,
    methods=("POST",),
    summary="Redeem a pre-authorised code for an access token",
    openapi_extra=described_form("grant_type", optional=("pre-authorized_code", "tx_code")),
)
def token(office: OfficeHere, institution: InstitutionHere, form: FormBody) -> Response:
    """Return an access token."""
    return _answer(offering.redeem(office, institution, TokenRequest.parse(form)).to_json())


@at_every_site(router, describing.NONCE, methods=("POST",), summary="A fresh c_nonce")
def nonce(office: OfficeHere, institution: InstitutionHere) -> Response:
    """Return a nonce for key proofs."""
    return _answer({"c_nonce": claiming.nonce(office, institution)})


@at_every_site(
    router,
    describing.CREDENTIAL,
    methods=("POST",),
    summary="The credential, bound to the holder's key",
    openapi_extra=described_json({"type": "object"}),
)
def credential(
    request: Request, office: OfficeHere, institution: InstitutionHere, access: AccessToken, body: JsonBody
) -> Response:
    """Return the credential, or when to ask for it again."""
    found = claiming.claim(office, institution, access, body, stored=runner_of(request).nudge)
    return _answer(found.to_json(), found.status)


@at_every_site(
    router,
    describing.DEFERRED,
    methods=("POST",),
    summary="The credential that was put off",
    openapi_extra=described_json({"type": "object"}),
)
def deferred(office: OfficeHere, institution: InstitutionHere, access: AccessToken, body: JsonBody) -> Response:
    """Return the credential that was put off, or that it takes time still."""
    found = claiming.pick_up(office, institution, access, lambda: parse_deferred_request(body))
    return _answer(found.to_json(), found.status)


@at_every_site(
    router,
    describing.NOTIFICATION,
    methods=("POST",),
    summary="What became of a credential",
    status_code=204,
    openapi_extra=described_json({"type": "object"}),
)
def notification(office: OfficeHere, institution: InstitutionHere, access: AccessToken, body: JsonBody) -> Response:
    """Keep what the wallet says; answers 204 every time."""
    claiming.notify(office, institution, access, lambda: Notification.parse(body))
    return Response(status_code=204, headers={**_NO_STORE, **_ANYBODY})


def _preflight() -> Response:
    return Response(status_code=204, headers=_PREFLIGHT)


for _path in (describing.TOKEN, describing.NONCE, describing.CREDENTIAL, describing.DEFERRED, describing.NOTIFICATION):
    for _place in (_path, "/{org}" + _path):
        router.add_api_route(_place, _preflight, methods=["OPTIONS"], include_in_schema=False)


# ------------------------------------------------------------------------------------------------------------- offers


@at_every_site(offers_router, "/offers/{reference}", methods=("GET",), summary="The offer that a link leads to")
def offer_here(
    office: OfficeHere, institution: InstitutionHere, reference: Annotated[str, Path(max_length=200)]
) -> Response:
    """Return the credential offer, while it can be used."""
    return _answer(offering.fetch(office, institution, reference).to_json())


_OFFER: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "description": "credential type, such as national-technical-qualification"},
        "configurations": {"type": "array", "items": {"type": "string"}, "maxItems": 1},
        "number": {"type": "string", "description": "number of a certificate that exists"},
        "subject": {"type": "object", "additionalProperties": {"type": "string"}},
        "grant": {"type": "string", "enum": list(_PRE_AUTHORIZED)},
        "tx_code": {"type": "boolean", "default": False},
        "deferred": {"type": "boolean", "default": False},
    },
}
MayOffer = Annotated[Access, Depends(access_to(Scope.OFFERS))]


@offers_router.post(
    "/offers", tags=["offers"], summary="Offer a certificate to a holder", openapi_extra=described_json(_OFFER)
)
@offers_router.post(
    "/{org}/offers", tags=["offers"], summary="Offer a certificate to a holder", openapi_extra=described_json(_OFFER)
)
def make_offer(request: Request, office: OfficeHere, access: MayOffer, body: JsonBody) -> Response:
    """Return an offer of a certificate that exists, or of one that is issued first."""
    asked = _asked(body)
    made = _offered(request, office, access, body, asked)
    runner_of(request).nudge()
    said: dict[str, Json] = {"offer": made.uri, "expires_in": max(0, made.expires - office.clock())}
    if made.tx_code is not None:
        said["tx_code"] = made.tx_code
    if made.link is not None:
        said["link"] = made.link
    return JSONResponse(said, headers=_NO_STORE)


def _asked(body: JsonObject) -> Wishes:
    """Return how the offer is to be; the format is that of the configuration it names."""
    grant = body.get("grant", _PRE_AUTHORIZED[0])
    if grant not in _PRE_AUTHORIZED:
        raise Problem(
            400,
            "offers.grant",
            "the grant of an offer is pre-authorized_code; the authorization code flow is not offered here",
            'leave "grant" out, or set it to "pre-authorized_code"',
        )
    named = body.get("configurations")
    first = named[0] if isinstance(named, list) and named else ""
    wanted = Configured.parse(first if isinstance(first, str) else "").format
    return Wishes(tx_code=_flag(body, "tx_code"), deferred=_flag(body, "deferred"), format=wanted)


def _flag(body: JsonObject, name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise Problem(400, "request.invalid", f"{name} is true or false")
    return value


def _offered(request: Request, office: Office, access: Access, body: JsonObject, wishes: Wishes) -> Offered:
    number = body.get("number")
    if number is not None:
        if not isinstance(number, str):
            raise Problem(400, "request.invalid", "number is a text")
        code = CertificateNumber.parse(number).issuer
        return offering.offer_number(office, _with_code(request, office, code), number, wishes)
    type_id = _type_of(body)
    institution = _which(request, office, type_id)
    kind = office.types.named(type_id or office.profile(institution).types[-1])
    subject = _subject(body)
    if subject is None and not access.trying_out:
        raise Problem(
            400,
            "offers.subject",
            "an offer is of a certificate: by its number, or by the subject that it is to be issued to",
            "only the development token has an invented person to offer one to",
        )
    return offering.offer_record(office, institution, kind, subject, wishes)


def _type_of(body: JsonObject) -> str | None:
    named = body.get("configurations")
    type_id = body.get("type")
    if named is not None:
        if not isinstance(named, list) or len(named) != 1:
            raise Problem(400, "offers.configurations", "an offer is of one configuration; name exactly one")
        configured = Configured.parse(str(named[0])).type
        type_id = configured if type_id is None else type_id
        if configured != type_id:
            raise Problem(400, "offers.configurations", "type and configurations name different credentials")
    if type_id is not None and not isinstance(type_id, str):
        raise Problem(400, "request.invalid", "type is a text")
    return type_id


def _which(request: Request, office: Office, type_id: str | None) -> Institution:
    """Return the institution of the path, else the first that may issue the type; raises Problem."""
    known = every(office)
    if "org" in request.path_params or len(known) == 1:
        return institution_here(request, office)
    for one in known:
        if type_id is None or type_id in office.profile(one).types:
            return one
    raise Problem(400, "offers.type", "no institution here issues credentials of this type")


def _with_code(request: Request, office: Office, code: str) -> Institution:
    found = next((one for one in institutions_here(request, office) if one.number_code == code), None)
    if found is None:
        raise Problem(404, "office.number-unknown", "there is no certificate of this number here")
    return found


def _subject(body: JsonObject) -> Mapping[str, str] | None:
    value = body.get("subject")
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(cell, str) for cell in value.values()):
        raise Problem(
            400, "offers.subject", "subject is an object of texts, one for each column of the credential type"
        )
    return {name: str(cell) for name, cell in value.items()}
