"""The compiled contract that the library carries: usable, or a clear word what to do."""

from __future__ import annotations

from typing import Any

import pytest

from jikin.anchoring import artifact
from jikin.anchoring.evm_abi import Interface
from jikin.errors import ChainUnavailableError, RegistryRefusedError, SettingsError, ValueRefusedError
from jikin.values import Digest, keccak256

CODE = bytes(range(100))
ZEROED = CODE[:10] + bytes(20) + CODE[30:]
MADE: dict[str, Any] = {
    "contract": "Sample",
    "abi": [
        {"type": "error", "name": "TooLate", "inputs": [{"name": "when", "type": "uint40"}]},
        {
            "type": "function",
            "name": "ask",
            "inputs": [{"name": "id", "type": "bytes32"}],
            "outputs": [{"name": "", "type": "bool"}],
        },
    ],
    "bytecode": "0x6000",
    "runtimeHash": "0x" + keccak256(ZEROED).hex(),
    "immutables": [{"start": 10, "length": 20}],
}
UNUSABLE: dict[str, Any] = {
    "nothing": None,
    "a list": [],
    "without abi": MADE | {"abi": None},
    "without code": MADE | {"bytecode": None},
    "code that is no hexadecimal": MADE | {"bytecode": "0xzz"},
    "a hash of another length": MADE | {"runtimeHash": "0x00"},
    "immutables without start": MADE | {"immutables": [{"length": 1}]},
    "immutables before the code": MADE | {"immutables": [{"start": -1, "length": 1}]},
}


def test_the_installed_artifact_is_the_registry() -> None:
    loaded = artifact.load()
    assert loaded.contract == "CredentialRegistry"
    assert loaded.bytecode
    assert loaded.immutables


def test_deployed_code_is_recognised_whatever_its_immutables_hold() -> None:
    made = artifact.parse(MADE)
    assert made.matches(CODE)
    assert made.matches(ZEROED)
    assert made.matches(CODE[:10] + b"\xff" * 20 + CODE[30:])
    assert not made.matches(CODE[:9] + b"\x00" + CODE[10:])
    assert not made.matches(CODE[:29])
    assert not made.matches(b"")


@pytest.mark.parametrize("value", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_artifact_that_cannot_be_used_says_what_to_run(value: Any) -> None:
    with pytest.raises(SettingsError) as refused:
        artifact.parse(value)
    assert refused.value.code == "settings.registry-artifact"
    assert "make setup" in str(refused.value.hint)


def test_errors_of_the_contract_come_with_name_and_arguments() -> None:
    interface = Interface(artifact.parse(MADE).abi)
    selector = keccak256(b"TooLate(uint40)")[:4]
    refused = interface.refusal(selector + (7).to_bytes(32, "big"))
    assert (refused.name, refused.arguments) == ("TooLate", (7,))
    text = (
        keccak256(b"Error(string)")[:4] + (32).to_bytes(32, "big") + (2).to_bytes(32, "big") + b"no".ljust(32, b"\x00")
    )
    assert (interface.refusal(text).name, interface.refusal(text).arguments) == ("Error", ("no",))
    panic = keccak256(b"Panic(uint256)")[:4] + (17).to_bytes(32, "big")
    assert (interface.refusal(panic).name, interface.refusal(panic).arguments) == ("Panic", (17,))
    assert interface.refusal(b"\x01\x02\x03\x04").name == "Unknown"
    assert isinstance(interface.refusal(b""), RegistryRefusedError)


def test_what_does_not_fit_the_abi_raises_only_known_errors() -> None:
    interface = Interface(artifact.parse(MADE).abi)
    with pytest.raises(ValueRefusedError):
        interface.view_data("ask", bytes(33))
    with pytest.raises(SettingsError):
        interface.view_data("tell", bytes(32))
    with pytest.raises(ChainUnavailableError):
        interface.answer("ask", b"")
    with pytest.raises(ChainUnavailableError):
        interface.answer("ask", bytes(32))
    with pytest.raises(ChainUnavailableError):
        interface.refusal(keccak256(b"TooLate(uint40)")[:4] + b"\x01")


def test_the_runtime_hash_is_a_digest() -> None:
    assert artifact.parse(MADE).runtime_hash == Digest(keccak256(ZEROED))
