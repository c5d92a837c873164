"""Public files of institutions, as strangers' programs read them: out of one folder, by safe names only."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, StreamingResponse

from issuer import second_factor
from issuer.http.common import OfficeHere
from issuer.http.places import InstitutionsHere, at_every_site, network_of
from issuer.second_factor import Facts, Limiters
from jikin.errors import NumberError
from jikin.status import token_list
from jikin.values import CertificateNumber
from jikin.web.bodies import JsonBody, described_json
from jikin.web.limiting import Limiter
from jikin.web.problems import Problem

_HEX = re.compile(r"[0-9a-f]{64}")
_PART_BYTES = 1 << 16
_READ = ("GET", "HEAD")
# Anybody's program in anybody's browser may read what is public.
_ANYBODY = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
_FOR_EVER = {**_ANYBODY, "cache-control": "public, max-age=31536000, immutable"}
_SHORTLY = {**_ANYBODY, "cache-control": "public, max-age=30, must-revalidate"}
_ASK_AGAIN = {**_ANYBODY, "cache-control": "private, no-cache"}
_PERSONAL = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow, noarchive"}
_JSON = "application/json"
_CREDENTIAL = "application/vc"


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a kind of public file is answered."""

    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


_DID = _Kind("application/did+json", _SHORTLY)
_LIST = _Kind(_CREDENTIAL, _SHORTLY)
_NOTES = _Kind(_JSON, _SHORTLY)
_TOKEN_LIST = _Kind(token_list.MEDIA_TYPE, _SHORTLY)
_LISTS = {"revocation": _LIST, "suspension": _LIST, "token": _TOKEN_LIST, "notes": _NOTES}
_RECEIPT = _Kind(_JSON, _ASK_AGAIN)
_NUMBER = _Kind(_JSON, _PERSONAL)
_PROFILE = _Kind(_JSON, _FOR_EVER)
_LEAVES = _Kind("application/octet-stream", _FOR_EVER)

_LIMITERS = threading.Lock()

router = APIRouter()


@at_every_site(router, "/did.json", methods=_READ, summary="DID document: who signs")
@at_every_site(router, "/.well-known/did.json", methods=_READ, summary="DID document: who signs")
def did_document(request: Request, office: OfficeHere, found: InstitutionsHere) -> Response:
    """Return the DID document; without a path that of the only institution."""
    if len(found) != 1:
        raise _absent()
    return _answer(request, [office.public(found[0]).path / "did.json"], _DID)


@at_every_site(router, "/status/{list_id}/{part}", methods=_READ, summary="Status list, or what opens its newest root")
def status_list(request: Request, office: OfficeHere, found: InstitutionsHere, list_id: str, part: str) -> Response:
    """Return the signed list of one purpose (revocation, suspension), the token list, or its notes."""
    if part not in _LISTS or not _HEX.fullmatch(list_id):
        raise _absent()
    places = [office.public(one).path / "status" / list_id / part for one in found]
    return _answer(request, places, _LISTS[part])


@at_every_site(router, "/receipts/{digest}", methods=_READ, summary="Receipt of the credential with that digest")
def receipt(request: Request, office: OfficeHere, found: InstitutionsHere, digest: str) -> Response:
    """Return where a credential stands in the anchored tree; without a path of any institution."""
    return _answer(request, _hashed(office, found, "receipts", digest), _RECEIPT)


@at_every_site(router, "/profiles/{digest}", methods=_READ, summary="Public profile with that hash")
def profile(request: Request, office: OfficeHere, found: InstitutionsHere, digest: str) -> Response:
    """Return a public profile, byte for byte as it is hashed."""
    return _answer(request, _hashed(office, found, "profiles", digest), _PROFILE)


@at_every_site(router, "/leaves/{digest}", methods=_READ, summary="Leaves of the batch with that root")
def leaves(request: Request, office: OfficeHere, found: InstitutionsHere, digest: str) -> Response:
    """Return the leaves of a batch, 32 bytes each."""
    return _answer(request, _hashed(office, found, "leaves", digest), _LEAVES)


@at_every_site(router, "/n/{number}", methods=_READ, summary="What a certificate number alone tells")
def number_record(request: Request, office: OfficeHere, found: InstitutionsHere, number: str) -> Response:
    """Return the signed record of a number; a number is personal, so nobody keeps the answer."""
    try:
        symbols = CertificateNumber.parse(number).symbols
    except NumberError as error:
        raise _absent(_PERSONAL) from error
    return _answer(request, [office.public(one).path / "n" / symbols for one in found], _NUMBER)


_FACTS = {
    "type": "object",
    "required": ["name", "birth_date"],
    "properties": {
        "name": {"type": "string", "maxLength": 100},
        "birth_date": {"type": "string", "description": "YYYY-MM-DD"},
    },
}


@at_every_site(
    router,
    "/n/{number}/second-factor",
    methods=("POST",),
    summary="Masked name of the holder, for who knows name and birth date",
    openapi_extra=described_json(_FACTS),
)
def ask_name(request: Request, office: OfficeHere, found: InstitutionsHere, number: str, body: JsonBody) -> Response:
    """Return the masked name when both are right; the same answer for everything else."""
    name, born = body.get("name"), body.get("birth_date")
    if not isinstance(name, str) or not isinstance(born, str):
        raise Problem(400, "request.invalid", "name and birth_date are texts")
    limiters = limiters_of(request)
    known = second_factor.check(office, Facts(number, name, born), limiters, network_of(request))
    if known is None or known.institution_id not in {one.id for one in found}:
        return _said({"matches": False, "name": None})
    return _said({"matches": True, "name": second_factor.masked_name(known)})


def _said(members: Mapping[str, object]) -> Response:
    return JSONResponse(members, headers=_PERSONAL)


def limiters_of(request: Request) -> Limiters:
    """Return how often somebody may try a second factor; one count for pages and programs."""
    state = request.app.state
    with _LIMITERS:
        if not hasattr(state, "second_factor"):
            state.second_factor = Limiters(Limiter(second_factor.PER_NUMBER), Limiter(second_factor.PER_NETWORK))
    limiters: Limiters = state.second_factor
    return limiters


# ----------------------------------------------------------------------------------------------------------- files


def _absent(headers: Mapping[str, str] | None = None) -> Problem:
    return Problem(404, "request.not-found", "there is nothing public at this address", headers=headers)


def _hashed(office: OfficeHere, found: InstitutionsHere, folder: str, digest: str) -> list[Path]:
    if not _HEX.fullmatch(digest):
        raise _absent()
    return [office.public(one).path / folder / digest for one in found]


def _answer(request: Request, places: list[Path], kind: _Kind) -> Response:
    """Return the first of these files that is there; raises Problem 404.

    Files are replaced as a whole, so what is sent is read from the one that was opened, whatever happens to its name.
    """
    for path in places:
        try:
            file = path.open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            continue
        return _stream(request, file, kind)
    raise _absent(kind.headers if kind is _NUMBER else None)


def _stream(request: Request, file: BinaryIO, kind: _Kind) -> Response:
    about = os.fstat(file.fileno())
    tag = f'"{about.st_mtime_ns:x}-{about.st_ino:x}-{about.st_size:x}"'
    headers = {**kind.headers, "etag": tag}
    if tag in {one.strip() for one in request.headers.get("if-none-match", "").split(",")}:
        file.close()
        return Response(status_code=304, headers=headers)
    headers["content-length"] = str(about.st_size)
    if request.method == "HEAD":
        file.close()
        return Response(headers=headers, media_type=kind.media_type)
    return StreamingResponse(
        _parts(file), headers=headers, media_type=kind.media_type, background=BackgroundTask(file.close)
    )


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(_PART_BYTES):
            yield part
