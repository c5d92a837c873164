"""``jikin bake`` and ``jikin unbake``: a credential put into a picture, and got out of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add ``bake`` and ``unbake`` to the command."""
    app.command("bake")(bake)
    app.command("unbake")(unbake)


def bake(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The credential: JSON, JWT, or a PDF that carries it.")],
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A PNG or SVG picture.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="Where the badge is written.")],
    replace: Annotated[bool, typer.Option("--replace", help="Take out the badge that is in the picture.")] = False,
) -> None:
    """Put a credential into a picture: the badge shows the one and carries the other."""
    from jikin.badges.baking import bake as baked_into
    from jikin.badges.documents import open_document
    from jikin.errors import BadgeError, JikinError

    found = open_document(file)
    if len(found) != 1:
        raise BadgeError(
            f"{file} holds {len(found)} documents; one is baked into a picture", code="badge.no-credential"
        )
    (entry,) = found
    if isinstance(entry.content, JikinError):
        raise entry.content
    if entry.credential is None:
        message = f"{file} holds a certificate number, and a badge carries the certificate itself"
        raise BadgeError(message, code="badge.no-credential")
    text = entry.envelope or json.dumps(entry.credential, ensure_ascii=False, separators=(",", ":"))
    _write(out, baked_into(_read(image), text, replace=replace))
    if entry.receipt is not None:
        # Strangers get the bare credential; the receipt lies beside it, where `jikin verify` looks.
        receipt = out.with_suffix(".receipt.json")
        _write(receipt, json.dumps(entry.receipt, ensure_ascii=False).encode())
        typer.echo(f"{out}  with its receipt beside it, {receipt.name}", err=True)


def unbake(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A badge: PNG or SVG.")],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="OUT", help="Where the credential is written. [terminal]")
    ] = None,
) -> None:
    """Get the credential out of a picture. Nothing is verified by it: `jikin verify` does that."""
    from jikin.badges.baking import unbake as taken_out
    from jikin.errors import BadgeError

    baked = taken_out(_read(image))
    if baked is None:
        raise BadgeError(
            f"nothing is baked into {image}",
            code="badge.no-credential",
            hint="Drawing programs drop it when they save a picture: ask for the file as it was issued.",
        )
    if out is None:
        typer.echo(baked.content)
    else:
        _write(out, baked.content.encode("utf-8"))
    if baked.edition.value != "3.0":
        typer.echo(f"this is a badge of Open Badges {baked.edition.value}", err=True)


def _read(path: Path) -> bytes:
    from jikin.badges.baking import MAX_PICTURE_BYTES
    from jikin.errors import DocumentError

    try:
        with path.open("rb") as file:
            return file.read(MAX_PICTURE_BYTES + 1)
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}", code="document.not-found") from error


def _write(path: Path, data: bytes) -> None:
    from jikin.errors import DocumentError

    try:
        path.write_bytes(data)
    except OSError as error:
        raise DocumentError(f"{path} cannot be written: {error.strerror}", code="document.unwritable") from error
