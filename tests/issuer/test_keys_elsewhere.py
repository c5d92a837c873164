"""An office whose keys lie in a hardware token or with a remote signer issues as any other does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from issuer import development, ownership, signing_keys
from issuer.keyring import Elsewhere, KeyRing
from issuer.office import ANCHORING, ASSERTION, OWNER, STATUS, Office
from jikin.anchoring.devchain import HardhatNode
from jikin.errors import OfficeError, SignerUnavailableError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Address, KeyType
from jikin.verification.report import Outcome
from tests.codes import code_of
from tests.issuer.key_desk import Desk, open_desk
from tests.remote_signer import TOKEN, account_file, key_file, running
from tests.soft_token import SoftToken, soft_token

__all__ = ["soft_token"]
pytestmark = pytest.mark.chain
PASSED: tuple[Outcome, set[str]] = (Outcome.PASSED, set())


@pytest.fixture(scope="module")
def desk(hardhat: HardhatNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(hardhat, tmp_path_factory.mktemp("elsewhere") / "office") as opened:
        yield opened


def fund(office: Office, *accounts: str) -> None:
    development.fund(office.settings.rpc_url, [Address.parse(account) for account in accounts])


def test_a_token_signs_certificates_and_transactions_of_owner_and_operators(desk: Desk, soft_token: SoftToken) -> None:
    office, institution = desk.office, desk.institution
    signing = soft_token.make("e2e-signing", KeyType.ED25519)
    key = signing_keys.rotate(office, institution, signing)
    owner = ownership.new_owner(office, institution, soft_token.make("e2e-owner", KeyType.SECP256K1))
    fund(office, owner.public)
    ownership.replace_owner(office, institution, owner)
    for purpose in (ANCHORING, STATUS):
        reference = soft_token.make(f"e2e-{purpose}", KeyType.SECP256K1)
        operator = ownership.replace_operator(office, institution, purpose, reference)
        fund(office, operator.public)
    stored = {
        one.reference for one in (key, owner, office.key(institution, ANCHORING), office.key(institution, STATUS))
    }
    assert all(reference.startswith("pkcs11:") for reference in stored)
    document = desk.issue()
    assert key.public in str(desk.json(document)["proof"])
    assert desk.verdict(document) == PASSED
    record = office.chain.registry.view().issuer(institution.issuer_id)
    assert record is not None
    assert str(record.owner) == office.key(institution, OWNER).public == owner.public
    assert not office.chain.is_contract(record.owner)
    assert office.chain.is_contract(office.chain.registry.pins.registry)


def test_a_key_of_a_kind_that_the_offices_suite_does_not_take_is_refused(desk: Desk, soft_token: SoftToken) -> None:
    before = desk.office.key(desk.institution, ASSERTION)
    reference = soft_token.make("e2e-p256", KeyType.P256)
    assert code_of(signing_keys.rotate, desk.office, desk.institution, reference) == "office.key-kind"
    assert desk.office.key(desk.institution, ASSERTION) == before


def test_a_p256_key_in_a_token_signs_where_the_office_issues_with_ecdsa(desk: Desk, soft_token: SoftToken) -> None:
    settings = replace(desk.office.settings, suite="ecdsa-rdfc-2019")
    office = replace(desk.office, settings=settings)
    key = signing_keys.rotate(office, desk.institution, soft_token.make("e2e-ecdsa", KeyType.P256))
    own = Desk(office, desk.institution, desk.node, desk._lines)
    document = own.issue(own.accept("ecdsa-rdfc-2019"))
    assert key.public in str(own.json(document)["proof"])
    assert own.verdict(document) == PASSED
    signing_keys.rotate(desk.office, desk.institution)  # the next test's office signs with Ed25519


def with_remote(office: Office) -> Office:
    """Return the office with a token for its remote signer."""
    clock = 1_790_000_000
    elsewhere = Elsewhere(token=lambda: TOKEN, clock=lambda: clock)
    ring = KeyRing(office.keys.folder, office.keys.passphrase, office.keys.log2_cost, elsewhere)
    return replace(office, keys=ring)


def test_a_remote_signer_signs_certificates_and_anchors_and_a_stolen_token_adds_no_key(
    desk: Desk, tmp_path: Path
) -> None:
    pins, institution = desk.office.chain.registry.pins, desk.institution
    anchoring = account_file(tmp_path, "anchoring.json")
    keys = [
        {
            "name": "signing",
            "reference": key_file(tmp_path, "signing.pem", Ed25519Signer.generate()),
            "purposes": ["assertion"],
        },
        {"name": "anchoring", "reference": anchoring, "purposes": ["transaction"], "functions": ["anchor"]},
        {"name": "owner", "reference": anchoring, "purposes": ["transaction"], "functions": ["anchor"]},
    ]
    office = with_remote(desk.office)
    with running(tmp_path, keys, chain=str(pins.chain), registry=str(pins.registry)) as remote:
        key = signing_keys.rotate(office, institution, remote.door("signing").url)
        operator = ownership.replace_operator(office, institution, ANCHORING, remote.door("anchoring").url)
        fund(office, operator.public)
        own = Desk(office, institution, desk.node, desk._lines)
        document = own.issue()
        assert own.verdict(document) == PASSED
        assert key.public in str(own.json(document)["proof"])
        # Whoever has the office's token can have batches anchored; operators and keys stay out of reach.
        account = office.keys.account(remote.door("owner").url)
        with pytest.raises(SignerUnavailableError) as caught:
            account.sign_transaction(
                {
                    "type": 2,
                    "chainId": pins.chain.number,
                    "nonce": 0,
                    "to": pins.registry.raw,
                    "value": 0,
                    "data": bytes.fromhex("00000000"),
                    "gas": 1,
                    "maxFeePerGas": 1,
                    "maxPriorityFeePerGas": 1,
                }
            )
        assert caught.value.code == "signer.refused"
    # The signer is gone: nothing is issued, nothing is wrong, and the batch goes on when it is back.
    batch = own.accept()
    with pytest.raises(SignerUnavailableError):
        own.bureau.run(batch)
    signing_keys.rotate(desk.office, institution)
    ownership.replace_operator(desk.office, institution, ANCHORING)
    fund(desk.office, desk.office.key(institution, ANCHORING).public)
    assert desk.verdict(desk.issue(desk.bureau.batch(batch.id))) == PASSED


def test_a_reference_that_names_no_place_is_refused(desk: Desk) -> None:
    for reference in ("file:../secret", "vault:x", "signing.pem", "", "ftp://x/keys/a"):
        assert code_of(desk.office.keys.signer, reference) == "signer.reference"
        assert code_of(desk.office.keys.account, reference) == "signer.reference"
    with pytest.raises(OfficeError) as caught:
        desk.office.keys.account("file:nothing.json")
    assert caught.value.code == "office.file"
