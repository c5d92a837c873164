// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice An account of several people: what `threshold` of its members signed is its own act or its own signature.
///         A small stand-in for the multisig accounts that institutions use; it knows nothing of the registry.
contract Multisig is IERC1271 {
    mapping(address account => bool) public isMember;
    uint256 public immutable threshold;
    uint256 public nonce;

    error CallRefused(bytes answer);
    error NotEnoughSigned();

    constructor(address[] memory members, uint256 threshold_) {
        for (uint256 i = 0; i < members.length; ++i) isMember[members[i]] = true;
        threshold = threshold_;
    }

    /// @notice Call `target` as this account. `signatures` are over `callDigest`, in the order of rising addresses.
    function execute(address target, bytes calldata data, bytes calldata signatures) external {
        if (!_signed(callDigest(target, data), signatures)) revert NotEnoughSigned();
        ++nonce;
        (bool done, bytes memory answer) = target.call(data);
        if (!done) revert CallRefused(answer);
    }

    /// @notice What members sign to let this account call.
    function callDigest(address target, bytes calldata data) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), nonce, target, keccak256(data)));
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4) {
        return _signed(hash, signature) ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    /// @dev 65 bytes each; rising addresses, so that nobody counts twice.
    function _signed(bytes32 digest, bytes memory signatures) private view returns (bool) {
        if (signatures.length != 65 * threshold) return false;
        address last = address(0);
        for (uint256 i = 0; i < threshold; ++i) {
            bytes memory one = new bytes(65);
            for (uint256 j = 0; j < 65; ++j) one[j] = signatures[65 * i + j];
            (address signer, ECDSA.RecoverError wrong, ) = ECDSA.tryRecover(digest, one);
            if (wrong != ECDSA.RecoverError.NoError || signer <= last || !isMember[signer]) return false;
            last = signer;
        }
        return true;
    }
}
