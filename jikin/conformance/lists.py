"""Two status lists in memory, one for each purpose: who holds which entry, and what it says."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jikin.codec import jcs
from jikin.dids.method import Fetch
from jikin.errors import StatusError
from jikin.status import bitstring
from jikin.status.array import State, StatusArray
from jikin.status.bitstring import MIN_ENTRIES, Purpose
from jikin.values import Json, JsonObject

_SET: Mapping[Purpose, State] = {Purpose.REVOCATION: State.REVOKED, Purpose.SUSPENSION: State.SUSPENDED}


@dataclass(slots=True)
class _List:
    array: StatusArray = field(default_factory=lambda: StatusArray.all_valid(MIN_ENTRIES))
    given: set[int] = field(default_factory=set)


class Lists:
    """The lists under *base_url*; safe for several threads."""

    def __init__(self, base_url: str, issuer: str, now: int) -> None:
        """Begin with lists in which nothing is set, valid from *now* (Unix second), of the DID *issuer*."""
        self._base_url = base_url
        self._issuer = issuer
        self._begun = now
        self._lists = {purpose: _List() for purpose in Purpose}
        self._by_credential: dict[str, tuple[Purpose, int]] = {}
        self._lock = threading.Lock()

    def url(self, purpose: Purpose) -> str:
        """Return where the list of *purpose* is read."""
        return f"{self._base_url}/status/{purpose.value}"

    def entry(self, purpose: Purpose, credential_id: str | None) -> JsonObject:
        """Return a ``credentialStatus`` entry that no credential has had; it is found again by *credential_id* too."""
        with self._lock:
            given = self._lists[purpose].given
            if len(given) >= MIN_ENTRIES:
                raise StatusError("every entry of the list is given out: start again", code="status.full")
            index = next(index for index in iter(lambda: secrets.randbelow(MIN_ENTRIES), -1) if index not in given)
            given.add(index)
            if credential_id is not None:
                self._by_credential[credential_id] = (purpose, index)
        return bitstring.entry_json(self.url(purpose), purpose, index)

    def credential(self, purpose: Purpose) -> JsonObject:
        """Return the list credential of *purpose* as it is now, without proof."""
        with self._lock:
            array = self._lists[purpose].array
        return bitstring.list_credential(
            array, url=self.url(purpose), issuer=self._issuer, purpose=purpose, valid_from=self._begun
        )

    def set(self, place: tuple[Purpose, int], *, on: bool) -> None:
        """Set or clear the bit at *place*."""
        purpose, index = place
        with self._lock:
            entry = self._lists[purpose]
            entry.array = entry.array.with_states({index: _SET[purpose] if on else State.VALID})

    def place(self, credential_id: Json, entry: Json) -> tuple[Purpose, int]:
        """Return which bit is meant: by the entry where it names one, else by the credential it was made for.

        Raises StatusError: ``status.entry`` for what names none, ``status.not-found`` for one not given out here.
        """
        if isinstance(entry, Mapping) and "statusListIndex" in entry:
            stated = bitstring.BitstringEntry.parse(entry)
            purpose = next((one for one in Purpose if one.value == stated.purpose), None)
            if purpose is None or stated.url != self.url(purpose) or stated.index not in self._lists[purpose].given:
                raise StatusError("no credential was given this entry here", code="status.not-found")
            return purpose, stated.index
        if not isinstance(credential_id, str):
            raise StatusError("a credentialStatus entry or a credentialId is needed", code="status.entry")
        found = self._by_credential.get(credential_id)
        if found is None:
            raise StatusError("no credential with this id was given an entry here", code="status.not-found")
        return found


@dataclass(frozen=True, slots=True)
class OwnLists:
    """A door to the web that reads our own lists without going out: *signed* gives the list of a purpose, secured."""

    lists: Lists
    signed: Callable[[Purpose], JsonObject]
    otherwise: Fetch

    def get(self, url: str, *, max_bytes: int) -> bytes:
        """Return our own list at *url*, else what the door behind finds; raises FetchError."""
        for purpose in Purpose:
            if url == self.lists.url(purpose):
                return jcs.canonicalize(self.signed(purpose))
        return self.otherwise.get(url, max_bytes=max_bytes)
