// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {
    ICredentialRegistry,
    RIGHTS_ALL,
    RIGHT_ANNUL
} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {Packed} from "./support/Packed.sol";
import {SignedTest} from "./support/SignedTest.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice Revocations taken back by owner and accreditor together, and by nobody else.
contract AnnulmentsTest is SignedTest {
    address private immutable ownerAccount = vm.addr(SIGNING_OWNER);
    address private immutable accreditorAccount = vm.addr(SIGNING_ACCREDITOR);

    function test_either_of_the_two_sends_what_the_other_one_signed() external {
        uint256[2] memory keys = [SIGNING_ACCREDITOR, SIGNING_OWNER];
        address[2] memory senders = [ownerAccount, accreditorAccount];
        for (uint256 i = 0; i < 2; ++i) {
            Epoch memory epoch = _epoch(Packed.one(5 + i, 0));
            _annul(senders[i], epoch, vm.addr(keys[i]), _sign(keys[i], _annulType(), epoch));
            vm.assertEq(
                _head(SIGNED, LIST),
                _nextHead(
                    epoch.previousHead,
                    i + 1,
                    STATUS_ROOT,
                    senders[i],
                    RIGHT_ANNUL,
                    epoch.changes,
                    START,
                    FIRST_BLOCK
                ),
                "recorded under a right of its own"
            );
        }
    }

    function test_the_events_say_who_the_two_were() external {
        Epoch memory epoch = _epoch(Packed.one(5, 0));
        bytes memory signature = _sign(SIGNING_OWNER, _annulType(), epoch);
        vm.recordLogs();
        _annul(accreditorAccount, epoch, ownerAccount, signature);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 2, "two events");
        vm.assertEq(logs[0].topics[0], ICredentialRegistry.StatusPublished.selector, "published");
        vm.assertEq(
            logs[0].data,
            abi.encode(1, FIRST_BLOCK, STATUS_ROOT, accreditorAccount, RIGHT_ANNUL, epoch.changes),
            "as every epoch"
        );
        vm.assertEq(logs[1].topics[0], ICredentialRegistry.StatusAnnulled.selector, "annulled");
        vm.assertEq(logs[1].topics[1], SIGNED, "issuer");
        vm.assertEq(logs[1].topics[2], LIST, "list");
        vm.assertEq(logs[1].data, abi.encode(1, ownerAccount, accreditorAccount), "the two");
    }

    function test_nobody_annuls_alone_and_no_other_pair_does() external {
        Epoch memory epoch = _epoch(Packed.one(5, 0));
        // owner with stranger, operator, and itself as the accreditor
        uint256[3] memory keys = [SIGNING_STRANGER, SIGNING_OPERATOR, SIGNING_OWNER];
        for (uint256 i = 0; i < keys.length; ++i) {
            bytes memory signature = _sign(keys[i], _annulType(), epoch);
            _refuses(_notAccreditor(vm.addr(keys[i])));
            _annul(ownerAccount, epoch, vm.addr(keys[i]), signature);
        }
        // accreditor with stranger, operator, itself, and the owner of another issuer
        address[4] memory others = [
            vm.addr(SIGNING_STRANGER),
            vm.addr(SIGNING_OPERATOR),
            accreditorAccount,
            OTHER_OWNER
        ];
        for (uint256 i = 0; i < others.length; ++i) {
            _refuses(
                abi.encodeWithSelector(
                    ICredentialRegistry.NotIssuerOwner.selector,
                    SIGNED,
                    others[i],
                    ownerAccount
                )
            );
            _annul(accreditorAccount, epoch, others[i], new bytes(65));
        }
        // whoever else sends, with the true signature of either
        bytes memory owners = _sign(SIGNING_OWNER, _annulType(), epoch);
        address[3] memory senders = [STRANGER, vm.addr(SIGNING_OPERATOR), OTHER_OWNER];
        for (uint256 i = 0; i < senders.length; ++i) {
            _refuses(_notAccreditor(senders[i]));
            _annul(senders[i], epoch, ownerAccount, owners);
        }
    }

    function test_one_account_that_is_both_does_not_annul() external {
        vm.prank(ACCREDITOR);
        IAccessControl(address(registry)).grantRole(ACCREDITOR_ROLE, ownerAccount);
        Epoch memory epoch = _epoch(Packed.one(5, 0));
        bytes memory signature = _sign(SIGNING_OWNER, _annulType(), epoch);
        _refuses(
            abi.encodeWithSelector(ICredentialRegistry.AnnulmentNeedsTwo.selector, SIGNED, ownerAccount)
        );
        _annul(ownerAccount, epoch, ownerAccount, signature);
    }

    function test_an_accreditor_whose_role_was_taken_away_annuls_no_more() external {
        Epoch memory epoch = _epoch(Packed.one(5, 0));
        bytes memory signature = _sign(SIGNING_ACCREDITOR, _annulType(), epoch);
        vm.prank(ACCREDITOR);
        IAccessControl(address(registry)).revokeRole(ACCREDITOR_ROLE, accreditorAccount);
        _refuses(_notAccreditor(accreditorAccount));
        _annul(ownerAccount, epoch, accreditorAccount, signature);
    }

    function test_a_signature_over_anything_else_is_refused() external {
        Epoch memory epoch = _epoch(Packed.one(5, 0));
        bytes32[5] memory digests = [
            _digest(_annulType(), epoch, DEADLINE, block.chainid + 1, address(registry)),
            _digest(_annulType(), epoch, DEADLINE, block.chainid, address(this)),
            _digest(_publishType(), epoch, DEADLINE, block.chainid, address(registry)),
            _digest(_annulType(), epoch, DEADLINE + 1, block.chainid, address(registry)),
            _digest(_annulType(), _epoch(Packed.one(6, 0)), DEADLINE, block.chainid, address(registry))
        ];
        for (uint256 i = 0; i < digests.length; ++i) {
            bytes memory wrong = _signDigest(SIGNING_OWNER, digests[i]);
            _refuses(_signatureRefused(ownerAccount));
            _annul(accreditorAccount, epoch, ownerAccount, wrong);
        }
        bytes memory mirrored = _mirrored(_sign(SIGNING_OWNER, _annulType(), epoch));
        _refuses(_signatureRefused(ownerAccount));
        _annul(accreditorAccount, epoch, ownerAccount, mirrored);
    }

    function test_an_annulment_works_once_and_until_its_deadline() external {
        Epoch memory epoch = _epoch(Packed.one(5, 0));
        bytes memory signature = _sign(SIGNING_OWNER, _annulType(), epoch);
        _at(DEADLINE + 1, FIRST_BLOCK);
        _refuses(abi.encodeWithSelector(ICredentialRegistry.SignatureExpired.selector, DEADLINE + 1, DEADLINE));
        _annul(accreditorAccount, epoch, ownerAccount, signature);
        _at(DEADLINE, FIRST_BLOCK);
        _annul(accreditorAccount, epoch, ownerAccount, signature);
        _refuses(
            abi.encodeWithSelector(
                ICredentialRegistry.StatusHeadMoved.selector,
                SIGNED,
                LIST,
                epoch.previousHead,
                _head(SIGNED, LIST)
            )
        );
        _annul(accreditorAccount, epoch, ownerAccount, signature);
    }

    function test_an_annulment_takes_back_and_does_nothing_else() external {
        for (uint256 state = 1; state < 4; ++state) {
            _annulmentRefused(
                bytes.concat(Packed.one(5, 0), Packed.one(6, state)),
                abi.encodeWithSelector(ICredentialRegistry.AnnulmentStateRefused.selector, 1, 6, state)
            );
        }
        _annulmentRefused("", abi.encodeWithSelector(ICredentialRegistry.ChangesSizeRefused.selector, 0, 40_000));
        _annulmentRefused(
            bytes.concat(Packed.one(6, 0), Packed.one(5, 0)),
            abi.encodeWithSelector(ICredentialRegistry.ChangesNotRising.selector, 1, 6, 5)
        );
        _annulmentRefused(
            Packed.one(1 << 17, 0),
            abi.encodeWithSelector(ICredentialRegistry.ChangeOutOfRange.selector, 1 << 17, 1 << 17)
        );
    }

    function test_the_state_of_the_last_of_many_changes_is_seen() external {
        for (uint256 count = 1; count < 45; count += 4) {
            bytes memory changes = bytes.concat(Packed.many(count, 0, 2, 0), Packed.one(4000, 2));
            _annulmentRefused(
                changes,
                abi.encodeWithSelector(ICredentialRegistry.AnnulmentStateRefused.selector, count, 4000, 2)
            );
        }
    }

    function test_nobody_can_be_given_the_right() external {
        vm.prank(ownerAccount);
        _refuses(
            abi.encodeWithSelector(
                ICredentialRegistry.RightsUnknown.selector,
                SIGNED,
                STRANGER,
                RIGHTS_ALL | RIGHT_ANNUL
            )
        );
        registry.setOperator(SIGNED, STRANGER, NEVER, RIGHTS_ALL | RIGHT_ANNUL);
    }

    function test_an_issuer_or_list_that_is_not_there_has_no_annulments() external {
        Epoch memory epoch = _epoch(Packed.one(5, 0));
        epoch.listId = ROOT;
        bytes memory signature = _sign(SIGNING_OWNER, _annulType(), epoch);
        _refuses(abi.encodeWithSelector(ICredentialRegistry.StatusListUnknown.selector, SIGNED, ROOT));
        _annul(accreditorAccount, epoch, ownerAccount, signature);
        epoch.issuerId = ROOT;
        _refuses(abi.encodeWithSelector(ICredentialRegistry.IssuerUnknown.selector, ROOT));
        _annul(accreditorAccount, epoch, ownerAccount, signature);
    }

    function _annulmentRefused(bytes memory changes, bytes memory reason) private {
        Epoch memory epoch = _epoch(changes);
        bytes memory signature = _sign(SIGNING_OWNER, _annulType(), epoch);
        _refuses(reason);
        _annul(accreditorAccount, epoch, ownerAccount, signature);
    }

    function _notAccreditor(address account) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector,
                account,
                ACCREDITOR_ROLE
            );
    }
}
