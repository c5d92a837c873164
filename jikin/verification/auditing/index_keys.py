"""The file in which an institution opens its index permutations to an auditor: a secret until then (SECURITY 2.5).

    {"v": 1, "keys": [{"list": 0x and 64 digits, "log2Entries": 17 … 22, "key": base64url with the header u}]}

Whoever has it can tell in which order the entries of a list were given out, so it goes to the auditor and nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jikin.codec import multibase
from jikin.errors import CodecError, StatusError, ValueRefusedError
from jikin.status.index import IndexPermutation
from jikin.values import Json, JsonObject, ListId

VERSION = 1


def index_keys_json(permutations: Mapping[ListId, IndexPermutation]) -> JsonObject:
    """Return the JSON form."""
    keys: list[Json] = [
        {
            "list": list_id.hex(),
            "log2Entries": permutation.log2_entries,
            "key": multibase.encode(permutation.key, "u"),
        }
        for list_id, permutation in permutations.items()
    ]
    return {"v": VERSION, "keys": keys}


def parse_index_keys(value: Json) -> Mapping[ListId, IndexPermutation]:
    """Read the JSON form; raises StatusError (``status.index-key``). No message quotes a key."""
    keys = value.get("keys") if isinstance(value, Mapping) and value.get("v") == VERSION else None
    if isinstance(keys, str) or not isinstance(keys, Sequence):
        raise _refuse(f"it is of version {VERSION} and has a list of keys")
    return dict(_key(entry) for entry in keys)


def _key(entry: Json) -> tuple[ListId, IndexPermutation]:
    members = entry if isinstance(entry, Mapping) else {}
    list_id, log2_entries, key = (members.get(name) for name in ("list", "log2Entries", "key"))
    if not isinstance(list_id, str) or not isinstance(key, str) or not isinstance(log2_entries, int):
        raise _refuse("each key has list, log2Entries and key")
    try:
        return ListId.from_hex(list_id), IndexPermutation(multibase.decode(key), log2_entries)
    except (CodecError, ValueRefusedError) as error:
        raise _refuse(type(error).__name__) from None


def _refuse(message: str) -> StatusError:
    return StatusError(f"not a file of index keys: {message}", code="status.index-key")
