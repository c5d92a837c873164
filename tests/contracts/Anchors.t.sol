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

contract AnchorsTest is RegistryTest {
    function test_a_root_is_anchored_with_time_block_size_sequence_and_kind() external {
        _at(START + 12, FIRST_BLOCK + 3);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.Anchored(ISSUER, ROOT, 300, 1, 3, OPERATOR);
        _anchor(OPERATOR, ROOT, 300, 3);
        ICredentialRegistry.Anchor memory record = registry.anchorOf(ISSUER, ROOT);
        vm.assertEq(record.time, START + 12, "time");
        vm.assertEq(record.blockNumber, FIRST_BLOCK + 3, "block");
        vm.assertEq(record.treeSize, 300, "size");
        vm.assertEq(record.sequence, 1, "sequence");
        vm.assertEq(record.kind, 3, "kind");
        vm.assertEq(record.version, 1, "version");
        vm.assertEq(registry.anchorOf(OTHER, ROOT).time, 0, "of this issuer only");
    }

    function test_a_root_is_anchored_once_and_the_refusal_says_when_it_was() external {
        _anchor(OPERATOR, ROOT, 300, 1);
        bytes32 slot = _slot(8, ISSUER, ROOT);
        uint256 before = _word(slot);
        _at(START + 50, FIRST_BLOCK + 3);
        address[2] memory again = [OPERATOR, ISSUING_ONLY];
        for (uint256 i = 0; i < again.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.RootAlreadyAnchored.selector, ISSUER, ROOT, START)
            );
            _anchor(again[i], ROOT, 300, 1);
        }
        vm.assertEq(_word(slot), before, "unchanged");
        vm.assertEq(registry.operator(ISSUER, OPERATOR).sequence, 1, "no number is lost");
    }

    function test_two_issuers_anchor_the_same_root_side_by_side() external {
        _anchor(OPERATOR, ROOT, 300, 1);
        vm.prank(OTHER_OPERATOR);
        registry.anchor(OTHER, ROOT, 200, 3);
        vm.assertEq(registry.anchorOf(ISSUER, ROOT).treeSize, 300, "this");
        vm.assertEq(registry.anchorOf(OTHER, ROOT).treeSize, 200, "other");
    }

    function test_the_sequence_counts_the_roots_of_each_operator() external {
        for (uint256 i = 1; i <= 3; ++i) {
            _anchor(OPERATOR, bytes32(i), 1, 1);
            vm.assertEq(registry.anchorOf(ISSUER, bytes32(i)).sequence, i, "first operator");
        }
        _anchor(ISSUING_ONLY, bytes32(uint256(4)), 1, 1);
        vm.assertEq(registry.anchorOf(ISSUER, bytes32(uint256(4))).sequence, 1, "second operator");
        vm.assertEq(registry.operator(ISSUER, OPERATOR).sequence, 3, "on record");
    }

    function test_the_last_number_of_a_sequence_is_not_passed() external {
        bytes32 slot = keccak256(abi.encode(OPERATOR, _slot(6, ISSUER)));
        vm.store(address(registry), slot, bytes32(_word(slot) | (uint256(type(uint32).max) << 48)));
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        _anchor(OPERATOR, ROOT, 1, 1);
    }

    function testFuzz_a_tree_has_1_to_4194304_leaves(uint32 size) external {
        if (size == 0 || size > 1 << 22) {
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.TreeSizeRefused.selector, size, uint32(1 << 22))
            );
        }
        _anchor(OPERATOR, ROOT, size, 1);
    }

    function test_the_smallest_and_the_largest_tree_are_taken_and_their_neighbours_refused() external {
        _anchor(OPERATOR, bytes32(uint256(1)), 1, 1);
        _anchor(OPERATOR, bytes32(uint256(2)), 1 << 22, 1);
        uint32[2] memory sizes = [uint32(0), (1 << 22) + 1];
        for (uint256 i = 0; i < sizes.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.TreeSizeRefused.selector, sizes[i], uint32(1 << 22))
            );
            _anchor(OPERATOR, ROOT, sizes[i], 1);
        }
    }

    function test_a_root_is_of_kind_1_3_or_5() external {
        for (uint256 kind = 0; kind < 256; ++kind) {
            if (kind != 1 && kind != 3 && kind != 5) {
                vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.AnchorKindRefused.selector, kind));
            }
            _anchor(OPERATOR, bytes32(kind), 1, uint8(kind));
        }
    }

    function test_only_the_right_to_issue_anchors() external {
        for (uint8 rights = 0; rights <= RIGHTS_ALL; ++rights) {
            _setOperator(ISSUER, OWNER, STRANGER, rights);
            if (rights & RIGHT_ISSUE == 0) {
                vm.expectRevert(
                    abi.encodeWithSelector(
                        ICredentialRegistry.RightMissing.selector,
                        ISSUER,
                        STRANGER,
                        RIGHT_ISSUE,
                        rights
                    )
                );
            }
            _anchor(STRANGER, bytes32(uint256(rights)), 1, 1);
        }
    }

    function test_an_issuer_anchors_from_the_begin_to_the_end_of_its_accreditation() external {
        vm.prank(ACCREDITOR);
        registry.setAccreditation(ISSUER, START + 10, START + 20);
        uint40[2] memory outside = [START + 9, START + 20];
        for (uint256 i = 0; i < outside.length; ++i) {
            _at(outside[i], FIRST_BLOCK + i);
            vm.expectRevert(
                abi.encodeWithSelector(
                    ICredentialRegistry.NotAccredited.selector,
                    ISSUER,
                    outside[i],
                    START + 10,
                    START + 20
                )
            );
            _anchor(OPERATOR, ROOT, 1, 1);
        }
        _at(START + 10, FIRST_BLOCK);
        _anchor(OPERATOR, bytes32(uint256(1)), 1, 1);
        _at(START + 19, FIRST_BLOCK);
        _anchor(OPERATOR, bytes32(uint256(2)), 1, 1);
    }

    function _anchor(address operator, bytes32 root, uint32 size, uint8 kind) private {
        vm.prank(operator);
        registry.anchor(ISSUER, root, size, kind);
    }
}

contract AuditHeadsTest is RegistryTest {
    function test_heads_of_the_audit_log_follow_each_other() external {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.AuditHeadPublished(ISSUER, 10, ROOT, 0, OPERATOR);
        _publish(OPERATOR, 10, ROOT);
        _at(START + 60, FIRST_BLOCK + 5);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.AuditHeadPublished(ISSUER, 11, LIST, uint64(FIRST_BLOCK), OPERATOR);
        _publish(OPERATOR, 11, LIST);
        ICredentialRegistry.AuditHead memory record = registry.auditHead(ISSUER);
        vm.assertEq(record.root, LIST, "root");
        vm.assertEq(record.size, 11, "size");
        vm.assertEq(record.time, START + 60, "time");
        vm.assertEq(record.blockNumber, FIRST_BLOCK + 5, "block");
        vm.assertEq(record.version, 1, "version");
        vm.assertEq(registry.auditHead(OTHER).size, 0, "of this issuer only");
    }

    function test_an_audit_log_only_grows() external {
        _publish(OPERATOR, 10, ROOT);
        uint64[3] memory sizes = [uint64(0), 9, 10];
        for (uint256 i = 0; i < sizes.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.AuditHeadNotGrown.selector, ISSUER, sizes[i], uint64(10))
            );
            _publish(OPERATOR, sizes[i], ROOT);
        }
    }

    function test_an_empty_audit_log_has_no_head() external {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.AuditHeadNotGrown.selector, ISSUER, uint64(0), uint64(0))
        );
        _publish(OPERATOR, 0, ROOT);
    }

    function test_only_the_right_to_audit_publishes_them() external {
        for (uint8 rights = 0; rights <= RIGHTS_ALL; ++rights) {
            _setOperator(ISSUER, OWNER, STRANGER, rights);
            if (rights & RIGHT_AUDIT == 0) {
                vm.expectRevert(
                    abi.encodeWithSelector(
                        ICredentialRegistry.RightMissing.selector,
                        ISSUER,
                        STRANGER,
                        RIGHT_AUDIT,
                        rights
                    )
                );
            }
            _publish(STRANGER, uint64(rights) + 1, ROOT);
        }
    }

    function _publish(address operator, uint64 size, bytes32 root) private {
        vm.prank(operator);
        registry.publishAuditHead(ISSUER, size, root);
    }
}
