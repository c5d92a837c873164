// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../interfaces/ICredentialRegistry.sol";

/// @title The record of a status epoch
/// @notice What is hashed into the next head, and what the event says.
library StatusEpochs {
    bytes32 private constant STATUS_PUBLISHED = ICredentialRegistry.StatusPublished.selector;

    /// @notice Emit StatusPublished and return the head of the epoch: keccak256(abi.encode(previousHead, epoch,
    ///         statusRoot, operator, rights, keccak256(changes), block.timestamp, block.number)).
    /// @dev In assembly, because the changes are then copied to memory once for both; a test holds it against the
    ///      compiler's own encoding.
    function publish(
        bytes32 issuerId,
        bytes32 listId,
        bytes32 previousHead,
        uint256 epoch,
        uint256 previousBlock,
        bytes32 statusRoot,
        address operator,
        uint256 rights,
        bytes calldata changes
    ) internal returns (bytes32 head) {
        bytes32 name = STATUS_PUBLISHED;
        assembly ("memory-safe") {
            // Behind the free memory: eight words to hash, then the event's data, which ends with the changes.
            let words := mload(0x40)
            let data := add(words, 0x100)
            calldatacopy(add(data, 0xe0), changes.offset, changes.length)
            mstore(add(add(data, 0xe0), changes.length), 0) // the padding of the last word
            mstore(words, previousHead)
            mstore(add(words, 0x20), epoch)
            mstore(add(words, 0x40), statusRoot)
            mstore(add(words, 0x60), operator)
            mstore(add(words, 0x80), rights)
            mstore(add(words, 0xa0), keccak256(add(data, 0xe0), changes.length))
            mstore(add(words, 0xc0), timestamp())
            mstore(add(words, 0xe0), number())
            head := keccak256(words, 0x100)
            mstore(data, epoch)
            mstore(add(data, 0x20), previousBlock)
            mstore(add(data, 0x40), statusRoot)
            mstore(add(data, 0x60), operator)
            mstore(add(data, 0x80), rights)
            mstore(add(data, 0xa0), 0xc0) // where the changes begin
            mstore(add(data, 0xc0), changes.length)
            log3(data, add(0xe0, and(add(changes.length, 31), not(31))), name, issuerId, listId)
        }
    }
}
