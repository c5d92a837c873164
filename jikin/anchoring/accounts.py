"""Accounts on a chain whose key may lie elsewhere: in a hardware token, or with a remote signer.

Whoever signs is handed the message and hashes it itself, never a bare digest: it can then see whether it signs a
transaction, to whom, on which chain, or typed data (SECURITY 3.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from jikin.errors import ValueRefusedError
from jikin.values import Address, keccak256

if TYPE_CHECKING:
    from eth_account.datastructures import SignedMessage, SignedTransaction
    from eth_account.messages import SignableMessage
    from eth_account.types import TransactionDictType

_DYNAMIC_FEES = 2  # EIP-1559
_SIGNATURE_BYTES = 65
_FIRST_V = 27
# Order of EIP-1559; the list of accesses stays empty.
_NUMBERS = ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas")


class ChainAccount(Protocol):
    """What a writer needs of an account: a ``LocalAccount`` of eth-account has it, and so has ``SignerAccount``."""

    @property
    def address(self) -> str:
        """Return the address, 0x and 40 hexadecimal digits."""

    def sign_transaction(self, transaction_dict: TransactionDictType) -> SignedTransaction:
        """Return the signed transaction; ``raw_transaction`` are the bytes to send."""

    def sign_message(self, signable_message: SignableMessage) -> SignedMessage:
        """Return the signature over a message of EIP-191, typed data (EIP-712) among them."""


class AccountSigner(Protocol):
    """A secp256k1 key of an account that is not in this process, or not as bytes."""

    @property
    def address(self) -> Address:
        """Return the account."""

    def sign_keccak(self, message: bytes) -> bytes:
        """Return r ‖ s ‖ v over keccak-256 of *message*: 65 bytes, s in the lower half, v 27 or 28.

        Raises SignerUnavailableError when the key cannot be reached now.
        """


@dataclass(frozen=True, slots=True)
class SignerAccount:
    """A ChainAccount by an AccountSigner. It signs transactions of EIP-1559 without access lists, and messages."""

    signer: AccountSigner

    @property
    def address(self) -> str:
        """Return the address."""
        return str(self.signer.address)

    def sign_transaction(self, transaction_dict: TransactionDictType) -> SignedTransaction:
        """Return the signed transaction; raises ValueRefusedError for another kind than EIP-1559."""
        from eth_account.datastructures import SignedTransaction
        from hexbytes import HexBytes

        fields = _fields(transaction_dict)
        r, s, v = _parts(self.signer.sign_keccak(unsigned(fields)))
        raw = _typed([*fields, v - _FIRST_V, r, s])
        return SignedTransaction(HexBytes(raw), HexBytes(keccak256(raw)), r, s, v - _FIRST_V)

    def sign_message(self, signable_message: SignableMessage) -> SignedMessage:
        """Return the signature over ``0x19 ‖ version ‖ header ‖ body`` (EIP-191)."""
        from eth_account.datastructures import SignedMessage
        from hexbytes import HexBytes

        version, header, body = signable_message
        message = b"\x19" + bytes(version) + bytes(header) + bytes(body)
        signature = self.signer.sign_keccak(message)
        r, s, v = _parts(signature)
        return SignedMessage(HexBytes(keccak256(message)), r, s, v, HexBytes(signature))


Item = int | bytes | list[object]


def unsigned(fields: list[Item]) -> bytes:
    """Return what is hashed and signed of a transaction (EIP-1559): its type, then its fields."""
    return _typed(fields)


def _typed(fields: list[Item]) -> bytes:
    import rlp
    from rlp.sedes import big_endian_int

    plain = [big_endian_int.serialize(one) if isinstance(one, int) else one for one in fields]
    return bytes([_DYNAMIC_FEES]) + bytes(rlp.encode(plain))


def _fields(given: Mapping[str, object]) -> list[Item]:
    known = {*_NUMBERS, "type", "to", "value", "data"}
    if given.get("type") not in (_DYNAMIC_FEES, "0x2") or not set(given) <= known:
        raise ValueRefusedError(f"this account signs transactions of EIP-1559 with {', '.join(sorted(known))}")
    numbers = {name: given.get(name, 0) for name in (*_NUMBERS, "value")}
    for name, number in numbers.items():
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise ValueRefusedError(f"{name} of a transaction is a number, got {type(number).__name__}")
    whole = {name: int(str(number)) for name, number in numbers.items()}
    to, data = given.get("to", b""), given.get("data", b"")
    return [
        *(whole[name] for name in _NUMBERS),
        Address.parse(to).raw if isinstance(to, str) and to else _octets(to, "to"),
        whole["value"],
        bytes.fromhex(data.removeprefix("0x")) if isinstance(data, str) else _octets(data, "data"),
        [],
    ]


def _octets(value: object, name: str) -> bytes:
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if value == "":
        return b""
    raise ValueRefusedError(f"{name} of a transaction is bytes, got {type(value).__name__}")


def _parts(signature: bytes) -> tuple[int, int, int]:
    if len(signature) != _SIGNATURE_BYTES:
        raise ValueRefusedError(f"a signature of an account is {_SIGNATURE_BYTES} bytes, got {len(signature)}")
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
