"""Whom a verification may ask and believe, as settings say it; ``assembly`` makes sources of it.

Apart from there because every command reads settings, and most of them verify nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from jikin.errors import SettingsError

if TYPE_CHECKING:
    from jikin.dids.web import LocalScheme

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1"})


class ChainTrust(StrEnum):
    """How far the node that is asked is believed; the value is the word in settings."""

    RPC = "rpc"  # as far as its answers fit together
    PROOF = "proof"  # not at all: every answer is proven as of a block that others vouch for

    @classmethod
    def of(cls, word: str) -> ChainTrust:
        """Return what the setting ``chain_trust`` says; raises SettingsError for another word."""
        if word not in set(cls):
            raise SettingsError(f"chain_trust is {word!r}; right would be {' or '.join(cls)}", code="settings.value")
        return cls(word)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlan:
    """Who vouches for blocks where answers are proven: a block *pinned* by hand, or several nodes that agree.

    *nodes* are further nodes beside the one that is asked, *agree* is how many of all these must have the same block,
    *depth* how many blocks below the newest it is: near the tip honest nodes differ, too.
    """

    pinned: str | None = None
    nodes: tuple[str, ...] = ()
    agree: int = 2
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlan:
    """Who can be asked.

    *rpc_url* and *registry_file* together name the registry; without both the chain is not asked. *chain_trust* says
    how far that node is believed, *blocks* who vouches for blocks where it is not. *ethr_registry*: the address of the
    chain's ERC-1056 registry (did:ethr); None: no DID of that chain is resolved. *mirrors*: URL prefix
    → folder with a copy of an issuer's public files. *contexts*: further pinned JSON-LD contexts. *schemas*: pinned
    documents that credentials may name in ``credentialSchema`` or ``relatedResource``. *trust*: folder of configured
    issuers (``*.json``) and X.509 roots (``*.pem``). *older_registries*: folder with the ``registry.json`` of each
    registry that this one follows. *offline*: mirrors only. *allow_private*: this machine may be
    asked too (local trials), over http, or over https where *ca_file* (PEM) names a further certificate authority.
    """

    rpc_url: str | None = None
    registry_file: Path | None = None
    chain_trust: ChainTrust = ChainTrust.RPC
    blocks: BlockPlan = BlockPlan()
    ethr_registry: str | None = None
    mirrors: Mapping[str, Path] = field(default_factory=dict)
    contexts: Path | None = None
    schemas: Path | None = None
    trust: Path | None = None
    older_registries: Path | None = None
    offline: bool = False
    allow_private: bool = False
    ca_file: Path | None = None

    @property
    def local(self) -> LocalScheme | None:
        """Return how this very machine is asked, None: not at all."""
        if not self.allow_private:
            return None
        return "http" if self.ca_file is None else "https"


def node_urls(text: str) -> tuple[str, ...]:
    """Return the URLs of a setting ``URL;…``, in that order; none where it is empty."""
    return tuple(filter(None, (url.strip() for url in text.split(";"))))


def mirror_folders(text: str) -> dict[str, Path]:
    """Return URL prefix → folder of a setting ``URL=FOLDER;…``; raises SettingsError for an entry of another form."""
    folders = {}
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        prefix, equals, folder = entry.partition("=")
        if not equals or not prefix.startswith(("https://", "http://")) or not folder:
            raise SettingsError(
                f"mirrors has {entry!r}; right would be https://issuer.example=FOLDER", code="settings.value"
            )
        folders[prefix.rstrip("/")] = Path(folder)
    return folders
