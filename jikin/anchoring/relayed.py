"""What is signed so that somebody else sends it: typed data of the registry (EIP-712; ``docs/spec/statements.md``, 7).

An operator signs an epoch and anybody relays it; of owner and accreditor one signs an annulment and the other sends it.
A signature names the head before, so it works once, and a second after which it works no more. Whoever has the key
signs the digest: an account of one's own, a keystore, a wallet that is given the typed data as JSON, or the members of
a multisig contract, which then answers for them (ERC-1271).
"""

from __future__ import annotations

from enum import Enum

from jikin.anchoring.acts import PublishStatus
from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.statements import uint
from jikin.codec.accounts import address_of, recover
from jikin.values import Address, Digest, JsonObject, keccak256

DOMAIN_NAME, DOMAIN_VERSION = "Jikin CredentialRegistry", "1"
_DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
_MEMBERS = (
    ("issuerId", "bytes32"),
    ("listId", "bytes32"),
    ("previousHead", "bytes32"),
    ("statusRoot", "bytes32"),
    ("changesHash", "bytes32"),
    ("deadline", "uint64"),
)


class Signed(Enum):
    """What a signature is for; the value is the name of the typed data."""

    EPOCH = "PublishStatus"
    ANNULMENT = "AnnulStatus"


def signed_digest(pins: RegistryPins, signed: Signed, status: PublishStatus, deadline: int) -> Digest:
    """Return the 32 bytes that are signed for *status* on the registry of *pins*; *deadline* is the last second.

    Raises AnchorError for a deadline that does not fit 64 bits.
    """
    words = (status.issuer_id, status.list_id, status.previous_head, status.status_root)
    uint(deadline, 8)
    struct = keccak256(
        _type_hash(signed.value, _MEMBERS)
        + b"".join(word.raw for word in words)
        + keccak256(status.changes)
        + uint(deadline, 32)
    )
    return Digest(keccak256(b"\x19\x01" + _separator(pins) + struct))


def typed_data(pins: RegistryPins, signed: Signed, status: PublishStatus, deadline: int) -> JsonObject:
    """Return the same as JSON for ``eth_signTypedData_v4``, so that a wallet shows what it signs."""
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in _DOMAIN],
            signed.value: [{"name": name, "type": kind} for name, kind in _MEMBERS],
        },
        "primaryType": signed.value,
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": pins.chain.number,
            "verifyingContract": str(pins.registry),
        },
        "message": {
            "issuerId": status.issuer_id.hex(),
            "listId": status.list_id.hex(),
            "previousHead": status.previous_head.hex(),
            "statusRoot": status.status_root.hex(),
            "changesHash": "0x" + keccak256(status.changes).hex(),
            "deadline": deadline,
        },
    }


def signed_by(account: Address, digest: Digest, signature: bytes) -> bool:
    """Say whether *account* itself made *signature*; for an account that is a contract only the chain can say."""
    point = recover(digest.raw, signature)
    return point is not None and address_of(point) == account.raw


def _separator(pins: RegistryPins) -> bytes:
    """Return the domain's hash: another chain, or a copy of the contract elsewhere, takes no signature of ours."""
    return keccak256(
        _type_hash("EIP712Domain", _DOMAIN)
        + keccak256(DOMAIN_NAME.encode())
        + keccak256(DOMAIN_VERSION.encode())
        + uint(pins.chain.number, 32)
        + uint(int.from_bytes(pins.registry.raw, "big"), 32)
    )


def _type_hash(name: str, members: tuple[tuple[str, str], ...]) -> bytes:
    return keccak256(f"{name}({','.join(f'{kind} {member}' for member, kind in members)})".encode())
