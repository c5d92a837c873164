"""Links that carry a message: ``openid-credential-offer://?…``, ``openid4vp://?…``, or the same behind an https page.

A page of a wallet takes the whole link as one parameter (``https://wallet.example/receive?offer=openid-…%3A%2F%2F…``);
what a QR code says may be either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from jikin.openid4vc.errors import refuse

MAX_LINK = 1 << 16
_MAX_PARAMETERS = 64


def parameters(link: str, schemes: Collection[str], wrapper: str, code: str) -> Mapping[str, str]:
    """Return the parameters of *link*, whose scheme is one of *schemes* or https (http for a page on this machine).

    A page's parameter *wrapper* that holds a link of one of *schemes* is read instead. Raises ProtocolError
    (``openid.<code>``) for another scheme, a parameter that stands twice, and what is beyond the limits.
    """
    text = link.strip()
    if len(text) > MAX_LINK:
        refuse(code, f"a link has at most {MAX_LINK} characters, got {len(text)}")
    scheme = text.partition(":")[0].lower()
    if scheme not in {*schemes, "https", "http"}:
        known = ", ".join(f"{name}://" for name in schemes)
        refuse(code, f"the link does not begin with {known} or https://")
    found = _query(text, code)
    inner = found.get(wrapper, "")
    if scheme in {"https", "http"} and inner.partition(":")[0].lower() in schemes:
        return parameters(inner, schemes, "", code)
    return found


def _query(text: str, code: str) -> Mapping[str, str]:
    try:
        query = urlsplit(text).query
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS, errors="strict")
    except ValueError:  # brackets without end, too many fields, bytes that are no UTF-8
        refuse(code, "the link cannot be read as a URL with parameters")
    found = dict(pairs)
    if len(found) != len(pairs):
        refuse(code, "a parameter of the link stands twice")
    return found


def link(scheme: str, fields: Mapping[str, str]) -> str:
    """Return the link ``scheme://?…`` with *fields*; *scheme* may also be an https address of a wallet's page."""
    start = scheme if ":" in scheme else f"{scheme}://"
    return f"{start}?{urlencode(fields)}"
