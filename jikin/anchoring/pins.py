"""The file that says which registry is meant (``registry.json``): written when one is deployed, pinned by verifiers."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from jikin.anchoring.chain import Registry, RegistryPins
from jikin.errors import RegistryError, UnavailableError, ValueRefusedError
from jikin.values import Address, ChainId, Digest, Json, JsonObject

_MEMBERS = ("chain", "registry", "codeHash", "genesis", "deployBlock")


def check_at_start(registry: Registry | None) -> None:
    """Return when a service may start: the registry is the pinned one, there is none, or nobody can tell now.

    A chain that does not answer is no reason to stay away: it is compared again before anything it says counts. Raises
    RegistryMismatchError, which names what differs: nothing that such a service did or said could be right.
    """
    if registry is None:
        return
    with contextlib.suppress(UnavailableError):
        registry.check()


def pins_json(pins: RegistryPins) -> JsonObject:
    """Return *pins* as the members of ``registry.json``; digests as 0x and 64 digits, the chain as CAIP-2."""
    return {
        "chain": str(pins.chain),
        "registry": str(pins.registry),
        "codeHash": pins.code_hash.hex(),
        "genesis": pins.genesis.hex(),
        "deployBlock": pins.deploy_block,
    }


def parse_pins(value: Json) -> RegistryPins:
    """Return the pins that a parsed ``registry.json`` states; raises RegistryError naming the wrong member."""
    if not isinstance(value, Mapping) or set(value) != set(_MEMBERS):
        raise RegistryError(f"registry.json has exactly the members {', '.join(_MEMBERS)}", code="registry.pins")
    chain, registry, code_hash, genesis, deploy_block = (value[name] for name in _MEMBERS)
    if not (
        isinstance(chain, str) and isinstance(registry, str) and isinstance(deploy_block, int) and deploy_block >= 0
    ):
        raise RegistryError("registry.json: chain and registry are texts, deployBlock a number", code="registry.pins")
    try:
        return RegistryPins(
            ChainId.parse(chain),
            Address.parse(registry),
            Digest.from_hex(str(code_hash)),
            Digest.from_hex(str(genesis)),
            deploy_block,
        )
    except ValueRefusedError as error:
        raise RegistryError(f"registry.json: {error}", code="registry.pins") from error
