"""``jikin admin key …``: the signing keys of an institution, from the first signature to theft."""

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
    parse_time,
    terminal,
)
from jikin.values import Json, KeyType, format_instant

if TYPE_CHECKING:
    from issuer.office import Office
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
    _register_looking(key)
    _register_changing(key)
    _register_compromised(key)


def _register_looking(key: typer.Typer) -> None:
    @key.command("list")
    def list_(
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Show every signing key with its state and its window in the registry."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _list(shown, office, institution)

    @key.command("make")
    def make(
        reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="pkcs11:token=LABEL;object=LABEL")],
        kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="Ed25519, P-256 or secp256k1.")] = "Ed25519",
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Make a key inside a hardware token; it can never be taken out."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            office.keys.make_in_token(reference, _kind(kind))
            shown.answer({"reference": reference, "kind": kind}, shown.words("key.made", reference=reference))


def _register_changing(key: typer.Typer) -> None:
    @key.command("rotate")
    def rotate(
        *,
        reference: ReferenceOption = None,
        post_quantum: Annotated[
            bool, typer.Option("--post-quantum", help="The second key, of types with a post-quantum signature.")
        ] = False,
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Let another key sign from now on; what the old one signed stays good."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _rotate(shown, office, institution, reference, post_quantum=post_quantum)

    @key.command("retire")
    def retire(
        key: KeyArgument,
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """End a key in good order, once nothing that it signed waits for its anchor."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _retire(shown, office, institution, key)

    @key.command("sign-records")
    def sign_records(
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Sign lists and number records anew with the key of now: after a theft nobody believes the old ones."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _sign_records(shown, office, institution)


def _register_compromised(key: typer.Typer) -> None:
    @key.command("compromised")
    def compromised(
        *,
        key: KeyArgument,
        since: Annotated[str, typer.Option("--since", metavar="TIME", help="Since when: 2026-06-12, or with time.")],
        by: Annotated[
            str, typer.Option("--as", metavar="PARTY", help="owner (90 days back) or accreditor (further).")
        ] = "owner",
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Report a key as stolen: what was anchored since then falls, what was anchored before stays good."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _compromised(shown, office, institution, key, since, by=by)


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


def _list(shown: Terminal, office: Office, institution_name: str | None) -> None:
    from issuer import signing_keys

    rows = [_json(one) for one in signing_keys.every(office, office.institution(institution_name))]
    lines = []
    for row in rows:
        known = [f"{name} {row[name]}" for name in ("registered", "retired", "compromisedSince") if row[name]]
        lines.append("  ".join([str(row["key"]), shown.words(f"key.state.{row['state']}"), *known]))
    shown.answer({"keys": [*rows]}, "\n".join(lines))


def _key_json(key: Key) -> dict[str, Json]:
    return {"key": key.public, "state": key.state.value, "reference": key.reference.partition("?")[0]}


def _rotate(
    shown: Terminal, office: Office, institution_name: str | None, reference: str | None, *, post_quantum: bool
) -> None:
    from issuer import signing_keys
    from issuer.office import ASSERTION, POST_QUANTUM

    purpose = POST_QUANTUM if post_quantum else ASSERTION
    key = signing_keys.rotate(office, office.institution(institution_name), reference, purpose=purpose)
    shown.answer(_key_json(key), shown.words("key.rotated", multikey=key.public))


def _retire(shown: Terminal, office: Office, institution_name: str | None, key_name: str) -> None:
    from issuer import signing_keys

    key = signing_keys.retire(office, office.institution(institution_name), key_name)
    shown.answer(_key_json(key), shown.words("key.retired", multikey=key.public))


def _sign_records(shown: Terminal, office: Office, institution_name: str | None) -> None:
    from issuer import signing_keys

    institution = office.institution(institution_name)
    lists, records = signing_keys.sign_lists(office, institution), signing_keys.sign_records(office, institution)
    shown.answer({"lists": lists, "records": records}, shown.words("key.signed-anew", lists=lists, records=records))


def _compromised(
    shown: Terminal, office: Office, institution_name: str | None, key_name: str, since_text: str, *, by: str
) -> None:
    from issuer import signing_keys
    from issuer.office import ACCREDITOR, OWNER

    if by not in (OWNER, ACCREDITOR):
        raise typer.BadParameter(f"{by!r}; right would be {OWNER} or {ACCREDITOR}")
    since, _ = parse_time(since_text, office.settings.timezone)
    done = signing_keys.report_compromised(office, office.institution(institution_name), key_name, since, by=by)
    document: dict[str, Json] = {
        **_key_json(done.key),
        "since": format_instant(done.since),
        "anchoredSince": done.anchored,
        "signedAnew": done.unsigned,
        "stuckBatches": [*done.stuck],
    }
    text = shown.words(
        "key.compromised",
        multikey=done.key.public,
        since=format_instant(done.since),
        anchored=done.anchored,
        unsigned=done.unsigned,
        stuck=", ".join(map(str, done.stuck)) or "-",
    )
    shown.answer(document, text)
