"""``jikin books``: what an institution shows its auditor, who reads it with ``jikin audit``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from issuer.commands.common import Invocation, on_institution
from jikin.terminal import command


def register(app: typer.Typer) -> None:
    """Put the command into *app*."""
    app.command("books")(command(books, on_institution))


def books(
    call: Invocation,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where the books are written.")],
    index_keys: Annotated[
        Path | None, typer.Option("--index-keys", metavar="FILE", help="Also open the index keys of all lists.")
    ] = None,
) -> None:
    """Write the books for the auditor: who approved what, and how much was given out; nothing personal."""
    from issuer import books as keeping
    from issuer import files
    from jikin.verification.auditing.index_keys import index_keys_json

    office, whose = call.office, call.institution
    written = keeping.write(office, whose)
    files.write(out, json.dumps(written.to_json()).encode(), mode=files.PRIVATE)
    texts, document = [call.shown.words("books.written", file=out)], {"books": str(out)}
    if index_keys is not None:
        opened_keys = index_keys_json(keeping.index_keys(office, whose))
        files.write(index_keys, json.dumps(opened_keys).encode(), mode=files.PRIVATE)
        texts.append(call.shown.words("books.keys", file=index_keys))
        document["indexKeys"] = str(index_keys)
    call.shown.answer(document, "\n".join(texts))
