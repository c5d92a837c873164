"""What makes one service's web application its own: name, address, texts, templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jikin.web.texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The service *name* ("issuer", "wallet" or "verifier") as it is seen under *base_url*.

    *base_url* has no slash at its end. *clock* gives Unix seconds. *trusted_https* says that browsers reach the service
    by https only, so that its cookies may demand it. *static* are further folders of static files of this service.
    """

    name: str
    base_url: str
    texts: Texts
    templates: Path
    clock: Callable[[], int]
    trusted_https: bool
    static: tuple[Path, ...] = ()

    @property
    def origin(self) -> str:
        """Return scheme, host and port of the base URL, as a browser writes them in ``Origin``."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    def cookie_name(self, name: str) -> str:
        """Return the full name of the cookie called *name* here; the ports of one host share their cookies."""
        return f"jikin-{self.name}-{name}"
