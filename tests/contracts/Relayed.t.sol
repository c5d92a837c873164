// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    ICredentialRegistry,
    RIGHT_ISSUE,
    RIGHT_REVOKE,
    RIGHT_SUSPEND
} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {Packed} from "./support/Packed.sol";
import {SignedTest} from "./support/SignedTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice Epochs that an operator signed and somebody else sends.
contract RelayedTest is SignedTest {
    function test_anybody_relays_and_the_operator_is_on_record() external {
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        address account = vm.addr(SIGNING_OPERATOR);
        _relay(STRANGER, epoch, account, _sign(SIGNING_OPERATOR, _publishType(), epoch));
        uint256 rights = RIGHT_REVOKE | RIGHT_SUSPEND;
        vm.assertEq(
            _head(SIGNED, LIST),
            _nextHead(epoch.previousHead, 1, STATUS_ROOT, account, rights, epoch.changes, START, FIRST_BLOCK),
            "as if the operator had sent it"
        );
    }

    function test_a_signature_works_once() external {
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        bytes memory signature = _sign(SIGNING_OPERATOR, _publishType(), epoch);
        _relay(STRANGER, epoch, vm.addr(SIGNING_OPERATOR), signature);
        _refuses(
            abi.encodeWithSelector(
                ICredentialRegistry.StatusHeadMoved.selector,
                SIGNED,
                LIST,
                epoch.previousHead,
                _head(SIGNED, LIST)
            )
        );
        _relay(STRANGER, epoch, vm.addr(SIGNING_OPERATOR), signature);
    }

    function test_the_last_second_of_a_signature_is_its_deadline() external {
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        bytes memory signature = _sign(SIGNING_OPERATOR, _publishType(), epoch);
        _at(DEADLINE + 1, FIRST_BLOCK);
        _refuses(abi.encodeWithSelector(ICredentialRegistry.SignatureExpired.selector, DEADLINE + 1, DEADLINE));
        _relay(STRANGER, epoch, vm.addr(SIGNING_OPERATOR), signature);
        _at(DEADLINE, FIRST_BLOCK);
        _relay(STRANGER, epoch, vm.addr(SIGNING_OPERATOR), signature);
    }

    /// @dev Each argument is signed: with another one in its place the signature is somebody else's.
    function test_nothing_of_what_was_signed_can_be_changed() external {
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        bytes memory signature = _sign(SIGNING_OPERATOR, _publishType(), epoch);
        address account = vm.addr(SIGNING_OPERATOR);
        vm.prank(OTHER_OWNER);
        registry.setOperator(OTHER, account, NEVER, RIGHT_REVOKE);
        vm.prank(OTHER_OPERATOR);
        registry.openStatusList(OTHER, LIST, 17, INDEX_KEY);
        for (uint256 i = 0; i < 6; ++i) {
            Epoch memory other = Epoch(
                i == 0 ? OTHER : epoch.issuerId,
                i == 1 ? ROOT : epoch.listId,
                i == 2 ? ROOT : epoch.previousHead,
                i == 3 ? ROOT : epoch.statusRoot,
                i == 4 ? Packed.one(6, 1) : epoch.changes
            );
            if (i < 5) {
                _refuses(_signatureRefused(account));
                _relay(STRANGER, other, account, signature);
            } else {
                _refuses(_signatureRefused(account));
                registry.publishStatusBySig(
                    SIGNED,
                    LIST,
                    epoch.previousHead,
                    STATUS_ROOT,
                    epoch.changes,
                    account,
                    signature,
                    DEADLINE + 1
                );
            }
        }
        _relay(STRANGER, epoch, account, signature);
    }

    function test_a_signature_for_another_chain_contract_or_act_is_refused() external {
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        address account = vm.addr(SIGNING_OPERATOR);
        bytes32[3] memory digests = [
            _digest(_publishType(), epoch, DEADLINE, block.chainid + 1, address(registry)),
            _digest(_publishType(), epoch, DEADLINE, block.chainid, address(this)),
            _digest(_annulType(), epoch, DEADLINE, block.chainid, address(registry))
        ];
        for (uint256 i = 0; i < digests.length; ++i) {
            _refuses(_signatureRefused(account));
            _relay(STRANGER, epoch, account, _signDigest(SIGNING_OPERATOR, digests[i]));
        }
    }

    /// @dev The domain is made anew on a chain that split off: the signatures of one side are none on the other.
    function test_after_a_split_of_the_chain_each_side_has_signatures_of_its_own() external {
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        bytes memory signature = _sign(SIGNING_OPERATOR, _publishType(), epoch);
        uint256 other = block.chainid + 1;
        vm.chainId(other);
        _refuses(_signatureRefused(vm.addr(SIGNING_OPERATOR)));
        _relay(STRANGER, epoch, vm.addr(SIGNING_OPERATOR), signature);
        bytes32 digest = _digest(_publishType(), epoch, DEADLINE, other, address(registry));
        _relay(STRANGER, epoch, vm.addr(SIGNING_OPERATOR), _signDigest(SIGNING_OPERATOR, digest));
    }

    function test_of_the_two_signatures_that_fit_only_the_lower_counts() external {
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        bytes memory signature = _sign(SIGNING_OPERATOR, _publishType(), epoch);
        address account = vm.addr(SIGNING_OPERATOR);
        bytes[4] memory others = [_mirrored(signature), bytes.concat(signature, hex"00"), new bytes(65), bytes("")];
        for (uint256 i = 0; i < others.length; ++i) {
            _refuses(_signatureRefused(account));
            _relay(STRANGER, epoch, account, others[i]);
        }
        _relay(STRANGER, epoch, account, signature);
    }

    function test_the_rights_are_those_at_execution() external {
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        bytes memory signature = _sign(SIGNING_OPERATOR, _publishType(), epoch);
        address account = vm.addr(SIGNING_OPERATOR);
        uint8[2] memory rights = [RIGHT_ISSUE, RIGHT_SUSPEND];
        bytes[2] memory reasons = [
            abi.encodeWithSelector(
                ICredentialRegistry.RightMissing.selector,
                SIGNED,
                account,
                RIGHT_REVOKE | RIGHT_SUSPEND,
                RIGHT_ISSUE
            ),
            abi.encodeWithSelector(ICredentialRegistry.ChangeNeedsRevoke.selector, 0, 5, 1, RIGHT_SUSPEND)
        ];
        for (uint256 i = 0; i < rights.length; ++i) {
            vm.prank(vm.addr(SIGNING_OWNER));
            registry.setOperator(SIGNED, account, NEVER, rights[i]);
            _refuses(reasons[i]);
            _relay(STRANGER, epoch, account, signature);
        }
        vm.prank(vm.addr(SIGNING_OWNER));
        registry.setOperator(SIGNED, account, START, RIGHT_REVOKE);
        _refuses(abi.encodeWithSelector(ICredentialRegistry.OperatorExpired.selector, SIGNED, account, START));
        _relay(STRANGER, epoch, account, signature);
    }

    function test_a_stranger_signs_in_nobodys_name() external {
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        bytes memory signature = _sign(SIGNING_STRANGER, _publishType(), epoch);
        address[2] memory accounts = [vm.addr(SIGNING_STRANGER), address(0)];
        for (uint256 i = 0; i < accounts.length; ++i) {
            _refuses(
                abi.encodeWithSelector(
                    ICredentialRegistry.RightMissing.selector,
                    SIGNED,
                    accounts[i],
                    RIGHT_REVOKE | RIGHT_SUSPEND,
                    uint8(0)
                )
            );
            _relay(STRANGER, epoch, accounts[i], signature);
        }
        _refuses(_signatureRefused(vm.addr(SIGNING_OPERATOR)));
        _relay(STRANGER, epoch, vm.addr(SIGNING_OPERATOR), signature);
    }

    function testFuzz_a_signature_with_any_bit_changed_is_refused(uint256 dice) external {
        Epoch memory epoch = _epoch(Packed.one(5, 1));
        bytes memory signature = _sign(SIGNING_OPERATOR, _publishType(), epoch);
        uint256 bit = dice % (65 * 8);
        signature[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        address account = vm.addr(SIGNING_OPERATOR);
        _refuses(_signatureRefused(account));
        _relay(STRANGER, epoch, account, signature);
    }

    function testFuzz_relayed_or_sent_it_is_the_same_epoch(uint256 dice, uint8 count) external {
        bytes memory changes = Packed.many(1 + (count % 40), dice % 1000, 1 + (dice % 7), dice % 4);
        Epoch memory epoch = _epoch(changes);
        bytes memory signature = _sign(SIGNING_OPERATOR, _publishType(), epoch);
        _relay(STRANGER, epoch, vm.addr(SIGNING_OPERATOR), signature);
        vm.assertEq(
            _head(SIGNED, LIST),
            _nextHead(
                epoch.previousHead,
                1,
                STATUS_ROOT,
                vm.addr(SIGNING_OPERATOR),
                RIGHT_REVOKE | RIGHT_SUSPEND,
                changes,
                START,
                FIRST_BLOCK
            ),
            "head"
        );
    }
}
