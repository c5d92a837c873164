"""Certificates and badges that nobody can forge: issue, hold, present, verify, revoke.

``jikin.Issuer``, ``jikin.verify`` and ``jikin.Outcome`` are for a first look; they are loaded when first used, so that
importing a part of the library costs that part alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jikin.testing.trying import Issuer, verify
    from jikin.verification.report import Outcome

__version__ = "0.1.0"
__all__ = ["Issuer", "Outcome", "__version__", "verify"]


def __getattr__(name: str) -> object:
    if name in ("Issuer", "verify"):
        from jikin.testing import trying

        return getattr(trying, name)
    if name == "Outcome":
        from jikin.verification.report import Outcome

        return Outcome
    raise AttributeError(f"module 'jikin' has no attribute {name!r}")
