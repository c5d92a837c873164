"""``jikin admin annul``: what was revoked by mistake or by a thief is valid again, within seven days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import (
    DataOption,
    InstitutionOption,
    JsonOption,
    LangOption,
    Terminal,
    opened,
    terminal,
)
from jikin.values import CertificateNumber, Json

if TYPE_CHECKING:
    from issuer.office import Office


def register(admin: typer.Typer) -> None:
    """Put the command into *admin*."""

    @admin.command("annul")
    def annul(
        numbers: Annotated[list[str], typer.Argument(metavar="NUMBER…", help="Certificate numbers.")],
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Take revocations back within seven days: owner and accreditor together, where both keys lie here."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _annul(shown, office, institution, [CertificateNumber.parse(number) for number in numbers])


def _annul(shown: Terminal, office: Office, institution_name: str | None, numbers: list[CertificateNumber]) -> None:
    from issuer import annulling

    done = annulling.annul(office, office.institution(institution_name), numbers)
    texts, listed = [], list[Json]()
    for one in done:
        named = ", ".join(str(number) for number in one.numbers)
        if one.block is None:
            texts.append(shown.words("annulled.before", numbers=named))
        else:
            texts.append(shown.words("annulled", numbers=named, block=one.block))
        listed.append({"numbers": [str(number) for number in one.numbers], "block": one.block})
    shown.answer({"annulled": listed}, "\n".join(texts))
