"""did:ethr: an account, and what an ERC-1056 registry says became of it, in memory and on a real chain."""

from __future__ import annotations

import pytest
from coincurve import PrivateKey
from nacl.signing import SigningKey

from jikin.anchoring.erc1056 import AttributeChanged, DelegateChanged, OwnerChanged
from jikin.dids import accounts, ethr
from jikin.dids import document as documents
from jikin.dids.ethr import MAX_CHANGES, NOBODY, DidEthr
from jikin.dids.web_fetch import NoFetch
from jikin.values import Did, KeyType, PublicKey, format_instant
from tests.codes import code_of
from tests.erc1056_bench import CHAIN, STRANGER, Bench, MemoryBench, account, did_of, methods, resolve

ED25519 = bytes(SigningKey(bytes(range(32))).verify_key)
SECP256K1 = PrivateKey(bytes(range(1, 33))).public_key


# --- the identity and its owner ---


def test_an_account_that_was_never_changed_controls_itself(bench: Bench) -> None:
    identity = bench.account(1)
    found = resolve(bench, identity)
    (controller,) = found.methods
    assert controller.id.fragment == "controller"
    assert controller.public_key == account(identity)
    assert controller.relationships == {"authentication", "assertionMethod"}
    assert found.metadata == {}
    assert found.document["verificationMethod"][0]["blockchainAccountId"] == accounts.account_id(CHAIN, identity)  # type: ignore[index]
    assert documents.read(did_of(identity), found.document) == found


def test_a_new_owner_takes_the_place_of_the_old_one(bench: Bench) -> None:
    identity, owner, third = (bench.account(number) for number in (1, 2, 3))
    bench.change_owner(identity, owner)
    assert methods(resolve(bench, identity))["controller"].public_key == account(owner)
    bench.change_owner(identity, third, actor=owner)
    found = resolve(bench, identity)
    assert methods(found)["controller"].public_key == account(third)
    newest = bench.registry.block()
    assert int(str(found.metadata["versionId"])) <= newest.number


def test_an_identity_that_was_given_up_has_no_keys_for_good(bench: Bench) -> None:
    identity = bench.account(1)
    bench.set_attribute(identity, "did/pub/Ed25519/veriKey", ED25519)
    bench.change_owner(identity, NOBODY)
    found = resolve(bench, identity)
    assert found.methods == ()
    assert found.metadata["deactivated"] is True
    assert found.document["id"] == str(did_of(identity))
    bench.set_attribute(identity, "did/pub/Ed25519/veriKey", ED25519)  # the contract lets it happen
    again = resolve(bench, identity)
    assert (again.methods, again.metadata) == ((), found.metadata)


def test_a_did_that_is_a_key_shows_it_while_the_key_is_the_owner() -> None:
    bench = MemoryBench()
    key = PublicKey(KeyType.SECP256K1, SECP256K1.format())
    identity = accounts.address_of_key(key)
    did = Did(f"did:ethr:0x7a69:0x{key.raw.hex()}")
    found = methods(DidEthr([bench.registry]).resolve(did, NoFetch()))
    assert {name: method.public_key for name, method in found.items()} == {
        "controller": account(identity),
        "controllerKey": key,
    }
    assert found["controllerKey"].relationships == {"authentication", "assertionMethod"}
    bench.change_owner(identity, STRANGER)
    changed = methods(DidEthr([bench.registry]).resolve(did, NoFetch()))
    assert {name: method.public_key for name, method in changed.items()} == {"controller": account(STRANGER)}


# --- delegates ---


def test_a_delegate_may_do_what_its_type_says_and_no_more(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate)
    bench.add_delegate(identity, "sigAuth", delegate)
    bench.add_delegate(identity, "other", delegate)
    found = methods(resolve(bench, identity))
    assert set(found) == {"controller", "delegate-1", "delegate-2"}
    assert found["delegate-1"].relationships == {"assertionMethod"}
    assert found["delegate-2"].relationships == {"authentication"}
    assert found["delegate-1"].public_key == found["delegate-2"].public_key == account(delegate)


def test_a_delegate_that_was_revoked_does_not_count_in_the_very_block_that_says_so(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate)
    bench.revoke_delegate(identity, "veriKey", delegate)
    found = resolve(bench, identity)
    assert set(methods(found)) == {"controller"}
    block = str(found.metadata["versionId"])
    assert set(methods(resolve(bench, identity, versionId=block))) == {"controller"}
    before = str(int(block) - 1)
    assert set(methods(resolve(bench, identity, versionId=before))) == {"controller", "delegate-1"}


def test_validity_ends_by_the_time_of_the_block(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate, validity=600)
    bench.set_attribute(identity, "did/pub/Ed25519/veriKey", ED25519, validity=1200)
    assert set(methods(resolve(bench, identity))) == {"controller", "delegate-1", "delegate-2"}
    bench.advance(660)
    assert set(methods(resolve(bench, identity))) == {"controller", "delegate-2"}
    bench.advance(660)
    assert set(methods(resolve(bench, identity))) == {"controller"}


def test_names_stay_when_others_go(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate)
    bench.set_attribute(identity, "did/pub/Ed25519/veriKey", ED25519)
    bench.set_attribute(identity, "did/svc/Files", b"https://files.example/")
    bench.revoke_delegate(identity, "veriKey", delegate)
    bench.add_delegate(identity, "veriKey", STRANGER)
    found = resolve(bench, identity)
    assert set(methods(found)) == {"controller", "delegate-2", "delegate-4"}
    bench.add_delegate(identity, "veriKey", delegate)
    assert set(methods(resolve(bench, identity))) == {"controller", "delegate-2", "delegate-4", "delegate-5"}


# --- versions ---


def test_an_older_version_is_as_it_was(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate, validity=600)
    first = str(resolve(bench, identity).metadata["versionId"])
    bench.advance(3600)
    bench.change_owner(identity, delegate)
    second = resolve(bench, identity)
    assert set(methods(second)) == {"controller"}
    older = resolve(bench, identity, versionId=first)
    assert set(methods(older)) == {"controller", "delegate-1"}
    assert methods(older)["controller"].public_key == account(identity)
    assert older.metadata == {
        "versionId": first,
        "updated": format_instant(bench.registry.block(int(first)).time),
        "nextVersionId": second.metadata["versionId"],
        "nextUpdate": second.metadata["updated"],
    }
    before = resolve(bench, identity, versionId=str(int(first) - 1))
    assert set(methods(before)) == {"controller"}
    assert before.metadata == {"nextVersionId": first, "nextUpdate": older.metadata["updated"]}


def test_a_time_picks_the_version_of_then(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate, validity=600)
    added = bench.registry.block().time
    bench.advance(3600)
    bench.revoke_delegate(identity, "veriKey", delegate)
    for when in (str(added), format_instant(added)):
        found = resolve(bench, identity, versionTime=when)
        assert set(methods(found)) == {"controller", "delegate-1"}
        assert found.metadata["updated"] == format_instant(added)
        assert "nextVersionId" in found.metadata
    assert set(methods(resolve(bench, identity, versionTime=str(added - 1)))) == {"controller"}
    assert set(methods(resolve(bench, identity, versionTime=str(added + 600)))) == {"controller"}


WRONG_OPTIONS = {
    "a version that is no number": ({"versionId": "latest"}, "did.options"),
    "a negative version": ({"versionId": "-1"}, "did.options"),
    "an endless version": ({"versionId": "9" * 30}, "did.options"),
    "a version to come": ({"versionId": "999999999"}, "did.version-not-found"),
    "a time that is none": ({"versionTime": "yesterday"}, "did.options"),
    "a time without zone": ({"versionTime": "2026-06-12T09:00:00"}, "did.options"),
    "a time to come": ({"versionTime": "2999-01-01T00:00:00Z"}, "did.version-not-found"),
    "version and time": ({"versionId": "1", "versionTime": "1"}, "did.options"),
}


@pytest.mark.parametrize(("options", "code"), WRONG_OPTIONS.values(), ids=WRONG_OPTIONS.keys())
def test_a_version_that_cannot_be_is_refused_and_not_replaced_by_the_newest(options: dict[str, str], code: str) -> None:
    assert code_of(lambda: resolve(MemoryBench(), STRANGER, **options)) == code


# --- many changes ---


def test_changes_of_one_block_follow_each_other(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "sigAuth", delegate)
    with bench.together():
        bench.set_attribute(identity, "did/pub/Ed25519/veriKey", ED25519)
        bench.add_delegate(identity, "veriKey", delegate)
        bench.revoke_attribute(identity, "did/pub/Ed25519/veriKey", ED25519)
    with bench.together():
        bench.set_attribute(identity, "did/svc/Files", b"https://files.example/")
        bench.change_owner(identity, delegate)
    found = resolve(bench, identity)
    assert set(methods(found)) == {"controller", "delegate-1", "delegate-3"}
    assert methods(found)["controller"].public_key == account(delegate)
    changes = ethr.history(bench.registry, identity, bench.registry.block())
    assert [type(change) for change in changes] == [
        DelegateChanged,
        AttributeChanged,
        DelegateChanged,
        AttributeChanged,
        AttributeChanged,
        OwnerChanged,
    ]
    assert len({change.block.number for change in changes}) == 3


def test_changes_of_others_are_not_mixed_in(bench: Bench) -> None:
    one, other = bench.account(1), bench.account(2)
    with bench.together():
        bench.add_delegate(one, "veriKey", STRANGER)
        bench.change_owner(other, STRANGER)
    assert set(methods(resolve(bench, one))) == {"controller", "delegate-1"}
    assert set(methods(resolve(bench, other))) == {"controller"}


def test_an_endless_history_is_refused() -> None:
    bench = MemoryBench()
    with bench.together():
        for _ in range(MAX_CHANGES):
            bench.add_delegate(STRANGER, "other", NOBODY)
    assert set(methods(resolve(bench, STRANGER))) == {"controller"}
    bench.add_delegate(STRANGER, "other", NOBODY)
    assert code_of(lambda: resolve(bench, STRANGER)) == "did.ethr.history"
