// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {
    ICredentialRegistry,
    ISSUER_SEALED,
    RIGHT_ANNUL,
    RIGHT_ISSUE,
    RIGHT_REVOKE,
    RIGHT_SUSPEND
} from "../../../contracts/interfaces/ICredentialRegistry.sol";
import {Packed} from "./Packed.sol";
import {Vm, vm} from "./Vm.sol";

/// @notice What is remembered of the registry, and what has to hold after every single call.
/// @dev Everything here is told from the calls that were taken, from what the registry then says, and from its events:
///      the three have to agree.
abstract contract RegistryWatch {
    uint256 internal constant ACTORS = 10;
    uint256 internal constant NAMES = 4;
    uint256 internal constant ROOTS = 24;
    uint8 internal constant LOG2_ENTRIES = 17;
    uint256 private constant FIRST_KEY = 0xAC00;

    struct Anchored {
        bytes32 issuerId;
        bytes32 root;
        address operator;
        uint256 word;
    }

    struct Epoch {
        bytes32 issuerId;
        bytes32 listId;
        bytes32 previous;
        bytes32 root;
        address operator;
        uint8 rights;
        bytes changes;
    }

    ICredentialRegistry internal immutable registry;
    address[ACTORS] private actors;
    bytes32[2] public issuers;
    bytes32[NAMES] public keys;
    uint256 internal seed;
    uint256 internal time;
    uint256 internal number;
    bool internal mustFail; // the next call carries a signature for another chain

    Anchored[] private anchored;
    mapping(bytes32 issuerId => mapping(address operator => uint256)) public rootsOf;
    mapping(bytes32 issuerId => mapping(bytes32 listId => bytes32)) public heads;
    mapping(bytes32 issuerId => mapping(bytes32 listId => uint256)) public epochs;
    mapping(bytes32 issuerId => mapping(bytes32 keyId => ICredentialRegistry.Key)) private keysSeen;
    mapping(bytes32 issuerId => ICredentialRegistry.Issuer) private issuersSeen;
    mapping(bytes32 issuerId => uint256) internal auditSizeSeen;
    uint256 public taken;
    uint256 public refused;
    string public broken;

    constructor(ICredentialRegistry registry_, string[2] memory dids, uint256 time_, uint256 number_) {
        registry = registry_;
        (time, number) = (time_, number_);
        for (uint256 i = 0; i < ACTORS; ++i) actors[i] = vm.addr(FIRST_KEY + i);
        for (uint256 i = 0; i < 2; ++i) issuers[i] = keccak256(bytes(dids[i]));
        for (uint256 i = 0; i < NAMES; ++i) keys[i] = sha256(bytes(_multikey(i)));
    }

    function actor(uint256 which) public view returns (address) {
        return actors[which % ACTORS];
    }

    /// @dev What `account` signs; a stranger signs where it is nobody's.
    function _signature(address account, bytes32 digest) internal view returns (bytes memory) {
        uint256 which = 0;
        while (which < ACTORS - 1 && actors[which] != account) ++which;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(FIRST_KEY + which, digest);
        return abi.encodePacked(r, s, v);
    }

    function list(uint256 which) public pure returns (bytes32) {
        return bytes32(0x1000 + (which % NAMES));
    }

    function anchoredCount() external view returns (uint256) {
        return anchored.length;
    }

    function anchoredAt(uint256 place) external view returns (Anchored memory) {
        return anchored[place];
    }

    /// @dev Call as `who` for issuer `which`, and hold that the other issuer's records are what they were.
    function _do(address who, uint256 which, bytes memory data) internal returns (bool done) {
        bytes32 other = issuers[1 - which];
        bytes32 before = recordsOf(other);
        vm.warp(time);
        vm.roll(number);
        vm.recordLogs();
        vm.prank(who);
        (done, ) = address(registry).call(data);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        if (done) ++taken;
        else ++refused;
        _hold(!(done && mustFail), "a signature for another chain was taken");
        mustFail = false;
        // What a refused call emitted before it was refused is recorded here too, and happened nowhere.
        _hold(!done || logs.length > 0, "something happened without an event");
        for (uint256 i = 0; done && i < logs.length; ++i) _checkEvent(logs[i]);
        _hold(recordsOf(other) == before, "a record of another issuer changed");
    }

    /// @dev What an event says is what the storage says.
    function _checkEvent(Vm.Log memory log) private {
        bytes32 kind = log.topics[0];
        bytes32 id = log.topics.length > 1 ? log.topics[1] : bytes32(0);
        bytes32 second = log.topics.length > 2 ? log.topics[2] : bytes32(0);
        bool holds = true;
        if (kind == ICredentialRegistry.Anchored.selector) {
            ICredentialRegistry.Anchor memory a = registry.anchorOf(id, second);
            (uint32 size, uint32 sequence, uint8 root, ) = abi.decode(log.data, (uint32, uint32, uint8, address));
            holds = a.time == time && a.treeSize == size && a.sequence == sequence && a.kind == root;
        } else if (kind == ICredentialRegistry.StatusPublished.selector) {
            holds = _leadsToHead(id, second, log.data);
        } else if (kind == ICredentialRegistry.StatusAnnulled.selector) {
            (uint64 epoch, address owner, address accreditor) = abi.decode(log.data, (uint64, address, address));
            holds =
                epoch == _head(id, second).epoch &&
                owner == registry.issuer(id).owner &&
                owner != accreditor &&
                IAccessControl(address(registry)).hasRole(keccak256("ACCREDITOR_ROLE"), accreditor);
        } else if (kind == ICredentialRegistry.OperatorSet.selector) {
            (uint40 until, uint8 rights) = abi.decode(log.data, (uint40, uint8));
            ICredentialRegistry.Operator memory o = registry.operator(id, address(uint160(uint256(second))));
            holds = o.validUntil == until && o.rights == rights && rights & RIGHT_ANNUL == 0;
        } else if (kind == ICredentialRegistry.KeyAdded.selector) {
            holds = registry.keyWindow(id, second).addedAt == time;
        } else if (kind == ICredentialRegistry.KeyRetired.selector) {
            holds = registry.keyWindow(id, second).retiredAt == abi.decode(log.data, (uint40));
        } else if (kind == ICredentialRegistry.KeyCompromised.selector) {
            (uint40 since, ) = abi.decode(log.data, (uint40, address));
            holds = registry.keyWindow(id, second).compromisedSince == since;
        } else if (kind == ICredentialRegistry.AuditHeadPublished.selector) {
            (uint64 size, bytes32 root, , ) = abi.decode(log.data, (uint64, bytes32, uint64, address));
            holds = registry.auditHead(id).size == size && registry.auditHead(id).root == root;
        } else if (kind == ICredentialRegistry.SuccessorSet.selector) {
            holds = registry.successor().registry == address(uint160(uint256(id)));
        } else if (kind == ICredentialRegistry.IssuerSealed.selector) {
            holds =
                registry.issuer(id).flags & ISSUER_SEALED != 0 &&
                registry.successor().registry == address(uint160(uint256(second))) &&
                registry.successor().sealedAt <= time;
        }
        _hold(holds, "an event says otherwise than the storage");
    }

    /// @dev An epoch's event and the head before it are enough to prove the head on record (statements, line 7).
    function _leadsToHead(bytes32 issuerId, bytes32 listId, bytes memory data) private view returns (bool) {
        (uint64 epoch, , bytes32 root, address operator, uint8 rights, bytes memory changes) = abi.decode(
            data,
            (uint64, uint64, bytes32, address, uint8, bytes)
        );
        ICredentialRegistry.StatusList memory record = _head(issuerId, listId);
        bytes32 led = keccak256(
            abi.encode(heads[issuerId][listId], epoch, root, operator, rights, keccak256(changes), time, number)
        );
        return led == record.head && record.epoch == epoch && record.time == time && record.blockNumber == number;
    }

    function _head(bytes32 issuerId, bytes32 listId) private view returns (ICredentialRegistry.StatusList memory) {
        bytes32[] memory asked = new bytes32[](1);
        asked[0] = listId;
        return registry.statusHeads(issuerId, asked)[0];
    }

    /// @notice One hash over everything on record for an issuer, under all names used here.
    function recordsOf(bytes32 issuerId) public view returns (bytes32 digest) {
        digest = keccak256(abi.encode(registry.issuer(issuerId), registry.auditHead(issuerId)));
        bytes32[] memory lists = new bytes32[](NAMES);
        for (uint256 i = 0; i < NAMES; ++i) lists[i] = list(i);
        digest = keccak256(abi.encode(digest, registry.statusHeads(issuerId, lists)));
        for (uint256 i = 0; i < NAMES; ++i) {
            digest = keccak256(abi.encode(digest, registry.keyWindow(issuerId, keys[i])));
        }
        for (uint256 i = 0; i < ROOTS; ++i) {
            digest = keccak256(abi.encode(digest, registry.anchorOf(issuerId, bytes32(0x2000 + i))));
        }
        for (uint256 i = 0; i < ACTORS; ++i) {
            digest = keccak256(abi.encode(digest, registry.operator(issuerId, actor(i))));
        }
    }

    function _remember(bytes32 issuerId, bytes32 root, address operator) internal {
        ++rootsOf[issuerId][operator];
        ICredentialRegistry.Anchor memory record = registry.anchorOf(issuerId, root);
        _hold(record.time == time && record.blockNumber == number, "an anchor of another moment");
        _hold(record.sequence == rootsOf[issuerId][operator], "a gap in the sequence");
        ICredentialRegistry.Issuer memory by = registry.issuer(issuerId);
        _hold(by.validFrom <= time && time < by.validUntil && by.invalidSince == 0, "anchored without accreditation");
        _hold(by.flags & ISSUER_SEALED == 0, "anchored where anchoring had ended");
        _hold(_rights(issuerId, operator) & RIGHT_ISSUE != 0, "anchored without the right");
        bytes32 slot = keccak256(abi.encode(root, keccak256(abi.encode(issuerId, uint256(8)))));
        anchored.push(Anchored(issuerId, root, operator, uint256(vm.load(address(registry), slot))));
    }

    function _follow(Epoch memory epoch) internal {
        bytes32 head = heads[epoch.issuerId][epoch.listId];
        _hold(epoch.previous == head && head != 0, "an epoch on another head");
        uint8 rights = epoch.rights == RIGHT_ANNUL ? RIGHT_ANNUL : _rights(epoch.issuerId, epoch.operator);
        _hold(rights & (RIGHT_REVOKE | RIGHT_SUSPEND | RIGHT_ANNUL) != 0, "published without the right");
        for (uint256 i = 0; i < epoch.changes.length / 3; ++i) {
            (, uint256 state) = Packed.read(epoch.changes, i);
            if (rights & RIGHT_REVOKE == 0) _hold(state % 2 == 0, "revoked without the right");
            if (rights == RIGHT_ANNUL) _hold(state == 0, "an annulment that takes nothing back");
        }
        heads[epoch.issuerId][epoch.listId] = keccak256(
            abi.encode(
                head,
                ++epochs[epoch.issuerId][epoch.listId],
                epoch.root,
                epoch.operator,
                uint256(rights),
                keccak256(epoch.changes),
                time,
                number
            )
        );
    }

    function _rights(bytes32 issuerId, address account) internal view returns (uint8) {
        ICredentialRegistry.Operator memory record = registry.operator(issuerId, account);
        return time < record.validUntil ? record.rights : 0;
    }

    function _watchKey(bytes32 issuerId, bytes32 keyId) internal {
        ICredentialRegistry.Key memory seen = keysSeen[issuerId][keyId];
        ICredentialRegistry.Key memory now_ = registry.keyWindow(issuerId, keyId);
        if (seen.addedAt != 0) _hold(now_.addedAt == seen.addedAt, "a key was added again");
        if (seen.retiredAt != 0) _hold(now_.retiredAt == seen.retiredAt, "a key came back");
        if (seen.compromisedSince != 0) {
            bool down = now_.compromisedSince != 0 && now_.compromisedSince <= seen.compromisedSince;
            _hold(down, "a compromise moved up");
        }
        keysSeen[issuerId][keyId] = now_;
    }

    function _watchIssuer(bytes32 issuerId) internal {
        ICredentialRegistry.Issuer memory seen = issuersSeen[issuerId];
        ICredentialRegistry.Issuer memory now_ = registry.issuer(issuerId);
        _hold(now_.flags & seen.flags == seen.flags, "a flag was cleared");
        if (seen.anchorsAllSince != 0) _hold(now_.anchorsAllSince == seen.anchorsAllSince, "anchorsAll moved");
        if (seen.invalidSince != 0) {
            _hold(now_.invalidSince != 0 && now_.invalidSince <= seen.invalidSince, "an invalidation moved up");
        }
        issuersSeen[issuerId] = now_;
    }

    function _hold(bool holds, string memory name) internal {
        if (!holds && bytes(broken).length == 0) broken = name;
    }
    function _draw(uint256 below) internal returns (uint256) {
        seed = uint256(keccak256(abi.encode(seed)));
        return seed % below;
    }

    function _oneIn(uint256 chances) internal returns (bool) {
        return _draw(chances) == 0;
    }

    function _multikey(uint256 which) internal pure returns (string memory) {
        return string.concat("z6Mkkey", vm.toString(which));
    }
}
