"""``eth_getProof`` as a node answers it (EIP-1186): nodes of the tries, bounded before anything is parsed."""

from __future__ import annotations

from collections.abc import Sequence

from jikin.anchoring.evm_rpc import Rpc, entries, members, octets
from jikin.anchoring.trie import EMPTY_NODE, MAX_BYTES, Nodes
from jikin.errors import StateProofError
from jikin.values import Address, Digest, Json

_MAX_DEPTH = 64  # nodes on one way


class StateAnswer:
    """One answer: the way to the account, and one way for each slot that was asked for, in that order."""

    def __init__(self, answer: Json, slots: int) -> None:
        """Read the shape; raises ChainUnavailableError where it is none, StateProofError where it is too large."""
        found = members(answer)
        self._account = found.get("accountProof")
        self._storage = entries(found.get("storageProof", ()))
        if len(self._storage) != slots:
            raise StateProofError(
                f"{len(self._storage)} proofs for {slots} slots that were asked for", code="state-proof.answer"
            )

    def account(self) -> Nodes:
        """Return the nodes on the way to the account."""
        return _nodes(self._account)

    def slot(self, position: int) -> Nodes:
        """Return the nodes on the way to the slot at *position*."""
        return _nodes(members(self._storage[position]).get("proof"))


def ask(rpc: Rpc, address: Address, slots: Sequence[Digest], block: int) -> StateAnswer:
    """Return the proofs of *slots* of the contract at *address* as of block number *block*.

    Nothing of it is checked yet. Raises ChainUnavailableError when the node does not answer or refuses.
    """
    # Whole words: a shortened "0x0" is refused by every node that was tried.
    asked = [slot.hex() for slot in slots]
    return StateAnswer(rpc.call("eth_getProof", str(address), asked, hex(block)), len(slots))


def _nodes(value: Json | None) -> Nodes:
    listed = entries(() if value is None else value)
    if len(listed) > _MAX_DEPTH or sum(len(entry) for entry in listed if isinstance(entry, str)) > 2 * MAX_BYTES:
        raise StateProofError(
            f"a way has at most {_MAX_DEPTH} nodes and {MAX_BYTES:,} bytes, this one {len(listed)} nodes",
            code="state-proof.too-large",
        )
    nodes = [octets(entry) for entry in listed]
    # Some nodes spell an empty trie out; its root says the same, and the node would be left over.
    return Nodes(() if nodes == [EMPTY_NODE] else nodes, max_nodes=_MAX_DEPTH)
