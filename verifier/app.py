"""The desk put together: the one place where a verifier's parts are chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from jikin.anchoring.chain import Registry
from jikin.anchoring.pins import parse_pins
from jikin.codec import strict_json
from jikin.codec.contexts import Contexts
from jikin.dids.method import Fetch
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import Mirrors, NoFetch, WebFetch
from jikin.errors import CodecError, SettingsError
from jikin.proofs.standard import standard_suites
from jikin.values import Json
from jikin.verification import policy as policies
from jikin.verification import trust
from jikin.verification.gathering import Sources
from jikin.verification.policy import Policy
from verifier.settings import Settings

_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a check needs: who can be asked, by which policy it is judged, and what time it is (Unix seconds)."""

    sources: Sources
    policy: Policy
    clock: Callable[[], int] = field(repr=False)


def build(settings: Settings, clock: Callable[[], int]) -> Desk:
    """Return the desk that *settings* describe; raises SettingsError, RegistryError for a broken ``registry.json``."""
    contexts = Contexts.packaged()
    if settings.contexts is not None:
        contexts = contexts.with_folder(settings.contexts)
    policy = policies.packaged("offline" if settings.offline and settings.policy == "public" else settings.policy)
    sources = Sources(
        registry=_registry(settings),
        fetch=_fetch(settings),
        did_methods=standard_methods(),
        suites=standard_suites(contexts),
        contexts=contexts,
        trust={} if settings.trust is None else _trust(settings.trust),
    )
    return Desk(sources, policy, clock)


def _registry(settings: Settings) -> Registry | None:
    if settings.offline or (settings.rpc_url is None and settings.registry_file is None):
        return None
    if settings.rpc_url is None or settings.registry_file is None:
        raise SettingsError(
            "the chain is asked with an endpoint and the pins of the registry that is meant; one of them is not set",
            code="settings.chain",
            hint="set JIKIN_RPC_URL and JIKIN_REGISTRY_FILE, or use --offline",
        )
    from jikin.anchoring.evm import EvmRegistry  # loads web3, which an offline check does not need

    return EvmRegistry(settings.rpc_url, parse_pins(_json(settings.registry_file, "registry_file")))


def _fetch(settings: Settings) -> Fetch:
    allowed = _LOOPBACK_HOSTS if settings.allow_private else frozenset[str]()
    otherwise: Fetch = NoFetch() if settings.offline else WebFetch(allowed_hosts=allowed)
    folders = settings.mirror_folders()
    return Mirrors(folders, otherwise) if folders else otherwise


def _trust(folder: Path) -> trust.Trust:
    if not folder.is_dir():
        raise SettingsError(f"trust is {folder}, which is no folder", code="settings.value")
    return trust.merged(trust.parse(_json(file, "trust")) for file in sorted(folder.glob("*.json")))


def _json(file: Path, setting: str) -> Json:
    try:
        return strict_json.parse(file.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"{setting} is {file}, which cannot be read: {error.strerror}", code="settings.value"
        ) from error
    except CodecError as error:
        raise SettingsError(f"{setting} is {file}, which is no JSON: {error}", code="settings.value") from error
