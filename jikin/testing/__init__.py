"""What tests, demonstrations and a first look share: a clock that stands still, and a whole world in memory."""

from jikin.testing.clock import FixedClock
from jikin.testing.world import Institution, Issued, World

__all__ = ["FixedClock", "Institution", "Issued", "World"]
