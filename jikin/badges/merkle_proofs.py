"""The Merkle proofs of Blockcerts, read: MerkleProof2017 as JSON, MerkleProof2019 as CBOR in base58.

Both say the same: the hash of the certificate, the path from it to a root, and where that root was written down. A
node is SHA-256 of two nodes joined, left before right. The 2019 value is CBOR of CBOR: arrays of numbered members whose
hashes are texts of hexadecimal digits, each encoded once more as a byte string.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import cbor2

from jikin.badges.foreign import is_merkle_2019
from jikin.codec import multibase
from jikin.credentials.structure import items
from jikin.errors import BadgeError, MultibaseError
from jikin.values import Json, JsonObject

_MAX_STEPS = 64
_MAX_ANCHORS = 8
_MAX_VALUE = 16_384  # characters of a proof value; one with 64 steps has about 4,000
_HASH = re.compile(r"[0-9a-f]{64}")
_TRANSACTION = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_ROOT, _TARGET, _ANCHORS, _PATH = range(4)
# The numbers of the 2019 format, and the chains as CAIP-2 names them.
_CHAINS: Mapping[tuple[int, int], str] = {
    (0, 1): "bip122:000000000019d6689c085ae165831e93",  # Bitcoin
    (0, 3): "bip122:000000000933ea01ad0ee984209779ba",  # its testnet
    (1, 1): "eip155:1",
    (1, 3): "eip155:3",
    (1, 4): "eip155:4",
    (1, 5): "eip155:5",
    (1, 11155111): "eip155:11155111",
    (2, 137): "eip155:137",
    (2, 80001): "eip155:80001",
    (3, 8453): "eip155:8453",
    (3, 84532): "eip155:84532",
}
# The names of 2017; without one, the kind of anchor says the chain, and for Bitcoin the issuing address which of both.
_CHAINS_2017: Mapping[str, str] = {
    "bitcoinMainnet": _CHAINS[0, 1],
    "bitcoinTestnet": _CHAINS[0, 3],
    "ethereumMainnet": _CHAINS[1, 1],
    "ethereumRopsten": _CHAINS[1, 3],
    "ethereumRinkeby": _CHAINS[1, 4],
    "ethereumGoerli": _CHAINS[1, 5],
    "ethereumSepolia": _CHAINS[1, 11155111],
}
_MOCK_CHAIN = -1
BITCOIN, BITCOIN_TEST = _CHAINS[0, 1], _CHAINS[0, 3]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a root was written down: *chain* in CAIP-2 (None: it does not say which), *transaction* in hexadecimal.

    *mock*: it says of itself that it was never issued on a chain.
    """

    chain: str | None
    transaction: str
    mock: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: the neighbour, and whether it stands on the left."""

    neighbour: bytes
    left: bool


@dataclass(frozen=True, slots=True)
class MerkleProof:
    """A Merkle proof as it was written; nothing of it is believed yet."""

    root: bytes
    target: bytes
    path: tuple[Step, ...]
    anchors: tuple[Anchor, ...]

    @property
    def leads_to_root(self) -> bool:
        """Say whether the path leads from the target hash to the root."""
        at = self.target
        for step in self.path:
            pair = step.neighbour + at if step.left else at + step.neighbour
            at = sha256(pair).digest()
        return at == self.root


def of(document: JsonObject) -> MerkleProof | None:
    """Return the Merkle proof of a Blockcerts document, None where it has none; raises BadgeError for a broken one."""
    signature = document.get("signature")
    if isinstance(signature, Mapping) and "MerkleProof2017" in items(signature.get("type")):
        return read_2017(signature)
    found = [one for one in items(document.get("proof")) if isinstance(one, Mapping) and is_merkle_2019(one)]
    if len(found) > 1:
        raise _broken("there are two of them")
    return read_2019(found[0].get("proofValue")) if found else None


def read_2019(value: Json) -> MerkleProof:
    """Return the proof of a MerkleProof2019 ``proofValue``; raises BadgeError (``badge.merkle-proof``)."""
    if not isinstance(value, str) or not value.startswith("z") or len(value) > _MAX_VALUE:
        raise _broken(f"a MerkleProof2019 value is base58 with its header z, at most {_MAX_VALUE} characters")
    try:
        data = multibase.decode_base58btc(value[1:])
    except MultibaseError as error:
        raise _broken(f"its value is no base58: {error}") from error
    members = _members(_cbor(data), "the proof")
    if set(members) != {_ROOT, _TARGET, _ANCHORS, _PATH}:
        raise _broken("a MerkleProof2019 value has root, target hash, anchors and path")
    return MerkleProof(
        root=_hash(_text(members[_ROOT])),
        target=_hash(_text(members[_TARGET])),
        path=tuple(_step_2019(one) for one in _list(members[_PATH], _MAX_STEPS)),
        anchors=tuple(_anchor_2019(one) for one in _list(members[_ANCHORS], _MAX_ANCHORS)),
    )


def read_2017(signature: JsonObject) -> MerkleProof:
    """Return the proof of a MerkleProof2017 ``signature``; raises BadgeError (``badge.merkle-proof``)."""
    path = signature.get("proof", [])
    return MerkleProof(
        root=_hash(signature.get("merkleRoot")),
        target=_hash(signature.get("targetHash")),
        path=tuple(_step_2017(one) for one in _list(path, _MAX_STEPS)),
        anchors=tuple(_anchor_2017(one) for one in _list(signature.get("anchors", []), _MAX_ANCHORS)),
    )


def _cbor(data: bytes) -> object:
    """Return the one CBOR value that *data* is; tags, which could build anything, are refused."""
    stream = io.BytesIO(data)
    try:
        value: object = cbor2.CBORDecoder(stream, tag_hook=_refuse_tag, object_hook=_refuse_map).decode()
    except (cbor2.CBORDecodeError, ValueError, TypeError, RecursionError, OverflowError, MemoryError) as error:
        raise _broken("its value is no CBOR") from error
    if stream.read(1):
        raise _broken("something follows its CBOR")
    return value


def _refuse_tag(*_: object) -> object:
    raise ValueError("no tags here")


def _refuse_map(*_: object) -> object:
    raise ValueError("no maps here")


def _list(value: object, most: int) -> Sequence[object]:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence) or len(value) > most:
        raise _broken(f"a path or list of anchors has at most {most} entries")
    return value


def _members(value: object, what: str) -> dict[int, object]:
    """Return numbered members, written as pairs in an array; none may stand twice."""
    found: dict[int, object] = {}
    for pair in _list(value, 8):
        match pair:
            case [int(number), member] if number not in found:
                found[number] = member
            case _:
                raise _broken(f"{what} is made of pairs, each number once")
    return found


def _text(value: object) -> str:
    """Return a text that is CBOR within a byte string."""
    inner = _cbor(value) if isinstance(value, bytes) and len(value) <= 256 else None
    if isinstance(inner, bytes):  # other encoders write the bytes themselves
        return inner.hex()
    if not isinstance(inner, str):
        raise _broken("a hash in it is no text")
    return inner


def _step_2019(value: object) -> Step:
    match value:
        case [0 | 1 as side, bytes(neighbour)]:
            return Step(_hash(_text(neighbour)), left=side == 0)
    raise _broken("a step of its path is a side and a hash")


def _step_2017(value: object) -> Step:
    match value:
        case {"left": left, **rest} if not rest:
            return Step(_hash(left), left=True)
        case {"right": right, **rest} if not rest:
            return Step(_hash(right), left=False)
    raise _broken("a step of its path is left or right, and a hash")


def _anchor_2019(value: object) -> Anchor:
    members = _members(value, "an anchor")
    if members.get(0) == _MOCK_CHAIN:
        return Anchor(None, "", mock=True)
    chain, network = members.get(0), members.get(1)
    if not isinstance(chain, int) or not isinstance(network, int):
        raise _broken("an anchor names its chain and network by number")
    return Anchor(_CHAINS.get((chain, network)), _transaction(_text(members.get(2))))


def _anchor_2017(value: object) -> Anchor:
    if not isinstance(value, Mapping):
        raise _broken("an anchor is an object")
    name, source = value.get("chain"), value.get("sourceId")
    if isinstance(name, str) and name in ("mockchain", "bitcoinRegtest", "ethereumTest", "mocknet", "regtest"):
        return Anchor(None, str(source)[:80], mock=True)
    kind = value.get("type")
    chain = _CHAINS_2017.get(name) if isinstance(name, str) else (_CHAINS[1, 1] if kind == "ETHData" else None)
    return Anchor(chain, _transaction(source))


def _transaction(value: object) -> str:
    match = _TRANSACTION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _broken("a transaction is 64 hexadecimal digits")
    return match[1].lower()


def _hash(value: object) -> bytes:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise _broken("a hash in it is not 64 hexadecimal digits")
    return bytes.fromhex(value)


def _broken(message: str) -> BadgeError:
    return BadgeError(f"the Merkle proof cannot be read: {message}", code="badge.merkle-proof")
