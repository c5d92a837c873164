"""``jikin pack`` and ``jikin unpack``: a certificate put together with what proves it, and taken apart again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jikin.status.pack import Pack
    from jikin.values import Json, JsonObject
    from jikin.verification.document import Document


def register(app: typer.Typer) -> None:
    """Add ``pack`` and ``unpack`` to the command."""
    app.command("pack")(pack)
    app.command("unpack")(unpack)


def pack(
    asked: Annotated[str, typer.Argument(metavar="ID|FILE", help="A certificate of the wallet, or a file with one.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where the pack is written.")],
    rpc_url: Annotated[str | None, typer.Option(help="JSON-RPC endpoint of the chain")] = None,
    registry: Annotated[Path | None, typer.Option(help="registry.json: which registry is meant")] = None,
    mirror: Annotated[list[str] | None, typer.Option(help="URL=FOLDER: a copy of an issuer's public files")] = None,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="The wallet that holds ID.")] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Whose vault in the data folder.")] = None,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="The wallet's data folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Make a proof pack: the certificate with everything that shows, offline, that it stands as of one block."""
    from jikin.verification import packing
    from jikin.verification.assembly import assemble, packing_view, witnessed_of
    from verifier.settings import load

    given = {"rpc_url": rpc_url, "registry_file": registry, "mirrors": ";".join(mirror) if mirror else None}
    settings = load(os.environ, given=given)
    plan = settings.plan()
    witnessed = witnessed_of(plan, settings.witness_file, lambda: int(time.time()))
    path = Path(asked)
    document = _in_file(path) if path.exists() else _in_wallet(asked, url, name, data)
    view = packing_view(plan, witnessed)
    checkpoint = None if witnessed is None else witnessed.checkpoint_of(view.block)
    made = packing.make(document, view, assemble(plan, witnessed=witnessed), checkpoint=checkpoint)
    raw = made.to_bytes()
    _write(out, raw)
    told = _told(made, len(raw))
    typer.echo(json.dumps(told) if as_json else f"{out}  {told['bytes']:,} bytes, as of {told['pin']}")


def unpack(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A proof pack, or a PDF that carries one.")],
    *,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write the parts there.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Take a proof pack apart. Nothing is verified by it: `jikin verify` does that."""
    from jikin.badges.documents import open_document
    from jikin.errors import DocumentError, JikinError

    (entry, *others) = open_document(file)
    if isinstance(entry.content, JikinError):
        raise entry.content
    if others or entry.pack is None:
        raise DocumentError(f"{file} holds no proof pack", code="document.pack")
    told = _told(entry.pack, len(entry.pack.to_bytes()))
    if out is not None:
        for name, content in _parts(entry.pack).items():
            _write(out / name, content)
    typer.echo(json.dumps(told) if as_json else "\n".join(f"{member:<12}{value}" for member, value in told.items()))


def _in_file(path: Path) -> Document:
    from jikin.anchoring.receipt import Receipt
    from jikin.badges.documents import CredentialFound, open_document
    from jikin.errors import DocumentError, JikinError
    from jikin.verification.document import Document

    found = open_document(path)
    if len(found) == 1 and isinstance(found[0].content, JikinError):
        raise found[0].content
    content = found[0].content if len(found) == 1 else None
    if not isinstance(content, CredentialFound):
        raise DocumentError(f"{path} does not hold one certificate", code="document.no-credential")
    receipt = None if content.receipt is None else Receipt.parse(content.receipt)
    return Document.of(content.credential if content.envelope is None else content.envelope, receipt)


def _in_wallet(id: str, url: str | None, name: str | None, data: Path | None) -> Document:
    """Return the certificate that the wallet holds under *id*; raises WalletError."""
    from jikin.anchoring.receipt import Receipt
    from jikin.verification.document import Document
    from wallet.cli import shown

    found: Mapping[str, Json] = shown(id, url=url, name=name, data=data)
    receipt = found.get("receipt")
    return Document.of(found.get("credential"), None if receipt is None else Receipt.parse(receipt))


def _told(pack: Pack, size: int) -> dict[str, Json]:
    """Return what can be said of a pack without verifying it; *pin* is how a verifier would write its block down."""
    from jikin.anchoring.header import Header

    block = Header.parse(pack.header).block
    return {
        "bytes": size,
        "chain": str(pack.chain),
        "registry": str(pack.registry),
        "block": block.number,
        "pin": f"{block.number}:{block.hash}:{block.time}",
        "nodes": len(pack.nodes),
        "keys": len(pack.keys),
        "lists": len(pack.entries),
        "receipt": pack.receipt is not None,
        "profile": pack.profile is not None,
        "checkpoint": pack.checkpoint is not None,
    }


def _parts(pack: Pack) -> Mapping[str, bytes]:
    """Return what in a pack is a file of its own, by name."""
    from jikin.badges.pdf import CREDENTIAL_FILE, RECEIPT_FILE

    parts: dict[str, bytes] = {"header.rlp": pack.header}
    if isinstance(pack.document, bytes):
        parts["credential.txt"] = pack.document
    else:
        parts[CREDENTIAL_FILE] = pack.document.encode("utf-8")
    if pack.receipt is not None:
        parts[RECEIPT_FILE] = _json(pack.receipt.to_json())
    if pack.profile is not None:
        parts["profile.json"] = pack.profile
    if pack.checkpoint is not None:
        parts["checkpoint"] = pack.checkpoint
    return parts


def _json(value: JsonObject) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _write(path: Path, content: bytes) -> None:
    from jikin.errors import DocumentError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise DocumentError(f"{path} cannot be written: {error.strerror}", code="document.unwritable") from error
