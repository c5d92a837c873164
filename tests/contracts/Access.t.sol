// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {
    ICredentialRegistry,
    RIGHTS_ALL,
    RIGHT_AUDIT,
    RIGHT_ISSUE,
    RIGHT_REVOKE,
    RIGHT_SUSPEND
} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {Packed} from "./support/Packed.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice Every function that writes, called by everybody who may not: strangers, the people of another issuer, and
///         this issuer's own people in somebody else's part. A test of the build holds this file against the ABI.
contract AccessTest is RegistryTest {
    bytes32 private immutable KEY = sha256(bytes(MULTIKEY));
    bytes32 private constant ACCREDITOR_ROLE = keccak256("ACCREDITOR_ROLE");

    bytes32 private profileHash;
    bytes32 private head;

    function setUp() public override {
        super.setUp();
        vm.prank(OWNER);
        registry.addKey(ISSUER, MULTIKEY);
        vm.prank(OWNER);
        profileHash = registry.proposeProfile(ISSUER, "profile");
        head = _open(LIST, 17);
    }

    function test_only_accreditors_accredit() external {
        bytes[6] memory calls = [
            abi.encodeCall(ICredentialRegistry.registerIssuer, ("did:web:new.example", STRANGER, START, NEVER)),
            abi.encodeCall(ICredentialRegistry.setAccreditation, (ISSUER, START, NEVER)),
            abi.encodeCall(ICredentialRegistry.setAnchorsAll, (ISSUER)),
            abi.encodeCall(ICredentialRegistry.invalidate, (ISSUER, START)),
            abi.encodeCall(ICredentialRegistry.approveProfile, (ISSUER, profileHash)),
            abi.encodeCall(ICredentialRegistry.setSuccessor, (address(this)))
        ];
        address[5] memory callers = [STRANGER, OWNER, OPERATOR, OTHER_OWNER, OTHER_OPERATOR];
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 j = 0; j < callers.length; ++j) {
                _refused(
                    callers[j],
                    calls[i],
                    abi.encodeWithSelector(
                        IAccessControl.AccessControlUnauthorizedAccount.selector,
                        callers[j],
                        ACCREDITOR_ROLE
                    )
                );
            }
            _taken(ACCREDITOR, calls[i]);
        }
    }

    /// @dev Relayed calls and annulments: who sends is not asked, who signed is. None of these has signed.
    function test_nobody_but_the_signer_stands_for_what_is_relayed() external {
        address[6] memory callers = [STRANGER, OWNER, OPERATOR, OTHER_OWNER, OTHER_OPERATOR, ACCREDITOR];
        for (uint256 i = 0; i < callers.length; ++i) {
            _refused(
                callers[i],
                abi.encodeCall(
                    ICredentialRegistry.publishStatusBySig,
                    (ISSUER, LIST, head, STATUS_ROOT, Packed.one(1, 2), OPERATOR, new bytes(65), START)
                ),
                abi.encodeWithSelector(ICredentialRegistry.SignatureRefused.selector, OPERATOR)
            );
            bool accredits = callers[i] == ACCREDITOR;
            bytes memory data = abi.encodeCall(
                ICredentialRegistry.annulStatus,
                (
                    ISSUER,
                    LIST,
                    head,
                    STATUS_ROOT,
                    Packed.one(1, 0),
                    callers[i] == OWNER ? ACCREDITOR : OWNER,
                    new bytes(65),
                    START
                )
            );
            if (callers[i] == OWNER || accredits) {
                _refused(
                    callers[i],
                    data,
                    abi.encodeWithSelector(
                        ICredentialRegistry.SignatureRefused.selector,
                        accredits ? OWNER : ACCREDITOR
                    )
                );
            } else {
                _refused(
                    callers[i],
                    data,
                    abi.encodeWithSelector(
                        IAccessControl.AccessControlUnauthorizedAccount.selector,
                        callers[i],
                        ACCREDITOR_ROLE
                    )
                );
            }
        }
    }

    /// @dev Anybody may, and it does nothing but what the registry's own successor says already.
    function test_nobody_seals_an_issuer_before_another_registry_follows() external {
        address[6] memory callers = [STRANGER, OWNER, OPERATOR, OTHER_OWNER, OTHER_OPERATOR, ACCREDITOR];
        for (uint256 i = 0; i < callers.length; ++i) {
            _refused(
                callers[i],
                abi.encodeCall(ICredentialRegistry.sealAnchoring, (ISSUER)),
                abi.encodeWithSelector(ICredentialRegistry.RegistryNotSealed.selector, START, uint40(0))
            );
        }
    }

    function test_only_the_owner_manages_an_issuer() external {
        bytes[5] memory calls = [
            abi.encodeCall(ICredentialRegistry.proposeProfile, (ISSUER, "another")),
            abi.encodeCall(ICredentialRegistry.setOperator, (ISSUER, STRANGER, NEVER, RIGHTS_ALL)),
            abi.encodeCall(ICredentialRegistry.addKey, (ISSUER, "z6Mkanother")),
            abi.encodeCall(ICredentialRegistry.retireKey, (ISSUER, KEY)),
            abi.encodeCall(ICredentialRegistry.transferIssuerOwnership, (ISSUER, STRANGER))
        ];
        address[5] memory callers = [STRANGER, OPERATOR, OTHER_OWNER, OTHER_OPERATOR, ACCREDITOR];
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 j = 0; j < callers.length; ++j) {
                _refused(
                    callers[j],
                    calls[i],
                    abi.encodeWithSelector(ICredentialRegistry.NotIssuerOwner.selector, ISSUER, callers[j], OWNER)
                );
            }
            _taken(OWNER, calls[i]);
        }
    }

    function test_only_the_owner_and_accreditors_report_a_key() external {
        address[4] memory callers = [STRANGER, OPERATOR, OTHER_OWNER, OTHER_OPERATOR];
        for (uint40 j = 0; j < callers.length; ++j) {
            _refused(
                callers[j],
                abi.encodeCall(ICredentialRegistry.reportKeyCompromised, (ISSUER, KEY, START)),
                abi.encodeWithSelector(ICredentialRegistry.NotOwnerNorAccreditor.selector, ISSUER, callers[j], OWNER)
            );
        }
        _taken(OWNER, abi.encodeCall(ICredentialRegistry.reportKeyCompromised, (ISSUER, KEY, START)));
        _taken(ACCREDITOR, abi.encodeCall(ICredentialRegistry.reportKeyCompromised, (ISSUER, KEY, START - 1)));
    }

    function test_only_the_one_it_was_offered_to_accepts_an_issuer() external {
        bytes memory data = abi.encodeCall(ICredentialRegistry.acceptIssuerOwnership, (ISSUER));
        address heir = address(0xE1);
        vm.prank(OWNER);
        registry.transferIssuerOwnership(ISSUER, heir);
        address[6] memory callers = [STRANGER, OWNER, OPERATOR, OTHER_OWNER, OTHER_OPERATOR, ACCREDITOR];
        for (uint256 j = 0; j < callers.length; ++j) {
            _refused(
                callers[j],
                data,
                abi.encodeWithSelector(ICredentialRegistry.NotPendingOwner.selector, ISSUER, callers[j], heir)
            );
        }
        _taken(heir, data);
    }

    function test_only_operators_of_this_issuer_write_for_it() external {
        bytes[5] memory calls = [
            abi.encodeCall(ICredentialRegistry.anchor, (ISSUER, ROOT, 1, 1)),
            abi.encodeCall(ICredentialRegistry.openStatusList, (ISSUER, ROOT, 17, INDEX_KEY)),
            abi.encodeCall(ICredentialRegistry.publishStatus, (ISSUER, LIST, head, STATUS_ROOT, Packed.one(1, 2))),
            abi.encodeCall(
                ICredentialRegistry.anchorAndPublish,
                (ISSUER, INDEX_KEY, 1, 1, LIST, head, STATUS_ROOT, Packed.one(1, 1))
            ),
            abi.encodeCall(ICredentialRegistry.publishAuditHead, (ISSUER, 1, ROOT))
        ];
        uint8[5] memory needed = [
            RIGHT_ISSUE,
            RIGHT_ISSUE | RIGHT_REVOKE,
            RIGHT_REVOKE | RIGHT_SUSPEND,
            RIGHT_ISSUE,
            RIGHT_AUDIT
        ];
        address[5] memory callers = [STRANGER, OWNER, OTHER_OWNER, OTHER_OPERATOR, ACCREDITOR];
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 j = 0; j < callers.length; ++j) {
                _refused(
                    callers[j],
                    calls[i],
                    abi.encodeWithSelector(
                        ICredentialRegistry.RightMissing.selector,
                        ISSUER,
                        callers[j],
                        needed[i],
                        uint8(0)
                    )
                );
            }
            _taken(OPERATOR, calls[i]);
        }
    }

    function test_an_expired_operator_writes_nothing() external {
        vm.prank(OWNER);
        registry.setOperator(ISSUER, OPERATOR, START, RIGHTS_ALL);
        bytes[5] memory calls = [
            abi.encodeCall(ICredentialRegistry.anchor, (ISSUER, ROOT, 1, 1)),
            abi.encodeCall(ICredentialRegistry.openStatusList, (ISSUER, ROOT, 17, INDEX_KEY)),
            abi.encodeCall(ICredentialRegistry.publishStatus, (ISSUER, LIST, head, STATUS_ROOT, Packed.one(1, 2))),
            abi.encodeCall(
                ICredentialRegistry.anchorAndPublish,
                (ISSUER, INDEX_KEY, 1, 1, LIST, head, STATUS_ROOT, Packed.one(1, 1))
            ),
            abi.encodeCall(ICredentialRegistry.publishAuditHead, (ISSUER, 1, ROOT))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            _refused(
                OPERATOR,
                calls[i],
                abi.encodeWithSelector(ICredentialRegistry.OperatorExpired.selector, ISSUER, OPERATOR, START)
            );
        }
    }

    function test_owners_manage_nothing_that_is_not_registered() external {
        bytes32 nobody = keccak256("did:web:nobody.example");
        bytes[7] memory calls = [
            abi.encodeCall(ICredentialRegistry.proposeProfile, (nobody, "another")),
            abi.encodeCall(ICredentialRegistry.setOperator, (nobody, STRANGER, NEVER, RIGHTS_ALL)),
            abi.encodeCall(ICredentialRegistry.addKey, (nobody, MULTIKEY)),
            abi.encodeCall(ICredentialRegistry.retireKey, (nobody, KEY)),
            abi.encodeCall(ICredentialRegistry.reportKeyCompromised, (nobody, KEY, START)),
            abi.encodeCall(ICredentialRegistry.transferIssuerOwnership, (nobody, STRANGER)),
            abi.encodeCall(ICredentialRegistry.acceptIssuerOwnership, (nobody))
        ];
        // address(0) is the owner on record of what is not on record
        address[3] memory callers = [OWNER, STRANGER, address(0)];
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 j = 0; j < callers.length; ++j) {
                _refused(
                    callers[j],
                    calls[i],
                    abi.encodeWithSelector(ICredentialRegistry.IssuerUnknown.selector, nobody)
                );
            }
        }
    }

    function test_only_the_admin_appoints_accreditors() external {
        IAccessControl control = IAccessControl(address(registry));
        address[3] memory callers = [STRANGER, OWNER, OPERATOR];
        for (uint256 j = 0; j < callers.length; ++j) {
            bytes memory refusal = abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector,
                callers[j],
                bytes32(0)
            );
            _refused(callers[j], abi.encodeCall(IAccessControl.grantRole, (ACCREDITOR_ROLE, callers[j])), refusal);
            _refused(callers[j], abi.encodeCall(IAccessControl.revokeRole, (ACCREDITOR_ROLE, ACCREDITOR)), refusal);
        }
        _taken(ACCREDITOR, abi.encodeCall(IAccessControl.grantRole, (ACCREDITOR_ROLE, STRANGER)));
        vm.prank(STRANGER);
        registry.setAnchorsAll(ISSUER);
        // An accreditor that is not the admin appoints nobody.
        _refused(
            STRANGER,
            abi.encodeCall(IAccessControl.grantRole, (ACCREDITOR_ROLE, OWNER)),
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector,
                STRANGER,
                bytes32(0)
            )
        );
        _taken(ACCREDITOR, abi.encodeCall(IAccessControl.revokeRole, (ACCREDITOR_ROLE, STRANGER)));
        vm.assertTrue(!control.hasRole(ACCREDITOR_ROLE, STRANGER), "taken away");
    }

    function test_nobody_but_the_admin_changes_how_the_admin_changes() external {
        bytes[5] memory calls = [
            abi.encodeCall(IAccessControlDefaultAdminRules.beginDefaultAdminTransfer, (STRANGER)),
            abi.encodeCall(IAccessControlDefaultAdminRules.cancelDefaultAdminTransfer, ()),
            abi.encodeCall(IAccessControlDefaultAdminRules.changeDefaultAdminDelay, (uint48(0))),
            abi.encodeCall(IAccessControlDefaultAdminRules.rollbackDefaultAdminDelay, ()),
            abi.encodeCall(IAccessControl.revokeRole, (ACCREDITOR_ROLE, ACCREDITOR))
        ];
        address[5] memory callers = [STRANGER, OWNER, OPERATOR, OTHER_OWNER, OTHER_OPERATOR];
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 j = 0; j < callers.length; ++j) {
                _refused(
                    callers[j],
                    calls[i],
                    abi.encodeWithSelector(
                        IAccessControl.AccessControlUnauthorizedAccount.selector,
                        callers[j],
                        bytes32(0)
                    )
                );
            }
        }
        for (uint256 j = 0; j < callers.length; ++j) {
            _refused(
                callers[j],
                abi.encodeCall(IAccessControlDefaultAdminRules.acceptDefaultAdminTransfer, ()),
                abi.encodeWithSelector(
                    IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector,
                    callers[j]
                )
            );
            _refused(
                callers[j],
                abi.encodeCall(IAccessControl.renounceRole, (ACCREDITOR_ROLE, ACCREDITOR)),
                abi.encodeWithSelector(IAccessControl.AccessControlBadConfirmation.selector)
            );
        }
    }

    function test_the_admin_changes_in_two_steps_and_never_by_grant() external {
        IAccessControlDefaultAdminRules control = IAccessControlDefaultAdminRules(address(registry));
        _refused(
            ACCREDITOR,
            abi.encodeCall(IAccessControl.grantRole, (bytes32(0), STRANGER)),
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminRules.selector
            )
        );
        vm.prank(ACCREDITOR);
        control.beginDefaultAdminTransfer(STRANGER);
        vm.assertEq(control.defaultAdmin(), ACCREDITOR, "not yet");
        _at(START + 1, FIRST_BLOCK + 1);
        vm.prank(STRANGER);
        control.acceptDefaultAdminTransfer();
        vm.assertEq(control.defaultAdmin(), STRANGER, "moved");
    }

    function test_the_registry_takes_no_ether() external {
        (bool taken, ) = address(registry).call{value: 1}("");
        vm.assertTrue(!taken, "plain");
        (taken, ) = address(registry).call{value: 1}(abi.encodeCall(ICredentialRegistry.delay, ()));
        vm.assertTrue(!taken, "with a call");
        vm.assertEq(address(registry).balance, 0, "balance");
    }

    function test_it_says_which_interfaces_it_has() external view {
        IERC165 registered = IERC165(address(registry));
        vm.assertTrue(registered.supportsInterface(type(ICredentialRegistry).interfaceId), "this one");
        vm.assertTrue(registered.supportsInterface(type(IAccessControlDefaultAdminRules).interfaceId), "admin rules");
        vm.assertTrue(registered.supportsInterface(type(IAccessControl).interfaceId), "roles");
        vm.assertTrue(registered.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        vm.assertTrue(!registered.supportsInterface(0xffffffff), "not everything");
    }

    function _refused(address caller, bytes memory data, bytes memory refusal) private {
        vm.prank(caller);
        (bool done, bytes memory answer) = address(registry).call(data);
        vm.assertTrue(!done, "refused");
        vm.assertEq(answer, refusal, "for this reason");
    }

    /// @dev The same call by the one who may: it was not refused for another reason.
    function _taken(address caller, bytes memory data) private {
        vm.prank(caller);
        (bool done, ) = address(registry).call(data);
        vm.assertTrue(done, "taken");
    }
}
