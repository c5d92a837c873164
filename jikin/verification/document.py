"""What is judged, and what it says of itself before anything is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.anchoring.receipt import Receipt
from jikin.errors import CredentialError
from jikin.values import Json, JsonObject

_MAX_ENVELOPE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A secured *credential* as parsed JSON, or an *envelope* that carries one, and the *receipt* that came with it.

    With an envelope (JWT, SD-JWT, COSE) *credential* is empty until it is read. Nothing of it is checked yet. Its
    content may be personal and stays out of reprs.
    """

    credential: JsonObject = field(repr=False)
    receipt: Receipt | None = None
    envelope: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, value: Json | bytes, receipt: Receipt | None = None) -> Document:
        """Return the document of *value*: a JSON object is a credential, a text or bytes are an envelope.

        Raises CredentialError (``model.shape``) for what is neither, or an envelope of more than 1 MiB.
        """
        if isinstance(value, Mapping):
            return cls(value, receipt)
        data = value.strip().encode("utf-8", errors="replace") if isinstance(value, str) else value
        if not isinstance(data, bytes) or not 0 < len(data) <= _MAX_ENVELOPE_BYTES:
            raise CredentialError(
                f"a credential is a JSON object, or a JWT, SD-JWT or COSE message up to {_MAX_ENVELOPE_BYTES} bytes",
                code="model.shape",
            )
        return cls({}, receipt, data)
