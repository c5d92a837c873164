"""EIP-712 digests are those of eth-account; what libraries read differently, or nobody signed, is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from eth_account import messages
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import ProofError
from jikin.proofs import type_generation, typed_data
from tests.codes import code_of
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "eip712"


def published() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(VECTORS.rglob("*.json")):
        value = json.loads(path.read_bytes())
        for name, case in ({path.stem: value} if "types" in value else value).items():
            yield f"{path.parent.name}/{path.stem}/{name}", case


CASES = dict(published())
# What some library accepts and this reader does not: another library reads it differently, or EIP-712 forbids it.
REFUSED = {
    "eip712_messages/valid_for_all/valid_primary_type_is_empty_string": "proof.eip712.types",
    "eip712_messages/valid_py_and_ethers/valid_space_in_custom_type_metamask_returns_empty_string_if_non_alphanum_in_"
    "custom_type": "proof.eip712.types",
    "eip712_messages/valid_py_and_ethers/valid_missing_primary_type_key_metamask_requires_primary_type_key": (
        "proof.eip712.types"
    ),
    "eip712_messages/valid_py_and_ethers/valid_missing_primary_type_key_and_eip712domain_type_metamask_needs_"
    "primarytype": "proof.eip712.types",
    "eip712_messages/valid_py_and_metamask/valid_int_value_for_string_type_ethers_handles_mismatched_type_and_value_"
    "differently": "proof.eip712.value",
    "eip712_messages/valid_py_and_metamask/valid_null_value_for_custom_type_ethers_requires_non_null": (
        "proof.eip712.value"
    ),
    "eip712_messages/valid_py_and_metamask/valid_eip712_example_ethers_does_not_accept_recursive_custom_types": (
        "proof.eip712.value"
    ),
    "eip712_messages/invalid/invalid_data_field_name_does_not_match_type_field_name": "proof.eip712.unsigned",
    "eip712_messages/invalid/invalid_char_string_invalid_for_int_type": "proof.eip712.value",
    "eip712_messages/invalid/invalid_single_array_value_for_nested_array_type": "proof.eip712.value",
    "eip712_messages/invalid/invalid_bad_uint_field_type_in_types_passed_an_int": "proof.eip712.types",
    "eip712_messages/invalid/invalid_undefined_field_type_in_types": "proof.eip712.types",
    "eip712_messages/invalid/invalid_bad_uint_field_type_in_types_passed_a_string": "proof.eip712.types",
    "eip712_messages/invalid/invalid_custom_typed_used_but_not_defined": "proof.eip712.types",
    "eip712_messages/invalid/invalid_string_array_value_for_nested_string_array_type": "proof.eip712.value",
    "eip712_messages/one_arg_invalid/one_arg_invalid_domain_value_not_in_domain_types": "proof.eip712.domain",
    "eip712_messages/one_arg_invalid/one_arg_invalid_domain_type_not_in_domain_values": "proof.eip712.domain",
    "eip712_messages/one_arg_invalid/one_arg_invalid_non_primary_type_for_primary_type": "proof.eip712.types",
    "eip712_messages/one_arg_invalid/one_arg_invalid_undefined_type_for_primary_type": "proof.eip712.types",
    "fixtures/invalid_message_invalid_abi_type/invalid_message_invalid_abi_type": "proof.eip712.types",
    # eth-account itself hashes this one: an array of one where the type says two.
    "fixtures/invalid_message_unequal_1d_array_lengths/invalid_message_unequal_1d_array_lengths": "proof.eip712.value",
    "fixtures/invalid_message_unequal_array_dimensions/invalid_message_unequal_array_dimensions": "proof.eip712.value",
    "fixtures/invalid_message_valid_abi_type_invalid_value/invalid_message_valid_abi_type_invalid_value": (
        "proof.eip712.value"
    ),
    "fixtures/invalid_message_value_type_mismatch_type/invalid_message_value_type_mismatch_type": "proof.eip712.value",
    "fixtures/invalid_struct_identifier_message/invalid_struct_identifier_message": "proof.eip712.unsigned",
    "fixtures/invalid_struct_type_message/invalid_struct_type_message": "proof.eip712.types",
}
ACCEPTED = sorted(set(CASES) - set(REFUSED))


def ours(case: dict[str, Any]) -> bytes:
    return typed_data.read(case.get("types"), case.get("domain"), case.get("primaryType"), case["message"]).digest()


def theirs(case: dict[str, Any]) -> bytes:
    message = messages.encode_typed_data(full_message=case)
    return bytes(messages._hash_eip191_message(message))


def test_the_vectors_are_sixteen_files_and_what_is_refused_is_among_them() -> None:
    assert len(list(VECTORS.rglob("*.json"))) == 16
    assert set(REFUSED) < set(CASES)
    assert not [name for name in ACCEPTED if "invalid" in name]


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_digest_is_that_of_eth_account(name: str) -> None:
    assert ours(CASES[name]) == theirs(CASES[name])


@pytest.mark.parametrize(("name", "code"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_invalid_or_ambiguous_is_refused(name: str, code: str) -> None:
    assert code_of(ours, CASES[name]) == code


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path


@pytest.mark.parametrize("name", ACCEPTED)
def test_every_changed_value_of_message_and_domain_is_another_digest(name: str) -> None:
    case = CASES[name]
    digests = {ours(case)}
    changed = 0
    for part in ("message", "domain"):
        for path in leaves(case[part]):
            forged = deepcopy(case)
            place: Any = forged[part]
            for key in path[:-1]:
                place = place[key]
            old = place[path[-1]]
            place[path[-1]] = old + 1 if isinstance(old, int) else old[:-1] + ("0" if old[-1:] != "0" else "1")
            digests.add(ours(forged))
            changed += 1
    assert len(digests) == changed + 1


PLAIN: dict[str, Any] = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}],
        "Badge": [
            {"name": "title", "type": "string"},
            {"name": "points", "type": "uint8"},
            {"name": "change", "type": "int16"},
            {"name": "passed", "type": "bool"},
            {"name": "seal", "type": "bytes4"},
            {"name": "file", "type": "bytes"},
            {"name": "holder", "type": "address"},
            {"name": "tags", "type": "string[2]"},
            {"name": "parts", "type": "Part[]"},
        ],
        "Part": [{"name": "name", "type": "string"}],
    },
    "domain": {"name": "Jikin"},
    "primaryType": "Badge",
    "message": {
        "title": "지게차",
        "points": 255,
        "change": -3,
        "passed": True,
        "seal": "0x01020304",
        "file": "0x",
        "holder": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826",
        "tags": ["a", "b"],
        "parts": [{"name": "필기"}, {"name": "실기"}],
    },
}


def test_every_type_is_hashed_as_eth_account_does() -> None:
    assert ours(PLAIN) == theirs(PLAIN)


VALUES: dict[str, dict[str, Any]] = {
    "a number for a text": {"title": 1},
    "half a character": {"title": "\ud800"},
    "a number out of range": {"points": 256},
    "a number below zero": {"points": -1},
    "a negative out of range": {"change": -32769},
    "a number as a text": {"points": "255"},
    "a number in hexadecimal": {"points": "0xff"},
    "a fraction": {"points": 1.0},
    "true for a number": {"points": True},
    "a text for true": {"passed": "true"},
    "a number for true": {"passed": 1},
    "bytes too short": {"seal": "0x010203"},
    "bytes too long": {"seal": "0x0102030405"},
    "bytes without 0x": {"seal": "01020304"},
    "bytes as a text": {"file": "text"},
    "half a byte": {"file": "0x0"},
    "an address too short": {"holder": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD8"},
    "an address that is a number": {"holder": 5},
    "an array too short": {"tags": ["a"]},
    "an array too long": {"tags": ["a", "b", "c"]},
    "a text for an array": {"tags": "ab"},
    "an object for an array": {"parts": {"name": "x"}},
    "an array for an object": {"parts": [["x"]]},
    "null": {"title": None},
    "null in an array": {"parts": [None]},
}


@pytest.mark.parametrize("change", VALUES.values(), ids=VALUES.keys())
def test_a_value_that_is_none_of_its_type_is_refused(change: dict[str, Any]) -> None:
    assert code_of(ours, PLAIN | {"message": PLAIN["message"] | change}) == "proof.eip712.value"


def test_a_missing_member_is_refused_and_one_too_many_is_not_signed() -> None:
    message = PLAIN["message"]
    without = {name: value for name, value in message.items() if name != "points"}
    assert code_of(ours, PLAIN | {"message": without}) == "proof.eip712.value"
    assert code_of(ours, PLAIN | {"message": message | {"grade": "1급"}}) == "proof.eip712.unsigned"
    assert code_of(ours, PLAIN | {"message": message | {"parts": [{"name": "x", "grade": "1급"}]}}) == (
        "proof.eip712.unsigned"
    )


def declared(**types: Any) -> dict[str, Any]:
    return PLAIN | {"types": PLAIN["types"] | types}


TYPES: dict[str, dict[str, Any]] = {
    "a type nobody uses": declared(Other=[]),
    "a name that is one of EIP-712's": PLAIN | {"types": PLAIN["types"] | {"uint256": []}},
    "a name with a blank": PLAIN | {"types": PLAIN["types"] | {"P art": []}},
    "a name with a bracket": PLAIN | {"types": PLAIN["types"] | {"Part(string x)": []}},
    "members that are an object": declared(Part={"name": "string"}),
    "a member that is a text": declared(Part=["name"]),
    "a member with a third part": declared(Part=[{"name": "name", "type": "string", "x": 1}]),
    "a member twice": declared(Part=[{"name": "name", "type": "string"}, {"name": "name", "type": "string"}]),
    "a member with a comma": declared(Part=[{"name": "name,string x", "type": "string"}]),
    "a member without name": declared(Part=[{"name": "", "type": "string"}]),
    "a type with a blank": declared(Part=[{"name": "name", "type": "string x"}]),
    "a type for short": declared(Part=[{"name": "name", "type": "uint"}]),
    "a number of 12 bits": declared(Part=[{"name": "name", "type": "uint12"}]),
    "a number of 264 bits": declared(Part=[{"name": "name", "type": "int264"}]),
    "bytes33": declared(Part=[{"name": "name", "type": "bytes33"}]),
    "an array of none": declared(Part=[{"name": "name", "type": "string[0]"}]),
    "an array of nine dimensions": declared(Part=[{"name": "name", "type": "string" + "[]" * 9}]),
    "an undeclared type in an empty array": declared(Part=[{"name": "name", "type": "Other[]"}]),
    "sixty-five types": PLAIN | {"types": {f"T{n}": [] for n in range(65)}},
    "types by URL": PLAIN | {"types": "https://example.org/types.json"},
    "no types": PLAIN | {"types": None},
    "a primaryType that is no text": PLAIN | {"primaryType": 5},
    "the domain as primaryType": PLAIN | {"primaryType": "EIP712Domain"},
}


@pytest.mark.parametrize("case", TYPES.values(), ids=TYPES.keys())
def test_declarations_that_mislead_are_refused(case: dict[str, Any]) -> None:
    assert code_of(ours, case) == "proof.eip712.types"


DOMAINS: dict[str, dict[str, Any]] = {
    "empty": PLAIN | {"domain": {}},
    "with a member of its own": PLAIN | {"domain": {"name": "Jikin", "owner": "x"}},
    "a text": PLAIN | {"domain": "Jikin"},
    "with another member than declared": PLAIN | {"domain": {"name": "Jikin", "version": "1"}},
    "declared in another order": declared(
        EIP712Domain=[{"name": "version", "type": "string"}, {"name": "name", "type": "string"}]
    )
    | {"domain": {"name": "Jikin", "version": "1"}},
    "declared with another type": declared(EIP712Domain=[{"name": "name", "type": "bytes"}]),
}


@pytest.mark.parametrize("case", DOMAINS.values(), ids=DOMAINS.keys())
def test_domains_that_mislead_are_refused(case: dict[str, Any]) -> None:
    assert code_of(ours, case) == "proof.eip712.domain"


def test_what_is_too_large_or_too_deep_is_refused() -> None:
    fields = [{"name": f"n{number}", "type": "string"} for number in range(520)]
    assert code_of(ours, PLAIN | {"types": PLAIN["types"] | {"Part": fields}}) == "proof.eip712.too-large"
    many = PLAIN | {"message": PLAIN["message"] | {"parts": [{"name": "x"}] * 20_000}}
    assert code_of(ours, many) == "proof.eip712.too-large"
    tree: dict[str, Any] = {"below": []}
    for _ in range(40):
        tree = {"below": [tree]}
    recursive = {"types": {"Tree": [{"name": "below", "type": "Tree[]"}]}, "primaryType": "Tree"}
    assert code_of(ours, recursive | {"domain": {"name": "x"}, "message": tree}) == "proof.eip712.too-large"
    assert code_of(type_generation.generate, tree, "Document") == "proof.eip712.too-large"


def test_no_value_of_a_person_stands_in_an_error() -> None:
    with pytest.raises(ProofError) as refused:
        ours(PLAIN | {"message": PLAIN["message"] | {"points": "김하늘"}})
    assert "김하늘" not in str(refused.value)
    assert "points" in str(refused.value)


# --- generated types ---

GENERATED = {
    "@context": ["https://a.example"],
    "name": {"first": "하늘", "last": "김"},
    "issuer": {"name": {"ko": "시험원"}},
    "other": {"name": {"first": "x", "last": "y"}},
    "result": [{"value": 1}, {"value": 2}],
    "points": [3, -4],
    "empty": [],
    "passed": False,
    "urn:x:y": {"z": "1"},
    "1급": {"z": "1"},
}


def test_generated_types_name_every_member() -> None:
    types = type_generation.generate(GENERATED, "Document")
    shown = {name: [f"{field.type} {field.name}" for field in fields] for name, fields in types.items()}
    assert shown == {
        "Document": [
            "Type1 1급",
            "string[] @context",
            "string[] empty",
            "Issuer issuer",
            "Name2 name",
            "Other other",
            "bool passed",
            "int256[] points",
            "Result[] result",
            "Urnxy urn:x:y",
        ],
        "Issuer": ["Name name"],
        "Name": ["string ko"],
        "Name2": ["string first", "string last"],
        "Other": ["Name2 name"],
        "Result": ["uint256 value"],
        "Type1": ["string z"],
        "Urnxy": ["string z"],
    }


TYPELESS: dict[str, Any] = {
    "null": None,
    "a fraction": 0.5,
    "an array of texts and numbers": ["a", 1],
    "an array of objects of two shapes": [{"a": "x"}, {"b": "x"}],
    "an array with null": [None],
}


@pytest.mark.parametrize("value", TYPELESS.values(), ids=TYPELESS.keys())
def test_what_has_no_type_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ProofError, match="/outer/inner") as refused:
        type_generation.generate({"outer": {"inner": value}}, "Document")
    assert refused.value.code == "proof.eip712.value"


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=",()[]"), min_size=1, max_size=8)
UNIFORM = st.recursive(
    st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.dictionaries(NAMES, inner, max_size=4) | inner.map(lambda one: [one, one]),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, UNIFORM, min_size=1, max_size=4))
def test_any_document_with_generated_types_is_hashed_as_eth_account_does(document: dict[str, Any]) -> None:
    types = type_generation.generate(document, "Document")
    domain = {"name": "Jikin"}
    case = {"types": typed_data.types_json(types, domain), "domain": domain, "primaryType": "Document"}
    assert ours(case | {"message": document}) == theirs(case | {"message": document})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
LIKELY = st.sampled_from(
    [
        "Badge",
        "Part",
        "string",
        "Part[]",
        "uint256[2][]",
        "",
        *PLAIN["types"].values(),
        [{"name": "a", "type": "Badge"}],
    ]
)


@given(st.dictionaries(st.sampled_from(["types", "domain", "primaryType", "message"]), ANYTHING | LIKELY), ANYTHING)
def test_arbitrary_typed_data_is_a_digest_or_an_error_of_ours(changes: dict[str, Any], part: Any) -> None:
    case = PLAIN | changes
    if isinstance(case["types"], dict):
        case["types"] = case["types"] | {"Part": part}
    message = case["message"] if isinstance(case["message"], dict) else {"x": case["message"]}
    code = code_of(ours, case | {"message": message})
    assert code is None or code.startswith("proof.eip712.")
    code = code_of(type_generation.generate, message, "Document")
    assert code is None or code.startswith("proof.eip712.")
