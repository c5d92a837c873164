"""``jikin canon``: the canonical form of RDF (RDFC-1.0) from a terminal, as conformance suites ask for it."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from jikin.errors import CodecError

HASHES = ("SHA256", "SHA384")
_MAX_BYTES = 1 << 24


def register(app: typer.Typer) -> None:
    """Add ``canon`` to the command."""
    app.command("canon")(canon)


def canon(
    *,
    labels: Annotated[
        bool, typer.Option("--map", help="Print the issued identifiers map as JSON, not the N-Quads.")
    ] = False,
    hash_name: Annotated[
        str, typer.Option("--hash", metavar="|".join(HASHES), help="The hash of RDFC-1.0.")
    ] = "SHA256",
) -> None:
    """Read N-Quads from standard input and print their canonical form (RDFC-1.0)."""
    chosen = hash_name.upper().replace("-", "")
    if chosen not in HASHES:
        raise typer.BadParameter(f"{hash_name!r}; right would be {' or '.join(HASHES)}", param_hint="--hash")
    typer.echo(canonical(sys.stdin.buffer.read(_MAX_BYTES + 1), chosen.lower(), labels=labels), nl=False)


def canonical(data: bytes, hash_name: str, *, labels: bool = False) -> str:
    """Return the canonical N-Quads of the N-Quads in *data* (UTF-8), or with *labels* the issued identifiers map.

    The map is JSON, names without ``_:``. Raises CodecError for more than 16 MiB and what is no UTF-8, else as
    ``nquads.parse`` and ``rdfc.canonicalize``.
    """
    from jikin.codec import nquads, rdfc

    if len(data) > _MAX_BYTES:
        raise CodecError(f"N-Quads of at most {_MAX_BYTES} bytes are read", code="codec.too-long")
    try:
        quads = nquads.parse(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise CodecError(f"N-Quads are UTF-8: {error}", code="codec.text") from error
    if not labels:
        return rdfc.canonicalize(quads, hash_name=hash_name)
    named = rdfc.canonical_labels(quads, hash_name=hash_name)
    return json.dumps({old[2:]: new[2:] for old, new in named.items()}, ensure_ascii=False, indent=2) + "\n"
