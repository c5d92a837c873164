"""The JSON Canonicalization Scheme (RFC 8785): one byte string per JSON value."""

from __future__ import annotations

import rfc8785

from jikin.errors import CanonicalizationError
from jikin.values import Json


def canonicalize(value: Json) -> bytes:
    """Return the canonical UTF-8 bytes of *value* (dicts, lists, tuples, strings, numbers, True, False, None).

    Raises CanonicalizationError for what has none: integers beyond ±(2^53−1), NaN and infinities, lone surrogates,
    names that are not strings, nesting without end.
    """
    try:
        canonical: bytes = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise CanonicalizationError(f"no canonical JSON: {error}", code="codec.jcs") from error
    except RecursionError:
        raise CanonicalizationError("no canonical JSON: nested too deep", code="codec.jcs") from None
    return canonical
