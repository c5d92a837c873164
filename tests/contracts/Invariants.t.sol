// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    ICredentialRegistry,
    ISSUER_SEALED,
    RIGHTS_ALL,
    RIGHT_ISSUE,
    RIGHT_SUSPEND
} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {RegistryHandler} from "./support/RegistryHandler.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice What holds after any sequence of calls by anybody.
contract InvariantsTest is RegistryTest {
    RegistryHandler private handler;

    function setUp() public override {
        _at(START, FIRST_BLOCK);
        handler = new RegistryHandler(registry = _deploy(0, vm.addr(0xAC00)), [DID, OTHER_DID], START, FIRST_BLOCK);
        for (uint256 i = 0; i < 2; ++i) {
            address owner = handler.actor(1 + i);
            vm.prank(handler.actor(0));
            registry.registerIssuer(i == 0 ? DID : OTHER_DID, owner, START, NEVER);
            uint8[3] memory rights = [RIGHTS_ALL, RIGHT_SUSPEND, RIGHT_ISSUE];
            for (uint256 j = 0; j < 3; ++j) {
                _setOperator(handler.issuers(i), owner, handler.actor(3 + 3 * i + j), rights[j]);
            }
        }
        for (uint256 i = 0; i < 16; ++i) handler.openList(i);
    }

    /// @notice Only the handler acts.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_an_anchored_slot_never_changes() external view {
        for (uint256 i = 0; i < handler.anchoredCount(); ++i) {
            RegistryHandler.Anchored memory record = handler.anchoredAt(i);
            vm.assertEq(_word(_slot(8, record.issuerId, record.root)), record.word, "slot");
        }
    }

    function invariant_sequences_have_no_gaps() external view {
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < 10; ++j) {
                bytes32 issuerId = handler.issuers(i);
                address account = handler.actor(j);
                vm.assertEq(
                    registry.operator(issuerId, account).sequence,
                    handler.rootsOf(issuerId, account),
                    "sequence"
                );
            }
        }
    }

    function invariant_heads_chain_over_every_epoch() external view {
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < 4; ++j) {
                bytes32 issuerId = handler.issuers(i);
                bytes32 listId = handler.list(j);
                vm.assertEq(_head(issuerId, listId), handler.heads(issuerId, listId), "head");
                vm.assertEq(_list(issuerId, listId).epoch, handler.epochs(issuerId, listId), "epoch");
            }
        }
    }

    /// @dev What the handler never gets to do, the invariants say nothing about.
    function test_everything_that_can_happen_happens() external {
        for (uint256 i = 0; i < 60; ++i) {
            handler.publish(i);
            handler.annul(i);
            handler.anchorAndPublish(i);
            handler.setOperator(i);
            handler.pass(i);
        }
        vm.assertTrue(handler.annulments() > 5, "annulments");
        vm.assertTrue(handler.relays() > 5, "relayed epochs");
        for (uint256 i = 0; i < 60; ++i) handler.succeed(i);
        vm.assertTrue(registry.successor().registry == address(handler), "another registry follows");
        vm.assertTrue(registry.issuer(handler.issuers(0)).flags & ISSUER_SEALED != 0, "sealed");
        for (uint256 i = 0; i < 20; ++i) handler.anchor(i);
        vm.assertEq(bytes(handler.broken()), "", handler.broken());
    }

    /// @dev Separate issuers, rights, windows, one-way flags: held after every single call, see the handler.
    function invariant_no_rule_was_broken_on_the_way() external view {
        vm.assertEq(bytes(handler.broken()), "", handler.broken());
    }
}
