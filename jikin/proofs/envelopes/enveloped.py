"""Envelopes as JSON-LD objects: EnvelopedVerifiableCredential and …Presentation (VC Data Model 2.0, section 4.13)."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from jikin.credentials.structure import CONTEXT_V2, items
from jikin.errors import EnvelopeError
from jikin.values import JsonObject

CREDENTIAL = "EnvelopedVerifiableCredential"
PRESENTATION = "EnvelopedVerifiablePresentation"
_TYPES = frozenset({CREDENTIAL, PRESENTATION})
_MAX_URL = 1_500_000
_URL = re.compile(
    r"data:(?P<type>application/[A-Za-z0-9.+-]+)(?:(?P<base64>;base64),(?P<packed>[\s!-~]+)|,(?P<data>[!-~]+))",
    re.IGNORECASE | re.ASCII,
)


def is_enveloped(document: JsonObject) -> bool:
    """Say whether *document* only carries an envelope."""
    return "type" in document and bool(_TYPES & {one for one in items(document["type"]) if isinstance(one, str)})


def contained(document: JsonObject) -> bytes:
    """Return the envelope in the ``data:`` URL of *document*; raises EnvelopeError (``envelope.data-url``)."""
    context, url = document.get("@context"), document.get("id")
    if context is None or items(context)[:1] != (CONTEXT_V2,):
        raise _refused(f"the first @context of an enveloped credential is {CONTEXT_V2}")
    match = _URL.fullmatch(url) if isinstance(url, str) and len(url) <= _MAX_URL else None
    if match is None:
        raise _refused("the id of an enveloped credential is a data: URL such as data:application/vc+jwt,eyJ…")
    if not match["base64"]:
        return unquote_to_bytes(match["data"])
    try:
        # as browsers read it (WHATWG Infra, forgiving base64): seen in the field with a line's end and without padding
        packed = b"".join(unquote_to_bytes(match["packed"]).split()).rstrip(b"=")
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused("the data: URL of an enveloped credential is no base64") from error


def wrapped(envelope: bytes, media_type: str, *, kind: str = CREDENTIAL) -> JsonObject:
    """Return the object that carries *envelope*; bytes that are no ASCII text go in as base64."""
    text = envelope.decode("ascii") if envelope.isascii() else None
    data = f",{text}" if text is not None else f";base64,{base64.b64encode(envelope).decode('ascii')}"
    return {"@context": [CONTEXT_V2], "id": f"data:application/{media_type}{data}", "type": kind}


def _refused(message: str) -> EnvelopeError:
    return EnvelopeError(message, code="envelope.data-url")
