"""Who anchored a Blockcerts certificate: the address that sent the transaction, and the keys the issuer names.

A root on a chain proves a time and nothing else: anybody can write any root. What makes it the issuer's is that the
transaction was sent by an address on the issuer's own page, or by the address of a key in its DID document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jikin.badges.imported import loose_instant
from jikin.codec import jwk, multibase, multikey, points
from jikin.credentials.structure import items
from jikin.dids.accounts import address_of_key
from jikin.errors import CodecError
from jikin.values import Json, JsonObject, KeyType, PublicKey

_PREFIX = "ecdsa-koblitz-pubkey:"
_MAX_KEYS = 64
_BITCOIN, _BITCOIN_TEST = b"\x00", b"\x6f"  # the version byte of pay-to-public-key-hash addresses


@dataclass(frozen=True, slots=True)
class IssuerAddress:
    """One address of an issuer, and from when to when it counts (Unix seconds, None: open)."""

    address: str
    since: int | None = None
    until: int | None = None

    def counts_at(self, instant: int) -> bool:
        """Say whether a transaction of *instant* is the issuer's."""
        return (self.since is None or self.since <= instant) and (self.until is None or instant < self.until)


def same(one: str, other: str) -> bool:
    """Say whether two addresses are one: Ethereum's letters come in either case, Bitcoin's do not."""
    one, other = one.removeprefix(_PREFIX), other.removeprefix(_PREFIX)
    if one.startswith(("0x", "0X")):
        return one.lower() == other.lower()
    return one == other


def listed(profile: JsonObject) -> tuple[IssuerAddress, ...]:
    """Return the addresses that an issuer's page names (``publicKey``, Blockcerts 2 and 3)."""
    found = []
    for entry in items(profile.get("publicKey", ()))[:_MAX_KEYS]:
        name = entry.get("id") if isinstance(entry, Mapping) else entry
        if not isinstance(name, str) or not name.startswith(_PREFIX):
            continue
        dates = entry if isinstance(entry, Mapping) else {}
        ends = [loose_instant(dates.get(member)) for member in ("revoked", "expires")]
        until = min((end for end in ends if end is not None), default=None)
        found.append(IssuerAddress(name.removeprefix(_PREFIX), loose_instant(dates.get("created")), until))
    return tuple(found)


def key_called(document: JsonObject, name: str) -> PublicKey | None:
    """Return the key that an issuer's page or DID document calls *name*, None for none that can be used."""
    fragment = "#" + name.rpartition("#")[2]
    for entry in items(document.get("verificationMethod", ()))[:_MAX_KEYS]:
        if isinstance(entry, Mapping) and entry.get("id") in (name, fragment):
            return _key(entry)
    return None


def addresses_of(key: PublicKey) -> tuple[str, ...]:
    """Return the addresses that *key* controls: on Ethereum, and on Bitcoin and its testnet where they can be told.

    Bitcoin's need RIPEMD-160, which not every system offers any more.
    """
    if key.type is not KeyType.SECP256K1:
        return ()
    try:
        return (str(address_of_key(key)), *_bitcoin(key))
    except CodecError:  # no point of the curve
        return ()


def _bitcoin(key: PublicKey) -> Iterator[str]:
    # Wallets hashed keys in both forms, and an address does not say which.
    for written in (key.raw, points.uncompressed(key)):
        try:
            digest = hashlib.new("ripemd160", hashlib.sha256(written).digest(), usedforsecurity=False).digest()
        except ValueError:
            return
        for version in (_BITCOIN, _BITCOIN_TEST):
            check = hashlib.sha256(hashlib.sha256(version + digest).digest()).digest()[:4]
            yield multibase.encode_base58btc(version + digest + check)


def _key(method: JsonObject) -> PublicKey | None:
    try:
        text: Json = method.get("publicKeyMultibase")
        if isinstance(text, str):
            return multikey.decode(text)
        members: Json = method.get("publicKeyJwk")
        return jwk.decode(members) if isinstance(members, Mapping) else None
    except CodecError:
        return None
