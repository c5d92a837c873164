// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../interfaces/ICredentialRegistry.sol";

/// @title Packed slots that are read and written in one go
/// @notice The compiler reads and writes a packed slot member by member and masks each of them, which costs more than a
///         thousand gas in the calls that are made most. Here the same slots are words. The shifts repeat the order of
///         members in the interface; tests hold them against the compiler's own layout.
library Slots {
    // ------------------------------------------- Operator: validUntil (40) | rights (8) | sequence (32) | version (8)

    function load(ICredentialRegistry.Operator storage record) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(record.slot)
        }
    }

    function operatorUntil(uint256 word) internal pure returns (uint256) {
        return uint40(word);
    }

    function operatorRights(uint256 word) internal pure returns (uint256) {
        return uint8(word >> 40);
    }

    /// @notice Count one more root of the operator whose slot holds `word`, and return its number.
    function countRoot(ICredentialRegistry.Operator storage record, uint256 word) internal returns (uint32 sequence) {
        sequence = uint32(word >> 48) + 1; // there is no root after number 2^32 - 1
        assembly ("memory-safe") {
            sstore(record.slot, add(word, shl(48, 1)))
        }
    }

    // ------------------------------------ Issuer, slot 1: owner (160) | validFrom (40) | validUntil (40) | flags (16)

    function load(ICredentialRegistry.Issuer storage record) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(record.slot)
        }
    }

    function issuerFrom(uint256 word) internal pure returns (uint256) {
        return uint40(word >> 160);
    }

    function issuerUntil(uint256 word) internal pure returns (uint256) {
        return uint40(word >> 200);
    }

    function issuerFlags(uint256 word) internal pure returns (uint256) {
        return word >> 240;
    }

    // ------- Anchor: time (40) | blockNumber (40) | treeSize (32) | sequence (32) | kind (8) | version (8); 0: none

    function load(ICredentialRegistry.Anchor storage record) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(record.slot)
        }
    }

    /// @notice Write an anchor of this block. Time and number of a block fit into 40 bits for thirty thousand years.
    function store(
        ICredentialRegistry.Anchor storage record,
        uint256 treeSize,
        uint256 sequence,
        uint256 kind,
        uint256 version
    ) internal {
        uint256 word = block.timestamp |
            (block.number << 40) |
            (treeSize << 80) |
            (sequence << 112) |
            (kind << 144) |
            (version << 152);
        assembly ("memory-safe") {
            sstore(record.slot, word)
        }
    }

    /// @notice Whether the anchor in `word` is one of this size and kind.
    function isBatch(uint256 word, uint32 treeSize, uint8 kind) internal pure returns (bool) {
        return uint32(word >> 80) == treeSize && uint8(word >> 144) == kind;
    }

    // -------------- StatusList, slot 2: epoch (64) | time (64) | blockNumber (64) | entries (32) | flags (32)

    function load(ICredentialRegistry.StatusList storage record) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(add(record.slot, 1))
        }
    }

    function statusTime(uint256 word) internal pure returns (uint256) {
        return uint64(word >> 64);
    }

    function statusBlock(uint256 word) internal pure returns (uint256) {
        return uint64(word >> 128);
    }

    function statusEntries(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 192);
    }

    /// @notice Write that the next epoch is of this block, and return its number; `word` is what stood there.
    function advance(ICredentialRegistry.StatusList storage record, uint256 word) internal returns (uint256 epoch) {
        epoch = uint64(word) + 1;
        uint256 next = ((word >> 192) << 192) | (block.number << 128) | (block.timestamp << 64) | epoch;
        assembly ("memory-safe") {
            sstore(add(record.slot, 1), next)
        }
    }
}
