// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Inclusion in a SHA-256 tree
/// @notice RFC 9162, sections 2.1.1 and 2.1.3.2; leaves come hashed.
library Inclusion {
    /// @notice Whether `leaf` stands at `index` in the tree of `size` leaves with root `root`. A path that is longer or
    ///         shorter than index and size demand is refused: one path would fit several places otherwise.
    function holds(
        bytes32 leaf,
        uint256 index,
        uint256 size,
        bytes32[] calldata path,
        bytes32 root
    ) internal pure returns (bool) {
        if (index >= size) return false;
        uint256 place = index; // "fn" of the RFC: the node's place in its level
        uint256 last = size - 1; // "sn": the last place in that level
        bytes32 node = leaf;
        for (uint256 i = 0; i < path.length; ++i) {
            if (last == 0) return false;
            if (place & 1 == 1 || place == last) {
                node = _parent(path[i], node);
                // A last node without a sibling goes up unchanged until it has one. It is not the first of its level
                // (`last` is not 0), so it has one somewhere.
                while (place & 1 == 0) {
                    place >>= 1;
                    last >>= 1;
                }
            } else {
                node = _parent(node, path[i]);
            }
            place >>= 1;
            last >>= 1;
        }
        return last == 0 && node == root;
    }

    /// @dev The 0x01 keeps nodes and leaves apart.
    function _parent(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }
}
