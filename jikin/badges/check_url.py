"""The one URL shape that leads from a printed code to a certificate number: ``https://HOST/n/NUMBER``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jikin.errors import DocumentError, NumberError
from jikin.values import CertificateNumber

_MAX_TEXT = 1000
_CHECK_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_PATH = re.compile(r"/n/([0-9a-z -]{1,40})", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9.-]{1,253}(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class CheckUrl:
    """What the code of a certificate says: where to check, and the number. *host* is in lower case, port included."""

    host: str
    number: CertificateNumber = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> CheckUrl:
        """Return the parts of a check URL in any case, with or without hyphens in the number.

        Raises DocumentError: ``document.other-code`` for a text that is no check URL, ``number.mistyped`` for a check
        URL with a number that cannot be one. The host is not judged here: a forger's code leads to a host of its own.
        """
        other = DocumentError(
            f"this QR code is not from a certificate: {text[:60]!r}",
            code="document.other-code",
            hint="Use the code at the upper right of the certificate.",
        )
        if len(text) > _MAX_TEXT or not _CHECK_URL.fullmatch(text):
            raise other
        try:
            parts = urlsplit(text)
        except ValueError as error:
            raise other from error
        host = parts.netloc.lower()
        path = _PATH.fullmatch(parts.path)
        # A user name in front of the host, a query or a fragment has no business here.
        if path is None or not _HOST.fullmatch(host) or parts.query or parts.fragment:
            raise other
        try:
            return cls(host, CertificateNumber.parse(path[1]))
        except NumberError as error:
            raise DocumentError(str(error), code=error.code) from error


def check_url(base_url: str, number: CertificateNumber) -> str:
    """Return the text of a certificate's code: *base_url* (https://v.example) and the number, in upper case."""
    text = f"{base_url.rstrip('/')}/N/{number.symbols}".upper()
    CheckUrl.parse(text)  # what cannot be read back is never printed
    return text
