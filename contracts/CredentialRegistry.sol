// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {
    ICredentialRegistry,
    ISSUER_ANCHORS_ALL,
    ISSUER_INVALIDATED,
    ISSUER_SEALED,
    RIGHTS_ALL,
    RIGHT_ANNUL,
    RIGHT_AUDIT,
    RIGHT_ISSUE,
    RIGHT_REVOKE,
    RIGHT_SUSPEND
} from "./interfaces/ICredentialRegistry.sol";
import {DidText} from "./libraries/DidText.sol";
import {Inclusion} from "./libraries/Inclusion.sol";
import {Slots} from "./libraries/Slots.sol";
import {StatusChanges} from "./libraries/StatusChanges.sol";
import {StatusEpochs} from "./libraries/StatusEpochs.sol";

/// @title Registry of issuers, their keys, anchors and status lists
/// @notice The interface is the specification. Not upgradeable: a registry whose code can change is worth less as
///         evidence. Holds no ether, and calls no other contract but a signer that is one, which cannot write (ERC-1271).
contract CredentialRegistry is ICredentialRegistry, AccessControlDefaultAdminRules, EIP712 {
    using Slots for Operator;
    using Slots for Issuer;
    using Slots for Anchor;
    using Slots for StatusList;

    /// @notice Who accredits issuers. The admin of the access control appoints them.
    bytes32 public constant ACCREDITOR_ROLE = keccak256("ACCREDITOR_ROLE");

    uint256 private constant MAX_PROFILE_BYTES = 8192;
    uint256 private constant MAX_KEY_BYTES = 4096;
    uint256 private constant OWNER_REACHES_BACK = 90 days;
    uint256 private constant HEARTBEAT_AFTER = 20 hours;
    uint32 private constant MAX_TREE_SIZE = 1 << 22;
    uint8 private constant MIN_LOG2_ENTRIES = 17;
    uint8 private constant MAX_LOG2_ENTRIES = 22;
    /// @dev Bit k is set for a kind of root: 1 credentials, 3 embargoed results, 5 roots of an older registry.
    uint256 private constant ROOT_KINDS = (1 << 1) | (1 << 3) | (1 << 5);
    uint8 private constant LAYOUT = 1;

    bytes32 private constant PUBLISH_STATUS = keccak256(
        "PublishStatus(bytes32 issuerId,bytes32 listId,bytes32 previousHead,bytes32 statusRoot,bytes32 changesHash,"
        "uint64 deadline)"
    );
    bytes32 private constant ANNUL_STATUS = keccak256(
        "AnnulStatus(bytes32 issuerId,bytes32 listId,bytes32 previousHead,bytes32 statusRoot,bytes32 changesHash,"
        "uint64 deadline)"
    );

    // The order of these variables is the order of the slots in the interface.
    mapping(bytes32 issuerId => Issuer) private _issuers;
    mapping(bytes32 issuerId => mapping(address account => Operator)) private _operators;
    mapping(bytes32 issuerId => mapping(bytes32 keyId => Key)) private _keys;
    // slither-disable-next-line uninitialized-state -- written as whole words, by Slots
    mapping(bytes32 issuerId => mapping(bytes32 root => Anchor)) private _anchors;
    mapping(bytes32 issuerId => mapping(bytes32 listId => StatusList)) private _statusLists;
    mapping(bytes32 issuerId => AuditHead) private _auditHeads;
    Successor private _successor;

    uint40 private immutable _delay;

    /// @param delaySeconds See `delay`; also the delay of handing over the admin role.
    /// @param admin Admin of the access control and first accreditor.
    constructor(
        uint40 delaySeconds,
        address admin
    ) AccessControlDefaultAdminRules(delaySeconds, admin) EIP712("Jikin CredentialRegistry", "1") {
        _delay = delaySeconds;
        _grantRole(ACCREDITOR_ROLE, admin);
    }

    // --------------------------------------------------------------------------------------------- accreditors

    /// @inheritdoc ICredentialRegistry
    function registerIssuer(
        string calldata did,
        address owner_,
        uint40 validFrom,
        uint40 validUntil
    ) external onlyRole(ACCREDITOR_ROLE) returns (bytes32 issuerId) {
        DidText.check(did);
        issuerId = keccak256(bytes(did));
        Issuer storage record = _issuers[issuerId];
        if (record.owner != address(0)) revert IssuerAlreadyRegistered(issuerId, record.owner);
        if (owner_ == address(0)) revert AddressMissing(issuerId);
        uint40 effectiveFrom = uint40(block.timestamp) + _delay;
        validFrom = _later(validFrom, effectiveFrom);
        if (validFrom >= validUntil) revert AccreditationWindowEmpty(issuerId, validFrom, validUntil);
        record.owner = owner_;
        record.validFrom = validFrom;
        record.validUntil = validUntil;
        record.effectiveFrom = effectiveFrom;
        record.version = LAYOUT;
        emit IssuerRegistered(issuerId, owner_, did, validFrom, validUntil, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function setAccreditation(
        bytes32 issuerId,
        uint40 validFrom,
        uint40 validUntil
    ) external onlyRole(ACCREDITOR_ROLE) {
        Issuer storage record = _registered(issuerId);
        validFrom = _later(validFrom, record.effectiveFrom);
        if (validFrom > validUntil) revert AccreditationWindowEmpty(issuerId, validFrom, validUntil);
        record.validFrom = validFrom;
        record.validUntil = validUntil;
        emit AccreditationChanged(issuerId, validFrom, validUntil, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function setAnchorsAll(bytes32 issuerId) external onlyRole(ACCREDITOR_ROLE) {
        Issuer storage record = _registered(issuerId);
        if (record.flags & ISSUER_ANCHORS_ALL != 0) revert AnchorsAllAlreadySet(issuerId, record.anchorsAllSince);
        record.flags |= ISSUER_ANCHORS_ALL;
        record.anchorsAllSince = uint40(block.timestamp);
        emit AnchorsAllSet(issuerId, uint40(block.timestamp), msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function invalidate(bytes32 issuerId, uint40 since) external onlyRole(ACCREDITOR_ROLE) {
        Issuer storage record = _registered(issuerId);
        _checkSince(since, record.invalidSince, 1);
        record.flags |= ISSUER_INVALIDATED;
        record.invalidSince = since;
        emit IssuerInvalidated(issuerId, since, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function approveProfile(bytes32 issuerId, bytes32 profileHash) external onlyRole(ACCREDITOR_ROLE) {
        Issuer storage record = _registered(issuerId);
        bytes32 proposed = record.proposedProfileHash;
        if (profileHash != proposed || proposed == 0) revert ProfileNotProposed(issuerId, profileHash, proposed);
        uint256 earliest = uint256(record.proposedAt) + _delay;
        if (block.timestamp < earliest) revert ProfileTooEarly(issuerId, profileHash, earliest);
        if (record.profileHash == profileHash) revert ProfileAlreadyApproved(issuerId, profileHash);
        uint40 proposedBlock = record.proposedBlock;
        record.profileHash = profileHash;
        record.profileBlock = proposedBlock;
        emit ProfileApproved(issuerId, profileHash, proposedBlock, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function setSuccessor(address registry) external onlyRole(ACCREDITOR_ROLE) {
        _checkNotSealed();
        bool named = registry != address(0);
        if (named && (registry == address(this) || registry.code.length == 0)) revert SuccessorRefused(registry);
        uint40 sealedAt = named ? uint40(block.timestamp) + _delay : 0;
        _successor = Successor(registry, sealedAt, named ? LAYOUT : 0); // nothing is left of one that is taken back
        emit SuccessorSet(registry, sealedAt, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function sealAnchoring(bytes32 issuerId) external {
        Issuer storage record = _registered(issuerId);
        Successor memory next = _successor;
        if (!_isSealed(next)) revert RegistryNotSealed(block.timestamp, next.sealedAt);
        if (record.flags & ISSUER_SEALED != 0) revert IssuerIsSealed(issuerId);
        record.flags |= ISSUER_SEALED;
        emit IssuerSealed(issuerId, next.registry, next.sealedAt);
    }

    // --------------------------------------------------------------------------------------------------- owners

    /// @inheritdoc ICredentialRegistry
    function proposeProfile(bytes32 issuerId, bytes calldata profile) external returns (bytes32 profileHash) {
        Issuer storage record = _owned(issuerId);
        if (profile.length == 0 || profile.length > MAX_PROFILE_BYTES) {
            revert ProfileSizeRefused(issuerId, profile.length, MAX_PROFILE_BYTES);
        }
        profileHash = sha256(profile);
        // The hash stays after the approval: a slot that is cleared costs more to fill again.
        record.proposedProfileHash = profileHash;
        record.proposedAt = uint40(block.timestamp);
        record.proposedBlock = uint40(block.number);
        emit ProfileProposed(issuerId, profileHash, profile);
    }

    /// @inheritdoc ICredentialRegistry
    function setOperator(bytes32 issuerId, address account, uint40 validUntil, uint8 rights) external {
        _owned(issuerId);
        if (account == address(0)) revert AddressMissing(issuerId);
        if (rights & ~RIGHTS_ALL != 0) revert RightsUnknown(issuerId, account, rights);
        Operator storage record = _operators[issuerId][account];
        record.validUntil = validUntil;
        record.rights = rights;
        record.version = LAYOUT;
        emit OperatorSet(issuerId, account, validUntil, rights);
    }

    /// @inheritdoc ICredentialRegistry
    function addKey(bytes32 issuerId, string calldata multikey) external returns (bytes32 keyId) {
        _owned(issuerId);
        uint256 size = bytes(multikey).length;
        if (size == 0 || size > MAX_KEY_BYTES) revert KeySizeRefused(issuerId, size, MAX_KEY_BYTES);
        keyId = sha256(bytes(multikey));
        Key storage record = _keys[issuerId][keyId];
        if (record.addedAt != 0) revert KeyAlreadyAdded(issuerId, keyId, record.addedAt);
        record.addedAt = uint40(block.timestamp);
        record.version = LAYOUT;
        emit KeyAdded(issuerId, keyId, multikey);
    }

    /// @inheritdoc ICredentialRegistry
    function retireKey(bytes32 issuerId, bytes32 keyId) external {
        _owned(issuerId);
        Key storage record = _key(issuerId, keyId);
        if (record.retiredAt != 0) revert KeyAlreadyRetired(issuerId, keyId, record.retiredAt);
        record.retiredAt = uint40(block.timestamp);
        emit KeyRetired(issuerId, keyId, uint40(block.timestamp));
    }

    /// @inheritdoc ICredentialRegistry
    function reportKeyCompromised(bytes32 issuerId, bytes32 keyId, uint40 since) external {
        uint256 earliest = 1;
        if (!hasRole(ACCREDITOR_ROLE, msg.sender)) {
            address owner_ = _registered(issuerId).owner;
            if (msg.sender != owner_) revert NotOwnerNorAccreditor(issuerId, msg.sender, owner_);
            // Further back an owner could undo what it signed and regrets.
            if (block.timestamp > OWNER_REACHES_BACK) earliest = block.timestamp - OWNER_REACHES_BACK;
        }
        Key storage record = _key(issuerId, keyId);
        _checkSince(since, record.compromisedSince, earliest);
        record.compromisedSince = since;
        emit KeyCompromised(issuerId, keyId, since, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function transferIssuerOwnership(bytes32 issuerId, address newOwner) external {
        _owned(issuerId).pendingOwner = newOwner;
        emit IssuerOwnershipOffered(issuerId, msg.sender, newOwner);
    }

    /// @inheritdoc ICredentialRegistry
    function acceptIssuerOwnership(bytes32 issuerId) external {
        Issuer storage record = _registered(issuerId);
        if (msg.sender != record.pendingOwner) revert NotPendingOwner(issuerId, msg.sender, record.pendingOwner);
        address previousOwner = record.owner;
        record.owner = msg.sender;
        record.pendingOwner = address(0);
        emit IssuerOwnershipTransferred(issuerId, previousOwner, msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ operators

    /// @inheritdoc ICredentialRegistry
    function anchor(bytes32 issuerId, bytes32 root, uint32 treeSize, uint8 kind) external {
        (Operator storage account, uint256 accountWord) = _operatorWith(msg.sender, issuerId, RIGHT_ISSUE);
        uint256 word = _anchor(account, accountWord, issuerId, root, treeSize, kind);
        if (word != 0) revert RootAlreadyAnchored(issuerId, root, uint40(word));
    }

    /// @inheritdoc ICredentialRegistry
    function openStatusList(bytes32 issuerId, bytes32 listId, uint8 log2Entries, bytes32 indexKeyHash) external {
        _operatorWith(msg.sender, issuerId, RIGHT_ISSUE | RIGHT_REVOKE);
        _checkNotSealed();
        if (log2Entries < MIN_LOG2_ENTRIES || log2Entries > MAX_LOG2_ENTRIES) {
            revert StatusListSizeRefused(log2Entries, MIN_LOG2_ENTRIES, MAX_LOG2_ENTRIES);
        }
        StatusList storage list = _statusLists[issuerId][listId];
        if (list.entries != 0) revert StatusListAlreadyOpened(issuerId, listId, list.head);
        uint32 entries = uint32(1) << log2Entries;
        bytes32 head = keccak256(
            abi.encode("JKH1", block.chainid, address(this), issuerId, listId, entries, indexKeyHash)
        );
        list.head = head;
        list.time = uint64(block.timestamp);
        list.blockNumber = uint64(block.number);
        list.entries = entries;
        list.flags = LAYOUT;
        emit StatusListOpened(issuerId, listId, entries, indexKeyHash, head, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function publishStatus(
        bytes32 issuerId,
        bytes32 listId,
        bytes32 previousHead,
        bytes32 statusRoot,
        bytes calldata changes
    ) external {
        (, uint256 accountWord) = _operatorWith(msg.sender, issuerId, RIGHT_REVOKE | RIGHT_SUSPEND);
        uint256 rights = Slots.operatorRights(accountWord);
        _publishNext(msg.sender, rights, issuerId, listId, previousHead, statusRoot, changes);
    }

    /// @inheritdoc ICredentialRegistry
    function publishStatusBySig(
        bytes32 issuerId,
        bytes32 listId,
        bytes32 previousHead,
        bytes32 statusRoot,
        bytes calldata changes,
        address account,
        bytes calldata signature,
        uint64 deadline
    ) external {
        // First the rights: no contract is asked for its signature but one the issuer has made an operator.
        (, uint256 accountWord) = _operatorWith(account, issuerId, RIGHT_REVOKE | RIGHT_SUSPEND);
        _checkSigned(
            PUBLISH_STATUS,
            issuerId,
            listId,
            previousHead,
            statusRoot,
            changes,
            account,
            signature,
            deadline
        );
        uint256 rights = Slots.operatorRights(accountWord);
        _publishNext(account, rights, issuerId, listId, previousHead, statusRoot, changes);
    }

    /// @inheritdoc ICredentialRegistry
    function annulStatus(
        bytes32 issuerId,
        bytes32 listId,
        bytes32 previousHead,
        bytes32 statusRoot,
        bytes calldata changes,
        address signer,
        bytes calldata signature,
        uint64 deadline
    ) external {
        (address owner_, address accreditor) = _ownerAndAccreditor(issuerId, signer);
        if (changes.length == 0) revert ChangesSizeRefused(0, StatusChanges.MAX_CHANGES);
        _checkSigned(
            ANNUL_STATUS,
            issuerId,
            listId,
            previousHead,
            statusRoot,
            changes,
            signer,
            signature,
            deadline
        );
        _publishNext(msg.sender, RIGHT_ANNUL, issuerId, listId, previousHead, statusRoot, changes);
        emit StatusAnnulled(issuerId, listId, _statusLists[issuerId][listId].epoch, owner_, accreditor);
    }

    /// @inheritdoc ICredentialRegistry
    function anchorAndPublish(
        bytes32 issuerId,
        bytes32 root,
        uint32 treeSize,
        uint8 kind,
        bytes32 listId,
        bytes32 previousHead,
        bytes32 statusRoot,
        bytes calldata changes
    ) external {
        (Operator storage account, uint256 accountWord) = _operatorWith(msg.sender, issuerId, RIGHT_ISSUE);
        uint256 rights = Slots.operatorRights(accountWord);
        if (rights & (RIGHT_REVOKE | RIGHT_SUSPEND) == 0) {
            revert RightMissing(issuerId, msg.sender, RIGHT_REVOKE | RIGHT_SUSPEND, uint8(rights));
        }
        uint256 word = _anchor(account, accountWord, issuerId, root, treeSize, kind);
        if (word != 0 && !Slots.isBatch(word, treeSize, kind)) {
            revert RootAlreadyAnchored(issuerId, root, uint40(word));
        }
        bytes32 head = _publish(msg.sender, rights, issuerId, listId, previousHead, statusRoot, changes);
        if (head != previousHead) emit StatusSkipped(issuerId, listId, previousHead, head, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function publishAuditHead(bytes32 issuerId, uint64 size, bytes32 root) external {
        _operatorWith(msg.sender, issuerId, RIGHT_AUDIT);
        AuditHead storage record = _auditHeads[issuerId];
        if (size <= record.size) revert AuditHeadNotGrown(issuerId, size, record.size);
        uint64 previousBlock = record.blockNumber;
        record.root = root;
        record.size = size;
        record.time = uint64(block.timestamp);
        record.blockNumber = uint64(block.number);
        record.version = LAYOUT;
        emit AuditHeadPublished(issuerId, size, root, previousBlock, msg.sender);
    }

    // ---------------------------------------------------------------------------------------------------- views

    /// @inheritdoc ICredentialRegistry
    function delay() external view returns (uint40) {
        return _delay;
    }

    /// @inheritdoc ICredentialRegistry
    function issuer(bytes32 issuerId) external view returns (Issuer memory) {
        return _issuers[issuerId];
    }

    /// @inheritdoc ICredentialRegistry
    function operator(bytes32 issuerId, address account) external view returns (Operator memory) {
        return _operators[issuerId][account];
    }

    /// @inheritdoc ICredentialRegistry
    function keyWindow(bytes32 issuerId, bytes32 keyId) external view returns (Key memory) {
        return _keys[issuerId][keyId];
    }

    /// @inheritdoc ICredentialRegistry
    function anchorOf(bytes32 issuerId, bytes32 root) external view returns (Anchor memory) {
        return _anchors[issuerId][root];
    }

    /// @inheritdoc ICredentialRegistry
    function statusHeads(
        bytes32 issuerId,
        bytes32[] calldata listIds
    ) external view returns (StatusList[] memory heads) {
        heads = new StatusList[](listIds.length);
        for (uint256 i = 0; i < listIds.length; ++i) heads[i] = _statusLists[issuerId][listIds[i]];
    }

    /// @inheritdoc ICredentialRegistry
    function auditHead(bytes32 issuerId) external view returns (AuditHead memory) {
        return _auditHeads[issuerId];
    }

    /// @inheritdoc ICredentialRegistry
    function successor() external view returns (Successor memory) {
        return _successor;
    }

    /// @inheritdoc ICredentialRegistry
    function verifyInclusion(
        bytes32 leaf,
        uint256 index,
        uint256 size,
        bytes32[] calldata path,
        bytes32 root
    ) external pure returns (bool) {
        return Inclusion.holds(leaf, index, size, path, root);
    }

    /// @notice ERC-165: this interface and those of the access control.
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(ICredentialRegistry).interfaceId || super.supportsInterface(interfaceId);
    }

    // ---------------------------------------------------------------------------------------------------- inside

    /// @dev Anchor `root`, unless it is on record: then its word is returned and nothing written, 0 otherwise.
    ///      `account` is the operator's record, `accountWord` the word in it.
    function _anchor(
        Operator storage account,
        uint256 accountWord,
        bytes32 issuerId,
        bytes32 root,
        uint32 treeSize,
        uint8 kind
    ) private returns (uint256 word) {
        Anchor storage record = _anchors[issuerId][root];
        word = record.load();
        if (word != 0) return word;
        unchecked {
            // 0 - 1 is above every limit: one comparison for both ends.
            if (uint256(treeSize) - 1 >= MAX_TREE_SIZE) revert TreeSizeRefused(treeSize, MAX_TREE_SIZE);
        }
        if ((ROOT_KINDS >> kind) & 1 == 0) revert AnchorKindRefused(kind);
        _checkAccredited(issuerId);
        uint32 sequence = account.countRoot(accountWord);
        record.store(treeSize, sequence, kind, LAYOUT);
        emit Anchored(issuerId, root, treeSize, sequence, kind, msg.sender);
    }

    /// @dev Publish an epoch of `account` with `rights` on `previousHead`, and on no other.
    function _publishNext(
        address account,
        uint256 rights,
        bytes32 issuerId,
        bytes32 listId,
        bytes32 previousHead,
        bytes32 statusRoot,
        bytes calldata changes
    ) private {
        bytes32 head = _publish(account, rights, issuerId, listId, previousHead, statusRoot, changes);
        if (head != previousHead) revert StatusHeadMoved(issuerId, listId, previousHead, head);
    }

    /// @dev Publish an epoch of `account` with `rights`, unless the head on record is not `previousHead`: then
    ///      nothing is written. Returns the head that was found.
    function _publish(
        address account,
        uint256 rights,
        bytes32 issuerId,
        bytes32 listId,
        bytes32 previousHead,
        bytes32 statusRoot,
        bytes calldata changes
    ) private returns (bytes32 head) {
        StatusList storage list = _statusLists[issuerId][listId];
        head = list.head;
        if (head == 0) revert StatusListUnknown(issuerId, listId);
        if (head != previousHead) return head;
        (uint256 epoch, uint256 previousBlock) = _advance(rights, list, issuerId, listId, changes);
        list.head = StatusEpochs.publish(
            issuerId,
            listId,
            previousHead,
            epoch,
            previousBlock,
            statusRoot,
            account,
            rights,
            changes
        );
    }

    /// @dev Check the changes of an epoch and write all of it but its head.
    function _advance(
        uint256 rights,
        StatusList storage list,
        bytes32 issuerId,
        bytes32 listId,
        bytes calldata changes
    ) private returns (uint256 epoch, uint256 previousBlock) {
        uint256 word = list.load();
        if (changes.length == 0) {
            uint256 earliest = Slots.statusTime(word) + HEARTBEAT_AFTER;
            if (block.timestamp < earliest) revert HeartbeatTooEarly(issuerId, listId, earliest);
        } else {
            StatusChanges.check(changes, Slots.statusEntries(word), rights);
        }
        previousBlock = Slots.statusBlock(word);
        epoch = list.advance(word);
    }

    /// @dev The record of a registered issuer.
    function _registered(bytes32 issuerId) private view returns (Issuer storage record) {
        record = _issuers[issuerId];
        if (record.owner == address(0)) revert IssuerUnknown(issuerId);
    }

    /// @dev The record of an issuer the caller owns.
    function _owned(bytes32 issuerId) private view returns (Issuer storage record) {
        record = _registered(issuerId);
        if (msg.sender != record.owner) revert NotIssuerOwner(issuerId, msg.sender, record.owner);
    }

    /// @dev The record of a registered key.
    function _key(bytes32 issuerId, bytes32 keyId) private view returns (Key storage record) {
        record = _keys[issuerId][keyId];
        if (record.addedAt == 0) revert KeyUnknown(issuerId, keyId);
    }

    /// @dev `account` as an operator whose rights count now and contain one of `needed`: its record, and the word in it.
    function _operatorWith(
        address account,
        bytes32 issuerId,
        uint256 needed
    ) private view returns (Operator storage record, uint256 word) {
        record = _operators[issuerId][account];
        word = record.load();
        uint256 rights = Slots.operatorRights(word);
        if (rights & needed == 0) revert RightMissing(issuerId, account, uint8(needed), uint8(rights));
        uint256 validUntil = Slots.operatorUntil(word);
        if (block.timestamp >= validUntil) revert OperatorExpired(issuerId, account, uint40(validUntil));
    }

    /// @dev Which of caller and `signer` owns the issuer, and which is an accreditor: one each, two accounts.
    function _ownerAndAccreditor(
        bytes32 issuerId,
        address signer
    ) private view returns (address owner_, address accreditor) {
        owner_ = _registered(issuerId).owner;
        accreditor = msg.sender == owner_ ? signer : msg.sender;
        if (accreditor == msg.sender && signer != owner_) revert NotIssuerOwner(issuerId, signer, owner_);
        _checkRole(ACCREDITOR_ROLE, accreditor);
        if (accreditor == owner_) revert AnnulmentNeedsTwo(issuerId, owner_);
    }

    /// @dev Refuse what `signer` did not sign, or signed for another time. `typeHash` is that of the typed data.
    ///      There is no nonce to keep: the previous head is on record once, so that a signature works once.
    function _checkSigned(
        bytes32 typeHash,
        bytes32 issuerId,
        bytes32 listId,
        bytes32 previousHead,
        bytes32 statusRoot,
        bytes calldata changes,
        address signer,
        bytes calldata signature,
        uint64 deadline
    ) private view {
        if (block.timestamp > deadline) revert SignatureExpired(block.timestamp, deadline);
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(typeHash, issuerId, listId, previousHead, statusRoot, keccak256(changes), deadline)
            )
        );
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) revert SignatureRefused(signer);
    }

    /// @dev Whether `next` follows this registry by now.
    function _isSealed(Successor memory next) private view returns (bool) {
        return next.registry != address(0) && block.timestamp >= next.sealedAt;
    }

    /// @dev Refuse what is done in the registry that follows this one.
    function _checkNotSealed() private view {
        Successor memory next = _successor;
        if (_isSealed(next)) revert RegistryIsSealed(next.registry, next.sealedAt);
    }

    /// @dev Refuse an issuer that is not accredited now, or whose anchoring ended. Everything asked lies in one slot.
    function _checkAccredited(bytes32 issuerId) private view {
        Issuer storage record = _issuers[issuerId];
        uint256 word = record.load();
        uint256 validFrom = Slots.issuerFrom(word);
        unchecked {
            // No window ends before it begins, and a moment before the begin is far above every length.
            if (block.timestamp - validFrom >= Slots.issuerUntil(word) - validFrom) {
                revert NotAccredited(issuerId, block.timestamp, record.validFrom, record.validUntil);
            }
        }
        if (Slots.issuerFlags(word) & (ISSUER_INVALIDATED | ISSUER_SEALED) != 0) {
            if (Slots.issuerFlags(word) & ISSUER_SEALED != 0) revert IssuerIsSealed(issuerId);
            revert IssuerIsInvalidated(issuerId, record.invalidSince);
        }
    }

    /// @dev Refuse a moment outside of `earliest` … now, or one that is not before the one on record (0: none).
    function _checkSince(uint40 since, uint40 recorded, uint256 earliest) private view {
        if (since < earliest || since > block.timestamp) revert SinceOutOfRange(since, earliest, block.timestamp);
        if (recorded != 0 && since >= recorded) revert SinceOnlyMovesDown(since, recorded);
    }

    /// @dev The later of two moments.
    function _later(uint40 a, uint40 b) private pure returns (uint40) {
        return a > b ? a : b;
    }
}
