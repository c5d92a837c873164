// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    ICredentialRegistry,
    ISSUER_ANCHORS_ALL,
    ISSUER_INVALIDATED,
    RIGHTS_ALL
} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

contract AccreditationTest is RegistryTest {
    string private constant NEW = "did:web:new.example";
    bytes32 private constant NEW_ID = keccak256(bytes(NEW));

    function test_an_issuer_is_registered_under_the_hash_of_its_did() external {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.IssuerRegistered(NEW_ID, OWNER, NEW, START + 5, START + 9, ACCREDITOR);
        vm.prank(ACCREDITOR);
        bytes32 issuerId = registry.registerIssuer(NEW, OWNER, START + 5, START + 9);
        vm.assertEq(issuerId, NEW_ID, "id");
        ICredentialRegistry.Issuer memory record = registry.issuer(NEW_ID);
        vm.assertEq(record.owner, OWNER, "owner");
        vm.assertEq(record.validFrom, START + 5, "from");
        vm.assertEq(record.validUntil, START + 9, "until");
        vm.assertEq(record.effectiveFrom, START, "effective");
        vm.assertEq(record.flags, 0, "flags");
        vm.assertEq(record.version, 1, "version");
    }

    function test_an_accreditation_never_begins_before_the_registration() external {
        vm.prank(ACCREDITOR);
        registry.registerIssuer(NEW, OWNER, START - 1000, NEVER);
        vm.assertEq(registry.issuer(NEW_ID).validFrom, START, "from");
        vm.prank(ACCREDITOR);
        registry.setAccreditation(NEW_ID, 1, NEVER);
        vm.assertEq(registry.issuer(NEW_ID).validFrom, START, "moved from");
    }

    function test_a_did_is_registered_once() external {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.IssuerAlreadyRegistered.selector, ISSUER, OWNER)
        );
        vm.prank(ACCREDITOR);
        registry.registerIssuer(DID, STRANGER, START, NEVER);
    }

    function test_an_issuer_has_an_owner() external {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.AddressMissing.selector, NEW_ID));
        vm.prank(ACCREDITOR);
        registry.registerIssuer(NEW, address(0), START, NEVER);
    }

    function test_an_empty_window_is_refused() external {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.AccreditationWindowEmpty.selector, NEW_ID, START, START)
        );
        vm.prank(ACCREDITOR);
        registry.registerIssuer(NEW, OWNER, START - 50, START);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICredentialRegistry.AccreditationWindowEmpty.selector,
                ISSUER,
                START + 2,
                START + 1
            )
        );
        vm.prank(ACCREDITOR);
        registry.setAccreditation(ISSUER, START + 2, START + 1);
    }

    function test_the_window_is_moved() external {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.AccreditationChanged(ISSUER, START + 1, START + 2, ACCREDITOR);
        vm.prank(ACCREDITOR);
        registry.setAccreditation(ISSUER, START + 1, START + 2);
        ICredentialRegistry.Issuer memory record = registry.issuer(ISSUER);
        vm.assertEq(record.validFrom, START + 1, "from");
        vm.assertEq(record.validUntil, START + 2, "until");
        vm.assertEq(record.owner, OWNER, "owner");
    }

    function test_equal_ends_take_the_accreditation_away_at_every_time() external {
        vm.prank(ACCREDITOR);
        registry.setAccreditation(ISSUER, START, START);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.NotAccredited.selector, ISSUER, START, START, START)
        );
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, 1, 1);
    }

    function test_anchors_all_is_set_once_and_stays() external {
        _at(START + 77, FIRST_BLOCK + 1);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.AnchorsAllSet(ISSUER, START + 77, ACCREDITOR);
        vm.prank(ACCREDITOR);
        registry.setAnchorsAll(ISSUER);
        vm.assertEq(registry.issuer(ISSUER).flags, ISSUER_ANCHORS_ALL, "flags");
        vm.assertEq(registry.issuer(ISSUER).anchorsAllSince, START + 77, "since");
        _at(START + 99, FIRST_BLOCK + 2);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.AnchorsAllAlreadySet.selector, ISSUER, START + 77)
        );
        vm.prank(ACCREDITOR);
        registry.setAnchorsAll(ISSUER);
    }

    function test_an_invalidated_issuer_anchors_nothing_more() external {
        _at(START + 100, FIRST_BLOCK + 1);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.IssuerInvalidated(ISSUER, START + 50, ACCREDITOR);
        vm.prank(ACCREDITOR);
        registry.invalidate(ISSUER, START + 50);
        vm.assertEq(registry.issuer(ISSUER).flags, ISSUER_INVALIDATED, "flags");
        vm.assertEq(registry.issuer(ISSUER).invalidSince, START + 50, "since");
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.IssuerIsInvalidated.selector, ISSUER, START + 50)
        );
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, 1, 1);
    }

    function test_an_invalidated_issuer_still_revokes() external {
        _open(LIST, 17);
        vm.prank(ACCREDITOR);
        registry.invalidate(ISSUER, START);
        bytes32 before = _head(ISSUER, LIST);
        vm.assertTrue(_publish(OPERATOR, LIST, hex"000001") != before, "published");
    }

    function test_the_moment_of_invalidation_only_moves_down_and_never_into_the_future() external {
        vm.prank(ACCREDITOR);
        registry.invalidate(ISSUER, 1000);
        uint40[2] memory later = [uint40(1000), 1001];
        for (uint256 i = 0; i < later.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.SinceOnlyMovesDown.selector, later[i], uint40(1000))
            );
            vm.prank(ACCREDITOR);
            registry.invalidate(ISSUER, later[i]);
        }
        uint40[2] memory impossible = [uint40(0), START + 1];
        for (uint256 i = 0; i < impossible.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.SinceOutOfRange.selector, impossible[i], 1, START)
            );
            vm.prank(ACCREDITOR);
            registry.invalidate(ISSUER, impossible[i]);
        }
        vm.prank(ACCREDITOR);
        registry.invalidate(ISSUER, 999);
        vm.assertEq(registry.issuer(ISSUER).invalidSince, 999, "since");
    }

    function test_anchors_all_and_invalidation_live_side_by_side() external {
        vm.prank(ACCREDITOR);
        registry.invalidate(ISSUER, START);
        vm.prank(ACCREDITOR);
        registry.setAnchorsAll(ISSUER);
        vm.assertEq(registry.issuer(ISSUER).flags, ISSUER_ANCHORS_ALL | ISSUER_INVALIDATED, "flags");
    }

    function test_what_is_not_registered_cannot_be_changed() external {
        bytes[4] memory calls = [
            abi.encodeCall(ICredentialRegistry.setAccreditation, (NEW_ID, START, NEVER)),
            abi.encodeCall(ICredentialRegistry.setAnchorsAll, (NEW_ID)),
            abi.encodeCall(ICredentialRegistry.invalidate, (NEW_ID, START)),
            abi.encodeCall(ICredentialRegistry.approveProfile, (NEW_ID, ROOT))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(ACCREDITOR);
            (bool done, bytes memory answer) = address(registry).call(calls[i]);
            vm.assertTrue(!done, "refused");
            vm.assertEq(
                answer,
                abi.encodeWithSelector(ICredentialRegistry.IssuerUnknown.selector, NEW_ID),
                "unknown"
            );
        }
    }

    function test_an_unknown_issuer_reads_as_nothing() external view {
        ICredentialRegistry.Issuer memory record = registry.issuer(NEW_ID);
        vm.assertEq(record.owner, address(0), "owner");
        vm.assertEq(record.version, 0, "version");
        vm.assertEq(_list(NEW_ID, LIST).entries, 0, "entries");
        vm.assertEq(registry.anchorOf(NEW_ID, ROOT).time, 0, "anchor");
        vm.assertEq(registry.keyWindow(NEW_ID, ROOT).addedAt, 0, "key");
        vm.assertEq(registry.auditHead(NEW_ID).size, 0, "audit");
        vm.assertEq(registry.operator(NEW_ID, OPERATOR).version, 0, "operator");
        vm.assertEq(registry.successor().registry, address(0), "successor");
    }
}

contract DelayTest is RegistryTest {
    uint40 private constant DELAY = 3 days;

    function setUp() public override {
        _at(START, FIRST_BLOCK);
        registry = _deploy(DELAY, ACCREDITOR);
        _register(DID, OWNER);
        _setOperator(ISSUER, OWNER, OPERATOR, RIGHTS_ALL);
    }

    function test_a_registration_takes_effect_after_the_delay() external {
        vm.assertEq(registry.delay(), DELAY, "delay");
        vm.assertEq(registry.issuer(ISSUER).validFrom, START + DELAY, "from");
        vm.assertEq(registry.issuer(ISSUER).effectiveFrom, START + DELAY, "effective");
        _at(START + DELAY - 1, FIRST_BLOCK + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICredentialRegistry.NotAccredited.selector,
                ISSUER,
                START + DELAY - 1,
                START + DELAY,
                NEVER
            )
        );
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, 1, 1);
        _at(START + DELAY, FIRST_BLOCK + 2);
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, 1, 1);
    }

    function test_moving_the_window_does_not_shorten_the_delay() external {
        vm.prank(ACCREDITOR);
        registry.setAccreditation(ISSUER, START, NEVER);
        vm.assertEq(registry.issuer(ISSUER).validFrom, START + DELAY, "from");
    }

    function test_a_begin_after_the_delay_stays_as_asked() external {
        vm.prank(ACCREDITOR);
        registry.registerIssuer("did:web:later.example", OWNER, START + DELAY + 7, NEVER);
        vm.assertEq(registry.issuer(keccak256("did:web:later.example")).validFrom, START + DELAY + 7, "from");
    }

    function test_a_profile_is_approved_after_the_delay() external {
        vm.prank(OWNER);
        bytes32 hash = registry.proposeProfile(ISSUER, "profile");
        _at(START + DELAY - 1, FIRST_BLOCK + 1);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.ProfileTooEarly.selector, ISSUER, hash, START + DELAY)
        );
        vm.prank(ACCREDITOR);
        registry.approveProfile(ISSUER, hash);
        _at(START + DELAY, FIRST_BLOCK + 2);
        vm.prank(ACCREDITOR);
        registry.approveProfile(ISSUER, hash);
        vm.assertEq(registry.issuer(ISSUER).profileHash, hash, "approved");
    }

    function test_proposing_again_starts_the_delay_again() external {
        vm.prank(OWNER);
        bytes32 hash = registry.proposeProfile(ISSUER, "profile");
        _at(START + DELAY - 1, FIRST_BLOCK + 1);
        vm.prank(OWNER);
        registry.proposeProfile(ISSUER, "profile");
        _at(START + DELAY, FIRST_BLOCK + 2);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.ProfileTooEarly.selector, ISSUER, hash, START + 2 * DELAY - 1)
        );
        vm.prank(ACCREDITOR);
        registry.approveProfile(ISSUER, hash);
    }
}
