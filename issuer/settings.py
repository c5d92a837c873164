"""The office's settings: read once, from the environment and one TOML file, and nowhere else.

A setting NAME is taken, in this order, from what the command line gave, the variable ``JIKIN_NAME``, the file
``issuer.toml`` in the data folder, the default. Secrets come by file or environment only and are never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jikin.dids.web import LocalScheme
from jikin.errors import SettingsError
from jikin.values.settings import (
    PREFIX,
    About,
    Secret,
    SettingLine,
    check_pair,
    check_ranges,
    check_words,
    collect,
    spoken,
)
from jikin.values.settings import listing as list_settings

FILE_NAME = "issuer.toml"
_DEFAULT_DATA = Path("var/office")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. Relative paths are taken from the data folder, except ``data`` itself."""

    data: Annotated[Path, About("folder where everything of this office lies", "path")] = _DEFAULT_DATA
    database: Annotated[str, About("the office's database; empty: SQLite file office.db in the data folder", "URL")] = (
        ""
    )
    jobs_database: Annotated[
        str, About("database of the durable jobs; empty: SQLite file jobs.db, or the office's PostgreSQL", "URL")
    ] = ""
    rpc_url: Annotated[str, About("JSON-RPC endpoint of the chain (several: joined by ;)", "URL")] = (
        "http://127.0.0.1:8545"
    )
    registry_file: Annotated[Path, About("which registry is meant (pins)", "path")] = Path("registry.json")
    public: Annotated[Path, About("public files, served as the institution's web site", "path")] = Path("public")
    keys: Annotated[Path, About("folder of the encrypted key files", "path")] = Path("keys")
    out: Annotated[Path, About("issued documents, one folder per batch", "path")] = Path("issued")
    contexts: Annotated[Path | None, About("further pinned JSON-LD contexts (INDEX.json)", "path")] = None
    passphrase_file: Annotated[
        Path, About("its first line opens the key files; JIKIN_PASSPHRASE wins over it", "path")
    ] = Path("passphrase")
    key_cost: Annotated[int, About("scrypt cost of new key files, 2 to the power of this; 17 takes half a second")] = 17
    pkcs11_module: Annotated[
        Path | None, About("library of the hardware token; a reference may name another (module-path)", "path")
    ] = None
    pkcs11_pin_file: Annotated[
        Path | None, About("its first line is the token's PIN; JIKIN_PKCS11_PIN wins over it", "path")
    ] = None
    signer_token_file: Annotated[
        Path | None, About("its first line is the remote signer's token; JIKIN_SIGNER_TOKEN wins", "path")
    ] = None
    ca_file: Annotated[
        Path | None, About("a further certificate authority to trust, PEM; then localhost is read over https", "path")
    ] = None
    suite: Annotated[str, About("cryptosuite that signs when a batch names none")] = "eddsa-rdfc-2022"
    check_at: Annotated[str, About("where printed codes lead to; empty: the institution's own site", "URL")] = ""
    print_note: Annotated[str, About("last line in the footer of printed certificates, such as: a specimen")] = ""
    confirmations: Annotated[int, About("before anything is released; the anchor's block is the first", "blocks")] = 2
    settle_blocks: Annotated[
        int, About("an anchor or epoch this deep is not looked at again after a reorganisation", "blocks")
    ] = 64
    settle_look_seconds: Annotated[float, About("pause between two looks at what is not that deep", "seconds")] = 12.0
    poll_seconds: Annotated[float, About("pause between two looks at the chain", "seconds")] = 0.5
    chain_wait_seconds: Annotated[float, About("a job waits this long for the chain", "seconds")] = 600.0
    fee_raise_seconds: Annotated[
        float, About("a transaction that waits this long for a block is sent again with higher fees", "seconds")
    ] = 48.0
    fee_most_gwei: Annotated[int, About("more is never paid for a unit of gas", "gwei")] = 500
    unseen_seconds: Annotated[
        float, About("a transaction that the chain takes and does not show for so long stops its job", "seconds")
    ] = 120.0
    sign_chunk: Annotated[int, About("signed between two commits", "credentials")] = 50
    processes: Annotated[int, About("that print certificates; 0: one per processor", "processes")] = 0
    csv_max_bytes: Annotated[int, About("largest file taken in", "bytes")] = 64 << 20
    csv_max_line_bytes: Annotated[int, About("longest line taken in; a longer one is one bad row", "bytes")] = 1 << 16
    csv_max_rows: Annotated[int, About("most rows of one file", "rows")] = 98_304
    status_log2_entries: Annotated[int, About("size of a new status list: 2 to the power of this, 17 to 22")] = 17
    certificates_per_day: Annotated[int, About("most certificates one institution issues within a day")] = 1_000_000
    embargo_leaves: Annotated[int, About("least leaves of a list under an embargo; it hides how many there are")] = 1024
    audit_head_hours: Annotated[float, About("between two heads of the log of acts on the chain", "hours")] = 24.0
    approval_hours: Annotated[float, About("how long an approval holds, 24 at most", "hours")] = 24.0
    backdating_days: Annotated[int, About("an effective date further back needs the registrar", "days")] = 30
    status_changes_per_day: Annotated[
        int, About("changes of status that one officer may request, and one account publish, within 24 hours")
    ] = 40_000
    heartbeat_hours: Annotated[
        float, About("a status list that nothing changed is confirmed on the chain after this, 20 to 48", "hours")
    ] = 24.0
    clock_skew_seconds: Annotated[int, About("own clock against newest block, for doctor", "seconds")] = 60
    timezone: Annotated[str, About("whose calendar day decides what lies in the future")] = "Asia/Seoul"
    base_url: Annotated[str, About("where officers, holders and wallets reach this service", "URL")] = (
        "http://localhost:8101"
    )
    port: Annotated[int, About("port the service listens on, on this machine alone")] = 8101
    tls_certificate: Annotated[Path | None, About("certificate chain of the service, PEM; then https", "path")] = None
    tls_key: Annotated[Path | None, About("private key of the service's certificate, PEM", "path")] = None
    dev_tokens: Annotated[
        Path | None, About("JSON file whose token `issuer` may do everything; for trying out", "path")
    ] = None
    wallet_url: Annotated[str, About("wallet that offers lead to; empty: a link for any wallet", "URL")] = ""
    verifier_url: Annotated[str, About("page where a certificate is checked; empty: no link", "URL")] = ""
    copy_wait_seconds: Annotated[
        float, About("copies for holders are collected this long before they are anchored together", "seconds")
    ] = 1.0
    batch_wait_seconds: Annotated[
        float, About("single certificates are collected this long before they are anchored together", "seconds")
    ] = 0.25
    batch_most: Annotated[int, About("so many single certificates or copies are anchored without waiting")] = 1000
    claim_wait_seconds: Annotated[
        float, About("a wallet waits this long for its copy; then it is told to ask again", "seconds")
    ] = 10.0
    session_hours: Annotated[float, About("how long an officer stays signed in", "hours")] = 8.0
    invitation_hours: Annotated[float, About("how long an invitation link can be used", "hours")] = 72.0
    executor_id: Annotated[str, About("name of this worker; on PostgreSQL each process adds to it")] = "office-1"
    worker_beat_seconds: Annotated[float, About("a worker on PostgreSQL says so often that it is alive", "seconds")] = (
        5.0
    )
    worker_expiry_seconds: Annotated[
        float, About("a worker silent for so long is dead, and another takes over its work", "seconds")
    ] = 30.0
    log_level: Annotated[str, About("least severe log record: DEBUG, INFO, WARNING, ERROR")] = "WARNING"
    lang: Annotated[str, About("language of messages, ko or en; empty: from LANG")] = ""
    passphrase: Annotated[Secret | None, About("opens the key files", "environment only")] = None
    embargo_passphrase: Annotated[
        Secret | None, About("opens the keys of lists under an embargo; empty: as the key files", "environment only")
    ] = None
    pkcs11_pin: Annotated[Secret | None, About("PIN of the hardware token", "environment only")] = None
    signer_token: Annotated[Secret | None, About("common token of office and remote signer", "environment only")] = None
    officer_passphrase: Annotated[Secret | None, About("opens an officer's key file", "environment only")] = None
    officer_passphrase_file: Annotated[Path | None, About("its first line opens an officer's key file", "path")] = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def database_url(self) -> str:
        """Return the office's database as a SQLAlchemy URL."""
        return self.database or f"sqlite:///{self.data.absolute() / 'office.db'}"

    @property
    def jobs_database_url(self) -> str:
        """Return the durable jobs' database as a SQLAlchemy URL."""
        if self.jobs_database:
            return self.jobs_database
        if self.database.startswith("postgresql"):
            return self.database
        return f"sqlite:///{self.data.absolute() / 'jobs.db'}"

    @property
    def https(self) -> bool:
        """Say whether people reach the service over https."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def certificate(self) -> tuple[Path, Path] | None:
        """Return certificate and key of the service, None when it speaks http."""
        if self.tls_certificate is None or self.tls_key is None:
            return None
        return self.path(self.tls_certificate), self.path(self.tls_key)

    @property
    def local_scheme(self) -> LocalScheme:
        """Return how the DID documents of this office's own institutions are read when they live on this machine."""
        return "http" if self.ca_file is None else "https"

    def path(self, value: Path) -> Path:
        """Return *value* as an absolute path: relative ones lie in the data folder."""
        return value if value.is_absolute() else self.data.absolute() / value

    def key_passphrase(self) -> str:
        """Return what opens the key files; raises SettingsError when neither variable nor file gives it."""
        if self.passphrase is not None:
            return self.passphrase.text
        return first_line(self.path(self.passphrase_file), "JIKIN_PASSPHRASE")

    def embargo_key_passphrase(self) -> str:
        """Return what opens the keys of embargoes; raises SettingsError when nothing gives it."""
        return self.key_passphrase() if self.embargo_passphrase is None else self.embargo_passphrase.text

    def token_pin(self) -> str:
        """Return the PIN of the hardware token; raises SettingsError when nothing gives it."""
        return self._secret(self.pkcs11_pin, self.pkcs11_pin_file, "JIKIN_PKCS11_PIN")

    def remote_token(self) -> str:
        """Return the token that office and remote signer share; raises SettingsError when nothing gives it."""
        return self._secret(self.signer_token, self.signer_token_file, "JIKIN_SIGNER_TOKEN")

    def _secret(self, given: Secret | None, file: Path | None, variable: str) -> str:
        if given is not None:
            return given.text
        if file is None:
            raise SettingsError(
                f"{variable} is not set, and neither is the file of that name",
                code="settings.no-pin",
                hint=f"set {variable}, or {variable.lower().removeprefix('jikin_')}_file",
            )
        return first_line(self.path(file), variable)

    def officer_key_passphrase(self) -> str | None:
        """Return what opens an officer's key file, None when nothing was set; raises SettingsError for a bad file."""
        if self.officer_passphrase is not None:
            return self.officer_passphrase.text
        if self.officer_passphrase_file is None:
            return None
        return first_line(self.path(self.officer_passphrase_file), "JIKIN_OFFICER_PASSPHRASE")


def load(environ: Mapping[str, str], *, given: Mapping[str, object] | None = None) -> Settings:
    """Return the settings from *given* (already typed, None means not given), *environ*, the TOML file, the defaults.

    Raises SettingsError, which names the setting, what was found and what would be right.
    """
    asked = given or {}
    data = Path(str(asked.get("data") or environ.get(PREFIX + "DATA") or _DEFAULT_DATA))
    values, sources = collect(Settings, environ, data / FILE_NAME, asked)
    if "lang" not in values:
        values["lang"], sources["lang"] = spoken(environ)
    settings = Settings(**values, sources=sources)  # type: ignore[arg-type]  # each was typed by its own annotation
    _check(settings)
    return settings


def listing(settings: Settings) -> tuple[SettingLine, ...]:
    """Return every setting with its default, meaning, unit and where its value came from; secrets are hidden."""
    return list_settings(settings, settings.sources)


def first_line(path: Path, variable: str) -> str:
    """Return the passphrase in the first line of *path*; raises SettingsError, naming *variable* as the other way."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"no passphrase: {variable} is not set and {path} cannot be read",
            code="settings.no-passphrase",
            hint=f"set {variable}, or write the passphrase into that file and make it readable for you alone",
        ) from error
    if not lines or not lines[0].strip():
        raise SettingsError(f"no passphrase: {path} has an empty first line", code="settings.no-passphrase")
    return lines[0].strip()


_RANGES: Mapping[str, tuple[float, float]] = {
    "key_cost": (12, 22),
    "confirmations": (1, 10_000),
    "settle_blocks": (1, 100_000),
    "settle_look_seconds": (0.01, 3600),
    "poll_seconds": (0.01, 60),
    "chain_wait_seconds": (1, 7 * 86_400),
    "fee_raise_seconds": (0.1, 86_400),
    "fee_most_gwei": (1, 1_000_000),
    "unseen_seconds": (1, 86_400),
    "sign_chunk": (1, 10_000),
    "processes": (0, 256),
    "csv_max_bytes": (1, 1 << 32),
    "csv_max_line_bytes": (64, 131_072),  # the reader of cells stops there
    "csv_max_rows": (1, 1 << 22),
    "status_log2_entries": (17, 22),
    "certificates_per_day": (1, 1 << 32),
    "embargo_leaves": (64, 1 << 22),
    "audit_head_hours": (0.01, 24 * 7),
    "approval_hours": (0.01, 24),
    "backdating_days": (0, 36_500),
    "status_changes_per_day": (1, 1 << 24),
    "heartbeat_hours": (20, 48),  # the contract takes none before 20 hours
    "clock_skew_seconds": (1, 86_400),
    "port": (1, 65_535),
    "copy_wait_seconds": (0.0, 3600),
    "batch_wait_seconds": (0.0, 3600),
    "batch_most": (1, 98_304),
    "claim_wait_seconds": (0.0, 60),
    "worker_beat_seconds": (0.05, 60),
    "worker_expiry_seconds": (0.2, 600),
    "session_hours": (0.01, 24),
    "invitation_hours": (0.01, 24 * 30),
}


def _check(settings: Settings) -> None:
    check_ranges(settings, _RANGES)
    check_words(settings)
    check_pair(settings, "tls_certificate", "tls_key")
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            f"timezone is {settings.timezone!r}; right would be a name such as Asia/Seoul", code="settings.value"
        ) from error
    if settings.worker_expiry_seconds < 3 * settings.worker_beat_seconds:
        raise SettingsError(
            f"worker_expiry_seconds is {settings.worker_expiry_seconds}; right would be three beats or more, "
            f"{3 * settings.worker_beat_seconds} here: one that comes late must not end a worker",
            code="settings.range",
        )
    _check_addresses(settings)
    for name in ("database", "jobs_database"):
        url = getattr(settings, name)
        if url and not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise SettingsError(
                f"{name} is of an unknown kind; right would be sqlite:///FILE or postgresql+psycopg://…",
                code="settings.value",
            )


def _check_addresses(settings: Settings) -> None:
    for name in ("base_url", "wallet_url", "verifier_url"):
        value = getattr(settings, name)
        if (value or name == "base_url") and not _is_site(value):
            raise SettingsError(
                f"{name} is {value!r}; right would be an address without a path, such as http://localhost:8101",
                code="settings.value",
            )


def _is_site(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.path and not parts.query
