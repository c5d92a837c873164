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

contract StatusListsTest is RegistryTest {
    uint256 private constant ENTRIES = 1 << 17;

    function test_a_list_opens_with_every_entry_valid_and_a_head_that_names_it() external {
        bytes32 head = _openingHead(ISSUER, LIST, ENTRIES, INDEX_KEY);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.StatusListOpened(ISSUER, LIST, uint32(ENTRIES), INDEX_KEY, head, OPERATOR);
        vm.assertEq(_open(LIST, 17), head, "head");
        ICredentialRegistry.StatusList memory list = _list(ISSUER, LIST);
        vm.assertEq(list.epoch, 0, "epoch");
        vm.assertEq(list.time, START, "time");
        vm.assertEq(list.blockNumber, FIRST_BLOCK, "block");
        vm.assertEq(list.entries, ENTRIES, "entries");
        vm.assertEq(list.flags, 1, "version");
        vm.assertEq(_list(OTHER, LIST).entries, 0, "of this issuer only");
    }

    function test_a_list_has_2_to_the_17_to_2_to_the_22_entries() external {
        for (uint256 power = 0; power < 256; ++power) {
            bytes32 listId = bytes32(power + 1);
            if (power < 17 || power > 22) {
                vm.expectRevert(
                    abi.encodeWithSelector(ICredentialRegistry.StatusListSizeRefused.selector, power, 17, 22)
                );
            }
            vm.prank(OPERATOR);
            registry.openStatusList(ISSUER, listId, uint8(power), INDEX_KEY);
            vm.assertEq(_list(ISSUER, listId).entries, power < 17 || power > 22 ? 0 : 1 << power, "entries");
        }
    }

    function test_a_list_is_opened_once() external {
        _open(LIST, 17);
        bytes32 head = _publish(OPERATOR, LIST, Packed.one(1, 1));
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.StatusListAlreadyOpened.selector, ISSUER, LIST, head)
        );
        _open(LIST, 18);
    }

    function test_two_issuers_have_lists_of_the_same_id_side_by_side() external {
        _open(LIST, 17);
        vm.prank(OTHER_OPERATOR);
        registry.openStatusList(OTHER, LIST, 18, INDEX_KEY);
        _publish(OPERATOR, LIST, Packed.one(1, 1));
        vm.assertEq(_list(ISSUER, LIST).epoch, 1, "this");
        vm.assertEq(_list(OTHER, LIST).epoch, 0, "other");
        vm.assertEq(_list(OTHER, LIST).entries, 1 << 18, "its entries");
    }

    function test_the_right_to_issue_or_to_revoke_opens_a_list() external {
        for (uint8 rights = 0; rights <= RIGHTS_ALL; ++rights) {
            _setOperator(ISSUER, OWNER, STRANGER, rights);
            if (rights & (RIGHT_ISSUE | RIGHT_REVOKE) == 0) {
                vm.expectRevert(
                    abi.encodeWithSelector(
                        ICredentialRegistry.RightMissing.selector,
                        ISSUER,
                        STRANGER,
                        RIGHT_ISSUE | RIGHT_REVOKE,
                        rights
                    )
                );
            }
            vm.prank(STRANGER);
            registry.openStatusList(ISSUER, bytes32(uint256(rights)), 17, INDEX_KEY);
        }
    }

    function test_heads_are_given_in_the_order_asked() external {
        bytes32 first = _open(LIST, 17);
        bytes32 second = _open(ROOT, 18);
        bytes32[] memory asked = new bytes32[](4);
        (asked[0], asked[1], asked[2], asked[3]) = (ROOT, INDEX_KEY, LIST, ROOT);
        ICredentialRegistry.StatusList[] memory lists = registry.statusHeads(ISSUER, asked);
        vm.assertEq(lists.length, 4, "length");
        vm.assertEq(lists[0].head, second, "0");
        vm.assertEq(lists[1].entries, 0, "1");
        vm.assertEq(lists[2].head, first, "2");
        vm.assertEq(lists[3].head, second, "3");
        vm.assertEq(registry.statusHeads(ISSUER, new bytes32[](0)).length, 0, "none");
    }
}

contract StatusEpochsTest is RegistryTest {
    bytes32 private opening;

    function setUp() public override {
        super.setUp();
        opening = _open(LIST, 17);
    }

    function test_an_epoch_goes_into_the_head_and_into_the_event() external {
        bytes memory changes = Packed.join(Packed.one(4, 1), Packed.one(131071, 2));
        _at(START + 30, FIRST_BLOCK + 2);
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
        bytes32 first = _publish(OPERATOR, LIST, changes);
        vm.assertEq(
            first,
            _nextHead(opening, 1, STATUS_ROOT, OPERATOR, RIGHTS_ALL, changes, START + 30, FIRST_BLOCK + 2),
            "head 1"
        );
        _at(START + 42, FIRST_BLOCK + 3);
        changes = Packed.one(9, 2);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.StatusPublished(
            ISSUER,
            LIST,
            2,
            uint64(FIRST_BLOCK + 2),
            STATUS_ROOT,
            SUSPENDER,
            RIGHT_SUSPEND,
            changes
        );
        vm.assertEq(
            _publish(SUSPENDER, LIST, changes),
            _nextHead(first, 2, STATUS_ROOT, SUSPENDER, RIGHT_SUSPEND, changes, START + 42, FIRST_BLOCK + 3),
            "head 2"
        );
        ICredentialRegistry.StatusList memory list = _list(ISSUER, LIST);
        vm.assertEq(list.epoch, 2, "epoch");
        vm.assertEq(list.time, START + 42, "time");
        vm.assertEq(list.blockNumber, FIRST_BLOCK + 3, "block");
        vm.assertEq(list.entries, 1 << 17, "entries");
        vm.assertEq(list.flags, 1, "version");
    }

    /// @dev The event is written in assembly: whole words, padded with zeros, whatever lay in memory.
    function testFuzz_the_event_holds_the_changes_as_they_came(uint8 count, uint16 first) external {
        bytes memory changes = Packed.many(uint256(count) + 1, first, 3, 2);
        vm.recordLogs();
        bytes32 head = _publish(OPERATOR, LIST, changes);
        bytes memory data = vm.getRecordedLogs()[0].data;
        vm.assertEq(
            data,
            abi.encode(uint64(1), uint64(FIRST_BLOCK), STATUS_ROOT, OPERATOR, RIGHTS_ALL, changes),
            "data"
        );
        vm.assertEq(
            head,
            _nextHead(opening, 1, STATUS_ROOT, OPERATOR, RIGHTS_ALL, changes, START, FIRST_BLOCK),
            "head"
        );
    }

    /// @dev A caller may pad the changes with anything: it is neither judged nor logged.
    function test_what_stands_behind_the_changes_does_not_matter() external {
        bytes memory changes = Packed.many(4, 1, 1, 2);
        bytes memory data = abi.encodeCall(
            ICredentialRegistry.publishStatus,
            (ISSUER, LIST, opening, STATUS_ROOT, changes)
        );
        for (uint256 i = data.length - 20; i < data.length; ++i) data[i] = 0xff;
        vm.recordLogs();
        vm.prank(SUSPENDER);
        (bool done, ) = address(registry).call(data);
        vm.assertTrue(done, "taken");
        vm.assertEq(
            vm.getRecordedLogs()[0].data,
            abi.encode(uint64(1), uint64(FIRST_BLOCK), STATUS_ROOT, SUSPENDER, RIGHT_SUSPEND, changes),
            "data"
        );
    }

    function test_an_epoch_for_another_head_is_refused_and_nothing_written() external {
        bytes32 head = _publish(OPERATOR, LIST, Packed.one(1, 1));
        bytes32[3] memory stale = [opening, ROOT, bytes32(0)];
        for (uint256 i = 0; i < stale.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ICredentialRegistry.StatusHeadMoved.selector,
                    ISSUER,
                    LIST,
                    stale[i],
                    head
                )
            );
            vm.prank(OPERATOR);
            registry.publishStatus(ISSUER, LIST, stale[i], STATUS_ROOT, Packed.one(2, 1));
        }
        vm.assertEq(_head(ISSUER, LIST), head, "head");
        vm.assertEq(_list(ISSUER, LIST).epoch, 1, "epoch");
    }

    function test_a_list_that_was_not_opened_has_no_epochs() external {
        bytes32[2] memory heads = [bytes32(0), opening];
        for (uint256 i = 0; i < heads.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.StatusListUnknown.selector, ISSUER, ROOT)
            );
            vm.prank(OPERATOR);
            registry.publishStatus(ISSUER, ROOT, heads[i], STATUS_ROOT, Packed.one(1, 1));
        }
    }

    function test_changes_are_whole_and_40000_at_most() external {
        uint256[4] memory sizes = [uint256(1), 2, 4, 3 * 40_000 + 3];
        for (uint256 i = 0; i < sizes.length; ++i) {
            bytes memory changes = Packed.many(sizes[i] / 3 + 1, 0, 1, 2);
            assembly {
                mstore(changes, mload(add(sizes, mul(0x20, i))))
            }
            vm.expectRevert(
                abi.encodeWithSelector(ICredentialRegistry.ChangesSizeRefused.selector, sizes[i], 40_000)
            );
            vm.prank(OPERATOR);
            registry.publishStatus(ISSUER, LIST, opening, STATUS_ROOT, changes);
        }
    }

    function test_forty_thousand_changes_are_taken_at_once() external {
        bytes memory changes = Packed.many(40_000, 5, 3, 1);
        vm.assertEq(
            _publish(OPERATOR, LIST, changes),
            _nextHead(opening, 1, STATUS_ROOT, OPERATOR, RIGHTS_ALL, changes, START, FIRST_BLOCK),
            "head"
        );
    }

    function test_every_index_below_the_size_can_change_and_none_beyond() external {
        _publish(OPERATOR, LIST, Packed.join(Packed.one(0, 1), Packed.one(131071, 1)));
        bytes[2] memory beyond = [Packed.one(131072, 1), Packed.join(Packed.one(5, 1), Packed.one(4194303, 1))];
        uint256[2] memory indexes = [uint256(131072), 4194303];
        for (uint256 i = 0; i < beyond.length; ++i) {
            _refused(
                OPERATOR,
                beyond[i],
                abi.encodeWithSelector(ICredentialRegistry.ChangeOutOfRange.selector, indexes[i], 131072)
            );
        }
    }

    function test_indexes_strictly_rise() external {
        _refused(
            OPERATOR,
            Packed.join(Packed.one(7, 1), Packed.one(7, 2)),
            abi.encodeWithSelector(ICredentialRegistry.ChangesNotRising.selector, 1, 7, 7)
        );
        _refused(
            OPERATOR,
            Packed.join(Packed.many(25, 100, 2, 1), Packed.one(147, 3)),
            abi.encodeWithSelector(ICredentialRegistry.ChangesNotRising.selector, 25, 148, 147)
        );
    }

    /// @dev Ten changes are compared at a time: the fault may stand at every place of every group.
    function test_a_fault_is_found_at_every_place() external {
        for (uint256 count = 2; count <= 42; ++count) {
            for (uint256 place = 1; place < count; ++place) {
                bytes memory changes = Packed.many(count, 1000, 1000, 2);
                (uint256 before, ) = Packed.read(changes, place - 1);
                bytes memory equal = Packed.one(before, 3);
                for (uint256 i = 0; i < 3; ++i) changes[3 * place + i] = equal[i];
                _refused(
                    OPERATOR,
                    changes,
                    abi.encodeWithSelector(ICredentialRegistry.ChangesNotRising.selector, place, before, before)
                );
            }
        }
    }

    /// @dev A suspender's one odd state is found at every place too.
    function test_a_revocation_is_found_at_every_place() external {
        for (uint256 count = 1; count <= 32; ++count) {
            for (uint256 place = 0; place < count; ++place) {
                bytes memory changes = Packed.many(count, 1000, 1000, 2);
                uint256 state = place % 2 == 0 ? 1 : 3;
                (uint256 index, ) = Packed.read(changes, place);
                bytes memory odd = Packed.one(index, state);
                for (uint256 i = 0; i < 3; ++i) changes[3 * place + i] = odd[i];
                _refused(
                    SUSPENDER,
                    changes,
                    abi.encodeWithSelector(
                        ICredentialRegistry.ChangeNeedsRevoke.selector,
                        place,
                        index,
                        state,
                        RIGHT_SUSPEND
                    )
                );
            }
        }
    }

    function test_a_suspender_suspends_and_reinstates() external {
        _publish(SUSPENDER, LIST, Packed.many(35, 0, 9, 2));
        _publish(SUSPENDER, LIST, Packed.many(35, 0, 9, 0));
        vm.assertEq(_list(ISSUER, LIST).epoch, 2, "epoch");
    }

    function test_the_right_to_revoke_or_to_suspend_publishes() external {
        for (uint8 rights = 0; rights <= RIGHTS_ALL; ++rights) {
            _setOperator(ISSUER, OWNER, STRANGER, rights);
            bytes32 head = _head(ISSUER, LIST);
            if (rights & (RIGHT_REVOKE | RIGHT_SUSPEND) == 0) {
                vm.expectRevert(
                    abi.encodeWithSelector(
                        ICredentialRegistry.RightMissing.selector,
                        ISSUER,
                        STRANGER,
                        RIGHT_REVOKE | RIGHT_SUSPEND,
                        rights
                    )
                );
            }
            vm.prank(STRANGER);
            registry.publishStatus(ISSUER, LIST, head, STATUS_ROOT, Packed.one(1, 2));
        }
    }

    function test_the_rights_in_the_head_are_those_of_the_moment() external {
        _setOperator(ISSUER, OWNER, OPERATOR, RIGHT_SUSPEND);
        bytes memory changes = Packed.one(1, 2);
        vm.assertEq(
            _publish(OPERATOR, LIST, changes),
            _nextHead(opening, 1, STATUS_ROOT, OPERATOR, RIGHT_SUSPEND, changes, START, FIRST_BLOCK),
            "head"
        );
    }

    function test_an_expired_operator_publishes_nothing() external {
        vm.prank(OWNER);
        registry.setOperator(ISSUER, OPERATOR, START, RIGHTS_ALL);
        _refused(
            OPERATOR,
            Packed.one(1, 1),
            abi.encodeWithSelector(ICredentialRegistry.OperatorExpired.selector, ISSUER, OPERATOR, START)
        );
    }

    function test_an_issuer_whose_accreditation_ended_still_revokes() external {
        vm.prank(ACCREDITOR);
        registry.setAccreditation(ISSUER, START, START);
        vm.assertTrue(_publish(OPERATOR, LIST, Packed.one(1, 1)) != opening, "published");
    }

    function test_a_heartbeat_comes_20_hours_after_the_last_epoch_or_later() external {
        _at(START + 20 hours - 1, FIRST_BLOCK + 1);
        _refused(
            OPERATOR,
            "",
            abi.encodeWithSelector(
                ICredentialRegistry.HeartbeatTooEarly.selector,
                ISSUER,
                LIST,
                START + 20 hours
            )
        );
        _at(START + 20 hours, FIRST_BLOCK + 2);
        vm.assertEq(
            _publish(SUSPENDER, LIST, ""),
            _nextHead(opening, 1, STATUS_ROOT, SUSPENDER, RIGHT_SUSPEND, "", START + 20 hours, FIRST_BLOCK + 2),
            "head"
        );
        _at(START + 40 hours - 1, FIRST_BLOCK + 3);
        _refused(
            OPERATOR,
            "",
            abi.encodeWithSelector(
                ICredentialRegistry.HeartbeatTooEarly.selector,
                ISSUER,
                LIST,
                START + 40 hours
            )
        );
    }

    /// @dev The word-wise check says what a loop over single changes says.
    function testFuzz_changes_are_judged_as_one_by_one(bytes calldata seed, uint8 count, bool suspender) external {
        bytes memory changes = _almostRising(seed, uint256(count) % 64 + 1);
        address operator = suspender ? SUSPENDER : OPERATOR;
        bytes memory refusal = _judge(changes, 1 << 17, suspender ? RIGHT_SUSPEND : RIGHTS_ALL);
        if (refusal.length > 0) vm.expectRevert(refusal);
        vm.prank(operator);
        registry.publishStatus(ISSUER, LIST, opening, STATUS_ROOT, changes);
    }

    /// @dev Bytes as they come are hardly ever rising: these rise but for a fault now and then.
    function _almostRising(bytes calldata seed, uint256 count) private pure returns (bytes memory changes) {
        changes = new bytes(0);
        uint256 index = 0;
        for (uint256 i = 0; i < count; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            uint256 state = dice % 97 == 0 ? (dice >> 8) % 4 : ((dice >> 8) % 2) * 2;
            if (dice % 151 != 0) index += 1 + ((dice >> 16) % 4400);
            changes = Packed.join(changes, Packed.one(index % (1 << 22), state));
        }
    }

    function _judge(bytes memory changes, uint256 entries, uint8 rights) private pure returns (bytes memory) {
        uint256 count = changes.length / 3;
        for (uint256 i = 1; i < count; ++i) {
            (uint256 before, ) = Packed.read(changes, i - 1);
            (uint256 index, ) = Packed.read(changes, i);
            if (index <= before) {
                return abi.encodeWithSelector(ICredentialRegistry.ChangesNotRising.selector, i, before, index);
            }
        }
        for (uint256 i = 0; i < count; ++i) {
            (uint256 index, uint256 state) = Packed.read(changes, i);
            if ((state == 1 || state == 3) && rights & RIGHT_REVOKE == 0) {
                return abi.encodeWithSelector(ICredentialRegistry.ChangeNeedsRevoke.selector, i, index, state, rights);
            }
        }
        (uint256 last, ) = Packed.read(changes, count - 1);
        if (last >= entries) {
            return abi.encodeWithSelector(ICredentialRegistry.ChangeOutOfRange.selector, last, entries);
        }
        return "";
    }

    function _refused(address operator, bytes memory changes, bytes memory refusal) private {
        bytes32 head = _head(ISSUER, LIST);
        vm.expectRevert(refusal);
        vm.prank(operator);
        registry.publishStatus(ISSUER, LIST, head, STATUS_ROOT, changes);
    }
}
