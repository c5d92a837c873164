"""An ERC-1056 registry in memory, with the rules of ``EthereumDIDRegistry``: for tests and demonstrations."""

from __future__ import annotations

from collections.abc import Callable

from jikin.anchoring.chain import Block
from jikin.anchoring.erc1056 import AttributeChanged, Change, DelegateChanged, OwnerChanged
from jikin.errors import ChainUnavailableError, RegistryRefusedError
from jikin.values import Address, ChainId, Digest, sha256

_NOBODY = Address(bytes(20))


class MemoryErc1056:
    """A registry whose blocks are mined by every change, or held back until ``mine``."""

    def __init__(self, chain: ChainId, clock: Callable[[], int]) -> None:
        """Begin with a first block; *clock* gives the time of the blocks (Unix second)."""
        self.reachable = True
        self.automine = True
        self._chain = chain
        self._clock = clock
        self._blocks: list[Block] = []
        self._open: Block | None = None
        self._changes: dict[Address, list[Change]] = {}
        self.mine()

    @property
    def chain(self) -> ChainId:
        """Return which chain this is."""
        return self._chain

    # --- what readers ask ---

    def block(self, number: int | None = None) -> Block:
        """Return the block *number*, None: the newest."""
        self._answer()
        if number is None:
            return self._blocks[-1]
        if not 0 <= number < len(self._blocks):
            raise ChainUnavailableError(f"there is no block {number}", code="chain.block-missing")
        return self._blocks[number]

    def owner(self, identity: Address, at: Block) -> Address:
        """Return the owner of *identity* as of the block *at*."""
        self._answer()
        return self._owner(identity, at.number)

    def changed(self, identity: Address, at: Block) -> int:
        """Return the number of the block of the last change of *identity* as of the block *at*, 0: there was none."""
        self._answer()
        return self._changed(identity, at.number)

    def changes(self, identity: Address, number: int) -> tuple[Change, ...]:
        """Return the changes of *identity* in the block *number*, in the order they happened."""
        self._answer()
        mined = number < len(self._blocks)
        return tuple(one for one in self._changes.get(identity, ()) if mined and one.block.number == number)

    # --- what owners do ---

    def change_owner(self, identity: Address, actor: Address, owner: Address) -> None:
        """Give *identity* to *owner*; the address zero gives it up. Raises RegistryRefusedError, as all changes do."""
        self._check(identity, actor)
        self._record(identity, OwnerChanged(self._pending, owner, self._before(identity)))

    def add_delegate(self, identity: Address, actor: Address, kind: bytes, delegate: Address, validity: int) -> None:
        """Let *delegate* act for *identity* for *validity* seconds; *kind* is at most 32 bytes (``veriKey``)."""
        self._delegate(identity, actor, kind, delegate, self._pending.time + validity)

    def revoke_delegate(self, identity: Address, actor: Address, kind: bytes, delegate: Address) -> None:
        """End what *delegate* may do."""
        self._delegate(identity, actor, kind, delegate, self._pending.time)

    def set_attribute(self, identity: Address, actor: Address, name: bytes, value: bytes, validity: int) -> None:
        """State *value* of *identity* for *validity* seconds; *name* is at most 32 bytes (``did/svc/Files``)."""
        self._attribute(identity, actor, name, value, self._pending.time + validity)

    def revoke_attribute(self, identity: Address, actor: Address, name: bytes, value: bytes) -> None:
        """Take back what was stated."""
        self._attribute(identity, actor, name, value, 0)

    def mine(self) -> None:
        """Mine a block with whatever was held back."""
        self._blocks.append(self._pending)
        self._open = None

    def _delegate(self, identity: Address, actor: Address, kind: bytes, delegate: Address, valid_to: int) -> None:
        self._check(identity, actor)
        change = DelegateChanged(self._pending, kind.ljust(32, b"\0"), delegate, valid_to, self._before(identity))
        self._record(identity, change)

    def _attribute(self, identity: Address, actor: Address, name: bytes, value: bytes, valid_to: int) -> None:
        self._check(identity, actor)
        change = AttributeChanged(self._pending, name.ljust(32, b"\0"), value, valid_to, self._before(identity))
        self._record(identity, change)

    def _record(self, identity: Address, change: Change) -> None:
        self._changes.setdefault(identity, []).append(change)
        if self.automine:
            self.mine()

    def _check(self, identity: Address, actor: Address) -> None:
        if self._owner(identity, self._pending.number) != actor:
            raise RegistryRefusedError("Error", ("bad_actor",))

    def _owner(self, identity: Address, number: int) -> Address:
        listed = (one for one in self._changes.get(identity, ()) if one.block.number <= number)
        owners = [one.owner for one in listed if isinstance(one, OwnerChanged)]
        return owners[-1] if owners and owners[-1] != _NOBODY else identity

    def _changed(self, identity: Address, number: int) -> int:
        blocks = [one.block.number for one in self._changes.get(identity, ()) if one.block.number <= number]
        return blocks[-1] if blocks else 0

    def _before(self, identity: Address) -> int:
        return self._changed(identity, self._pending.number)

    @property
    def _pending(self) -> Block:
        """Return the block that is made up; it has the time of the first change in it."""
        if self._open is None:
            number = len(self._blocks)
            self._open = Block(number, Digest(sha256(f"block {number}".encode("ascii"))), self._clock())
        return self._open

    def _answer(self) -> None:
        if not self.reachable:
            raise ChainUnavailableError("the chain does not answer")
