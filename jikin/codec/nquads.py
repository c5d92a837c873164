"""N-Quads (RDF 1.1) in their canonical form (RDFC-1.0, section 5).

A term *is* its canonical text: ``<iri>``, ``_:label`` or ``"text"^^<datatype>``. Two terms are equal when their texts
are, so the canonicaliser works on strings alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from jikin.errors import CanonicalizationError, CodecError

XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"

# What an IRIREF may not hold (N-Quads grammar): with one of these an id could close its own bracket and add quads.
_IRI_FORBIDDEN = re.compile(r"[\x00-\x20<>\"{}|^`\\\ud800-\udfff]")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*")

# Quotation mark, backslash, control characters, DEL, and what is no XML 1.1 Char: U+FFFE and U+FFFF.
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f\ufffe\uffff]')
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_SURROGATE = re.compile("[\ud800-\udfff]")


class Quad(NamedTuple):
    """One statement of a data set; graph "" is the default graph. A tuple, for there are hundreds, hashed often."""

    subject: str
    predicate: str
    object: str
    graph: str = ""


def iri(value: str) -> str:
    """Return the term of an absolute IRI; raises CanonicalizationError.

    Codes: ``codec.relative-iri``, ``codec.invalid-iri``.
    """
    if _IRI_FORBIDDEN.search(value):
        raise CanonicalizationError(
            f'{value[:200]!r} is not an IRI: blanks, control characters and <>"{{}}|^`\\ have no place in one',
            code="codec.invalid-iri",
        )
    if not _ABSOLUTE.match(value):
        raise CanonicalizationError(
            f"{value[:200]!r} is a relative reference; an absolute IRI such as https://… or urn:uuid:… is needed",
            code="codec.relative-iri",
        )
    return f"<{value}>"


def literal(text: str, *, datatype: str = XSD_STRING, language: str = "") -> str:
    """Return the term of a literal: plain, typed by the absolute IRI *datatype*, or in *language* (BCP 47).

    Raises CanonicalizationError for a datatype that is no IRI, a language tag that is none, and half surrogate pairs.
    """
    if not text.isascii() and _SURROGATE.search(text):
        raise CanonicalizationError("a text holds half of a surrogate pair", code="codec.text")
    quoted = f'"{_ESCAPED.sub(_escape, text)}"'
    if language:
        if not _LANGUAGE.fullmatch(language):
            raise CanonicalizationError(f"{language[:80]!r} is no language tag (BCP 47)", code="codec.language")
        return f"{quoted}@{language}"
    return quoted if datatype == XSD_STRING else f"{quoted}^^{iri(datatype)}"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT.get(character) or f"\\u{ord(character):04X}"


def serialize(quads: Iterable[Quad]) -> str:
    """Return *quads* as N-Quads, one line each, in the order given."""
    return "".join(map(line, quads))


def line(quad: Quad) -> str:
    """Return the canonical line of *quad*, with its line feed."""
    if quad.graph:
        return f"{quad.subject} {quad.predicate} {quad.object} {quad.graph} .\n"
    return f"{quad.subject} {quad.predicate} {quad.object} .\n"


_WORD = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff_:"
)
_MORE = _WORD + "0-9\u00b7\u0300-\u036f\u203f-\u2040-"
_LABEL = rf"_:[{_WORD}0-9](?:[{_MORE}.]*[{_MORE}])?"
_IRIREF = r"<[^\x00-\x20<>\"{}|^`]*>"
_STRING = r'"(?:[^"\\\r\n]|\\.)*"'
_LITERAL = rf"{_STRING}(?:\^\^{_IRIREF}|@[a-zA-Z]+(?:-[a-zA-Z0-9]+)*)?"
_STATEMENT = re.compile(
    rf"[ \t]*(?P<subject>{_IRIREF}|{_LABEL})[ \t]*(?P<predicate>{_IRIREF})[ \t]*"
    rf"(?P<object>{_IRIREF}|{_LABEL}|{_LITERAL})[ \t]*(?P<graph>{_IRIREF}|{_LABEL})?[ \t]*\.[ \t]*(?:#.*)?"
)
_BLANK = re.compile(r"[ \t]*(?:#.*)?")
_UNESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.?))", re.DOTALL)
_CHARACTER = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


def parse(text: str) -> tuple[Quad, ...]:
    """Return the quads that the N-Quads document *text* states, in its order, duplicates included.

    Raises CodecError (code ``codec.nquads``), naming the line.
    """
    quads: list[Quad] = []
    for number, found in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if _BLANK.fullmatch(found):
            continue
        match = _STATEMENT.fullmatch(found)
        if match is None:
            raise CodecError(f"line {number} is no N-Quads statement: {found[:80]!r}", code="codec.nquads")
        try:
            quads.append(
                Quad(
                    _term(match["subject"]),
                    _term(match["predicate"]),
                    _term(match["object"]),
                    _term(match["graph"]) if match["graph"] else "",
                )
            )
        except CanonicalizationError as error:
            raise CodecError(f"line {number}: {error}", code="codec.nquads") from error
    return tuple(quads)


def _term(text: str) -> str:
    """Return the canonical text of one written term."""
    if text.startswith("_:"):
        return text
    if text.startswith("<"):
        return iri(_unescape(text[1:-1], "uU"))
    end = text.rindex('"')
    value = _unescape(text[1:end], "uU" + "".join(_CHARACTER))
    suffix = text[end + 1 :]
    if suffix.startswith("^^"):
        return literal(value, datatype=_unescape(suffix[3:-1], "uU"))
    return literal(value, language=suffix[1:])


def _unescape(text: str, allowed: str) -> str:
    if "\\" not in text:
        return text

    def character(match: re.Match[str]) -> str:
        digits = match[1] or match[2]
        if digits and int(digits, 16) <= 0x10FFFF:
            return chr(int(digits, 16))
        if match[3] in _CHARACTER and match[3] in allowed:
            return _CHARACTER[match[3]]
        raise CanonicalizationError(f"{match[0]!r} is no escape", code="codec.nquads")

    return _UNESCAPE.sub(character, text)
