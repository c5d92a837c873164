"""What is done with strangers' files inside the limited process: each job is a function of bytes, and knows no disk.

A job takes the file's bytes and arguments and returns a JSON object with byte strings beside it; what cannot be read is
a DocumentError with a code. Called by ``worker`` only.
"""

from __future__ import annotations

import importlib
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence

from jikin.badges.baked import Baked
from jikin.errors import DocumentError
from jikin.values import Json, JsonObject

Found = tuple[JsonObject, Sequence[bytes]]
Job = Callable[[bytes, Mapping[str, Json]], Found]

_POINTS_PER_INCH = 72
_MAX_PIXELS = 40_000_000
_MAX_DPI = 600
_SCAN_DPI = (150, 300)
_MAX_ATTACHMENTS = 50
_MAX_NAME = 200


def preload(job: str) -> None:
    """Import what *job* needs, before the fork; a job that does not exist is a mistake of the program."""
    for module in _NEEDS[job]:
        importlib.import_module(module)


def pdf_read(data: bytes, arguments: Mapping[str, Json]) -> Found:
    """Return the attachments called ``names``; where none of them is there, the QR codes of the first page.

    Meta: ``names`` of the returned byte strings, ``codes``.
    """
    damage: DocumentError | None = None
    meta: JsonObject = {"names": []}
    blobs: Sequence[bytes] = ()
    try:
        meta, blobs = pdf_attachments(data, arguments)
    except DocumentError as error:
        if error.code != "document.pdf":
            raise
        damage = error  # a damaged file may still have a page to look at
    codes: list[str] = []
    if not blobs:
        for dpi in _SCAN_DPI:
            codes = _page_codes(data, dpi)
            if codes:
                break
    if damage is not None and not codes:
        raise damage
    return {**meta, "codes": codes}, blobs


def pdf_attachments(data: bytes, arguments: Mapping[str, Json]) -> Found:
    """Return the attachments whose file name is among ``names``, each at most ``max_bytes``; meta: their ``names``."""
    import pikepdf

    wanted, most = arguments["names"], int(str(arguments["max_bytes"]))
    found: dict[str, bytes] = {}
    try:
        with pikepdf.open(io.BytesIO(data)) as document:
            listed = list(document.attachments.items())
            if len(listed) > _MAX_ATTACHMENTS:
                raise DocumentError(f"the PDF has {len(listed)} attachments; at most {_MAX_ATTACHMENTS} are read")
            for key, spec in listed:
                name = str(spec.filename or key)
                if not isinstance(wanted, Sequence) or name not in wanted:
                    continue
                if name in found:  # which one would be verified, and which one would be shown?
                    raise DocumentError(f"the PDF has two attachments called {name}", code="document.ambiguous")
                content = spec.get_file().read_bytes()
                if len(content) > most:
                    raise DocumentError(f"the attachment {name} has more than {most} bytes", code="document.too-large")
                found[name] = content
    except pikepdf.PasswordError as error:
        raise DocumentError("the PDF is locked with a password", code="document.locked") from error
    except (pikepdf.PdfError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise DocumentError(f"the PDF cannot be read: {str(error)[:120]}", code="document.pdf") from error
    return {"names": list(found)}, tuple(found.values())


def pdf_raster(data: bytes, arguments: Mapping[str, Json]) -> Found:
    """Return page ``page`` (from 0) at ``dpi`` as a grey PNG; meta: ``width``, ``height`` in pixels and ``pages``."""
    from PIL import Image

    pixels, size, pages = _render(data, int(str(arguments["page"])), int(str(arguments["dpi"])))
    out = io.BytesIO()
    Image.frombytes("L", size, pixels).save(out, "PNG", compress_level=1)
    return {"width": size[0], "height": size[1], "pages": pages}, (out.getvalue(),)


def _page_codes(data: bytes, dpi: int) -> list[str]:
    from PIL import Image

    from jikin.badges import qr

    pixels, size, _ = _render(data, 0, dpi)
    return list(qr.read(Image.frombytes("L", size, pixels)))


def _render(data: bytes, page: int, dpi: int) -> tuple[bytes, tuple[int, int], int]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        pages = len(document)
        if not 0 <= page < pages:
            raise DocumentError(f"the PDF has {pages} pages, no page {page + 1}", code="document.pdf")
        width, height = document[page].get_size()
        scale = min(max(dpi, 1), _MAX_DPI) / _POINTS_PER_INCH
        # A page may claim to be a kilometre wide.
        if width * height * scale * scale > _MAX_PIXELS:
            scale = (_MAX_PIXELS / (width * height)) ** 0.5
        picture = document[page].render(scale=scale, grayscale=True).to_pil()
        return picture.tobytes(), picture.size, pages
    except (pypdfium2.PdfiumError, ValueError, ZeroDivisionError, OverflowError) as error:
        raise DocumentError(f"the PDF page cannot be drawn: {str(error)[:120]}", code="document.pdf") from error


def image_codes(data: bytes, _: Mapping[str, Json]) -> Found:
    """Return the QR codes of a PNG or JPEG; meta: ``codes``."""
    from jikin.badges import qr

    return {"codes": list(qr.read(data))}, ()


def png_read(data: bytes, arguments: Mapping[str, Json]) -> Found:
    """Return what is baked into a PNG, as ``png_baked``; where nothing is, its QR codes, as ``image_codes``.

    A damaged picture may still show a code: the damage is told where it does not.
    """
    damage: DocumentError | None = None
    try:
        found = png_baked(data, arguments)
        if found[1]:
            return found
    except DocumentError as error:
        if error.code != "document.png":
            raise
        damage = error
    meta, blobs = image_codes(data, arguments)
    if damage is not None and not meta["codes"]:
        raise damage
    return meta, blobs


def png_baked(data: bytes, _: Mapping[str, Json]) -> Found:
    """Return what is baked into a PNG: its text as byte string; meta: the ``edition`` of Open Badges."""
    from jikin.badges import png

    return _baked(png.read(data))


def svg_baked(data: bytes, _: Mapping[str, Json]) -> Found:
    """Return what is baked into an SVG picture: its text as byte string; meta: the ``edition`` of Open Badges."""
    from jikin.badges import svg

    return _baked(svg.read(data))


def _baked(found: Baked | None) -> Found:
    return ({}, ()) if found is None else ({"edition": found.edition.value}, (found.content.encode("utf-8"),))


def zip_members(data: bytes, arguments: Mapping[str, Json]) -> Found:
    """Return the files of an archive, sorted by name; meta: ``names`` of the byte strings, ``faults`` of the others.

    Limits: ``max_files``, ``max_bytes`` in all, ``max_member`` each, ``max_ratio`` between unpacked and packed size.
    Declared sizes are not believed: what is unpacked is counted.
    """
    count, total, each, ratio = (
        int(str(arguments[name])) for name in ("max_files", "max_bytes", "max_member", "max_ratio")
    )
    names: list[str] = []
    blobs: list[bytes] = []
    faults: list[Json] = []
    left = total
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda info: info.filename)
            if len(infos) > count:
                raise DocumentError(
                    f"the archive has {len(infos)} files; at most {count} are read", code="document.zip"
                )
            for info in infos:
                try:
                    content = _unpack(archive, info, min(each, left), ratio)
                except DocumentError as error:
                    if left < each:  # the whole archive is too much: say so, rather than blame one file after another
                        raise
                    faults.append({"name": info.filename[:_MAX_NAME], "code": error.code, "message": str(error)})
                    continue
                left -= len(content)
                names.append(info.filename[:_MAX_NAME])
                blobs.append(content)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error) as error:
        raise DocumentError(f"the archive cannot be read: {str(error)[:120]}", code="document.zip") from error
    return {"names": list(names), "faults": faults}, blobs


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int, ratio: int) -> bytes:
    if info.flag_bits & 1:
        raise DocumentError("this file of the archive is locked with a password", code="document.locked")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise DocumentError("this file of the archive is a link to another place", code="document.zip")
    # A small file may shrink a lot honestly; a bomb is large.
    allowed = min(most, max(1 << 20, info.compress_size * ratio))
    try:
        with archive.open(info) as member:
            content = member.read(allowed + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise DocumentError(f"this file of the archive is damaged: {str(error)[:80]}", code="document.zip") from error
    if len(content) > allowed:
        raise DocumentError(f"this file of the archive unpacks to more than {allowed} bytes", code="document.too-large")
    return content


JOBS: Mapping[str, Job] = {
    "pdf.read": pdf_read,
    "pdf.attachments": pdf_attachments,
    "pdf.raster": pdf_raster,
    "image.codes": image_codes,
    "png.read": png_read,
    "png.baked": png_baked,
    "svg.baked": svg_baked,
    "zip.members": zip_members,
}
_PICTURES = ("PIL.Image", "PIL.PngImagePlugin", "PIL.JpegImagePlugin")
_NEEDS: Mapping[str, Sequence[str]] = {
    "pdf.read": ("pikepdf", "pypdfium2", "jikin.badges.qr", *_PICTURES),
    "pdf.attachments": ("pikepdf",),
    "pdf.raster": ("pypdfium2", *_PICTURES),
    "image.codes": ("jikin.badges.qr", *_PICTURES),
    "png.read": ("jikin.badges.png", "jikin.badges.qr", *_PICTURES),
    "png.baked": ("jikin.badges.png",),
    "svg.baked": ("jikin.badges.svg",),
    "zip.members": (),
}
