"""``jikin admin audit-log``: the log of acts looked through, published, proven; and a proof checked by anybody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import (
    DataOption,
    InstitutionOption,
    JsonOption,
    LangOption,
    RegistryOption,
    RpcOption,
    Terminal,
    opened,
    terminal,
)
from jikin.values import Digest, Json, format_instant

if TYPE_CHECKING:
    from issuer.office import Office
    from issuer.store.institutions import Institution
    from jikin.anchoring.chain import AuditHead


def register(admin: typer.Typer) -> None:
    """Put the command into *admin*."""

    @admin.command("audit-log")
    def audit_log(
        *,
        prove: Annotated[int | None, typer.Option("--prove", metavar="SEQ", help="Prove one act, by number.")] = None,
        consistency: Annotated[
            tuple[int, int] | None,
            typer.Option("--consistency", metavar="FROM TO", help="Prove that the later log begins with the earlier."),
        ] = None,
        publish: Annotated[bool, typer.Option("--publish", help="Publish the head now.")] = False,
        check: Annotated[
            Path | None, typer.Option("--check", metavar="FILE", help="Check a proof against the registry.")
        ] = None,
        kept: Annotated[
            str | None, typer.Option("--kept", metavar="ROOT", help="With --check: the earlier root that you kept.")
        ] = None,
        rpc_url: RpcOption = None,
        registry: RegistryOption = None,
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Say how the log of acts stands against the registry (exit code 1 when it was tampered with), or prove it."""
        code = 0
        with terminal(data, lang, as_json=as_json, rpc_url=rpc_url, registry_file=registry) as shown:
            if check is not None:
                _check(shown, check, kept)  # needs no office: an auditor has none
                return
            with opened(shown) as office:
                code = _answer(shown, office, office.institution(institution), prove, consistency, publish=publish)
        raise typer.Exit(code)


def _answer(
    shown: Terminal,
    office: Office,
    institution: Institution,
    prove: int | None,
    consistency: tuple[int, int] | None,
    *,
    publish: bool,
) -> int:
    """Say or prove what was asked for and return the exit code."""
    if prove is not None or consistency is not None:
        _prove(shown, office, institution, prove, consistency)
    elif publish:
        _publish(shown, office, institution)
    else:
        return _stand(shown, office, institution)
    return 0


def _stand(shown: Terminal, office: Office, institution: Institution) -> int:
    from issuer import audit_log

    standing = audit_log.examine(office, institution)
    head = standing.head
    lines = [shown.words("audit.size", size=standing.size)]
    lines.append(shown.words("audit.no-head") if head is None else _head_line(shown, head))
    lines += [f"✗ {fault.code}: {fault.found}" for fault in standing.faults]
    lines.append(shown.words("audit.wrong" if standing.faults else "audit.fine"))
    shown.answer(audit_log.to_json(standing), "\n".join(lines))
    return 1 if standing.faults else 0


def _head_line(shown: Terminal, head: AuditHead) -> str:
    return shown.words("audit.head", size=head.size, root=head.root, block=head.block, time=format_instant(head.time))


def _publish(shown: Terminal, office: Office, institution: Institution) -> None:
    from issuer import audit_log

    head = audit_log.publish(office, institution)
    shown.answer(_head_json(head), _head_line(shown, head))


def _head_json(head: AuditHead) -> dict[str, Json]:
    return {"size": head.size, "root": head.root.hex(), "block": head.block, "time": format_instant(head.time)}


def _prove(
    shown: Terminal, office: Office, institution: Institution, seq: int | None, sizes: tuple[int, int] | None
) -> None:
    """Print the proof: it is JSON, asked for or not, because it is made to be kept and checked."""
    import json

    from issuer import audit_log

    if seq is not None:
        document = audit_log.prove(office, institution, seq).to_json()
    else:
        first, second = sizes or (0, 0)
        document = audit_log.growth(office, institution, first, second).to_json()
    shown.answer(document, json.dumps(document, ensure_ascii=False, indent=2))


def _check(shown: Terminal, file: Path, kept: str | None) -> None:
    """Check the proof in *file*; what does not hold is raised with its code."""
    from issuer import files
    from issuer.app import EvmChain
    from jikin.anchoring import log
    from jikin.codec import strict_json
    from jikin.errors import OfficeError

    value, view = strict_json.parse(files.read(file)), EvmChain(shown.settings).registry.view()
    if isinstance(value, dict) and value.get("type") == log.GROWTH:
        if kept is None:
            raise OfficeError(
                "a proof of growth begins at a root that you have kept",
                code="audit.kept",
                hint="give it with --kept; the registry's events have every head there was",
            )
        growth = log.GrowthProof.parse(value)
        head = log.check_growth(growth, view, Digest.from_hex(kept))
        text = shown.words("audit.grew", first=growth.first, second=growth.second)
    else:
        act = log.ActProof.parse(value)
        head = log.check_act(act, view)
        text = shown.words("audit.stands", seq=act.seq, act=act.act.get("act"))
    shown.answer({"holds": True, "head": _head_json(head)}, f"{text}\n{_head_line(shown, head)}")
