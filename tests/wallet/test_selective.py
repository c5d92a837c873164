"""A holder receives SD-JWT VCs, and shows of them what is asked for and nothing else."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from jikin.badges.documents import open_document
from jikin.codec import multibase
from jikin.errors import WalletError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.envelopes import sd_jwt
from jikin.proofs.envelopes.disclosures import Disclosure
from jikin.status.array import State
from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from jikin.verification.report import Outcome
from tests.wallet.parties import EVERYTHING, RECORD, SELECTIVE, TYPE, VCT, Employer, Office, asking_for
from wallet import accounts, activity, holding, presenting, receiving, watching
from wallet.app import Wallet
from wallet.checking import Checked
from wallet.holding import Kept
from wallet.sessions import OpenVault, SessionToken
from wallet.values import Field, Held, Shown, Standing

STRANGE = "https://strange.example/licence"
SOMEBODY = Ed25519Signer.generate()
OPEN = {"자격종목", "자격종목 (영문)", "종목코드"}


def received(wallet: Wallet, vault: OpenVault, office: Office) -> Held:
    seen = receiving.look(wallet, vault, office.offer(configuration=SELECTIVE))
    (one,) = receiving.receive(wallet, vault, seen.id, office.tx_code)
    return one


@pytest.fixture
def held(wallet: Wallet, vault: OpenVault, office: Office) -> Held:
    """Return a certificate in the vault that can be shown in part."""
    return received(wallet, vault, office)


def by_label(fields: tuple[Field, ...], language: str = "ko") -> dict[str, str]:
    return {field.label[language]: field.value for field in fields}


def names_of(shown: Shown) -> set[str]:
    return {label["ko"] for label in shown.hidden}


# --- receiving ---


def test_it_is_received_verified_and_kept_as_it_was_issued(
    wallet: Wallet, vault: OpenVault, office: Office, held: Held
) -> None:
    ((_, issued),) = office.issued.items()
    assert issued.document.envelope is not None
    assert held.issued == issued.document.envelope.decode()
    assert (held.standing, held.issuer_accredited) == (Standing.PASSED, True)
    assert (held.type, held.number) == (TYPE, str(issued.number))
    assert held.title == {"ko": "지게차운전기능사", "en": "Craftsman Forklift Operator"}
    assert held.issuer["ko"] == "한국산업인력공단"
    assert held.receipt is not None
    assert office.events == ["credential_accepted"]
    (again,) = holding.check_again(wallet, vault)
    assert replace(again, report=held.report) == held


def test_its_fields_have_the_labels_of_its_type_in_their_order(held: Held) -> None:
    assert list(by_label(held.fields).items())[:4] == [
        ("자격종목", "지게차운전기능사"),
        ("자격종목 (영문)", "Craftsman Forklift Operator"),
        ("종목코드", "7875"),
        ("성명", RECORD["name_ko"]),
    ]
    assert by_label(held.fields, "en")["Date of birth"] == RECORD["birth_date"]
    assert held.number not in by_label(held.fields).values()


def test_a_type_that_is_not_known_has_plain_names_and_no_printed_form(
    wallet: Wallet, vault: OpenVault, office: Office
) -> None:
    _strange(office)
    held = received(wallet, vault, office)
    assert (held.type, held.title["ko"]) == (STRANGE, STRANGE)
    assert by_label(held.fields) == {
        "class": "1<b>",
        "address · city": "대전",
        "address · street": "둔산로 100",
        "given": "true",
    }
    with pytest.raises(WalletError) as refused:
        holding.pdf(wallet, vault, held.id)
    assert refused.value.code == "wallet.no-print"
    assert holding.check_url(wallet, held) is None


def _strange(office: Office) -> None:
    """Let the office issue something of a type that nobody here knows, with claims inside claims."""
    configurations = office.metadata.configurations
    strange = replace(configurations[SELECTIVE], vct=STRANGE)
    office.metadata = replace(office.metadata, configurations={**configurations, SELECTIVE: strange})
    said = {"class": "1<b>", "given": True, "address": {"city": "대전", "street": "둔산로 100"}}
    office.claims = lambda claims: {
        **{name: claims[name] for name in ("iss", "iat", "status")},
        "vct": STRANGE,
        **said,
    }
    office.disclosable = (("class",), ("address",), ("address", "street"), ("iat",))


def _altered(text: str) -> str:
    """Return the SD-JWT with somebody else's name in its disclosure."""
    parts = text.split("~")
    place = next(n for n, part in enumerate(parts) if n and part and Disclosure.parse(part).name == "name")
    parts[place] = Disclosure.make("name", "이도둑", "a salt that was made up").text
    return "~".join(parts)


def _resigned(text: str) -> str:
    """Return the SD-JWT with another signature of its issuer."""
    token, rest = text.split("~", 1)
    head, payload, signature = token.split(".")
    turned = bytes(byte ^ 1 for byte in multibase.decode_base64url(signature))
    return f"{head}.{payload}.{multibase.encode_base64url(turned)}~{rest}"


SPOILT: dict[str, tuple[Callable[[str], Any], str]] = {
    "a disclosure is altered": (_altered, "wallet.credential.forged"),
    "a disclosure is not referred to": (
        lambda text: f"{text}{Disclosure.make('score', '100', 'another salt made up').text}~",
        "wallet.credential.forged",
    ),
    "a disclosure comes twice": (lambda text: f"{text}{text.split('~')[1]}~", "wallet.credential.forged"),
    "the signature is another": (_resigned, "wallet.credential.forged"),
    "somebody has shown it already": (
        lambda text: sd_jwt.bind(text, SOMEBODY, audience="x", nonce="y", now=1_782_000_000),
        "wallet.credential.malformed",
    ),
    "it is JSON": (lambda _: {"vct": VCT}, "wallet.credential.malformed"),
    "it is a JWT of another kind": (lambda text: text.split("~", 1)[0], "wallet.credential.malformed"),
    "blanks stand around it": (lambda text: f" {text}\n", "wallet.credential.malformed"),
}


@pytest.mark.parametrize(("spoil", "code"), SPOILT.values(), ids=SPOILT.keys())
def test_it_is_refused_when(
    wallet: Wallet, vault: OpenVault, office: Office, spoil: Callable[[str], Any], code: str
) -> None:
    office.spoil = spoil
    _assert_refused(wallet, vault, office, code)


@pytest.mark.parametrize("key", [SOMEBODY.public_key, None], ids=["another's", "nobody's"])
def test_one_that_is_not_made_out_to_our_key_is_refused(
    wallet: Wallet, vault: OpenVault, office: Office, key: Any
) -> None:
    office.cnf = lambda _: key
    _assert_refused(wallet, vault, office, "wallet.credential.not-yours")


def test_one_of_another_type_is_refused(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    office.claims = lambda claims: {**claims, "vct": STRANGE}
    _assert_refused(wallet, vault, office, "wallet.credential.other-type")


def _assert_refused(wallet: Wallet, vault: OpenVault, office: Office, code: str) -> None:
    with pytest.raises(WalletError) as refused:
        received(wallet, vault, office)
    assert refused.value.code == code
    assert holding.held(wallet, vault) == ()
    assert office.events == ["credential_failure"]


def test_an_expired_one_is_kept_and_marked(wallet: Wallet, vault: OpenVault, office: Office, clock: FixedClock) -> None:
    office.days = -1
    office.claims = lambda claims: {**claims, "iat": claims["exp"] - 86_400}
    held = received(wallet, vault, office)
    assert held.standing is Standing.EXPIRED
    assert held.valid_until == clock() - 86_400


def test_one_that_cannot_be_checked_is_kept_and_found_good_later(
    wallet: Wallet, vault: OpenVault, office: Office, world: World
) -> None:
    def fall_silent(text: str) -> str:
        world.chain.reachable = False
        return text

    office.spoil = fall_silent
    assert received(wallet, vault, office).standing is Standing.UNKNOWN
    world.chain.reachable = True
    (again,) = holding.check_again(wallet, vault)
    assert (again.standing, again.receipt is None) == (Standing.PASSED, False)


def test_its_revocation_is_noticed(wallet: Wallet, session: SessionToken, office: Office, clock: FixedClock) -> None:
    with accounts.open_by_token(wallet, session) as vault:
        received(wallet, vault, office)
        holding.held(wallet, vault)
    clock.advance(60)
    ((_, issued),) = office.issued.items()
    office.institution.change(issued, State.REVOKED, "부정행위 확인")
    assert watching.look_around(wallet) == 1
    with accounts.open_by_token(wallet, session) as vault:
        holding.held(wallet, vault)
        (held,) = holding.held(wallet, vault)
    assert (held.standing, held.previous) == (Standing.REVOKED, Standing.PASSED)


def test_a_record_from_before_there_were_texts_is_read(held: Held) -> None:
    checked = Checked(held.report, held.standing, held.receipt)
    kept = Kept({"a": "certificate"}, checked, held.standing, 1, None, None)
    written = {name: value for name, value in kept.to_json().items() if name != "envelope"}
    read = Kept.from_json(written)
    assert (read, read.issued) == (kept, {"a": "certificate"})


def test_the_printed_certificate_carries_the_text(wallet: Wallet, vault: OpenVault, held: Held) -> None:
    (found,) = open_document(holding.pdf(wallet, vault, held.id), name="certificate.pdf")
    assert (found.envelope, found.receipt) == (held.envelope, held.receipt)


# --- showing ---


def test_the_holder_is_told_what_is_shown_and_what_is_not(
    wallet: Wallet, vault: OpenVault, held: Held, employer: Employer
) -> None:
    asked = presenting.look(wallet, vault, employer.ask(asking_for("name", "passed_on")))
    shown = asked.wanted[0].shown[held.id]
    assert set(by_label(shown.fields)) == OPEN | {"성명", "합격일"}
    assert names_of(shown) == {"영문 성명", "생년월일", "취득점수", "시행회차", "자격증 번호"}
    assert (shown.whole, shown.kind["ko"]) == (False, "국가기술자격증")


def test_of_a_certificate_that_is_shown_whole_nothing_is_hidden(
    wallet: Wallet, vault: OpenVault, office: Office, held: Held, employer: Employer
) -> None:
    seen = receiving.look(wallet, vault, office.offer())
    (whole,) = receiving.receive(wallet, vault, seen.id, office.tx_code)
    asked = presenting.look(wallet, vault, employer.ask(EVERYTHING))
    assert list(asked.wanted[0].shown) == [whole.id]
    assert asked.wanted[0].shown[whole.id].whole
    assert (asked.wanted[0].shown[whole.id].hidden, asked.others) == ((), 1)


def test_where_nothing_is_asked_for_only_what_is_open_is_shown(
    wallet: Wallet, vault: OpenVault, held: Held, employer: Employer
) -> None:
    asked = presenting.look(wallet, vault, employer.ask(asking_for()))
    assert set(by_label(asked.wanted[0].shown[held.id].fields)) == OPEN
    presenting.answer(wallet, vault, asked.id, presenting.best(asked))
    assert employer.judged().outcome is Outcome.PASSED
    assert sd_jwt.read(_posted(employer)).disclosures == ()


def test_of_claims_inside_claims_only_what_is_asked_for_is_shown(
    wallet: Wallet, vault: OpenVault, office: Office, employer: Employer
) -> None:
    _strange(office)
    held = received(wallet, vault, office)
    query: Any = asking_for("address", vct=STRANGE)
    query["credentials"][0]["claims"] = [{"path": ["address", "city"]}]
    asked = presenting.look(wallet, vault, employer.ask(query))
    shown = asked.wanted[0].shown[held.id]
    assert by_label(shown.fields) == {"address · city": "대전", "given": "true"}
    assert names_of(shown) == {"class", "address · street", "발급일"}
    assert (shown.kind["ko"], shown.issued_at) == (STRANGE, None)
    presenting.answer(wallet, vault, asked.id, {"it": held.id})
    assert sd_jwt.read(_posted(employer)).claims["address"] == {"city": "대전"}


def test_of_sets_of_claims_the_first_that_is_there_is_shown(
    wallet: Wallet, vault: OpenVault, held: Held, employer: Employer
) -> None:
    sets = [["name", "shoe_size"], ["passed_on"]]
    query = asking_for("name", "shoe_size", "passed_on", claim_sets=sets)
    asked = presenting.look(wallet, vault, employer.ask(query))
    assert set(by_label(asked.wanted[0].shown[held.id].fields)) == OPEN | {"합격일"}


@pytest.mark.parametrize("sealed", [False, True], ids=["direct_post", "direct_post.jwt"])
def test_what_is_shown_is_believed_and_what_is_hidden_is_not_in_it(
    wallet: Wallet, vault: OpenVault, held: Held, employer: Employer, sealed: bool
) -> None:
    asked = presenting.look(wallet, vault, employer.ask(asking_for("name", "passed_on"), sealed=sealed))
    presenting.answer(wallet, vault, asked.id, {"it": held.id})
    report = employer.judged()
    assert report.outcome is Outcome.PASSED
    assert {"presentation.valid", "presentation.bound"} <= {finding.code for finding in report.findings}
    if sealed:
        return
    posted = _decoded(employer.answers[0]["vp_token"])
    assert RECORD["name_ko"] in posted
    assert RECORD["passed_on"] in posted
    hidden = [RECORD["birth_date"], RECORD["name_en"], RECORD["exam_round"], str(held.number), "birth_date", "score"]
    assert [value for value in hidden if value in posted] == []


def _posted(employer: Employer) -> str:
    """Return the presentation that was posted last."""
    token = json.loads(employer.answers[-1]["vp_token"])
    ((text,),) = token.values()
    assert isinstance(text, str)
    return text


def _decoded(text: str) -> str:
    """Return *text* with everything in it that could be base64 beside it, decoded, whatever that may hold in turn."""
    found = [text]
    for part in re.findall(r"[A-Za-z0-9+/_=-]{4,}", text):
        plain = part.rstrip("=").replace("+", "-").replace("/", "_")
        try:
            inner = base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).decode()
        except ValueError:
            continue
        found.append(inner if inner == text else _decoded(inner))
    return "\n".join(found)


def test_the_search_finds_what_was_not_hidden(held: Held) -> None:
    """A search that finds nothing anywhere would pass the test above."""
    assert RECORD["birth_date"] in _decoded(json.dumps({"it": [held.envelope]}))


def test_its_presentation_is_worth_nothing_for_another_request(
    wallet: Wallet, vault: OpenVault, held: Held, employer: Employer
) -> None:
    asked = presenting.look(wallet, vault, employer.ask(asking_for("name")))
    presenting.answer(wallet, vault, asked.id, {"it": held.id})
    presenting.look(wallet, vault, employer.ask(asking_for("name")))
    employer.answers.append({**employer.answers[0], "state": list(employer.asked)[-1]})
    assert employer.judged().outcome is Outcome.FAILED


def test_the_log_has_the_names_of_what_was_shown_and_no_values(
    wallet: Wallet, vault: OpenVault, held: Held, employer: Employer
) -> None:
    asked = presenting.look(wallet, vault, employer.ask(asking_for("birth_date")))
    presenting.answer(wallet, vault, asked.id, {"it": held.id})
    line = activity.events(wallet, vault)[0]
    assert (line.act, line.detail["confirmed"]) == ("presented", True)
    named = {label["ko"] for label in line.detail["claims"]}  # type: ignore[union-attr, index, call-overload]
    assert named == OPEN | {"생년월일"}
    assert RECORD["birth_date"] not in json.dumps(line.detail)


def test_a_claim_that_is_not_there_is_not_answered(
    wallet: Wallet, vault: OpenVault, held: Held, employer: Employer
) -> None:
    assert not presenting.look(wallet, vault, employer.ask(asking_for("name", "shoe_size"))).satisfiable
