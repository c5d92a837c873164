// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    ICredentialRegistry,
    RIGHTS_ALL,
    RIGHT_ISSUE,
    RIGHT_REVOKE,
    RIGHT_SUSPEND
} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {Packed} from "./support/Packed.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

contract AnchorAndPublishTest is RegistryTest {
    bytes32 private opening;

    function setUp() public override {
        super.setUp();
        opening = _open(LIST, 17);
    }

    function test_both_happen_in_one_transaction() external {
        bytes memory changes = Packed.one(5, 1);
        _at(START + 3, FIRST_BLOCK + 1);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.Anchored(ISSUER, ROOT, 64, 1, 1, OPERATOR);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.StatusPublished(
            ISSUER,
            LIST,
            1,
            uint64(FIRST_BLOCK),
            STATUS_ROOT,
            OPERATOR,
            RIGHTS_ALL,
            changes
        );
        _both(OPERATOR, ROOT, 64, 1, LIST, opening, changes);
        vm.assertEq(registry.anchorOf(ISSUER, ROOT).time, START + 3, "anchored");
        vm.assertEq(
            _head(ISSUER, LIST),
            _nextHead(opening, 1, STATUS_ROOT, OPERATOR, RIGHTS_ALL, changes, START + 3, FIRST_BLOCK + 1),
            "published"
        );
    }

    function test_a_lost_race_skips_the_status_part_and_keeps_the_anchor() external {
        bytes32 head = _publish(OPERATOR, LIST, Packed.one(1, 1));
        bytes32[2] memory stale = [opening, bytes32(0)];
        for (uint256 i = 0; i < stale.length; ++i) {
            bytes32 root = bytes32(i + 1);
            vm.expectEmit(address(registry));
            emit ICredentialRegistry.Anchored(ISSUER, root, 64, uint32(i + 1), 1, OPERATOR);
            vm.expectEmit(address(registry));
            emit ICredentialRegistry.StatusSkipped(ISSUER, LIST, stale[i], head, OPERATOR);
            _both(OPERATOR, root, 64, 1, LIST, stale[i], Packed.one(2, 1));
            vm.assertEq(registry.anchorOf(ISSUER, root).time, START, "anchored");
            vm.assertEq(_head(ISSUER, LIST), head, "head");
        }
    }

    function test_a_root_on_record_counts_as_anchored_and_the_status_part_is_published() external {
        vm.prank(ISSUING_ONLY);
        registry.anchor(ISSUER, ROOT, 64, 1);
        uint256 before = _word(_slot(8, ISSUER, ROOT));
        _at(START + 3, FIRST_BLOCK + 1);
        _both(OPERATOR, ROOT, 64, 1, LIST, opening, Packed.one(5, 1));
        vm.assertEq(_word(_slot(8, ISSUER, ROOT)), before, "anchor");
        vm.assertEq(registry.operator(ISSUER, OPERATOR).sequence, 0, "no number is used");
        vm.assertEq(_list(ISSUER, LIST).epoch, 1, "published");
    }

    function test_a_root_on_record_as_another_batch_is_refused_whole() external {
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, 64, 1);
        uint32[2] memory sizes = [uint32(65), 64];
        uint8[2] memory kinds = [uint8(1), 3];
        for (uint256 i = 0; i < sizes.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.RootAlreadyAnchored.selector, ISSUER, ROOT, START)
            );
            _both(OPERATOR, ROOT, sizes[i], kinds[i], LIST, opening, Packed.one(5, 1));
        }
        vm.assertEq(_head(ISSUER, LIST), opening, "head");
    }

    function test_a_refused_status_part_leaves_no_anchor() external {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.ChangeOutOfRange.selector, 131072, 131072));
        _both(OPERATOR, ROOT, 64, 1, LIST, opening, Packed.one(131072, 1));
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.StatusListUnknown.selector, ISSUER, INDEX_KEY));
        _both(OPERATOR, ROOT, 64, 1, INDEX_KEY, opening, Packed.one(1, 1));
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.HeartbeatTooEarly.selector, ISSUER, LIST, START + 20 hours)
        );
        _both(OPERATOR, ROOT, 64, 1, LIST, opening, "");
        vm.assertEq(registry.anchorOf(ISSUER, ROOT).time, 0, "anchor");
        vm.assertEq(registry.operator(ISSUER, OPERATOR).sequence, 0, "sequence");
    }

    function test_a_refused_anchor_leaves_no_epoch() external {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.TreeSizeRefused.selector, uint32(0), uint32(1 << 22))
        );
        _both(OPERATOR, ROOT, 0, 1, LIST, opening, Packed.one(1, 1));
        vm.prank(ACCREDITOR);
        registry.setAccreditation(ISSUER, START, START);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.NotAccredited.selector, ISSUER, START, START, START)
        );
        _both(OPERATOR, ROOT, 64, 1, LIST, opening, Packed.one(1, 1));
        vm.assertEq(_head(ISSUER, LIST), opening, "head");
    }

    function test_it_takes_the_rights_of_both() external {
        for (uint8 rights = 0; rights <= RIGHTS_ALL; ++rights) {
            _setOperator(ISSUER, OWNER, STRANGER, rights);
            bytes32 head = _head(ISSUER, LIST);
            uint8 needed = rights & RIGHT_ISSUE == 0 ? RIGHT_ISSUE : RIGHT_REVOKE | RIGHT_SUSPEND;
            if (rights & needed == 0) {
                vm.expectRevert(
                    abi.encodeWithSelector(
                        ICredentialRegistry.RightMissing.selector,
                        ISSUER,
                        STRANGER,
                        needed,
                        rights
                    )
                );
            } else if (rights & RIGHT_REVOKE == 0) {
                vm.expectRevert(
                    abi.encodeWithSelector(ICredentialRegistry.ChangeNeedsRevoke.selector, 0, 1, 1, rights)
                );
            }
            vm.prank(STRANGER);
            registry.anchorAndPublish(
                ISSUER,
                bytes32(uint256(rights)),
                1,
                1,
                LIST,
                head,
                STATUS_ROOT,
                Packed.one(1, 1)
            );
        }
    }

    function _both(
        address operator,
        bytes32 root,
        uint32 size,
        uint8 kind,
        bytes32 listId,
        bytes32 previousHead,
        bytes memory changes
    ) private {
        vm.prank(operator);
        registry.anchorAndPublish(ISSUER, root, size, kind, listId, previousHead, STATUS_ROOT, changes);
    }
}
