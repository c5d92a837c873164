"""The printed certificate: an award-style A4 sheet as PDF/A-3a and PDF/UA-1, with the signed credential inside.

>>> page = compose(kind, record, number=number, issuer_name=names, issued_on=day, check_base=base, seal="견본직인")
>>> pdf = render(page, [credential_attachment(data), receipt_attachment(receipt)])

The same page gives the same bytes: the fonts are those of one folder, the time is the page's own, nothing is random.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import typst

from jikin.badges import qr
from jikin.badges.fonts import FontFolder
from jikin.badges.frame import frame_svg
from jikin.badges.pdf import CREDENTIAL_FILE, MAX_ATTACHMENT_BYTES, PACK_FILE, RECEIPT_FILE
from jikin.credentials.loading import Layout
from jikin.credentials.text import invisible_characters
from jikin.credentials.types import CredentialType
from jikin.errors import CredentialError, DocumentError
from jikin.status.pack import MEDIA_TYPE
from jikin.values import CertificateNumber, Json

_SANS, _HEAVY = "Noto Sans KR", "NanumMyeongjoExtraBold"
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_MANY_LINES = ("body", "signatory", "signatory_small", "footer")
_ONE_LINE = (
    *("document_title", "number_label", "number_label_small", "check_line", "qr_alt"),
    *("title", "title_small", "date", "seal", "seal_alt"),
)
_MAX_ROWS = 12
_MAX_SEAL = 9
_MAX_TEXT = 300
_MODULE_MM = 0.95
_MIN_QR_MM, _MAX_QR_MM = 27.0, 30.0


def _refuse(message: str, code: str = "document.page") -> DocumentError:
    return DocumentError(message, code=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """The inks of a page, as ``#rrggbb``; the seal's vermilion is used for nothing else."""

    ink: str = "#211d18"
    soft: str = "#574f45"
    seal: str = "#c7391f"
    frame: str = "#8a7f6d"

    def __post_init__(self) -> None:
        """Refuse what is no colour."""
        for name, value in asdict(self).items():
            if not _COLOUR.fullmatch(value):
                raise _refuse(f"the colour {name} must be like #211d18, got {value[:40]!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """A row: *label* and *value*, each perhaps with a second text in small (``value_small``: the English name)."""

    label: str
    value: str
    label_small: str = ""
    value_small: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePage:
    """Everything a certificate shows, as plain text. Line breaks are allowed in *body*, *signatory* and *footer*.

    *check_url* is what the QR code says. *seal* has 1 to 9 letters, read from the right column downwards. *issued_at*
    is the Unix second written into the PDF as its time. *language* is ko or en.
    """

    number: CertificateNumber = field(repr=False)
    check_url: str = field(repr=False)
    issued_at: int
    document_title: str
    number_label: str
    check_line: str
    qr_alt: str = field(repr=False)
    title: str
    rows: tuple[PageRow, ...] = field(repr=False)
    body: str
    date: str
    signatory: str
    seal: str
    seal_alt: str
    footer: str
    number_label_small: str = ""
    title_small: str = ""
    signatory_small: str = ""
    language: str = "ko"
    colours: Colours = field(default_factory=Colours)

    def __post_init__(self) -> None:
        """Refuse with DocumentError (``document.page``) what cannot stand on one sheet, or hides characters."""
        if self.language not in ("ko", "en"):
            raise _refuse(f"a certificate is printed in ko or en, got {self.language[:20]!r}")
        if not 1 <= len(self.rows) <= _MAX_ROWS:
            raise _refuse(f"a certificate has 1 to {_MAX_ROWS} rows, got {len(self.rows)}")
        if not 1 <= len(self.seal) <= _MAX_SEAL:
            raise _refuse(f"a seal has 1 to {_MAX_SEAL} letters, got {len(self.seal)}")
        for name, text, breaks in self.texts():
            if len(text) > _MAX_TEXT:
                raise _refuse(f"{name} has {len(text)} characters; at most {_MAX_TEXT}")
            # An override of the writing direction would print another name than the credential holds.
            if hidden := invisible_characters(text.replace("\n", "") if breaks else text):
                raise _refuse(f"{name} hides {', '.join(hidden)}")

    def texts(self) -> Iterator[tuple[str, str, bool]]:
        """Yield name, text and whether line breaks are allowed, for every text of the page."""
        for name in _MANY_LINES:
            yield name, getattr(self, name), True
        for name in _ONE_LINE:
            yield name, getattr(self, name), False
        for row in self.rows:
            for text in (row.label, row.label_small, row.value, row.value_small):
                yield row.label or "a row", text, False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file inside the PDF (PDF/A-3, 6.8): UTF-8 text with its media type and what it is to the page.

    *relationship* is source, data, alternative or supplement.
    """

    name: str
    data: bytes = field(repr=False)
    media_type: str
    relationship: str
    description: str

    def __post_init__(self) -> None:
        """Refuse what is too long, or no UTF-8 text where it has to be one."""
        if len(self.data) > MAX_ATTACHMENT_BYTES:
            raise _refuse(f"the attachment {self.name} has {len(self.data)} bytes; at most {MAX_ATTACHMENT_BYTES}")
        if self.media_type == MEDIA_TYPE:
            return
        try:
            self.data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _refuse(f"the attachment {self.name} is no UTF-8 text") from error


def credential_attachment(data: bytes) -> Attachment:
    """Return the attachment for the secured credential *data* (JSON): the source that the page shows."""
    return Attachment(
        name=CREDENTIAL_FILE,
        data=data,
        media_type="application/vc",
        relationship="source",
        description="Signed credential (W3C Verifiable Credential)",
    )


def receipt_attachment(data: bytes) -> Attachment:
    """Return the attachment for the anchor receipt *data* (JSON)."""
    return Attachment(
        name=RECEIPT_FILE,
        data=data,
        media_type="application/json",
        relationship="supplement",
        description="Receipt of the anchor on the registry",
    )


def pack_attachment(data: bytes) -> Attachment:
    """Return the attachment for the proof pack *data* (CBOR), with which the sheet is checked while offline."""
    return Attachment(
        name=PACK_FILE,
        data=data,
        media_type=MEDIA_TYPE,
        relationship="supplement",
        description="Proof pack: anchor and status as of one block",
    )


def compose(
    kind: CredentialType,
    record: Mapping[str, str],
    *,
    number: CertificateNumber,
    issuer_name: Mapping[str, str],
    issued_on: date,
    check_base: str,
    seal: str,
    language: str = "ko",
    note: str = "",
    colours: Colours | None = None,
) -> CertificatePage:
    """Return the page of a checked *record* as ``print.json`` of its type lays it out.

    *issuer_name* has ko and en; *check_base* is where printed codes lead (https://v.example); *note* is a last line of
    the footer, such as that this is a specimen. Raises DocumentError and CredentialError.
    """
    if language not in kind.layouts:
        raise _refuse(f"{kind.id} is printed in {', '.join(kind.layouts)}, not in {language[:20]!r}")
    layout = kind.layouts[language]
    values = kind.fields(record, issuer_name) | {
        "number": str(number),
        "issued_on": issued_on.isoformat(),
        "check_domain": urlsplit(check_base).netloc.lower(),
    }
    try:
        texts = {
            name: getattr(layout, name).fill_text(values, language)
            for name in layout.__dataclass_fields__
            if name != "rows"
        }
        rows = _rows(layout, values, language)
    except CredentialError as error:
        raise _refuse(f"the certificate cannot be filled in: {error}") from error
    if note:
        texts["footer"] += f"\n{note}"
    return CertificatePage(
        number=number,
        check_url=qr.check_url(check_base, number),
        issued_at=int(datetime(issued_on.year, issued_on.month, issued_on.day, tzinfo=UTC).timestamp()),
        rows=rows,
        seal=seal,
        language=language,
        colours=colours or Colours(),
        **texts,
    )


def _rows(layout: Layout, values: Mapping[str, Json], language: str) -> tuple[PageRow, ...]:
    """Return the rows that have a value: empty fields are left out, a lone second value moves up."""
    rows = []
    for row in layout.rows:
        parts = (row.label, row.label_small, row.value, row.value_small)
        label, label_small, value, second = (part.fill_text(values, language) for part in parts)
        if value or second:
            kept = second if value else ""
            rows.append(PageRow(label=label, label_small=label_small, value=value or second, value_small=kept))
    return tuple(rows)


class Press:
    """Prints certificates. One compiled template serves all pages; safe to share between threads (one at a time)."""

    def __init__(self, fonts: FontFolder | None = None) -> None:
        """Compile the template with *fonts*, without them the packaged ones; raises DocumentError for missing fonts."""
        self._fonts = FontFolder.packaged() if fonts is None else fonts
        folder = Path(str(files("jikin.badges"))) / "templates"
        self._compiler = typst.Compiler(
            folder / "certificate.typ",
            root=folder,
            font_paths=typst.Fonts(
                include_system_fonts=False, include_embedded_fonts=False, font_paths=[self._fonts.path]
            ),
            ignore_system_fonts=True,
        )
        self._lock = threading.Lock()

    def render(self, page: CertificatePage, attachments: Sequence[Attachment] = ()) -> bytes:
        """Return the PDF of *page* with *attachments* inside; the same arguments give the same bytes.

        Raises DocumentError: ``document.glyph`` names characters that no font has and the field they stand in,
        ``document.page-full`` a page that does not fit on one sheet, ``document.typeset`` any other complaint.
        """
        self._check_glyphs(page)
        if len({attachment.name for attachment in attachments}) != len(attachments):
            raise _refuse("two attachments have the same name")
        inputs = {
            "page": json.dumps(_page_data(page, self._fonts), ensure_ascii=False),
            "attachments": json.dumps([_attachment_data(entry) for entry in attachments], ensure_ascii=False),
            "frame": frame_svg(page.colours.ink, page.colours.frame),
        }
        try:
            with self._lock:
                document, warnings = self._compiler.compile_with_warnings(
                    format="pdf", sys_inputs=inputs, pdf_standards=["a-3a", "ua-1"], timestamp=page.issued_at
                )
        except typst.TypstError as error:
            raise _typeset_error(error) from error
        if warnings:  # an unknown font or a lost attachment is only a warning there, and a wrong certificate here
            raise _refuse("; ".join(warning.message for warning in warnings)[:300], "document.typeset")
        if not isinstance(document, bytes):
            raise _refuse("the certificate came out as several files", "document.typeset")
        return document

    def _check_glyphs(self, page: CertificatePage) -> None:
        for name, text, _ in page.texts():
            lost = [c for c in self._fonts.missing(text, [_SANS]) if self._fonts.missing(c, [_HEAVY])]
            if lost:
                shown = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in lost)
                raise DocumentError(
                    f"the certificate fonts cannot draw {shown} in {name}",
                    code="document.glyph",
                    hint="Write it with characters that the fonts have, for example in Hangul or Latin letters.",
                )


def render(page: CertificatePage, attachments: Sequence[Attachment] = ()) -> bytes:
    """Return the PDF of *page* from a press that is made once per process; see :meth:`Press.render`."""
    return _press().render(page, attachments)


@cache
def _press() -> Press:
    return Press()


def _page_data(page: CertificatePage, fonts: FontFolder) -> dict[str, object]:
    modules = qr.matrix(page.check_url)
    side = len(modules)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"><path d="{qr.path_data(modules)}"/></svg>'
    )
    return {
        **{name: getattr(page, name) for name in (*_MANY_LINES, *_ONE_LINE)},
        "number": str(page.number),
        "author": page.signatory.replace("\n", " "),
        "language": page.language,
        "region": "kr" if page.language == "ko" else None,
        "rows": [{**asdict(row), "plain": bool(fonts.missing(row.value, [_HEAVY]))} for row in page.rows],
        "colours": asdict(page.colours),
        "qr": svg,
        "qr_mm": min(max(side * _MODULE_MM, _MIN_QR_MM), _MAX_QR_MM),
    }


def _attachment_data(attachment: Attachment) -> dict[str, object]:
    # Text goes through as text; JSON has no bytes, so a binary file is a list of numbers.
    binary = attachment.media_type == MEDIA_TYPE
    return {
        "name": attachment.name,
        "content": list(attachment.data) if binary else attachment.data.decode("utf-8"),
        "media_type": attachment.media_type,
        "relationship": attachment.relationship,
        "description": attachment.description,
    }


def _typeset_error(error: typst.TypstError) -> DocumentError:
    if "page-full" in error.message:
        return DocumentError(
            "the certificate does not fit on one sheet",
            code="document.page-full",
            hint="Shorten the longest values or leave out a row.",
        )
    return _refuse(f"the certificate cannot be set: {error.message[:300]}", "document.typeset")
