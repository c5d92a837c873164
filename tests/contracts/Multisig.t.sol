// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {ICredentialRegistry, RIGHT_ANNUL, RIGHT_REVOKE} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {Multisig} from "./support/Multisig.sol";
import {Packed} from "./support/Packed.sol";
import {SignedTest} from "./support/SignedTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice An issuer that belongs to two of three people, with an accreditor and an operator of that kind (ERC-1271).
contract MultisigTest is SignedTest {
    uint256[3] private members = [uint256(0x111), 0x222, 0x333];
    Multisig private owners;

    function setUp() public override {
        super.setUp();
        owners = _multisig();
        vm.prank(vm.addr(SIGNING_OWNER));
        registry.transferIssuerOwnership(SIGNED, address(owners));
        _execute(abi.encodeCall(ICredentialRegistry.acceptIssuerOwnership, (SIGNED)));
    }

    function test_two_of_three_own_an_issuer_and_manage_it() external {
        vm.assertEq(registry.issuer(SIGNED).owner, address(owners), "owner");
        _execute(abi.encodeCall(ICredentialRegistry.setOperator, (SIGNED, STRANGER, NEVER, RIGHT_REVOKE)));
        _execute(abi.encodeCall(ICredentialRegistry.addKey, (SIGNED, MULTIKEY)));
        _execute(abi.encodeCall(ICredentialRegistry.proposeProfile, (SIGNED, "profile")));
        vm.assertEq(registry.operator(SIGNED, STRANGER).rights, RIGHT_REVOKE, "operator");
        vm.assertEq(registry.keyWindow(SIGNED, sha256(bytes(MULTIKEY))).addedAt, START, "key");
        vm.assertEq(registry.issuer(SIGNED).proposedProfileHash, sha256("profile"), "profile");
    }

    function test_one_of_three_does_nothing() external {
        bytes memory data = abi.encodeCall(ICredentialRegistry.addKey, (SIGNED, MULTIKEY));
        bytes32 digest = owners.callDigest(address(registry), data);
        bytes memory one = _signDigest(members[0], digest);
        vm.expectRevert(Multisig.NotEnoughSigned.selector);
        owners.execute(address(registry), data, one);
        vm.expectRevert(Multisig.NotEnoughSigned.selector);
        owners.execute(address(registry), data, bytes.concat(one, one));
    }

    function test_an_accreditor_sends_what_two_of_three_owners_signed() external {
        Epoch memory epoch = _epoch(Packed.one(5, 0));
        bytes32 digest = _digest(_annulType(), epoch, DEADLINE, block.chainid, address(registry));
        address accreditor = vm.addr(SIGNING_ACCREDITOR);
        _refuses(_signatureRefused(address(owners)));
        _annul(accreditor, epoch, address(owners), _signDigest(members[0], digest));
        // The former owner, still with a key, is nobody now.
        bytes memory former = _sign(SIGNING_OWNER, _annulType(), epoch);
        _refuses(
            abi.encodeWithSelector(
                ICredentialRegistry.NotIssuerOwner.selector,
                SIGNED,
                vm.addr(SIGNING_OWNER),
                address(owners)
            )
        );
        _annul(accreditor, epoch, vm.addr(SIGNING_OWNER), former);
        _annul(accreditor, epoch, address(owners), _two(digest));
        vm.assertEq(_list(SIGNED, LIST).epoch, 1, "annulled");
    }

    function test_two_of_three_owners_send_what_an_accreditor_signed() external {
        Epoch memory epoch = _epoch(Packed.one(5, 0));
        _execute(
            abi.encodeCall(
                ICredentialRegistry.annulStatus,
                (
                    SIGNED,
                    LIST,
                    epoch.previousHead,
                    STATUS_ROOT,
                    epoch.changes,
                    vm.addr(SIGNING_ACCREDITOR),
                    _sign(SIGNING_ACCREDITOR, _annulType(), epoch),
                    DEADLINE
                )
            )
        );
        vm.assertEq(
            _head(SIGNED, LIST),
            _nextHead(
                epoch.previousHead,
                1,
                STATUS_ROOT,
                address(owners),
                RIGHT_ANNUL,
                epoch.changes,
                START,
                FIRST_BLOCK
            ),
            "head"
        );
    }

    function test_an_accreditor_can_be_a_contract_too() external {
        Multisig accreditors = _multisig();
        vm.prank(ACCREDITOR);
        IAccessControl(address(registry)).grantRole(ACCREDITOR_ROLE, address(accreditors));
        Epoch memory epoch = _epoch(Packed.one(5, 0));
        bytes32 digest = _digest(_annulType(), epoch, DEADLINE, block.chainid, address(registry));
        _execute(
            abi.encodeCall(
                ICredentialRegistry.annulStatus,
                (
                    SIGNED,
                    LIST,
                    epoch.previousHead,
                    STATUS_ROOT,
                    epoch.changes,
                    address(accreditors),
                    _two(digest),
                    DEADLINE
                )
            )
        );
        vm.assertEq(_list(SIGNED, LIST).epoch, 1, "annulled");
    }

    function test_an_operator_can_be_a_contract_too() external {
        Multisig revokers = _multisig();
        _execute(
            abi.encodeCall(ICredentialRegistry.setOperator, (SIGNED, address(revokers), NEVER, RIGHT_REVOKE))
        );
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        bytes32 digest = _digest(_publishType(), epoch, DEADLINE, block.chainid, address(registry));
        _refuses(_signatureRefused(address(revokers)));
        _relay(STRANGER, epoch, address(revokers), _signDigest(members[2], digest));
        _relay(STRANGER, epoch, address(revokers), _two(digest));
        vm.assertEq(_list(SIGNED, LIST).epoch, 1, "published");
    }

    /// @dev A contract that answers nothing, another word, or not at all has signed nothing.
    function test_a_contract_that_does_not_answer_has_signed_nothing() external {
        address[3] memory accounts = [address(new Silent()), address(new Evasive()), address(new Failing())];
        for (uint256 i = 0; i < accounts.length; ++i) {
            _execute(
                abi.encodeCall(ICredentialRegistry.setOperator, (SIGNED, accounts[i], NEVER, RIGHT_REVOKE))
            );
            Epoch memory epoch = _epoch(Packed.one(5, 1));
            _refuses(_signatureRefused(accounts[i]));
            _relay(STRANGER, epoch, accounts[i], new bytes(65));
        }
    }

    /// @dev While it is asked, a contract can write nothing: the call is a static one.
    function test_a_contract_that_is_asked_cannot_write_meanwhile() external {
        Meddling meddler = new Meddling(registry, SIGNED);
        _execute(
            abi.encodeCall(ICredentialRegistry.setOperator, (SIGNED, address(meddler), NEVER, RIGHT_REVOKE))
        );
        bytes32 head = _head(SIGNED, LIST);
        vm.prank(address(meddler));
        registry.publishStatus(SIGNED, LIST, head, STATUS_ROOT, Packed.one(1, 1)); // outside of the question it may
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        meddler.prepare(_head(SIGNED, LIST), LIST);
        _refuses(_signatureRefused(address(meddler)));
        _relay(STRANGER, epoch, address(meddler), new bytes(65));
        vm.assertEq(_list(SIGNED, LIST).epoch, 1, "nothing more was written");
    }

    function _multisig() private returns (Multisig) {
        address[] memory accounts = new address[](3);
        for (uint256 i = 0; i < 3; ++i) accounts[i] = vm.addr(members[i]);
        return new Multisig(accounts, 2);
    }

    function _execute(bytes memory data) private {
        owners.execute(address(registry), data, _two(owners.callDigest(address(registry), data)));
    }

    /// @dev Signatures of two members in the order of their addresses.
    function _two(bytes32 digest) private view returns (bytes memory) {
        (uint256 a, uint256 b) = (members[0], members[1]);
        if (vm.addr(a) > vm.addr(b)) (a, b) = (b, a);
        return bytes.concat(_signDigest(a, digest), _signDigest(b, digest));
    }
}

contract Silent {
    fallback() external {}
}

contract Evasive {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return 0xffffffff;
    }
}

contract Failing {
    fallback() external {
        revert("no");
    }
}

/// @notice Tries to publish an epoch of its own while it is asked for a signature, and then says yes.
contract Meddling {
    ICredentialRegistry private immutable registry;
    bytes32 private immutable issuerId;
    bytes32 private head;
    bytes32 private listId;

    constructor(ICredentialRegistry registry_, bytes32 issuerId_) {
        (registry, issuerId) = (registry_, issuerId_);
    }

    function prepare(bytes32 head_, bytes32 listId_) external {
        (head, listId) = (head_, listId_);
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        registry.publishStatus(issuerId, listId, head, bytes32(0), Packed.one(2, 1));
        return this.isValidSignature.selector;
    }
}
