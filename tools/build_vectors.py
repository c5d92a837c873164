"""Write `tests/vectors/statements.json`: for each line of the specification a positive value and mutated ones.

    {"<statement>": {"line": 2, "positive": {"input": {…}, "output": …},
                     "mutated": {"<field>": {"input": {…}, "output": …}, "<rule>": {"input": {…}, "refused": "code"}}}}

Every case has its whole input, so that a reader in any language needs no patching. Byte strings are 0x and lower-case
hexadecimal, numbers are numbers, times Unix seconds. A mutated case differs from the positive one in the field it is
named after; its output is another one, or it is refused (the code is that of the Python library). Lines 4 and 7 are in
the form that Solidity tests read. Nothing is random: the file is the same each time.

Run it from anywhere: `python tools/build_vectors.py`; `--check` only says whether the file is up to date.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vector_formulas import (
    Formula,
    Input,
    act_leaf,
    anchor_slot,
    array_root,
    changes,
    chunk,
    chunk_leaf,
    context,
    credential,
    hexed,
    inclusion,
    issuer_id,
    key_counts,
    key_id,
    leaf,
    list_context,
    next_head,
    node,
    note_key,
    note_leaf,
    notes_root,
    number,
    octets,
    older_root,
    opening_head,
    receipt,
    result_leaf,
    sample,
    second_factor,
    sha,
    signed_annulment,
    signed_epoch,
    status_root,
    status_slot,
    tree,
)

from jikin.anchoring.acts import LeafKind
from jikin.errors import JikinError, NumberError
from jikin.values import CertificateNumber

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "tests" / "vectors" / "statements.json"
Case = dict[str, Any]


# ------------------------------------------------------------------------------------------------------- the cases


def statement(line: int, formula: Formula, positive: Input, mutated: Mapping[str, Any]) -> Case:
    """Return one statement: *mutated* says per field or rule which members take another value."""
    wanted = {"input": positive, "output": formula(positive)}
    cases: Case = {}
    for name, change in mutated.items():
        given = copy.deepcopy(positive) | change
        try:
            output = formula(given)
        except JikinError as error:
            cases[name] = {"input": given, "refused": error.code}
            continue
        if output == wanted["output"]:
            raise SystemExit(f"line {line}: {name} makes no difference")
        cases[name] = {"input": given, "output": output}
    return {"line": line, "positive": wanted, "mutated": cases}


def each(**values: Any) -> dict[str, Input]:
    """Return one mutation per member, named after it."""
    return {name: {name: value} for name, value in values.items()}


CHAIN_ID = 31337
REGISTRY = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
OTHER_REGISTRY = "0x5fbdb2315678afecb367f032d93f642f64180aa4"
DID = "did:web:exam.example"
TIME = 1_780_000_000
SALT = sample("salt")


def leaves() -> dict[str, Case]:
    """Return lines 1 to 3 without the trees."""
    issuer = issuer_id({"did": DID})
    where = {"chainId": CHAIN_ID, "registry": REGISTRY, "issuerId": issuer}
    elsewhere = each(chainId=1, registry=OTHER_REGISTRY, issuerId=sample("x"))
    ctx = context(where)
    leaf_input = {"kind": 1, "context": ctx, "salt": SALT, "digest": sample("digest")}
    older = where | {"root": sample("root"), "size": 64, "block": 7, "blockHash": sample("block")}
    return {
        "issuerId": statement(1, issuer_id, {"did": DID}, each(did="did:web:exam.example:office")),
        "context": statement(1, context, where, elsewhere),
        "leaf": statement(
            2,
            leaf,
            leaf_input,
            {
                "kind": {"kind": int(LeafKind.FILLER)},
                "kind unknown": {"kind": 4},
                **each(context=sample("x"), salt=sample("x")),
                "salt short": {"salt": sample("x", 31)},
                "digest": {"digest": sample("x")},
            },
        ),
        "olderRoot": statement(
            2,
            older_root,
            older,
            elsewhere | each(root=sample("x"), size=65, block=8, blockHash=sample("x")),
        ),
        "credentialDigest": credential_statement(),
    }


def trees() -> dict[str, Case]:
    """Return the trees of line 2."""
    leaves = [sample(f"leaf {place}") for place in range(5)]
    path = tree({"leaves": leaves, "index": 2})["path"]
    included = {"leaf": leaves[2], "index": 2, "size": 5, "path": path}
    return {
        "node": statement(
            2,
            node,
            {"left": leaves[0], "right": leaves[1]},
            {
                **each(left=leaves[2], right=leaves[2]),
                "order": {"left": leaves[1], "right": leaves[0]},
            },
        ),
        "tree": statement(
            2,
            tree,
            {"leaves": leaves, "index": 2},
            {
                "a leaf": {"leaves": [*leaves[:4], sample("x")]},
                "the order": {"leaves": leaves[::-1]},
                "one leaf less": {"leaves": leaves[:4]},
                "the index": {"index": 3},
                "no leaves": {"leaves": [], "index": 0},
                "an index beyond": {"index": 5},
            },
        ),
        "inclusion": statement(
            2,
            inclusion,
            included,
            {
                **each(leaf=sample("x"), index=3, size=9, path=[sample("x"), *path[1:]]),
                "path short": {"path": path[:-1]},
                "path long": {"path": [*path, sample("x")]},
                "index beyond": {"index": 5},
                "size 0": {"size": 0},
            },
        ),
    }


def credential_statement() -> Case:
    """Return line 3."""
    eddsa = {"form": 1, "alg": "eddsa-rdfc-2022", "signed": sample("hash data", 64), "sig": sample("signature", 64)}
    jws = {"form": 2, "alg": "EdDSA", "signed": hexed(b"eyJhbGciOiJFZERTQSJ9.e30"), "sig": sample("jws", 64)}
    selective = {"form": 5, "alg": "ecdsa-sd-2023", "signed": sample("sd", 99), "sig": sample("base", 64)}
    eip712 = {"form": 4, "alg": "EIP712", "signed": sample("typed data"), "sig": "0x" + "01" * 64 + "1b"}
    nothing = hexed(bytes(32))
    return statement(
        3,
        credential,
        {"proofs": [eddsa, jws], "full": nothing},
        {
            "form": {"proofs": [eddsa | {"form": 3}, jws]},
            "alg": {"proofs": [eddsa | {"alg": "eddsa-jcs-2022"}, jws]},
            "signed": {"proofs": [eddsa | {"signed": sample("x", 64)}, jws]},
            "sig": {"proofs": [eddsa | {"sig": sample("x", 64)}, jws]},
            "the order": {"proofs": [jws, eddsa]},
            "one proof less": {"proofs": [eddsa]},
            "no proof": {"proofs": []},
            "full without form 5": {"full": sample("base document")},
            "form 5": {"proofs": [selective], "full": sample("base document")},
            "form 5, another full": {"proofs": [selective], "full": sample("x")},
            "form 5 without full": {"proofs": [selective]},
            "form 4": {"proofs": [eip712]},
            "form 4, high s": {"proofs": [eip712 | {"sig": "0x" + "01" * 32 + "ff" * 32 + "1b"}]},
        },
    )


def slots() -> dict[str, Case]:
    """Return line 4 and the slot of line 7."""
    anchor = {"time": TIME, "block": 7, "treeSize": 64, "sequence": 3, "kind": 1, "version": 1}
    window = {
        "addedAt": 1000,
        "retiredAt": 3000,
        "compromisedSince": 2500,
        "validFrom": 900,
        "validUntil": 4000,
        "time": 2499,
    }
    status = {"epoch": 2, "time": TIME, "block": 9, "entries": 1 << 17, "flags": 1}
    return {
        "anchorSlot": statement(4, anchor_slot, anchor, each(**{name: value + 1 for name, value in anchor.items()})),
        "keyCounts": statement(
            4,
            key_counts,
            window,
            {
                "before it was added": {"addedAt": 2500},
                "retired at that very second": {"retiredAt": 2499},
                "compromised at that very second": {"compromisedSince": 2499},
                "before the accreditation": {"validFrom": 2500},
                "accreditation over at that very second": {"validUntil": 2499},
                "another time": {"time": 2500},
            },
        ),
        "keyCountsWithoutEnd": statement(
            4,
            key_counts,
            window | {"retiredAt": 0, "compromisedSince": 0, "time": 3999},
            {"accreditation over": {"time": 4000}, "retired": {"retiredAt": 3999}},
        ),
        "statusSlot": statement(7, status_slot, status, each(**{name: value + 1 for name, value in status.items()})),
    }


def receipts() -> dict[str, Case]:
    """Return line 5."""
    issuer = issuer_id({"did": DID})
    ctx = context({"chainId": CHAIN_ID, "registry": REGISTRY, "issuerId": issuer})
    proof = {"form": 1, "alg": "eddsa-rdfc-2022", "signed": sample("hash data", 64), "sig": sample("signature", 64)}
    hidden = {"form": 1, "alg": "mldsa44-jcs-2024", "signed": sample("other", 64), "sig": sample("other signature", 64)}
    absent = hidden | {name: hexed(sha(octets(str(hidden[name])))) for name in ("signed", "sig")}
    nothing = hexed(bytes(32))
    own = leaf(
        {"kind": 1, "context": ctx, "salt": SALT, "digest": credential({"proofs": [proof, hidden], "full": nothing})}
    )
    built = tree({"leaves": [sample("leaf 0"), sample("leaf 1"), own, sample("leaf 3"), sample("leaf 4")], "index": 2})
    said = {
        "v": 1,
        "chain": f"eip155:{CHAIN_ID}",
        "registry": REGISTRY,
        "issuerId": issuer,
        "root": built["root"],
        "treeSize": 5,
        "index": 2,
        "path": built["path"],
        "salt": SALT,
        "full": nothing,
        "absentProofs": [absent],
        "block": 7,
        "time": TIME,
    }
    changed: dict[str, Input] = {
        **each(index=3, path=[sample("x"), *built["path"][1:]], salt=sample("x"), absentProofs=[]),
        "full without form 5": {"full": sample("x")},
        "another version": {"v": 2},
        "chain": {"chain": "eip155:0"},
        "registry in capitals": {"registry": REGISTRY.upper().replace("X", "x")},
        "issuerId short": {"issuerId": sample("x", 31)},
        "root without 0x": {"root": built["root"][2:]},
        "treeSize 0": {"treeSize": 0},
        "index beyond": {"index": 5},
        "path short": {"path": built["path"][:-1]},
        "salt short": {"salt": sample("x", 31)},
        "block that is a text": {"block": "7"},
        "time below zero": {"time": -1},
        "an unknown member": {"note": "hello"},
    }
    given = {"receipt": said, "proofs": [proof], "context": ctx}
    mutated = {name: {"receipt": said | change} for name, change in changed.items()}
    lacking = {f"without {name}": {"receipt": {n: v for n, v in said.items() if n != name}} for name in said}
    others = {
        "another context": {"context": sample("x")},
        "another signature": {"proofs": [proof | {"sig": sample("x", 64)}]},
    }
    return {"receipt": statement(5, receipt, given, mutated | lacking | others)}


def arrays() -> dict[str, Case]:
    """Return line 6, the array of states."""
    entries = 1 << 17
    opened = {"context": sample("context"), "listId": sample("list"), "entries": entries}
    lctx = list_context(opened)
    states = [[0, 1], [3, 2], [255, 3]]
    in_list = [[5, 1], [256, 2], [entries - 1, 3]]
    x = sample("x")
    return {
        "listContext": statement(
            6,
            list_context,
            opened,
            each(context=x, listId=x, entries=1 << 18),
        ),
        "chunk": statement(
            6,
            chunk,
            {"states": states},
            {"state": {"states": [[0, 3], *states[1:]]}, "entry": {"states": [[1, 1], *states[1:]]}},
        ),
        "chunkLeaf": statement(
            6,
            chunk_leaf,
            {"listContext": lctx, "chunk": 1, "bytes": chunk({"states": states})},
            each(listContext=x, chunk=2, bytes=hexed(bytes(64))),
        ),
        "arrayRoot": statement(
            6,
            array_root,
            {"listContext": lctx, "entries": entries, "states": in_list},
            {
                **each(listContext=x, entries=1 << 18),
                "a state": {"states": [*in_list[:2], [entries - 1, 1]]},
                "an entry": {"states": [[6, 1], *in_list[1:]]},
            },
        ),
    }


def notes() -> dict[str, Case]:
    """Return line 6, notes and status root."""
    entries = 1 << 17
    lctx = list_context({"context": sample("context"), "listId": sample("list"), "entries": entries})
    in_list = [[5, 1], [256, 2], [entries - 1, 3]]
    key_input = {"salt": SALT, "listContext": lctx, "index": 5, "epoch": 2}
    note = {"listContext": lctx, "index": 5, "epoch": 2, "key": note_key(key_input), "ciphertext": sample("ct", 188)}
    leaves = [note_leaf(note), sample("note 2"), sample("note 3")]
    root = {
        "listContext": lctx,
        "epoch": 2,
        "arrayRoot": array_root({"listContext": lctx, "entries": entries, "states": in_list}),
        "notesRoot": notes_root({"leaves": leaves}),
        "noteCount": 3,
    }
    x = sample("x")
    return {
        "noteKey": statement(
            6,
            note_key,
            key_input,
            each(salt=x, listContext=x, index=6, epoch=3),
        ),
        "noteLeaf": statement(
            6,
            note_leaf,
            note,
            each(listContext=x, index=6, epoch=3, key=x, ciphertext=sample("x", 188)),
        ),
        "notesRoot": statement(
            6, notes_root, {"leaves": leaves}, {"a leaf": {"leaves": [x, *leaves[1:]]}, "none": {"leaves": []}}
        ),
        "statusRoot": statement(
            6,
            status_root,
            root,
            each(listContext=x, epoch=3, arrayRoot=x, notesRoot=x, noteCount=4),
        ),
    }


def heads() -> dict[str, Case]:
    """Return line 7."""
    listed = [[1, 1], [5, 2], [(1 << 17) - 1, 3]]
    x = sample("x")
    opening = {
        "chainId": CHAIN_ID,
        "registry": REGISTRY,
        "issuerId": issuer_id({"did": DID}),
        "listId": sample("list"),
        "entries": 1 << 17,
        "indexKeyHash": sample("index key"),
    }
    following = {
        "previousHead": opening_head(opening),
        "epoch": 1,
        "statusRoot": sample("status root"),
        "operator": "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "rights": 6,
        "changes": changes({"changes": listed, "entries": 1 << 17}),
        "time": TIME,
        "block": 9,
    }
    signed = {
        **{name: opening[name] for name in ("chainId", "registry", "issuerId", "listId")},
        **{name: following[name] for name in ("previousHead", "statusRoot", "changes")},
        "deadline": TIME + 3600,
    }
    others = {
        **each(chainId=1, registry=OTHER_REGISTRY, issuerId=x, listId=x, previousHead=x, statusRoot=x),
        **each(changes="0x000004", deadline=TIME + 3601),
    }
    return {
        "signedEpoch": statement(7, signed_epoch, signed, others),
        "signedAnnulment": statement(7, signed_annulment, signed | {"changes": "0x000014000018"}, others),
        "changes": statement(
            7,
            changes,
            {"changes": listed, "entries": 1 << 17},
            {
                "an entry": {"changes": [[2, 1], *listed[1:]]},
                "a state": {"changes": [[1, 2], *listed[1:]]},
                "none": {"changes": []},
                "order": {"changes": listed[::-1]},
                "twice": {"changes": [listed[0], listed[0]]},
                "entry beyond": {"changes": [[1 << 17, 1]]},
                "state beyond": {"changes": [[1, 4]]},
            },
        ),
        "openingHead": statement(
            7,
            opening_head,
            opening,
            each(chainId=1, registry=OTHER_REGISTRY, issuerId=x, listId=x, entries=1 << 18, indexKeyHash=x),
        ),
        "nextHead": statement(
            7,
            next_head,
            following,
            {
                **each(previousHead=x, epoch=2, statusRoot=x, operator=OTHER_REGISTRY, rights=2, changes="0x000005"),
                "no changes": {"changes": "0x"},
                **each(time=TIME + 1, block=10),
            },
        ),
    }


def sealed(body: str) -> str:
    """Return *body* with the check symbols that make it a number, found by trying all of them."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    for high in alphabet:
        for low in alphabet:
            try:
                return CertificateNumber(body + high + low).symbols
            except NumberError:
                continue
    raise SystemExit("no check symbols fit")


def numbers() -> dict[str, Case]:
    """Return lines 13 and 14."""
    symbols = sealed("26KR127F3Q9XK4M2W8")
    other = sealed("26KR127F3Q9XK4M2W9")
    printed = str(CertificateNumber(symbols))
    wrong = {
        f"symbol {place + 1}": {
            "text": symbols[:place] + ("0" if symbols[place] != "0" else "7") + symbols[place + 1 :]
        }
        for place in range(len(symbols))
    }
    tag = {"pepper": sample("pepper"), "number": printed, "name": "김 하늘", "date": "19990302"}
    multikey = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    return {
        "number": statement(
            13,
            number,
            {"text": f" {printed.lower().replace('1', 'l').replace('0', 'o')} "},
            wrong
            | {
                "another number": {"text": other},
                "two symbols swapped": {"text": symbols[:6] + symbols[7] + symbols[6] + symbols[8:]},
                "a letter too few": {"text": symbols[:-1]},
                "a letter too many": {"text": symbols + "0"},
                "a letter that numbers do not have": {"text": symbols[:5] + "U" + symbols[6:]},
            },
        ),
        "keyId": statement(14, key_id, {"multikey": multikey}, each(multikey=multikey[:-1] + "L")),
        "secondFactor": statement(
            14,
            second_factor,
            tag,
            each(pepper=sample("x"), number=other, name="김하늬", date="19990303"),
        ),
    }


def logs() -> dict[str, Case]:
    """Return line 11, and of line 2 the leaf of a result under an embargo."""
    where = {"context": sample("context"), "salt": sample("salt")}
    act = {"at": 1_790_000_000, "officer": 3, "act": "issue approved", "subject": "issue_tasks/7", "detail": {}}
    columns = {"exam_number": "2602-000001", "name_ko": "김하늘"}
    record = {"type": "national-technical-qualification", "result": "fail", "until": 1_790_000_000, "columns": columns}
    return {
        "actLeaf": statement(
            11,
            act_leaf,
            {**where, "seq": 5, "act": act},
            {
                **each(context=sample("x"), salt=sample("x"), seq=6),
                "salt short": {"salt": sample("x", 31)},
                "seq too large": {"seq": 1 << 64},
                "officer": {"act": {**act, "officer": None}},
                "time": {"act": {**act, "at": 1_790_000_001}},
                "detail": {"act": {**act, "detail": {"count": 1}}},
            },
        ),
        "resultLeaf": statement(
            2,
            result_leaf,
            {**where, "record": record},
            {
                **each(context=sample("x"), salt=sample("x")),
                "result": {"record": {**record, "result": "pass"}},
                "until": {"record": {**record, "until": 1_790_000_001}},
                "a column": {"record": {**record, "columns": {**columns, "name_ko": "김하늬"}}},
            },
        ),
    }


def build() -> str:
    """Return the text of the file."""
    cases = leaves() | trees() | slots() | receipts() | arrays() | notes() | heads() | logs() | numbers()
    return json.dumps(cases, ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    """Write the file, or with --check say whether it is up to date; return the exit code."""
    text = build()
    if "--check" in sys.argv[1:]:
        fresh = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text
        print(f"{TARGET.relative_to(ROOT)}: {'up to date' if fresh else 'out of date, run tools/build_vectors.py'}")
        return 0 if fresh else 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {len(json.loads(text))} statements")
    return 0


if __name__ == "__main__":
    sys.exit(main())
