"""A holder shows certificates over OpenID4VP to somebody who asks over HTTP, once, and knows who it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from jikin.credentials.profile import Names
from jikin.errors import ProtocolError, SettingsError, WalletError
from jikin.openid4vc import response
from jikin.proofs.p256 import P256Signer
from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from jikin.verification.report import Outcome
from tests.wallet.conftest import signed_up, wallet_in
from tests.wallet.parties import RECORD, Employer, Office
from wallet import accounts, activity, authorities, presenting, receiving
from wallet.app import Wallet
from wallet.sessions import OpenVault
from wallet.values import Standing, Trust


@pytest.fixture
def held(wallet: Wallet, vault: OpenVault, office: Office) -> str:
    """Return the id of a certificate in the vault."""
    return received(wallet, vault, office)


def received(wallet: Wallet, vault: OpenVault, office: Office) -> str:
    seen = receiving.look(wallet, vault, office.offer())
    (one,) = receiving.receive(wallet, vault, seen.id, office.tx_code)
    return one.id


def query(*claims: tuple[str, ...], types: list[list[str]] | None = None) -> dict[str, Any]:
    wanted: dict[str, Any] = {"id": "it", "format": "ldp_vc", "meta": {} if types is None else {"type_values": types}}
    if claims:
        wanted["claims"] = [{"path": list(path)} for path in claims]
    return {"credentials": [wanted]}


@pytest.mark.parametrize("sealed", [False, True], ids=["direct_post", "direct_post.jwt"])
@pytest.mark.parametrize("post", [False, True], ids=["get", "post"])
def test_what_is_shown_is_believed(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer, sealed: bool, post: bool
) -> None:
    asked = presenting.look(wallet, vault, employer.ask(sealed=sealed, post=post))
    assert asked.satisfiable
    assert [one.id for one in asked.wanted[0].candidates] == [held]
    presenting.answer(wallet, vault, asked.id, {"it": held})
    report = employer.judged()
    assert report.outcome is Outcome.PASSED
    assert report.credentials[0].subject.title == "지게차운전기능사"
    newest = activity.events(wallet, vault)[0]
    assert (newest.act, newest.detail["confirmed"]) == ("presented", True)
    assert newest.party == employer.address.removeprefix("http://")


def test_the_holder_sees_every_field_that_would_be_shown(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer
) -> None:
    asked = presenting.look(wallet, vault, employer.ask())
    values = {field.value for field in asked.wanted[0].shown[held].fields}
    assert {RECORD["name_ko"], RECORD["score"], RECORD["passed_on"]} <= values


@pytest.mark.parametrize("where", ["a page of the wallet", "haip-vp"])
def test_a_request_comes_in_every_form(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer, where: str
) -> None:
    link = employer.ask()
    if where == "haip-vp":
        link = link.replace("openid4vp://", "haip-vp://")
    else:
        link = f"http://localhost:8102/present?{urlencode({'request': link})}"
    asked = presenting.look(wallet, vault, link)
    presenting.answer(wallet, vault, asked.id, {"it": held})
    assert employer.judged().outcome is Outcome.PASSED


def test_a_stranger_with_a_signature_is_verified_and_goes_by_where_the_answer_goes(
    wallet: Wallet, vault: OpenVault, employer: Employer
) -> None:
    asker = presenting.look(wallet, vault, employer.ask()).asker
    assert asker.trust is Trust.VERIFIED
    assert asker.name["ko"] == asker.host == employer.address.removeprefix("http://")


def test_somebody_accredited_goes_by_the_name_of_the_approved_profile(
    wallet: Wallet, vault: OpenVault, world: World, employer: Employer
) -> None:
    world.institution(
        employer.address.removeprefix("http://"), Names(ko="산업안전공단", en="Safety Agency"), number_code="SAFE"
    )
    asker = presenting.look(wallet, vault, employer.ask()).asker
    assert (asker.trust, asker.name["ko"]) == (Trust.REGISTERED, "산업안전공단")


def test_an_unsigned_request_is_unverified_whatever_it_calls_itself(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer
) -> None:
    asked = presenting.look(wallet, vault, employer.ask_unsigned())
    assert asked.asker.trust is Trust.UNVERIFIED
    assert "공단" not in asked.asker.name["ko"]
    presenting.answer(wallet, vault, asked.id, {"it": held})
    assert employer.judged().outcome is Outcome.PASSED


def test_what_does_not_fit_is_counted_and_not_offered(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer
) -> None:
    asked = presenting.look(wallet, vault, employer.ask(query(types=[["SomethingElse"]])))
    assert not asked.satisfiable
    assert (asked.wanted[0].candidates, asked.others) == ((), 1)
    with pytest.raises(ProtocolError):
        presenting.answer(wallet, vault, asked.id, {"it": held})
    assert employer.answers == []


def test_a_claim_that_no_certificate_holds_is_not_answered(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer
) -> None:
    there, not_there = ("credentialSubject", "licenseNumber"), ("credentialSubject", "shoeSize")
    assert presenting.look(wallet, vault, employer.ask(query(there))).satisfiable
    assert not presenting.look(wallet, vault, employer.ask(query(there, not_there))).satisfiable


def test_no_part_of_an_answer_is_sent_where_the_whole_cannot_be(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer
) -> None:
    two = {
        "credentials": [
            {"id": "it", "format": "ldp_vc", "meta": {}},
            {"id": "other", "format": "ldp_vc", "meta": {"type_values": [["SomethingElse"]]}},
        ]
    }
    asked = presenting.look(wallet, vault, employer.ask(two))
    with pytest.raises(ProtocolError):
        presenting.answer(wallet, vault, asked.id, {"it": held})
    assert employer.answers == []


@pytest.mark.parametrize("choose", [{}, {"else": "x"}, {"it": "nothing"}])
def test_a_choice_that_does_not_answer_sends_nothing(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer, choose: dict[str, str]
) -> None:
    asked = presenting.look(wallet, vault, employer.ask())
    with pytest.raises(ProtocolError):
        presenting.answer(wallet, vault, asked.id, choose)
    assert employer.answers == []


def test_a_request_is_answered_once(wallet: Wallet, vault: OpenVault, held: str, employer: Employer) -> None:
    asked = presenting.look(wallet, vault, employer.ask())
    presenting.answer(wallet, vault, asked.id, {"it": held})
    for again in (
        lambda: presenting.answer(wallet, vault, asked.id, {"it": held}),
        lambda: presenting.decline(wallet, vault, asked.id),
        lambda: presenting.again(wallet, vault, asked.id),
    ):
        with pytest.raises(WalletError) as refused:
            again()
        assert refused.value.code == "wallet.request.used"
    assert len(employer.answers) == 1


def test_two_windows_that_answer_at_once_answer_once(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer
) -> None:
    asked = presenting.look(wallet, vault, employer.ask())

    def answered(_: int) -> str:
        try:
            presenting.answer(wallet, vault, asked.id, {"it": held})
        except WalletError as error:
            return error.code
        return "shown"

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(answered, range(3))) == ["shown", "wallet.request.used", "wallet.request.used"]
    assert len(employer.answers) == 1


def test_somebody_in_the_trust_folder_is_registered(
    tmp_path: Path, world: World, clock: FixedClock, employer: Employer
) -> None:
    folder = tmp_path / "trust"
    folder.mkdir()
    wallet = wallet_in(tmp_path / "w", world, clock, trust=str(folder))
    with accounts.open_by_token(wallet, signed_up(wallet)) as vault:
        assert presenting.look(wallet, vault, employer.ask()).asker.trust is Trust.VERIFIED
        (folder / "pilot.json").write_text(json.dumps({"issuers": {str(employer.did): []}}))
        asker = presenting.look(wallet, vault, employer.ask()).asker
        assert (asker.trust, asker.name["ko"]) == (Trust.REGISTERED, "자칭 회사")
        assert authorities.roots(wallet) == ()
        (folder / "root.pem").write_text("no certificate")
        with pytest.raises(SettingsError):
            authorities.roots(wallet)
    wallet.close()


def test_declining_says_so_and_shows_nothing(wallet: Wallet, vault: OpenVault, held: str, employer: Employer) -> None:
    asked = presenting.look(wallet, vault, employer.ask())
    presenting.decline(wallet, vault, asked.id)
    (fields,) = employer.answers
    assert response.parse_form(fields) == response.Declined("access_denied", None, fields["state"])
    assert activity.events(wallet, vault)[0].act == "declined"


def test_declining_is_possible_when_nobody_listens(wallet: Wallet, vault: OpenVault, employer: Employer) -> None:
    employer.status = 500
    asked = presenting.look(wallet, vault, employer.ask())
    assert presenting.decline(wallet, vault, asked.id).redirect_uri is None


def test_a_certificate_that_did_not_pass_is_not_chosen_by_itself(
    wallet: Wallet, vault: OpenVault, office: Office, employer: Employer, clock: FixedClock
) -> None:
    office.days = 1
    expired = received(wallet, vault, office)
    clock.advance(2 * 86_400)
    asked = presenting.look(wallet, vault, employer.ask())
    assert asked.wanted[0].candidates[0].standing is Standing.EXPIRED
    with pytest.raises(WalletError) as refused:
        presenting.best(asked)
    assert refused.value.code == "wallet.choice"
    presenting.answer(wallet, vault, asked.id, {"it": expired})
    assert employer.judged().outcome is Outcome.FAILED


def test_the_best_certificate_comes_first(
    wallet: Wallet, vault: OpenVault, office: Office, employer: Employer, clock: FixedClock
) -> None:
    good = received(wallet, vault, office)
    office.days = 1
    received(wallet, vault, office)
    clock.advance(2 * 86_400)
    asked = presenting.look(wallet, vault, employer.ask())
    assert asked.wanted[0].candidates[0].id == good
    assert presenting.best(asked) == {"it": good}


REDIRECTS = {
    "https": ("https://employer.example/done?code=1", True),
    "this machine in a trial": ("http://localhost:8103/done", True),
    "http elsewhere": ("http://employer.example/done", False),
    "a script": ("javascript:alert(1)", False),
    "data": ("data:text/html,x", False),
    "nothing": ("", False),
    "an app": ("intent://x", False),
}


@pytest.mark.parametrize(("address", "followed"), REDIRECTS.values(), ids=REDIRECTS.keys())
def test_the_browser_is_sent_on_to_safe_places_only(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer, address: str, followed: bool
) -> None:
    employer.redirect = address
    asked = presenting.look(wallet, vault, employer.ask())
    assert presenting.answer(wallet, vault, asked.id, {"it": held}).redirect_uri == (address if followed else None)


# --- attacks ---

CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another client_id stands in the object": lambda c: {
        **c,
        "client_id": "decentralized_identifier:did:web:x.example",
    },
    "there is no nonce": lambda c: {n: v for n, v in c.items() if n != "nonce"},
    "there is a redirect_uri beside direct_post": lambda c: {**c, "redirect_uri": "https://x.example"},
    "it has expired": lambda c: {**c, "exp": c["iat"] - 3600},
    "it is from the future": lambda c: {**c, "iat": c["iat"] + 86_400},
    "it is for another audience": lambda c: {**c, "aud": "https://wallet.example"},
    "it asks for another response type": lambda c: {**c, "response_type": "code"},
    "it wants the answer in the address": lambda c: {**c, "response_mode": "fragment"},
    "transaction data is of an unknown type": lambda c: {**c, "transaction_data": ["e30"]},
    "it asks by presentation_definition": lambda c: {**c, "presentation_definition": {}},
    "the query is empty": lambda c: {**c, "dcql_query": {"credentials": []}},
    "the query is deeply nested": lambda c: {**c, "dcql_query": _nested(70)},
}


def _nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_request_is_refused_when(
    wallet: Wallet, vault: OpenVault, employer: Employer, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    employer.change = change
    with pytest.raises(ProtocolError):
        presenting.look(wallet, vault, employer.ask())
    assert employer.answers == []


def test_a_request_signed_by_another_key_is_refused(wallet: Wallet, vault: OpenVault, employer: Employer) -> None:
    with pytest.raises(ProtocolError):
        presenting.look(wallet, vault, employer.ask(signer=P256Signer.generate()))


@pytest.mark.parametrize(
    "client_id",
    [
        "origin:https://x.example",
        "verifier_attestation:x",
        "x509_hash:x",
        "pre-registered",
        "decentralized_identifier:",
    ],
)
def test_another_client_id_in_the_link_is_refused(
    wallet: Wallet, vault: OpenVault, employer: Employer, client_id: str
) -> None:
    with pytest.raises(ProtocolError):
        presenting.look(wallet, vault, employer.ask(client_id=client_id))


PRIVATE = ["https://169.254.169.254/r", "https://10.0.0.7/r", "https://[fd00::1]/r", "http://192.168.0.1/r"]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_asked_for_a_request(wallet: Wallet, vault: OpenVault, address: str) -> None:
    link = f"openid4vp://?client_id=decentralized_identifier:did:web:x.example&request_uri={quote(address, safe='')}"
    with pytest.raises(WalletError) as refused:
        presenting.look(wallet, vault, link)
    assert refused.value.code == "wallet.address"


def test_an_oversize_request_is_not_read(wallet: Wallet, vault: OpenVault, employer: Employer) -> None:
    link = employer.ask()
    name = next(iter(employer.objects))
    employer.objects[name] += "x" * (1 << 20)
    with pytest.raises(WalletError) as refused:
        presenting.look(wallet, vault, link)
    assert refused.value.code == "wallet.address"


def test_a_request_that_has_expired_while_the_holder_thought_is_not_answered(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer, clock: FixedClock
) -> None:
    asked = presenting.look(wallet, vault, employer.ask(lifetime=60))
    clock.advance(61)
    with pytest.raises(WalletError) as refused:
        presenting.answer(wallet, vault, asked.id, {"it": held})
    assert refused.value.code == "wallet.request.gone"
    assert employer.answers == []


def test_the_answer_of_one_request_is_worth_nothing_for_another(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer
) -> None:
    first = presenting.look(wallet, vault, employer.ask())
    presenting.answer(wallet, vault, first.id, {"it": held})
    presenting.look(wallet, vault, employer.ask())
    stolen = {**employer.answers[0], "state": list(employer.asked)[-1]}
    employer.answers.append(stolen)
    assert employer.judged().outcome is Outcome.FAILED


# --- outages ---


def test_an_answer_that_got_lost_is_sent_again_as_it_was(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer
) -> None:
    employer.lose_answer = True
    asked = presenting.look(wallet, vault, employer.ask())
    with pytest.raises(WalletError) as refused:
        presenting.answer(wallet, vault, asked.id, {"it": held})
    assert refused.value.code == "wallet.unreachable"
    assert activity.events(wallet, vault)[0].act == "presented"
    employer.lose_answer = False
    assert presenting.again(wallet, vault, asked.id).id == asked.id
    presenting.answer(wallet, vault, asked.id, {"it": "whatever is said now"})
    assert employer.answers[0] == employer.answers[1]
    assert employer.judged().outcome is Outcome.PASSED


def test_an_answer_that_arrived_and_is_refused_the_second_time_is_called_unconfirmed(
    wallet: Wallet, vault: OpenVault, held: str, employer: Employer
) -> None:
    employer.lose_answer = True
    asked = presenting.look(wallet, vault, employer.ask())
    with pytest.raises(WalletError):
        presenting.answer(wallet, vault, asked.id, {"it": held})
    employer.lose_answer, employer.status = False, 400
    with pytest.raises(WalletError) as refused:
        presenting.answer(wallet, vault, asked.id, {"it": held})
    assert refused.value.code == "wallet.answer-unconfirmed"
    assert activity.events(wallet, vault)[0].detail["confirmed"] is False


def test_an_answer_that_is_refused_is_told(wallet: Wallet, vault: OpenVault, held: str, employer: Employer) -> None:
    employer.status = 400
    asked = presenting.look(wallet, vault, employer.ask())
    with pytest.raises(WalletError) as refused:
        presenting.answer(wallet, vault, asked.id, {"it": held})
    assert refused.value.code == "wallet.answer-refused"
    assert activity.events(wallet, vault)[0].act == "refused"
