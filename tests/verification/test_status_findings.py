"""What the status list makes of a certificate: states, dates, reasons, contradictions, other people's lists."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from jikin.anchoring.acts import PublishStatus, Rights, SetOperator
from jikin.anchoring.changes import Change, pack
from jikin.anchoring.memory import ACCOUNTS
from jikin.codec import bits
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.envelopes import jws
from jikin.status.array import State, StatusArray
from jikin.status.bitstring import Purpose, list_credential
from jikin.status.notes import Note, seal
from jikin.status.publication import Publication
from jikin.status.root import array_root
from jikin.values import Did, DidUrl, Digest, Json
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Finding, Outcome, Report, Weight
from jikin.verification.reporting import sentences, verdict
from jikin.verification.verifying import verify
from tests.shared_standards import standards
from tests.small_world import DAY, HOUR, LIST, MINUTE, OWNER, Issued, SmallWorld


def judged(world: SmallWorld, document: Document, policy: str = "public", at: int | None = None) -> Report:
    return verify(document, world.sources(), packaged(policy), world.time, at=at)


def of_status(report: Report) -> dict[str, Finding]:
    return {finding.code: finding for finding in report.findings if finding.code.startswith("status.")}


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld()


def test_a_revocation_is_told_with_both_dates_and_the_reason(world: SmallWorld) -> None:
    issued = world.issue()
    world.later(10 * DAY)
    effective = world.time - 3 * DAY
    world.set_state(issued, State.REVOKED, reason="부정행위 확인", effective=effective)
    recorded = world.time
    world.later(MINUTE)
    found = of_status(judged(world, issued.document))
    assert list(found) == ["status.revoked", "status.not-final", "status.reason"]
    assert found["status.revoked"].facts == {"effective": effective, "recorded": recorded}
    assert found["status.reason"].facts == {"reason": "부정행위 확인"}
    assert found["status.revoked"].as_of is not None


def test_without_the_receipt_the_reason_stays_closed_and_the_recorded_date_counts(world: SmallWorld) -> None:
    issued = world.issue()
    world.later(DAY)
    world.set_state(issued, State.REVOKED, effective=world.time - HOUR)
    found = of_status(judged(world, Document(issued.credential)))
    assert list(found) == ["status.revoked", "status.not-final", "status.reason-unavailable"]
    assert found["status.revoked"].facts["effective"] == world.time


def test_the_receipt_of_another_opens_nothing(world: SmallWorld) -> None:
    issued, other = world.issue(), world.issue("이다른")
    world.set_state(issued, State.REVOKED)
    found = of_status(judged(world, Document(issued.credential, other.receipt)))
    assert "status.reason" not in found
    assert "status.reason-unavailable" in found


def test_a_note_dated_after_its_own_epoch_is_left_aside(world: SmallWorld) -> None:
    issued = world.issue()
    world.set_state(issued, State.REVOKED, effective=world.time + DAY)
    found = of_status(judged(world, issued.document))
    assert found["status.revoked"].facts["effective"] == world.time
    assert "status.reason-unavailable" in found


def test_a_note_on_another_state_is_left_aside(world: SmallWorld) -> None:
    issued = world.issue()
    before = world.snapshot()
    lying = seal(Note(issued.index, 1, State.SUSPENDED, "nothing", world.time), before.lctx, issued.salt)
    array = StatusArray.all_valid(1 << 17).with_states({issued.index: State.REVOKED})
    publication = Publication.make(before.lctx, 1, array_root(before.lctx, array), [lying])
    changes = pack([Change(issued.index, 1)], 1 << 17)
    world.act(PublishStatus(world.issuer_id, LIST, before.head.head, publication.status_root(before.lctx), changes))
    world.publish_notes(publication)
    assert list(of_status(judged(world, issued.document))) == [
        "status.revoked",
        "status.not-final",
        "status.reason-unavailable",
    ]


def test_a_replaced_certificate_names_the_digest_of_the_new_one(world: SmallWorld) -> None:
    issued = world.issue()
    world.set_state(issued, State.REPLACED, reason="이름 정정", replacement=Digest(b"\x0c" * 32))
    report = judged(world, issued.document)
    assert Digest(b"\x0c" * 32).hex() in of_status(report)["status.reason"].detail
    assert verdict(report, "en") == "Replaced by a corrected certificate. Ask to see the new one."


def test_sentences_are_those_of_the_style_book(world: SmallWorld) -> None:
    issued = world.issue()
    world.set_state(issued, State.SUSPENDED)
    report = judged(world, issued.document)
    assert sentences(report, "ko")[0] == "효력이 정지된 증명서입니다. 2026년 9월 22일부터이며, 나중에 풀릴 수 있습니다."
    assert sentences(report, "en")[0] == "Suspended since 22 September 2026. This may be lifted later."
    world.set_state(issued, State.REVOKED)
    report = judged(world, issued.document)
    assert sentences(report, "ko")[0] == (
        "취소된 증명서입니다. 2026년 9월 22일부터 효력이 없습니다. 본인에게 새 증명서가 있는지 물어보세요."
    )
    assert "발급 기관이 적은 사유: 부정행위 확인" in sentences(report, "ko")


def test_an_end_becomes_final_seven_days_after_its_epoch_and_readers_say_when(world: SmallWorld) -> None:
    issued, suspended = world.issue(), world.issue("이다른")
    world.set_state(issued, State.REVOKED)
    recorded = world.time
    world.set_state(suspended, State.SUSPENDED)
    final = of_status(judged(world, issued.document))["status.not-final"]
    assert final.facts == {"final": recorded + 7 * DAY}
    assert "status.not-final" not in of_status(judged(world, suspended.document))  # nothing about it is final
    report = judged(world, issued.document)
    assert "2026년 9월 29일에 확정됩니다. 그 전에는 발급 기관과 인정 기관이 함께 되돌릴 수 있습니다." in sentences(
        report, "ko"
    )
    assert any(text.startswith("This becomes final on 29 September 2026.") for text in sentences(report, "en"))
    world.later(7 * DAY - HOUR)
    assert "status.not-final" in of_status(judged(world, issued.document))
    world.later(HOUR)
    assert list(of_status(judged(world, issued.document))) == ["status.revoked", "status.reason"]


# --- how old an answer may be ---


@pytest.mark.parametrize(
    ("policy", "seconds"), [("public", 900), ("strict", 300), ("archive", DAY), ("offline", 7 * DAY)]
)
def test_a_status_read_at_an_old_block_is_stale(world: SmallWorld, policy: str, seconds: int) -> None:
    issued = world.issue()
    session = world.sources().at_newest()
    block = world.chain.view().block
    young = verify(issued.document, session, packaged(policy), block.time + seconds)
    old = verify(issued.document, session, packaged(policy), block.time + seconds + 1)
    assert list(of_status(young)) == ["status.valid"]
    assert list(of_status(old)) == ["status.stale"]
    assert old.outcome is (Outcome.PASSED if policy == "offline" else Outcome.UNKNOWN)


def test_freshness_counts_from_the_block_of_the_look_and_not_from_the_last_change(world: SmallWorld) -> None:
    """A list that nobody changed for months is fresh; a change just before an old look makes that look no younger."""
    issued, other = world.issue(), world.issue("이다른")
    world.later(300 * DAY)
    assert list(of_status(judged(world, issued.document))) == ["status.valid"]
    world.set_state(other, State.SUSPENDED)
    session = world.sources().at_newest()
    looked = world.chain.view().block.time
    world.later(20 * MINUTE)
    world.set_state(other, State.VALID)  # the list moves on, and the session has not seen it
    late = verify(issued.document, session, packaged("public"), world.time)
    assert of_status(late)["status.stale"].facts == {"at": looked}
    assert late.outcome is Outcome.UNKNOWN


def test_what_was_revoked_stays_revoked_however_old_the_block(world: SmallWorld) -> None:
    issued, other = world.issue(), world.issue("이다른")
    world.set_state(issued, State.REVOKED)
    world.set_state(other, State.SUSPENDED)
    session = world.sources().at_newest()
    revoked = verify(issued.document, session, packaged("public"), world.time + DAY)
    suspended = verify(other.document, session, packaged("public"), world.time + DAY)
    assert "status.stale" not in of_status(revoked)
    assert {"status.suspended", "status.stale"} <= set(of_status(suspended))
    assert revoked.outcome is suspended.outcome is Outcome.FAILED


def test_a_clock_behind_the_chain_does_not_bring_back_what_was_revoked(world: SmallWorld) -> None:
    issued = world.issue()
    world.later(DAY)
    world.set_state(issued, State.REVOKED)
    report = verify(issued.document, world.sources(), packaged("public"), world.time - HOUR)
    assert "status.revoked" in of_status(report)


# --- was it valid then? ---


def test_whether_it_held_at_an_earlier_instant_is_answered_from_the_epochs(world: SmallWorld) -> None:
    issued = world.issue()
    anchored = world.time
    world.later(10 * DAY)
    world.set_state(issued, State.SUSPENDED)
    world.later(10 * DAY)
    world.set_state(issued, State.REVOKED, effective=world.time - DAY)
    world.later(MINUTE)

    def at(days: float) -> tuple[Outcome, list[str]]:
        report = judged(world, issued.document, at=anchored + int(days * DAY))
        return report.outcome, list(of_status(report))

    assert at(-1)[0] is Outcome.FAILED  # before validFrom
    assert at(5) == (Outcome.PASSED, ["status.valid", "status.ended-later"])
    assert at(12)[1][0] == "status.suspended"
    assert at(19.5)[1][0] == "status.revoked"  # recorded on day 20, effective from day 19
    report = judged(world, issued.document, at=anchored + 5 * DAY)
    assert verdict(report, "ko") == "진본입니다. 한빛직업능력원이 발급했고, 2026년 9월 27일에 유효했습니다."
    assert "물어본 때에는 유효했습니다. 2026년 10월 11일부터 효력이 없습니다." in sentences(report, "ko")


def test_it_did_not_exist_before_it_was_anchored(world: SmallWorld) -> None:
    unsecured, index = world.unsecured()
    signed_at = world.time
    world.later(DAY)
    issued = Issued(world.sign(unsecured), index, b"\x01" * 32)
    world.anchor(issued)
    report = judged(world, issued.document, at=signed_at + HOUR)
    assert report.outcome is Outcome.UNKNOWN
    assert "anchor.later" in {finding.code for finding in report.findings}


# --- contradictions ---


def lying_root(world: SmallWorld) -> Publication:
    """Publish an epoch whose status root stands for another array than its changes make."""
    before = world.snapshot()
    assert before.folded is not None
    array = before.folded.array.with_states({99: State.REVOKED})
    publication = Publication.make(before.lctx, before.epoch + 1, array_root(before.lctx, array), world.notes)
    changes = pack([Change(98, 2)], before.entries)
    world.act(PublishStatus(world.issuer_id, LIST, before.head.head, publication.status_root(before.lctx), changes))
    world.publish_notes(publication)
    return publication


def test_a_root_that_is_not_the_fold_is_a_contradiction_and_never_valid(world: SmallWorld) -> None:
    issued = world.issue()
    lying_root(world)
    report = judged(world, issued.document)
    assert report.outcome is Outcome.UNKNOWN
    assert list(of_status(report)) == ["status.contradiction"]


def test_a_contradiction_does_not_bring_back_what_was_revoked(world: SmallWorld) -> None:
    issued = world.issue()
    world.set_state(issued, State.REVOKED)
    lying_root(world)
    report = judged(world, issued.document)
    assert report.outcome is Outcome.FAILED
    assert {"status.contradiction", "status.revoked"} <= set(of_status(report))


def test_a_key_that_may_only_suspend_cannot_revoke(world: SmallWorld) -> None:
    issued = world.issue()
    suspender = ACCOUNTS[5]
    world.act(SetOperator(world.issuer_id, suspender, world.time + DAY, Rights.SUSPEND), OWNER)
    world.set_state(issued, State.SUSPENDED, account=suspender)
    assert "status.suspended" in of_status(judged(world, issued.document))
    world.set_state(issued, State.REVOKED)
    world.set_state(issued, State.SUSPENDED, account=suspender)  # void: what is revoked does not move
    assert "status.revoked" in of_status(judged(world, issued.document))


def test_a_file_that_proves_nothing_changes_no_verdict(world: SmallWorld) -> None:
    sound, revoked = world.issue(), world.issue("이다른")
    publication = world.set_state(revoked, State.REVOKED)
    files: dict[str, Any] = {
        "nonsense": [1, 2],
        "another array root": replace(publication, array_root=Digest(bytes(32))).to_json(),
        "an older epoch": Publication.make(world.snapshot().lctx, 7, publication.array_root, []).to_json(),
    }
    for what, file in files.items():
        world.web.put(f"https://certs.example/status/{LIST.raw.hex()}/notes", file)
        assert list(of_status(judged(world, sound.document))) == ["status.valid"], what
        assert list(of_status(judged(world, revoked.document))) == [
            "status.revoked",
            "status.not-final",
            "status.reason-unavailable",
        ], what


# --- strangers' lists ---

STRANGER = Ed25519Signer.from_seed(b"\x07" * 32)
LIST_URL = "https://stranger.example/lists/1"
ADVISORY = Weight.ADVISORY


def stranger(world: SmallWorld) -> tuple[Did, DidUrl]:
    did = Did(f"did:key:{world.multikey(STRANGER)}")
    return did, DidUrl(f"{did}#{did.identifier}")


def strangers_credential(world: SmallWorld, *, purpose: str = "revocation", index: str | int = "5") -> Document:
    did, method = stranger(world)
    unsecured = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": str(did),
        "credentialSubject": {"id": "did:example:holder"},
        "credentialStatus": {
            "id": f"{LIST_URL}#5",
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListIndex": index,
            "statusListCredential": LIST_URL,
        },
    }
    return Document(world.sign(unsecured, signer=STRANGER, method=method))


def strangers_list(
    world: SmallWorld, states: dict[int, State], *, signer: Ed25519Signer = STRANGER, until: int | None = None
) -> dict[str, Json]:
    did, _ = stranger(world)
    array = StatusArray.all_valid(1 << 17).with_states(states)
    unsecured = list_credential(
        array,
        url=LIST_URL,
        issuer=str(did),
        purpose=Purpose.REVOCATION,
        valid_from=world.time - DAY,
        valid_until=until,
    )
    name = world.multikey(signer)
    return dict(world.sign(unsecured, signer=signer, method=DidUrl(f"did:key:{name}#{name}")))


def strange(world: SmallWorld, document: Document, **sources: object) -> Report:
    return verify(document, world.sources(**sources), packaged("proof"), world.time)


def test_a_strangers_list_is_read_when_its_issuer_signed_it(world: SmallWorld) -> None:
    document = strangers_credential(world)
    world.web.put(LIST_URL, strangers_list(world, {}))
    for sources in ({}, {"registry": None}):
        assert strange(world, document, **sources).outcome is Outcome.PASSED
    world.web.put(LIST_URL, strangers_list(world, {5: State.REVOKED}))
    report = strange(world, document)
    assert report.outcome is Outcome.FAILED
    assert verdict(report, "en") == "Revoked. It has no effect. Ask the holder for a newer one."


def test_a_strangers_list_that_is_no_evidence_cannot_tell(world: SmallWorld) -> None:
    document = strangers_credential(world)
    signed = strangers_list(world, {})
    subject: Any = signed["credentialSubject"]
    plain = {name: value for name, value in signed.items() if name != "proof"}
    suspending = {**plain, "credentialSubject": {**subject, "statusPurpose": "suspension"}}
    lists: dict[str, Any] = {
        "signed by somebody else": strangers_list(world, {}, signer=Ed25519Signer.from_seed(b"\x08" * 32)),
        "changed after it was signed": {**signed, "validFrom": "2020-01-01T00:00:00Z"},
        "without proof": plain,
        "for another purpose": world.sign(suspending, signer=STRANGER, method=stranger(world)[1]),
        "past its own date": strangers_list(world, {}, until=world.time),
        "no credential": {"encodedList": subject["encodedList"]},
        "no object": [],
    }
    for what, listed in lists.items():
        world.web.put(LIST_URL, listed)
        report = strange(world, document)
        assert report.outcome is Outcome.UNKNOWN, what
        assert list(of_status(report)) == ["status.unreadable"], what
    assert len(lists) == 7


def test_a_strangers_list_that_is_out_of_reach_cannot_tell(world: SmallWorld) -> None:
    report = strange(world, strangers_credential(world))
    assert report.outcome is Outcome.UNKNOWN
    assert list(of_status(report)) == ["status.unreachable"]


# --- what lists in the field do otherwise ---


def odd_list(world: SmallWorld, *, data: bytes = bytes(1 << 14), **changes: Json) -> None:
    """Publish a list of the stranger's that says *data*, with some members of its own."""
    signed = strangers_list(world, {})
    subject: Any = signed["credentialSubject"]
    plain = {name: value for name, value in signed.items() if name != "proof"}
    changed = {**plain, "credentialSubject": {**subject, "encodedList": bits.compress(data)}, **changes}
    world.web.put(LIST_URL, world.sign(changed, signer=STRANGER, method=stranger(world)[1]))


SHORT = bytes(12_500)  # 100,000 entries
SHORT_AND_SET = b"\x04" + bytes(12_499)  # entry 5
ODD: dict[str, tuple[Any, str | int, str]] = {
    "a list of 100,000 entries": ({"data": SHORT}, "5", "status.list-too-short"),
    "a list that calls itself otherwise": ({"id": "https://stranger.example/lists/2"}, "5", "status.list-id"),
    "an index that is a number": ({}, 5, "status.index-number"),
}
DEMANDING = {"proof": {"status.list-too-short", "status.index-number"}, "strict": {code for _, _, code in ODD.values()}}


@pytest.mark.parametrize("policy", ["public", "proof", "strict", "offline"])
@pytest.mark.parametrize(("changes", "index", "code"), ODD.values(), ids=ODD.keys())
def test_what_a_list_does_otherwise_is_told_beside_what_it_says(
    world: SmallWorld, changes: Any, index: str | int, code: str, policy: str
) -> None:
    odd_list(world, **changes)
    report = verify(strangers_credential(world, index=index), world.sources(), packaged(policy), world.time)
    found = of_status(report)
    assert list(found) == ["status.valid", code]
    assert found[code].outcome is Outcome.UNKNOWN
    required = code in DEMANDING.get(policy, set())
    assert found[code].weight is (Weight.REQUIRED if required else Weight.ADVISORY)


def test_only_a_policy_that_demands_the_recommendation_cannot_tell_by_a_short_list(world: SmallWorld) -> None:
    odd_list(world, data=SHORT)
    document = strangers_credential(world)
    lenient = replace(packaged("proof"), weights={**packaged("proof").weights, "status.list-too-short": ADVISORY})
    assert strange(world, document).outcome is Outcome.UNKNOWN
    assert verify(document, world.sources(), lenient, world.time).outcome is Outcome.PASSED


def test_a_short_list_still_says_what_is_revoked(world: SmallWorld) -> None:
    odd_list(world, data=SHORT_AND_SET)
    report = strange(world, strangers_credential(world))
    assert report.outcome is Outcome.FAILED
    assert list(of_status(report)) == ["status.revoked", "status.list-too-short"]


def test_a_place_beyond_a_short_list_is_not_valid(world: SmallWorld) -> None:
    odd_list(world, data=SHORT)
    report = verify(strangers_credential(world, index="100000"), world.sources(), packaged("public"), world.time)
    assert list(of_status(report)) == ["status.unreadable"]


def test_a_list_that_has_no_name_deviates_from_nothing(world: SmallWorld) -> None:
    signed = strangers_list(world, {})
    unnamed = {name: value for name, value in signed.items() if name not in {"proof", "id"}}
    world.web.put(LIST_URL, world.sign(unnamed, signer=STRANGER, method=stranger(world)[1]))
    assert list(of_status(strange(world, strangers_credential(world)))) == ["status.valid"]


def test_our_own_list_answers_for_an_index_that_is_a_number(world: SmallWorld) -> None:
    unsecured, index = world.unsecured()
    stated: Any = unsecured["credentialStatus"]
    entries = [{**entry, "statusListIndex": index} for entry in (stated if isinstance(stated, list) else [stated])]
    issued = Issued(world.sign({**unsecured, "credentialStatus": entries}), index, b"\x01" * 32)
    world.anchor(issued)
    found = of_status(judged(world, issued.document))
    assert list(found) == ["status.valid", "status.index-number"]
    assert judged(world, issued.document).outcome is Outcome.PASSED
    assert judged(world, issued.document, "strict").outcome is Outcome.UNKNOWN


def test_two_purposes_at_one_place_of_a_strangers_list_are_two_questions(world: SmallWorld) -> None:
    _, method = stranger(world)
    plain = {name: value for name, value in strangers_credential(world).credential.items() if name != "proof"}
    entry: Any = plain["credentialStatus"]
    both = [{**entry, "id": f"{LIST_URL}#m", "statusPurpose": "message"}, entry]
    document = Document(world.sign({**plain, "credentialStatus": both}, signer=STRANGER, method=method))
    signed = strangers_list(world, {5: State.REVOKED})
    subject: Any = signed["credentialSubject"]
    listed = {name: value for name, value in signed.items() if name != "proof"}
    listed["credentialSubject"] = {**subject, "statusPurpose": ["message", "revocation"]}
    world.web.put(LIST_URL, world.sign(listed, signer=STRANGER, method=method))
    report = strange(world, document)
    assert list(of_status(report)) == ["status.valid", "status.revoked"]
    assert report.outcome is Outcome.FAILED


def test_a_list_of_the_older_kind_answers_for_an_entry_of_the_older_kind(world: SmallWorld) -> None:
    did, method = stranger(world)
    older = "https://w3id.org/vc/status-list/2021/v1"
    base: dict[str, Json] = {
        "@context": ["https://www.w3.org/2018/credentials/v1", older, "https://w3id.org/security/data-integrity/v2"],
        "issuer": str(did),
        "issuanceDate": "2024-01-01T00:00:00Z",
    }
    entry = {
        "id": f"{LIST_URL}#5",
        "type": "StatusList2021Entry",
        "statusPurpose": "revocation",
        "statusListIndex": "5",
        "statusListCredential": LIST_URL,
    }
    unsecured = {
        **base,
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "did:example:holder"},
        "credentialStatus": entry,
    }
    document = Document(world.sign(unsecured, signer=STRANGER, method=method))

    def published(data: bytes) -> Report:
        listed = {
            **base,
            "id": LIST_URL,
            "type": ["VerifiableCredential", "StatusList2021Credential"],
            "credentialSubject": {
                "id": f"{LIST_URL}#list",
                "type": "StatusList2021",
                "statusPurpose": "revocation",
                "encodedList": bits.compress(data)[1:],
            },
        }
        world.web.put(LIST_URL, world.sign(listed, signer=STRANGER, method=method))
        return strange(world, document)

    assert published(bytes(1 << 14)).outcome is Outcome.PASSED
    assert "status.revoked" in of_status(published(b"\x04" + bytes((1 << 14) - 1)))


def test_a_message_bit_is_no_revocation(world: SmallWorld) -> None:
    _, method = stranger(world)
    listed = strangers_list(world, {5: State.REVOKED})
    subject: Any = listed["credentialSubject"]
    plain = {name: value for name, value in listed.items() if name != "proof"}
    changed = {**plain, "credentialSubject": {**subject, "statusPurpose": "refresh"}}
    world.web.put(LIST_URL, world.sign(changed, signer=STRANGER, method=method))
    assert strange(world, strangers_credential(world, purpose="refresh")).outcome is Outcome.PASSED


# --- envelopes, and lists of other makers ---


def in_jwt(world: SmallWorld, document: Json, *, quoted: bool) -> str:
    """Return *document* as a VC-JWT 1.1 of the stranger's, its ``iss`` in quotation marks or not."""
    did, method = stranger(world)
    claims = {"iss": f'"{did}"' if quoted else str(did), "vc": document}
    return jws.sign(jws.write(claims), STRANGER, {"typ": "JWT", "kid": str(method)})


def bare(document: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in document.items() if name != "proof"}


@pytest.mark.parametrize("quoted", [False, True])
def test_a_strangers_list_may_come_in_a_jwt(world: SmallWorld, quoted: bool) -> None:
    token = in_jwt(world, bare(strangers_list(world, {6: State.REVOKED})), quoted=quoted)
    world.web.files[LIST_URL] = token.encode()
    report = strange(world, strangers_credential(world))
    assert report.outcome is Outcome.PASSED
    assert ("model.issuer-quoted" in {finding.code for finding in report.findings}) is quoted
    assert "status.revoked" in of_status(strange(world, strangers_credential(world, index="6")))
    world.web.files[LIST_URL] = (token[:-8] + "AAAAAAAA").encode()
    assert list(of_status(strange(world, strangers_credential(world)))) == ["status.unreadable"]


@pytest.mark.parametrize(("policy", "weight"), [("public", Weight.ADVISORY), ("strict", Weight.REQUIRED)])
@pytest.mark.parametrize("quoted", [False, True])
def test_an_issuer_in_quotation_marks_is_told_as_the_policy_weighs_it(
    world: SmallWorld, quoted: bool, policy: str, weight: Weight
) -> None:
    document = Document.of(in_jwt(world, bare(strangers_credential(world).credential), quoted=quoted))
    world.web.put(LIST_URL, strangers_list(world, {}))
    report = verify(document, world.sources(), packaged(policy), world.time)
    told = [finding for finding in report.findings if finding.code == "model.issuer-quoted"]
    assert [finding.weight for finding in told] == ([weight] if quoted else [])
    assert {"model.valid", "proof.valid", "key.valid"} <= {finding.code for finding in report.findings}


DCC_SAMPLES = {
    "v2EddsaWithValidStatus": "status.valid",
    "v2WithValidStatus": "status.valid",
    "v1WithValidStatus": "status.valid",
    "v1Revoked": "status.revoked",
}


@pytest.mark.parametrize(("name", "code"), DCC_SAMPLES.items(), ids=DCC_SAMPLES.keys())
@pytest.mark.parametrize("policy", ["public", "strict"])
def test_credentials_of_the_digital_credentials_consortium_are_judged_by_their_own_list(
    world: SmallWorld, name: str, code: str, policy: str
) -> None:
    folder = standards() / "real-samples" / "dcc"
    document = json.loads((folder / f"{name}.json").read_text())
    world.web.put(
        document["credentialStatus"]["statusListCredential"],
        json.loads((folder / "status-list-e5WK8CbZ1GjycuPombrj.json").read_text()),
    )
    report = verify(Document(document), world.sources(registry=None), packaged(policy), world.time)
    found = of_status(report)
    assert list(found) == [code, "status.list-too-short", "status.list-id"]
    weight = Weight.REQUIRED if policy == "strict" else Weight.ADVISORY
    assert {found[note].weight for note in ("status.list-too-short", "status.list-id")} == {weight}
    assert {"model.valid", "proof.valid", "key.valid"} <= {finding.code for finding in report.findings}
