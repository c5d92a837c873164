"""What a holder knows besides a signature: messages the signer never saw, and random scalars."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from jikin.proofs.bbs.curve import G1, G2, ORDER
from jikin.proofs.bbs.interface import EXPAND_BYTES, Interface

RandomScalars: TypeAlias = Callable[[int], Sequence[int]]


def random_scalars(count: int) -> list[int]:
    """Return *count* scalars from the system's randomness (calculate_random_scalars, section 4.2.1)."""
    return [int.from_bytes(secrets.token_bytes(EXPAND_BYTES), "big") % ORDER for _ in range(count)]


@dataclass(frozen=True, slots=True)
class Prover:
    """The secrets under a blind signature; never shows them.

    *blind* hid the commitment, *committed* are the messages in it, *nym* is the secret that pseudonyms come from, the
    signer's part added; without pseudonyms None.
    """

    blind: int = field(repr=False)
    committed: tuple[bytes, ...] = field(default=(), repr=False)
    nym: int | None = field(default=None, repr=False)

    @property
    def count(self) -> int:
        """Return how many scalars were committed to besides the blind."""
        return len(self.committed) + (self.nym is not None)

    def scalars(self, interface: Interface[G1, G2]) -> list[int]:
        """Return the signed scalars: the blind, the messages, the secret of the pseudonyms."""
        own = [self.blind, *interface.messages_to_scalars(self.committed)]
        return own if self.nym is None else [*own, self.nym]
