"""A type that chose a second, post-quantum signature: two keys, two proofs, one leaf over both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from issuer import accrediting, releasing, signing
from issuer.checking import Checker
from issuer.office import ASSERTION, POST_QUANTUM
from jikin.anchoring.digest import credential_digest
from jikin.codec import multikey
from jikin.credentials import loading
from jikin.credentials.types import CredentialTypes, read_type
from jikin.errors import CredentialError, OfficeError
from jikin.proofs import securing
from jikin.values import DidUrl, KeyId, KeyType
from jikin.verification import policy
from jikin.verification.document import Document
from jikin.verification.gathering import gather_reading
from jikin.verification.judging import judge_reading
from jikin.verification.reading import read
from jikin.verification.report import Outcome, Report
from tests.issuing_office import NEW, TYPE, Bureau, rows

SUITES = ("mldsa44-jcs-2024", "mldsa44-rdfc-2024")


def hybrid(bureau: Bureau, suite: str) -> Bureau:
    """Return the same office after its type chose *suite*, set up again as the command does it."""
    types = CredentialTypes(
        [replace(kind, second_suite=suite) if kind.id == TYPE else kind for kind in bureau.office.types]
    )
    office = replace(bureau.office, types=types)
    accrediting.register(office, accrediting.prepare(office, NEW))
    return replace(bureau, office=office)


def issued(bureau: Bureau, count: int = 2) -> list[releasing.Issued]:
    batch = bureau.issue(rows(count))
    return releasing.issued(bureau.office, bureau.institution, batch, bureau.credentials(batch))


def judged(bureau: Bureau, document: Document, name: str) -> Report:
    checker = Checker.of(bureau.office, bureau.institution)
    reading = read(document, checker.suites)
    evidence = gather_reading(reading, checker.session)
    return judge_reading(reading, evidence, policy.packaged(name), checker.suites, bureau.clock())


def proofs_of(document: Document) -> list[dict[str, Any]]:
    assert isinstance(document.credential, Mapping)
    found: Any = document.credential["proof"]
    return [dict(one) for one in found]


@pytest.mark.parametrize("suite", SUITES)
def test_certificates_of_a_hybrid_type_pass_with_and_without_quantum_computers(bureau: Bureau, suite: str) -> None:
    office = hybrid(bureau, suite)
    for one in issued(office):
        assert [proof["cryptosuite"] for proof in proofs_of(one.document)] == ["eddsa-rdfc-2022", suite]
        for name in ("public", "post-quantum"):
            assert judged(office, one.document, name).outcome is Outcome.PASSED


def test_both_keys_are_registered_and_published_and_each_signs_under_its_own_name(bureau: Bureau) -> None:
    office = hybrid(bureau, SUITES[0])
    keys = [office.office.key(office.institution, purpose).public for purpose in (ASSERTION, POST_QUANTUM)]
    assert [multikey.decode(key).type for key in keys] == [KeyType.ED25519, KeyType.ML_DSA_44]
    view = office.office.chain.registry.view()
    windows = [view.key_window(office.institution.issuer_id, KeyId.of(key)) for key in keys]
    assert all(window is not None and not window.retired_at for window in windows)
    folder = office.office.public(office.institution).path
    published = json.loads((folder / ".well-known" / "did.json").read_bytes())
    assert [method["publicKeyMultibase"] for method in published["verificationMethod"]] == keys
    (one,) = issued(office, 1)
    assert [DidUrl(proof["verificationMethod"]).fragment for proof in proofs_of(one.document)] == keys


def test_the_leaf_covers_both_signatures_in_their_order(bureau: Bureau) -> None:
    office = hybrid(bureau, SUITES[0])
    (one,) = issued(office, 1)
    assert isinstance(one.document.credential, Mapping)
    stated = securing.statements(one.document.credential, office.office.suites)
    assert len(stated) == 2
    assert one.credential.digest == credential_digest(stated)
    assert one.credential.digest != credential_digest(stated[:1])
    assert one.credential.digest != credential_digest(stated[::-1])


def test_a_signature_taken_away_is_missed(bureau: Bureau) -> None:
    office = hybrid(bureau, SUITES[0])
    (one,) = issued(office, 1)
    assert isinstance(one.document.credential, Mapping)
    for kept in proofs_of(one.document):
        alone = replace(one.document, credential={**one.document.credential, "proof": kept})
        assert judged(office, alone, "post-quantum").outcome is not Outcome.PASSED
        assert judged(office, alone, "public").outcome is not Outcome.PASSED  # the anchored digest names both


@pytest.mark.parametrize("place", [0, 1])
def test_a_signature_by_the_other_key_fails(bureau: Bureau, place: int) -> None:
    office = hybrid(bureau, SUITES[0])
    first, second = issued(office)
    proofs = proofs_of(first.document)
    proofs[place] = proofs_of(second.document)[place]
    assert isinstance(first.document.credential, Mapping)
    mixed = replace(first.document, credential={**first.document.credential, "proof": proofs})
    report = judged(office, mixed, "public")
    assert report.outcome is Outcome.FAILED
    assert "proof.mismatch" in {finding.code for finding in report.findings}


def test_a_type_without_a_second_suite_keeps_one_proof_object_and_one_key(bureau: Bureau) -> None:
    (one,) = issued(bureau, 1)
    assert isinstance(one.document.credential, Mapping)
    assert isinstance(one.document.credential["proof"], Mapping)
    with pytest.raises(OfficeError, match=POST_QUANTUM):
        bureau.office.key(bureau.institution, POST_QUANTUM)


def test_an_institution_without_the_second_key_signs_nothing_of_a_hybrid_type(bureau: Bureau) -> None:
    kind = replace(bureau.office.types.named(TYPE), second_suite=SUITES[0])
    with pytest.raises(OfficeError) as refused:
        signing.seals(bureau.office, bureau.institution, "eddsa-rdfc-2022", kind)
    assert refused.value.code == "office.no-key"


def test_shipped_types_are_not_hybrid() -> None:
    """Some verifiers refuse an array of proofs: a second signature is a choice, never the default."""
    assert {kind.second_suite for kind in CredentialTypes.packaged()} == {None}


def with_second_suite(value: object) -> loading.Folder:
    """Return the folder of the type with another ``second_suite``."""
    (folder,) = [one for one in loading.packaged_folders() if one.name == TYPE]

    def read_changed(name: str) -> bytes:
        data = folder.read(name)
        return json.dumps({**json.loads(data), "second_suite": value}).encode() if name == "type.json" else data

    return loading.Folder(folder.name, read_changed)


@pytest.mark.parametrize("suite", SUITES)
def test_a_type_may_choose_a_post_quantum_suite(suite: str) -> None:
    assert read_type(with_second_suite(suite)).second_suite == suite


@pytest.mark.parametrize("value", ["eddsa-rdfc-2022", "mldsa44", "", 1, ["mldsa44-jcs-2024"], {}])
def test_a_second_suite_that_is_none_is_refused_with_the_file_at_fault(value: object) -> None:
    with pytest.raises(CredentialError, match=r"type\.json"):
        read_type(with_second_suite(value))
