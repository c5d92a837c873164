"""Baking: a picture that carries its credential (Open Badges 3.0, section 5.3), and getting it out again.

>>> badge = bake(picture, json.dumps(credential, ensure_ascii=False))
>>> unbake(badge).content == json.dumps(credential, ensure_ascii=False)
True

A drawing program that saves the picture anew drops the credential without a word: what comes out then is "no credential
here", which says nothing about the certificate.
"""

from __future__ import annotations

from collections.abc import Mapping

from jikin.badges import png, svg
from jikin.badges.baked import COMPACT, MAX_CONTENT_BYTES, Baked, Edition
from jikin.badges.confined import Answer, Confinement, borrowed
from jikin.codec import strict_json
from jikin.credentials.structure import CONTEXT_V1, CONTEXT_V2, items
from jikin.errors import BadgeError, CodecError, DocumentError

MAX_PICTURE_BYTES = 20 << 20


def bake(picture: bytes, credential: str, *, replace: bool = False) -> bytes:
    """Return the PNG or SVG *picture* with *credential* in it; every other byte stays as it is.

    *credential* is the text of a secured credential: JSON with its proof, or a compact JWS. *replace* takes out the
    badge that is in the picture already. For pictures of one's own: what a stranger sends is opened by ``unbake``.

    Raises DocumentError for the picture: ``document.png``, ``document.svg``, ``document.unknown-kind``,
    ``document.too-large``, ``document.baked``, ``document.trailing``, ``document.active``; BadgeError for what is no
    secured credential: ``badge.no-credential``, ``badge.unsecured``.
    """
    if len(picture) > MAX_PICTURE_BYTES:
        raise DocumentError(
            f"the picture has {len(picture):,} bytes; at most {MAX_PICTURE_BYTES:,} are baked into",
            code="document.too-large",
        )
    content = credential.strip()
    _check_credential(content)
    if picture.startswith(png.SIGNATURE):
        return png.insert(picture, content, replace=replace)
    if svg.looks_like(picture):
        return svg.insert(picture, content, replace=replace)
    raise DocumentError("a badge is baked into a PNG or SVG picture, this is neither", code="document.unknown-kind")


def unbake(picture: bytes, *, confinement: Confinement | None = None) -> Baked | None:
    """Return what is baked into the PNG or SVG *picture*, None for nothing; read in a limited process (``confined``).

    Raises DocumentError: ``document.png``, ``document.svg`` for a damaged or hostile picture, ``document.ambiguous``
    for one with two badges, ``document.unknown-kind``, and the limits of ``confined``.
    """
    if picture.startswith(png.SIGNATURE):
        job = "png.baked"
    elif svg.looks_like(picture):
        job = "svg.baked"
    else:
        raise DocumentError("a baked picture is PNG or SVG, this is neither", code="document.unknown-kind")
    with borrowed(confinement) as confined:
        return baked_of(confined.run(job, picture))


def baked_of(answer: Answer) -> Baked | None:
    """Return what a job found baked into a picture; raises DocumentError for an answer that cannot be."""
    if not answer.blobs:
        return None
    try:
        return Baked(Edition(answer.meta.get("edition")), answer.blobs[0].decode("utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise DocumentError("the reader of this file gave no sound answer", code="document.crashed") from error


def _check_credential(content: str) -> None:
    if len(content.encode("utf-8", "replace")) > MAX_CONTENT_BYTES:
        raise BadgeError(f"a credential of at most {MAX_CONTENT_BYTES} bytes is baked", code="badge.no-credential")
    if COMPACT.fullmatch(content):
        return
    try:
        value = strict_json.parse(content)
    except CodecError as error:
        raise BadgeError(
            f"what is baked is a credential as JSON or as a compact JWS: {error}", code="badge.no-credential"
        ) from error
    contexts = items(value.get("@context")) if isinstance(value, Mapping) else ()
    if not isinstance(value, Mapping) or not {CONTEXT_V1, CONTEXT_V2} & {
        one for one in contexts if isinstance(one, str)
    }:
        raise BadgeError("this JSON is no credential of the W3C data model", code="badge.no-credential")
    if not value.get("proof"):
        raise BadgeError(
            "the credential has no proof: a badge without one proves nothing",
            code="badge.unsecured",
            hint="Issue it first; what is baked is the signed file.",
        )
