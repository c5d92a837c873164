"""Settings for tests: everybody lives on this machine, and a passphrase costs next to nothing to try."""

from __future__ import annotations

from pathlib import Path

from wallet.settings import Settings, load


def settings_for(data: Path, **changes: str) -> Settings:
    environ = {
        "JIKIN_DATA": str(data),
        "JIKIN_ALLOW_PRIVATE": "true",
        "JIKIN_ARGON2_MEMORY_KIB": "64",
        "JIKIN_ARGON2_TIME": "1",
        "JIKIN_ARGON2_LANES": "1",
        "JIKIN_RECEIVE_WAIT_SECONDS": "5",
        "JIKIN_RECHECK_SECONDS": "300",
        "JIKIN_SIGN_IN_RATES": "1000/minute",
        **{f"JIKIN_{name.upper()}": value for name, value in changes.items()},
    }
    return load(environ)
