// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    ICredentialRegistry,
    RIGHTS_ALL,
    RIGHT_ISSUE,
    RIGHT_REVOKE,
    RIGHT_SUSPEND
} from "../../../contracts/interfaces/ICredentialRegistry.sol";
import {Packed} from "./Packed.sol";
import {vm} from "./Vm.sol";

/// @notice Does what anybody might do to the registry, allowed or not, and remembers what was taken.
/// @dev Two issuers share accounts' names, keys, roots and lists, so that a mix-up of their records would show. Actor 0
///      is the accreditor, 1 and 2 are the owners, 3 to 5 operators of the first and 6 to 8 of the second issuer, with
///      all rights, to suspend, and to issue; actor 9 is a stranger.
contract RegistryHandler {
    uint256 private constant ACTORS = 10;
    uint256 private constant NAMES = 4;
    uint256 private constant ROOTS = 24;
    uint8 private constant LOG2_ENTRIES = 17;

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
        bytes changes;
    }

    ICredentialRegistry private immutable registry;
    bytes32[2] public issuers;
    bytes32[NAMES] public keys;
    uint256 private seed;
    uint256 private time;
    uint256 private number;

    Anchored[] private anchored;
    mapping(bytes32 issuerId => mapping(address operator => uint256)) public rootsOf;
    mapping(bytes32 issuerId => mapping(bytes32 listId => bytes32)) public heads;
    mapping(bytes32 issuerId => mapping(bytes32 listId => uint256)) public epochs;
    mapping(bytes32 issuerId => mapping(bytes32 keyId => ICredentialRegistry.Key)) private keysSeen;
    mapping(bytes32 issuerId => ICredentialRegistry.Issuer) private issuersSeen;
    mapping(bytes32 issuerId => uint256) private auditSizeSeen;
    uint256 public taken;
    uint256 public refused;
    string public broken;

    constructor(ICredentialRegistry registry_, string[2] memory dids, uint256 time_, uint256 number_) {
        registry = registry_;
        (time, number) = (time_, number_);
        for (uint256 i = 0; i < 2; ++i) issuers[i] = keccak256(bytes(dids[i]));
        for (uint256 i = 0; i < NAMES; ++i) keys[i] = sha256(bytes(_multikey(i)));
    }

    function actor(uint256 which) public pure returns (address) {
        return address(uint160(0xAC00 + (which % ACTORS)));
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

    // --------------------------------------------------------------------------------------------------- actions

    /// @dev Everything else about a call is drawn from `dice`.
    modifier drawn(uint256 dice) {
        seed = uint256(keccak256(abi.encode(dice, taken, refused)));
        _;
    }

    /// @dev What is done most is done up to four times a call.
    function anchor(uint256 dice) external drawn(dice) {
        for (uint256 times = 1 + _draw(4); times > 0; --times) _anchorOnce();
    }

    function publish(uint256 dice) external drawn(dice) {
        for (uint256 times = 1 + _draw(4); times > 0; --times) _publishOnce();
    }

    function anchorAndPublish(uint256 dice) external drawn(dice) {
        for (uint256 times = 1 + _draw(4); times > 0; --times) _anchorAndPublishOnce();
    }

    function openList(uint256 dice) external drawn(dice) {
        uint256 which = _draw(2);
        bytes32 listId = list(_draw(NAMES));
        bytes32 issuerId = issuers[which];
        bytes memory data = abi.encodeCall(
            ICredentialRegistry.openStatusList,
            (issuerId, listId, LOG2_ENTRIES, bytes32(dice))
        );
        if (!_do(_operator(which), which, data)) return;
        _hold(heads[issuerId][listId] == 0, "a list was opened again");
        uint256 entries = 1 << LOG2_ENTRIES;
        heads[issuerId][listId] = keccak256(
            abi.encode("JKH1", block.chainid, address(registry), issuerId, listId, entries, bytes32(dice))
        );
    }

    function publishAuditHead(uint256 dice) external drawn(dice) {
        uint256 which = _draw(2);
        bytes32 issuerId = issuers[which];
        bytes memory data = abi.encodeCall(
            ICredentialRegistry.publishAuditHead,
            (issuerId, uint64(auditSizeSeen[issuerId] + _draw(3)), bytes32(dice))
        );
        bool done = _do(_operator(which), which, data);
        uint256 size = registry.auditHead(issuerId).size;
        _hold(done ? size > auditSizeSeen[issuerId] : size == auditSizeSeen[issuerId], "an audit log did not grow");
        auditSizeSeen[issuerId] = size;
    }

    function setOperator(uint256 dice) external drawn(dice) {
        uint256 which = _draw(2);
        uint40 until = _oneIn(8) ? uint40(time) : type(uint40).max;
        uint8 rights = uint8(_oneIn(4) ? _draw(RIGHTS_ALL + 2) : RIGHTS_ALL);
        address account = _operator(which);
        bytes memory data = abi.encodeCall(
            ICredentialRegistry.setOperator,
            (issuers[which], account, until, rights)
        );
        _do(_owner(which), which, data);
    }

    function changeKey(uint256 dice) external drawn(dice) {
        uint256 which = _draw(2);
        uint256 key = _draw(NAMES);
        uint256 how = _draw(4);
        uint40 since = uint40(time - _draw(100 days));
        bytes memory data = abi.encodeCall(ICredentialRegistry.addKey, (issuers[which], _multikey(key)));
        if (how == 2) data = abi.encodeCall(ICredentialRegistry.retireKey, (issuers[which], keys[key]));
        if (how == 3) {
            data = abi.encodeCall(ICredentialRegistry.reportKeyCompromised, (issuers[which], keys[key], since));
        }
        _do(_owner(which), which, data);
        _watchKey(issuers[which], keys[key]);
    }

    function accredit(uint256 dice) external drawn(dice) {
        uint256 which = _draw(2);
        bytes32 issuerId = issuers[which];
        uint40 until = _oneIn(8) ? uint40(time + _draw(1 days)) : type(uint40).max;
        bytes memory data = abi.encodeCall(ICredentialRegistry.setAccreditation, (issuerId, uint40(time), until));
        if (_oneIn(4)) data = abi.encodeCall(ICredentialRegistry.setAnchorsAll, (issuerId));
        if (_oneIn(32)) {
            data = abi.encodeCall(ICredentialRegistry.invalidate, (issuerId, uint40(time - _draw(100 days))));
        }
        _do(_oneIn(4) ? actor(_draw(ACTORS)) : actor(0), which, data);
        _watchIssuer(issuerId);
    }

    function handOver(uint256 dice) external drawn(dice) {
        uint256 which = _draw(2);
        ICredentialRegistry.Issuer memory before = registry.issuer(issuers[which]);
        bool accept = before.pendingOwner != address(0) && _oneIn(2);
        bytes memory data = accept
            ? abi.encodeCall(ICredentialRegistry.acceptIssuerOwnership, (issuers[which]))
            : abi.encodeCall(ICredentialRegistry.transferIssuerOwnership, (issuers[which], actor(_draw(ACTORS))));
        address who = _oneIn(4) ? actor(_draw(ACTORS)) : accept ? before.pendingOwner : before.owner;
        bool done = _do(who, which, data);
        address owner = registry.issuer(issuers[which]).owner;
        if (done && accept) _hold(owner == before.pendingOwner && owner == who, "an issuer went to somebody else");
        else _hold(owner == before.owner, "an issuer changed hands unasked");
    }

    function pass(uint256 dice) external drawn(dice) {
        time += _draw(21 hours);
        number += _draw(100);
    }

    // --------------------------------------------------------------------------------------------------- inside

    function _anchorOnce() private {
        uint256 which = _draw(2);
        bytes32 root = _root();
        uint32 size = _oneIn(8) ? uint32(_draw(1 << 32)) : uint32(1 + _draw(1 << 22));
        uint8 kind = _oneIn(8) ? uint8(_draw(8)) : 1;
        address who = _operator(which);
        if (_do(who, which, abi.encodeCall(ICredentialRegistry.anchor, (issuers[which], root, size, kind)))) {
            _remember(issuers[which], root, who);
        }
    }

    function _publishOnce() private {
        uint256 which = _draw(2);
        Epoch memory epoch = _epoch(which);
        bytes memory data = abi.encodeCall(
            ICredentialRegistry.publishStatus,
            (epoch.issuerId, epoch.listId, epoch.previous, epoch.root, epoch.changes)
        );
        if (_do(epoch.operator, which, data)) _follow(epoch);
    }

    function _anchorAndPublishOnce() private {
        uint256 which = _draw(2);
        Epoch memory epoch = _epoch(which);
        bytes32 root = _root();
        bytes32 current = heads[epoch.issuerId][epoch.listId];
        bool isNew = registry.anchorOf(epoch.issuerId, root).time == 0;
        bytes memory data = abi.encodeCall(
            ICredentialRegistry.anchorAndPublish,
            (epoch.issuerId, root, 1, 1, epoch.listId, epoch.previous, epoch.root, epoch.changes)
        );
        if (!_do(epoch.operator, which, data)) return;
        if (isNew) _remember(epoch.issuerId, root, epoch.operator);
        if (epoch.previous == current) _follow(epoch);
    }

    /// @dev Call as `who` for issuer `which`, and hold that the other issuer's records are what they were.
    function _do(address who, uint256 which, bytes memory data) private returns (bool done) {
        bytes32 other = issuers[1 - which];
        bytes32 before = recordsOf(other);
        vm.warp(time);
        vm.roll(number);
        vm.prank(who);
        (done, ) = address(registry).call(data);
        if (done) ++taken;
        else ++refused;
        _hold(recordsOf(other) == before, "a record of another issuer changed");
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

    function _remember(bytes32 issuerId, bytes32 root, address operator) private {
        ++rootsOf[issuerId][operator];
        ICredentialRegistry.Anchor memory record = registry.anchorOf(issuerId, root);
        _hold(record.time == time && record.blockNumber == number, "an anchor of another moment");
        _hold(record.sequence == rootsOf[issuerId][operator], "a gap in the sequence");
        ICredentialRegistry.Issuer memory by = registry.issuer(issuerId);
        _hold(by.validFrom <= time && time < by.validUntil && by.invalidSince == 0, "anchored without accreditation");
        _hold(_rights(issuerId, operator) & RIGHT_ISSUE != 0, "anchored without the right");
        bytes32 slot = keccak256(abi.encode(root, keccak256(abi.encode(issuerId, uint256(8)))));
        anchored.push(Anchored(issuerId, root, operator, uint256(vm.load(address(registry), slot))));
    }

    /// @dev An epoch on the head on record, but for one in four.
    function _epoch(uint256 which) private returns (Epoch memory epoch) {
        epoch.issuerId = issuers[which];
        epoch.listId = list(_draw(NAMES));
        epoch.previous = _oneIn(4) ? bytes32(_draw(NAMES)) : heads[epoch.issuerId][epoch.listId];
        epoch.root = bytes32(seed);
        epoch.operator = _operator(which);
        epoch.changes = _changes();
    }

    function _follow(Epoch memory epoch) private {
        bytes32 head = heads[epoch.issuerId][epoch.listId];
        _hold(epoch.previous == head && head != 0, "an epoch on another head");
        uint8 rights = _rights(epoch.issuerId, epoch.operator);
        _hold(rights & (RIGHT_REVOKE | RIGHT_SUSPEND) != 0, "published without the right");
        if (rights & RIGHT_REVOKE == 0) {
            for (uint256 i = 0; i < epoch.changes.length / 3; ++i) {
                (, uint256 state) = Packed.read(epoch.changes, i);
                _hold(state % 2 == 0, "revoked without the right");
            }
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

    function _rights(bytes32 issuerId, address account) private view returns (uint8) {
        ICredentialRegistry.Operator memory record = registry.operator(issuerId, account);
        return time < record.validUntil ? record.rights : 0;
    }

    function _watchKey(bytes32 issuerId, bytes32 keyId) private {
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

    function _watchIssuer(bytes32 issuerId) private {
        ICredentialRegistry.Issuer memory seen = issuersSeen[issuerId];
        ICredentialRegistry.Issuer memory now_ = registry.issuer(issuerId);
        _hold(now_.flags & seen.flags == seen.flags, "a flag was cleared");
        if (seen.anchorsAllSince != 0) _hold(now_.anchorsAllSince == seen.anchorsAllSince, "anchorsAll moved");
        if (seen.invalidSince != 0) {
            _hold(now_.invalidSince != 0 && now_.invalidSince <= seen.invalidSince, "an invalidation moved up");
        }
        issuersSeen[issuerId] = now_;
    }

    /// @dev Mostly changes that are taken; now and then none, equal or revoking ones.
    function _changes() private returns (bytes memory changes) {
        uint256 index = 0;
        for (uint256 count = _draw(24); count > 0; --count) {
            if (!_oneIn(200)) index += 1 + _draw(6000);
            uint256 state = _oneIn(16) ? _draw(4) : 2 * _draw(2);
            changes = Packed.join(changes, Packed.one(index, state));
        }
    }

    function _root() private returns (bytes32) {
        return bytes32(0x2000 + _draw(ROOTS));
    }

    /// @dev One of the issuer's operators, mostly the first; one time in five anybody.
    function _operator(uint256 which) private returns (address) {
        if (_oneIn(5)) return actor(_draw(ACTORS));
        return actor(3 + 3 * which + (_oneIn(2) ? 0 : _draw(3)));
    }

    function _owner(uint256 which) private returns (address) {
        return _oneIn(4) ? actor(_draw(ACTORS)) : registry.issuer(issuers[which]).owner;
    }

    function _draw(uint256 below) private returns (uint256) {
        seed = uint256(keccak256(abi.encode(seed)));
        return seed % below;
    }

    function _oneIn(uint256 chances) private returns (bool) {
        return _draw(chances) == 0;
    }

    function _multikey(uint256 which) private pure returns (string memory) {
        return string.concat("z6Mkkey", vm.toString(which));
    }

    function _hold(bool holds, string memory name) private {
        if (!holds && bytes(broken).length == 0) broken = name;
    }
}
