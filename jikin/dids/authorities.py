"""Which authorities are trusted to say who answers at a web address (TLS)."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path

from jikin.errors import SettingsError


@functools.cache
def system_authorities() -> ssl.SSLContext:
    """Return what trusts the authorities that this system trusts; they are read once, which takes a moment."""
    return ssl.create_default_context()


def authorities(ca_file: Path | None) -> ssl.SSLContext | None:
    """Return the system's trusted authorities and those of *ca_file*; None where there is no such file to add.

    Raises SettingsError for a file that cannot be read.
    """
    if ca_file is None:
        return None
    try:
        context = ssl.create_default_context()
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"ca_file is {ca_file}, which holds no certificates: {error}", code="settings.value"
        ) from error
    return context
