// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry, RIGHT_ISSUE, RIGHT_REVOKE} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice The registry itself computes the values of the vector file, which Python reads too: the positive one of each
///         line, and every mutated one.
contract VectorsTest is RegistryTest {
    uint256 private constant KEY = 0x5160ED;
    string private json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("tests/vectors/statements.json");
    }

    function test_line_1_issuer_ids() external {
        string[] memory cases = _cases("issuerId");
        for (uint256 i = 0; i < cases.length; ++i) {
            vm.assertEq(_register(_text(cases[i], "did"), OWNER), _bytes32(cases[i], "output"), cases[i]);
        }
    }

    function test_line_2_roots_of_paths() external view {
        string[] memory cases = _cases("inclusion");
        uint256 refused = 0;
        for (uint256 i = 0; i < cases.length; ++i) {
            bool holds = !vm.keyExistsJson(json, string.concat(cases[i], ".refused"));
            // A refused path leads to no root: least of all to the positive one.
            bytes32 root = _bytes32(holds ? cases[i] : cases[0], "output");
            vm.assertTrue(
                registry.verifyInclusion(
                    _bytes32(cases[i], "input.leaf"),
                    _number(cases[i], "input.index"),
                    _number(cases[i], "input.size"),
                    _path(cases[i], "input.path"),
                    root
                ) == holds,
                cases[i]
            );
            if (!holds) ++refused;
        }
        vm.assertTrue(refused > 0 && refused < cases.length, "both happen");
    }

    function test_line_2_trees() external view {
        string[] memory cases = _cases("tree");
        for (uint256 i = 0; i < cases.length; ++i) {
            bytes32[] memory leaves = _path(cases[i], "input.leaves");
            uint256 index = _number(cases[i], "input.index");
            if (vm.keyExistsJson(json, string.concat(cases[i], ".refused"))) {
                vm.assertTrue(
                    !registry.verifyInclusion(ROOT, index, leaves.length, new bytes32[](0), ROOT),
                    cases[i]
                );
                continue;
            }
            vm.assertTrue(
                registry.verifyInclusion(
                    leaves[index],
                    index,
                    leaves.length,
                    _path(cases[i], "output.path"),
                    _bytes32(cases[i], "output.root")
                ),
                cases[i]
            );
        }
    }

    function test_line_4_anchors_as_they_are_written() external {
        string memory name = _cases("anchorSlot")[0];
        uint256 sequence = _number(name, "input.sequence") - 1;
        bytes32 operatorSlot = keccak256(abi.encode(OPERATOR, _slot(6, ISSUER)));
        vm.store(address(registry), operatorSlot, bytes32(_word(operatorSlot) | (sequence << 48)));
        _accreditFrom(_number(name, "input.time"));
        _at(_number(name, "input.time"), _number(name, "input.block"));
        vm.prank(OPERATOR);
        registry.anchor(ISSUER, ROOT, uint32(_number(name, "input.treeSize")), uint8(_number(name, "input.kind")));
        vm.assertEq(bytes32(_word(_slot(8, ISSUER, ROOT))), _bytes32(name, "output"), name);
    }

    function test_line_4_anchors_as_they_are_read() external {
        string[] memory cases = _cases("anchorSlot");
        for (uint256 i = 0; i < cases.length; ++i) {
            vm.store(address(registry), _slot(8, ISSUER, ROOT), _bytes32(cases[i], "output"));
            ICredentialRegistry.Anchor memory record = registry.anchorOf(ISSUER, ROOT);
            vm.assertEq(record.time, _number(cases[i], "input.time"), cases[i]);
            vm.assertEq(record.blockNumber, _number(cases[i], "input.block"), cases[i]);
            vm.assertEq(record.treeSize, _number(cases[i], "input.treeSize"), cases[i]);
            vm.assertEq(record.sequence, _number(cases[i], "input.sequence"), cases[i]);
            vm.assertEq(record.kind, _number(cases[i], "input.kind"), cases[i]);
            vm.assertEq(record.version, _number(cases[i], "input.version"), cases[i]);
        }
    }

    function test_line_7_status_slots_as_they_are_read() external {
        string[] memory cases = _cases("statusSlot");
        for (uint256 i = 0; i < cases.length; ++i) {
            _storeList(registry, ISSUER, LIST, ROOT, uint256(_bytes32(cases[i], "output")));
            ICredentialRegistry.StatusList memory list = _list(ISSUER, LIST);
            vm.assertEq(list.epoch, _number(cases[i], "input.epoch"), cases[i]);
            vm.assertEq(list.time, _number(cases[i], "input.time"), cases[i]);
            vm.assertEq(list.blockNumber, _number(cases[i], "input.block"), cases[i]);
            vm.assertEq(list.entries, _number(cases[i], "input.entries"), cases[i]);
            vm.assertEq(list.flags, _number(cases[i], "input.flags"), cases[i]);
        }
    }

    function test_line_7_changes() external {
        bytes32 head = _open(LIST, 17);
        string[] memory cases = _cases("changes");
        for (uint256 i = 0; i < cases.length; ++i) {
            if (vm.keyExistsJson(json, string.concat(cases[i], ".refused"))) continue; // refused before packing
            vm.assertEq(_number(cases[i], "input.entries"), 1 << 17, "entries");
            bytes memory changes = vm.parseJsonBytes(json, string.concat(cases[i], ".output"));
            _at(START + (i + 1) * 1 days, FIRST_BLOCK + i);
            vm.prank(OPERATOR);
            registry.publishStatus(ISSUER, LIST, head, STATUS_ROOT, changes);
            head = _head(ISSUER, LIST);
        }
        vm.assertTrue(_list(ISSUER, LIST).epoch >= 3, "several were published");
    }

    function test_line_7_opening_heads() external {
        string[] memory cases = _cases("openingHead");
        for (uint256 i = 0; i < cases.length; ++i) {
            ICredentialRegistry there = _registryAt(_address(cases[i], "input.registry"));
            bytes32 issuerId = _bytes32(cases[i], "input.issuerId");
            bytes32 listId = _bytes32(cases[i], "input.listId");
            _storeOperator(there, issuerId, OPERATOR, RIGHT_ISSUE);
            _storeList(there, issuerId, listId, 0, 0);
            vm.chainId(_number(cases[i], "input.chainId"));
            vm.prank(OPERATOR);
            there.openStatusList(
                issuerId,
                listId,
                _log2(_number(cases[i], "input.entries")),
                _bytes32(cases[i], "input.indexKeyHash")
            );
            vm.assertEq(_headOf(there, issuerId, listId), _bytes32(cases[i], "output"), cases[i]);
        }
    }

    function test_line_7_next_heads() external {
        string[] memory cases = _cases("nextHead");
        for (uint256 i = 0; i < cases.length; ++i) {
            address operator = _address(cases[i], "input.operator");
            bytes32 head = _bytes32(cases[i], "input.previousHead");
            uint256 time = _number(cases[i], "input.time");
            _storeOperator(registry, ISSUER, operator, _number(cases[i], "input.rights"));
            _storeList(registry, ISSUER, LIST, head, (_number(cases[i], "input.epoch") - 1) | (1 << 214));
            _at(time, _number(cases[i], "input.block"));
            bytes32 statusRoot = _bytes32(cases[i], "input.statusRoot");
            bytes memory changes = vm.parseJsonBytes(json, string.concat(cases[i], ".input.changes"));
            vm.prank(operator);
            registry.publishStatus(ISSUER, LIST, head, statusRoot, changes);
            vm.assertEq(_head(ISSUER, LIST), _bytes32(cases[i], "output"), cases[i]);
        }
    }

    /// @dev What is signed over the file's digest is taken for these very arguments: the contract hashes the same.
    function test_line_7_signed_epochs() external {
        string[] memory cases = _cases("signedEpoch");
        for (uint256 i = 0; i < cases.length; ++i) {
            (ICredentialRegistry there, bytes32 issuerId, bytes32 listId) = _signedCase(cases[i]);
            _storeOperator(there, issuerId, vm.addr(KEY), RIGHT_REVOKE);
            there.publishStatusBySig(
                issuerId,
                listId,
                _bytes32(cases[i], "input.previousHead"),
                _bytes32(cases[i], "input.statusRoot"),
                vm.parseJsonBytes(json, string.concat(cases[i], ".input.changes")),
                vm.addr(KEY),
                _signature(_bytes32(cases[i], "output")),
                uint64(_number(cases[i], "input.deadline"))
            );
            vm.assertTrue(_headOf(there, issuerId, listId) != _bytes32(cases[i], "input.previousHead"), cases[i]);
        }
    }

    function test_line_7_signed_annulments() external {
        string[] memory cases = _cases("signedAnnulment");
        for (uint256 i = 0; i < cases.length; ++i) {
            (ICredentialRegistry there, bytes32 issuerId, bytes32 listId) = _signedCase(cases[i]);
            vm.store(address(there), _slot(5, issuerId), bytes32(uint256(uint160(vm.addr(KEY)))));
            // The access control's roles lie at slot 0.
            bytes32 role = keccak256(abi.encode(ACCREDITOR, _slot(0, keccak256("ACCREDITOR_ROLE"))));
            vm.store(address(there), role, bytes32(uint256(1)));
            vm.prank(ACCREDITOR);
            there.annulStatus(
                issuerId,
                listId,
                _bytes32(cases[i], "input.previousHead"),
                _bytes32(cases[i], "input.statusRoot"),
                vm.parseJsonBytes(json, string.concat(cases[i], ".input.changes")),
                vm.addr(KEY),
                _signature(_bytes32(cases[i], "output")),
                uint64(_number(cases[i], "input.deadline"))
            );
            vm.assertTrue(_headOf(there, issuerId, listId) != _bytes32(cases[i], "input.previousHead"), cases[i]);
        }
    }

    function test_line_14_key_ids() external {
        string[] memory cases = _cases("keyId");
        for (uint256 i = 0; i < cases.length; ++i) {
            string memory multikey = _text(cases[i], "multikey");
            vm.prank(OWNER);
            bytes32 keyId = registry.addKey(ISSUER, multikey);
            vm.assertEq(keyId, _bytes32(cases[i], "output"), cases[i]);
            vm.assertEq(registry.keyWindow(ISSUER, keyId).addedAt, START, cases[i]);
        }
    }

    /// @dev Where the cases of a value stand in the file: the positive one first, then every mutated one.
    function _cases(string memory name) private view returns (string[] memory places) {
        string memory mutated = string.concat(".", name, ".mutated");
        string[] memory keys = vm.parseJsonKeys(json, mutated);
        places = new string[](keys.length + 1);
        places[0] = string.concat(".", name, ".positive");
        for (uint256 i = 0; i < keys.length; ++i) places[i + 1] = string.concat(mutated, "['", keys[i], "']");
        vm.assertTrue(keys.length > 0, "mutated values");
    }

    function _number(string memory place, string memory key) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(place, ".", key));
    }

    function _bytes32(string memory place, string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(place, ".", key));
    }

    function _address(string memory place, string memory key) private view returns (address) {
        return vm.parseJsonAddress(json, string.concat(place, ".", key));
    }

    function _text(string memory place, string memory key) private view returns (string memory) {
        return vm.parseJsonString(json, string.concat(place, ".input.", key));
    }

    function _path(string memory place, string memory key) private view returns (bytes32[] memory) {
        return vm.parseJsonBytes32Array(json, string.concat(place, ".", key));
    }

    /// @dev The registry of a case with its list at the head before, in the last second of the signature.
    function _signedCase(
        string memory place
    ) private returns (ICredentialRegistry there, bytes32 issuerId, bytes32 listId) {
        there = _registryAt(_address(place, "input.registry"));
        issuerId = _bytes32(place, "input.issuerId");
        listId = _bytes32(place, "input.listId");
        _storeList(there, issuerId, listId, _bytes32(place, "input.previousHead"), uint256(1 << 17) << 192);
        vm.chainId(_number(place, "input.chainId"));
        _at(_number(place, "input.deadline"), FIRST_BLOCK);
    }

    function _signature(bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The same code at another address; its storage is empty.
    function _registryAt(address place) private returns (ICredentialRegistry) {
        vm.etch(place, address(registry).code);
        return ICredentialRegistry(place);
    }

    function _storeOperator(ICredentialRegistry there, bytes32 issuerId, address account, uint256 rights) private {
        bytes32 slot = keccak256(abi.encode(account, _slot(6, issuerId)));
        vm.store(address(there), slot, bytes32(NEVER | (rights << 40) | (1 << 80)));
    }

    function _storeList(
        ICredentialRegistry there,
        bytes32 issuerId,
        bytes32 listId,
        bytes32 head,
        uint256 word
    ) private {
        bytes32 slot = _slot(9, issuerId, listId);
        vm.store(address(there), slot, head);
        vm.store(address(there), bytes32(uint256(slot) + 1), bytes32(word));
    }

    /// @dev Let the accreditation of the first issuer begin at `time`.
    function _accreditFrom(uint256 time) private {
        bytes32 slot = _slot(5, ISSUER);
        uint256 word = _word(slot) & ~(uint256(NEVER) << 160);
        vm.store(address(registry), slot, bytes32(word | (time << 160)));
    }

    function _headOf(ICredentialRegistry there, bytes32 issuerId, bytes32 listId) private view returns (bytes32) {
        bytes32[] memory asked = new bytes32[](1);
        asked[0] = listId;
        return there.statusHeads(issuerId, asked)[0].head;
    }

    function _log2(uint256 entries) private pure returns (uint8 power) {
        while (1 << power < entries) ++power;
    }
}
