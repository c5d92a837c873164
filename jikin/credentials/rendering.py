"""The shape of ``renderMethod`` and ``confidenceMethod``: looked at, never followed, never executed.

Both are places that VC 2.0 keeps free (section 4.14: reserved extension points). What a template is comes from the W3C
Community Group's report on render methods; types that are not known here only need to be typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jikin.credentials import pointers
from jikin.credentials.integrity import Integrity
from jikin.credentials.structure import check_id, check_texts, is_url, items, objects, refuse, shown, typed_objects
from jikin.errors import CredentialError
from jikin.values import Json, JsonObject

_SVG = "image/svg+xml"
_OLDER_SVG = frozenset({"SvgRenderingTemplate", "SvgRenderingTemplate2023"})  # the template is at their own id
_SVG_2024 = "SvgRenderingTemplate2024"
_TEMPLATE = "TemplateRenderMethod"
_QUERIES = ("css3MediaQuery", "mediaQuery")


def check(document: JsonObject) -> None:
    """Refuse render and confidence methods that are none; raises CredentialError (``model.render`` …)."""
    for where, entry in _typed(document, "renderMethod", "the credential"):
        types = {str(one) for one in items(entry["type"])}
        if types & {*_OLDER_SVG, _SVG_2024, _TEMPLATE}:
            _check_template(entry, types, where)
    for holder, of_whom in ((document, "the credential"), *_subjects(document)):
        for _ in _typed(holder, "confidenceMethod", of_whom):
            pass


def _typed(holder: JsonObject, member: str, of_whom: str) -> Iterator[tuple[str, JsonObject]]:
    for position, entry in enumerate(typed_objects(holder, member)):
        where = f"{member} {position} of {of_whom}"
        check_texts(entry, where)
        yield where, entry


def _subjects(document: JsonObject) -> Iterator[tuple[JsonObject, str]]:
    for where, subject in objects(document, "credentialSubject"):
        yield subject, where


def _check_template(entry: JsonObject, types: set[str], where: str) -> None:
    for member in _QUERIES:
        if member in entry and not isinstance(entry[member], str):
            refuse("render", f"{member} of {where} must be a string, got {shown(entry[member])}")
    _check_digest(entry, where)
    if types & _OLDER_SVG:
        check_id(entry, where, required=True)
        return
    if "template" not in entry and "id" not in entry:
        refuse("render", f"{where} has neither a template nor an id to find it at")
    if "template" in entry:
        _check_source(entry["template"], where, svg=_SVG_2024 in types)
    if _TEMPLATE in types and not isinstance(entry.get("renderSuite"), str):
        refuse("render", f"{where} names no renderSuite")
    _check_pointers(entry, where)


def _check_source(template: Json, where: str, *, svg: bool) -> None:
    """Refuse a template that is neither a URL nor an object with one (``data:`` URLs carry the template itself)."""
    if isinstance(template, str):
        if not is_url(template):
            refuse("render", f"the template of {where} must be a URL, got {shown(template)}")
        if svg and template.startswith("data:") and not template.startswith(f"data:{_SVG}"):
            refuse("render", f"the template of {where} is no {_SVG}")
        return
    if not isinstance(template, Mapping) or not is_url(template.get("id")):
        refuse("render", f"the template of {where} must be a URL, or an object with one as its id")
    media_type = template.get("mediaType", _SVG if svg else "")
    if not isinstance(media_type, str) or (svg and media_type.partition(";")[0].strip() != _SVG):
        refuse("render", f"the media type of the template of {where} must be {_SVG}, got {shown(media_type)}")
    _check_digest(template, where)
    _check_pointers(template, where)


def _check_digest(entry: JsonObject, where: str) -> None:
    try:
        Integrity.of(entry, where)
    except CredentialError as error:
        raise CredentialError(str(error), code="model.render") from error


def _check_pointers(entry: JsonObject, where: str) -> None:
    if "renderProperty" not in entry:
        return
    for pointer in items(entry["renderProperty"]):
        if not isinstance(pointer, str):
            refuse("render", f"a renderProperty of {where} must be a JSON Pointer, got {shown(pointer)}")
        try:
            pointers.check(pointer)
        except CredentialError as error:
            raise CredentialError(f"renderProperty of {where}: {error}", code="model.render") from error
