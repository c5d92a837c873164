// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry, RIGHT_ANNUL, RIGHT_REVOKE} from "../interfaces/ICredentialRegistry.sol";

/// @title The changes of a status epoch
/// @notice n × u24, big-endian: index · 4 + new state, indexes strictly rising and below the list's entries.
library StatusChanges {
    uint256 internal constant BYTES_EACH = 3;
    uint256 internal constant MAX_CHANGES = 40_000;

    // A word that is loaded at a change holds ten changes in lanes of 24 bits, the first one on top, and 16 bits of the
    // eleventh, which every mask below leaves out. Shifted right by two, a lane holds its index in 22 bits under two
    // free bits, so that sums and differences of lanes never carry into the lane above.
    uint256 private constant INDEXES = 0x3fffff3fffff3fffff3fffff3fffff3fffff3fffff3fffff3fffff3fffff0000;
    uint256 private constant HIGHEST = 0x8000008000008000008000008000008000008000008000008000008000000000;
    uint256 private constant BELOW_HIGHEST = 0x7fffff7fffff7fffff7fffff7fffff7fffff7fffff7fffff7fffff7fffff0000;
    // Set in a change whose state is 1 or 3, and in one whose state is 2 or 3.
    uint256 private constant ODD_STATES = 0x0000010000010000010000010000010000010000010000010000010000010000;
    uint256 private constant HIGH_STATES = ODD_STATES << 1;

    /// @notice Refuse changes that break a rule; there is at least one. `entries` is the list's size, `rights` what the
    ///         operator may do.
    function check(bytes calldata changes, uint256 entries, uint256 rights) internal pure {
        if (changes.length % BYTES_EACH != 0 || changes.length > BYTES_EACH * MAX_CHANGES) {
            revert ICredentialRegistry.ChangesSizeRefused(changes.length, MAX_CHANGES);
        }
        (bool rising, uint256 last, uint256 states) = _scan(changes);
        if (!rising) _revertNotRising(changes);
        if (rights & RIGHT_REVOKE == 0) {
            if (rights == RIGHT_ANNUL) {
                if (states & (ODD_STATES | HIGH_STATES) != 0) _revertTakesNothingBack(changes);
            } else if (states & ODD_STATES != 0) {
                _revertNeedsRevoke(changes, rights);
            }
        }
        if (last >= entries) revert ICredentialRegistry.ChangeOutOfRange(last, entries);
    }

    /// @dev Whether the indexes strictly rise, the last of them, and all states over one another.
    ///      Ten changes at a time: a loop over single changes costs more than the calldata of ten thousand allows.
    function _scan(bytes calldata changes) private pure returns (bool rising, uint256 last, uint256 states) {
        assembly ("memory-safe") {
            let end := add(changes.offset, changes.length)
            // The first change has no change before it; its state alone matters.
            states := and(calldataload(changes.offset), shl(232, 0xffffff))
            let compared := not(0)
            let place := add(changes.offset, 3)
            for {
                let fence := sub(end, 29) // ten whole changes lie at every place below
            } lt(place, fence) {
                place := add(place, 30)
            } {
                let lanes := calldataload(place)
                states := or(states, lanes)
                // Each lane: index + (2^23 - 1) - index before. Its highest bit is set iff the index is greater.
                compared := and(
                    compared,
                    sub(
                        add(and(shr(2, lanes), INDEXES), BELOW_HIGHEST),
                        and(shr(2, calldataload(sub(place, 3))), INDEXES)
                    )
                )
            }
            // The last 0 to 9 changes: what lies behind them in the word is masked out.
            let kept := not(shr(shl(3, sub(end, place)), not(0)))
            let rest := calldataload(place)
            states := or(states, and(rest, kept))
            compared := and(
                compared,
                or(
                    not(kept),
                    sub(
                        add(and(shr(2, rest), INDEXES), BELOW_HIGHEST),
                        and(shr(2, calldataload(sub(place, 3))), INDEXES)
                    )
                )
            )
            last := shr(234, calldataload(sub(end, 3)))
            rising := eq(and(compared, HIGHEST), HIGHEST)
        }
    }

    /// @dev Find the first change that does not rise and name it.
    function _revertNotRising(bytes calldata changes) private pure {
        uint256 position = 1;
        while (_at(changes, position) >> 2 > _at(changes, position - 1) >> 2) ++position;
        revert ICredentialRegistry.ChangesNotRising(
            position,
            _at(changes, position - 1) >> 2,
            _at(changes, position) >> 2
        );
    }

    /// @dev Find the first change to an odd state and name it.
    function _revertNeedsRevoke(bytes calldata changes, uint256 rights) private pure {
        uint256 position = 0;
        while (_at(changes, position) & 1 == 0) ++position;
        uint256 change = _at(changes, position);
        revert ICredentialRegistry.ChangeNeedsRevoke(position, change >> 2, uint8(change & 3), uint8(rights));
    }

    /// @dev Find the first change to another state than 0 and name it.
    function _revertTakesNothingBack(bytes calldata changes) private pure {
        uint256 position = 0;
        while (_at(changes, position) & 3 == 0) ++position;
        uint256 change = _at(changes, position);
        revert ICredentialRegistry.AnnulmentStateRefused(position, change >> 2, uint8(change & 3));
    }

    /// @dev The change at `position`.
    function _at(bytes calldata changes, uint256 position) private pure returns (uint256) {
        uint256 start = position * BYTES_EACH;
        return uint24(bytes3(changes[start:start + BYTES_EACH]));
    }
}
