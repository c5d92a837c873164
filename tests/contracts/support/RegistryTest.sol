// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    ICredentialRegistry,
    RIGHTS_ALL,
    RIGHT_ISSUE,
    RIGHT_SUSPEND
} from "../../../contracts/interfaces/ICredentialRegistry.sol";
import {Vm, vm} from "./Vm.sol";

/// @notice A registry without delay and two accredited issuers, each with an owner, an operator with every right, one
///         that may only suspend and one that may only issue. Nothing else is on record.
abstract contract RegistryTest {
    uint40 internal constant START = 1_800_000_000;
    uint256 internal constant FIRST_BLOCK = 1_000;
    uint40 internal constant NEVER = type(uint40).max;

    address internal constant ACCREDITOR = address(0xACC0);
    address internal constant STRANGER = address(0x5747);
    address internal constant OWNER = address(0xA0);
    address internal constant OPERATOR = address(0xA1);
    address internal constant SUSPENDER = address(0xA2);
    address internal constant ISSUING_ONLY = address(0xA3);
    address internal constant OTHER_OWNER = address(0xB0);
    address internal constant OTHER_OPERATOR = address(0xB1);

    string internal constant DID = "did:web:polytechnic.example";
    string internal constant OTHER_DID = "did:web:academy.example";
    bytes32 internal constant ISSUER = keccak256(bytes(DID));
    bytes32 internal constant OTHER = keccak256(bytes(OTHER_DID));

    bytes32 internal constant ROOT = keccak256("a root");
    bytes32 internal constant LIST = keccak256("a list");
    bytes32 internal constant INDEX_KEY = keccak256("an index key");
    bytes32 internal constant STATUS_ROOT = keccak256("a status root");
    string internal constant MULTIKEY = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

    ICredentialRegistry internal registry;

    function setUp() public virtual {
        _at(START, FIRST_BLOCK);
        registry = _deploy(0, ACCREDITOR);
        _register(DID, OWNER);
        _register(OTHER_DID, OTHER_OWNER);
        _setOperator(ISSUER, OWNER, OPERATOR, RIGHTS_ALL);
        _setOperator(ISSUER, OWNER, SUSPENDER, RIGHT_SUSPEND);
        _setOperator(ISSUER, OWNER, ISSUING_ONLY, RIGHT_ISSUE);
        _setOperator(OTHER, OTHER_OWNER, OTHER_OPERATOR, RIGHTS_ALL);
    }

    /// @dev The very code that is deployed elsewhere, from its artifact: compiled into every test, it would be another
    ///      one, and take minutes.
    function _deploy(uint40 delay, address admin) internal returns (ICredentialRegistry) {
        bytes memory code = bytes.concat(vm.getCode("CredentialRegistry"), abi.encode(delay, admin));
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        vm.assertTrue(made != address(0), "deployed");
        return ICredentialRegistry(made);
    }

    /// @dev Set time and block. Tests never read `block.timestamp` after this: the compiler takes it for constant.
    function _at(uint256 time, uint256 number) internal {
        vm.warp(time);
        vm.roll(number);
    }

    function _register(string memory did, address owner) internal returns (bytes32) {
        vm.prank(ACCREDITOR);
        return registry.registerIssuer(did, owner, START, NEVER);
    }

    function _setOperator(bytes32 issuerId, address owner, address account, uint8 rights) internal {
        vm.prank(owner);
        registry.setOperator(issuerId, account, NEVER, rights);
    }

    function _open(bytes32 listId, uint8 log2Entries) internal returns (bytes32 head) {
        vm.prank(OPERATOR);
        registry.openStatusList(ISSUER, listId, log2Entries, INDEX_KEY);
        return _head(ISSUER, listId);
    }

    function _publish(address operator, bytes32 listId, bytes memory changes) internal returns (bytes32 head) {
        bytes32 previous = _head(ISSUER, listId);
        vm.prank(operator);
        registry.publishStatus(ISSUER, listId, previous, STATUS_ROOT, changes);
        return _head(ISSUER, listId);
    }

    function _list(bytes32 issuerId, bytes32 listId) internal view returns (ICredentialRegistry.StatusList memory) {
        bytes32[] memory asked = new bytes32[](1);
        asked[0] = listId;
        return registry.statusHeads(issuerId, asked)[0];
    }

    function _head(bytes32 issuerId, bytes32 listId) internal view returns (bytes32) {
        return _list(issuerId, listId).head;
    }

    /// @dev STATEMENTS, line 7, by the compiler's own encoding.
    function _openingHead(
        bytes32 issuerId,
        bytes32 listId,
        uint256 entries,
        bytes32 indexKeyHash
    ) internal view returns (bytes32) {
        return
            keccak256(
                abi.encode("JKH1", block.chainid, address(registry), issuerId, listId, entries, indexKeyHash)
            );
    }

    /// @dev STATEMENTS, line 7, by the compiler's own encoding.
    function _nextHead(
        bytes32 previous,
        uint256 epoch,
        bytes32 statusRoot,
        address operator,
        uint256 rights,
        bytes memory changes,
        uint256 time,
        uint256 number
    ) internal pure returns (bytes32) {
        return
            keccak256(abi.encode(previous, epoch, statusRoot, operator, rights, keccak256(changes), time, number));
    }

    /// @dev Where `mapping(bytes32 => …)` at `slot` keeps the value of `key`.
    function _slot(uint256 slot, bytes32 key) internal pure returns (bytes32) {
        return keccak256(abi.encode(key, slot));
    }

    /// @dev The same for `mapping(bytes32 => mapping(bytes32 => …))`.
    function _slot(uint256 slot, bytes32 key, bytes32 key2) internal pure returns (bytes32) {
        return keccak256(abi.encode(key2, _slot(slot, key)));
    }

    function _word(bytes32 slot) internal view returns (uint256) {
        return uint256(vm.load(address(registry), slot));
    }
}
