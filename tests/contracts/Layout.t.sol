// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry, RIGHTS_ALL} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {Packed} from "./support/Packed.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice What state proofs read: every record at the slot and the bits the interface names. (A test of the build
///         holds the compiler's own layout against the interface.)
contract LayoutTest is RegistryTest {
    bytes32 private immutable KEY = sha256(bytes(MULTIKEY));

    function test_issuers_lie_at_slot_5() external {
        _at(START + 7, FIRST_BLOCK + 1);
        vm.prank(OWNER);
        bytes32 first = registry.proposeProfile(ISSUER, "first");
        vm.prank(ACCREDITOR);
        registry.approveProfile(ISSUER, first);
        _at(START + 9, FIRST_BLOCK + 2);
        vm.prank(OWNER);
        bytes32 second = registry.proposeProfile(ISSUER, "second");
        vm.prank(ACCREDITOR);
        registry.setAccreditation(ISSUER, START + 1, START + 2);
        vm.prank(ACCREDITOR);
        registry.setAnchorsAll(ISSUER);
        vm.prank(ACCREDITOR);
        registry.invalidate(ISSUER, START + 3);
        vm.prank(OWNER);
        registry.transferIssuerOwnership(ISSUER, STRANGER);
        uint256 slot = uint256(_slot(5, ISSUER));
        _is(slot, uint160(OWNER) | (_u(START + 1) << 160) | (_u(START + 2) << 200) | (3 << 240), "slot 1");
        _is(slot + 1, uint256(first), "slot 2");
        _is(
            slot + 2,
            (START + 9) |
                (_u(START + 3) << 40) |
                (_u(START + 9) << 80) |
                ((FIRST_BLOCK + 2) << 120) |
                ((FIRST_BLOCK + 1) << 160) |
                (_u(START) << 200) |
                (1 << 240),
            "slot 3"
        );
        _is(slot + 3, uint256(second), "slot 4");
        _is(slot + 4, uint160(STRANGER), "slot 5");
    }

    function test_operators_lie_at_slot_6() external {
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, 1, 1);
        _is(
            uint256(keccak256(abi.encode(OPERATOR, _slot(6, ISSUER)))),
            NEVER | (_u(RIGHTS_ALL) << 40) | (1 << 48) | (1 << 80),
            "operator"
        );
    }

    function test_keys_lie_at_slot_7() external {
        vm.prank(OWNER);
        registry.addKey(ISSUER, MULTIKEY);
        _at(START + 5, FIRST_BLOCK);
        vm.prank(OWNER);
        registry.retireKey(ISSUER, KEY);
        vm.prank(OWNER);
        registry.reportKeyCompromised(ISSUER, KEY, START + 1);
        _is(
            uint256(_slot(7, ISSUER, KEY)),
            START | (_u(START + 5) << 40) | (_u(START + 1) << 80) | (1 << 120),
            "key"
        );
    }

    function test_anchors_lie_at_slot_8() external {
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, INDEX_KEY, 1, 1);
        _at(START + 5, FIRST_BLOCK + 1);
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, 4_000_000, 5);
        _is(
            uint256(_slot(8, ISSUER, ROOT)),
            (START + 5) |
                ((FIRST_BLOCK + 1) << 40) |
                (uint256(4_000_000) << 80) |
                (uint256(2) << 112) |
                (uint256(5) << 144) |
                (1 << 152),
            "anchor"
        );
    }

    function test_status_lists_lie_at_slot_9() external {
        _open(LIST, 22);
        _at(START + 5, FIRST_BLOCK + 1);
        bytes32 head = _publish(OPERATOR, LIST, Packed.one(1, 1));
        uint256 slot = uint256(_slot(9, ISSUER, LIST));
        _is(slot, uint256(head), "slot 1");
        _is(
            slot + 1,
            1 |
                (_u(START + 5) << 64) |
                ((FIRST_BLOCK + 1) << 128) |
                (uint256(1 << 22) << 192) |
                (uint256(1) << 224),
            "slot 2"
        );
    }

    function test_audit_heads_lie_at_slot_10() external {
        vm.prank(OPERATOR);
        registry.publishAuditHead(ISSUER, 77, ROOT);
        uint256 slot = uint256(_slot(10, ISSUER));
        _is(slot, uint256(ROOT), "slot 1");
        _is(slot + 1, 77 | (_u(START) << 64) | (FIRST_BLOCK << 128) | (_u(1) << 192), "slot 2");
    }

    function test_the_successor_lies_at_slot_11() external {
        address next = address(_deploy(0, ACCREDITOR));
        ICredentialRegistry here = registry;
        registry = _deploy(1, ACCREDITOR);
        for (uint160 i = 2; i > 0; --i) {
            vm.prank(ACCREDITOR);
            registry.setSuccessor(i == 2 ? next : address(0));
            _is(11, i == 2 ? uint160(next) | (_u(START + 1) << 160) | (_u(1) << 200) : 0, "named, and taken back");
        }
        registry = here;
        vm.prank(ACCREDITOR);
        registry.setSuccessor(next);
        _is(11, uint160(next) | (_u(START) << 160) | (_u(1) << 200), "successor");
        vm.prank(OWNER);
        registry.transferIssuerOwnership(ISSUER, STRANGER);
        registry.sealAnchoring(ISSUER);
        _is(uint256(_slot(5, ISSUER)), uint160(OWNER) | (_u(START) << 160) | (_u(NEVER) << 200) | (4 << 240), "slot 1");
    }

    /// @dev The words of Slots are read with the compiler's masks here, at the largest values they can hold.
    function testFuzz_the_contract_reads_words_as_the_compiler_does(uint256 word) external {
        uint256 slot = uint256(_slot(9, ISSUER, LIST));
        vm.store(address(registry), bytes32(slot), ROOT);
        word |= 1 << 192; // at least one entry
        if (uint64(word) == type(uint64).max) word -= 1;
        vm.store(address(registry), bytes32(slot + 1), bytes32(word));
        ICredentialRegistry.StatusList memory before = _list(ISSUER, LIST);
        _publish(OPERATOR, LIST, Packed.one(0, 1));
        ICredentialRegistry.StatusList memory list = _list(ISSUER, LIST);
        vm.assertEq(list.epoch, before.epoch + 1, "epoch");
        vm.assertEq(list.time, START, "time");
        vm.assertEq(list.blockNumber, FIRST_BLOCK, "block");
        vm.assertEq(list.entries, before.entries, "entries");
        vm.assertEq(list.flags, before.flags, "flags");
    }

    function _u(uint256 value) private pure returns (uint256) {
        return value;
    }

    function _is(uint256 slot, uint256 word, string memory name) private view {
        vm.assertEq(_word(bytes32(slot)), word, name);
    }
}
