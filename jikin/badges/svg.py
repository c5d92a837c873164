"""SVG pictures as text with tags: what is baked into them, and how a credential gets in between two tags.

Open Badges 3.0 keeps the credential in ``<openbadges:credential>``, a JWT in its attribute ``verify``, JSON in its
body; 2.0 kept the assertion in ``<openbadges:assertion>``. The parser (expat) builds no tree, draws and runs nothing,
asks for nothing outside, and reads no entity but the five of XML itself: a document type may be named, as drawing
programs do, and never written out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from jikin.badges.baked import COMPACT, MAX_CONTENT_BYTES, Baked, Edition, single
from jikin.errors import DocumentError

MAX_DEPTH = 128
MAX_ELEMENTS = 200_000
_NAMESPACES = {"https://purl.imsglobal.org/ob/v3p0": Edition.V3, "http://openbadges.org": Edition.V2}
_NAMES = {Edition.V3: "credential", Edition.V2: "assertion"}
_OPEN_BADGES = "https://purl.imsglobal.org/ob/v3p0"
_SVG = "http://www.w3.org/2000/svg"
_LOOK = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE|(?:\w+:)?svg)")
_ROOT = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?svg)(?=[\s/>])")
# What a picture must not bring along that is handed to others: programs, and what makes a browser ask somewhere.
_ACTIVE = frozenset({"script", "handler", "foreignobject", "iframe", "object", "embed", "audio", "video"})
_LINKS = frozenset({"href", "src"})
_INSIDE = re.compile(r"\s*(?:#|data:image/(?:png|jpeg|gif|webp)[;,])", re.IGNORECASE)
_PAGE = re.compile(r"\s*(?:#|https?://|mailto:)", re.IGNORECASE)
_STYLE = re.compile(
    r"@import|url\(\s*+[\"']?+\s*+(?!#|data:image/(?:png|jpeg|gif|webp|svg\+xml)[;,]|data:font/)", re.IGNORECASE
)
_NOT_XML = re.compile("[\ufffe\uffff]")


@dataclass(slots=True)
class _Element:
    """One ``openbadges`` element: where it lies in the bytes, its ``verify`` attribute, its text."""

    edition: Edition
    start: int
    end: int = -1
    verify: str = ""
    texts: list[str] = field(default_factory=list)


def looks_like(data: bytes) -> bool:
    """Say whether *data* is meant to be an SVG picture, by its first tag."""
    return _LOOK.match(data) is not None


def read(picture: bytes) -> Baked | None:
    """Return what is baked into *picture*, None for nothing; Open Badges 3.0 counts where both are there.

    Raises DocumentError: ``document.svg`` for what is no SVG picture, names entities or is too deep,
    ``document.ambiguous`` for two badges, ``document.too-large``.
    """
    return single([_baked(element) for element in _Reader(picture).elements])


def insert(picture: bytes, content: str, *, replace: bool = False) -> bytes:
    """Return *picture* with *content* as its Open Badges 3.0 credential; every other byte stays as it is.

    The element is the first inside ``<svg>`` (Open Badges 3.0, 5.3.2). Raises DocumentError: ``document.baked`` where a
    badge is there and *replace* is not said, ``document.active`` for a picture with a program in it, or one that makes
    whoever looks at it ask another server.
    """
    reader = _Reader(picture, strict=True)
    if reader.elements and not replace:
        raise DocumentError("a badge is baked into this picture already", code="document.baked")
    root = _ROOT.match(picture, reader.root)
    if root is None:
        raise _damaged("its first element is not <svg>")
    close = _tag_end(picture, reader.root)
    ours = reader.prefixes.get("openbadges", _OPEN_BADGES) == _OPEN_BADGES
    declared = b"" if "openbadges" in reader.prefixes else f' xmlns:openbadges="{_OPEN_BADGES}"'.encode()
    element = _element(content, declare=not ours)
    empty = picture[close - 2 : close] == b"/>"
    head_end = close - (2 if empty else 1)
    head = picture[: root.end()] + declared + picture[root.end() : head_end] + b">" + element
    if empty:
        return head + b"</" + root[1] + b">" + picture[close:]
    kept, at = [], close
    for old in reader.elements:
        kept.append(picture[at : old.start])
        at = old.end
    return b"".join((head, *kept, picture[at:]))


def _element(content: str, *, declare: bool) -> bytes:
    name = f'openbadges:credential xmlns:openbadges="{_OPEN_BADGES}"' if declare else "openbadges:credential"
    if COMPACT.fullmatch(content):
        return f"<{name} verify={quoteattr(content)}></openbadges:credential>".encode()
    # Two signs that JSON may hold and XML may not; within a JSON text they can be spelt out.
    written = _NOT_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", content)
    body = written.replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{body}]]></openbadges:credential>".encode()


def _baked(element: _Element) -> Baked:
    text, verify = "".join(element.texts).strip(), element.verify.strip()
    if verify and text and element.edition is Edition.V3:
        raise DocumentError(
            "the picture holds a badge in the attribute and another in the body of one tag", code="document.ambiguous"
        )
    if len((verify or text).encode()) > MAX_CONTENT_BYTES:
        raise DocumentError(
            f"a credential of more than {MAX_CONTENT_BYTES} bytes is not read", code="document.too-large"
        )
    return Baked(element.edition, verify or text)


class _Reader:
    """One pass over a picture: where its root tag is, which badges lie in it, and nothing that could harm."""

    def __init__(self, picture: bytes, *, strict: bool = False) -> None:
        """Read *picture*; *strict* refuses what a picture that is handed on must not have."""
        self.root = -1
        self.prefixes: dict[str, str] = {}
        self.elements: list[_Element] = []
        self._picture, self._strict = picture, strict
        self._depth = self._count = 0
        self._open: tuple[_Element, int] | None = None
        self._in_style = False
        try:
            picture.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _damaged("it is not written in UTF-8") from error
        parser = self._parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._entity
        parser.ProcessingInstructionHandler = self._instruction
        try:
            parser.Parse(picture, True)
        except expat.ExpatError as error:
            raise _damaged(expat.errors.messages.get(error.code, "it is not XML")) from error

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        # Another reader would take the same bytes for other words.
        if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii"):
            raise _damaged(f"it says it is written in {encoding[:20]}; UTF-8 is read")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        if self._depth == 0:
            self.prefixes[prefix or ""] = uri or ""

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth, self._count = self._depth + 1, self._count + 1
        if self._depth > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise _damaged(f"it is nested deeper than {MAX_DEPTH}, or has more than {MAX_ELEMENTS} elements")
        namespace, _, local = name.rpartition(" ")
        if self._depth == 1:
            self.root = self._parser.CurrentByteIndex
            if local != "svg" or namespace not in ("", _SVG):
                raise _damaged("its first element is not <svg>")
        if self._open is not None:
            raise _damaged("there are tags inside its badge")
        edition = _NAMESPACES.get(namespace)
        if edition is not None and local == _NAMES[edition]:
            start = self._parser.CurrentByteIndex
            close = _tag_end(self._picture, start)
            element = _Element(edition, start, verify=attributes.get("verify", ""))
            if self._picture[close - 2 : close] == b"/>":  # its end has no place of its own
                element.end = close
            self.elements.append(element)
            self._open = (element, self._depth)
        elif self._strict:
            self._in_style = local.lower() == "style"
            _check_harmless(local.lower(), attributes)

    def _end(self, _: str) -> None:
        if self._open is not None and self._open[1] == self._depth:
            if self._open[0].end < 0:
                self._open[0].end = _tag_end(self._picture, self._parser.CurrentByteIndex)
            self._open = None
        self._in_style = False
        self._depth -= 1

    def _text(self, text: str) -> None:
        if self._open is not None:
            self._open[0].texts.append(text)
        elif self._in_style and _STYLE.search(text):
            raise _active("a style that fetches something")

    def _doctype(self, _name: str, _system: str | None, _public: str | None, has_subset: int) -> None:
        if has_subset:
            raise _damaged("it writes out a document type of its own, which could name entities and files")

    def _entity(self, *_: object) -> NoReturn:
        raise _damaged("it uses an entity that is not XML's own")

    def _instruction(self, target: str, _: str) -> None:
        if self._strict and target.lower() != "xml":
            raise _active(f"an instruction to other programs ({target[:40]})")


def _check_harmless(name: str, attributes: Mapping[str, str]) -> None:
    if name in _ACTIVE:
        raise _active(f"<{name}>")
    for attribute, value in attributes.items():
        local = attribute.rpartition(" ")[2].lower()
        if local.startswith("on"):
            raise _active(f"a program in {local[:40]}")
        if local in _LINKS and not (_PAGE if name == "a" else _INSIDE).match(value):
            raise _active(f"a link out of the picture in {local}")
        if local == "attributename" and value.rpartition(":")[2].strip().lower() in _LINKS:
            raise _active("an animation that changes a link")
        if local == "base" or _STYLE.search(value):
            raise _active(f"something fetched by {local[:40]}")


def _tag_end(picture: bytes, at: int) -> int:
    """Return the position behind the ``>`` of the tag that begins at *at*; quoted signs in between do not count."""
    match = _TAG.match(picture, at)
    if match is None:
        raise _damaged("a tag in it does not end")
    return match.end()


_TAG = re.compile(rb"<(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")


def _damaged(why: str) -> DocumentError:
    return DocumentError(f"the SVG picture cannot be read: {why}", code="document.svg")


def _active(what: str) -> DocumentError:
    return DocumentError(
        f"the SVG picture has {what} in it; a picture that is handed on only shows",
        code="document.active",
        hint="Export it from a drawing program as plain SVG.",
    )
