"""What can be set for the conformance profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from jikin.errors import SettingsError
from jikin.values.settings import About, collect
from jikin.verification.plan import SourcePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. There are no keys among it: they are made at start and end with the process."""

    port: Annotated[int, About("port on this machine's own address")] = 8110
    trust: Annotated[Path | None, About("further trusted issuers: a folder of *.json and *.pem", "path")] = None
    contexts: Annotated[Path | None, About("further pinned JSON-LD contexts (INDEX.json)", "path")] = None
    schemas: Annotated[Path | None, About("pinned JSON Schemas that credentials name (INDEX.json)", "path")] = None
    allow_private: Annotated[bool, About("read DID documents and status lists of this machine too")] = False
    ca_file: Annotated[Path | None, About("a further certificate authority to trust, PEM", "path")] = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def base_url(self) -> str:
        """Return where the profile is reached."""
        return f"http://localhost:{self.port}"

    def plan(self) -> SourcePlan:
        """Return who can be asked: no chain, since the profile judges proofs, dates and stated status."""
        return SourcePlan(
            contexts=self.contexts,
            schemas=self.schemas,
            trust=self.trust,
            allow_private=self.allow_private,
            ca_file=self.ca_file,
        )


def load(environ: Mapping[str, str], *, given: Mapping[str, object] | None = None) -> Settings:
    """Return the settings from *given* (None means not given), *environ* and the defaults; raises SettingsError."""
    values, sources = collect(Settings, environ, None, given or {})
    settings = Settings(**values, sources=sources)  # type: ignore[arg-type]  # each was typed by its own annotation
    if not 1 <= settings.port <= 65_535:
        raise SettingsError(f"port is {settings.port}; right would be 1 to 65535", code="settings.value")
    return settings
