"""The vector file of the specification: reproducible, and true by formulas written down here a second time.

Nothing of the library computes here: hashlib, hmac and sha3 alone, straight from `docs/spec/statements.md`.
"""

from __future__ import annotations

import hmac
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
import sha3

from jikin.anchoring.statements import context_hash
from jikin.errors import JikinError
from jikin.status import notes, root
from jikin.status.array import State, StatusArray
from jikin.values import Address, ChainId, Digest, IssuerId, ListId
from tests.chain_fixtures import PROJECT

FILE = PROJECT / "tests" / "vectors" / "statements.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
Input = dict[str, Any]


class RefusedError(Exception):
    """An input that no reader takes."""


def x(text: str) -> bytes:
    if not text.startswith("0x") or text != text.lower():
        raise RefusedError
    return bytes.fromhex(text[2:])


def x32(text: str) -> bytes:
    raw = x(text)
    if len(raw) != 32:
        raise RefusedError
    return raw


def h(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


def k(*parts: bytes) -> bytes:
    return bytes(sha3.keccak_256(b"".join(parts)).digest())


def u(number: int, size: int) -> bytes:
    return number.to_bytes(size, "big")


def hexed(raw: bytes) -> str:
    return "0x" + raw.hex()


def words(*members: int | bytes) -> bytes:
    """Members of abi.encode, each in 32 bytes: numbers and addresses to the right."""
    return b"".join(u(m, 32) if isinstance(m, int) else m.rjust(32, b"\x00") for m in members)


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        raise RefusedError
    if len(leaves) == 1:
        return leaves[0]
    half = half_of(len(leaves))
    return h(b"\x01", mth(leaves[:half]), mth(leaves[half:]))


def half_of(size: int) -> int:
    half = 1
    while half * 2 < size:
        half *= 2
    return half


def path_of(index: int, leaves: list[bytes]) -> list[bytes]:
    if index >= len(leaves):
        raise RefusedError
    if len(leaves) == 1:
        return []
    half = half_of(len(leaves))
    if index < half:
        return [*path_of(index, leaves[:half]), mth(leaves[half:])]
    return [*path_of(index - half, leaves[half:]), mth(leaves[:half])]


def climb(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The recursive definition read backwards: the last step joins the two halves."""
    if not 0 <= index < size:
        raise RefusedError
    if size == 1:
        if path:
            raise RefusedError
        return leaf
    if not path:
        raise RefusedError
    half = half_of(size)
    if index < half:
        return h(b"\x01", climb(leaf, index, half, path[:-1]), path[-1])
    return h(b"\x01", path[-1], climb(leaf, index - half, size - half, path[:-1]))


def leaf_of(given: Input) -> bytes:
    if given["kind"] not in (1, 2, 3, 5):
        raise RefusedError
    hashed = b"\x00JKL1" + u(given["kind"], 1) + x32(given["context"]) + x32(given["salt"]) + x32(given["digest"])
    assert len(hashed) == 102
    return h(hashed)


def digest_of(lines: list[bytes], full: bytes, forms: set[int]) -> bytes:
    if not lines or (5 in forms) != any(full):
        raise RefusedError
    return h(b"JKD1", u(len(lines), 1), *lines, full)


def line_of(proof: Input) -> bytes:
    signed, signature = x(proof["signed"]), x(proof["sig"])
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    if proof["form"] == 4 and int.from_bytes(signature[32:64], "big") > order // 2:
        raise RefusedError
    name: bytes = proof["alg"].encode()
    return u(proof["form"], 1) + u(len(name), 2) + name + h(signed) + h(signature)


def credential(given: Input) -> str:
    forms = {proof["form"] for proof in given["proofs"]}
    return hexed(digest_of([line_of(proof) for proof in given["proofs"]], x32(given["full"]), forms))


def slot(*members: tuple[int, int]) -> str:
    """Members from the lowest bit upwards, as (value, bits)."""
    return hexed(u(int("".join(f"{value:0{bits}b}" for value, bits in reversed(members)), 2), 32))


def counts(given: Input) -> bool:
    time, never = given["time"], 1 << 60
    in_key = given["addedAt"] <= time < min(given["retiredAt"] or never, given["compromisedSince"] or never)
    return bool(in_key and given["validFrom"] <= time < given["validUntil"])


MEMBERS = [
    *("v", "chain", "registry", "issuerId", "root", "treeSize", "index", "path"),
    *("salt", "full", "absentProofs", "block", "time"),
]


def receipt(given: Input) -> str:
    said = given["receipt"]
    if sorted(said) != sorted(MEMBERS) or said["v"] != 1 or said["chain"] == "eip155:0":
        raise RefusedError
    for name in ("treeSize", "index", "block", "time"):
        if type(said[name]) is not int or said[name] < 0:
            raise RefusedError
    for name in ("issuerId", "root", "salt", "full"):
        x32(said[name])
    x(said["registry"])
    absent = [
        u(proof["form"], 1) + u(len(proof["alg"]), 2) + proof["alg"].encode() + x32(proof["signed"]) + x32(proof["sig"])
        for proof in said["absentProofs"]
    ]
    # One present, at most one absent: it stands before or behind.
    present = [line_of(proof) for proof in given["proofs"]]
    roots = []
    for lines in ([*present, *absent], [*absent, *present]):
        digest = digest_of(lines, x32(said["full"]), {proof["form"] for proof in given["proofs"]})
        own = leaf_of({"kind": 1, "context": given["context"], "salt": said["salt"], "digest": hexed(digest)})
        roots.append(climb(own, said["index"], said["treeSize"], [x32(step) for step in said["path"]]))
    return hexed(x(said["root"]) if x(said["root"]) in roots else roots[0])


def chunk(states: list[list[int]]) -> bytes:
    bits = sum(state << (2 * entry) for entry, state in states)
    return bits.to_bytes(64, "little")


def array_root(given: Input) -> str:
    whole = sum(state << (2 * entry) for entry, state in given["states"]).to_bytes(given["entries"] // 4, "little")
    prefix = b"\x00JKA1" + x32(given["listContext"])
    chunks = [h(prefix, u(n, 4), whole[64 * n : 64 * n + 64]) for n in range(given["entries"] // 256)]
    return hexed(mth(chunks))


def note_key(given: Input) -> str:
    extracted = hmac.digest(x32(given["listContext"]), x32(given["salt"]), "sha256")
    return hexed(hmac.digest(extracted, b"JKN1" + u(given["index"], 4) + u(given["epoch"], 8) + b"\x01", "sha256"))


def changes(given: Input) -> str:
    last = -1
    for index, state in given["changes"]:
        if not last < index < given["entries"] or state > 3:
            raise RefusedError
        last = index
    return hexed(b"".join(u(index * 4 + state, 3) for index, state in given["changes"]))


def opening(given: Input) -> str:
    head = words(
        7 * 32,
        given["chainId"],
        x(given["registry"]),
        x(given["issuerId"]),
        x(given["listId"]),
        given["entries"],
        x(given["indexKeyHash"]),
    )
    return hexed(k(head, words(4), b"JKH1".ljust(32, b"\x00")))


def following(given: Input) -> str:
    return hexed(
        k(
            words(
                x(given["previousHead"]),
                given["epoch"],
                x(given["statusRoot"]),
                x(given["operator"]),
                given["rights"],
                k(x(given["changes"])),
                given["time"],
                given["block"],
            )
        )
    )


def signed(name: str) -> Callable[[Input], str]:
    members = (
        "bytes32 issuerId,bytes32 listId,bytes32 previousHead,bytes32 statusRoot,bytes32 changesHash,uint64 deadline"
    )
    domain_type = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"

    def formula(given: Input) -> str:
        domain = words(
            k(domain_type.encode()), k(b"Jikin CredentialRegistry"), k(b"1"), given["chainId"], x(given["registry"])
        )
        struct = words(
            k(f"{name}({members})".encode()),
            *(x(given[member]) for member in ("issuerId", "listId", "previousHead", "statusRoot")),
            k(x(given["changes"])),
            given["deadline"],
        )
        return hexed(k(b"\x19\x01" + k(domain) + k(struct)))

    return formula


SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def times(a: int, b: int) -> int:
    """Multiply in GF(32) with x^5 + x^2 + 1."""
    product = 0
    for bit in range(5):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(8, 4, -1):
        if product >> bit & 1:
            product ^= 0b100101 << (bit - 5)
    return product


def number(given: Input) -> Input:
    text = given["text"].upper().replace(" ", "").replace("-", "")
    text = text.replace("O", "0").replace("I", "1").replace("L", "1")
    if len(text) != 20 or set(text) - set(SYMBOLS):
        raise RefusedError
    for zero in (2, 4):  # α and α²
        value = 0
        for symbol in text:
            value = times(value, zero) ^ SYMBOLS.index(symbol)
        if value:
            raise RefusedError
    groups = [text[:2], *(text[at : at + 4] for at in range(2, 18, 4)), text[18:]]
    return {"symbols": text, "printed": "-".join(groups)}


def second_factor(given: Input) -> str:
    symbols, name = number({"text": given["number"]})["symbols"], given["name"].replace(" ", "").encode()
    data = b"JKF1" + u(20, 2) + symbols.encode() + u(len(name), 2) + name + given["date"].encode()
    return hexed(hmac.digest(x(given["pepper"]), data, "sha256"))


def number_of(value: int) -> bytes:
    if not 0 <= value < 1 << 64:
        raise RefusedError
    return u(value, 8)


def jcs(value: Any) -> bytes:
    """RFC 8785 for what stands in acts and results: objects, texts, small numbers, null."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


FORMULAS: dict[str, Callable[[Input], Any]] = {
    "actLeaf": lambda g: hexed(
        h(b"\x00JKU1", x32(g["context"]), number_of(g["seq"]), x32(g["salt"]), h(jcs(g["act"])))
    ),
    "resultLeaf": lambda g: hexed(h(b"\x00JKL1\x03", x32(g["context"]), x32(g["salt"]), h(jcs(g["record"])))),
    "issuerId": lambda g: hexed(k(g["did"].encode())),
    "context": lambda g: hexed(h(b"JKX1", u(g["chainId"], 8), x(g["registry"]), x32(g["issuerId"]))),
    "leaf": lambda g: hexed(leaf_of(g)),
    "node": lambda g: hexed(h(b"\x01", x32(g["left"]), x32(g["right"]))),
    "olderRoot": lambda g: hexed(
        h(
            u(g["chainId"], 8),
            x(g["registry"]),
            x32(g["issuerId"]),
            x32(g["root"]),
            u(g["size"], 4),
            u(g["block"], 8),
            x32(g["blockHash"]),
        )
    ),
    "tree": lambda g: {
        "root": hexed(mth([x32(leaf) for leaf in g["leaves"]])),
        "path": [hexed(step) for step in path_of(g["index"], [x32(leaf) for leaf in g["leaves"]])],
    },
    "inclusion": lambda g: hexed(climb(x32(g["leaf"]), g["index"], g["size"], [x32(step) for step in g["path"]])),
    "credentialDigest": credential,
    "anchorSlot": lambda g: slot(
        (g["time"], 40), (g["block"], 40), (g["treeSize"], 32), (g["sequence"], 32), (g["kind"], 8), (g["version"], 8)
    ),
    "keyCounts": counts,
    "keyCountsWithoutEnd": counts,
    "statusSlot": lambda g: slot(
        (g["epoch"], 64), (g["time"], 64), (g["block"], 64), (g["entries"], 32), (g["flags"], 32)
    ),
    "receipt": receipt,
    "listContext": lambda g: hexed(h(b"JKC1", x32(g["context"]), x32(g["listId"]), u(g["entries"], 4))),
    "chunk": lambda g: hexed(chunk(g["states"])),
    "chunkLeaf": lambda g: hexed(h(b"\x00JKA1", x32(g["listContext"]), u(g["chunk"], 4), x(g["bytes"]))),
    "arrayRoot": array_root,
    "noteKey": note_key,
    "noteLeaf": lambda g: hexed(
        h(
            b"\x00JKN1",
            x32(g["listContext"]),
            u(g["index"], 4),
            u(g["epoch"], 8),
            h(b"JKK1", x32(g["key"])),
            x(g["ciphertext"]),
        )
    ),
    "notesRoot": lambda g: hexed(mth([x32(leaf) for leaf in g["leaves"]]) if g["leaves"] else bytes(32)),
    "statusRoot": lambda g: hexed(
        h(
            b"JKR1",
            x32(g["listContext"]),
            u(g["epoch"], 8),
            x32(g["arrayRoot"]),
            x32(g["notesRoot"]),
            u(g["noteCount"], 4),
        )
    ),
    "changes": changes,
    "openingHead": opening,
    "nextHead": following,
    "signedEpoch": signed("PublishStatus"),
    "signedAnnulment": signed("AnnulStatus"),
    "number": number,
    "keyId": lambda g: hexed(h(g["multikey"].encode())),
    "secondFactor": second_factor,
}


def every_case() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for statement, vector in VECTORS.items():
        yield statement, "as it is", vector["positive"]
        for name, case in vector["mutated"].items():
            yield statement, name, case


CASES = {f"{statement}: {name}": (statement, case) for statement, name, case in every_case()}


def test_the_file_is_what_the_tool_writes() -> None:
    checked = subprocess.run(
        [sys.executable, PROJECT / "tools" / "build_vectors.py", "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_statement_has_a_formula_here() -> None:
    assert set(FORMULAS) == set(VECTORS)


@pytest.mark.parametrize(("statement", "case"), CASES.values(), ids=CASES.keys())
def test_the_vectors_are_true_by_the_formulas_of_the_specification(statement: str, case: dict[str, Any]) -> None:
    formula = FORMULAS[statement]
    if "refused" in case:
        with pytest.raises((RefusedError, ValueError)):
            formula(case["input"])
    else:
        assert formula(case["input"]) == case["output"]


@pytest.mark.parametrize("statement", VECTORS)
def test_every_mutation_makes_a_difference(statement: str) -> None:
    vector = VECTORS[statement]
    assert vector["mutated"]
    for case in vector["mutated"].values():
        assert case["input"] != vector["positive"]["input"]
        assert case.get("refused") or case["output"] != vector["positive"]["output"]


def test_the_lines_of_the_specification_are_covered() -> None:
    assert {vector["line"] for vector in VECTORS.values()} == {1, 2, 3, 4, 5, 6, 7, 11, 13, 14}


# The library's own status hashes meet the second implementation here.


def test_the_status_hashes_of_the_library_are_those_of_the_vectors() -> None:
    given = VECTORS["listContext"]["positive"]
    lctx = root.list_context(
        Digest(x(given["input"]["context"])), ListId(x(given["input"]["listId"])), given["input"]["entries"]
    )
    assert lctx.hex() == given["output"]
    states = VECTORS["arrayRoot"]["positive"]
    array = StatusArray.all_valid(states["input"]["entries"]).with_states(
        {index: State(state) for index, state in states["input"]["states"]}
    )
    assert root.array_root(lctx, array).hex() == states["output"]
    keyed = VECTORS["noteKey"]["positive"]
    place = (keyed["input"]["index"], keyed["input"]["epoch"])
    assert notes.note_key(x(keyed["input"]["salt"]), lctx, *place).hex() == keyed["output"][2:]
    whole = VECTORS["statusRoot"]["positive"]
    made = root.status_root(
        lctx,
        whole["input"]["epoch"],
        Digest(x(whole["input"]["arrayRoot"])),
        Digest(x(whole["input"]["notesRoot"])),
        whole["input"]["noteCount"],
    )
    assert made.hex() == whole["output"]


def test_numbers_that_do_not_fit_are_refused_and_never_cut() -> None:
    with pytest.raises(JikinError):
        context_hash(ChainId(1 << 64), Address(bytes(20)), IssuerId(bytes(32)))


def test_every_magic_of_the_library_stands_in_the_specification() -> None:
    page = (PROJECT / "docs" / "spec" / "statements.md").read_text(encoding="utf-8")
    used = {
        magic
        for folder in ("jikin", "issuer", "wallet", "verifier")
        for source in (PROJECT / folder).rglob("*.py")
        for magic in re.findall(r'b"(JK[A-Z][0-9])"', source.read_text(encoding="utf-8"))
    }
    assert used >= {"JKX1", "JKL1", "JKD1", "JKH1"}
    assert {magic for magic in used if f'"{magic}"' not in page} == set()
