// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    ICredentialRegistry,
    RIGHTS_ALL,
    RIGHT_AUDIT,
    RIGHT_ISSUE
} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

contract ProfilesTest is RegistryTest {
    function test_a_proposal_puts_its_bytes_into_the_event_and_its_hash_on_record() external {
        _at(START + 5, FIRST_BLOCK + 9);
        bytes memory profile = unicode'{"name":"한국폴리텍대학"}';
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.ProfileProposed(ISSUER, sha256(profile), profile);
        vm.prank(OWNER);
        bytes32 hash = registry.proposeProfile(ISSUER, profile);
        vm.assertEq(hash, sha256(profile), "hash");
        ICredentialRegistry.Issuer memory record = registry.issuer(ISSUER);
        vm.assertEq(record.proposedProfileHash, hash, "proposed");
        vm.assertEq(record.proposedAt, START + 5, "at");
        vm.assertEq(record.proposedBlock, FIRST_BLOCK + 9, "block");
        vm.assertEq(record.profileHash, bytes32(0), "not approved");
    }

    function test_the_approved_profile_stays_until_another_one_is_approved() external {
        bytes32 first = _propose("first");
        _at(START + 10, FIRST_BLOCK + 5);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.ProfileApproved(ISSUER, first, uint40(FIRST_BLOCK), ACCREDITOR);
        _approve(first);
        vm.assertEq(registry.issuer(ISSUER).profileBlock, FIRST_BLOCK, "block of the bytes");
        bytes32 second = _propose("second");
        vm.assertEq(registry.issuer(ISSUER).profileHash, first, "still the first");
        vm.assertEq(registry.issuer(ISSUER).profileBlock, FIRST_BLOCK, "still its block");
        _approve(second);
        vm.assertEq(registry.issuer(ISSUER).profileHash, second, "the second");
        vm.assertEq(registry.issuer(ISSUER).profileBlock, FIRST_BLOCK + 5, "its block");
    }

    function test_only_the_newest_proposal_can_be_approved() external {
        bytes32 first = _propose("first");
        bytes32 second = _propose("second");
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.ProfileNotProposed.selector, ISSUER, first, second)
        );
        _approve(first);
    }

    function test_nothing_is_approved_before_something_is_proposed() external {
        bytes32[2] memory hashes = [bytes32(0), sha256("never proposed")];
        for (uint256 i = 0; i < hashes.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.ProfileNotProposed.selector, ISSUER, hashes[i], bytes32(0))
            );
            _approve(hashes[i]);
        }
    }

    function test_a_profile_is_approved_once() external {
        bytes32 hash = _propose("profile");
        _approve(hash);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.ProfileAlreadyApproved.selector, ISSUER, hash));
        _approve(hash);
    }

    function test_a_profile_has_1_to_8192_bytes() external {
        _propose(string(new bytes(8192)));
        uint256[2] memory sizes = [uint256(0), 8193];
        for (uint256 i = 0; i < sizes.length; ++i) {
            bytes memory profile = new bytes(sizes[i]);
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.ProfileSizeRefused.selector, ISSUER, sizes[i], 8192)
            );
            vm.prank(OWNER);
            registry.proposeProfile(ISSUER, profile);
        }
    }

    function _propose(string memory profile) private returns (bytes32) {
        vm.prank(OWNER);
        return registry.proposeProfile(ISSUER, bytes(profile));
    }

    function _approve(bytes32 hash) private {
        vm.prank(ACCREDITOR);
        registry.approveProfile(ISSUER, hash);
    }
}

contract OperatorsTest is RegistryTest {
    function test_an_operator_is_set_and_can_be_read() external {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.OperatorSet(ISSUER, STRANGER, START + 8, RIGHT_AUDIT);
        vm.prank(OWNER);
        registry.setOperator(ISSUER, STRANGER, START + 8, RIGHT_AUDIT);
        ICredentialRegistry.Operator memory record = registry.operator(ISSUER, STRANGER);
        vm.assertEq(record.validUntil, START + 8, "until");
        vm.assertEq(record.rights, RIGHT_AUDIT, "rights");
        vm.assertEq(record.sequence, 0, "sequence");
        vm.assertEq(record.version, 1, "version");
    }

    function test_rights_taken_away_leave_the_sequence() external {
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, 1, 1);
        _setOperator(ISSUER, OWNER, OPERATOR, 0);
        vm.assertEq(registry.operator(ISSUER, OPERATOR).sequence, 1, "kept");
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.RightMissing.selector, ISSUER, OPERATOR, RIGHT_ISSUE, 0)
        );
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, keccak256("next"), 1, 1);
        _setOperator(ISSUER, OWNER, OPERATOR, RIGHTS_ALL);
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, keccak256("next"), 1, 1);
        vm.assertEq(registry.anchorOf(ISSUER, keccak256("next")).sequence, 2, "goes on");
    }

    function test_rights_end_at_the_moment_that_was_said() external {
        vm.prank(OWNER);
        registry.setOperator(ISSUER, OPERATOR, START + 10, RIGHTS_ALL);
        _at(START + 9, FIRST_BLOCK + 1);
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, 1, 1);
        _at(START + 10, FIRST_BLOCK + 2);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.OperatorExpired.selector, ISSUER, OPERATOR, START + 10)
        );
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, keccak256("late"), 1, 1);
    }

    function testFuzz_rights_that_mean_nothing_are_refused(uint8 rights) external {
        vm.assume(rights > RIGHTS_ALL);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.RightsUnknown.selector, ISSUER, STRANGER, rights)
        );
        vm.prank(OWNER);
        registry.setOperator(ISSUER, STRANGER, NEVER, rights);
    }

    function test_nobody_is_no_operator() external {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.AddressMissing.selector, ISSUER));
        vm.prank(OWNER);
        registry.setOperator(ISSUER, address(0), NEVER, RIGHTS_ALL);
    }
}

contract KeysTest is RegistryTest {
    // Not a constant: hashing anew at every use is a call, which would use up a prank.
    bytes32 private immutable KEY = sha256(bytes(MULTIKEY));
    uint40 private constant LATER = START + 200 days;

    function test_a_key_is_added_under_the_hash_of_its_text() external {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.KeyAdded(ISSUER, KEY, MULTIKEY);
        vm.assertEq(_add(), KEY, "id");
        ICredentialRegistry.Key memory key = registry.keyWindow(ISSUER, KEY);
        vm.assertEq(key.addedAt, START, "added");
        vm.assertEq(key.retiredAt, 0, "retired");
        vm.assertEq(key.compromisedSince, 0, "compromised");
        vm.assertEq(key.version, 1, "version");
        vm.assertEq(registry.keyWindow(OTHER, KEY).addedAt, 0, "of this issuer only");
    }

    function test_a_key_is_added_once_even_after_it_retired() external {
        _add();
        _at(START + 5, FIRST_BLOCK + 1);
        vm.prank(OWNER);
        registry.retireKey(ISSUER, KEY);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.KeyAlreadyAdded.selector, ISSUER, KEY, START)
        );
        _add();
    }

    function test_a_multikey_has_1_to_4096_bytes() external {
        uint256[2] memory sizes = [uint256(0), 4097];
        for (uint256 i = 0; i < sizes.length; ++i) {
            string memory text = string(new bytes(sizes[i]));
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.KeySizeRefused.selector, ISSUER, sizes[i], 4096)
            );
            vm.prank(OWNER);
            registry.addKey(ISSUER, text);
        }
        vm.prank(OWNER);
        registry.addKey(ISSUER, string(new bytes(4096)));
    }

    function test_a_key_retires_once() external {
        _add();
        _at(START + 5, FIRST_BLOCK + 1);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.KeyRetired(ISSUER, KEY, START + 5);
        vm.prank(OWNER);
        registry.retireKey(ISSUER, KEY);
        vm.assertEq(registry.keyWindow(ISSUER, KEY).retiredAt, START + 5, "retired");
        _at(START + 9, FIRST_BLOCK + 2);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.KeyAlreadyRetired.selector, ISSUER, KEY, START + 5)
        );
        vm.prank(OWNER);
        registry.retireKey(ISSUER, KEY);
    }

    function test_what_was_never_added_neither_retires_nor_is_compromised() external {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.KeyUnknown.selector, ISSUER, KEY));
        vm.prank(OWNER);
        registry.retireKey(ISSUER, KEY);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.KeyUnknown.selector, ISSUER, KEY));
        vm.prank(OWNER);
        registry.reportKeyCompromised(ISSUER, KEY, START);
    }

    function test_the_owner_reaches_back_90_days_at_most() external {
        _add();
        _at(LATER, FIRST_BLOCK + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICredentialRegistry.SinceOutOfRange.selector,
                LATER - 90 days - 1,
                LATER - 90 days,
                LATER
            )
        );
        _report(OWNER, LATER - 90 days - 1);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.KeyCompromised(ISSUER, KEY, LATER - 90 days, OWNER);
        _report(OWNER, LATER - 90 days);
        vm.assertEq(registry.keyWindow(ISSUER, KEY).compromisedSince, LATER - 90 days, "since");
    }

    function test_an_accreditor_reaches_back_as_far_as_it_must() external {
        _add();
        _at(LATER, FIRST_BLOCK + 1);
        _report(ACCREDITOR, 1);
        vm.assertEq(registry.keyWindow(ISSUER, KEY).compromisedSince, 1, "since");
    }

    function test_an_accreditor_that_owns_the_issuer_reaches_back_as_an_accreditor() external {
        vm.prank(OWNER);
        registry.transferIssuerOwnership(ISSUER, ACCREDITOR);
        vm.prank(ACCREDITOR);
        registry.acceptIssuerOwnership(ISSUER);
        vm.prank(ACCREDITOR);
        registry.addKey(ISSUER, MULTIKEY);
        _at(LATER, FIRST_BLOCK + 1);
        _report(ACCREDITOR, 1);
        vm.assertEq(registry.keyWindow(ISSUER, KEY).compromisedSince, 1, "since");
    }

    function test_the_moment_of_compromise_only_moves_down() external {
        _add();
        _report(OWNER, START - 100);
        uint40[2] memory later = [START - 100, START];
        for (uint256 i = 0; i < later.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.SinceOnlyMovesDown.selector, later[i], START - 100)
            );
            _report(ACCREDITOR, later[i]);
        }
        _report(OWNER, START - 101);
        vm.assertEq(registry.keyWindow(ISSUER, KEY).compromisedSince, START - 101, "since");
    }

    function test_no_key_is_compromised_from_the_future_on() external {
        _add();
        address[2] memory reporters = [OWNER, ACCREDITOR];
        uint256[2] memory earliest = [uint256(START - 90 days), 1];
        for (uint256 i = 0; i < reporters.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ICredentialRegistry.SinceOutOfRange.selector,
                    START + 1,
                    earliest[i],
                    START
                )
            );
            _report(reporters[i], START + 1);
        }
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.SinceOutOfRange.selector, 0, 1, START));
        _report(ACCREDITOR, 0);
    }

    function test_a_retired_key_can_be_reported() external {
        _add();
        vm.prank(OWNER);
        registry.retireKey(ISSUER, KEY);
        _report(OWNER, START - 1);
        ICredentialRegistry.Key memory key = registry.keyWindow(ISSUER, KEY);
        vm.assertEq(key.addedAt, START, "added");
        vm.assertEq(key.retiredAt, START, "retired");
        vm.assertEq(key.compromisedSince, START - 1, "since");
    }

    function _add() private returns (bytes32) {
        vm.prank(OWNER);
        return registry.addKey(ISSUER, MULTIKEY);
    }

    function _report(address reporter, uint40 since) private {
        vm.prank(reporter);
        registry.reportKeyCompromised(ISSUER, KEY, since);
    }
}

contract OwnershipTest is RegistryTest {
    address private constant HEIR = address(0xE1);

    function test_ownership_moves_when_it_is_accepted_and_not_before() external {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.IssuerOwnershipOffered(ISSUER, OWNER, HEIR);
        vm.prank(OWNER);
        registry.transferIssuerOwnership(ISSUER, HEIR);
        vm.assertEq(registry.issuer(ISSUER).owner, OWNER, "not yet");
        vm.assertEq(registry.issuer(ISSUER).pendingOwner, HEIR, "offered");
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.IssuerOwnershipTransferred(ISSUER, OWNER, HEIR);
        vm.prank(HEIR);
        registry.acceptIssuerOwnership(ISSUER);
        vm.assertEq(registry.issuer(ISSUER).owner, HEIR, "moved");
        vm.assertEq(registry.issuer(ISSUER).pendingOwner, address(0), "done");
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.NotIssuerOwner.selector, ISSUER, OWNER, HEIR)
        );
        vm.prank(OWNER);
        registry.setOperator(ISSUER, STRANGER, NEVER, RIGHTS_ALL);
    }

    function test_an_offer_can_be_taken_back() external {
        vm.prank(OWNER);
        registry.transferIssuerOwnership(ISSUER, HEIR);
        vm.prank(OWNER);
        registry.transferIssuerOwnership(ISSUER, address(0));
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.NotPendingOwner.selector, ISSUER, HEIR, address(0))
        );
        vm.prank(HEIR);
        registry.acceptIssuerOwnership(ISSUER);
    }

    function test_an_offer_is_accepted_once() external {
        vm.prank(OWNER);
        registry.transferIssuerOwnership(ISSUER, HEIR);
        vm.prank(HEIR);
        registry.acceptIssuerOwnership(ISSUER);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.NotPendingOwner.selector, ISSUER, HEIR, address(0))
        );
        vm.prank(HEIR);
        registry.acceptIssuerOwnership(ISSUER);
    }

    function test_a_transfer_leaves_everything_else() external {
        bytes32 before = keccak256(abi.encode(registry.operator(ISSUER, OPERATOR)));
        ICredentialRegistry.Issuer memory record = registry.issuer(ISSUER);
        vm.prank(OWNER);
        registry.transferIssuerOwnership(ISSUER, HEIR);
        vm.prank(HEIR);
        registry.acceptIssuerOwnership(ISSUER);
        record.owner = HEIR;
        vm.assertEq(keccak256(abi.encode(registry.issuer(ISSUER))), keccak256(abi.encode(record)), "issuer");
        vm.assertEq(keccak256(abi.encode(registry.operator(ISSUER, OPERATOR))), before, "operator");
    }
}
