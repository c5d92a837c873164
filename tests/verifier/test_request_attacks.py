"""Every attack on a request by its name: none is taken, and the request stays open for a right answer."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any

import pytest
from starlette.testclient import TestClient

from jikin.openid4vc import response
from jikin.openid4vc.response import ResponseKey
from tests.verifier_desk import NOW, Asking, Clock, Holder, Town, form


@pytest.fixture
def asking(browser: TestClient, town: Town) -> Asking:
    return Asking(browser, town)


def test_the_same_answer_posted_twice_is_taken_once(asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    fields = form(asked, {"certificate": [vp]})
    first = asking.send(asked, data=fields)
    second = asking.send(asked, data=fields)
    assert (first.status_code, second.status_code) == (200, 400)
    assert asking.result()["verified"] is True


def test_of_answers_at_the_same_time_one_is_taken(asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    fields = form(asked, {"certificate": [vp]})
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(asking.send, asked, data=fields) for _ in range(4)]
        statuses = sorted(one.result().status_code for one in sent)
    assert statuses == [200, 400, 400, 400]


def test_an_answer_to_another_request_is_refused(asking: Asking) -> None:
    earlier = asking.asked(response_mode="direct_post")
    vp = asking.holder.presentation(earlier, asking.town.bound(asking.holder), world=asking.town.world)
    asked = asking.asked(response_mode="direct_post")
    asking.refused(asking.post(asked, {"certificate": [vp]}))
    assert asking.result()["findings"][0]["code"] == "presentation.challenge"


WRONG_PROOFS = {
    "another nonce": ({"nonce": "another-nonce-of-sufficient-length"}, "presentation.challenge"),
    "another verifier": ({"client_id": "decentralized_identifier:did:web:else.example"}, "presentation.domain"),
    "the prefix stripped from the audience": ({"client_id": "did:web:localhost%3A8103"}, "presentation.domain"),
}


@pytest.mark.parametrize(("change", "code"), WRONG_PROOFS.values(), ids=WRONG_PROOFS.keys())
def test_a_presentation_made_for_something_else_is_refused(change: dict[str, str], code: str, asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world, **change)
    asking.refused(asking.post(asked, {"certificate": [vp]}))
    assert [finding["code"] for finding in asking.result()["findings"]] == [code]


def test_another_holders_certificate_is_refused(asking: Asking) -> None:
    thief = Holder()
    asked = asking.asked()
    vp = thief.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    asking.refused(asking.post(asked, {"certificate": [vp]}))
    assert asking.result()["findings"][0]["code"] == "presentation.unbound"


def test_a_certificate_made_out_to_nobody_is_refused(asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.qualification(), world=asking.town.world)
    asking.refused(asking.post(asked, {"certificate": [vp]}))


def _changed(vp: Any, change: Any) -> Any:
    forged = json.loads(json.dumps(vp))
    change(forged)
    return forged


FORGED_PRESENTATIONS = {
    "its proof is removed": lambda vp: vp.pop("proof"),
    "its purpose is swapped": lambda vp: vp["proof"].update(proofPurpose="assertionMethod"),
    "its challenge is exchanged": lambda vp: vp["proof"].update(challenge="x" * 43),
    "its holder is another": lambda vp: vp.update(holder="did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"),
    "its method is of another DID": lambda vp: vp["proof"].update(
        verificationMethod="did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
        "#z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    ),
    "an undefined term is added": lambda vp: vp.update(nobodysTerm="x"),
    "its context is poisoned": lambda vp: vp["@context"].append({"VerifiablePresentation": "https://evil.example/vp"}),
    "its certificate is taken out": lambda vp: vp.update(verifiableCredential=[]),
}


@pytest.mark.parametrize("change", FORGED_PRESENTATIONS.values(), ids=FORGED_PRESENTATIONS.keys())
def test_a_presentation_that_was_tampered_with_is_refused(change: Any, asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    asking.refused(asking.post(asked, {"certificate": [_changed(vp, change)]}))


FORGED_CERTIFICATES = {
    "another name": lambda one: one["credentialSubject"]["identifier"][0].update(identityHash="이도둑"),
    "another issuer": lambda one: one["issuer"].update(id="did:web:forger.example"),
    "the signing key swapped": lambda one: one["proof"].update(
        verificationMethod="did:web:forger.example#z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    ),
}


@pytest.mark.parametrize("change", FORGED_CERTIFICATES.values(), ids=FORGED_CERTIFICATES.keys())
def test_a_forged_certificate_in_a_sound_presentation_is_refused_and_never_verified(
    change: Any, asking: Asking
) -> None:
    issued = asking.town.bound(asking.holder)
    change(issued.document.credential)
    asked = asking.asked()
    vp = asking.holder.presentation(asked, issued, world=asking.town.world)
    answer = asking.post(asked, {"certificate": [vp]})
    assert answer.status_code == 400
    assert asking.result()["verified"] is False


TOKENS = {
    "an answer to something else as well": lambda vp: {"certificate": [vp], "passport": [vp]},
    "an answer to something else instead": lambda vp: {"passport": [vp]},
    "no answer": lambda _vp: {"certificate": []},
    "two answers to one question": lambda vp: {"certificate": [vp, vp]},
    "a text": lambda _vp: {"certificate": ["eyJhbGciOiJub25lIn0.e30."]},
    "null": lambda _vp: {"certificate": [None]},
    "a certificate without its presentation": lambda vp: {"certificate": [vp["verifiableCredential"][0]]},
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
def test_an_answer_with_more_less_or_other_than_asked_is_refused(token: Any, asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    asking.refused(asking.post(asked, token(vp)))


def test_two_certificates_where_one_was_asked_for_are_refused(asking: Asking) -> None:
    asked = asking.asked()
    shown = [asking.town.bound(asking.holder) for _ in range(2)]
    vp = asking.holder.presentation(asked, *shown, world=asking.town.world)
    asking.refused(asking.post(asked, {"certificate": [vp]}))


def test_a_query_id_that_stands_twice_is_refused(asking: Asking) -> None:
    asked = asking.asked(response_mode="direct_post")
    vp = json.dumps(asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world))
    fields = {"vp_token": f'{{"certificate": [{vp}], "certificate": [{vp}]}}', "state": asked["state"]}
    asking.refused(asking.send(asked, data=fields))


def test_a_certificate_of_another_type_is_refused(asking: Asking) -> None:
    query = {
        "credentials": [{"id": "m", "format": "ldp_vc", "meta": {"type_values": [["MachineSafetyCertification"]]}}]
    }
    asked = asking.asked(dcql_query=query)
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    asking.refused(asking.post(asked, {"m": [vp]}))


def test_an_answer_that_is_not_encrypted_is_refused_where_that_was_asked_for(asking: Asking) -> None:
    asked = asking.asked(response_mode="direct_post.jwt")
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    plain = response.encode({"certificate": [vp]}, asked["state"])
    asking.refused(asking.send(asked, data=plain))


def test_an_answer_encrypted_to_another_key_is_refused(asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    other = deepcopy(asked)
    other["client_metadata"]["jwks"] = {"keys": [ResponseKey.generate().to_jwk()]}
    asking.refused(asking.send(asked, data=form(other, {"certificate": [vp]})))


def test_an_encrypted_answer_to_an_open_request_is_refused(asking: Asking) -> None:
    asked = asking.asked(response_mode="direct_post")
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    sealed = response.encrypt({"certificate": [vp]}, asked["state"], {"keys": [ResponseKey.generate().to_jwk()]})
    asking.refused(asking.send(asked, data=sealed))


@pytest.mark.parametrize("state", ["", "x", "another-state-that-nobody-gave"])
def test_a_state_that_nobody_gave_is_refused(state: str, asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    asking.refused(asking.post(asked, {"certificate": [vp]}, state=state))


def test_who_declines_without_the_state_is_not_heard(asking: Asking) -> None:
    asked = asking.asked()
    answer = asking.send(asked, data=response.encode_error("access_denied", "guessed"))
    assert answer.status_code == 400
    assert asking.result()["state"] == "opened"


def test_an_answer_that_comes_too_late_is_refused(asking: Asking, clock: Clock) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    clock.now = NOW + 601
    assert asking.post(asked, {"certificate": [vp]}).status_code == 400
    assert asking.result()["state"] == "expired"


GARBAGE = {
    "nothing": b"",
    "noise": b"\xff\xfe\x00garbage",
    "half a form": b"vp_token",
    "no JSON": b"vp_token=%7B&state=x",
    "deep JSON": b"vp_token=" + b"%5B" * 2000 + b"&state=x",
    "no JWE": b"response=a.b.c.d.e",
    "a JWE with other algorithms": b"response=eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0....",
    "the field twice": b"vp_token=%7B%7D&vp_token=%7B%7D",
    "both kinds of answer": b"vp_token=%7B%7D&response=a.b.c.d.e",
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_refused_and_never_breaks_the_service(body: bytes, asking: Asking) -> None:
    asked = asking.asked()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    asking.refused(asking.send(asked, content=body, headers=headers))


def test_a_refusal_tells_the_sender_nothing_of_what_was_wrong(asking: Asking) -> None:
    asked = asking.asked()
    issued = asking.town.bound(asking.holder)
    world = asking.town.world
    told = set()
    for change in ({"nonce": "n" * 43}, {"client_id": "redirect_uri:https://else.example"}):
        vp = asking.holder.presentation(asked, issued, world=world, **change)
        told.add(asking.post(asked, {"certificate": [vp]}).text)
    told.add(asking.send(asked, data={"vp_token": "{}", "state": "x"}).text)
    assert len(told) == 1
