"""PDF files of strangers: what is attached, what their pages look like. Read in a limited process (``confined``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.badges.confined import Confinement, borrowed
from jikin.errors import DocumentError
from jikin.values import Json

# What a certificate carries inside, by file name.
CREDENTIAL_FILE = "credential.json"
RECEIPT_FILE = "receipt.json"
PACK_FILE = "proof-pack.cbor"
MAX_ATTACHMENT_BYTES = 1 << 20
_OURS: Mapping[str, Json] = {"names": [CREDENTIAL_FILE, RECEIPT_FILE, PACK_FILE], "max_bytes": MAX_ATTACHMENT_BYTES}


@dataclass(frozen=True, slots=True)
class PdfContent:
    """What a PDF says to us: our attachments by name, and where there are none the QR codes of its first page."""

    attachments: Mapping[str, bytes] = field(repr=False)
    codes: tuple[str, ...]


def attachments(data: bytes, *, confinement: Confinement | None = None) -> Mapping[str, bytes]:
    """Return ``credential.json``, ``receipt.json`` and ``proof-pack.cbor`` where they are attached, 1 MiB each at most.

    Raises DocumentError: ``document.pdf`` for a file that is no readable PDF, ``document.locked``,
    ``document.ambiguous`` for two attachments of one name, and the limits of ``confined``.
    """
    with borrowed(confinement) as confined:
        return dict(confined.run("pdf.attachments", data, _OURS).named())


def rasterise(data: bytes, *, page: int = 0, dpi: int = 150, confinement: Confinement | None = None) -> bytes:
    """Return page *page* (from 0) as a grey PNG at *dpi* (at most 600, and 40 million pixels); raises DocumentError."""
    with borrowed(confinement) as confined:
        pictures = confined.run("pdf.raster", data, {"page": page, "dpi": dpi}).blobs
    if len(pictures) != 1:
        raise DocumentError("the reader of this file gave no sound answer", code="document.crashed")
    return pictures[0]


def read(data: bytes, *, confinement: Confinement | None = None) -> PdfContent:
    """Return what a PDF says to us, in one go; raises DocumentError as :func:`attachments` does."""
    with borrowed(confinement) as confined:
        answer = confined.run("pdf.read", data, _OURS)
    return PdfContent(dict(answer.named()), answer.texts("codes"))
