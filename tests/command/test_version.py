"""Which version this is: asked as people are used to ask it."""

from __future__ import annotations

import pytest

from jikin import __version__
from jikin.command.main import main


@pytest.mark.parametrize("words", [["version"], ["--version"], ["-V"], ["--version", "verify"]], ids=" ".join)
def test_the_version_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"
