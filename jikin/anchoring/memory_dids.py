"""Which DIDs the registry takes, and where another text goes wrong: the contract's library ``DidText`` in Python."""

from __future__ import annotations

import re

_MAX_DID_BYTES = 2048
_METHOD = re.compile(rb"[0-9a-z]*")
_HOST = re.compile(rb"[0-9a-z.\-_%]*")
_IDENTIFIER = re.compile(rb"[0-9A-Za-z.\-_%:]*")


def did_wrong_at(did: str) -> int | None:
    """Return the byte at which *did* stops being a DID as it is registered; None: it is one."""
    text = did.encode()
    if len(text) > _MAX_DID_BYTES:
        return _MAX_DID_BYTES
    if not text.startswith(b"did:"):
        return 0
    colon = _skip(_METHOD, text, 4)
    if colon == 4 or text[colon : colon + 1] != b":":
        return colon
    at = start = colon + 1
    if text[4:colon] == b"web":
        # Hosts are the same in any case of letters: lower case is the registered one.
        at = _skip(_HOST, text, start)
        if at == start:
            return at
    if at < len(text) and (at == start or text[at : at + 1] == b":"):
        at = _skip(_IDENTIFIER, text, at)
    return at if at != len(text) or at == start or text.endswith(b":") else None


def _skip(pattern: re.Pattern[bytes], text: bytes, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start
