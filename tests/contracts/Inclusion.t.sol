// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

contract InclusionTest is RegistryTest {
    function test_every_leaf_of_every_small_tree_is_included() external view {
        for (uint256 size = 1; size <= 33; ++size) {
            bytes32[] memory leaves = _leaves(size);
            bytes32 root = _root(leaves, 0, size);
            for (uint256 index = 0; index < size; ++index) {
                bytes32[] memory path = _path(leaves, index, 0, size);
                vm.assertTrue(registry.verifyInclusion(leaves[index], index, size, path, root), "included");
            }
        }
    }

    function testFuzz_nothing_else_is(uint256 size, uint256 index, uint256 wrong) external view {
        size = (size % 40) + 2;
        index = index % size;
        bytes32[] memory leaves = _leaves(size);
        bytes32 root = _root(leaves, 0, size);
        bytes32 leaf = leaves[index];
        bytes32[] memory path = _path(leaves, index, 0, size);
        vm.assertTrue(!registry.verifyInclusion(leaf, index, size, path, bytes32(uint256(root) ^ 1)), "root");
        vm.assertTrue(!registry.verifyInclusion(bytes32(uint256(leaf) ^ 1), index, size, path, root), "leaf");
        vm.assertTrue(!registry.verifyInclusion(leaf, (index + 1) % size, size, path, root), "index");
        vm.assertTrue(!registry.verifyInclusion(leaf, size, size, path, root), "beyond");
        vm.assertTrue(!registry.verifyInclusion(leaf, index, 0, path, root), "no tree");
        vm.assertTrue(!registry.verifyInclusion(leaf, index, size, _resized(path, path.length + 1), root), "long");
        vm.assertTrue(!registry.verifyInclusion(leaf, index, size, _resized(path, path.length - 1), root), "short");
        wrong = wrong % path.length;
        path[wrong] = bytes32(uint256(path[wrong]) ^ 1);
        vm.assertTrue(!registry.verifyInclusion(leaf, index, size, path, root), "path");
    }

    function test_a_tree_of_one_leaf_has_an_empty_path() external view {
        vm.assertTrue(registry.verifyInclusion(ROOT, 0, 1, new bytes32[](0), ROOT), "the leaf is the root");
        vm.assertTrue(!registry.verifyInclusion(ROOT, 0, 2, new bytes32[](0), ROOT), "of two leaves it is not");
        vm.assertTrue(!registry.verifyInclusion(ROOT, 1, 1, new bytes32[](0), ROOT), "no second leaf");
    }

    /// @dev One path would fit several trees otherwise: the parent of a root is no root of the smaller tree.
    function test_a_path_beyond_the_top_is_refused_even_where_it_leads_to_the_root() external view {
        for (uint256 size = 1; size <= 9; ++size) {
            bytes32[] memory leaves = _leaves(size);
            for (uint256 index = 0; index < size; ++index) {
                bytes32[] memory path = _path(leaves, index, 0, size);
                path = _resized(path, path.length + 1);
                path[path.length - 1] = ROOT;
                bytes32 top = _root(leaves, 0, size);
                bytes32 left = sha256(abi.encodePacked(bytes1(0x01), ROOT, top));
                bytes32 right = sha256(abi.encodePacked(bytes1(0x01), top, ROOT));
                vm.assertTrue(!registry.verifyInclusion(leaves[index], index, size, path, left), "on the left");
                vm.assertTrue(!registry.verifyInclusion(leaves[index], index, size, path, right), "on the right");
            }
        }
    }

    function test_the_largest_numbers_are_answered_too() external view {
        bytes32[] memory path = new bytes32[](300);
        uint256 most = type(uint256).max;
        vm.assertTrue(!registry.verifyInclusion(ROOT, most - 1, most, path, ROOT), "no such tree");
        vm.assertTrue(!registry.verifyInclusion(ROOT, most, most, path, ROOT), "beyond");
    }

    function _leaves(uint256 size) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) leaves[i] = keccak256(abi.encode("leaf", i));
    }

    /// @dev RFC 9162, section 2.1.1, as it is written there.
    function _root(bytes32[] memory leaves, uint256 from, uint256 to) private pure returns (bytes32) {
        if (to - from == 1) return leaves[from];
        uint256 k = _split(to - from);
        return sha256(abi.encodePacked(bytes1(0x01), _root(leaves, from, from + k), _root(leaves, from + k, to)));
    }

    /// @dev RFC 9162, section 2.1.3.1.
    function _path(
        bytes32[] memory leaves,
        uint256 index,
        uint256 from,
        uint256 to
    ) private pure returns (bytes32[] memory path) {
        if (to - from == 1) return new bytes32[](0);
        uint256 k = _split(to - from);
        bytes32 sibling;
        if (index < k) {
            path = _path(leaves, index, from, from + k);
            sibling = _root(leaves, from + k, to);
        } else {
            path = _path(leaves, index - k, from + k, to);
            sibling = _root(leaves, from, from + k);
        }
        path = _resized(path, path.length + 1);
        path[path.length - 1] = sibling;
    }

    /// @dev The largest power of two below `size`.
    function _split(uint256 size) private pure returns (uint256 k) {
        k = 1;
        while (2 * k < size) k *= 2;
    }

    function _resized(bytes32[] memory from, uint256 size) private pure returns (bytes32[] memory to) {
        to = new bytes32[](size);
        for (uint256 i = 0; i < size && i < from.length; ++i) to[i] = from[i];
    }
}
