// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry, ISSUER_SEALED} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {Packed} from "./support/Packed.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice A registry that is followed by another one: what ends, and what goes on.
contract SuccessorTest is RegistryTest {
    uint40 private constant DELAY = 2 days;
    address private next;
    address private another;

    function setUp() public override {
        super.setUp();
        next = address(_deploy(0, ACCREDITOR));
        another = address(_deploy(0, ACCREDITOR));
    }

    /// @dev The registry of these tests with a delay, and its first issuer accredited.
    function _delayed() private {
        registry = _deploy(DELAY, ACCREDITOR);
        _register(DID, OWNER);
        _setOperator(ISSUER, OWNER, OPERATOR, 15);
        _at(START + DELAY, FIRST_BLOCK + 1);
    }

    function _name(address registry_) private {
        vm.prank(ACCREDITOR);
        registry.setSuccessor(registry_);
    }

    function test_without_delay_a_successor_follows_at_once() external {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.SuccessorSet(next, START, ACCREDITOR);
        _name(next);
        vm.assertEq(registry.successor().registry, next, "registry");
        vm.assertEq(registry.successor().sealedAt, START, "sealed at");
    }

    function test_with_a_delay_it_follows_later_and_can_be_named_anew_until_then() external {
        _delayed();
        _name(next);
        vm.assertEq(registry.successor().sealedAt, START + 2 * DELAY, "sealed at");
        _at(START + 2 * DELAY - 1, FIRST_BLOCK + 2);
        _name(another);
        vm.assertEq(registry.successor().registry, another, "another");
        vm.assertEq(registry.successor().sealedAt, START + 3 * DELAY - 1, "with the whole delay again");
        _name(address(0));
        vm.assertEq(registry.successor().registry, address(0), "none");
        vm.assertEq(registry.successor().sealedAt, 0, "never");
    }

    function test_once_it_follows_it_stands_for_good() external {
        _delayed();
        _name(next);
        _at(START + 2 * DELAY, FIRST_BLOCK + 2);
        address[3] memory others = [another, address(0), next];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(ACCREDITOR);
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.RegistryIsSealed.selector, next, START + 2 * DELAY)
            );
            registry.setSuccessor(others[i]);
        }
    }

    function test_only_another_contract_can_follow() external {
        address[2] memory wrong = [address(registry), STRANGER];
        for (uint256 i = 0; i < wrong.length; ++i) {
            vm.prank(ACCREDITOR);
            vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.SuccessorRefused.selector, wrong[i]));
            registry.setSuccessor(wrong[i]);
        }
    }

    function test_nothing_is_sealed_before_the_successor_follows() external {
        _delayed();
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.RegistryNotSealed.selector, START + DELAY, uint40(0))
        );
        registry.sealAnchoring(ISSUER);
        _name(next);
        _at(START + 2 * DELAY - 1, FIRST_BLOCK + 2);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICredentialRegistry.RegistryNotSealed.selector,
                START + 2 * DELAY - 1,
                START + 2 * DELAY
            )
        );
        registry.sealAnchoring(ISSUER);
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, 1, 1);
        vm.prank(OPERATOR);
        registry.openStatusList(ISSUER, LIST, 17, INDEX_KEY);
    }

    function test_anybody_ends_an_issuers_anchoring_once_and_no_other_issuers() external {
        _name(next);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.IssuerSealed(ISSUER, next, START);
        vm.prank(STRANGER);
        registry.sealAnchoring(ISSUER);
        vm.assertEq(registry.issuer(ISSUER).flags, ISSUER_SEALED, "flag");
        vm.assertEq(registry.issuer(OTHER).flags, 0, "the other one's");
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.IssuerIsSealed.selector, ISSUER));
        registry.sealAnchoring(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.IssuerUnknown.selector, ROOT));
        registry.sealAnchoring(ROOT);
        vm.prank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.IssuerIsSealed.selector, ISSUER));
        registry.anchor(ISSUER, ROOT, 1, 1);
    }

    function test_a_sealed_issuer_cannot_be_unsealed_by_another_accreditation() external {
        _name(next);
        registry.sealAnchoring(ISSUER);
        vm.prank(ACCREDITOR);
        registry.setAccreditation(ISSUER, START, NEVER);
        vm.prank(ACCREDITOR);
        registry.setAnchorsAll(ISSUER);
        vm.prank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.IssuerIsSealed.selector, ISSUER));
        registry.anchor(ISSUER, ROOT, 1, 1);
    }

    /// @dev Until somebody seals the issuer its operator can still write an anchor, and pays for what counts nowhere:
    ///      readers compare its time with `sealedAt`.
    function test_an_anchor_after_the_seal_shows_in_its_own_slot_that_it_does_not_count() external {
        _name(next);
        _at(START + 1, FIRST_BLOCK + 1);
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, 1, 1);
        vm.assertTrue(registry.anchorOf(ISSUER, ROOT).time >= registry.successor().sealedAt, "told from two slots");
    }

    function test_open_lists_go_on_and_new_ones_are_opened_in_the_successor() external {
        bytes32 head = _open(LIST, 17);
        _name(next);
        registry.sealAnchoring(ISSUER);
        vm.assertTrue(_publish(OPERATOR, LIST, Packed.one(5, 1)) != head, "revoked all the same");
        vm.prank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.RegistryIsSealed.selector, next, START));
        registry.openStatusList(ISSUER, ROOT, 17, INDEX_KEY);
    }
}
