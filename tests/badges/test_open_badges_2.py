"""Open Badges 2.0: what holds of a hosted or signed badge is told, and it is never called genuine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.badges import open_badges_2, rsa_jws
from jikin.badges.foreign import Kind
from jikin.badges.imported import STANDINGS, Code, Imported, ImportOutcome, Standing, loose_instant
from jikin.codec import multibase
from jikin.dids.web_fetch import NoFetch
from jikin.errors import FetchError
from tests.codes import code_of
from tests.examples import tries
from tests.shared_standards import standards

NOW = 1_780_000_000  # 2026-05-28
HOST = "https://badges.example"
ADDRESS = "haneul@mail.example"


class Pages:
    """A small web: pages by address, everything else does not answer."""

    def __init__(self, pages: Mapping[str, Any]) -> None:
        self.pages = dict(pages)
        self.asked: list[str] = []

    def get(self, url: str, *, max_bytes: int) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            raise FetchError(f"{url} does not answer", code="fetch.unreachable")
        page = self.pages[url]
        data = page if isinstance(page, bytes) else json.dumps(page).encode()
        assert len(data) <= max_bytes
        return data


# A badge of our own making

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  # to be refused
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def assertion(**changes: Any) -> dict[str, Any]:
    made = {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": f"{HOST}/assertions/1",
        "recipient": {"type": "email", "hashed": False, "identity": ADDRESS},
        "issuedOn": "2025-03-02T00:00:00Z",
        "badge": f"{HOST}/forklift",
        "verification": {"type": "HostedBadge"},
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


BADGE = {"type": "BadgeClass", "id": f"{HOST}/forklift", "name": "지게차", "issuer": f"{HOST}/issuer"}
ISSUER = {
    "type": "Issuer",
    "id": f"{HOST}/issuer",
    "name": "시험원",
    "publicKey": f"{HOST}/key",
    "revocationList": f"{HOST}/revoked",
}
KEY_PAGE = {"type": "CryptographicKey", "id": f"{HOST}/key", "owner": f"{HOST}/issuer", "publicKeyPem": pem(KEY)}
REVOKED = {
    "type": "RevocationList",
    "id": f"{HOST}/revoked",
    "revokedAssertions": ["urn:uuid:7", {"id": "urn:uuid:8", "revocationReason": "착오"}],
}


def web(**changes: Any) -> Pages:
    """Return the issuer's web; *changes* are pages by their last word, None takes one away."""
    pages = {"assertions/1": assertion(), "forklift": BADGE, "issuer": ISSUER, "key": KEY_PAGE, "revoked": REVOKED}
    pages |= {name.replace("__", "/"): page for name, page in changes.items()}
    return Pages({f"{HOST}/{name}": page for name, page in pages.items() if page is not None})


def encoded(value: Any) -> str:
    return multibase.encode_base64url(json.dumps(value).encode())


def signed(
    claims: Any = None, *, key: rsa.RSAPrivateKey = KEY, alg: str = "RS256", header: Mapping[str, Any] | None = None
) -> str:
    claims = signed_assertion() if claims is None else claims
    text = f"{encoded({'alg': alg, **(header or {})})}.{encoded(claims)}"
    digest = {"RS384": hashes.SHA384(), "RS512": hashes.SHA512()}.get(alg, hashes.SHA256())
    return f"{text}.{multibase.encode_base64url(key.sign(text.encode(), padding.PKCS1v15(), digest))}"


def signed_assertion(**changes: Any) -> dict[str, Any]:
    verification = {"type": "SignedBadge", "creator": f"{HOST}/key"}
    return assertion(**{"id": "urn:uuid:1", "verification": verification} | changes)


def read(source: Any, pages: Any = None, **options: Any) -> Imported:
    return open_badges_2.read(source, pages or web(), NOW, **options)


# Hosted


def test_a_hosted_badge_is_what_its_page_shows() -> None:
    pages = web()
    found = read(assertion(), pages, recipient=ADDRESS)
    assert (found.outcome, found.title, found.issuer) == (ImportOutcome.IMPORTED, "지게차", "시험원")
    assert found.codes == ("hosted.holds", "revocation.none", "scope.holds", "time.current", "recipient.holds")
    assert pages.asked == [f"{HOST}/assertions/1", f"{HOST}/forklift", f"{HOST}/issuer"]
    assert found.kind is Kind.OPEN_BADGES_2
    assert ADDRESS not in repr(found)


def test_the_address_of_a_hosted_badge_is_enough() -> None:
    assert read(f"{HOST}/assertions/1").codes[0] == "hosted.holds"
    assert read(json.dumps(assertion())).codes[0] == "hosted.holds"


HOSTED: dict[str, tuple[dict[str, Any], Pages, str, ImportOutcome]] = {
    "a copy with another recipient": (
        assertion(recipient={"type": "email", "hashed": False, "identity": "thief@mail.example"}),
        web(),
        "hosted.differs",
        ImportOutcome.BROKEN,
    ),
    "a copy about another achievement": (
        assertion(badge=f"{HOST}/doctor"),
        web(doctor=BADGE | {"name": "의사"}),
        "hosted.differs",
        ImportOutcome.BROKEN,
    ),
    "a copy with a longer life": (
        assertion(expires="2099-01-01T00:00:00Z"),
        web(),
        "hosted.differs",
        ImportOutcome.BROKEN,
    ),
    "a page of another badge": (
        assertion(),
        web(assertions__1=assertion(id=f"{HOST}/assertions/2")),
        "hosted.elsewhere",
        ImportOutcome.BROKEN,
    ),
    "a page that was withdrawn": (
        assertion(),
        web(assertions__1=assertion(revoked=True, revocationReason="착오")),
        "revocation.revoked",
        ImportOutcome.ENDED,
    ),
    "a page that does not answer": (
        assertion(),
        web(assertions__1=None),
        "hosted.unreachable",
        ImportOutcome.UNCHECKED,
    ),
    "a page that is no JSON": (
        assertion(),
        web(assertions__1=b"<html>"),
        "hosted.unreachable",
        ImportOutcome.UNCHECKED,
    ),
    "an issuer that does not answer": (assertion(), web(issuer=None), "scope.unknown", ImportOutcome.IMPORTED),
    "an expired one": (
        assertion(),
        web(assertions__1=assertion(expires="2026-01-01T00:00:00Z")),
        "hosted.differs",
        ImportOutcome.BROKEN,
    ),
    "an expired one, as published": (
        assertion(expires="2026-01-01T00:00:00Z"),
        web(assertions__1=assertion(expires="2026-01-01T00:00:00Z")),
        "time.expired",
        ImportOutcome.ENDED,
    ),
    "one from the future": (
        assertion(issuedOn="2030-01-01"),
        web(assertions__1=assertion(issuedOn="2030-01-01")),
        "time.not-yet",
        ImportOutcome.BROKEN,
    ),
    "one without a day that can be read": (
        assertion(issuedOn="yesterday"),
        web(assertions__1=assertion(issuedOn="yesterday")),
        "time.unreadable",
        ImportOutcome.IMPORTED,
    ),
}


@pytest.mark.parametrize(("source", "pages", "code", "outcome"), HOSTED.values(), ids=HOSTED.keys())
def test_what_its_page_says_decides_about_a_hosted_badge(
    source: dict[str, Any], pages: Pages, code: str, outcome: ImportOutcome
) -> None:
    found = read(source, pages)
    assert code in found.codes
    assert found.outcome is outcome


def test_a_badge_hosted_elsewhere_is_not_the_issuers() -> None:
    place = "https://thief.example/1"
    pages = web()
    pages.pages[place] = assertion(id=place)
    assert read(place, pages).codes[:3] == ("hosted.holds", "revocation.none", "scope.outside")


def test_without_a_network_a_hosted_badge_is_unchecked() -> None:
    found = read(assertion(), NoFetch())
    assert found.outcome is ImportOutcome.UNCHECKED
    assert "hosted.unreachable" in found.codes


PLACE = f"{HOST}/assertions/1"
SCOPES: dict[str, tuple[dict[str, Any], str, bool]] = {
    "the issuer's own host": ({}, PLACE, True),
    "another host": ({}, "https://other.example/1", False),
    "a host that begins alike": ({}, "https://badges.example.thief.example/1", False),
    "a beginning": ({"startsWith": f"{HOST}/assertions/"}, PLACE, True),
    "a beginning without its end": ({"startsWith": HOST}, PLACE, True),
    "another beginning": ({"startsWith": f"{HOST}/other/"}, PLACE, False),
    "a beginning on a host that begins alike": ({"startsWith": HOST}, "https://badges.example.thief.example/1", False),
    "a beginning with a user's name": ({"startsWith": HOST}, "https://badges.example@thief.example/1", False),
    "one of two beginnings": ({"startsWith": ["https://a.example/", f"{HOST}/"]}, PLACE, True),
    "a beginning of another scheme": ({"startsWith": "http://badges.example/"}, PLACE, False),
    "a named host": ({"allowedOrigins": "files.example"}, "https://files.example/1", True),
    "a named host, as an origin": ({"allowedOrigins": ["https://files.example"]}, "https://files.example/1", True),
    "a host that is not named": ({"allowedOrigins": ["files.example"]}, PLACE, False),
    "a beginning on a host that is not named": (
        {"startsWith": HOST, "allowedOrigins": ["files.example"]},
        PLACE,
        False,
    ),
    "no address at all": ({"startsWith": 7}, PLACE, True),
}


@pytest.mark.parametrize(("rule", "place", "inside"), SCOPES.values(), ids=SCOPES.keys())
def test_an_issuer_speaks_for_the_places_it_names(rule: dict[str, Any], place: str, inside: bool) -> None:
    pages = web(issuer=ISSUER | {"verification": rule})
    pages.pages[place] = assertion(id=place)
    assert ("scope.holds" if inside else "scope.outside") in read(assertion(id=place), pages).codes


# Signed


def test_a_signed_badge_holds_by_a_key_its_issuer_names() -> None:
    found = read(signed(), recipient=ADDRESS)
    assert found.outcome is ImportOutcome.IMPORTED
    assert found.codes == (
        "issuer-key.holds",
        "signature.holds",
        "revocation.none",
        "time.current",
        "recipient.holds",
    )
    assert (found.title, found.issuer) == ("지게차", "시험원")


def changed(token: str, part: int) -> str:
    """Return the token with one letter of a part changed: 0 header, 1 payload, 2 signature."""
    parts = token.split(".")
    middle = len(parts[part]) // 2
    letter = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + letter + parts[part][middle + 1 :]
    return ".".join(parts)


HEADERS = {"crit": ["x"], "x": 1}
SIGNED: dict[str, tuple[str, Pages, str, ImportOutcome]] = {
    "signed by another": (signed(key=OTHER_KEY), web(), "signature.broken", ImportOutcome.BROKEN),
    "with another signature": (changed(signed(), 2), web(), "signature.broken", ImportOutcome.BROKEN),
    "with RS384": (signed(alg="RS384"), web(), "signature.holds", ImportOutcome.IMPORTED),
    "with RS512": (signed(alg="RS512"), web(), "signature.holds", ImportOutcome.IMPORTED),
    "with an algorithm that is none": (signed(alg="none"), web(), "signature.unchecked", ImportOutcome.UNCHECKED),
    "with the public key as a secret": (signed(alg="HS256"), web(), "signature.unchecked", ImportOutcome.UNCHECKED),
    "with what nobody understands": (signed(header=HEADERS), web(), "signature.unchecked", ImportOutcome.UNCHECKED),
    "with a key the issuer does not name": (
        signed(),
        web(issuer=ISSUER | {"publicKey": f"{HOST}/new-key"}),
        "issuer-key.foreign",
        ImportOutcome.BROKEN,
    ),
    "with a key of another owner": (
        signed(),
        web(key=KEY_PAGE | {"owner": "https://thief.example/issuer"}),
        "issuer-key.foreign",
        ImportOutcome.BROKEN,
    ),
    "with a key that does not answer": (signed(), web(key=None), "issuer-key.unknown", ImportOutcome.UNCHECKED),
    "with a page that is another key's": (
        signed(),
        web(key=KEY_PAGE | {"id": f"{HOST}/other"}),
        "issuer-key.unknown",
        ImportOutcome.UNCHECKED,
    ),
    "by an issuer that does not answer": (signed(), web(issuer=None), "issuer-key.unknown", ImportOutcome.IMPORTED),
    "with a key inside the issuer's page": (
        signed(),
        web(issuer=ISSUER | {"publicKey": [KEY_PAGE]}, key=None),
        "issuer-key.holds",
        ImportOutcome.IMPORTED,
    ),
    "with the issuer's one key, which it does not name": (
        signed(signed_assertion(verification={"type": "signed"})),
        web(),
        "issuer-key.holds",
        ImportOutcome.IMPORTED,
    ),
    "with a key that is none": (
        signed(),
        web(key=KEY_PAGE | {"publicKeyPem": "-----BEGIN PUBLIC KEY-----"}),
        "signature.unchecked",
        ImportOutcome.UNCHECKED,
    ),
    "with a key of another kind": (
        signed(),
        web(key=KEY_PAGE | {"publicKeyPem": pem(ec.generate_private_key(ec.SECP256R1()))}),
        "signature.unchecked",
        ImportOutcome.UNCHECKED,
    ),
    "with a short key": (
        signed(key=SHORT_KEY),
        web(key=KEY_PAGE | {"publicKeyPem": pem(SHORT_KEY)}),
        "signature.unchecked",
        ImportOutcome.UNCHECKED,
    ),
    "and revoked": (signed(signed_assertion(id="urn:uuid:8")), web(), "revocation.revoked", ImportOutcome.ENDED),
    "and revoked by its bare id": (
        signed(signed_assertion(id="urn:uuid:7")),
        web(),
        "revocation.revoked",
        ImportOutcome.ENDED,
    ),
    "and no list is published": (
        signed(),
        web(issuer={name: value for name, value in ISSUER.items() if name != "revocationList"}),
        "revocation.unstated",
        ImportOutcome.IMPORTED,
    ),
    "and the list does not answer": (signed(), web(revoked=None), "revocation.unknown", ImportOutcome.IMPORTED),
    "and expired": (
        signed(signed_assertion(expires="2026-01-01T00:00:00Z")),
        web(),
        "time.expired",
        ImportOutcome.ENDED,
    ),
}


@pytest.mark.parametrize(("source", "pages", "code", "outcome"), SIGNED.values(), ids=SIGNED.keys())
def test_a_signed_badge_is_told_by_its_signature_and_its_issuers_pages(
    source: str, pages: Pages, code: str, outcome: ImportOutcome
) -> None:
    found = read(source, pages)
    assert code in found.codes
    assert found.outcome is outcome


def test_a_signed_badge_without_its_signature_is_unchecked() -> None:
    assert read(signed_assertion()).codes[0] == "signature.unchecked"
    assert read(signed_assertion()).outcome is ImportOutcome.UNCHECKED


# Recipients, and what is no badge


def test_a_hashed_recipient_is_found_by_its_address_alone() -> None:
    recipient = {
        "type": "email",
        "hashed": True,
        "salt": "deadsea",
        "identity": "sha256$ecf5409f3f4b91ab60cc5ef4c02aef7032354375e70cf4d8e43f6a1d29891942",
    }
    made = signed(signed_assertion(recipient=recipient))
    assert read(made, recipient="nobody@example.org").codes[-1] == "recipient.holds"
    assert read(made, recipient="nobody@example.com").codes[-1] == "recipient.differs"
    assert read(made, recipient="nobody@example.com").outcome is ImportOutcome.BROKEN
    assert read(made).codes[-1] == "recipient.unasked"


NO_BADGES: dict[str, tuple[Any, str]] = {
    "a badge class": (BADGE | {"@context": "https://w3id.org/openbadges/v2"}, "badge.foreign.open-badges-2-part"),
    "an older badge": (
        {"uid": "1", "recipient": {}, "badge": "https://a.example/", "verify": {"type": "hosted"}},
        "badge.foreign.open-badges-1",
    ),
    "no recipient": (assertion(recipient=None), "badge.open-badges-2"),
    "a recipient in words": (assertion(recipient="haneul"), "badge.open-badges-2"),
    "no way to verify": (assertion(verification={}), "badge.open-badges-2"),
    "a hosted badge without a page": (assertion(id="urn:uuid:1"), "badge.open-badges-2"),
    "a shopping list": ({"shopping": ["milk"]}, "badge.open-badges-2"),
    "a list": ("[]", "badge.open-badges-2"),
    "rubbish": ("rubbish", "badge.open-badges-2"),
    "a JWS of rubbish": ("eyJhbGci.eyJhbGci.AAAA", "badge.jws"),
    "an address that does not answer": ("https://nowhere.example/1", "fetch.unreachable"),
}


@pytest.mark.parametrize(("source", "code"), NO_BADGES.values(), ids=NO_BADGES.keys())
def test_what_is_no_badge_of_this_kind_is_refused(source: Any, code: str) -> None:
    assert code_of(lambda: read(source)) == code


def test_a_recipient_that_cannot_be_read_is_refused_when_it_is_asked_for() -> None:
    broken = signed(signed_assertion(recipient={"type": "email", "hashed": True, "identity": "md4$1"}))
    assert read(broken).codes[-1] == "recipient.unasked"
    assert code_of(lambda: read(broken, recipient=ADDRESS)) == "badge.open-badges-2"


# Published samples

SAMPLES = {
    "basic-assertion.json": ("imported", "hosted.holds revocation.none scope.holds time.current recipient.holds"),
    "basic-assertion-expired.json": ("ended", "hosted.holds revocation.none scope.holds time.expired recipient.holds"),
    "basic-assertion-in-future.json": (
        "broken",
        "hosted.holds revocation.none scope.holds time.not-yet recipient.holds",
    ),
    "basic-assertion-expired-before-issued.json": (
        "ended",
        "hosted.holds revocation.none scope.holds time.expired recipient.holds",
    ),
    "basic-assertion-with-allowed-origins.json": (
        "imported",
        "hosted.holds revocation.none scope.holds time.current recipient.holds",
    ),
    "basic-assertion-with-allowed-origins-valid-starts-with.json": (
        "imported",
        "hosted.holds revocation.none scope.holds time.current recipient.holds",
    ),
    "basic-assertion-with-allowed-origins-valid-multiple-starts-with.json": (
        "imported",
        "hosted.holds revocation.none scope.holds time.current recipient.holds",
    ),
    "basic-assertion-with-allowed-origins-invalid-starts-with.json": (
        "broken",
        "hosted.holds revocation.none scope.outside time.current recipient.holds",
    ),
    "basic-assertion-with-allowed-origins-invalid-multiple-starts-with.json": (
        "broken",
        "hosted.holds revocation.none scope.outside time.current recipient.holds",
    ),
    "basic-assertion-with-language.json": (
        "imported",
        "hosted.holds revocation.none scope.holds time.current recipient.holds",
    ),
    "basic-assertion-no-public-key.json": (
        "imported",
        "hosted.holds revocation.none scope.holds time.current recipient.holds",
    ),
    "assertion-with-data-image.json": (
        "imported",
        "hosted.holds revocation.none scope.holds time.current recipient.holds",
    ),
    "assertion-with-endorsements.json": (
        "imported",
        "hosted.holds revocation.none scope.holds time.current recipient.holds",
    ),
    "simple.jwt": (
        "imported",
        "issuer-key.holds signature.holds revocation.unstated time.current recipient.holds",
    ),
    "simple-not-revoked.jwt": (
        "imported",
        "issuer-key.holds signature.holds revocation.none time.current recipient.holds",
    ),
}


class SampleWeb:
    """The web of the 1EdTech validator's samples: example.org shows its assets, and the assertion that is looked at."""

    def __init__(self, own: str) -> None:
        self.own = own

    def get(self, url: str, *, max_bytes: int) -> bytes:
        folder = standards() / "samples/1edtech-validator/ob20"
        name = url.removeprefix("https://example.org/").removeprefix("http://example.org/")
        path = folder / self.own if name == "beths-robotics-badge.json" else folder / "assets" / name
        if not path.is_file():
            raise FetchError(f"{url} does not answer", code="fetch.unreachable")
        assert path.stat().st_size <= max_bytes
        return path.read_bytes()


def sample(name: str) -> Any:
    text = (standards() / "samples/1edtech-validator/ob20" / name).read_text("utf-8")
    return text if name.endswith(".jwt") else json.loads(text)


@pytest.mark.parametrize(("name", "expected"), SAMPLES.items())
def test_a_published_badge_is_imported_with_what_holds_of_it(name: str, expected: tuple[str, str]) -> None:
    found = read(sample(name), SampleWeb(name), recipient="nobody@example.org")
    assert (found.outcome.value, " ".join(found.codes)) == expected
    assert found.title


@pytest.mark.parametrize("name", ["simple.jwt", "simple-not-revoked.jwt"])
@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "payload", "signature"])
def test_a_published_signature_does_not_survive_a_changed_letter(name: str, part: int) -> None:
    token = changed(sample(name).strip(), part)
    outcome = code_of(lambda: read(token, SampleWeb(name)))
    assert outcome is not None or read(token, SampleWeb(name)).outcome is not ImportOutcome.IMPORTED


def test_the_published_list_revokes_whom_it_names() -> None:
    folder = standards() / "samples/1edtech-validator/ob20/assets"
    listed = json.loads((folder / "revocation-list.json").read_bytes())
    for name in ("urn:uuid:52e4c6b3-8c13-4fa8-8482-a5cf34ef37a9", "urn:uuid:6deb4a00-ebce-4b28-8cc2-afa705ef7be4"):
        assert "revocation.revoked" in read(signed(signed_assertion(id=name)), web(revoked=listed)).codes


def test_the_badge_in_a_published_picture_is_imported() -> None:
    from jikin.badges import png

    picture = (standards() / "samples/1edtech-validator/ob20/simple-badge.png").read_bytes()
    baked = png.read(picture)
    assert baked is not None
    assert read(baked.content, SampleWeb("basic-assertion.json")).codes[0] == "hosted.holds"


# What an import is


def test_an_import_is_no_verdict() -> None:
    with pytest.raises(TypeError, match="no verdict"):
        bool(read(assertion()))
    assert {outcome.value for outcome in ImportOutcome} == {"imported", "ended", "unchecked", "broken"}


def test_every_code_has_its_standing_and_only_these_hold() -> None:
    assert set(STANDINGS) == set(Code)
    holding = {code.value for code, standing in STANDINGS.items() if standing is Standing.HOLDS}
    assert holding == {
        *("hash.holds", "path.holds", "chain.anchored", "signature.holds", "issuer-key.holds", "hosted.holds"),
        *("scope.holds", "time.current", "revocation.none", "recipient.holds"),
    }
    failing = {code.value for code, standing in STANDINGS.items() if standing is Standing.FAILS}
    assert failing == {
        *("hash.differs", "hash.uncovered", "path.broken", "chain.differs", "chain.absent", "chain.mock"),
        *("signature.broken", "issuer-key.foreign", "issuer-key.revoked", "hosted.differs", "hosted.elsewhere"),
        *("scope.outside", "time.expired", "time.not-yet", "revocation.revoked", "recipient.differs"),
    }


def test_an_import_as_json_has_its_codes_and_not_the_badge() -> None:
    written = read(assertion(), recipient=ADDRESS).to_json()
    assert written["outcome"] == "imported"
    assert json.dumps(written).count('"hosted.holds"') == 1
    assert ADDRESS not in json.dumps(written)


INSTANTS = {
    "2017-05-02": 1493683200,
    "2017-10-01T00:00Z": 1506816000,
    "2018-02-07T23:52:16.636+00:00": 1518047536,
    "2023-03-30T15:08:26.139158": 1680188906,
    "yesterday": None,
    "2017-13-01": None,
    "9" * 50: None,
}


@pytest.mark.parametrize(("text", "instant"), INSTANTS.items())
def test_dates_are_read_as_badges_wrote_them(text: str, instant: int | None) -> None:
    assert loose_instant(text) == instant


def test_dates_as_numbers_are_read_too() -> None:
    assert (loose_instant(1_500_000_000), loose_instant(True), loose_instant(-1), loose_instant(None)) == (
        1_500_000_000,
        None,
        None,
        None,
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(f"{HOST}/forklift"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ("id", "type", "recipient", "issuedOn", "badge", "verification", "expires", "revoked")


@settings(max_examples=tries(80))
@given(st.sampled_from(MEMBERS), JSON, st.sampled_from(["forklift", "issuer", "revoked", "key", "assertions__1"]), JSON)
def test_any_assertion_and_any_page_give_an_import_or_a_jikin_error(
    member: str, value: Any, page: str, content: Any
) -> None:
    for source in (assertion(), signed_assertion()):
        code_of(lambda source=source: read({**source, member: value}, web(**{page: content}), recipient="a"))


@settings(max_examples=tries(60))
@given(
    st.text(max_size=60)
    | st.from_regex(r"[A-Za-z0-9_-]{8,20}\.[A-Za-z0-9_-]{1,20}\.[A-Za-z0-9_-]{1,20}", fullmatch=True)
)
def test_any_text_is_a_badge_or_a_jikin_error(text: str) -> None:
    code_of(lambda: read(text))
    code_of(lambda: rsa_jws.verify(text, pem(KEY)))
    code_of(lambda: rsa_jws.verify(signed(), text))
