"""How often somebody may try. Keys are kept as HMACs under a key of this process: no address stays in memory."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading

import limits
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from jikin.errors import SettingsError


class Limiter:
    """A limit such as ``5/hour;20/day`` for each key; every one of its rates has to allow."""

    def __init__(self, rates: str) -> None:
        """Keep *rates*; raises SettingsError for a text that names none."""
        try:
            self._rates = limits.parse_many(rates)
        except ValueError as error:
            raise SettingsError(
                f"{rates!r} is no limit; right would be 5/hour;20/day", code="settings.value"
            ) from error
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()

    def take(self, key: str) -> bool:
        """Return whether *key* may try once more; a try that is allowed is counted."""
        name = hmac.new(self._secret, key.encode(), hashlib.sha256).hexdigest()
        with self._lock:
            if not all(self._window.test(rate, name) for rate in self._rates):
                return False
            for rate in self._rates:
                self._window.hit(rate, name)
            return True
