"""Owner and accreditor take revocations back within seven days; afterwards everybody sees a valid certificate again."""

from __future__ import annotations

import json

import pytest
from rich.console import Console
from sqlalchemy import delete

from issuer import annulling, epochs, releasing
from issuer.checking import Checker
from issuer.commands.annul import annul as annul_command
from issuer.commands.common import Invocation, Terminal
from issuer.store import audit as audit_log
from issuer.store import batches, institutions
from issuer.store.batches import CredentialState
from issuer.store.tables import keys as keys_table
from issuer.texts import Words
from jikin.anchoring.acts import Rights
from jikin.credentials.record import NumberRecord
from jikin.errors import JikinError, OfficeError
from jikin.status.array import State
from jikin.status.fold import FINAL_AFTER_SECONDS
from jikin.status.snapshot import StatusSnapshot
from jikin.values import CertificateNumber
from tests.issuer.test_correcting import correct, publish
from tests.issuing_office import Bureau, rows


@pytest.fixture
def numbers(bureau: Bureau) -> list[CertificateNumber]:
    """Return the numbers of three released certificates."""
    return bureau.numbers(bureau.issue(rows(3)))


def end(bureau: Bureau, numbers: list[CertificateNumber], state: State = State.REVOKED) -> None:
    reason = "issued-in-error" if state is State.REVOKED else "under-investigation"
    epochs.publish(bureau.office, bureau.approve(bureau.request(numbers, state, reason)).task.id)


def stored(bureau: Bureau, number: CertificateNumber) -> CredentialState:
    with bureau.office.database.read() as connection:
        found = batches.by_number(connection, number.symbols)
    assert found is not None
    return found.state


def snapshot(bureau: Bureau) -> StatusSnapshot:
    with bureau.office.database.read() as connection:
        (one,) = institutions.every_status_list(connection, bureau.institution.id)
    found = StatusSnapshot.read(bureau.chain.view(), bureau.institution.issuer_id, one.list_id)
    assert found is not None
    return found


def objections(bureau: Bureau, number: CertificateNumber) -> tuple[str, ...]:
    """Return what a stranger who holds certificate and receipt is told."""
    with bureau.office.database.read() as connection:
        found = batches.by_number(connection, number.symbols)
        assert found is not None
        batch = batches.by_id(connection, found.batch_id)
    (one,) = releasing.issued(bureau.office, bureau.institution, batch, [found])
    return Checker.of(bureau.office, bureau.institution).objections(one.document)


def annul(bureau: Bureau, numbers: list[CertificateNumber]) -> annulling.Annulled:
    (done,) = annulling.annul(bureau.office, bureau.institution, numbers)
    return done


def refused(bureau: Bureau, numbers: list[CertificateNumber]) -> str:
    with pytest.raises(OfficeError) as error:
        annulling.annul(bureau.office, bureau.institution, numbers)
    return error.value.code


def test_what_was_revoked_is_valid_again_for_everybody(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    end(bureau, numbers[:2])
    assert [objections(bureau, number) for number in numbers] == [("status.revoked",), ("status.revoked",), ()]
    done = annul(bureau, numbers[:1])
    assert done.numbers == (numbers[0],)
    assert done.block == snapshot(bureau).epochs[1].block
    assert snapshot(bureau).epochs[1].rights == Rights.ANNUL
    assert [objections(bureau, number) for number in numbers] == [(), ("status.revoked",), ()]
    assert [stored(bureau, number) for number in numbers[:2]] == [CredentialState.RELEASED, CredentialState.REVOKED]
    record = bureau.office.public(bureau.institution).path / "n" / numbers[0].symbols
    assert NumberRecord.parse(json.loads(record.read_text())).effective is None


def test_the_log_of_acts_has_it(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    end(bureau, numbers[:1])
    annul(bureau, numbers[:1])
    with bureau.office.database.read() as connection:
        last = audit_log.entries(connection)[-1]
    assert (last.act, last.detail) == ("revocation annulled", {"epoch": 2, "changes": 1})


def test_it_can_be_revoked_once_more_afterwards(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    end(bureau, numbers[:1])
    annul(bureau, numbers[:1])
    end(bureau, numbers[:1])
    assert objections(bureau, numbers[0]) == ("status.revoked",)
    assert snapshot(bureau).epoch == 3


def test_after_seven_days_it_is_refused_and_nothing_is_sent(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    end(bureau, numbers[:1])
    bureau.clock.now = snapshot(bureau).epochs[0].time + FINAL_AFTER_SECONDS
    bureau.chain.mine()
    assert refused(bureau, numbers[:1]) == "office.final"
    assert snapshot(bureau).epoch == 1


def test_in_the_last_second_it_is_still_taken_back(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    end(bureau, numbers[:1])
    bureau.clock.now = snapshot(bureau).epochs[0].time + FINAL_AFTER_SECONDS - 1
    bureau.chain.mine()
    annul(bureau, numbers[:1])
    assert objections(bureau, numbers[0]) == ()


@pytest.mark.parametrize("suspended", [False, True])
def test_what_has_not_ended_is_not_taken_back(
    bureau: Bureau, numbers: list[CertificateNumber], suspended: bool
) -> None:
    if suspended:
        end(bureau, numbers[:1], State.SUSPENDED)
    before = snapshot(bureau).epoch
    assert refused(bureau, numbers[:1]) == "office.state"
    assert snapshot(bureau).epoch == before


def test_what_another_certificate_took_the_place_of_is_not_taken_back(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    """Two valid certificates that do not say the same would be about one person."""
    publish(bureau, correct(bureau, numbers[0], name_en="Kim Haneul"))
    assert stored(bureau, numbers[0]) is CredentialState.REPLACED
    end(bureau, numbers[1:2])
    epoch = snapshot(bureau).epoch
    assert refused(bureau, numbers[:1]) == refused(bureau, numbers[:2]) == "office.state"
    assert snapshot(bureau).epoch == epoch
    assert objections(bureau, numbers[0]) != ()


def test_a_number_of_nobody_is_refused(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    stranger = CertificateNumber.random(2026, "KR12")
    assert refused(bureau, [stranger]) == "office.number-unknown"


def test_an_office_that_was_cut_off_after_sending_finishes_without_sending_again(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    end(bureau, numbers[:1])
    with bureau.office.database.read() as connection:
        found = batches.by_number(connection, numbers[0].symbols)
    assert found is not None
    annul(bureau, numbers[:1])
    with bureau.office.database.write() as connection:  # as if it had been killed before this was noted
        batches.set_state(connection, [found.id], CredentialState.REVOKED)
    done = annul(bureau, numbers[:1])
    assert done.block is None
    assert snapshot(bureau).epoch == 2
    assert stored(bureau, numbers[0]) is CredentialState.RELEASED


def test_an_office_that_is_not_the_accreditor_cannot(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    end(bureau, numbers[:1])
    with bureau.office.database.write() as connection:
        connection.execute(delete(keys_table).where(keys_table.c.purpose == "accreditor"))
    assert refused(bureau, numbers[:1]) == "office.no-key"
    assert snapshot(bureau).epoch == 1


def test_the_command_says_what_is_valid_again(
    bureau: Bureau, numbers: list[CertificateNumber], capsys: pytest.CaptureFixture[str]
) -> None:
    end(bureau, numbers[:2])
    plain = Terminal(bureau.office.settings, False, Words("en"), Console(stderr=True))
    annul_command(Invocation(plain, bureau.office), [str(numbers[0])])
    assert f"Valid again: {numbers[0]}" in capsys.readouterr().out
    for_programs = Terminal(bureau.office.settings, True, Words("en"), Console(stderr=True))
    annul_command(Invocation(for_programs, bureau.office), [str(numbers[1])])
    said = json.loads(capsys.readouterr().out)
    assert said == {"annulled": [{"numbers": [str(numbers[1])], "block": snapshot(bureau).epochs[-1].block}]}
    with pytest.raises(JikinError):
        annul_command(Invocation(plain, bureau.office), [str(numbers[0])])
