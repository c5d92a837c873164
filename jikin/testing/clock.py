"""A clock that stands still until it is moved."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class FixedClock:
    """A clock: call it for the Unix second it stands at."""

    now: int

    def __call__(self) -> int:
        """Return the Unix second the clock stands at."""
        return self.now

    def advance(self, seconds: int) -> None:
        """Move the clock forward (or back, with a negative number)."""
        self.now += seconds
