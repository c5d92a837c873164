"""``jikin audit``: the registry's events from the first to the last, held against everything else. Exit 0 or 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jikin.errors import CodecError, SettingsError

if TYPE_CHECKING:
    from jikin.anchoring.events import EventSource
    from jikin.values import Json
    from jikin.verification.auditing.audit import Audit, AuditedIssuer
    from jikin.verification.auditing.public_files import PublicFiles

_MARKS = {"failed": "✗", "unknown": "?", "passed": "·"}
_WORDS = {
    "ko": {
        "title": "{registry} ({chain}), 블록 {block}까지",
        "anchors": "앵커 {anchors}건, 잎 {leaves}개",
        "list": "목록",
        "epochs": "회차",
        "opened": "루트 확인",
        "valid": "유효",
        "revoked": "취소",
        "suspended": "정지",
        "replaced": "교체",
        "failed": "모순이 있습니다: {count}건.",
        "unknown": "확인하지 못한 것이 있습니다: {count}건.",
        "passed": "모순이 없습니다.",
    },
    "en": {
        "title": "{registry} ({chain}), up to block {block}",
        "anchors": "{anchors} anchors, {leaves} leaves",
        "list": "list",
        "epochs": "epochs",
        "opened": "roots opened",
        "valid": "valid",
        "revoked": "revoked",
        "suspended": "suspended",
        "replaced": "replaced",
        "failed": "Contradictions: {count}.",
        "unknown": "Could not be told: {count}.",
        "passed": "No contradictions.",
    },
}


def register(app: typer.Typer) -> None:
    """Add ``audit`` to the command."""
    app.command("audit")(audit)


def audit(
    rpc_url: Annotated[
        list[str],
        typer.Option(
            "--rpc-url",
            metavar="URL",
            help="JSON-RPC endpoint of the chain. Given twice or more, storage is proven at a block they agree on.",
        ),
    ],
    registry: Annotated[
        str, typer.Option("--registry", metavar="ADDR|FILE", help="Address of the registry, or its registry.json.")
    ],
    *,
    issuer: Annotated[str | None, typer.Option(metavar="DID", help="Audit this issuer alone. [all]")] = None,
    public: Annotated[
        str | None, typer.Option(metavar="DIR|URL", help="The issuer's public files: leaves, receipts, lists, notes.")
    ] = None,
    books: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The issuer's books: approvals and counts (`jikin books`).")
    ] = None,
    index_key: Annotated[
        Path | None, typer.Option("--index-key", metavar="FILE", help="The issuer's opened index keys.")
    ] = None,
    lists: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write every status list as the events make it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    lang: Annotated[str, typer.Option(help="ko or en. [from LANG]", envvar=["LC_ALL", "LC_MESSAGES", "LANG"])] = "en",
) -> None:
    """Replay the registry's events: every root, epoch and final state. Exit 0 when nothing contradicts, else 1."""
    from jikin.values import Did
    from jikin.verification.auditing import audit as auditing
    from jikin.verification.auditing.books import Books
    from jikin.verification.auditing.gathering import Material, gather
    from jikin.verification.auditing.index_keys import parse_index_keys
    from jikin.verification.report import Outcome

    material = Material(
        files=None if public is None else _files(public),
        books=None if books is None else Books.parse(_json(books)),
        permutations={} if index_key is None else parse_index_keys(_json(index_key)),
    )
    chosen = None if issuer is None else (Did(issuer),)
    found = auditing.audit(gather(_source(rpc_url, registry), chosen, material))
    if lists is not None:
        _write_lists(found, lists)
    if as_json:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=1))
    else:
        _show(found, "ko" if lang.startswith("ko") else "en")
    raise typer.Exit(0 if found.outcome is Outcome.PASSED else 1)


def _source(rpc_urls: list[str], registry: str) -> EventSource:
    """Return the registry at an address, which the first node is believed to show truly, or the one that a file pins.

    Of one node everything is believed that fits together; of several, nothing but what is proven at a block they share.
    """
    from jikin.anchoring.block_sources import AgreeingNodes
    from jikin.anchoring.evm import EvmRegistry, read_pins
    from jikin.anchoring.evm_events import deploy_block
    from jikin.anchoring.evm_proven import ProvenRegistry
    from jikin.anchoring.evm_rpc import Rpc
    from jikin.anchoring.pins import parse_pins
    from jikin.values import Address

    first, *others = rpc_urls
    if Path(registry).is_file():
        pins = parse_pins(_json(Path(registry)))
    else:
        address, rpc = Address.parse(registry), Rpc(first)
        pins = read_pins(first, address, deploy_block(rpc, address, rpc.block("latest")))
    if not others:
        return EvmRegistry(first, pins)
    return ProvenRegistry(first, pins, AgreeingNodes([Rpc(url) for url in rpc_urls], pins))


def _files(place: str) -> PublicFiles:
    from jikin.dids.web_fetch import WebFetch
    from jikin.verification.auditing.public_files import FolderFiles, WebFiles
    from jikin.verification.plan import LOOPBACK_HOSTS

    if place.startswith(("https://", "http://")):
        # Whoever audits names the address; a node or site on this machine is as good as any other.
        return WebFiles(place, WebFetch(allowed_hosts=LOOPBACK_HOSTS))
    return FolderFiles(Path(place))


def _json(file: Path) -> Json:
    from jikin.codec import strict_json

    try:
        data = file.read_bytes()
        return strict_json.parse(data, max_bytes=max(len(data), 1))
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}", code="settings.value") from error
    except CodecError as error:
        raise SettingsError(f"{file} is no JSON: {error}", code="settings.value") from error


def _write_lists(found: Audit, folder: Path) -> None:
    """Write the array and the bits of every list whose epochs make one: the issuer is not needed for it."""
    from jikin.status.derived import DerivedLists

    for issuer in found.issuers:
        for one in issuer.lists:
            if one.snapshot is None or one.snapshot.folded is None:
                continue
            place = folder / one.list_id.raw.hex()
            place.mkdir(parents=True, exist_ok=True)
            array = one.snapshot.folded.array
            for name, data in {"array": array.raw, **DerivedLists.of(array).by_name}.items():
                (place / f"{name}.bin").write_bytes(data)


def _show(found: Audit, language: str) -> None:
    words, console = _WORDS[language], Console(soft_wrap=True, highlight=False)
    title = words["title"].format(registry=found.pins.registry, chain=found.pins.chain, block=found.block.number)
    console.print(title)
    for issuer in found.issuers:
        console.print(
            f"\n{escape(issuer.did)}  {words['anchors'].format(anchors=issuer.anchors, leaves=issuer.leaves)}"
        )
        if issuer.lists:
            console.print(_table(issuer, language))
        for one in issuer.findings:
            console.print(f"{_MARKS[one.outcome.value]} {one.sentence(language)} [{one.code}]", markup=False)
            console.print(f"  {one.where}: {one.detail}", markup=False)
    counted = sum(one.outcome is found.outcome for one in found.findings)
    console.print("\n" + words[found.outcome.value].format(count=counted))


def _table(issuer: AuditedIssuer, language: str) -> Table:
    from jikin.status.array import State
    from jikin.verification.auditing.audit import final_states

    words = _WORDS[language]
    table = Table(words["list"], words["epochs"], words["opened"], *(words[state.name.lower()] for state in State))
    for one in issuer.lists:
        counts = final_states(one)
        states = (f"{counts[state]:,}" if counts else "–" for state in State)
        table.add_row(one.list_id.hex()[:14] + "…", str(one.epochs), f"{one.opened}/{one.epochs}", *states)
    return table
