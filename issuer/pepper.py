"""The office's pepper: a secret of 32 bytes in a file among the keys, mixed into what is too short to be hashed alone.

Names with birth dates and six-digit codes can be tried out in seconds by whoever has a copy of the database; without
the pepper, which is not in it, they cannot.
"""

from __future__ import annotations

import hmac
import os
import secrets
from hashlib import sha256

from issuer import files
from issuer.office import Office
from jikin.errors import OfficeError

_FILE = "pepper"
_BYTES = 32


def tag(office: Office, *parts: bytes) -> bytes:
    """Return HMAC-SHA-256 under the office's pepper over *parts*, 32 bytes; the pepper is made when there is none.

    Raises OfficeError ``office.key-file`` for a damaged file.
    """
    return hmac.new(_pepper(office), b"".join(parts), sha256).digest()


def _pepper(office: Office) -> bytes:
    path = office.settings.path(office.settings.keys) / _FILE
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f".{_FILE}.{secrets.token_hex(4)}")
        files.write(fresh, secrets.token_bytes(_BYTES), mode=files.PRIVATE)
        try:
            os.link(fresh, path)  # unlike a rename, never over one that another process has made meanwhile
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    found = files.read(path)
    if len(found) != _BYTES:
        raise OfficeError(
            f"the file {path} has {len(found)} bytes; right would be {_BYTES}",
            code="office.key-file",
            hint="restore it from the backup of the keys: codes and second factors hang on it",
        )
    return found
