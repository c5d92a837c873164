"""SIGKILL at every step, then the same command again: anchored once, nothing lost, nothing doubled.

The parent watches what is durable in the database and kills the command, a process of its own, when a given state is
reached. Against a Hardhat node, with the real job library. Every other step, before and after its commit, is killed in
`tests/faults`; here a person gives the same command again.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from issuer import app
from issuer.office import ANCHORING, Office
from issuer.settings import Settings
from issuer.store import batches, transactions
from issuer.store.batches import BatchState, CredentialState
from issuer.store.transactions import TransactionState
from jikin.anchoring.devchain import HardhatNode
from jikin.values import Address
from jikin.values.settings import Secret
from tests.issuing_office import TYPE, rows
from tests.office_command import Commands, set_up

pytestmark = pytest.mark.chain
COUNT = 24


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory, hardhat: HardhatNode) -> Commands:
    """Return the commands of one office for all these tests; every test issues a list of its own."""
    made = Commands(tmp_path_factory.mktemp("killed") / "office", hardhat.url, {"JIKIN_SIGN_CHUNK": "4"})
    set_up(made)
    return made


# The newest batch b, with its transaction t if there is one.
NEWEST = (
    "SELECT count(*) FROM batches b LEFT JOIN transactions t ON t.batch_id = b.id "
    "WHERE b.id = (SELECT max(id) FROM batches) AND b.id = ? AND ({point})"
)
SIGNED = "SELECT count(*) FROM credentials c WHERE c.batch_id = b.id AND c.state = 'signed'"
POINTS: dict[str, str] = {
    "the rows are stored": "b.state = 'accepted'",
    "some are signed": f"b.state = 'reserved' AND ({SIGNED}) BETWEEN 4 AND 20",
    "the transaction is sent": "b.state = 'planted' AND t.state = 'sent'",
    "they are released and not yet printed": "b.state = 'released'",
}


def opened(commands: Commands) -> Office:
    settings = Settings(data=commands.data, rpc_url=commands.rpc_url, passphrase=Secret("unused"))
    return app.build(settings)


def anchored(office: Office) -> int:
    """Return how many roots the institution has anchored, as the registry counts them."""
    institution = office.institution()
    account = Address.parse(office.key(institution, ANCHORING).public)
    record = office.chain.registry.view().operator(institution.issuer_id, account)
    assert record is not None
    return record.sequence


@pytest.mark.parametrize("point", POINTS)
def test_a_command_that_was_killed_is_finished_by_the_next_one(commands: Commands, tmp_path: Path, point: str) -> None:
    source = tmp_path / "results.csv"
    source.write_bytes(rows(COUNT, first=list(POINTS).index(point) * 1000 + 1))
    with opened(commands) as office:
        before = anchored(office)
        with office.database.read() as connection:
            number = len(batches.every(connection, office.institution().id)) + 1

    question = NEWEST.format(point=POINTS[point])
    issue = ("issue", "--type", TYPE, source, "--no-pdf")
    killed = commands.kill_when(question, (number,), *issue)
    assert killed, "the command ended before the state was seen"

    told = commands.succeed(*issue)
    assert (told["batch"], told["state"], told["issued"]) == (number, "released", COUNT)
    with opened(commands) as office:
        assert anchored(office) == before + 1
        with office.database.read() as connection:
            credentials = batches.credentials_of(connection, number)
            known = [one for one in transactions.every(connection) if one.state is not TransactionState.REPLACED]
            assert batches.by_id(connection, number).state is BatchState.RELEASED
        public = office.public(office.institution()).path
    assert {one.state for one in credentials} == {CredentialState.RELEASED}
    assert len({one.number for one in credentials}) == len(credentials) == COUNT
    assert len({one.place for one in credentials}) == COUNT
    assert len({one.prepared.hash for one in known}) == len(known)
    assert len(list(Path(told["folder"]).glob("*.receipt.json"))) == COUNT
    assert all((public / "n" / one.number).is_file() for one in credentials)


EPOCH_POINTS: dict[str, str] = {
    "the epoch is stored": "SELECT count(*) FROM epochs WHERE task_id = ? AND state = 'prepared'",
    "the transaction is sent": (
        "SELECT count(*) FROM epochs e JOIN transactions t ON t.epoch_id = e.id "
        "WHERE e.task_id = ? AND t.state = 'sent'"
    ),
}


@pytest.mark.parametrize("point", EPOCH_POINTS)
def test_an_approval_that_was_killed_is_published_once_by_the_next_one(
    commands: Commands, tmp_path: Path, point: str
) -> None:
    source = tmp_path / "results.csv"
    source.write_bytes(rows(1, first=900_000 + list(EPOCH_POINTS).index(point)))
    issued = commands.succeed("issue", "--type", TYPE, source, "--no-pdf")
    number = issued["certificates"][0]["number"]
    (task,) = commands.succeed("revoke", number, "--reason", "forged-evidence", "--officer", "park")["tasks"]
    with opened(commands) as office:
        epoch = head(office)

    killed = commands.kill_when(EPOCH_POINTS[point], (task["task"],), "approve", task["task"], "--officer", "lee")
    assert killed, "the command ended before the state was seen"

    (done,) = commands.succeed("approve", task["task"], "--officer", "lee")["tasks"]
    assert done["state"] == "done"
    with opened(commands) as office:
        assert head(office) == epoch + 1


def head(office: Office) -> int:
    from issuer.store import institutions

    institution = office.institution()
    with office.database.read() as connection:
        (one,) = institutions.every_status_list(connection, institution.id)
    (found,) = office.chain.registry.view().status_heads(institution.issuer_id, [one.list_id])
    assert found is not None
    return found.epoch
