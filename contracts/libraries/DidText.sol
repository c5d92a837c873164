// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../interfaces/ICredentialRegistry.sol";

/// @title The text of a DID as it is registered
/// @notice DID Core 1.0, section 3.1: "did:" method ":" identifier, ASCII, no path, query or fragment. An issuer id is
///         a hash of this text, so a text that could be written in two ways would make two issuers of one.
library DidText {
    uint256 internal constant MAX_BYTES = 2048;
    uint256 private constant METHOD_AT = 4;

    // Sets of ASCII characters, one bit each.
    uint256 private constant DIGITS = 0x3ff << 48;
    uint256 private constant UPPER = 0x3ffffff << 65;
    uint256 private constant LOWER = 0x3ffffff << 97;
    uint256 private constant OTHERS = (1 << 46) | (1 << 45) | (1 << 95) | (1 << 37) | (1 << 58); // . - _ % :
    uint256 private constant METHOD = DIGITS | LOWER;
    uint256 private constant HOST = DIGITS | LOWER | OTHERS;
    uint256 private constant IDENTIFIER = HOST | UPPER;

    /// @notice Refuse a text that is no DID, or is not written the way it is registered.
    function check(string calldata did) internal pure {
        bytes calldata text = bytes(did);
        if (text.length > MAX_BYTES) revert ICredentialRegistry.DidRefused(did, MAX_BYTES);
        if (text.length < METHOD_AT || bytes4(text[:METHOD_AT]) != "did:") {
            revert ICredentialRegistry.DidRefused(did, 0);
        }
        uint256 colon = _skip(text, METHOD_AT, METHOD);
        if (colon == METHOD_AT || colon == text.length || text[colon] != ":") {
            revert ICredentialRegistry.DidRefused(did, colon);
        }
        uint256 place = colon + 1;
        if (colon == METHOD_AT + 3 && bytes3(text[METHOD_AT:colon]) == "web") {
            // Hosts are the same in any case of letters: lower case is the registered one.
            place = _skip(text, place, HOST & ~(uint256(1) << 58));
            if (place == colon + 1) revert ICredentialRegistry.DidRefused(did, place);
        }
        if (place < text.length && (place == colon + 1 || text[place] == ":")) place = _skip(text, place, IDENTIFIER);
        if (place != text.length) revert ICredentialRegistry.DidRefused(did, place);
        // An identifier ends with a character of its own (section 3.1: 1*idchar stands last).
        if (text[place - 1] == ":") revert ICredentialRegistry.DidRefused(did, place);
    }

    /// @dev The first place at or after `from` whose character is not in `set`.
    function _skip(bytes calldata text, uint256 from, uint256 set) private pure returns (uint256 place) {
        place = from;
        while (place < text.length && (set >> uint8(text[place])) & 1 == 1) ++place;
    }
}
