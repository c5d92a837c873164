"""What can be set wherever something is checked: which chain, whose files, whom to trust."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from jikin.values.settings import About, check_pair, check_ranges, check_words
from jikin.verification.plan import BlockPlan, ChainTrust, SourcePlan, mirror_folders, node_urls

_RANGES: Mapping[str, tuple[float, float]] = {"chain_agree": (2, 16), "chain_depth": (0, 1_000)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """The settings that the verifier's desk and the wallet have in common."""

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
    witness_file: Annotated[
        Path | None, About("whose cosignatures vouch for blocks (witnesses.toml); none: no checkpoints", "path")
    ] = None
    ethr_registry: Annotated[
        str | None,
        About("ERC-1056 registry on the chain of rpc_url, for did:ethr; none: no such DID is resolved", "address"),
    ] = None
    mirrors: Annotated[str, About("copies of issuers' public files: URL=FOLDER, several joined by ;", "URL=path")] = ""
    contexts: Annotated[Path | None, About("further pinned JSON-LD contexts (INDEX.json)", "path")] = None
    schemas: Annotated[Path | None, About("pinned JSON Schemas that credentials name (INDEX.json)", "path")] = None
    trust: Annotated[Path | None, About("further trusted issuers and verifiers: a folder of *.json, *.pem", "path")] = (
        None
    )
    policy: Annotated[str, About("policy that decides which findings count")] = "public"
    allow_private: Annotated[bool, About("let issuers and verifiers live on this machine (local trials)")] = False
    ca_file: Annotated[
        Path | None, About("a further certificate authority to trust, PEM; then localhost is read over https", "path")
    ] = None
    tls_certificate: Annotated[Path | None, About("certificate chain of this service, PEM; then https", "path")] = None
    tls_key: Annotated[Path | None, About("private key of that certificate, PEM", "path")] = None
    log_level: Annotated[str, About("least severe log record: DEBUG, INFO, WARNING, ERROR")] = "WARNING"
    lang: Annotated[str, About("language of answers, ko or en; empty: from LANG")] = ""

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
            allow_private=self.allow_private,
            ca_file=self.ca_file,
        )

    def check(self) -> None:
        """Raise SettingsError for a value that cannot be: it names the setting, and what would be right."""
        check_ranges(self, _RANGES)
        check_words(self)
        check_pair(self, "tls_certificate", "tls_key")
        self.plan()
