"""The desk's settings: read once, from the command line, the environment and one TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from jikin.errors import SettingsError, ValueRefusedError
from jikin.values import ChainId
from jikin.values.settings import About, Secret, collect
from jikin.verification.plan import BlockPlan, ChainTrust, SourcePlan, mirror_folders, node_urls

_DEFAULT_DATA = Path("var/verifier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set for checking, at a terminal and as a service."""

    rpc_url: Annotated[
        str | None, About("JSON-RPC endpoint of the chain (several: joined by ;); none: the chain is not asked", "URL")
    ] = None
    registry_file: Annotated[Path | None, About("which registry is meant (registry.json)", "path")] = None
    older_registries: Annotated[
        Path | None, About("registries that this one follows: a folder with the registry.json of each", "path")
    ] = None
    chain_trust: Annotated[
        str, About("how far rpc_url is believed: rpc, as far as its answers fit; proof, not at all (state proofs)")
    ] = "rpc"
    chain_nodes: Annotated[
        str, About("with proof: further nodes that must have the same block, joined by ;", "URL")
    ] = ""
    chain_agree: Annotated[int, About("with chain_nodes: how many nodes must agree, rpc_url counted")] = 2
    chain_depth: Annotated[
        int,
        About(
            "with chain_nodes: how far below the newest block they are asked, so that a short fork is no lie", "blocks"
        ),
    ] = 0
    chain_block: Annotated[
        str | None,
        About(
            "with proof, and for proof packs: blocks pinned by hand, time in Unix seconds, several joined by ;",
            "NUMBER:HASH:TIME",
        ),
    ] = None
    heads: Annotated[
        Path | None, About("remembers the newest state of status lists, which older proof packs give way to", "path")
    ] = None
    ethr_registry: Annotated[
        str | None,
        About("ERC-1056 registry on the chain of rpc_url, for did:ethr; none: no such DID is resolved", "address"),
    ] = None
    chains: Annotated[
        str,
        About("nodes of chains that others anchor certificates on: CHAIN=URL (CAIP-2), joined by ;, any number"),
    ] = ""
    mirrors: Annotated[str, About("copies of issuers' public files: URL=FOLDER, several joined by ;", "URL=path")] = ""
    contexts: Annotated[Path | None, About("further pinned JSON-LD contexts (INDEX.json)", "path")] = None
    schemas: Annotated[Path | None, About("pinned JSON Schemas that credentials name (INDEX.json)", "path")] = None
    trust: Annotated[Path | None, About("further trusted issuers: a folder of *.json and *.pem", "path")] = None
    witness_file: Annotated[
        Path | None, About("whose cosignatures vouch for blocks (witnesses.toml); none: no checkpoints", "path")
    ] = None
    policy: Annotated[str, About("policy that decides which findings count")] = "public"
    offline: Annotated[bool, About("ask nothing outside: no chain, no web; mirrors only")] = False
    allow_private: Annotated[
        bool, About("let issuers' files be read from loopback and private addresses (local trials)")
    ] = False
    ca_file: Annotated[Path | None, About("a further certificate authority to trust, PEM (local trials)", "path")] = (
        None
    )
    lang: Annotated[str, About("language of answers, ko or en; empty: from LANG")] = ""
    # From here on: the service alone.
    base_url: Annotated[str, About("where the service is reached by everybody", "URL")] = "http://localhost:8103"
    name: Annotated[str, About("who asks, as wallets show it")] = "직인 증명서 확인 · Jikin check"
    port: Annotated[int, About("port on this machine's own address")] = 8103
    data: Annotated[Path, About("folder of the service: its keys, its SQLite database", "path")] = _DEFAULT_DATA
    database: Annotated[str, About("requests and results; empty: SQLite file verifier.db in data", "URL")] = ""
    dev_tokens: Annotated[Path | None, About("file with a machine token for every service (trials)", "path")] = None
    wallet_url: Annotated[str, About("a wallet in the browser to offer on request pages; empty: none", "URL")] = ""
    check_hosts: Annotated[
        str, About("further hosts that printed codes may lead to, separated by commas; our own is always one")
    ] = ""
    request_minutes: Annotated[int, About("how long a request may be answered", "minutes")] = 10
    result_minutes: Annotated[int, About("how long a result is kept after the answer", "minutes")] = 60
    session_seconds: Annotated[
        float, About("look-ups within this time share what was learned from chain and issuer; 0 to 5", "seconds")
    ] = 1.0
    log_level: Annotated[str, About("least severe log record: DEBUG, INFO, WARNING, ERROR")] = "WARNING"
    tls_certificate: Annotated[Path | None, About("certificate chain of this service, PEM", "path")] = None
    tls_key: Annotated[Path | None, About("private key of that certificate, PEM", "path")] = None
    passphrase: Annotated[Secret | None, About("encrypts the key that signs requests", "environment only")] = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def database_url(self) -> str:
        """Return the service's database as a SQLAlchemy URL."""
        return self.database or f"sqlite:///{self.data.absolute() / 'verifier.db'}"

    @property
    def host(self) -> str:
        """Return host and port of the base URL as a printed code names them, in lower case."""
        return urlsplit(self.base_url).netloc.lower()

    @property
    def own_hosts(self) -> frozenset[str]:
        """Return the hosts that a printed code may lead to."""
        listed = (host.strip().lower() for host in self.check_hosts.split(","))
        return frozenset({self.host, *filter(None, listed)})

    def nodes(self) -> Mapping[ChainId, str]:
        """Return chain → JSON-RPC endpoints, joined by ``;``; raises SettingsError for what is not CHAIN=URL."""
        found: dict[ChainId, str] = {}
        for entry in filter(None, (part.strip() for part in self.chains.split(";"))):
            chain, _, url = entry.partition("=")
            try:
                known = ChainId.parse(chain)
            except ValueRefusedError as error:
                raise SettingsError(f"chains: {error}", code="settings.value") from error
            if not url.startswith(("https://", "http://")):  # its path may be a secret
                raise SettingsError(
                    f"chains has no endpoint for {chain}; right would be {chain}=https://…", code="settings.value"
                )
            found[known] = f"{found[known]};{url}" if known in found else url  # one chain may have several nodes
        return found

    def plan(self) -> SourcePlan:
        """Return who can be asked; raises SettingsError for mirrors that are not URL=FOLDER, or an unknown trust."""
        return SourcePlan(
            rpc_url=self.rpc_url,
            registry_file=self.registry_file,
            older_registries=self.older_registries,
            chain_trust=ChainTrust.of(self.chain_trust),
            blocks=BlockPlan(
                pinned=self.chain_block,
                nodes=node_urls(self.chain_nodes),
                agree=self.chain_agree,
                depth=self.chain_depth,
            ),
            ethr_registry=self.ethr_registry,
            mirrors=mirror_folders(self.mirrors),
            contexts=self.contexts,
            schemas=self.schemas,
            trust=self.trust,
            offline=self.offline,
            allow_private=self.allow_private,
            ca_file=self.ca_file,
        )


def load(environ: Mapping[str, str], *, given: Mapping[str, object] | None = None) -> Settings:
    """Return the settings from *given*, *environ* (``JIKIN_SETTINGS`` names the TOML file) and the defaults."""
    file = environ.get("JIKIN_SETTINGS")
    values, sources = collect(Settings, environ, Path(file) if file else None, given or {})
    if "lang" not in values:
        spoken = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
        values["lang"], sources["lang"] = ("ko" if spoken.startswith("ko") else "en"), "environment LANG"
    if values["lang"] not in ("ko", "en"):
        raise SettingsError(f"lang is {values['lang']!r}; right would be ko or en", code="settings.value")
    settings = Settings(**values, sources=sources)  # type: ignore[arg-type]  # each was typed by its own annotation
    settings.plan()
    settings.nodes()
    _check(settings)
    return settings


_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_RANGES: Mapping[str, tuple[float, float]] = {
    "port": (0, 65_535),
    "chain_agree": (2, 16),
    "chain_depth": (0, 1_000),
    "request_minutes": (1, 60),
    "result_minutes": (1, 24 * 60),
    "session_seconds": (0, 5),
}


def _check(settings: Settings) -> None:
    for name, (least, most) in _RANGES.items():
        value = getattr(settings, name)
        if not least <= value <= most:
            raise SettingsError(f"{name} is {value}; right would be {least} to {most}", code="settings.value")
    if settings.log_level not in _LEVELS:
        raise SettingsError(
            f"log_level is {settings.log_level!r}; right would be one of {', '.join(_LEVELS)}", code="settings.value"
        )
    for name in ("base_url", "wallet_url"):
        _check_url(name, getattr(settings, name), optional=name == "wallet_url")
    if (settings.tls_certificate is None) is not (settings.tls_key is None):
        raise SettingsError("tls_certificate and tls_key are set together or not at all", code="settings.value")


def _check_url(name: str, value: str, *, optional: bool) -> None:
    if optional and not value:
        return
    try:
        parts = urlsplit(value)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
    except ValueError:
        right = False
    if not right or value.endswith("/"):
        raise SettingsError(f"{name} is {value!r}; right would be https://verifier.example", code="settings.value")
