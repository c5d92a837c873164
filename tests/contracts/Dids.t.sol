// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

contract DidsTest is RegistryTest {
    function test_dids_as_they_are_registered_are_taken() external {
        string[8] memory dids = [
            "did:web:example.com",
            "did:web:example.com:Users:Kim",
            "did:web:localhost%3a8080",
            "did:web:xn--3e0b707e.example:a-b_c.d",
            "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
            "did:ebsi:zfEmvX5twhXjQJiCWsukvQA",
            "did:example:a::b",
            "did:webs:Example"
        ];
        for (uint256 i = 0; i < dids.length; ++i) {
            vm.assertEq(_register(dids[i], OWNER), keccak256(bytes(dids[i])), dids[i]);
        }
    }

    function test_other_texts_are_refused_at_the_byte_that_is_wrong() external {
        _refused("", 0);
        _refused("did", 0);
        _refused("DID:web:example.com", 0);
        _refused("did:", 4);
        _refused("did::example.com", 4);
        _refused("did:web", 7);
        _refused("did:web:", 8);
        _refused("did:Web:example.com", 4);
        _refused("did:we-b:example.com", 6);
        _refused("did:web:Example.com", 8);
        _refused("did:web:example.coM", 18);
        _refused("did:web:localhost%3A8080", 19);
        _refused("did:web::path", 8);
        _refused("did:web:example.com:", 20);
        _refused("did:key:", 8);
        _refused("did:key:z6Mk:", 13);
        _refused("did:web:example.com/path", 19);
        _refused("did:web:example.com?a=b", 19);
        _refused("did:web:example.com#key", 19);
        _refused("did:web:example.com ", 19);
        _refused("did:web:example.com:a b", 21);
        _refused(unicode"did:web:예시.example", 8);
        _refused("did:key:z6Mk\x00", 12);
        _refused(string(bytes(hex"6469643a6b65793a7a364d6bff")), 12); // did:key:z6Mk and a byte that is no ASCII
    }

    function test_a_did_has_2048_bytes_at_most() external {
        _register(_long(2048), OWNER);
        _refused(_long(2049), 2048);
    }

    /// @dev What is taken, is written in the characters of a DID and in no other way.
    function testFuzz_no_other_character_gets_in(uint256 place, bytes1 character) external {
        bytes memory text = bytes("did:key:abcdefgh");
        place = 8 + (place % 7);
        text[place] = character;
        uint8 c = uint8(character);
        bool good = (c >= 0x30 && c <= 0x39) ||
            (c >= 0x41 && c <= 0x5a) ||
            (c >= 0x61 && c <= 0x7a) ||
            c == 0x2d ||
            c == 0x2e ||
            c == 0x3a ||
            c == 0x5f ||
            c == 0x25;
        if (good) _register(string(text), OWNER);
        else _refused(string(text), place);
    }

    function _refused(string memory did, uint256 position) private {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.DidRefused.selector, did, position));
        vm.prank(ACCREDITOR);
        registry.registerIssuer(did, OWNER, START, NEVER);
    }

    function _long(uint256 size) private pure returns (string memory) {
        bytes memory text = new bytes(size);
        bytes memory start = "did:key:";
        for (uint256 i = 0; i < size; ++i) text[i] = i < start.length ? start[i] : bytes1("a");
        return string(text);
    }
}
