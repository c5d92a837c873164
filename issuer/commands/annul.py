"""``jikin admin annul``: what was revoked by mistake or by a thief is valid again, within seven days."""

from __future__ import annotations

from typing import Annotated

import typer

from issuer.commands.common import Invocation, on_institution
from jikin.terminal import command
from jikin.values import CertificateNumber, Json


def register(admin: typer.Typer) -> None:
    """Put the command into *admin*."""
    admin.command("annul")(command(annul, on_institution))


def annul(
    call: Invocation, numbers: Annotated[list[str], typer.Argument(metavar="NUMBER…", help="Certificate numbers.")]
) -> None:
    """Take revocations back within seven days: owner and accreditor together, where both keys lie here."""
    from issuer import annulling

    done = annulling.annul(call.office, call.institution, [CertificateNumber.parse(number) for number in numbers])
    texts, listed = [], list[Json]()
    for one in done:
        named = ", ".join(str(number) for number in one.numbers)
        if one.block is None:
            texts.append(call.shown.words("annulled.before", numbers=named))
        else:
            texts.append(call.shown.words("annulled", numbers=named, block=one.block))
        listed.append({"numbers": [str(number) for number in one.numbers], "block": one.block})
    call.shown.answer({"annulled": listed}, "\n".join(texts))
