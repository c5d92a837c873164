"""The formulas behind `tests/vectors/statements.json`, each from the members of an input to its output.

Lines 1 to 5, 7, 11, 13 and 14 go through the library; line 6 is written down here alone, as a second implementation.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable
from typing import Any

from jikin.anchoring import changes as packed
from jikin.anchoring import embargo, log, merkle, statements
from jikin.anchoring.acts import PublishStatus, Rights
from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.digest import credential_digest
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.relayed import Signed, signed_digest
from jikin.errors import JikinError
from jikin.values import (
    Address,
    CertificateNumber,
    ChainId,
    Did,
    Digest,
    Form,
    IssuerId,
    KeyId,
    ListId,
    SignedStatement,
)

Input = dict[str, Any]
Formula = Callable[[Input], Any]


def octets(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def hexed(raw: bytes) -> str:
    return "0x" + raw.hex()


def sample(name: str, size: int = 32) -> str:
    """Return *size* bytes that look random and are the same each time."""
    return hexed(b"".join(hashlib.sha256(f"{name} {part}".encode()).digest() for part in range(size // 32 + 1))[:size])


def digest(text: str) -> Digest:
    return Digest(octets(text))


# ------------------------------------------------------------------------------------- lines 1 and 2, by the library


def issuer_id(given: Input) -> str:
    return Did(given["did"]).issuer_id.hex()


def context(given: Input) -> str:
    return statements.context_hash(
        ChainId(given["chainId"]), Address.parse(given["registry"]), IssuerId(octets(given["issuerId"]))
    ).hex()


def leaf(given: Input) -> str:
    return statements.leaf(
        given["kind"], digest(given["context"]), octets(given["salt"]), digest(given["digest"])
    ).hex()


def act_leaf(given: Input) -> str:
    place = digest(given["context"])
    return log.act_leaf(place, given["seq"], octets(given["salt"]), log.content_digest(given["act"])).hex()


def result_leaf(given: Input) -> str:
    return embargo.result_leaf(digest(given["context"]), octets(given["salt"]), given["record"]).hex()


def node(given: Input) -> str:
    return statements.node(digest(given["left"]), digest(given["right"])).hex()


def older_root(given: Input) -> str:
    return statements.older_root_digest(
        chain=ChainId(given["chainId"]),
        registry=Address.parse(given["registry"]),
        issuer_id=IssuerId(octets(given["issuerId"])),
        root=digest(given["root"]),
        size=given["size"],
        block=given["block"],
        block_hash=digest(given["blockHash"]),
    ).hex()


def tree(given: Input) -> Input:
    built = merkle.Tree(digest(each) for each in given["leaves"])
    return {"root": built.root.hex(), "path": [step.hex() for step in built.path(given["index"])]}


def inclusion(given: Input) -> str:
    path = [digest(step) for step in given["path"]]
    return merkle.root_from_path(digest(given["leaf"]), given["index"], given["size"], path).hex()


# ------------------------------------------------------------------------------------ lines 3 to 5, by the library


def credential(given: Input) -> str:
    return credential_digest([signed_statement(proof) for proof in given["proofs"]], octets(given["full"])).hex()


def signed_statement(proof: Input) -> SignedStatement:
    return SignedStatement(Form(proof["form"]), proof["alg"], octets(proof["signed"]), octets(proof["sig"]))


def packed_slot(given: Input, widths: dict[str, int]) -> str:
    """Return the members of a storage slot, the first one in the lowest bits."""
    word = shift = 0
    for name, bits in widths.items():
        if not 0 <= given[name] < 1 << bits:
            raise JikinError(f"{name} has {bits} bits", code="slot")
        word |= given[name] << shift
        shift += bits
    return hexed(word.to_bytes(32, "big"))


def anchor_slot(given: Input) -> str:
    return packed_slot(given, {"time": 40, "block": 40, "treeSize": 32, "sequence": 32, "kind": 8, "version": 8})


def key_counts(given: Input) -> bool:
    """Return whether an anchor of a time counts for a key, 0 meaning never."""
    time = given["time"]
    in_key = given["addedAt"] <= time and (given["retiredAt"] == 0 or time < given["retiredAt"])
    sound = given["compromisedSince"] == 0 or time < given["compromisedSince"]
    return bool(in_key and sound and given["validFrom"] <= time < given["validUntil"])


def receipt(given: Input) -> str:
    read = Receipt.parse(given["receipt"])
    proofs = [signed_statement(proof) for proof in given["proofs"]]
    return read.root_of(proofs, digest(given["context"])).hex()


# --------------------------------------------------- line 6, written down here alone: a second implementation of it


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def list_context(given: Input) -> str:
    return hexed(sha(b"JKC1", octets(given["context"]), octets(given["listId"]), u32(given["entries"])))


def chunk(given: Input) -> str:
    """Return 64 bytes of states: entry i has bits 2·(i mod 4) and the one above of byte ⌊i/4⌋."""
    raw = bytearray(64)
    for entry, state in given["states"]:
        raw[entry // 4] |= state << (2 * (entry % 4))
    return hexed(bytes(raw))


def chunk_leaf(given: Input) -> str:
    return hexed(sha(b"\x00JKA1", octets(given["listContext"]), u32(given["chunk"]), octets(given["bytes"])))


def array_root(given: Input) -> str:
    by_chunk: dict[int, list[list[int]]] = {}
    for entry, state in given["states"]:
        by_chunk.setdefault(entry // 256, []).append([entry % 256, state])
    leaves = [
        chunk_leaf(
            {"listContext": given["listContext"], "chunk": number, "bytes": chunk({"states": by_chunk.get(number, [])})}
        )
        for number in range(given["entries"] // 256)
    ]
    return hexed(slow_root([octets(each) for each in leaves]))


def slow_root(leaves: list[bytes]) -> bytes:
    """Return the root by the recursive definition (RFC 9162, 2.1.1)."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha(b"\x01", slow_root(leaves[:half]), slow_root(leaves[half:]))


def note_key(given: Input) -> str:
    """Return HKDF-SHA-256 (RFC 5869) with one block of output."""
    extracted = hmac.digest(octets(given["listContext"]), octets(given["salt"]), "sha256")
    info = b"JKN1" + u32(given["index"]) + u64(given["epoch"])
    return hexed(hmac.digest(extracted, info + b"\x01", "sha256"))


def note_leaf(given: Input) -> str:
    place = u32(given["index"]) + u64(given["epoch"])
    committed = sha(b"JKK1", octets(given["key"]))
    return hexed(sha(b"\x00JKN1", octets(given["listContext"]), place, committed, octets(given["ciphertext"])))


def notes_root(given: Input) -> str:
    leaves = [octets(each) for each in given["leaves"]]
    return hexed(slow_root(leaves) if leaves else bytes(32))


def status_root(given: Input) -> str:
    return hexed(
        sha(
            b"JKR1",
            octets(given["listContext"]),
            u64(given["epoch"]),
            octets(given["arrayRoot"]),
            octets(given["notesRoot"]),
            u32(given["noteCount"]),
        )
    )


# ------------------------------------------------------------------------------- lines 7, 13 and 14, by the library


def changes(given: Input) -> str:
    return hexed(packed.pack([packed.Change(index, state) for index, state in given["changes"]], given["entries"]))


def opening_head(given: Input) -> str:
    return statements.opening_head(
        chain=ChainId(given["chainId"]),
        registry=Address.parse(given["registry"]),
        issuer_id=IssuerId(octets(given["issuerId"])),
        list_id=ListId(octets(given["listId"])),
        entries=given["entries"],
        index_key_hash=digest(given["indexKeyHash"]),
    ).hex()


def next_head(given: Input) -> str:
    return statements.next_head(
        previous=digest(given["previousHead"]),
        epoch=given["epoch"],
        status_root=digest(given["statusRoot"]),
        operator=Address.parse(given["operator"]),
        rights=Rights(given["rights"]),
        changes=octets(given["changes"]),
        time=given["time"],
        block=given["block"],
    ).hex()


def signed_epoch(given: Input) -> str:
    return _signed(Signed.EPOCH, given)


def signed_annulment(given: Input) -> str:
    return _signed(Signed.ANNULMENT, given)


def _signed(what: Signed, given: Input) -> str:
    nothing = digest("0x" + "00" * 32)
    pins = RegistryPins(ChainId(given["chainId"]), Address.parse(given["registry"]), nothing, nothing, 0)
    status = PublishStatus(
        IssuerId(octets(given["issuerId"])),
        ListId(octets(given["listId"])),
        digest(given["previousHead"]),
        digest(given["statusRoot"]),
        octets(given["changes"]),
    )
    return signed_digest(pins, what, status, given["deadline"]).hex()


def status_slot(given: Input) -> str:
    return packed_slot(given, {"epoch": 64, "time": 64, "block": 64, "entries": 32, "flags": 32})


def number(given: Input) -> Input:
    read = CertificateNumber.parse(given["text"])
    return {"symbols": read.symbols, "printed": str(read)}


def key_id(given: Input) -> str:
    return KeyId.of(given["multikey"]).hex()


def second_factor(given: Input) -> str:
    name = "".join(unicodedata.normalize("NFC", given["name"]).split())
    words = [CertificateNumber.parse(given["number"]).symbols.encode(), name.encode()]
    data = b"JKF1" + b"".join(len(word).to_bytes(2, "big") + word for word in words) + given["date"].encode("ascii")
    return hexed(hmac.digest(octets(given["pepper"]), data, "sha256"))
