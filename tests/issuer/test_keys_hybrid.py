"""Where a type has a second signature, its key lives a life of its own beside the first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from issuer import accrediting, releasing, signing, signing_keys
from issuer.checking import Checker
from issuer.office import ASSERTION, POST_QUANTUM
from issuer.store.keys import KeyState
from jikin.credentials.types import CredentialTypes
from jikin.errors import OfficeError
from tests.codes import code_of
from tests.issuing_office import NEW, TYPE, Bureau, rows


@pytest.fixture
def hybrid(bureau: Bureau) -> Bureau:
    types = [replace(one, second_suite="mldsa44-jcs-2024") if one.id == TYPE else one for one in bureau.office.types]
    office = replace(bureau.office, types=CredentialTypes(types))
    accrediting.register(office, accrediting.prepare(office, NEW))
    return replace(bureau, office=office)


def objections(bureau: Bureau, one: releasing.Issued) -> tuple[str, ...]:
    return Checker.of(bureau.office, bureau.institution).objections(one.document)


def issued(bureau: Bureau, first: int) -> releasing.Issued:
    batch = bureau.issue(rows(1, first), f"list {first}")
    (one,) = releasing.issued(bureau.office, bureau.institution, batch, bureau.credentials(batch))
    return one


def test_the_second_key_is_followed_and_retired_while_the_first_stays(hybrid: Bureau) -> None:
    office, institution = hybrid.office, hybrid.institution
    first, second = (office.key(institution, purpose) for purpose in (ASSERTION, POST_QUANTUM))
    before = issued(hybrid, 1)
    hybrid.clock.now += 3600
    following = signing_keys.rotate(office, institution, purpose=POST_QUANTUM)
    assert signing.public_keys(office, institution) == (first.public, following.public)
    after = issued(hybrid, 2)
    hybrid.clock.now += 3600
    hybrid.chain.mine()
    assert signing_keys.retire(office, institution, second.public).state is KeyState.RETIRED
    assert [objections(hybrid, one) for one in (before, after)] == [(), ()]
    assert office.key(institution, ASSERTION) == first


def test_a_stolen_second_key_stops_hybrid_certificates_and_leaves_the_earlier_ones(hybrid: Bureau) -> None:
    office, institution = hybrid.office, hybrid.institution
    before = issued(hybrid, 1)
    hybrid.clock.now += 3600
    hybrid.chain.mine()
    stolen = office.key(institution, POST_QUANTUM)
    signing_keys.report_compromised(office, institution, stolen.public, hybrid.clock())
    assert objections(hybrid, before) == ()
    with pytest.raises(OfficeError) as caught:
        issued(hybrid, 2)
    assert caught.value.code == "office.no-key"
    signing_keys.rotate(office, institution, purpose=POST_QUANTUM)
    assert objections(hybrid, issued(hybrid, 3)) == ()


def test_no_key_of_another_kind_takes_the_place_of_the_second(hybrid: Bureau) -> None:
    made = hybrid.office.keys.new_signing_key()
    assert (
        code_of(lambda: signing_keys.rotate(hybrid.office, hybrid.institution, made.reference, purpose=POST_QUANTUM))
        == "office.key-kind"
    )
