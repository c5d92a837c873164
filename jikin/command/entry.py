"""Where the `jikin` script begins: says what to install where a part of the command's packages is missing."""

from __future__ import annotations

import gc
import sys

_OWN = ("jikin", "issuer", "wallet", "verifier", "schemas")
_FAILED = 1
# Loading the packages makes some hundred thousand objects that stay: going through them again and again takes a quarter
# of the time in which a command starts.
_OBJECTS_BETWEEN = (50_000, 20, 20)


def run() -> None:
    """Run the command; without its packages (the library alone needs few) say which extra brings them."""
    gc.set_threshold(*_OBJECTS_BETWEEN)
    try:
        from jikin.command.main import main

        main()
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in _OWN:
            raise
        sys.stderr.write(
            f"jikin: the package {name} is not installed; `pip install 'jikin[command]'` brings what checking needs, "
            "`pip install 'jikin[issuer]'` what issuing needs\n"
        )
        sys.exit(_FAILED)


if __name__ == "__main__":
    run()
