"""did:ethr: the DID is an Ethereum account, and an ERC-1056 registry says what became of it (did:ethr method).

    did:ethr:0xf3be…               an address on the main network
    did:ethr:0x7a69:0xf3be…        on the chain 31337; a few networks have names: did:ethr:sepolia:0xf3be…
    did:ethr:0x03fdd5…             a compressed secp256k1 key instead of its address

The time of a block decides what is valid, never the clock of whoever asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from jikin.anchoring.chain import Block
from jikin.anchoring.erc1056 import Change, Erc1056, OwnerChanged
from jikin.dids import accounts, ethr_document
from jikin.dids.ethr_document import Moment, Subject
from jikin.dids.method import VERSIONS, DidDocument, Fetch, Options
from jikin.errors import ChainUnavailableError, CodecError, DidError, ValueRefusedError
from jikin.values import Address, Did, KeyType, PublicKey, parse_instant

MAX_CHANGES = 512  # of one identity, ever; each block with a change costs two questions to the node
NOBODY = Address(bytes(20))
_LAST_SECOND = 253_402_300_799  # of the year 9999
_MAIN = "mainnet"
_NETWORKS = {
    _MAIN: 1,
    "goerli": 5,
    "rsk": 30,
    "gno": 100,
    "polygon": 137,
    "ewc": 246,
    "holesky": 17_000,
    "volta": 73_799,
    "sepolia": 11_155_111,
    "aurora": 1_313_161_554,
}
_IDENTIFIER = re.compile(r"(?:(?P<network>[^:].*):)?0x(?P<digits>[0-9a-fA-F]{66}|[0-9a-fA-F]{40})")
_CHAIN = re.compile(r"0x[0-9a-fA-F]{1,16}")
_NUMBER = re.compile(r"[0-9]{1,18}")


class DidEthr:
    """The method ``ethr``; asks one registry for each chain."""

    def __init__(self, registries: Iterable[Erc1056] = ()) -> None:
        """Take the *registries* that can be asked; which chains they are on is asked when the first DID is met."""
        self._registries = tuple(registries)

    @property
    def name(self) -> str:
        """Return ``ethr``."""
        return "ethr"

    @property
    def options(self) -> frozenset[str]:
        """Return ``versionId`` (a block's number) and ``versionTime``."""
        return VERSIONS

    def resolve(self, did: Did, fetch: Fetch) -> DidDocument:
        """Return the document as of the newest block; a DID that was given up has no methods and says so.

        Raises DidError: ``did.invalid``, ``did.method-not-supported`` for a network that is not configured,
        ``did.ethr.history`` for more than 512 changes; ChainUnavailableError, RegistryMismatchError.
        """
        return self.resolve_with(did, fetch, {})

    def resolve_with(self, did: Did, fetch: Fetch, options: Options) -> DidDocument:  # noqa: ARG002  # the chain is asked
        """Return the document as of the block ``versionId``, or of the last one up to ``versionTime``.

        ``versionTime`` is a date and time, or a Unix second. Raises DidError as ``resolve`` does, ``did.options`` for
        an option that cannot be right, ``did.version-not-found`` for a block that does not exist yet.
        """
        network, identity, key = _parts(did)
        _check(options)
        registry = self._registry(did, network)
        newest = registry.block()
        moment = _moment(registry, newest, options)
        changes = history(registry, identity, newest)
        return ethr_document.build(Subject(did, registry.chain, identity, key), changes, moment)

    def _registry(self, did: Did, network: str) -> Erc1056:
        number = int(network, 16) if _CHAIN.fullmatch(network) else _NETWORKS.get(network)
        for registry in self._registries:
            if registry.chain.number == number:
                return registry
        raise DidError(
            f"{did.text[:120]!r} is on the network {network[:40]!r}, for which no ERC-1056 registry is configured",
            code="did.method-not-supported",
            hint="set the chain's RPC URL and ethr_registry, the address of its registry",
        )


def history(registry: Erc1056, identity: Address, newest: Block) -> tuple[Change, ...]:
    """Return every change of *identity* up to the block *newest*, oldest first.

    Followed backwards from the block that the storage names, each change naming the one before, and held against the
    owner in the storage: a node that leaves a change out, or makes one up, is caught. Raises DidError
    (``did.ethr.history``), ChainUnavailableError.
    """
    number = registry.changed(identity, newest)
    if newest.time > _LAST_SECOND:
        raise _senseless(f"block {newest.number} is of the second {newest.time}")
    if number > newest.number:
        raise _senseless(f"{identity} changed in block {number}, after block {newest.number}")
    blocks: list[tuple[Change, ...]] = []  # newest first
    known = 0
    while number:
        found = registry.changes(identity, number)
        if not found or found[0].previous_change >= number:
            raise _senseless(f"block {number} has no change of {identity} that leads further back")
        if any(change.block.number != number or change.block.time > newest.time for change in found):
            raise _senseless(f"the changes of {identity} in block {number} are of another one, or of a later time")
        if any(change.previous_change != number for change in found[1:]):
            raise _senseless(f"the changes of {identity} in block {number} do not follow each other")
        blocks.append(found)
        known += len(found)
        if known > MAX_CHANGES:
            raise DidError(f"{identity} has more than {MAX_CHANGES} changes on record", code="did.ethr.history")
        number = found[0].previous_change
    changes = tuple(change for found in reversed(blocks) for change in found)
    owners = [change.owner for change in changes if isinstance(change, OwnerChanged)]
    owner = owners[-1] if owners and owners[-1] != NOBODY else identity
    if (stored := registry.owner(identity, newest)) != owner:
        raise _senseless(f"the changes of {identity} lead to the owner {owner}, the storage says {stored}")
    return changes


def _parts(did: Did) -> tuple[str, Address, PublicKey | None]:
    """Return the network, the identity in the registry, and the key if *did* is one; raises DidError."""
    found = _IDENTIFIER.fullmatch(did.identifier)
    if found is None:
        raise _invalid(did, "right would be did:ethr:0x and 40 hexadecimal digits, or 66 of a key")
    network, raw = found["network"] or _MAIN, bytes.fromhex(found["digits"])
    if len(raw) == len(NOBODY.raw):
        return network, Address(raw), None
    key = PublicKey(KeyType.SECP256K1, raw)
    try:
        return network, accounts.address_of_key(key), key
    except CodecError as error:
        raise _invalid(did, str(error)) from error


def _check(options: Options) -> None:
    if options.keys() >= VERSIONS:
        raise DidError("versionId and versionTime exclude each other", code="did.options")
    version = options.get("versionId")
    if version is not None and not _NUMBER.fullmatch(version):
        raise DidError(f"versionId is {version[:40]!r}; right would be a block's number", code="did.options")
    _time(options)


def _time(options: Options) -> int | None:
    text = options.get("versionTime")
    if text is None:
        return None
    try:
        return int(text) if _NUMBER.fullmatch(text) else parse_instant(text)
    except ValueRefusedError as error:
        raise DidError(f"versionTime: {error}", code="did.options") from error


def _moment(registry: Erc1056, newest: Block, options: Options) -> Moment:
    version, instant = options.get("versionId"), _time(options)
    number = newest.number if version is None else int(version)
    if number > newest.number or (instant is not None and instant > newest.time):
        raise DidError(
            f"the newest block of {registry.chain} is {newest.number}: what will be later is not known",
            code="did.version-not-found",
        )
    if instant is not None:
        return Moment(number, instant)
    return Moment(number, newest.time if version is None else registry.block(number).time)


def _senseless(what: str) -> ChainUnavailableError:
    return ChainUnavailableError(f"the chain's answers make no sense: {what}", code="chain.senseless")


def _invalid(did: Did, why: str) -> DidError:
    return DidError(f"{did.text[:120]!r} cannot be a did:ethr: {why}", code="did.invalid")
