"""The pack's bytes, without a chain: packs of a chain that is gone, an independent reader, and strangers' bytes."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
import pytest
import rlp as other_rlp
import sha3
from hypothesis import given
from hypothesis import strategies as st
from trie import HexaryTrie

from jikin.anchoring.block_sources import PinnedBlock
from jikin.anchoring.pins import parse_pins
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import NoFetch
from jikin.errors import DocumentError
from jikin.status.pack import Pack, looks_like
from jikin.verification.packed import PackTrust, document_of
from jikin.verification.policy import packaged
from jikin.verification.sources import Sources
from jikin.verification.verifying import verify
from tests.small_world import CONTEXTS, SUITES

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "packs.json").read_text("utf-8")
)
PACKS: dict[str, dict[str, Any]] = VECTORS["packs"]


def data_of(outcome: str) -> bytes:
    return base64.b64decode(PACKS[outcome]["pack"])


@pytest.mark.parametrize("outcome", PACKS)
def test_a_pack_of_a_chain_that_is_gone_still_verifies(outcome: str) -> None:
    pack, stated = Pack.parse(data_of(outcome)), PACKS[outcome]
    trust = PackTrust(parse_pins(VECTORS["registry"]), PinnedBlock.parse(stated["pin"]))
    sources = Sources(
        registry=None,
        fetch=NoFetch(),
        did_methods=standard_methods(),
        suites=SUITES,
        contexts=CONTEXTS,
        packs=trust,
    )
    session = sources.of_pack(pack)
    assert session is not None
    report = verify(document_of(pack), session, packaged("pack"), stated["now"])
    assert report.outcome.value == outcome


def keccak(data: bytes) -> bytes:
    digest: bytes = sha3.keccak_256(data).digest()
    return digest


def word(proof: list[bytes], root: bytes, slot: bytes) -> int:
    nodes = [other_rlp.decode(node) for node in proof]
    value = HexaryTrie.get_from_proof(root, keccak(slot), nodes)
    return int.from_bytes(other_rlp.decode(value), "big") if value else 0


def mapped(key: bytes, slot: bytes) -> bytes:
    return keccak(key.rjust(32, b"\x00") + slot)


@pytest.mark.parametrize("outcome", PACKS)
def test_a_second_reader_finds_the_same_by_the_specification_alone(outcome: str) -> None:
    """STATEMENTS 4, 6, 7 and 10 with CBOR, hashes and another trie: no line of the product."""
    pack, registry = cbor2.loads(data_of(outcome)), VECTORS["registry"]
    number, block_hash, _time = PACKS[outcome]["pin"].split(":")
    header = other_rlp.decode(pack["header"])
    assert "0x" + keccak(pack["header"]).hex() == block_hash
    assert int.from_bytes(header[8], "big") == int(number)
    account = other_rlp.decode(
        HexaryTrie.get_from_proof(
            header[3], keccak(pack["registry"]), [other_rlp.decode(node) for node in pack["nodes"]]
        )
    )
    assert "0x" + account[3].hex() == registry["codeHash"]

    def at(slot: int, first: bytes, second: bytes, offset: int = 0) -> int:
        place = int.from_bytes(mapped(second, mapped(first, slot.to_bytes(32, "big"))), "big") + offset
        return word(pack["nodes"], account[2], place.to_bytes(32, "big"))

    ((_method, multikey),) = pack["keys"]
    key = at(7, pack["issuer"], sha256(multikey.encode()).digest())
    assert key & (1 << 40) - 1 > 0
    assert key >> 40 & (1 << 80) - 1 == 0  # neither retired nor compromised
    anchor = at(8, pack["issuer"], pack["receipt"][0])
    assert (anchor & (1 << 40) - 1, anchor >> 80 & (1 << 32) - 1) == (pack["receipt"][8], pack["receipt"][1])
    ((list_id, index, opened, _history),) = pack["entries"]
    previous, operator, rights, changes, array_root, notes_root, note_count, chunk, path, _note = opened
    head, rest = at(9, pack["issuer"], list_id), at(9, pack["issuer"], list_id, 1)
    epoch, time, block, entries = (
        rest & (1 << 64) - 1,
        rest >> 64 & (1 << 64) - 1,
        rest >> 128 & (1 << 64) - 1,
        rest >> 192,
    )
    entries &= (1 << 32) - 1
    chain = int(registry["chain"].removeprefix("eip155:"))
    ctx = sha256(b"JKX1" + chain.to_bytes(8, "big") + pack["registry"] + pack["issuer"]).digest()
    lctx = sha256(b"JKC1" + ctx + list_id + entries.to_bytes(4, "big")).digest()
    node, place = sha256(b"\x00JKA1" + lctx + (index // 256).to_bytes(4, "big") + chunk).digest(), index // 256
    for step in range(0, len(path), 32):  # a full tree: every step has a partner
        pair = (path[step : step + 32], node) if place & 1 else (node, path[step : step + 32])
        node, place = sha256(b"\x01" + b"".join(pair)).digest(), place >> 1
    assert node == array_root
    status_root = sha256(
        b"JKR1" + lctx + epoch.to_bytes(8, "big") + array_root + notes_root + note_count.to_bytes(4, "big")
    ).digest()
    words = [previous, epoch, status_root, operator, rights, changes, time, block]
    encoded = b"".join(w.rjust(32, b"\x00") if isinstance(w, bytes) else w.to_bytes(32, "big") for w in words)
    assert int.from_bytes(keccak(encoded), "big") == head
    state = chunk[index % 256 // 4] >> 2 * (index % 4) & 3
    assert state == {"passed": 0, "failed": 1}[outcome]


# ----------------------------------------------------------------------------------------------------- strangers' bytes

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 1 << 70) | st.binary(max_size=70) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
GOOD: dict[str, Any] = cbor2.loads(data_of("failed"))


@given(st.binary(max_size=200))
def test_bytes_of_no_kind_are_refused(data: bytes) -> None:
    for given_bytes in (data, data_of("passed")[:20] + data):
        with pytest.raises(DocumentError):
            Pack.parse(given_bytes)


@given(member=st.sampled_from(sorted(GOOD)), value=VALUES)
def test_a_member_of_any_other_kind_is_refused_or_read_back_the_same(member: str, value: object) -> None:
    data = cbor2.dumps({**GOOD, member: value}, canonical=True)
    try:
        pack = Pack.parse(data)
    except DocumentError:
        return
    assert pack.to_bytes() == data


@given(st.data())
def test_a_value_anywhere_inside_is_refused_or_read_back_the_same(data: st.DataObject) -> None:
    member = data.draw(st.sampled_from(["entries", "receipt", "keys"]))
    whole = cbor2.loads(cbor2.dumps(GOOD[member]))
    place = whole
    while True:
        at = data.draw(st.integers(0, len(place) - 1))
        if not isinstance(place[at], list) or not place[at] or data.draw(st.booleans()):
            break
        place = place[at]
    place[at] = data.draw(VALUES)
    encoded = cbor2.dumps({**GOOD, member: whole}, canonical=True)
    try:
        pack = Pack.parse(encoded)
    except DocumentError:
        return
    assert pack.to_bytes() == encoded


def test_a_pack_shows_nothing_personal_in_its_repr() -> None:
    pack = Pack.parse(data_of("failed"))
    assert "이다른" not in repr(pack)
    assert pack.receipt is not None
    assert pack.receipt.salt.hex() not in repr(pack)
    assert looks_like(pack.to_bytes())
    assert not looks_like(replace(pack, document="{}").to_bytes()[1:])
