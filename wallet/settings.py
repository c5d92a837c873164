"""The wallet's settings: read once, from the command line, the environment and one TOML file, and nowhere else.

A setting NAME is taken, in this order, from what the command line gave, the variable ``JIKIN_NAME``, the file
``wallet.toml`` in the data folder, the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from jikin.errors import SettingsError
from jikin.values.settings import PREFIX, About, Secret, SettingLine, check_ranges, collect, spoken
from jikin.values.settings import listing as list_settings
from jikin.verification.settings import CheckSettings

FILE_NAME = "wallet.toml"
_DEFAULT_DATA = Path("var/wallet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(CheckSettings):
    """Everything that can be set. A relative ``key_file`` lies in the data folder; other paths are as they stand."""

    data: Annotated[Path, About("folder where everything of this wallet lies", "path")] = _DEFAULT_DATA
    database: Annotated[str, About("the vaults' database; empty: SQLite file wallet.db in the data folder", "URL")] = ""
    port: Annotated[int, About("where the service listens, on this machine", "port")] = 8102
    base_url: Annotated[str, About("the wallet's public address, without a slash at the end", "URL")] = (
        "http://localhost:8102"
    )
    key_file: Annotated[
        Path, About("server key under which login names are hashed; made when it is not there", "path")
    ] = Path("wallet.key")
    dev_tokens: Annotated[
        Path | None, About("development tokens (JSON); the wallet's opens a holder called dev", "path")
    ] = None
    verifier_url: Annotated[str, About("where a printed code leads to; empty: the issuer's own site", "URL")] = ""
    print_note: Annotated[str, About("last line in the footer of printed certificates, such as: a specimen")] = ""
    argon2_memory_kib: Annotated[int, About("memory of one passphrase guess", "KiB")] = 64 << 10
    argon2_time: Annotated[int, About("passes over that memory")] = 3
    argon2_lanes: Annotated[int, About("parallel lanes")] = 4
    session_minutes: Annotated[int, About("an open vault closes when nothing was asked for so long", "minutes")] = 30
    sign_in_rates: Annotated[str, About("sign-in attempts for each login name")] = "10/15minutes;40/day"
    receive_wait_seconds: Annotated[
        float, About("how long receiving waits for a certificate that is still being anchored", "seconds")
    ] = 20.0
    request_minutes: Annotated[int, About("a request without an end of its own can be answered so long", "minutes")] = (
        10
    )
    recheck_seconds: Annotated[
        float, About("how often the state of certificates is asked for; 0: never", "seconds")
    ] = 300.0
    wallet_token: Annotated[Secret | None, About("API token of a vault, for the command line", "environment only")] = (
        None
    )
    wallet_passphrase: Annotated[
        Secret | None, About("passphrase of a vault, for the command line", "environment only")
    ] = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def database_url(self) -> str:
        """Return the vaults' database as a SQLAlchemy URL."""
        return self.database or f"sqlite:///{self.data.absolute() / 'wallet.db'}"

    def path(self, value: Path) -> Path:
        """Return *value* as an absolute path: relative ones lie in the data folder."""
        return value if value.is_absolute() else self.data.absolute() / value


def load(environ: Mapping[str, str], *, given: Mapping[str, object] | None = None) -> Settings:
    """Return the settings from *given* (already typed, None means not given), *environ*, the TOML file, the defaults.

    Raises SettingsError, which names the setting, what was found and what would be right.
    """
    asked = given or {}
    data = Path(str(asked.get("data") or environ.get(PREFIX + "DATA") or _DEFAULT_DATA))
    values, sources = collect(Settings, environ, data / FILE_NAME, asked)
    if "lang" not in values:
        values["lang"], sources["lang"] = spoken(environ)
    if "port" in values and "base_url" not in values:
        values["base_url"] = f"http://localhost:{values['port']}"
        sources["base_url"] = f"port of {sources['port']}"
    settings = Settings(**values, sources=sources)  # type: ignore[arg-type]  # each was typed by its own annotation
    settings.check()
    _check(settings)
    return settings


def listing(settings: Settings) -> tuple[SettingLine, ...]:
    """Return every setting with its default, meaning, unit and where its value came from."""
    return list_settings(settings, settings.sources)


_RANGES: Mapping[str, tuple[float, float]] = {
    "port": (1, 65_535),
    "argon2_memory_kib": (8, 4 << 20),
    "argon2_time": (1, 64),
    "argon2_lanes": (1, 64),
    "session_minutes": (1, 24 * 60),
    "receive_wait_seconds": (0, 300),
    "request_minutes": (1, 24 * 60),
    "recheck_seconds": (0, 7 * 86_400),
}


def _check(settings: Settings) -> None:
    check_ranges(settings, _RANGES)
    for name in ("base_url", "verifier_url"):
        url = getattr(settings, name)
        if (url or name == "base_url") and (not url.startswith(("https://", "http://")) or url.endswith("/")):
            raise SettingsError(
                f"{name} is {url!r}; right would be https://wallet.example, without a slash at the end",
                code="settings.value",
            )
    if settings.database and not settings.database.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError(
            "database is of an unknown kind; right would be sqlite:///FILE or postgresql+psycopg://…",
            code="settings.value",
        )
