"""Compressed bit strings as status lists carry them (W3C Bitstring Status List 1.0, sections 3.3 and 3.4)."""

from __future__ import annotations

import gzip
import zlib

from jikin.codec import multibase
from jikin.errors import CodecError, MultibaseError

_CODE = "codec.bits"
_GZIP = 31  # zlib's number for "with gzip header and trailer"


def compress(data: bytes) -> str:
    """Return *data* compressed with gzip, in base64url with the multibase header "u"; equal data, equal text."""
    return multibase.encode(gzip.compress(data, mtime=0), "u")


def expand(text: str, *, max_bytes: int) -> bytes:
    """Return the bytes that *text* holds, at most *max_bytes* of them.

    The older lists that leave out the header "u" are read too. Nothing beyond *max_bytes* is ever unpacked: a
    kilobyte can stand for a megabyte. Raises CodecError (``codec.bits``; ``codec.bits.too-long``).
    """
    # Deflate never adds more than a little: a longer text is not a list of this size.
    if len(text) > max_bytes * 2 + 1024:
        raise CodecError(f"a compressed list of {len(text)} characters is too long", code=f"{_CODE}.too-long")
    try:
        packed = multibase.decode(text if text.startswith("u") else "u" + text)
    except MultibaseError as error:
        raise CodecError(f"not a compressed bit string: {error}", code=_CODE) from error
    reader = zlib.decompressobj(_GZIP)
    try:
        data = reader.decompress(packed, max_bytes + 1)
        if len(data) <= max_bytes and not reader.eof:
            data += reader.decompress(reader.unconsumed_tail, 1)
    except zlib.error as error:
        raise CodecError(f"not a gzip stream: {error}", code=_CODE) from error
    if len(data) > max_bytes:
        raise CodecError(f"a bit string of at most {max_bytes} bytes is unpacked", code=f"{_CODE}.too-long")
    if not reader.eof or reader.unused_data:
        raise CodecError("a gzip stream that is cut off, or with bytes behind its end", code=_CODE)
    return data
