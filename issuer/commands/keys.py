"""``jikin admin key …``: the signing keys of an institution, from the first signature to theft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import Invocation, on_institution, on_office, parse_time
from jikin.terminal import command
from jikin.values import Json, KeyType, format_instant

if TYPE_CHECKING:
    from issuer.signing_keys import SigningKey
    from issuer.store.keys import Key

ReferenceOption = Annotated[
    str | None,
    typer.Option(
        "--reference",
        metavar="REFERENCE",
        help="Where the key lies: pkcs11:token=…;object=… or https://HOST/keys/NAME. [a new encrypted file]",
    ),
]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="Multikey text, or how it begins.")]


def register(admin: typer.Typer) -> None:
    """Put the commands into *admin*."""
    key = typer.Typer(help="Signing keys: add, retire, report as stolen.", no_args_is_help=True)
    admin.add_typer(key, name="key")
    key.command("list")(command(list_keys, on_institution))
    key.command("make")(command(make, on_office))
    key.command("rotate")(command(rotate, on_institution))
    key.command("retire")(command(retire, on_institution))
    key.command("sign-records")(command(sign_records, on_institution))
    key.command("compromised")(command(compromised, on_institution))


def list_keys(call: Invocation) -> None:
    """Show every signing key with its state and its window in the registry."""
    from issuer import signing_keys

    rows = [_json(one) for one in signing_keys.every(call.office, call.institution)]
    lines = []
    for row in rows:
        known = [f"{name} {row[name]}" for name in ("registered", "retired", "compromisedSince") if row[name]]
        lines.append("  ".join([str(row["key"]), call.shown.words(f"key.state.{row['state']}"), *known]))
    call.shown.answer({"keys": [*rows]}, "\n".join(lines))


def make(
    call: Invocation,
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="pkcs11:token=LABEL;object=LABEL")],
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="Ed25519, P-256 or secp256k1.")] = "Ed25519",
) -> None:
    """Make a key inside a hardware token; it can never be taken out."""
    call.office.keys.make_in_token(reference, _kind(kind))
    call.shown.answer({"reference": reference, "kind": kind}, call.shown.words("key.made", reference=reference))


def rotate(
    call: Invocation,
    *,
    reference: ReferenceOption = None,
    post_quantum: Annotated[
        bool, typer.Option("--post-quantum", help="The second key, of types with a post-quantum signature.")
    ] = False,
) -> None:
    """Let another key sign from now on; what the old one signed stays good."""
    from issuer import signing_keys
    from issuer.office import ASSERTION, POST_QUANTUM

    purpose = POST_QUANTUM if post_quantum else ASSERTION
    key = signing_keys.rotate(call.office, call.institution, reference, purpose=purpose)
    call.shown.answer(_key_json(key), call.shown.words("key.rotated", multikey=key.public))


def retire(call: Invocation, key: KeyArgument) -> None:
    """End a key in good order, once nothing that it signed waits for its anchor."""
    from issuer import signing_keys

    retired = signing_keys.retire(call.office, call.institution, key)
    call.shown.answer(_key_json(retired), call.shown.words("key.retired", multikey=retired.public))


def sign_records(call: Invocation) -> None:
    """Sign lists and number records anew with the key of now: after a theft nobody believes the old ones."""
    from issuer import signing_keys

    lists = signing_keys.sign_lists(call.office, call.institution)
    records = signing_keys.sign_records(call.office, call.institution)
    text = call.shown.words("key.signed-anew", lists=lists, records=records)
    call.shown.answer({"lists": lists, "records": records}, text)


def compromised(
    call: Invocation,
    *,
    key: KeyArgument,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Since when: 2026-06-12, or with time.")],
    by: Annotated[
        str, typer.Option("--as", metavar="PARTY", help="owner (90 days back) or accreditor (further).")
    ] = "owner",
) -> None:
    """Report a key as stolen: what was anchored since then falls, what was anchored before stays good."""
    from issuer import signing_keys
    from issuer.office import ACCREDITOR, OWNER

    if by not in (OWNER, ACCREDITOR):
        raise typer.BadParameter(f"{by!r}; right would be {OWNER} or {ACCREDITOR}")
    moment, _ = parse_time(since, call.office.settings.timezone)
    done = signing_keys.report_compromised(call.office, call.institution, key, moment, by=by)
    document: dict[str, Json] = {
        **_key_json(done.key),
        "since": format_instant(done.since),
        "anchoredSince": done.anchored,
        "signedAnew": done.unsigned,
        "stuckBatches": [*done.stuck],
    }
    text = call.shown.words(
        "key.compromised",
        multikey=done.key.public,
        since=format_instant(done.since),
        anchored=done.anchored,
        unsigned=done.unsigned,
        stuck=", ".join(map(str, done.stuck)) or "-",
    )
    call.shown.answer(document, text)


def _kind(text: str) -> KeyType:
    known = {kind.value.lower(): kind for kind in (KeyType.ED25519, KeyType.P256, KeyType.SECP256K1)}
    if text.lower() not in known:
        raise typer.BadParameter(f"{text!r}; right would be {', '.join(kind.value for kind in known.values())}")
    return known[text.lower()]


def _json(one: SigningKey) -> dict[str, Json]:
    window = one.window

    def at(second: int | None) -> Json:
        return format_instant(second) if second else None

    return {
        "key": one.key.public,
        "state": one.key.state.value,
        "reference": one.key.reference.partition("?")[0],
        "registered": None if window is None else at(window.added_at),
        "retired": None if window is None else at(window.retired_at),
        "compromisedSince": None if window is None else at(window.compromised_since),
    }


def _key_json(key: Key) -> dict[str, Json]:
    return {"key": key.public, "state": key.state.value, "reference": key.reference.partition("?")[0]}
