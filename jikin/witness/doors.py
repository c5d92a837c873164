"""The doors over HTTP: to a witness, for the log; and to a place where checkpoints are published, for a verifier."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from jikin.anchoring.checkpoints_notes import Note, NoteKey, SignatureLine, decimal, text_of
from jikin.errors import CheckpointError, SettingsError, UnavailableError
from jikin.witness.wire import SIZE_TYPE, AddCheckpoint, OldSizeError

_SECONDS = 10.0
_MAX_ANSWER = 1 << 16


class HttpWitness:
    """A WitnessDoor by c2sp.org/tlog-witness: POST *prefix*/add-checkpoint. *client* is for tests."""

    def __init__(self, key: NoteKey, prefix: str, client: httpx.Client | None = None) -> None:
        """Remember whom to ask; raises SettingsError for a prefix that is no http(s) URL."""
        parts = urlsplit(prefix)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise SettingsError(
                f"the address of the witness {key.name} is no http:// or https:// URL", code="settings.value"
            )
        self._key = key
        self._url = prefix.rstrip("/") + "/add-checkpoint"
        self._client = client or httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False)

    @property
    def key(self) -> NoteKey:
        """Return the key by which its cosignatures are known."""
        return self._key

    def add(self, request: AddCheckpoint) -> Sequence[SignatureLine]:
        """Return the cosignatures it answers; raises OldSizeError, CheckpointError, UnavailableError."""
        try:
            with self._client.stream("POST", self._url, content=request.to_bytes()) as answer:
                body = _limited(answer)
                status, kind = answer.status_code, answer.headers.get("content-type", "").partition(";")[0]
        except httpx.HTTPError as error:
            raise UnavailableError(f"it does not answer: {type(error).__name__}", code="witness.unreachable") from error
        if status == 409 and kind == SIZE_TYPE:
            raise OldSizeError(decimal(text_of(body).removesuffix("\n"), "the size"))
        if status >= 500:
            raise UnavailableError(f"it answers {status}", code="witness.unreachable")
        if status != 200:
            raise CheckpointError(f"it refuses ({status}): {_words(body)}", code="checkpoint.refused")
        return Note.parse(request.note.text.encode("utf-8") + b"\n" + body).signatures


def _limited(answer: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > _MAX_ANSWER:
            raise UnavailableError(f"it answers more than {_MAX_ANSWER} bytes", code="witness.unreachable")
    return bytes(body)


def _words(body: bytes) -> str:
    """Return the beginning of what a stranger says, on one line."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in body.decode("utf-8", "replace")).split())[
        :200
    ]
