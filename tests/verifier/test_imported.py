"""Badges of other systems at the desk: told in words, never called genuine, and failed where they were altered."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from starlette.testclient import TestClient

import verifier
from jikin.badges import foreign
from jikin.badges.foreign import Kind
from jikin.badges.imported import STANDINGS, Code, Imported, ImportOutcome, Looked, Standing
from jikin.badges.merkle_proofs import of as merkle_proof_of
from jikin.badges.transactions import Transaction
from jikin.codec.contexts import Contexts
from jikin.errors import FetchError, SettingsError
from jikin.proofs.standard import standard_suites
from jikin.values import ChainId
from jikin.verification import policy
from jikin.verification.report import Outcome
from jikin.web.texts import LANGUAGES, Texts
from tests.shared_standards import standards
from tests.verifier_desk import TOKEN, Town
from verifier import checking, imports, showing, viewing
from verifier.app import Desk, build
from verifier.checking import Checked
from verifier.settings import load
from verifier.words import saying

TEXTS = Texts.load(Path(verifier.__file__).parent / "texts")
REAL = standards() / "real-samples"
NOW = 1_790_000_000
PAGE = "https://badges.example/assertions/1"
ASSERTION: dict[str, Any] = {
    "@context": "https://w3id.org/openbadges/v2",
    "type": "Assertion",
    "id": PAGE,
    "recipient": {"type": "email", "hashed": False, "identity": "someone@example.org"},
    "badge": "https://badges.example/classes/1",
    "verification": {"type": "hosted"},
    "issuedOn": "2020-05-01T00:00:00Z",
}
PAGES: dict[str, Any] = {
    PAGE: ASSERTION,
    "https://badges.example/classes/1": {
        "type": "BadgeClass",
        "id": "https://badges.example/classes/1",
        "name": "Welding",
        "issuer": "https://badges.example/issuer",
    },
    "https://badges.example/issuer": {
        "type": "Issuer",
        "id": "https://badges.example/issuer",
        "name": "A school of welding",
    },
}


@dataclass
class Web:
    """Pages by address, and what was asked."""

    pages: Mapping[str, Any]
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, *, max_bytes: int) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            raise FetchError(f"{url} does not answer")
        return json.dumps(self.pages[url]).encode()


@dataclass
class Chain:
    """One chain with one transaction."""

    known: Transaction | None

    def transaction(self, id: str) -> Transaction | None:  # whichever is asked for
        return self.known


def desk(town: Town, pages: Mapping[str, Any] | None = None, chains: Mapping[str, Any] | None = None) -> Desk:
    contexts = Contexts.packaged().with_folder(standards() / "contexts")
    sources = replace(town.world.sources, fetch=Web(pages or {}), contexts=contexts, suites=standard_suites(contexts))
    return Desk(sources, policy.packaged("public"), lambda: NOW, chains or {})


def check(data: Any, at: Desk) -> Checked:
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    (found,) = checking.check_upload("badge.json", content, at, at.sources.at_newest())
    return found


def sample(name: str) -> Any:
    return json.loads((REAL / name).read_bytes())


def imported(checked: Checked) -> Imported:
    assert checked.imported is not None
    return checked.imported


# --- the answer ---


def test_a_hosted_badge_is_imported_and_unknown_however_much_of_it_holds(town: Town) -> None:
    found = check(ASSERTION, desk(town, PAGES))
    assert imported(found).outcome is ImportOutcome.IMPORTED
    assert (imported(found).title, imported(found).issuer) == ("Welding", "A school of welding")
    assert found.outcome is Outcome.UNKNOWN
    body: Any = checking.checked_json(found)
    assert (body["outcome"], body["findings"][0]["code"]) == ("unknown", "badge.foreign.open-badges-2")
    assert (body["imported"]["kind"], body["imported"]["standing"]) == ("foreign.open-badges-2", "imported")
    looked = {one["code"]: one["outcome"] for one in body["imported"]["looked"]}
    assert looked["hosted.holds"] == looked["scope.holds"] == "holds"
    assert looked["recipient.unasked"] == "open"
    assert all(set(one) == {"code", "outcome", "detail"} for one in body["imported"]["looked"])


def test_pages_are_asked_for_once_and_only_so_many(town: Town) -> None:
    at = desk(town, PAGES)
    session = at.sources.at_newest()
    for _ in range(3):
        list(checking.check_upload("badge.json", json.dumps(ASSERTION).encode(), at, session))
    web = at.sources.fetch
    assert isinstance(web, Web)
    assert sorted(web.asked) == sorted(PAGES)
    many = copy.deepcopy(sample("blockcerts/v3/mocknet-verifiable-presentation-tampered.json"))
    (inner, *_) = many["verifiableCredential"]
    many["verifiableCredential"] = [
        {**inner, "issuer": f"https://issuer-{count}.example/profile"} for count in range(30)
    ]
    at = desk(town)
    check(many, at)
    web = at.sources.fetch
    assert isinstance(web, Web)
    assert len(web.asked) == 16


def test_a_badge_that_is_an_address_which_does_not_answer_is_a_fault(town: Town) -> None:
    tag = b'<o:assertion xmlns:o="http://openbadges.org" verify="https://badges.example/assertions/9"/>'
    svg = b'<svg xmlns="http://www.w3.org/2000/svg">' + tag + b'<rect width="9" height="9"/></svg>'
    found = check(svg, desk(town, PAGES))
    assert found.imported is None
    assert found.fault is not None
    assert found.fault.code.startswith("fetch.")
    assert check(svg.replace(b"assertions/9", b"assertions/1"), desk(town, PAGES)).imported is not None


def test_a_broken_badge_of_others_is_a_fault_of_its_own(town: Town) -> None:
    found = check({**ASSERTION, "verification": {"type": "by word of mouth"}}, desk(town))
    assert found.fault is not None
    assert (found.fault.code, found.outcome) == ("badge.open-badges-2", Outcome.UNKNOWN)


WHOLE = ("blockcerts/v2/mainnet-valid-2.0.json", "opencerts/dns-did-signed.json")
ALTERED = (
    "blockcerts/v2/ethereum-tampered-2.0.json",
    "blockcerts/v2/mainnet-invalid-merkle-receipt-2.0.json",
    "blockcerts/v3/mocknet-verifiable-presentation-tampered.json",
    "opencerts/tampered.opencert",
)


@pytest.mark.parametrize("name", WHOLE)
def test_a_published_certificate_of_others_is_told_and_unknown(name: str, town: Town) -> None:
    found = check(sample(name), desk(town))
    assert imported(found).outcome is ImportOutcome.IMPORTED
    assert found.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("name", ALTERED)
def test_one_that_was_altered_fails(name: str, town: Town) -> None:
    found = check(sample(name), desk(town))
    assert imported(found).altered
    assert found.outcome is Outcome.FAILED
    body: Any = checking.checked_json(found)
    assert body["outcome"] == body["findings"][0]["outcome"] == "failed"


def test_one_value_changed_by_hand_fails_and_names_the_hash(town: Town) -> None:
    document = sample("opencerts/dns-did-signed.json")
    issuer = document["data"]["issuers"][0]
    issuer["name"] = issuer["name"].replace("DEMO", "DEMA")
    found = check(document, desk(town))
    assert found.outcome is Outcome.FAILED
    assert "hash.differs" in imported(found).codes


@pytest.mark.parametrize("code", Code)
def test_only_what_the_badge_shows_of_itself_fails_it(code: Code) -> None:
    looked = (Looked(Code.HASH_HOLDS), Looked(code))
    badge = Imported(Kind.BLOCKCERTS_2, None, None, None, None, None, None, looked, {})
    checked = Checked("badge.json", None, foreign.refusal(Kind.BLOCKCERTS_2), imported=badge)
    altered = code in {Code.HASH_DIFFERS, Code.PATH_BROKEN, Code.SIGNATURE_BROKEN}
    assert checked.outcome is (Outcome.FAILED if altered else Outcome.UNKNOWN)
    assert not altered or STANDINGS[code] is Standing.FAILS
    outer = replace(badge, looked=(Looked(Code.HASH_HOLDS),), inner=(badge,))
    assert replace(checked, imported=outer).outcome is checked.outcome


# --- chains ---


def test_a_chain_is_asked_where_one_is_named_and_else_left_open(town: Town) -> None:
    document = sample("blockcerts/v2/mainnet-valid-2.0.json")
    proof = merkle_proof_of(document)
    assert proof is not None
    unasked = check(document, desk(town))
    assert "chain.unasked" in imported(unasked).codes
    chain = "bip122:000000000019d6689c085ae165831e93"
    asked = check(document, desk(town, chains={chain: Chain(Transaction(proof.root))}))
    assert "chain.anchored" in imported(asked).codes
    other = check(document, desk(town, chains={chain: Chain(Transaction(bytes(32)))}))
    assert "chain.differs" in imported(other).codes
    assert {one.outcome for one in (unasked, asked, other)} == {Outcome.UNKNOWN}


def test_the_chains_of_the_settings_have_a_node_each() -> None:
    given = {"chains": "eip155:1=https://node.example/secret; eip155:11155111=http://127.0.0.1:8545"}
    settings = load({}, given=given)
    assert settings.nodes() == {
        ChainId(1): "https://node.example/secret",
        ChainId(11155111): "http://127.0.0.1:8545",
    }
    assert set(build(settings, lambda: NOW).chains) == {"eip155:1", "eip155:11155111"}
    assert build(load({}, given={**given, "offline": True}), lambda: NOW).chains == {}
    assert build(load({}), lambda: NOW).chains == {}


@pytest.mark.parametrize("chains", ["https://node.example", "eip155:1", "eip155:1=node.example/secret", "bip122:0=x"])
def test_a_chain_without_a_node_is_refused_and_its_address_not_repeated(chains: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({}, given={"chains": chains})
    assert refused.value.code == "settings.value"
    assert "secret" not in str(refused.value)


# --- in words ---


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_line_in_words(code: Code, language: str) -> None:
    badge = Imported(Kind.BLOCKCERTS_3, None, None, None, None, None, None, (Looked(code, "for programmers"),), {})
    (line,) = imports.lines(badge, saying(TEXTS, language))
    assert all((line.title, line.word, line.sentence))
    assert "programmers" not in line.sentence
    assert line.outcome == {"holds": "passed", "fails": "failed", "open": "unknown"}[STANDINGS[code].value]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.foreign])
def test_every_kind_is_called_by_its_name_and_by_no_verdict(kind: Kind, language: str) -> None:
    say = saying(TEXTS, language)
    view = viewing.view(Checked("badge.json", None, foreign.refusal(kind)), language, say, frozenset(), NOW)
    name = say(f"imported.kind.{kind.value.removeprefix('foreign.')}")
    assert name in view.verdict.sentence
    assert view.verdict.word == say("verdict.unknown")
    badge = Imported(kind, None, None, None, None, None, None, (Looked(Code.HASH_HOLDS),), {})
    told = viewing.view(Checked("badge.json", None, None, imported=badge), language, say, frozenset(), NOW)
    assert name in told.verdict.sentence
    assert told.verdict.kind is viewing.Kind.UNKNOWN
    assert told.verdict.word == say("imported.word")
    assert not told.compare


LOOKED = {
    ImportOutcome.IMPORTED: (Code.HASH_HOLDS,),
    ImportOutcome.ENDED: (Code.HASH_HOLDS, Code.TIME_EXPIRED),
    ImportOutcome.UNCHECKED: (Code.HASH_UNKNOWN,),
    ImportOutcome.BROKEN: (Code.HASH_HOLDS, Code.CHAIN_DIFFERS),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_outcome_of_an_import_is_said_in_its_own_words(language: str) -> None:
    say = saying(TEXTS, language)
    said = set()
    for outcome, codes in LOOKED.items():
        badge = Imported(Kind.OPEN_BADGES_2, None, None, None, None, None, None, tuple(map(Looked, codes)), {})
        assert badge.outcome is outcome
        word, why, next_ = imports.words(badge, say)
        assert word == say("imported.word")
        said.add((why, next_))
    assert len(said) == len(ImportOutcome)


def test_what_fails_stands_before_what_is_open_and_that_before_what_holds(town: Town) -> None:
    badge = imported(check(sample("opencerts/tampered.opencert"), desk(town)))
    outcomes = [line.outcome for line in imports.lines(badge, saying(TEXTS, "ko"))]
    assert outcomes == sorted(outcomes, key=["failed", "unknown", "passed"].index)
    assert set(outcomes) == {"failed", "unknown", "passed"}


# --- page, terminal, programs ---


def upload(browser: TestClient, data: bytes) -> str:
    answer = browser.post("/check", files=[("file", ("badge.json", data))])
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_page_tells_what_it_is_and_what_was_looked_at(browser: TestClient) -> None:
    page = upload(browser, (REAL / "opencerts/dns-did-signed.json").read_bytes())
    assert ">다른 체계의 배지입니다</h1>" in page
    for shown in (
        "OpenAttestation 2판",
        "DEMO STORE",
        "확인값과 맞습니다",
        "웹 주소에는 여기서 묻지 않습니다",
        "signature.holds",
    ):
        assert shown in page
    assert "verdict--passed" not in page


def test_the_page_of_an_altered_one_says_so(browser: TestClient) -> None:
    page = upload(browser, (REAL / "opencerts/tampered.opencert").read_bytes())
    assert ">진본이 아닙니다</h1>" in page
    assert "확인값과 맞지 않습니다" in page


def test_the_page_shows_the_words_of_a_badge_as_text(browser: TestClient) -> None:
    document = sample("opencerts/dns-did-signed.json")
    document["data"]["issuers"][0]["name"] = (
        "00000000-0000-4000-8000-000000000000:string:<script>alert(1)</script>\u202e"
    )
    page = upload(browser, json.dumps(document).encode())
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_a_european_credential_is_called_by_its_name(browser: TestClient) -> None:
    page = upload(browser, (REAL / "europass/AA-Annex1-MC-signed.jsonld").read_bytes())
    assert ">확인할 수 없습니다</h1>" in page
    assert "유럽 디지털 증명서(Europass)" in page
    assert "파일을 읽을 수 없습니다" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terminal_tells_the_same(language: str, town: Town) -> None:
    out = io.StringIO()
    found = check(sample("opencerts/dns-did-signed.json"), desk(town))
    showing.show(found, Console(file=out, width=200), language)
    say = saying(TEXTS, language)
    for told in (say("imported.imported.why"), "DEMO STORE", say("imported.domain.unasked"), "domain.unasked"):
        assert told in out.getvalue()
    kind = Checked("eu.json", None, foreign.refusal(Kind.EUROPEAN_DIGITAL_CREDENTIAL))
    showing.show(kind, Console(file=out, width=200), language)
    assert say("imported.kind.european-digital-credential") in out.getvalue()


AUTH = {"authorization": f"Bearer {TOKEN}", "accept": "application/json"}
OTHERS = {
    "a badge of Open Badges 2.0": ("credential", lambda: ASSERTION, "Open Badges 2.0"),
    "a European credential": (
        "credential",
        lambda: sample("europass/AA-Annex1-MC-signed.jsonld"),
        "European Digital Credential",
    ),
    "a JWS as JSON": ("credential", lambda: {"payload": "e30", "signatures": []}, "a JWS as JSON"),
    "a presentation of Blockcerts": (
        "presentation",
        lambda: sample("blockcerts/v3/mocknet-verifiable-presentation-tampered.json"),
        "Blockcerts certificate of version 3",
    ),
}


@pytest.mark.parametrize(("what", "document", "named"), OTHERS.values(), ids=OTHERS.keys())
def test_over_the_vc_api_it_is_unknown_and_called_by_its_name(
    what: str, document: Any, named: str, browser: TestClient
) -> None:
    body = {f"verifiable{what.capitalize()}": document()}
    answer = browser.post(f"/{what}s/verify", json=body, headers=AUTH)
    assert answer.status_code == 400
    told = answer.json()
    assert (told["verified"], told["outcome"]) == (False, "unknown")
    (finding,) = [one for one in told["findings"] if one["code"] == "proof.unknown-suite"]
    assert named in finding["detail"]
    assert told["problemDetails"][0]["title"] == "proof.unknown-suite"
