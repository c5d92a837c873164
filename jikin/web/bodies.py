"""Request bodies of strangers: JSON, forms and uploads, each with limits on size, number and depth.

The functions are async and take the request. A plain ``def`` handler takes the result as a dependency:
``body: JsonBody``, ``form: FormBody``, ``files: Annotated[tuple[Upload, ...], Depends(uploaded("file"))]``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NoReturn
from urllib.parse import parse_qsl

from fastapi import Depends
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from jikin.codec import strict_json
from jikin.errors import JsonError
from jikin.values import JsonObject
from jikin.web.middleware import BODY_BYTES, UPLOAD_BYTES
from jikin.web.problems import Problem

MAX_DEPTH = 32
_MAX_FIELDS = 200
_MAX_FILES = 50
_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file: the *name* its sender gave it (never a path of ours) and its bytes."""

    name: str = field(repr=False)
    data: bytes = field(repr=False)


class _Members(dict[str, Any]):
    """What a stranger sent: asking for a member that is not there is the stranger's mistake, not ours."""

    def __missing__(self, name: str) -> NoReturn:
        raise Problem(400, "request.missing", f"the request lacks {name!r}")


async def json_object(request: Request) -> JsonObject:
    """Return the JSON object in the body; raises Problem 400 or 415 (``request.json``, ``request.media-type``).

    ``body["name"]`` for a name that is not there raises Problem 400 (``request.missing``).
    """
    kind = _media_type(request)
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise _media_problem(kind, "application/json")
    try:
        value = strict_json.parse(await request.body(), max_bytes=BODY_BYTES, max_depth=MAX_DEPTH)
    except JsonError as error:
        raise Problem(400, "request.json", f"the body is not JSON that is read here: {error}") from error
    if not isinstance(value, dict):
        raise Problem(400, "request.json", "the body is JSON, but no object", "send an object: {…}")
    return _Members(value)


async def form(request: Request) -> Mapping[str, str]:
    """Return the text fields of a form, urlencoded or multipart; raises Problem 400 or 415.

    A field that stands twice is refused: two readers could take two different ones. ``form["name"]`` for a field that
    was not sent raises Problem 400 (``request.missing``); ``get`` and ``in`` are as ever.
    """
    kind = _media_type(request)
    if kind == _MULTIPART:
        return _once((await _multipart(request)).texts)
    if kind not in ("", _URLENCODED):
        raise _media_problem(kind, _URLENCODED)
    try:
        text = (await request.body()).decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Problem(400, "request.form", f"the form cannot be read: {type(error).__name__}") from error
    return _once(pairs)


async def uploads(
    request: Request, field: str, max_files: int = 1, max_bytes: int = UPLOAD_BYTES
) -> tuple[Upload, ...]:
    """Return the files of the form field *field*, without empty ones; raises Problem 400, 413 or 415.

    *max_bytes* is the limit of all files together. The route has to stand among ``upload_paths`` for more than 1 MiB.
    """
    kind = _media_type(request)
    if kind != _MULTIPART:
        raise _media_problem(kind, _MULTIPART)
    # A browser sends a file without name and content where nothing was chosen.
    files = tuple(
        file for name, file in (await _multipart(request)).files if name == field and (file.name or file.data)
    )
    if len(files) > max_files:
        raise Problem(413, "request.too-many-files", f"{len(files)} files were sent; at most {max_files} are read")
    if sum(len(file.data) for file in files) > max_bytes:
        raise Problem(413, "request.too-large", f"the files have more than {max_bytes} bytes together")
    return files


def uploaded(
    field: str, max_files: int = 1, max_bytes: int = UPLOAD_BYTES
) -> Callable[[Request], Awaitable[tuple[Upload, ...]]]:
    """Return ``uploads`` for one field as a FastAPI dependency."""

    async def files(request: Request) -> tuple[Upload, ...]:
        return await uploads(request, field, max_files, max_bytes)

    return files


JsonBody = Annotated[JsonObject, Depends(json_object)]
FormBody = Annotated[Mapping[str, str], Depends(form)]


def described_json(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``openapi_extra`` of a route that takes ``JsonBody``: the body's JSON *schema*."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": dict(schema)}}}}


def described_form(*names: str, files: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return ``openapi_extra`` of a route that takes ``FormBody`` or uploads: its fields, all texts but *files*."""
    properties: dict[str, Any] = {name: {"type": "string"} for name in (*names, *optional)}
    properties |= {name: {"type": "string", "format": "binary"} for name in files}
    schema = {"type": "object", "properties": properties, "required": [*names, *files]}
    content = {_MULTIPART if files else _URLENCODED: {"schema": schema}}
    return {"requestBody": {"required": bool(names or files), "content": content}}


@dataclass(frozen=True, slots=True)
class _Parts:
    """A multipart body: its texts and its files, each with the name of its field."""

    texts: tuple[tuple[str, str], ...] = field(repr=False)
    files: tuple[tuple[str, Upload], ...] = field(repr=False)


class _InMemory(MultiPartParser):
    """Keeps what is uploaded in memory: it may be personal, and the disk forgets slowly."""

    spool_max_size = UPLOAD_BYTES + BODY_BYTES


async def _multipart(request: Request) -> _Parts:
    known: _Parts | None = getattr(request.state, "multipart", None)
    if known is not None:
        return known
    body = await request.body()  # as a whole, so that a body beyond the limit leaves no half-read files behind

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        parsed = await _InMemory(request.headers, stream(), max_files=_MAX_FILES, max_fields=_MAX_FIELDS).parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise Problem(400, "request.form", f"the form cannot be read: {type(error).__name__}") from error
    texts: list[tuple[str, str]] = []
    files: list[tuple[str, Upload]] = []
    for name, part in parsed.multi_items():
        if isinstance(part, str):
            texts.append((name, part))
            continue
        files.append((name, Upload(_bare_name(part.filename), await part.read())))
        await part.close()
    request.state.multipart = _Parts(tuple(texts), tuple(files))
    return _Parts(tuple(texts), tuple(files))


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _media_problem(found: str, wanted: str) -> Problem:
    return Problem(
        415, "request.media-type", f"the body is {found[:60] or 'of no stated type'}; right would be {wanted}"
    )


def _once(pairs: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    fields: dict[str, str] = _Members()
    for name, value in pairs:
        if name in fields:
            raise Problem(400, "request.form", f"the field {name[:40]!r} stands twice")
        if "\x00" in value:
            raise Problem(400, "request.form", f"the field {name[:40]!r} holds a null character")
        fields[name] = value
    return fields


def _bare_name(name: str | None) -> str:
    return (name or "").replace("\\", "/").rpartition("/")[2][:200]
