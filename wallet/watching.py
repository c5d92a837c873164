"""Watching the states of certificates in open vaults, without opening any: only status lists are read.

What the memory of the service holds for it (an issuer, a list, an index) says nothing about whose it is. Where a state
has changed the certificate is checked, with its receipt and note, by the next request that brings the other half of the
key.
"""

from __future__ import annotations

import threading

from jikin.errors import JikinError, StatusError
from jikin.status.bitstring import list_id_of
from jikin.values import Did
from jikin.verification.evidence import Known
from jikin.verification.sources import Session
from wallet.app import Wallet
from wallet.sessions import Watched


def look_around(wallet: Wallet) -> int:
    """Note for every open session which certificates have changed, and return how many; raises SettingsError."""
    sessions = wallet.sessions.watched()
    if not sessions:
        return 0
    asked = wallet.trusting().at_newest()
    count = 0
    for name, entries in sessions.items():
        changed = frozenset(entry.record for entry in entries if _is_news(asked, entry))
        wallet.sessions.mark_due(name, changed)
        count += len(changed)
    return count


def _is_news(asked: Session, entry: Watched) -> bool:
    """Say whether the list says otherwise than at the last check; a list that cannot be read says nothing."""
    list_id = list_id_of(entry.list_credential)
    if list_id is None:
        return False
    fact = asked.snapshot(Did(entry.issuer).issuer_id, list_id)
    if not isinstance(fact, Known) or fact.value is None:
        return False
    try:
        return int(fact.value.state(entry.index)) != entry.state
    except StatusError:
        return True  # a contradiction, or an index beyond the list: the check says what it is


class Watcher:
    """Looks around every so often, in a thread of its own."""

    def __init__(self, wallet: Wallet) -> None:
        """Begin with ``start``."""
        self._wallet = wallet
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to look around, unless the settings say never."""
        if self._wallet.settings.recheck_seconds > 0:
            self._thread.start()

    def stop(self) -> None:
        """Stop; what is being read is not waited for."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.wait(self._wallet.settings.recheck_seconds):
            try:
                look_around(self._wallet)
            except JikinError as error:
                self._wallet.tell("watch", error)
