"""The desk put together: the one place where a verifier's parts are chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from jikin.verification import policy as policies
from jikin.verification.assembly import assemble
from jikin.verification.policy import Policy
from jikin.verification.sources import Sources
from verifier.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a check needs: who can be asked, by which policy it is judged, and what time it is (Unix seconds)."""

    sources: Sources
    policy: Policy
    clock: Callable[[], int] = field(repr=False)


def build(settings: Settings, clock: Callable[[], int]) -> Desk:
    """Return the desk that *settings* describe; raises SettingsError, RegistryError for a broken ``registry.json``."""
    policy = policies.packaged("offline" if settings.offline and settings.policy == "public" else settings.policy)
    return Desk(assemble(settings.plan()), policy, clock)
