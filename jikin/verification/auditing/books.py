"""The office's books: the file by which an institution shows an auditor that nothing happened without two persons.

It holds what was approved, by whom and for which epoch, every encrypted note, and how much was given out. It holds
nothing personal: officers are numbers with public keys, notes are hashes and ciphertexts, certificates are counts.

    {"v": 1, "chain", "registry", "issuer", "site": {"rpId", "origin"},
     "officers": [{"officer", "multikey"?, "passkeys": [{"credentialId", "publicKey"}]}],
     "tasks": [{"uid", "list", "changes", "notesHash", "alone", "approvals": [{"officer", "part", "kind", "expires",
                "signature", "credentialId"?, "authenticatorData"?, "clientData"?}]}],
     "epochs": [{"list", "epoch", "tasks": [uid …], "notes": [{"index", "epoch", "keyHash", "ciphertext"}]}],
     "lists": [{"list", "reserved", "unused"}],
     "batches": [{"root", "leaves", "released"}], "numbers", "copies", "records"}

Digests are 0x and 64 digits, other bytes base64url with the header u.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jikin.codec import multibase
from jikin.errors import CodecError, StatusError, ValueRefusedError
from jikin.status.notes import SealedNote
from jikin.values import Address, ChainId, Did, Digest, Json, JsonObject, ListId

VERSION = 1
_U64 = 1 << 64


@dataclass(frozen=True, slots=True)
class Site:
    """Where officers sign: the relying party and origin that their passkeys are bound to."""

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class OfficerKeys:
    """An officer by number: the Multikey of the key file, and passkeys (credential id → COSE key)."""

    officer: int
    multikey: str | None
    passkeys: Mapping[bytes, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedPart:
    """One officer's signature under a task; *part* is "request" or "approve", *kind* "ed25519" or "webauthn"."""

    officer: int
    part: str
    kind: str
    expires: int
    signature: bytes = field(repr=False)
    credential_id: bytes | None = field(default=None, repr=False)
    authenticator_data: bytes | None = field(default=None, repr=False)
    client_data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ApprovedTask:
    """A change as it was approved; *alone*: the emergency brake, which one person may pull."""

    uid: bytes
    list_id: ListId
    changes: bytes
    notes_hash: Digest
    alone: bool
    approvals: tuple[SignedPart, ...]


@dataclass(frozen=True, slots=True)
class BookedEpoch:
    """Which tasks an epoch was made of (none: a heartbeat), and the notes it brought."""

    list_id: ListId
    epoch: int
    tasks: tuple[bytes, ...]
    notes: tuple[SealedNote, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BookedList:
    """How many entries of a list were given out, and how many of them no anchored certificate has (not, or not yet)."""

    list_id: ListId
    reserved: int
    unused: int


@dataclass(frozen=True, slots=True)
class BookedBatch:
    """How many leaves under an anchored root are certificates; the rest is filling. *released*: they are published."""

    root: Digest
    leaves: int
    released: bool


@dataclass(frozen=True, slots=True)
class Books:
    """The whole file. *numbers* given out for ever, *copies* that share one, *records* of numbers published."""

    chain: ChainId
    registry: Address
    issuer: Did
    site: Site
    officers: tuple[OfficerKeys, ...]
    tasks: tuple[ApprovedTask, ...]
    epochs: tuple[BookedEpoch, ...]
    lists: tuple[BookedList, ...]
    batches: tuple[BookedBatch, ...]
    numbers: int
    copies: int
    records: int

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "v": VERSION,
            "chain": str(self.chain),
            "registry": str(self.registry),
            "issuer": str(self.issuer),
            "site": {"rpId": self.site.rp_id, "origin": self.site.origin},
            "officers": [_officer_json(one) for one in self.officers],
            "tasks": [_task_json(one) for one in self.tasks],
            "epochs": [_epoch_json(one) for one in self.epochs],
            "lists": [
                {"list": one.list_id.hex(), "reserved": one.reserved, "unused": one.unused} for one in self.lists
            ],
            "batches": [
                {"root": one.root.hex(), "leaves": one.leaves, "released": one.released} for one in self.batches
            ],
            "numbers": self.numbers,
            "copies": self.copies,
            "records": self.records,
        }

    @classmethod
    def parse(cls, value: Json) -> Books:
        """Read the JSON form; raises StatusError (``status.books``) naming the member that cannot be right."""
        try:
            whole = _object(value, "the file")
            if whole.get("v") != VERSION:
                raise _refuse(f"books of version {VERSION} are read here, not {whole.get('v')!r}")
            site = _object(whole.get("site"), "site")
            return cls(
                chain=ChainId.parse(_text(whole, "chain")),
                registry=Address.parse(_text(whole, "registry")),
                issuer=Did(_text(whole, "issuer")),
                site=Site(_text(site, "rpId"), _text(site, "origin")),
                officers=tuple(_officer(one) for one in _list(whole, "officers")),
                tasks=tuple(_task(one) for one in _list(whole, "tasks")),
                epochs=tuple(_epoch(one) for one in _list(whole, "epochs")),
                lists=tuple(_booked_list(one) for one in _list(whole, "lists")),
                batches=tuple(_batch(one) for one in _list(whole, "batches")),
                numbers=_number(whole, "numbers"),
                copies=_number(whole, "copies"),
                records=_number(whole, "records"),
            )
        except (CodecError, ValueRefusedError) as error:
            raise _refuse(str(error)) from error


# ---------------------------------------------------------------------------------------------------------- writing


def _officer_json(one: OfficerKeys) -> JsonObject:
    passkeys: Json = [{"credentialId": _u(id_), "publicKey": _u(key)} for id_, key in one.passkeys.items()]
    named: JsonObject = {} if one.multikey is None else {"multikey": one.multikey}
    return {"officer": one.officer, **named, "passkeys": passkeys}


def _task_json(one: ApprovedTask) -> JsonObject:
    return {
        "uid": _u(one.uid),
        "list": one.list_id.hex(),
        "changes": _u(one.changes),
        "notesHash": one.notes_hash.hex(),
        "alone": one.alone,
        "approvals": [_signed_json(part) for part in one.approvals],
    }


def _signed_json(one: SignedPart) -> JsonObject:
    assertion = {
        "credentialId": one.credential_id,
        "authenticatorData": one.authenticator_data,
        "clientData": one.client_data,
    }
    return {
        "officer": one.officer,
        "part": one.part,
        "kind": one.kind,
        "expires": one.expires,
        "signature": _u(one.signature),
        **{name: _u(data) for name, data in assertion.items() if data is not None},
    }


def _epoch_json(one: BookedEpoch) -> JsonObject:
    notes: Json = [
        {
            "index": note.index,
            "epoch": note.epoch,
            "keyHash": note.key_hash.hex(),
            "ciphertext": _u(note.ciphertext),
        }
        for note in one.notes
    ]
    return {
        "list": one.list_id.hex(),
        "epoch": one.epoch,
        "tasks": [_u(uid) for uid in one.tasks],
        "notes": notes,
    }


def _u(data: bytes) -> str:
    return multibase.encode(data, "u")


# ---------------------------------------------------------------------------------------------------------- reading


def _officer(value: Json) -> OfficerKeys:
    entry = _object(value, "an officer")
    passkeys = (_object(one, "a passkey") for one in _list(entry, "passkeys"))
    multikey = _text(entry, "multikey") if "multikey" in entry else None
    keys = {_bytes(one, "credentialId"): _bytes(one, "publicKey") for one in passkeys}
    return OfficerKeys(_number(entry, "officer"), multikey, keys)


def _task(value: Json) -> ApprovedTask:
    entry = _object(value, "a task")
    return ApprovedTask(
        uid=_bytes(entry, "uid"),
        list_id=ListId.from_hex(_text(entry, "list")),
        changes=_bytes(entry, "changes"),
        notes_hash=Digest.from_hex(_text(entry, "notesHash")),
        alone=_flag(entry, "alone"),
        approvals=tuple(_signed(one) for one in _list(entry, "approvals")),
    )


def _signed(value: Json) -> SignedPart:
    entry = _object(value, "an approval")

    def perhaps(name: str) -> bytes | None:
        return _bytes(entry, name) if name in entry else None

    return SignedPart(
        officer=_number(entry, "officer"),
        part=_text(entry, "part"),
        kind=_text(entry, "kind"),
        expires=_number(entry, "expires"),
        signature=_bytes(entry, "signature"),
        credential_id=perhaps("credentialId"),
        authenticator_data=perhaps("authenticatorData"),
        client_data=perhaps("clientData"),
    )


def _epoch(value: Json) -> BookedEpoch:
    entry = _object(value, "an epoch")
    uids = tuple(multibase.decode(uid) for uid in _list(entry, "tasks") if isinstance(uid, str))
    notes = tuple(_note(_object(one, "a note")) for one in _list(entry, "notes"))
    return BookedEpoch(ListId.from_hex(_text(entry, "list")), _number(entry, "epoch"), uids, notes)


def _note(entry: JsonObject) -> SealedNote:
    return SealedNote(
        index=_number(entry, "index"),
        epoch=_number(entry, "epoch"),
        key_hash=Digest.from_hex(_text(entry, "keyHash")),
        ciphertext=_bytes(entry, "ciphertext"),
    )


def _booked_list(value: Json) -> BookedList:
    entry = _object(value, "a list")
    return BookedList(ListId.from_hex(_text(entry, "list")), _number(entry, "reserved"), _number(entry, "unused"))


def _batch(value: Json) -> BookedBatch:
    entry = _object(value, "a batch")
    return BookedBatch(Digest.from_hex(_text(entry, "root")), _number(entry, "leaves"), _flag(entry, "released"))


def _refuse(message: str) -> StatusError:
    return StatusError(f"the books cannot be read: {message}", code="status.books")


def _object(value: Json, what: str) -> JsonObject:
    if not isinstance(value, Mapping):
        raise _refuse(f"{what} is an object")
    return value


def _list(entry: JsonObject, name: str) -> Sequence[Json]:
    value = entry.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _refuse(f"{name} is a list")
    return value


def _text(entry: JsonObject, name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str):
        raise _refuse(f"{name} is a text")
    return value


def _number(entry: JsonObject, name: str) -> int:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _U64:
        raise _refuse(f"{name} is a whole number")
    return value


def _flag(entry: JsonObject, name: str) -> bool:
    value = entry.get(name)
    if not isinstance(value, bool):
        raise _refuse(f"{name} is true or false")
    return value


def _bytes(entry: JsonObject, name: str) -> bytes:
    text = _text(entry, name)
    if not text.startswith("u"):
        raise _refuse(f"{name} is base64url text with the header u")
    return multibase.decode(text)
