// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

// Rights of an operator: bits of `Operator.rights`. Bits above these are refused.
uint8 constant RIGHT_ISSUE = 1;
uint8 constant RIGHT_REVOKE = 2;
uint8 constant RIGHT_SUSPEND = 4;
uint8 constant RIGHT_AUDIT = 8;
uint8 constant RIGHTS_ALL = 15;

// Recorded with an epoch that owner and accreditor published together; nobody can be given it.
uint8 constant RIGHT_ANNUL = 16;

// Bits of `Issuer.flags`.
uint16 constant ISSUER_ANCHORS_ALL = 1;
uint16 constant ISSUER_INVALIDATED = 2;
uint16 constant ISSUER_SEALED = 4;

/// @title Registry of issuers, their keys, anchors and status lists
/// @notice Who may issue, which keys count when, which batches of credentials were anchored when, and what became of
///         each credential since. A verifier needs nothing but this contract's storage and events.
///
///         Times are Unix seconds and written by the contract from `block.timestamp`; 0 means "never" where it says so.
///         "SHA-256 tree" is the tree of RFC 9162, section 2.1.1. Every record is kept under an issuer id, so that
///         nobody can take or block another issuer's root, list or key.
///
///         Slots. State proofs read the storage directly; the numbers below are part of this interface and never
///         change. A struct lies at keccak256(key ‖ slot), nested mappings keccak256(key2 ‖ keccak256(key1 ‖ slot)),
///         its n-th slot n-1 above. Members are packed from the lowest bit upwards, in the order written here.
///
///         slot 5   mapping(bytes32 issuerId => Issuer)
///         slot 6   mapping(bytes32 issuerId => mapping(address account => Operator))
///         slot 7   mapping(bytes32 issuerId => mapping(bytes32 keyId => Key))
///         slot 8   mapping(bytes32 issuerId => mapping(bytes32 root => Anchor))
///         slot 9   mapping(bytes32 issuerId => mapping(bytes32 listId => StatusList))
///         slot 10  mapping(bytes32 issuerId => AuditHead)
///         slot 11  Successor
///
///         Slots 0 to 4 belong to the inherited access control and typed-data code.
///
///         Typed data (EIP-712). The domain, read by `eip712Domain()`, is name "Jikin CredentialRegistry", version "1",
///         chain and this contract; changesHash is keccak256 of the packed changes:
///
///         PublishStatus(bytes32 issuerId,bytes32 listId,bytes32 previousHead,bytes32 statusRoot,bytes32 changesHash,
///                       uint64 deadline)
///         AnnulStatus(bytes32 issuerId,bytes32 listId,bytes32 previousHead,bytes32 statusRoot,bytes32 changesHash,
///                     uint64 deadline)
///
///         A signer that is a contract answers by ERC-1271. A signature works once: the head it names moves on.
interface ICredentialRegistry {
    // ------------------------------------------------------------------------------------------------- records

    /// @notice One issuer; its id is keccak256 of its DID. `owner` 0: not registered.
    /// @dev Slot 1: owner … flags. Slot 2: profileHash. Slot 3: anchorsAllSince … version. Slot 4: proposedProfileHash.
    ///      Slot 5: pendingOwner.
    struct Issuer {
        address owner; // bits 0–159
        uint40 validFrom; // bits 160–199; accredited at t iff validFrom <= t < validUntil
        uint40 validUntil; // bits 200–239
        uint16 flags; // bits 240–255: ISSUER_ANCHORS_ALL, ISSUER_INVALIDATED, ISSUER_SEALED
        bytes32 profileHash; // SHA-256 of the approved profile, 0: none yet
        uint40 anchorsAllSince; // bits 0–39, 0: never set
        uint40 invalidSince; // bits 40–79, 0: never
        uint40 proposedAt; // bits 80–119: when `proposedProfileHash` was proposed
        uint40 proposedBlock; // bits 120–159: in which block, that is where its bytes can be read
        uint40 profileBlock; // bits 160–199: the block with the bytes of the approved profile
        uint40 effectiveFrom; // bits 200–239: registration plus delay; no accreditation begins before
        uint8 version; // bits 240–247: of this layout, 1
        bytes32 proposedProfileHash; // SHA-256 of the newest proposal, 0: none yet
        address pendingOwner; // who may accept the ownership, 0: nobody
    }

    /// @notice What one account may do for one issuer. `version` 0: it never had any right.
    struct Operator {
        uint40 validUntil; // bits 0–39; the rights count at t iff t < validUntil
        uint8 rights; // bits 40–47
        uint32 sequence; // bits 48–79: roots anchored so far
        uint8 version; // bits 80–87
    }

    /// @notice One signing key of one issuer; its id is SHA-256 of its Multikey text. `addedAt` 0: not registered.
    ///         The key counts at t iff addedAt <= t < retiredAt and t < compromisedSince.
    struct Key {
        uint40 addedAt; // bits 0–39
        uint40 retiredAt; // bits 40–79, 0: never
        uint40 compromisedSince; // bits 80–119, 0: never
        uint8 version; // bits 120–127
    }

    /// @notice One anchored root, written once and never changed. `time` 0: never anchored.
    struct Anchor {
        uint40 time; // bits 0–39
        uint40 blockNumber; // bits 40–79
        uint32 treeSize; // bits 80–111: leaves under the root
        uint32 sequence; // bits 112–143: the operator's first root of this issuer has 1, the next 2, without gaps
        uint8 kind; // bits 144–151
        uint8 version; // bits 152–159
    }

    /// @notice The newest epoch of one status list. `entries` 0: not opened.
    /// @dev Slot 1: head. Slot 2: the rest.
    struct StatusList {
        bytes32 head;
        uint64 epoch; // bits 0–63; 0 is the opening
        uint64 time; // bits 64–127
        uint64 blockNumber; // bits 128–191
        uint32 entries; // bits 192–223: 2^17 … 2^22
        uint32 flags; // bits 224–255: the low byte is the version of this layout, the rest is kept
    }

    /// @notice The newest head of an issuer's audit log. `size` 0: none yet.
    /// @dev Slot 1: root. Slot 2: the rest.
    struct AuditHead {
        bytes32 root;
        uint64 size; // bits 0–63: entries in the log
        uint64 time; // bits 64–127
        uint64 blockNumber; // bits 128–191
        uint8 version; // bits 192–199
    }

    /// @notice The registry that follows this one. `registry` 0: none is named. No anchor of this registry whose time is
    ///         `sealedAt` or later counts, whoever made it: readers see that from this slot and the anchor's alone.
    struct Successor {
        address registry; // bits 0–159
        uint40 sealedAt; // bits 160–199
        uint8 version; // bits 200–207
    }

    // -------------------------------------------------------------------------------------------------- events

    /// @notice An issuer was put on record; `validFrom` is the stored one (see `registerIssuer`).
    event IssuerRegistered(
        bytes32 indexed issuerId,
        address indexed owner,
        string did,
        uint40 validFrom,
        uint40 validUntil,
        address accreditor
    );

    /// @notice The accreditation window was moved.
    event AccreditationChanged(bytes32 indexed issuerId, uint40 validFrom, uint40 validUntil, address accreditor);

    /// @notice From `since` on a credential of this issuer without anchor does not pass.
    event AnchorsAllSet(bytes32 indexed issuerId, uint40 since, address accreditor);

    /// @notice Nothing this issuer anchored at or after `since` counts.
    event IssuerInvalidated(bytes32 indexed issuerId, uint40 since, address accreditor);

    /// @notice `registry` follows this one from `sealedAt` on; 0: the one that was named before does not.
    event SuccessorSet(address indexed registry, uint40 sealedAt, address accreditor);

    /// @notice The issuer's anchoring ended here for good, as `registry` follows this one since `sealedAt`.
    event IssuerSealed(bytes32 indexed issuerId, address indexed registry, uint40 sealedAt);

    /// @notice The owner proposed a public profile; `profile` are its bytes.
    event ProfileProposed(bytes32 indexed issuerId, bytes32 indexed profileHash, bytes profile);

    /// @notice The accreditor approved the profile whose bytes stand in the events of block `proposedBlock`.
    event ProfileApproved(
        bytes32 indexed issuerId,
        bytes32 indexed profileHash,
        uint40 proposedBlock,
        address accreditor
    );

    /// @notice The rights of an account were set; `rights` 0: taken away.
    event OperatorSet(bytes32 indexed issuerId, address indexed account, uint40 validUntil, uint8 rights);

    /// @notice A signing key was registered; `multikey` is its Multikey text.
    event KeyAdded(bytes32 indexed issuerId, bytes32 indexed keyId, string multikey);

    /// @notice A key signs nothing from `retiredAt` on.
    event KeyRetired(bytes32 indexed issuerId, bytes32 indexed keyId, uint40 retiredAt);

    /// @notice Nothing anchored at or after `since` counts under this key.
    event KeyCompromised(bytes32 indexed issuerId, bytes32 indexed keyId, uint40 since, address reporter);

    /// @notice The owner offered the ownership to `pendingOwner`; 0: the offer was taken back.
    event IssuerOwnershipOffered(bytes32 indexed issuerId, address indexed owner, address indexed pendingOwner);

    /// @notice The ownership went over to `owner`.
    event IssuerOwnershipTransferred(bytes32 indexed issuerId, address indexed previousOwner, address indexed owner);

    /// @notice A batch of `treeSize` leaves was anchored under `root`.
    event Anchored(
        bytes32 indexed issuerId,
        bytes32 indexed root,
        uint32 treeSize,
        uint32 sequence,
        uint8 kind,
        address operator
    );

    /// @notice A list of `entries` entries, all valid, was opened; `head` is its head of epoch 0.
    event StatusListOpened(
        bytes32 indexed issuerId,
        bytes32 indexed listId,
        uint32 entries,
        bytes32 indexKeyHash,
        bytes32 head,
        address operator
    );

    /// @notice An epoch was published. `previousBlock` holds the event of the epoch before it (or of the opening), so
    ///         that a list can be walked backwards without an index. `rights` are those of `operator` at that moment.
    event StatusPublished(
        bytes32 indexed issuerId,
        bytes32 indexed listId,
        uint64 epoch,
        uint64 previousBlock,
        bytes32 statusRoot,
        address operator,
        uint8 rights,
        bytes changes
    );

    /// @notice Epoch `epoch` takes revocations back: these two published it together.
    event StatusAnnulled(
        bytes32 indexed issuerId,
        bytes32 indexed listId,
        uint64 epoch,
        address owner,
        address accreditor
    );

    /// @notice `anchorAndPublish` left the status part out, because `head` had taken the place of `previousHead`.
    event StatusSkipped(
        bytes32 indexed issuerId,
        bytes32 indexed listId,
        bytes32 previousHead,
        bytes32 head,
        address operator
    );

    /// @notice The head of the audit log was published. `previousBlock` holds the event before it; 0: this is the
    ///         first.
    event AuditHeadPublished(
        bytes32 indexed issuerId,
        uint64 size,
        bytes32 root,
        uint64 previousBlock,
        address operator
    );

    // -------------------------------------------------------------------------------------------------- errors

    /// @notice No issuer is registered under `issuerId`.
    error IssuerUnknown(bytes32 issuerId);

    /// @notice `issuerId` is on record, owned by `owner`.
    error IssuerAlreadyRegistered(bytes32 issuerId, address owner);

    /// @notice `did` cannot be registered as written; what is wrong stands at byte `position`.
    error DidRefused(string did, uint256 position);

    /// @notice An issuer and an operator have an address other than 0.
    error AddressMissing(bytes32 issuerId);

    /// @notice A window that holds no moment was asked for.
    error AccreditationWindowEmpty(bytes32 issuerId, uint40 validFrom, uint40 validUntil);

    /// @notice The issuer is not accredited now.
    error NotAccredited(bytes32 issuerId, uint256 nowTime, uint40 validFrom, uint40 validUntil);

    /// @notice The accreditor declared that nothing of this issuer counts from `since` on.
    error IssuerIsInvalidated(bytes32 issuerId, uint40 since);

    /// @notice `registry` follows this one since `sealedAt`: what was asked is done there.
    error RegistryIsSealed(address registry, uint40 sealedAt);

    /// @notice No registry follows this one yet; 0 in `sealedAt`: none is named.
    error RegistryNotSealed(uint256 nowTime, uint40 sealedAt);

    /// @notice `registry` cannot follow this one: it is this one, or there is no contract.
    error SuccessorRefused(address registry);

    /// @notice The issuer's anchoring ended here: it anchors in the registry that follows.
    error IssuerIsSealed(bytes32 issuerId);

    /// @notice `caller` asked for something only `owner` may do.
    error NotIssuerOwner(bytes32 issuerId, address caller, address owner);

    /// @notice `caller` cannot accept an ownership offered to `pendingOwner`.
    error NotPendingOwner(bytes32 issuerId, address caller, address pendingOwner);

    /// @notice `caller` is neither the issuer's owner nor an accreditor.
    error NotOwnerNorAccreditor(bytes32 issuerId, address caller, address owner);

    /// @notice The flag is set since `since` and can neither be set again nor cleared.
    error AnchorsAllAlreadySet(bytes32 issuerId, uint40 since);

    /// @notice `since` lies outside of what this caller may say: `earliest` … `latest`.
    error SinceOutOfRange(uint40 since, uint256 earliest, uint256 latest);

    /// @notice `since` would move a moment on record up, or not at all.
    error SinceOnlyMovesDown(uint40 since, uint40 recorded);

    /// @notice A profile has 1 to `limit` bytes.
    error ProfileSizeRefused(bytes32 issuerId, uint256 size, uint256 limit);

    /// @notice Not `profileHash` but `proposed` is the newest proposal (0: there is none).
    error ProfileNotProposed(bytes32 issuerId, bytes32 profileHash, bytes32 proposed);

    /// @notice The proposal can be approved from `earliest` on.
    error ProfileTooEarly(bytes32 issuerId, bytes32 profileHash, uint256 earliest);

    /// @notice This very profile is the approved one.
    error ProfileAlreadyApproved(bytes32 issuerId, bytes32 profileHash);

    /// @notice `rights` has bits that mean nothing.
    error RightsUnknown(bytes32 issuerId, address account, uint8 rights);

    /// @notice `account` needs one of the rights `needed` and has `rights`.
    error RightMissing(bytes32 issuerId, address account, uint8 needed, uint8 rights);

    /// @notice The rights of `account` ended at `validUntil`.
    error OperatorExpired(bytes32 issuerId, address account, uint40 validUntil);

    /// @notice A Multikey text has 1 to `limit` bytes.
    error KeySizeRefused(bytes32 issuerId, uint256 size, uint256 limit);

    /// @notice The issuer has no key `keyId`.
    error KeyUnknown(bytes32 issuerId, bytes32 keyId);

    /// @notice The key is on record since `addedAt`.
    error KeyAlreadyAdded(bytes32 issuerId, bytes32 keyId, uint40 addedAt);

    /// @notice The key is retired since `retiredAt`.
    error KeyAlreadyRetired(bytes32 issuerId, bytes32 keyId, uint40 retiredAt);

    /// @notice `root` is on record since `anchoredAt`. For a writer that repeats itself this is success.
    error RootAlreadyAnchored(bytes32 issuerId, bytes32 root, uint40 anchoredAt);

    /// @notice A tree has 1 to `limit` leaves.
    error TreeSizeRefused(uint32 treeSize, uint32 limit);

    /// @notice A root is of kind 1, 3 or 5.
    error AnchorKindRefused(uint8 kind);

    /// @notice The issuer has no list `listId`.
    error StatusListUnknown(bytes32 issuerId, bytes32 listId);

    /// @notice The list is open; `head` is its newest head.
    error StatusListAlreadyOpened(bytes32 issuerId, bytes32 listId, bytes32 head);

    /// @notice A list has 2^`smallest` … 2^`largest` entries.
    error StatusListSizeRefused(uint8 log2Entries, uint8 smallest, uint8 largest);

    /// @notice The epoch was made for `previousHead`; the head on record is `head`.
    error StatusHeadMoved(bytes32 issuerId, bytes32 listId, bytes32 previousHead, bytes32 head);

    /// @notice Changes are three bytes each, `limit` changes at most.
    error ChangesSizeRefused(uint256 size, uint256 limit);

    /// @notice The change at `position` (0 is the first) names `index` after `previousIndex`; indexes strictly rise.
    error ChangesNotRising(uint256 position, uint256 previousIndex, uint256 index);

    /// @notice The last change names `index`, the list has `entries` entries.
    error ChangeOutOfRange(uint256 index, uint256 entries);

    /// @notice The change at `position` sets a state only the right to revoke may set; the operator has `rights`.
    error ChangeNeedsRevoke(uint256 position, uint256 index, uint8 state, uint8 rights);

    /// @notice The change at `position` takes nothing back: in an annulment every new state is 0 (valid).
    error AnnulmentStateRefused(uint256 position, uint256 index, uint8 state);

    /// @notice Owner and accreditor are the same account; an annulment takes two.
    error AnnulmentNeedsTwo(bytes32 issuerId, address account);

    /// @notice What was signed could be used until `deadline`.
    error SignatureExpired(uint256 nowTime, uint64 deadline);

    /// @notice This is no signature of `signer` over these very arguments.
    error SignatureRefused(address signer);

    /// @notice An epoch without changes is a heartbeat and possible from `earliest` on.
    error HeartbeatTooEarly(bytes32 issuerId, bytes32 listId, uint256 earliest);

    /// @notice The log has `recorded` entries on record; `size` does not exceed that.
    error AuditHeadNotGrown(bytes32 issuerId, uint64 size, uint64 recorded);

    // --------------------------------------------------------------------------------------------- accreditors

    /// @notice Put an issuer on record. Only an accreditor.
    /// @param did As registered: ASCII, method and did:web host in lower case, no path, query or fragment; at most
    ///        2,048 bytes.
    /// @param owner Who manages operators, keys and profile of the issuer.
    /// @param validFrom Begin of the accreditation. Stored is the later one of this and now plus `delay()`, so that a
    ///        stolen accreditor key makes no issuer at once.
    /// @param validUntil End of the accreditation, later than the stored begin.
    /// @return issuerId keccak256 of `did`.
    function registerIssuer(
        string calldata did,
        address owner,
        uint40 validFrom,
        uint40 validUntil
    ) external returns (bytes32 issuerId);

    /// @notice Move the accreditation window. Only an accreditor. Anchors are judged by the window on record: an end in
    ///         the past takes the anchors after it out, and equal ends take all out. `validFrom` is stored as in
    ///         `registerIssuer`, counted from the registration.
    function setAccreditation(bytes32 issuerId, uint40 validFrom, uint40 validUntil) external;

    /// @notice From now on a credential of this issuer without anchor does not pass. Only an accreditor; never cleared.
    function setAnchorsAll(bytes32 issuerId) external;

    /// @notice Declare that nothing this issuer anchored at or after `since` counts, and refuse it new anchors. Only an
    ///         accreditor; 0 < since <= now; a second call only moves it down.
    function invalidate(bytes32 issuerId, uint40 since) external;

    /// @notice Approve the newest proposal, which must be `profileHash` and at least `delay()` old. Only an accreditor.
    function approveProfile(bytes32 issuerId, bytes32 profileHash) external;

    /// @notice Name the registry that follows this one from now plus `delay()` on. Only an accreditor, who can name another
    ///         one, or with 0 none, until then, so that a stolen key is noticed in time; from then on it stands for good.
    /// @param registry A contract on this chain. Verifiers follow to it only where they have pinned it themselves.
    function setSuccessor(address registry) external;

    /// @notice End an issuer's anchoring once another registry follows this one. Anybody: it only makes known to `anchor`
    ///         what `successor()` says, so that no operator pays for roots that no longer count.
    function sealAnchoring(bytes32 issuerId) external;

    // --------------------------------------------------------------------------------------------------- owners

    /// @notice Propose the public profile: its bytes go into the event, their SHA-256 into the storage. Only the owner.
    /// @param profile 1 to 8,192 bytes.
    /// @return profileHash What the accreditor approves.
    function proposeProfile(bytes32 issuerId, bytes calldata profile) external returns (bytes32 profileHash);

    /// @notice Give `account` these rights until `validUntil`, in place of those it had. Only the owner. No rights
    ///         takes them away; the account's sequence goes on.
    function setOperator(bytes32 issuerId, address account, uint40 validUntil, uint8 rights) external;

    /// @notice Register a signing key, from now on. Only the owner; a key once registered stays on record.
    /// @param multikey Multikey text, 1 to 4,096 bytes.
    /// @return keyId SHA-256 of the text.
    function addKey(bytes32 issuerId, string calldata multikey) external returns (bytes32 keyId);

    /// @notice Let a key sign nothing from now on. Only the owner.
    function retireKey(bytes32 issuerId, bytes32 keyId) external;

    /// @notice Declare that nothing anchored at or after `since` counts under this key. The owner reaches back 90 days
    ///         at most, an accreditor any time; 0 < since <= now; a second call only moves it down.
    function reportKeyCompromised(bytes32 issuerId, bytes32 keyId, uint40 since) external;

    /// @notice Offer the ownership to `newOwner`, who has to accept; 0 takes the offer back. Only the owner.
    function transferIssuerOwnership(bytes32 issuerId, address newOwner) external;

    /// @notice Accept an ownership that was offered to the caller.
    function acceptIssuerOwnership(bytes32 issuerId) external;

    // ------------------------------------------------------------------------------------------------ operators

    /// @notice Anchor a batch. Right to issue, while the issuer is accredited and neither invalidated nor sealed. Each
    ///         root once.
    /// @param root Root of the SHA-256 tree over the batch's leaves.
    /// @param treeSize Leaves under the root, 1 to 2^22.
    /// @param kind What the leaves are: 1 credentials, 3 embargoed results, 5 roots of an older registry.
    function anchor(bytes32 issuerId, bytes32 root, uint32 treeSize, uint8 kind) external;

    /// @notice Open a list of 2^log2Entries entries (17 … 22), all valid, for ever. Right to issue or to revoke. Once
    ///         another registry follows, lists are opened there; those that are open here go on.
    /// @dev head = keccak256(abi.encode("JKH1", block.chainid, this, issuerId, listId, entries, indexKeyHash)), where
    ///      "JKH1" is encoded as a string: an offset, and behind the seven words its length and its bytes.
    function openStatusList(bytes32 issuerId, bytes32 listId, uint8 log2Entries, bytes32 indexKeyHash) external;

    /// @notice Publish the next epoch of a list. Right to revoke or to suspend, whether accredited or not: a credential
    ///         can be revoked as long as anybody may ask for it.
    /// @param previousHead The head the epoch builds on; refused unless it is on record, so that no epoch gets lost in
    ///        a race or a reorganisation.
    /// @param statusRoot Root over states and notes after this epoch; readers compare it with the fold of all changes.
    /// @param changes u24 each, big-endian: index · 4 + new state (0 valid, 1 revoked, 2 suspended, 3 replaced),
    ///        indexes strictly rising, 1 to 40,000 of them; states 1 and 3 need the right to revoke. None: a heartbeat,
    ///        20 hours after the last epoch or later.
    /// @dev head = keccak256(abi.encode(previousHead, uint256 epoch, statusRoot, operator, uint256 rights,
    ///      keccak256(changes), block.timestamp, block.number)).
    function publishStatus(
        bytes32 issuerId,
        bytes32 listId,
        bytes32 previousHead,
        bytes32 statusRoot,
        bytes calldata changes
    ) external;

    /// @notice The same for an operator who signed PublishStatus instead of sending; anybody relays it. The rights are those
    ///         of `account` now, not when it signed.
    /// @param account The operator, in whose name the epoch is recorded; a contract answers by ERC-1271.
    /// @param deadline The last second in which the signature can be used.
    function publishStatusBySig(
        bytes32 issuerId,
        bytes32 listId,
        bytes32 previousHead,
        bytes32 statusRoot,
        bytes calldata changes,
        address account,
        bytes calldata signature,
        uint64 deadline
    ) external;

    /// @notice Take revocations and replacements back: the issuer's owner and an accreditor together, two accounts. One
    ///         sends, the other one signed AnnulStatus. The contract cannot know the list: readers apply a change 1 or 3
    ///         to 0 if the epoch that set the state is less than 7 days older than this one, and no other.
    /// @param changes As in `publishStatus`, one at least, every new state 0. They are recorded under RIGHT_ANNUL with the
    ///        sender as operator.
    /// @param signer The one of the two who does not send; a contract answers by ERC-1271.
    /// @param deadline The last second in which the signature can be used.
    function annulStatus(
        bytes32 issuerId,
        bytes32 listId,
        bytes32 previousHead,
        bytes32 statusRoot,
        bytes calldata changes,
        address signer,
        bytes calldata signature,
        uint64 deadline
    ) external;

    /// @notice Both in one transaction, with the rights of both. A root on record with the same size and kind counts as
    ///         anchored; a head that has moved skips the status part with an event. Everything else is refused whole.
    function anchorAndPublish(
        bytes32 issuerId,
        bytes32 root,
        uint32 treeSize,
        uint8 kind,
        bytes32 listId,
        bytes32 previousHead,
        bytes32 statusRoot,
        bytes calldata changes
    ) external;

    /// @notice Publish the head of the audit log. Right to audit; `size` must grow.
    function publishAuditHead(bytes32 issuerId, uint64 size, bytes32 root) external;

    // ---------------------------------------------------------------------------------------------------- views

    /// @notice Seconds before registrations and approvals take effect; 0 only on a chain for trying out.
    function delay() external view returns (uint40);

    /// @notice The issuer's record; `owner` 0: not registered.
    function issuer(bytes32 issuerId) external view returns (Issuer memory);

    /// @notice The account's rights; `version` 0: it never had any.
    function operator(bytes32 issuerId, address account) external view returns (Operator memory);

    /// @notice The key's window; `addedAt` 0: not registered.
    function keyWindow(bytes32 issuerId, bytes32 keyId) external view returns (Key memory);

    /// @notice The anchor of `root`; `time` 0: this issuer never anchored it.
    function anchorOf(bytes32 issuerId, bytes32 root) external view returns (Anchor memory);

    /// @notice The heads of the lists, in the order asked; `entries` 0: not opened.
    function statusHeads(bytes32 issuerId, bytes32[] calldata listIds) external view returns (StatusList[] memory);

    /// @notice The head of the audit log; `size` 0: none yet.
    function auditHead(bytes32 issuerId) external view returns (AuditHead memory);

    /// @notice The registry that follows this one; `registry` 0: none.
    function successor() external view returns (Successor memory);

    /// @notice Whether `leaf` (a leaf's hash) stands at `index` in the SHA-256 tree of `size` leaves with root `root`
    ///         (RFC 9162, section 2.1.3.2). Asks no storage: whether the root is anchored is another question.
    function verifyInclusion(
        bytes32 leaf,
        uint256 index,
        uint256 size,
        bytes32[] calldata path,
        bytes32 root
    ) external pure returns (bool);
}
