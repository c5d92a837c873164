"""How often a property test tries, where that is not as often as the others."""

from __future__ import annotations

from hypothesis import settings

_OFTENER = 20  # as the profile does for those that say nothing


def tries(count: int) -> int:
    """Return *count*, or many times that where `make fuzz` runs."""
    return count * _OFTENER if settings.get_current_profile_name() == "fuzz" else count
