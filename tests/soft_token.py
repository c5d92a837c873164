"""A token in software (SoftHSM2) for tests: initialised in a folder of its own, its keys made through our own code."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jikin.proofs.signers import pkcs11
from jikin.proofs.signers.pkcs11_uri import Pkcs11Uri
from jikin.values import KeyType

PIN = "271828"
_LIBRARIES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
MISSING = "SoftHSM2 is not installed (package softhsm2)"


@dataclass(frozen=True, slots=True)
class SoftToken:
    """An initialised token called *label*; *module* is its library, *pin_file* holds its PIN."""

    label: str
    module: Path
    pin_file: Path

    def uri(self, name: str, token: str | None = None) -> str:
        """Return the reference to the key *name*, with library and PIN file."""
        where = f"token={token or self.label};object={name}"
        return f"pkcs11:{where}?module-path={self.module}&pin-source=file:{self.pin_file}"

    def make(self, name: str, kind: KeyType) -> str:
        """Make a key in the token and return the reference to it."""
        pkcs11.generate(Pkcs11Uri.parse(self.uri(name)), kind, pin=lambda: PIN)
        return self.uri(name)


@pytest.fixture(scope="session")
def soft_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftToken]:
    """Yield an empty token; skips where SoftHSM2 is not installed."""
    module = next((Path(one) for one in _LIBRARIES if Path(one).is_file()), None)
    tool = shutil.which("softhsm2-util")
    if module is None or tool is None:
        pytest.skip(MISSING)
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    label = "office"
    command = [tool, "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "314159"]
    subprocess.run(command, check=True, capture_output=True)
    pin_file = folder / "pin"
    pin_file.write_text(PIN + "\n")
    pin_file.chmod(0o600)
    yield SoftToken(label, module, pin_file)
    pkcs11.forget_tokens()
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before
