// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {
    ICredentialRegistry,
    RIGHT_REVOKE,
    RIGHT_SUSPEND
} from "../../../contracts/interfaces/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {vm} from "./Vm.sol";

/// @notice An issuer whose owner and operator, and an accreditor, who have keys; and a list with three revocations.
abstract contract SignedTest is RegistryTest {
    uint256 internal constant SIGNING_OWNER = 0xA11CE;
    uint256 internal constant SIGNING_ACCREDITOR = 0xACCED;
    uint256 internal constant SIGNING_OPERATOR = 0x09E7A;
    uint256 internal constant SIGNING_STRANGER = 0x57A96;
    /// @dev Order of the curve, for the second of the two signatures that fit.
    uint256 internal constant CURVE = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    bytes32 internal constant ACCREDITOR_ROLE = keccak256("ACCREDITOR_ROLE");
    uint64 internal constant DEADLINE = START + 1 days;

    bytes32 internal constant SIGNED = keccak256("did:web:signed.example");

    /// @dev What an epoch says, in the order of the functions' arguments.
    struct Epoch {
        bytes32 issuerId;
        bytes32 listId;
        bytes32 previousHead;
        bytes32 statusRoot;
        bytes changes;
    }

    function setUp() public virtual override {
        super.setUp();
        _register("did:web:signed.example", vm.addr(SIGNING_OWNER));
        vm.prank(vm.addr(SIGNING_OWNER));
        registry.setOperator(SIGNED, vm.addr(SIGNING_OPERATOR), NEVER, RIGHT_REVOKE | RIGHT_SUSPEND);
        vm.prank(ACCREDITOR);
        IAccessControl(address(registry)).grantRole(ACCREDITOR_ROLE, vm.addr(SIGNING_ACCREDITOR));
        vm.prank(vm.addr(SIGNING_OPERATOR));
        registry.openStatusList(SIGNED, LIST, 17, INDEX_KEY);
    }

    /// @dev An epoch on the head on record.
    function _epoch(bytes memory changes) internal view returns (Epoch memory) {
        return Epoch(SIGNED, LIST, _head(SIGNED, LIST), STATUS_ROOT, changes);
    }

    function _publishType() internal pure returns (bytes32) {
        return
            keccak256(
                "PublishStatus(bytes32 issuerId,bytes32 listId,bytes32 previousHead,bytes32 statusRoot,"
                "bytes32 changesHash,uint64 deadline)"
            );
    }

    function _annulType() internal pure returns (bytes32) {
        return
            keccak256(
                "AnnulStatus(bytes32 issuerId,bytes32 listId,bytes32 previousHead,bytes32 statusRoot,"
                "bytes32 changesHash,uint64 deadline)"
            );
    }

    /// @dev EIP-712, written out.
    function _digest(
        bytes32 typeHash,
        Epoch memory epoch,
        uint256 deadline,
        uint256 chain,
        address contract_
    ) internal pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Jikin CredentialRegistry"),
                keccak256("1"),
                chain,
                contract_
            )
        );
        bytes32 struct_ = keccak256(
            abi.encode(
                typeHash,
                epoch.issuerId,
                epoch.listId,
                epoch.previousHead,
                epoch.statusRoot,
                keccak256(epoch.changes),
                deadline
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, struct_));
    }

    function _sign(uint256 key, bytes32 typeHash, Epoch memory epoch) internal view returns (bytes memory) {
        return _signDigest(key, _digest(typeHash, epoch, DEADLINE, block.chainid, address(registry)));
    }

    function _signDigest(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The other signature that fits the same key and digest.
    function _mirrored(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        return abi.encodePacked(r, bytes32(CURVE - uint256(s)), signature[64] == 0x1b ? bytes1(0x1c) : bytes1(0x1b));
    }

    function _relay(address sender, Epoch memory epoch, address account, bytes memory signature) internal {
        vm.prank(sender);
        registry.publishStatusBySig(
            epoch.issuerId,
            epoch.listId,
            epoch.previousHead,
            epoch.statusRoot,
            epoch.changes,
            account,
            signature,
            DEADLINE
        );
    }

    function _annul(address sender, Epoch memory epoch, address signer, bytes memory signature) internal {
        vm.prank(sender);
        registry.annulStatus(
            epoch.issuerId,
            epoch.listId,
            epoch.previousHead,
            epoch.statusRoot,
            epoch.changes,
            signer,
            signature,
            DEADLINE
        );
    }

    function _refuses(bytes memory reason) internal {
        vm.expectRevert(reason);
    }

    function _signatureRefused(address signer) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICredentialRegistry.SignatureRefused.selector, signer);
    }
}
