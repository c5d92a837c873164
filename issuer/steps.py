"""The steps of a job: each does what it can, says how much is left, and may be cut off and run again anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from issuer.office import Office

Step: TypeAlias = Callable[[Office, int], int | None]

STOPPED = -1  # what a step returns when it noted an error: the job ends and can be run again
AGAIN = -2  # what a step returns when the ground under the row has moved: its steps begin again, from its new state


def go_through(steps: Sequence[Step], do: Callable[[Step], int]) -> bool:
    """Have *do* done with each of *steps* until nothing is left of it; False when one of them stopped.

    From the first one again when a step found the ground moved: every step looks at where the row stands now.
    """
    position = 0
    while position < len(steps):
        left = do(steps[position])
        if left == STOPPED:
            return False
        if left == AGAIN:
            position = 0
        elif not left:
            position += 1
    return True
