"""The desk's settings: read once, from the command line, the environment and one TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from jikin.errors import SettingsError, ValueRefusedError
from jikin.values import ChainId
from jikin.values.settings import About, Secret, check_ranges, collect, spoken
from jikin.verification.plan import SourcePlan
from jikin.verification.settings import CheckSettings

_DEFAULT_DATA = Path("var/verifier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(CheckSettings):
    """Everything that can be set for checking, at a terminal and as a service."""

    heads: Annotated[
        Path | None, About("remembers the newest state of status lists, which older proof packs give way to", "path")
    ] = None
    chains: Annotated[
        str,
        About("nodes of chains that others anchor certificates on: CHAIN=URL (CAIP-2), joined by ;, any number"),
    ] = ""
    offline: Annotated[bool, About("ask nothing outside: no chain, no web; mirrors only")] = False
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
        return replace(CheckSettings.plan(self), offline=self.offline)


def load(environ: Mapping[str, str], *, given: Mapping[str, object] | None = None) -> Settings:
    """Return the settings from *given*, *environ* (``JIKIN_SETTINGS`` names the TOML file) and the defaults."""
    file = environ.get("JIKIN_SETTINGS")
    values, sources = collect(Settings, environ, Path(file) if file else None, given or {})
    if "lang" not in values:
        values["lang"], sources["lang"] = spoken(environ)
    settings = Settings(**values, sources=sources)  # type: ignore[arg-type]  # each was typed by its own annotation
    settings.check()
    settings.nodes()
    check_ranges(settings, _RANGES)
    for name in ("base_url", "wallet_url"):
        _check_url(name, getattr(settings, name), optional=name == "wallet_url")
    return settings


_RANGES: Mapping[str, tuple[float, float]] = {
    "port": (0, 65_535),
    "request_minutes": (1, 60),
    "result_minutes": (1, 24 * 60),
    "session_seconds": (0, 5),
}


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
