"""Puts the sources of a verification together: which registry, which doors to the web, which mirrors, whom to trust.

The verifier's desk and the holder's wallet ask the same parties in the same manner; what differs is a ``plan``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from jikin.anchoring.block_sources import AgreeingNodes, PinnedBlock
from jikin.anchoring.chain import Registry, RegistryPins
from jikin.anchoring.checkpoints_source import WitnessedBlocks
from jikin.anchoring.erc1056 import Erc1056
from jikin.anchoring.pins import parse_pins
from jikin.anchoring.slot_view import ProvingView
from jikin.anchoring.trusted import BlockSource
from jikin.codec import strict_json
from jikin.codec.contexts import Contexts
from jikin.dids.authorities import authorities
from jikin.dids.method import DidMethods, Fetch
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import Mirrors, NoFetch, WebFetch
from jikin.errors import CodecError, SettingsError, ValueRefusedError
from jikin.proofs.standard import standard_suites
from jikin.values import Address, Json
from jikin.verification import trust
from jikin.verification.packed import PackTrust
from jikin.verification.plan import LOOPBACK_HOSTS, BlockPlan, ChainTrust, SourcePlan
from jikin.verification.seen_heads import SeenHeads
from jikin.verification.sources import Sources
from jikin.verification.trust import Roots, Trust
from jikin.verification.witnessed import witnessed as read_witnessed


def assemble(plan: SourcePlan, *, heads: SeenHeads | None = None, witnessed: WitnessedBlocks | None = None) -> Sources:
    """Return the sources that *plan* names, *heads* as their memory of status lists, *witnessed* as made for *plan*.

    Raises SettingsError, RegistryError for a broken ``registry.json``.
    """
    contexts = Contexts.packaged()
    if plan.contexts is not None:
        contexts = contexts.with_folder(plan.contexts)
    return Sources(
        registry=_registry(plan, witnessed),
        fetch=fetch_of(plan),
        did_methods=methods_of(plan),
        suites=standard_suites(contexts),
        contexts=contexts,
        trust={} if plan.trust is None else read_trust(plan.trust),
        schemas={} if plan.schemas is None else read_schemas(plan.schemas),
        roots=() if plan.trust is None else read_roots(plan.trust),
        packs=_packs(plan, witnessed),
        heads=heads,
        witnessed=witnessed,
        older=() if plan.older_registries is None else read_older(plan.older_registries),
    )


def witnessed_of(
    plan: SourcePlan, file: Path | None, clock: Callable[[], int], *, kept: Path | None = None
) -> WitnessedBlocks | None:
    """Return the blocks that the witnesses in *file* vouch for, None without such a file; raises SettingsError.

    *clock*: the Unix second. *kept*: where the newest checkpoint seen outlives the process.
    """
    if file is None:
        return None
    if plan.registry_file is None:
        raise SettingsError(
            "witness_file is set and registry_file is not: which chain is meant?", code="settings.chain"
        )
    pins = parse_pins(_json(plan.registry_file, "registry_file"))
    return read_witnessed(file, pins, fetch_of(plan), clock, kept=kept)


def packing_view(plan: SourcePlan, witnessed: WitnessedBlocks | None = None) -> ProvingView:
    """Return a fresh view of the registry whose proofs can be packed, as of the newest block.

    That is a block that *plan* has somebody vouch for; where it names nobody, the node's own: whoever reads the pack
    decides whom to believe. Raises SettingsError where the chain is not set up, and what the chain raises.
    """
    if plan.offline or plan.rpc_url is None or plan.registry_file is None:
        raise SettingsError(
            "a proof pack is made with an endpoint of the chain and the pins of the registry that is meant",
            code="settings.chain",
            hint="set JIKIN_RPC_URL and JIKIN_REGISTRY_FILE",
        )
    from jikin.anchoring.evm_nodes import connect  # loads what talks to a chain
    from jikin.anchoring.evm_proven import ProvenRegistry

    pins, blocks = parse_pins(_json(plan.registry_file, "registry_file")), plan.blocks
    named = blocks.pinned is not None or bool(blocks.nodes) or witnessed is not None
    source = (
        _block_source(plan.rpc_url, blocks, pins, witnessed)
        if named
        else PinnedBlock(connect(plan.rpc_url).block("latest"))
    )
    return ProvenRegistry(plan.rpc_url, pins, source).view()


def _packs(plan: SourcePlan, witnessed: WitnessedBlocks | None) -> PackTrust | None:
    """Return what packs are judged by where nobody is asked: pins of the registry, and witnesses or pinned blocks."""
    if witnessed is not None:
        return PackTrust(witnessed.policy.pins, witnessed)
    if plan.registry_file is None or plan.blocks.pinned is None:
        return None
    return PackTrust(parse_pins(_json(plan.registry_file, "registry_file")), PinnedBlock.parse(plan.blocks.pinned))


def methods_of(plan: SourcePlan) -> DidMethods:
    """Return the DID methods of *plan*; raises SettingsError for an ERC-1056 registry that cannot be asked."""
    return standard_methods(local=plan.local, ethr=_erc1056(plan))


def fetch_of(plan: SourcePlan) -> Fetch:
    """Return the door to the web of *plan*, its mirrors in front."""
    allowed = LOOPBACK_HOSTS if plan.allow_private else frozenset[str]()
    otherwise: Fetch = NoFetch() if plan.offline else WebFetch(allowed_hosts=allowed, tls=authorities(plan.ca_file))
    return Mirrors(plan.mirrors, otherwise) if plan.mirrors else otherwise


def read_trust(folder: Path) -> Trust:
    """Return the configured issuers of every ``*.json`` in *folder*; raises SettingsError."""
    if not folder.is_dir():
        raise SettingsError(f"trust is {folder}, which is no folder", code="settings.value")
    return trust.merged(trust.parse(_json(file, "trust")) for file in sorted(folder.glob("*.json")))


def read_roots(folder: Path) -> Roots:
    """Return the X.509 roots of every ``*.pem`` in *folder*; raises SettingsError that names the broken file."""
    if not folder.is_dir():
        raise SettingsError(f"trust is {folder}, which is no folder", code="settings.value")
    return tuple(root for file in sorted(folder.glob("*.pem")) for root in read_certificates(file))


def read_older(folder: Path) -> tuple[RegistryPins, ...]:
    """Return the pins of every ``*.json`` in *folder*; raises SettingsError, RegistryError for a broken file."""
    if not folder.is_dir():
        raise SettingsError(f"older_registries is {folder}, which is no folder", code="settings.value")
    return tuple(parse_pins(_json(file, "older_registries")) for file in sorted(folder.glob("*.json")))


def read_certificates(file: Path) -> Roots:
    """Return the certificates of one PEM *file*; raises SettingsError that names it."""
    try:
        return trust.parse_roots(file.read_bytes())
    except OSError as error:
        raise SettingsError(f"{file.name} cannot be read: {error.strerror}", code="settings.value") from error
    except SettingsError as error:
        raise SettingsError(f"{file.name} is no PEM file of roots: {error}", code="settings.value") from error


def read_schemas(folder: Path) -> dict[str, bytes]:
    """Return URL → bytes of what ``INDEX.json`` in *folder* lists; raises SettingsError.

    ``INDEX.json`` is an array of ``{"url", "file", "sha256"}``, as for contexts: *file* is a name in the folder,
    *sha256* is over its bytes. Whoever names that URL, or that digest, means this document.
    """
    entries = _json(folder / "INDEX.json", "schemas")
    if not isinstance(entries, list):
        raise SettingsError(f"schemas is {folder}, whose INDEX.json is no array", code="settings.value")
    found = {}
    for entry in entries:
        texts = {name: entry.get(name) for name in ("url", "file", "sha256")} if isinstance(entry, Mapping) else {}
        url, file, digest = (texts.get(name) for name in ("url", "file", "sha256"))
        if not isinstance(url, str) or not isinstance(file, str) or not isinstance(digest, str):
            raise SettingsError("an entry of schemas has no url, file and sha256 as texts", code="settings.value")
        try:
            data = (folder / PurePosixPath(file).name).read_bytes()
        except (OSError, ValueError) as error:
            raise SettingsError(f"schemas lists {file!r}, which cannot be read", code="settings.value") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise SettingsError(f"schemas pins {url!r}, and {file!r} has another digest", code="settings.value")
        found[url] = data
    return found


def _registry(plan: SourcePlan, witnessed: WitnessedBlocks | None) -> Registry | None:
    if plan.offline or (plan.rpc_url is None and plan.registry_file is None):
        return None
    if plan.registry_file is None and plan.ethr_registry is not None:
        return None  # the endpoint is there for did:ethr alone
    if plan.rpc_url is None or plan.registry_file is None:
        raise SettingsError(
            "the chain is asked with an endpoint and the pins of the registry that is meant; one of them is not set",
            code="settings.chain",
            hint="set both JIKIN_RPC_URL and JIKIN_REGISTRY_FILE, or neither; --offline asks no chain either",
        )
    pins = parse_pins(_json(plan.registry_file, "registry_file"))
    if plan.chain_trust is ChainTrust.PROOF:
        from jikin.anchoring.evm_proven import ProvenRegistry  # loads what an offline check does not need

        return ProvenRegistry(plan.rpc_url, pins, _block_source(plan.rpc_url, plan.blocks, pins, witnessed))
    from jikin.anchoring.evm import EvmRegistry

    return EvmRegistry(plan.rpc_url, pins)


def _block_source(
    rpc_url: str, blocks: BlockPlan, pins: RegistryPins, witnessed: WitnessedBlocks | None
) -> BlockSource:
    """Return who vouches for blocks; raises SettingsError unless exactly one way is set."""
    from jikin.anchoring.evm_nodes import SEPARATOR
    from jikin.anchoring.evm_rpc import Rpc

    # One that stands there twice agrees with itself: that is no agreement.
    urls = dict.fromkeys(filter(None, (url.strip() for url in (*rpc_url.split(SEPARATOR), *blocks.nodes))))
    ways = [blocks.pinned is not None, bool(blocks.nodes), witnessed is not None].count(True)
    alone = blocks.pinned is None and witnessed is None and len(urls) < 2
    if ways > 1 or alone:
        raise SettingsError(
            "answers can be proven as of a block that somebody vouches for: exactly one of witness_file, chain_block "
            "and chain_nodes is set where chain_trust is proof, or rpc_url names several nodes",
            code="settings.chain",
            hint="set JIKIN_WITNESS_FILE to the file of the witnesses you rely on, JIKIN_CHAIN_NODES to one or more "
            "further nodes, or JIKIN_CHAIN_BLOCK to NUMBER:HASH:TIME",
        )
    if witnessed is not None:
        return witnessed
    if blocks.pinned is not None:
        return PinnedBlock.parse(blocks.pinned)
    return AgreeingNodes([Rpc(url) for url in urls], pins, needed=blocks.agree, depth=blocks.depth)


def _erc1056(plan: SourcePlan) -> tuple[Erc1056, ...]:
    if plan.offline or plan.ethr_registry is None:
        return ()
    if plan.rpc_url is None:
        raise SettingsError(
            "ethr_registry is set, but no endpoint of its chain",
            code="settings.chain",
            hint="set JIKIN_RPC_URL, or use --offline",
        )
    try:
        address = Address.parse(plan.ethr_registry)
    except ValueRefusedError as error:
        raise SettingsError(f"ethr_registry: {error}", code="settings.value") from error
    from jikin.anchoring.evm_erc1056 import EvmErc1056

    return (EvmErc1056(plan.rpc_url, address),)


def _json(file: Path, setting: str) -> Json:
    try:
        return strict_json.parse(file.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"{setting} is {file}, which cannot be read: {error.strerror}", code="settings.value"
        ) from error
    except CodecError as error:
        raise SettingsError(f"{setting} is {file}, which is no JSON: {error}", code="settings.value") from error
