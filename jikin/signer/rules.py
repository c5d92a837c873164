"""What a key signs: pure functions of the message, so that a stolen token cannot make a key do another one's work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import rlp

from jikin.anchoring import artifact
from jikin.anchoring.evm_abi import Interface
from jikin.errors import ProofError
from jikin.proofs.signers.remote_protocol import MAX_MESSAGE_BYTES, Purpose
from jikin.values import Address, ChainId, keccak256

_DYNAMIC_FEES = 2
_FIELDS = 9  # of an unsigned transaction of EIP-1559
_TYPED_DATA = b"\x19\x01"
_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_NAME, _VERSION = b"Jikin CredentialRegistry", b"1"


def _refuse(why: str) -> ProofError:
    return ProofError(why, code="signer.refused")


@dataclass(frozen=True, slots=True)
class Rule:
    """What one key may sign: its purposes, and of transactions to which registry and for which of its functions.

    No *functions*: all of them.
    """

    purposes: frozenset[Purpose]
    chain: ChainId | None = None
    registry: Address | None = None
    functions: frozenset[str] = frozenset()

    def check(self, purpose: str, message: bytes, own: Address | None = None) -> None:
        """Raise ProofError (``signer.refused``) unless *message* is what the key signs for *purpose*.

        *own* is the account of the key: what it sends to itself without money and data fills a gap in its nonces, and
        does nothing else.
        """
        if purpose not in {one.value for one in self.purposes}:
            known = ", ".join(sorted(self.purposes))
            raise _refuse(f"this key does not sign for {purpose[:40]!r}; it was given for {known}")
        if not message or len(message) > MAX_MESSAGE_BYTES:
            raise _refuse(f"a message has 1 to {MAX_MESSAGE_BYTES} bytes, got {len(message)}")
        if purpose == Purpose.TRANSACTION:
            self._check_transaction(message, own)
        elif purpose == Purpose.TYPED_DATA:
            self._check_typed_data(message)

    def _check_transaction(self, message: bytes, own: Address | None) -> None:
        if message[0] != _DYNAMIC_FEES:
            raise _refuse("this is no transaction of EIP-1559")
        try:
            fields = rlp.decode(message[1:])
        except rlp.DecodingError as error:
            raise _refuse("this is no transaction: it is no RLP") from error
        if not isinstance(fields, list) or len(fields) != _FIELDS or fields[8] != []:
            raise _refuse("this is no unsigned transaction of EIP-1559 without access list")
        if any(not isinstance(one, bytes) for one in fields[:8]):
            raise _refuse("a field of the transaction is a list")
        chain, to, value, data = int.from_bytes(fields[0], "big"), fields[5], fields[6], fields[7]
        if self.chain is None or chain != self.chain.number:
            raise _refuse(f"the transaction is for chain {chain}, this key signs for {self.chain}")
        if own is not None and to == own.raw and not value and not data:
            return
        if self.registry is None or to != self.registry.raw:
            raise _refuse(f"the transaction is to {to.hex() or 'nobody'}, this key signs for {self.registry}")
        if value:
            raise _refuse("the transaction sends money; the registry takes none")
        name = _functions().get(data[:4])
        if name is None or (self.functions and name not in self.functions):
            allowed = ", ".join(sorted(self.functions)) or "the registry's functions"
            raise _refuse(f"the transaction calls {name or data[:4].hex() or 'nothing'}, this key signs for {allowed}")

    def _check_typed_data(self, message: bytes) -> None:
        if not message.startswith(_TYPED_DATA) or len(message) != 66:
            raise _refuse("this is no typed data (EIP-712)")
        if self.chain is None or self.registry is None:
            raise _refuse("this key was given no registry to sign typed data for")
        if message[2:34] != domain_separator(self.chain, self.registry):
            raise _refuse(f"the typed data is of another domain than {self.registry} on {self.chain}")


def domain_separator(chain: ChainId, registry: Address) -> bytes:
    """Return the EIP-712 domain separator of a registry (STATEMENTS 7)."""
    words = (
        keccak256(_DOMAIN_TYPE),
        keccak256(_NAME),
        keccak256(_VERSION),
        chain.number.to_bytes(32, "big"),
        bytes(12) + registry.raw,
    )
    return keccak256(b"".join(words))


@cache
def _functions() -> Mapping[bytes, str]:
    """Return the registry's functions by selector."""
    return Interface(artifact.load().abi).selectors()


def function_names() -> frozenset[str]:
    """Return the names of the registry's functions."""
    return frozenset(_functions().values())
