// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry, RIGHTS_ALL, RIGHT_ANNUL} from "../../../contracts/interfaces/ICredentialRegistry.sol";
import {Packed} from "./Packed.sol";
import {RegistryWatch} from "./RegistryWatch.sol";

/// @notice Does what anybody might do to the registry, allowed or not, and remembers what was taken.
/// @dev Two issuers share accounts' names, keys, roots and lists, so that a mix-up of their records would show. Actor 0
///      is the accreditor, 1 and 2 are the owners, 3 to 5 operators of the first and 6 to 8 of the second issuer, with
///      all rights, to suspend, and to issue; actor 9 is a stranger.
contract RegistryHandler is RegistryWatch {
    uint256 public annulments;
    uint256 public relays;

    constructor(
        ICredentialRegistry registry_,
        string[2] memory dids,
        uint256 time_,
        uint256 number_
    ) RegistryWatch(registry_, dids, time_, number_) {}

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

    /// @dev Owner and accreditor, or whoever is taken for one of them; the list's newest states do not matter here.
    function annul(uint256 dice) external drawn(dice) {
        uint256 which = _draw(2);
        Epoch memory epoch = _epoch(which);
        epoch.rights = RIGHT_ANNUL;
        if (!_oneIn(4)) epoch.changes = Packed.many(1 + _draw(20), _draw(1000), 1 + _draw(300), 0);
        address owner = _owner(which);
        address accreditor = _oneIn(4) ? actor(_draw(ACTORS)) : actor(0);
        bool sends = _oneIn(2);
        epoch.operator = sends ? owner : accreditor;
        address signer = sends ? accreditor : owner;
        (bytes memory signature, uint64 deadline) = _signed("AnnulStatus", epoch, signer);
        bytes memory data = abi.encodeCall(
            ICredentialRegistry.annulStatus,
            (
                epoch.issuerId,
                epoch.listId,
                epoch.previous,
                epoch.root,
                epoch.changes,
                signer,
                signature,
                deadline
            )
        );
        address current = registry.issuer(issuers[which]).owner;
        if (!_do(epoch.operator, which, data)) return;
        ++annulments;
        _hold(owner == current && accreditor == actor(0) && owner != accreditor, "annulled by others than the two");
        _follow(epoch);
    }

    /// @dev Late, and for good: nothing can be anchored or opened afterwards.
    function succeed(uint256 dice) external drawn(dice) {
        uint256 which = _draw(2);
        bool named = registry.successor().registry != address(0);
        if (taken > 150 && _oneIn(2)) {
            bytes memory data = abi.encodeCall(ICredentialRegistry.setSuccessor, (address(this)));
            _hold(!_do(actor(_oneIn(2) ? 0 : _draw(ACTORS)), which, data) || !named, "a second successor");
        } else {
            bytes memory data = abi.encodeCall(ICredentialRegistry.sealAnchoring, (issuers[which]));
            _hold(!_do(actor(_draw(ACTORS)), which, data) || named, "sealed without a successor");
        }
        _watchIssuer(issuers[which]);
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
        address sender = epoch.operator;
        if (_oneIn(4)) {
            (bytes memory signature, uint64 deadline) = _signed("PublishStatus", epoch, epoch.operator);
            data = abi.encodeCall(
                ICredentialRegistry.publishStatusBySig,
                (
                    epoch.issuerId,
                    epoch.listId,
                    epoch.previous,
                    epoch.root,
                    epoch.changes,
                    epoch.operator,
                    signature,
                    deadline
                )
            );
            sender = actor(_draw(ACTORS));
        }
        if (!_do(sender, which, data)) return;
        if (sender != epoch.operator) ++relays;
        _follow(epoch);
    }

    /// @dev What `signer` signs, and until when: one time in eight something is wrong, and nothing may come of it.
    function _signed(
        string memory name,
        Epoch memory epoch,
        address signer
    ) private returns (bytes memory signature, uint64 deadline) {
        deadline = uint64(time + _draw(100));
        bytes32 struct_ = keccak256(
            abi.encode(
                keccak256(
                    abi.encodePacked(
                        name,
                        "(bytes32 issuerId,bytes32 listId,bytes32 previousHead,bytes32 statusRoot,",
                        "bytes32 changesHash,uint64 deadline)"
                    )
                ),
                epoch.issuerId,
                epoch.listId,
                epoch.previous,
                epoch.root,
                keccak256(epoch.changes),
                deadline
            )
        );
        bool wrong = _oneIn(8);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Jikin CredentialRegistry"),
                keccak256("1"),
                wrong ? block.chainid + 1 : block.chainid,
                address(registry)
            )
        );
        signature = _signature(signer, keccak256(abi.encodePacked(hex"1901", domain, struct_)));
        mustFail = wrong;
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

    /// @dev An epoch on the head on record, but for one in four.
    function _epoch(uint256 which) private returns (Epoch memory epoch) {
        epoch.issuerId = issuers[which];
        epoch.listId = list(_draw(NAMES));
        epoch.previous = _oneIn(4) ? bytes32(_draw(NAMES)) : heads[epoch.issuerId][epoch.listId];
        epoch.root = bytes32(seed);
        epoch.operator = _operator(which);
        epoch.changes = _changes();
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
}
