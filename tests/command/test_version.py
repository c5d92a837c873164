"""Which version this is: asked as people are used to ask it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jikin import __version__
from jikin.command.main import main


@pytest.mark.parametrize("words", [["version"], ["--version"], ["-V"], ["--version", "verify"]], ids=" ".join)
def test_the_version_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_a_command_that_checks_nothing_loads_nothing_that_checks() -> None:
    heavy = ("jikin.verification.assembly", "jsonschema", "httpx", "sqlalchemy", "dbos", "fastapi", "eth_abi", "typst")
    program = (
        "import sys\nfrom jikin.command.main import main\n"
        "try: main(['version'])\nexcept SystemExit: pass\n"
        f"print(*[name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [__version__, ""]
