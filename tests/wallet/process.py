"""One verb of the wallet in a process of its own, to be killed in the middle of it: DATA TOKEN VERB ARGUMENT…."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.wallet.trial import settings_for
from wallet import accounts, presenting, receiving
from wallet.app import build


def main(data: str, token: str, verb: str, *arguments: str) -> None:
    wallet = build(settings_for(Path(data), receive_wait_seconds="10"), clock=lambda: int(time.time()))
    with accounts.open_by_token(wallet, token) as vault:
        if verb == "receive":
            receiving.receive(wallet, vault, *arguments)
        else:
            presenting.answer(wallet, vault, arguments[0], {"it": arguments[1]})
    wallet.close()
    print("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
