// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Changes of a status epoch, packed the slow and plain way.
library Packed {
    function one(uint256 index, uint256 state) internal pure returns (bytes memory) {
        return abi.encodePacked(uint24(index * 4 + state));
    }

    function join(bytes memory left, bytes memory right) internal pure returns (bytes memory) {
        return bytes.concat(left, right);
    }

    /// @notice `count` changes to `state`: first, first + step, …
    function many(uint256 count, uint256 first, uint256 step, uint256 state) internal pure returns (bytes memory out) {
        out = new bytes(count * 3);
        for (uint256 i = 0; i < count; ++i) {
            uint256 change = (first + i * step) * 4 + state;
            out[3 * i] = bytes1(uint8(change >> 16));
            out[3 * i + 1] = bytes1(uint8(change >> 8));
            out[3 * i + 2] = bytes1(uint8(change));
        }
    }

    function read(bytes memory changes, uint256 position) internal pure returns (uint256 index, uint256 state) {
        uint256 change = (uint256(uint8(changes[3 * position])) << 16) |
            (uint256(uint8(changes[3 * position + 1])) << 8) |
            uint256(uint8(changes[3 * position + 2]));
        return (change >> 2, change & 3);
    }
}
