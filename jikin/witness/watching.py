"""The watcher: whatever happens at the registry and is not in the owner's own list is told within a block.

It runs apart from the issuer, asks a node of its own, and only compares (SECURITY 1.6). A thief of a key, an operator
or an owner account can act; what they cannot do is to act unnoticed. Told is also what a node hides: anchors and epochs
that the contract has counted and no event speaks of.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jikin.anchoring.chain import Block
from jikin.anchoring.evm import EvmRegistry, EvmView
from jikin.errors import ChainUnavailableError, JikinError, UnavailableError
from jikin.values import Address, IssuerId, Json, ListId
from jikin.witness.acts import Happened, happened_between, happened_in, place
from jikin.witness.known import Known
from jikin.witness.place import Places

_SHALLOW = 64  # newest blocks that are read one by one, by hash; those below are read in ranges
_RANGE = 2_000
_SECOND_LOOK = 0.25  # seconds until a difference is looked at again


class Teller(Protocol):
    """Somebody who is told: a terminal, a webhook, a command."""

    def tell(self, said: str) -> None:
        """Tell the alert, one JSON text; raises UnavailableError when it did not arrive: it is told again then."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """The watcher of *issuers* (none named: of everybody) at *registry*.

    *known* reads the owner's list anew; raises JikinError when it cannot be read. *tellers* are told in this order.
    """

    registry: EvmRegistry
    places: Places
    issuers: frozenset[IssuerId]
    known: Callable[[], Known] = field(repr=False)
    tellers: Sequence[Teller] = field(repr=False)

    def round(self) -> int:
        """Read what is new, compare, tell; return how many alerts were told.

        Raises ChainUnavailableError, RegistryMismatchError, SettingsError (the list), UnavailableError (a teller): the
        next round goes on where this one stopped, and tells what was not told.
        """
        newest = self.registry.view().block
        self._go_back()
        self._go_on(newest.number)
        blocks = self.places.blocks()
        if blocks:
            self._find_hidden(blocks[0])
        self._judge(self.known())
        return self.tell()

    def tell_blind(self, error: JikinError) -> int:
        """Tell that nothing can be seen, once for a block it happens at; return how many alerts were told.

        Who blinds a watcher has a reason. A teller that cannot be reached either is told later.
        """
        blocks = self.places.blocks()
        since = blocks[0].number if blocks else 0
        said: dict[str, Json] = {"kind": "blind", "code": error.code, "detail": str(error), "since_block": since}
        self.places.alert(f"blind {since} {error.code}", said)
        try:
            return self.tell()
        except UnavailableError:
            return 0

    def tell(self) -> int:
        """Tell what has not been told yet and return how much that was; raises UnavailableError."""
        untold = self.places.untold()
        for number, said in untold:
            for teller in self.tellers:
                teller.tell(said)
            self.places.told(number)
        return len(untold)

    # --------------------------------------------------------------------------------------------------------- reading

    def _go_back(self) -> None:
        """Forget the blocks that are not on the chain any more, and tell what was told of them as undone."""
        blocks = self.places.blocks()
        common = next((block.number for block in blocks if self._stands(block)), -1)
        if not blocks or common == blocks[0].number:
            return
        with self.places.at_once():
            for happened in self.places.forget_after(common):
                self.places.withdraw(_name(happened), {**_said(happened), "kind": "undone"})

    def _stands(self, block: Block) -> bool:
        try:
            return place(self.registry, block.number).block.hash == block.hash
        except ChainUnavailableError as error:
            if error.code == "chain.block-missing":
                return False
            raise

    def _go_on(self, newest: int) -> None:
        blocks = self.places.blocks()
        following = blocks[0].number + 1 if blocks else self.registry.pins.deploy_block
        while following <= newest - _SHALLOW:
            last = min(following + _RANGE - 1, newest - _SHALLOW)
            happened = happened_between(self.registry, following, last)
            with self.places.at_once():
                self.places.add(place(self.registry, last).block, self._watched(happened))
            following = last + 1
        while following <= newest:
            here = place(self.registry, following)
            blocks = self.places.blocks()
            if blocks and here.parent != blocks[0].hash:
                return  # the chain was rewritten while we read: the next round goes back first
            happened = happened_in(self.registry, here.block)
            with self.places.at_once():
                self.places.add(here.block, self._watched(happened))
            following += 1

    def _watched(self, happened: Sequence[Happened]) -> list[Happened]:
        """Return what concerns the watched issuers: their own acts, and those about the registry as a whole."""
        return [each for each in happened if not self.issuers or each.issuer is None or each.issuer in self.issuers]

    # --------------------------------------------------------------------------------------------------------- judging

    def _judge(self, known: Known) -> None:
        with self.places.at_once():
            for happened in self.places.unjudged():
                if known.has(happened):
                    self.places.judged(happened)
                else:
                    self.places.alert(_name(happened), _said(happened))

    def _find_hidden(self, block: Block) -> None:
        """Tell what the contract has counted as of *block* and no event that the node handed out speaks of.

        A node that is just adding a block may answer for the newest one with the state of the next (anvil does, some
        once in a hundred times). Nobody is to be alarmed by that: what differs is asked again of the same block.
        """
        if self._hidden_at(block):
            time.sleep(_SECOND_LOOK)
            for hidden in self._hidden_at(block):
                self._tell_hidden(block, hidden)

    def _hidden_at(self, block: Block) -> list[_Hidden]:
        """Compare the contract's counts, asked as of *block*, with the events that the node handed out up to it."""
        view = EvmView(self.registry, block)
        found: list[_Hidden] = []
        for (issuer, account), seen in self._anchors().items():
            operator = view.operator(issuer, account)
            found.append(_Hidden("anchors", issuer, str(account), 0 if operator is None else operator.sequence, seen))
        epochs = Counter((each.issuer, str(each.members["listId"])) for each in self.places.acts("StatusPublished"))
        for opened in self.places.acts("StatusListOpened"):
            if opened.issuer is None:
                continue
            name = str(opened.members["listId"])
            (head,) = view.status_heads(opened.issuer, [ListId.from_hex(name)])
            counted = 0 if head is None else head.epoch
            found.append(_Hidden("epochs", opened.issuer, name, counted, epochs[opened.issuer, name]))
        return [each for each in found if each.counted != each.seen]

    def _anchors(self) -> Mapping[tuple[IssuerId, Address], int]:
        """Return how many anchors the events show of each operator that they name."""
        seen: Counter[tuple[IssuerId, Address]] = Counter()
        for event, member in (("OperatorSet", "account"), ("Anchored", "operator")):
            for each in self.places.acts(event):
                if each.issuer is not None:
                    seen[each.issuer, Address.parse(str(each.members[member]))] += event == "Anchored"
        return seen

    def _tell_hidden(self, block: Block, hidden: _Hidden) -> None:
        said: dict[str, Json] = {
            "kind": "hidden",
            "what": hidden.what,
            "issuer": hidden.issuer.hex(),
            "of": hidden.of,
            "counted": hidden.counted,
            "seen": hidden.seen,
            "block": block.number,
            "block_hash": block.hash.hex(),
        }
        name = f"hidden {hidden.what} {hidden.issuer.hex()} {hidden.of} {hidden.counted} {hidden.seen}"
        self.places.alert(name, said)


@dataclass(frozen=True, slots=True)
class _Hidden:
    """What was *counted* by the contract and *seen* in events: *of* one operator's anchors, or one list's epochs."""

    what: str
    issuer: IssuerId
    of: str
    counted: int
    seen: int


def _name(happened: Happened) -> str:
    return f"act {happened.hash.hex()} {happened.position}"


def _said(happened: Happened) -> dict[str, Json]:
    return {
        "kind": "act",
        "event": happened.event,
        "issuer": None if happened.issuer is None else happened.issuer.hex(),
        "members": dict(happened.members),
        "transaction": happened.transaction.hex(),
        "block": happened.number,
        "block_hash": happened.hash.hex(),
    }
