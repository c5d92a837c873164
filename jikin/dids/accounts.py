"""Ethereum accounts as DIDs and DID documents name them: CAIP-10 account ids, addresses with a checksum (EIP-55)."""

from __future__ import annotations

from jikin.codec import points
from jikin.errors import ValueRefusedError
from jikin.values import Address, ChainId, PublicKey, keccak256


def address_of(text: str) -> Address:
    """Return the address that *text* writes; raises ValueRefusedError.

    All digits in one case say nothing; in mixed case they are a checksum (EIP-55), which must be right: a wrong one
    is a mistyped address.
    """
    address = Address.parse(text)
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and text != checksummed(address):
        raise ValueRefusedError(f"{text} is mistyped: its checksum (EIP-55) is not right")
    return address


def checksummed(address: Address) -> str:
    """Return *address* as 0x and digits in mixed case, which are its checksum (EIP-55)."""
    digits = address.raw.hex()
    hashed = keccak256(digits.encode("ascii")).hex()
    return "0x" + "".join(d.upper() if int(h, 16) >= 8 else d for d, h in zip(digits, hashed, strict=False))


def read_account(text: str) -> tuple[ChainId, Address]:
    """Return chain and address of a CAIP-10 account id, ``eip155:1:0x…``; raises ValueRefusedError.

    The form that CAIP-10 had before, ``0x…@eip155:1``, is read too.
    """
    if "@" in text:
        address, _, chain = text.partition("@")
    else:
        chain, _, address = text.rpartition(":")
    return ChainId.parse(chain), address_of(address)


def account_id(chain: ChainId, address: Address) -> str:
    """Return the CAIP-10 account id with the address in mixed case, ``eip155:1:0x…``."""
    return f"{chain}:{checksummed(address)}"


def address_of_key(key: PublicKey) -> Address:
    """Return the address of the account that a secp256k1 *key* controls; raises CodecError (``codec.point``)."""
    return Address(keccak256(points.uncompressed(key)[1:])[12:])
