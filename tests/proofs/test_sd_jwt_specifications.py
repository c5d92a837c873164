"""The example specifications of RFC 9901, of SD-JWT VC and of the reference implementation, issued and shown by ours.

A specification is YAML in which ``!sd`` marks what can be left out; what its holder shows is chosen there too. Their
generated files say what the reference implementation made of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as File
from typing import Any

import pytest
import yaml

from jikin.codec import jwk
from jikin.codec.contexts import Contexts
from jikin.codec.multibase import decode_base64url
from jikin.proofs.envelopes import disclosures as sd
from jikin.proofs.envelopes import json_serialization, jws, sd_jwt
from jikin.proofs.envelopes.disclosures import Disclosure, Path
from jikin.proofs.envelopes.sd_jwt import SdJwt
from jikin.proofs.p256 import P256Signer
from jikin.proofs.standard import standard_suites
from tests.codes import code_of
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "sd-jwt"
SUITES = standard_suites(Contexts.packaged())


@dataclass(frozen=True, slots=True)
class Sd:
    """What ``!sd`` marks: the name of a claim, or an element of an array."""

    value: Any


class Loader(yaml.SafeLoader):
    """YAML of plain values, and ``!sd``."""


def marked(loader: Loader, node: yaml.Node) -> Sd:
    if isinstance(node, yaml.ScalarNode):
        plain = node.style is None
        tag = loader.resolve(yaml.ScalarNode, node.value, (plain, not plain))
        return Sd(loader.construct_object(yaml.ScalarNode(tag, node.value)))
    if isinstance(node, yaml.SequenceNode):
        return Sd(loader.construct_sequence(node, deep=True))
    return Sd(loader.construct_mapping(node, deep=True))


Loader.add_constructor("!sd", marked)


def loaded(path: File) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader)  # noqa: S506 -- a safe loader, with one more tag


def unmarked(value: Any) -> Any:
    """Return *value* as a holder knows it."""
    if isinstance(value, Sd):
        return unmarked(value.value)
    if isinstance(value, dict):
        return {unmarked(name): unmarked(inner) for name, inner in value.items()}
    return [unmarked(inner) for inner in value] if isinstance(value, list) else value


def disclosable(value: Any, at: Path = ()) -> Iterator[Path]:
    """Yield the path of everything that is marked."""
    if isinstance(value, Sd):
        yield at
        yield from disclosable(value.value, at)
    elif isinstance(value, dict):
        for name, inner in value.items():
            here = (*at, unmarked(name))
            yield from (here,) if isinstance(name, Sd) else ()
            yield from disclosable(inner, here)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from disclosable(inner, (*at, place))


def chosen(value: Any, wanted: Any, at: Path = ()) -> Iterator[Path]:
    """Yield the path of every marked claim that the specification's holder shows: it alone, not what is inside it.

    A claim is wanted by anything that is true there, an element by anything but false and null.
    """
    if isinstance(value, Sd):
        if wanted in (False, None):
            return
        yield at
        value = value.value
    if isinstance(value, dict) and isinstance(wanted, dict):
        for name, inner in value.items():
            here, asked = (*at, unmarked(name)), wanted.get(unmarked(name))
            if isinstance(name, Sd) and asked:
                yield here
            yield from chosen(inner, asked, here)
    elif isinstance(value, list) and isinstance(wanted, list):
        for place, (inner, asked) in enumerate(zip(value, wanted, strict=False)):
            yield from chosen(inner, asked, (*at, place))


@dataclass(frozen=True)
class Specification:
    """One example: its YAML, and the settings that it shares with its neighbours or overrides."""

    file: File

    @cached_property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = loaded(self.file)
        return content

    @cached_property
    def settings(self) -> dict[str, Any]:
        shared = loaded(self.file.parents[1] / "settings.yml")
        return {**shared, **self.content.get("settings_override", {})}

    @property
    def generated(self) -> File:
        """The folder of what the reference implementation made of it."""
        kind, name = self.file.parts[-3], self.file.parts[-2]
        return VECTORS / kind.replace("-examples", "-generated") / name

    @property
    def issuers(self) -> list[P256Signer]:
        keys = self.settings["key_settings"]
        listed = self.settings.get("issuer_keys") or keys.get("issuer_keys") or [keys["issuer_key"]]
        return [signer_of(key) for key in listed]

    @property
    def holder(self) -> P256Signer:
        return signer_of(self.settings["key_settings"]["holder_key"])

    @property
    def bound(self) -> bool:
        return bool(self.content.get("key_binding"))

    @property
    def as_json(self) -> bool:
        return bool(self.content.get("serialization_format") == "json")

    @property
    def header(self) -> dict[str, Any]:
        return {"typ": "example+sd-jwt", **self.content.get("extra_header_parameters", {})}

    @property
    def added(self) -> dict[str, Any]:
        """The claims that every example has besides its own."""
        added: dict[str, Any] = {}
        if self.content.get("include_default_claims", True):
            added = {"iss": self.settings["identifiers"]["issuer"]} | {
                name: self.settings[name] for name in ("iat", "exp")
            }
        return added | ({"cnf": {"jwk": jwk.encode(self.holder.public_key)}} if self.bound else {})

    @property
    def claims(self) -> dict[str, Any]:
        return {**self.added, **unmarked(self.content["user_claims"])}

    @property
    def marked(self) -> set[Path]:
        return set(disclosable(self.content["user_claims"]))

    @property
    def shown(self) -> set[Path]:
        return set(chosen(self.content["user_claims"], self.content["holder_disclosed_claims"]))

    @property
    def innermost(self) -> set[Path]:
        """What is shown, without what stands around another: ours shows that too, and whatever is in it otherwise."""
        return {at for at in self.shown if not any(other[: len(at)] == at != other for other in self.shown)}

    def issue(self) -> str:
        decoys = 3 if self.content.get("add_decoy_claims") else 0
        header = {name: str(value) for name, value in self.header.items()}
        return sd_jwt.issue(self.claims, self.marked, self.issuers[0], header, decoys=decoys)

    def expected(self) -> dict[str, Any]:
        """What a verifier sees, as published, the claims that every example has included."""
        if "expect_verified_user_claims" in self.content:
            return {**self.added, **self.content["expect_verified_user_claims"]}
        published: dict[str, Any] = json.loads((self.generated / "verified_contents.json").read_bytes())
        return published


def signer_of(key: Mapping[str, str]) -> P256Signer:
    signer = P256Signer.from_secret(decode_base64url(key["d"]))
    public = jwk.encode(signer.public_key)
    assert {name: key[name] for name in ("kty", "crv", "x", "y")} == public
    return signer


ALL = {
    f"{kind} {file.parent.name}": Specification(file)
    for kind in ("rfc9901-examples", "reference-testcases", "sd-jwt-vc-examples")
    for file in sorted((VECTORS / kind).glob("*/specification.yml"))
}
each_specification = pytest.mark.parametrize("one", ALL.values(), ids=ALL.keys())
# Their holders show a claim and not what is disclosable inside it; ours shows a claim whole, so that takes a step more.
SHOWN_IN_PART = ("rfc9901-examples complex_eidas", "rfc9901-examples complex_eidas_proposal")


def test_the_specifications_are_thirty_five() -> None:
    assert len(ALL) == 35
    assert sum(one.as_json for one in ALL.values()) == 4
    assert sum(one.bound for one in ALL.values()) == 12


@each_specification
def test_what_we_issue_by_a_specification_comes_back_whole(one: Specification) -> None:
    read = sd_jwt.read(one.issue())
    assert jws.verify(read.jwt.statement, one.issuers[0].public_key)
    assert read.claims == one.claims
    assert set(read.paths) == one.marked
    assert read.jwt.header["typ"] == one.header["typ"]


@each_specification
def test_what_its_holder_shows_is_what_its_makers_expect_and_nothing_else(one: Specification) -> None:
    issued = one.issue()
    places = places_of(issued)
    read = sd_jwt.read(sd_jwt.present(issued, one.innermost))
    if shown_by(read, places) != one.shown:
        assert one in [ALL[name] for name in SHOWN_IN_PART]
        kept = [said.text for said in read.disclosures if places[said.text] in one.shown]
        read = sd_jwt.read("~".join([issued.split("~")[0], *kept, ""]))
    assert shown_by(read, places) == one.shown
    assert read.claims == one.expected()
    assert (read.claims == one.claims) == (one.shown == one.marked)
    assert jws.verify(read.jwt.statement, one.issuers[0].public_key)


def places_of(issued: str) -> dict[str, Path]:
    """Return where each disclosure belongs; an element stands elsewhere when one before it is left out."""
    read = sd_jwt.read(issued)
    return {said.text: at for said, at in zip(read.disclosures, read.paths, strict=True)}


def shown_by(read: SdJwt, places: Mapping[str, Path]) -> set[Path]:
    return {places[said.text] for said in read.disclosures}


@pytest.mark.parametrize(
    "one", [one for one in ALL.values() if one.bound], ids=[n for n, one in ALL.items() if one.bound]
)
def test_the_holder_of_a_specification_signs_for_its_verifier(one: Specification) -> None:
    settings = one.settings
    audience, nonce, now = settings["identifiers"]["verifier"], settings["key_binding_nonce"], settings["iat"]
    presented = sd_jwt.present(one.issue(), one.innermost)
    read = sd_jwt.read(sd_jwt.bind(presented, one.holder, audience=audience, nonce=nonce, now=now))
    binding = read.key_binding
    assert binding is not None
    assert (binding.audience, binding.nonce, binding.issued_at, binding.hash_fits) == (audience, nonce, now, True)
    holder = jws.public_key(read.claims["cnf"]["jwk"], "cnf.jwk")  # type: ignore[index,call-overload]
    assert holder == one.holder.public_key
    assert jws.verify(binding.statement, holder)
    assert not jws.verify(binding.statement, one.issuers[0].public_key)


def test_a_key_id_that_is_a_number_is_refused() -> None:
    one = ALL["reference-testcases header_mod"]
    assert one.header["kid"] == 42
    token = sd_jwt.issue(one.claims, one.marked, one.issuers[0], one.header)
    assert code_of(lambda: sd_jwt.read(token).jwt.key_id) == "envelope.header"


@pytest.mark.parametrize(
    "one", [one for one in ALL.values() if one.as_json], ids=[n for n, one in ALL.items() if one.as_json]
)
def test_a_specification_for_json_is_refused_in_that_form(one: Specification) -> None:
    """RFC 9901, section 8: what is compact above, as flattened and as general JSON of the specification's issuers."""
    read = sd_jwt.read(sd_jwt.present(one.issue(), one.innermost))
    unprotected = {"disclosures": [said.text for said in read.disclosures]}
    payload = read.jwt.statement.signed.split(b".")[1].decode()
    entries = []
    for signer in one.issuers:
        protected, _, signature = jws.sign(jws.write(read.jwt.claims()), signer, {"typ": "example+sd-jwt"}).split(".")
        entries.append({"protected": protected, "signature": signature, "header": unprotected})
    flattened = {"payload": payload, **entries[0]}
    general = {"payload": payload, "signatures": entries}
    for form in (flattened, general):
        assert json_serialization.is_one(form)
        assert code_of(SUITES.open, json.dumps(form).encode()) == "envelope.unsupported"


# --- what the reference implementation made of them ---


def tidy(path: File) -> Any:
    """Return a published JSON whose texts are broken into lines."""
    return json.loads(re.sub(r"\n\s*", "", path.read_text("utf-8")))


def compact(path: File) -> str:
    return "".join(path.read_text("utf-8").split())


GENERATED = {name: one for name, one in ALL.items() if one.generated != one.file.parent}
each_generated = pytest.mark.parametrize("one", GENERATED.values(), ids=GENERATED.keys())


def compact_of(form: Mapping[str, Any]) -> str:
    """Return the compact text of a published SD-JWT as JSON."""
    token = ".".join(form[name] for name in ("protected", "payload", "signature"))
    return "~".join([token, *form["disclosures"], form.get("kb_jwt", "")])


def published(one: Specification, stem: str) -> str:
    """Return a generated SD-JWT in compact form; where it is published as JSON, that form is refused."""
    if not one.as_json:
        return compact(one.generated / f"{stem}.txt")
    form = tidy(one.generated / f"{stem}.json")
    assert code_of(SUITES.open, json.dumps(form).encode()) == "envelope.unsupported"
    return compact_of(form)


@each_generated
def test_a_generated_token_has_the_parts_that_are_published_one_by_one(one: Specification) -> None:
    folder = one.generated
    issued, presented = (sd_jwt.read(published(one, f"sd_jwt_{stem}")) for stem in ("issuance", "presentation"))
    if one.as_json:
        part = tidy(folder / "sd_jwt_jws_part.json")
        token = compact_of(part).split("~")[0]
    else:
        token = compact(folder / "sd_jwt_jws_part.txt")
    for read in (issued, presented):
        assert read.presented.split("~")[0] == token
        assert read.jwt.claims() == json.loads((folder / "sd_jwt_payload.json").read_bytes())
        assert jws.verify(read.jwt.statement, one.issuers[0].public_key)
        assert {name: value for name, value in read.jwt.header.items() if name != "alg"} == one.header


@each_generated
def test_a_generated_token_holds_the_claims_of_its_user_and_shows_what_is_published(one: Specification) -> None:
    user = tidy(one.generated / "user_claims.json")
    assert user == unmarked(one.content["user_claims"])
    issued = sd_jwt.read(published(one, "sd_jwt_issuance"))
    assert issued.claims == {**one.added, **user}
    assert set(issued.paths) == one.marked
    presented = sd_jwt.read(published(one, "sd_jwt_presentation"))
    assert presented.claims == json.loads((one.generated / "verified_contents.json").read_bytes())
    assert shown_by(presented, places_of(published(one, "sd_jwt_issuance"))) == one.shown
    payload = issued.jwt.claims()
    for place, said in enumerate(issued.disclosures):
        other = Disclosure.make(said.name, said.value, "another salt")
        changed = [*issued.disclosures[:place], other, *issued.disclosures[place + 1 :]]
        assert code_of(sd.process, payload, changed) == "envelope.disclosure.unreferenced"


@each_generated
def test_a_generated_key_binding_is_what_is_published_of_it(one: Specification) -> None:
    folder = one.generated
    read = sd_jwt.read(published(one, "sd_jwt_presentation"))
    if not one.bound:
        assert read.binding is None
        assert not [*folder.glob("kb_jwt*")]
        return
    assert read.binding == compact(folder / "kb_jwt_serialized.txt")
    token = jws.read(read.binding)
    payload = json.loads((folder / "kb_jwt_payload.json").read_bytes())
    assert token.header == json.loads((folder / "kb_jwt_header.json").read_bytes())
    assert token.claims() == payload
    assert payload["nonce"] == one.settings["key_binding_nonce"]
    binding = read.key_binding
    assert binding is not None
    assert jws.verify(binding.statement, one.holder.public_key)
    # RFC 9901, section 8.1 hashes the compact form for JSON too; the reference implementation hashes the JSON text.
    assert binding.hash_fits == (not one.as_json)
    other = sd_jwt.read(published(one, "sd_jwt_issuance") + read.binding).key_binding
    assert other is not None
    assert not other.hash_fits
