"""What people send in: a file, a folder or an archive, opened by what it contains and never by its name.

    JSON credential        as it is, or {"credential": …, "receipt": …}, or with NAME.receipt.json beside it
    JWT, SD-JWT            the compact text, as a file of its own or in place of the credential's JSON
    proof pack             the credential, its receipt, and what proves them while nobody can be asked
    PDF                    credential.json, receipt.json and a proof pack attached; else the QR code of its first page
    PNG                    the credential baked into it; else the QR codes in the picture
    other systems          JSON of Open Badges 2.0, Blockcerts, OpenAttestation …, told apart from credentials
    JPEG                   the QR codes in the picture
    SVG                    the credential baked into it
    folder, zip            each file of it

Every file gives at least one :class:`SubmittedFile`: bad input is a fault with a name beside it, never an exception and
never a file less, so that of five hundred certificates none is forgotten.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from jikin.badges import foreign, pdf, png, svg
from jikin.badges.baked import Baked, Edition, Form
from jikin.badges.baking import baked_of
from jikin.badges.check_url import CheckUrl
from jikin.badges.confined import Answer, Confinement, borrowed
from jikin.badges.foreign import Kind
from jikin.badges.submitted import Content, CredentialFound, ForeignFound, NumberFound, SubmittedFile
from jikin.codec import strict_json
from jikin.credentials.structure import items
from jikin.errors import CodecError, DocumentError, JikinError
from jikin.proofs.envelopes import json_serialization, jws
from jikin.status import pack as packs
from jikin.status.pack import Pack
from jikin.values import Json, JsonObject

__all__ = ["Content", "CredentialFound", "ForeignFound", "NumberFound", "SubmittedFile", "open_document"]

MAX_FILE_BYTES = 20 << 20
MAX_ARCHIVE_BYTES = 64 << 20
MAX_FILES = 10_000
MAX_DEPTH = 16
MAX_JSON_BYTES = 1 << 20
_RECEIPT_SUFFIX = ".receipt.json"
_ZIP_LIMITS: Mapping[str, Json] = {
    "max_files": 5_000,
    "max_bytes": 128 << 20,
    "max_member": MAX_FILE_BYTES,
    "max_ratio": 100,
}
# What operating systems leave in folders and archives; nobody sent these on purpose.
_LITTER = re.compile(r"(?:^|/)(?:__MACOSX/|\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$)")
# A JWS, or an SD-JWT with its disclosures; its head is JSON, of which the first two letters are known.
_COMPACT = re.compile(r"e[wy][A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+(?:~[A-Za-z0-9_.-]*)*")
_KINDS = "a credential (JSON), a proof pack, a PDF, a PNG, JPEG or SVG picture, or a zip archive of them"


def open_document(
    source: Path | bytes, *, name: str = "", confinement: Confinement | None = None
) -> tuple[SubmittedFile, ...]:
    """Return what was found in *source*: a path to a file or folder, or the bytes of a file called *name*.

    Sorted by name; a picture with several codes gives one entry each, called ``name#1``, ``name#2`` …. Strangers' PDFs,
    pictures and archives are read in *confinement*, without one in a limited process made for the call. Never raises
    for bad input, only for a path that does not exist (DocumentError, ``document.not-found``).
    """
    with borrowed(confinement) as confined:
        if isinstance(source, bytes):
            return tuple(_open_bytes(name or "document", source, confined, inside_archive=False))
        if source.is_dir():
            return tuple(_open_files(_folder_files(source), confined, inside_archive=False))
        if not source.exists():
            raise DocumentError(f"there is no file {source}", code="document.not-found")
        files: list[tuple[str, Load]] = [(source.name, partial(_read_file, source, follow=True))]
        beside = source.with_name(_receipt_name(source.name))
        if beside.is_file():
            files.append((beside.name, partial(_read_file, beside, follow=True)))
        return tuple(_open_files(files, confined, inside_archive=False))


Loaded: TypeAlias = "bytes | JikinError"
Load: TypeAlias = Callable[[], Loaded]  # files are read one at a time, when it is their turn


def _folder_files(folder: Path) -> Iterator[tuple[str, Load]]:
    """Yield the files below *folder*; links are not followed, they could lead anywhere on this machine."""
    count = 0
    for place, folders, names in os.walk(folder, followlinks=False):
        inner = Path(place).relative_to(folder)
        links = [entry for entry in folders if (Path(place) / entry).is_symlink()]
        for link in links:
            yield (inner / link).as_posix(), _fault("links in a folder are not followed")
        folders[:] = sorted(set(folders) - set(links))
        if len(inner.parts) >= MAX_DEPTH and folders:
            yield f"{inner.as_posix()}/", _fault(f"folders are read {MAX_DEPTH} levels deep")
            folders.clear()
        for entry in sorted(names):
            path, name = Path(place) / entry, (inner / entry).as_posix()
            if _LITTER.search(name):
                continue
            count += 1
            if count > MAX_FILES:
                yield name, _fault(f"a folder is read up to {MAX_FILES} files: split it")
                return
            yield name, partial(_read_file, path)


def _fault(message: str) -> Load:
    return lambda: DocumentError(message, code="document.folder")


def _read_file(path: Path, *, follow: bool = False) -> Loaded:
    try:
        if (path.is_symlink() and not follow) or not path.is_file():
            return DocumentError("this is a link or no ordinary file", code="document.unreadable")
        with path.open("rb") as file:
            size, start = path.stat().st_size, file.read(4)
            if size > (MAX_ARCHIVE_BYTES if start.startswith(b"PK") else MAX_FILE_BYTES):
                return _too_large(size)
            return start + file.read(MAX_ARCHIVE_BYTES)
    except OSError as error:
        return DocumentError(f"the file cannot be read: {error.strerror or error}", code="document.unreadable")


def _too_large(size: int) -> DocumentError:
    return DocumentError(
        f"the file has {size:,} bytes; at most {MAX_FILE_BYTES:,} are read ({MAX_ARCHIVE_BYTES:,} of an archive)",
        code="document.too-large",
    )


def _open_files(
    files: Iterable[tuple[str, Load]], confined: Confinement, *, inside_archive: bool
) -> Iterator[SubmittedFile]:
    """Yield what is found in each of *files*, sorted; a receipt goes to the credential whose name it bears."""
    listed = list(files)
    receipts = {name: load for name, load in listed if name.endswith(_RECEIPT_SUFFIX)}
    found: list[SubmittedFile] = []
    for name, load in listed:
        if name.endswith(_RECEIPT_SUFFIX):
            continue
        data = load()
        if isinstance(data, JikinError):
            found.append(SubmittedFile(name, data))
            continue
        for entry in _open_bytes(name, data, confined, inside_archive=inside_archive):
            takes = isinstance(entry.content, CredentialFound) and entry.content.receipt is None
            receipt = receipts.pop(_receipt_name(name), None) if takes else None
            found.append(entry if receipt is None else _with_receipt(entry, receipt()))
    # A PDF that carries its own receipt leaves the one beside it over, and that one is not alone.
    owned = {_receipt_name(name) for name, _ in listed if not name.endswith(_RECEIPT_SUFFIX)}
    for name in receipts:
        if name in owned:
            continue
        fault = DocumentError(
            "this is a receipt, and the credential it belongs to is not beside it",
            code="document.receipt-alone",
            hint=f"Send it together with the credential {name.removesuffix(_RECEIPT_SUFFIX)}.json.",
        )
        found.append(SubmittedFile(name, fault))
    yield from sorted(found, key=lambda entry: _sorting(entry.name))


def _sorting(name: str) -> tuple[str, int]:
    stem, _, position = name.rpartition("#")
    return (stem, int(position)) if stem and position.isdecimal() else (name, 0)


def _receipt_name(name: str) -> str:
    path = PurePosixPath(name)
    return (path.with_suffix("") if path.suffix else path).as_posix() + _RECEIPT_SUFFIX


def _with_receipt(entry: SubmittedFile, data: Loaded) -> SubmittedFile:
    receipt = data if isinstance(data, JikinError) else _parse(data)
    if isinstance(receipt, JikinError):
        fault = DocumentError(f"the receipt beside it cannot be read: {receipt}", code="document.receipt")
        return SubmittedFile(entry.name, fault)
    pack = entry.content.pack if isinstance(entry.content, CredentialFound) else None
    return SubmittedFile(entry.name, CredentialFound(entry.credential or {}, receipt, entry.envelope, pack))


def _open_bytes(name: str, data: bytes, confined: Confinement, *, inside_archive: bool) -> Iterator[SubmittedFile]:
    try:
        yield from _sniff(name, data, confined, inside_archive=inside_archive)
    except JikinError as error:
        yield SubmittedFile(name, error)


def _sniff(name: str, data: bytes, confined: Confinement, *, inside_archive: bool) -> Iterator[SubmittedFile]:
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if inside_archive:
            raise DocumentError("an archive inside an archive is not opened", code="document.zip")
        yield from _open_zip(name, confined.run("zip.members", data, _ZIP_LIMITS), confined)
        return
    if len(data) > MAX_FILE_BYTES:
        raise _too_large(len(data))
    if b"%PDF-" in data[:1024]:  # ISO 32000 readers allow rubbish in front
        yield from _open_pdf(name, pdf.read(data, confinement=confined))
    elif data.startswith(png.SIGNATURE):
        answer = confined.run("png.read", data)
        baked = baked_of(answer)
        if baked is None:
            yield from _numbers(name, answer.texts("codes"), "the picture")
        else:
            yield SubmittedFile(name, _unbaked(baked))
    elif data.startswith(b"\xff\xd8\xff"):
        yield from _numbers(name, confined.run("image.codes", data).texts("codes"), "the picture")
    elif svg.looks_like(data):
        baked = baked_of(confined.run("svg.baked", data))
        nothing = DocumentError("no certificate was found in the picture", code="document.no-credential")
        yield SubmittedFile(name, nothing if baked is None else _unbaked(baked))
    elif data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        content = _parse(data)
        yield SubmittedFile(name, content if isinstance(content, JikinError) else _credential(content))
    elif (found := _compact_or_packed(data)) is not None:
        yield SubmittedFile(name, found)
    else:
        raise DocumentError(
            "this is not a kind of file that can be checked" if data else "the file is empty",
            code="document.unknown-kind",
            hint=f"Send {_KINDS}.",
        )


def _compact_or_packed(data: bytes) -> Content | None:
    """Return what a token or a proof pack is, None for anything else; raises DocumentError for a broken pack."""
    compact = _compact(data)
    if compact is not None:
        return _token(compact)
    return _packed(Pack.parse(data)) if packs.looks_like(data) else None


def _packed(pack: Pack) -> Content:
    """Return the credential in a proof pack with its receipt and the pack itself."""
    receipt = None if pack.receipt is None else pack.receipt.to_json()
    if isinstance(pack.document, bytes):
        compact = _compact(pack.document)
        if compact is None:
            return DocumentError(
                "the proof pack holds a credential of a kind that is not read here", code="document.pack"
            )
        return CredentialFound({}, receipt, compact, pack)
    value = _parse(pack.document.encode("utf-8"))
    found = value if isinstance(value, JikinError) else _credential(value)
    return replace(found, receipt=receipt, pack=pack) if isinstance(found, CredentialFound) else found


def _pack_of(content: pdf.PdfContent, entry: SubmittedFile) -> Pack | None:
    """Return the proof pack in a PDF if it is one of this very credential: another would prove something else."""
    attached = content.attachments.get(pdf.PACK_FILE)
    try:
        pack = None if attached is None else Pack.parse(attached)
    except DocumentError:
        return None  # the credential beside it is still judged, by asking
    inside = None if pack is None else _packed(pack)
    same = isinstance(inside, CredentialFound) and (inside.credential, inside.envelope) == (
        entry.credential,
        entry.envelope,
    )
    return pack if same else None


def _compact(data: bytes) -> str | None:
    """Return the JWT or SD-JWT that *data* is, None for anything else."""
    if len(data) > MAX_JSON_BYTES or not data.isascii():
        return None
    text = data.decode("ascii").strip()
    return text if _COMPACT.fullmatch(text) else None


def _token(compact: str) -> Content:
    """Return what a token is; nothing but the payload tells a signed badge of Open Badges 2.0."""
    found = jws.peek(compact.encode("ascii"))
    if found is not None and foreign.recognise(found[1]) is Kind.OPEN_BADGES_2:
        return ForeignFound(Kind.OPEN_BADGES_2, compact)
    return CredentialFound({}, None, compact)


def _parse(data: bytes) -> JsonObject | JikinError:
    try:
        value = strict_json.parse(data.removeprefix(b"\xef\xbb\xbf"), max_bytes=MAX_JSON_BYTES)
    except CodecError as error:
        return error
    if not isinstance(value, Mapping):
        return DocumentError("a credential is a JSON object, this is an array", code="document.no-credential")
    return value


def _credential(value: JsonObject) -> Content:
    credential, receipt = value, None
    if "credential" in value and set(value) <= {"credential", "receipt"}:
        inner, receipt = value["credential"], value.get("receipt")
        compact = _compact(inner.encode("utf-8", "replace")) if isinstance(inner, str) else None
        if not (isinstance(inner, Mapping) or compact) or not (receipt is None or isinstance(receipt, Mapping)):
            return DocumentError(
                "credential and receipt must be JSON objects, or the credential a JWT", code="document.no-credential"
            )
        if not isinstance(inner, Mapping):
            return CredentialFound({}, receipt, compact)
        credential = inner
    kind = foreign.recognise(credential)
    if kind.foreign:
        return ForeignFound(kind, credential)
    if not ({"@context", "credentialSubject"} & credential.keys() or json_serialization.is_one(credential)):
        return DocumentError(
            "this JSON is not a credential: it has neither @context nor credentialSubject",
            code="document.no-credential",
            hint="Ask the holder for the certificate file itself.",
        )
    return CredentialFound(credential, receipt if isinstance(receipt, Mapping) else None)


def _open_pdf(name: str, content: pdf.PdfContent) -> Iterator[SubmittedFile]:
    if pdf.CREDENTIAL_FILE not in content.attachments:
        yield from _numbers(name, content.codes, "the PDF")
        return
    credential = _parse(content.attachments[pdf.CREDENTIAL_FILE])
    if isinstance(credential, JikinError):
        fault = DocumentError(f"the credential in the PDF cannot be read: {credential}", code="document.no-credential")
        yield SubmittedFile(name, fault)
        return
    entry = SubmittedFile(name, _credential(credential))
    if isinstance(entry.content, CredentialFound):
        entry = SubmittedFile(name, replace(entry.content, pack=_pack_of(content, entry)))
    receipt = content.attachments.get(pdf.RECEIPT_FILE)
    takes = isinstance(entry.content, CredentialFound) and receipt is not None
    yield _with_receipt(entry, receipt) if takes and receipt is not None else entry


def _unbaked(baked: Baked) -> Content:
    """Return the credential that lay in a picture; an address of Open Badges 2.0 is told, and not followed."""
    if baked.form is Form.JSON:
        value = _parse(baked.content.encode("utf-8"))
        if isinstance(value, JikinError):
            message = f"the credential in the picture cannot be read: {value}"
            return DocumentError(message, code="document.no-credential")
        return _credential(value)
    if baked.edition is Edition.V3:
        compact = _compact(baked.content.encode("utf-8"))
        if compact is not None:
            return CredentialFound({}, None, compact)
        return DocumentError("what is baked into the picture is no credential", code="document.no-credential")
    return ForeignFound(Kind.OPEN_BADGES_2, baked.content)


def _numbers(name: str, codes: tuple[str, ...], where: str) -> Iterator[SubmittedFile]:
    """Yield an entry for each certificate's code; when there is none, one that says what was there instead."""
    found: list[Content] = []
    others: list[Content] = []
    for code in codes:
        try:
            url = CheckUrl.parse(code)
            found.append(NumberFound(url.number, url.host))
        except DocumentError as error:
            others.append(error)
    # A code that should lead to a certificate and has a wrong number is never dropped for a good one beside it.
    found += [error for error in others if isinstance(error, JikinError) and error.code != "document.other-code"]
    if not found:
        found = others[:1] or [
            DocumentError(
                f"no certificate and no QR code was found in {where}",
                code="document.nothing-found",
                hint="Take the picture in good light, with the code filling half of it, or type the number.",
            )
        ]
    for position, content in enumerate(found, start=1):
        yield SubmittedFile(name if len(found) == 1 else f"{name}#{position}", content)


def _open_zip(name: str, answer: Answer, confined: Confinement) -> Iterator[SubmittedFile]:
    members: list[tuple[str, Loaded]] = list(answer.named())
    members += [
        (str(fault.get("name")), DocumentError(str(fault.get("message")), code=str(fault.get("code"))))
        for fault in items(answer.meta.get("faults"))
        if isinstance(fault, Mapping)
    ]
    kept = [(f"{name}/{inner}", partial(_given, data)) for inner, data in members if not _LITTER.search(inner)]
    if not kept:
        raise DocumentError("the archive is empty", code="document.zip")
    yield from _open_files(kept, confined, inside_archive=True)


def _given(data: Loaded) -> Loaded:
    return data
