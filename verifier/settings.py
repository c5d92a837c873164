"""The desk's settings: read once, from the command line, the environment and one TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from jikin.errors import SettingsError
from jikin.values.settings import About, collect
from jikin.verification.assembly import SourcePlan, mirror_folders


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set for checking. Secrets: none."""

    rpc_url: Annotated[str | None, About("JSON-RPC endpoint of the chain; none: the chain is not asked", "URL")] = None
    registry_file: Annotated[Path | None, About("which registry is meant (registry.json)", "path")] = None
    mirrors: Annotated[str, About("copies of issuers' public files: URL=FOLDER, several joined by ;", "URL=path")] = ""
    contexts: Annotated[Path | None, About("further pinned JSON-LD contexts (INDEX.json)", "path")] = None
    trust: Annotated[Path | None, About("further trusted issuers: a folder of *.json entries", "path")] = None
    policy: Annotated[str, About("policy that decides which findings count")] = "public"
    offline: Annotated[bool, About("ask nothing outside: no chain, no web; mirrors only")] = False
    allow_private: Annotated[
        bool, About("let issuers' files be read from loopback and private addresses (local trials)")
    ] = False
    ca_file: Annotated[Path | None, About("a further certificate authority to trust, PEM (local trials)", "path")] = (
        None
    )
    lang: Annotated[str, About("language of answers, ko or en; empty: from LANG")] = ""
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)

    def plan(self) -> SourcePlan:
        """Return who can be asked; raises SettingsError for mirrors that are not URL=FOLDER."""
        return SourcePlan(
            rpc_url=self.rpc_url,
            registry_file=self.registry_file,
            mirrors=mirror_folders(self.mirrors),
            contexts=self.contexts,
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
    return settings
