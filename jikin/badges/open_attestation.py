"""OpenCerts and OpenAttestation documents of versions 2 and 3 imported: are the values the ones that were hashed?

Every value carries a salt of its own, and is hashed by itself with keccak-256; the sorted hashes together give the
target hash, from which a path of sorted pairs leads to the root. What a holder has hidden is there as its hash. A
document signed by an account (did:ethr) is checked against that account; whether the root was issued or revoked stands
in a contract, and whose account it is stands in a DNS record: neither is asked here, and both are told.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence

from jikin.badges.foreign import Kind, recognise, refusal
from jikin.badges.imported import Code, Imported, Looked, loose_instant, time_looked
from jikin.codec import jcs, strict_json
from jikin.credentials.structure import items
from jikin.errors import BadgeError, CodecError
from jikin.proofs import ethereum_account
from jikin.values import Json, JsonObject, KeyType, PublicKey, keccak256

_MAX_VALUES = 20_000
_MAX_STEPS = 64
_MAX_SALTS = 4 << 20  # characters of the salts of version 3, in base64
_HASH = re.compile(r"(?:0x)?([0-9a-f]{64})")
_SALTED = re.compile(r"[0-9a-fA-F-]{36}:(string|number|boolean|null|undefined):(.*)", re.DOTALL)
_STEP = re.compile(r"[^.\[\]]+")
_ETHR = re.compile(r"did:ethr:(?:0x[0-9a-fA-F]+:|[a-z]+:)?0x([0-9a-fA-F]{40})(?:#controller)?")
_SIGNATURE = re.compile(r"0x([0-9a-fA-F]{130})")
_SIGNED = b"\x19Ethereum Signed Message:\n32"


def read(document: JsonObject, now: int) -> Imported:
    """Return what holds of an OpenAttestation document at the Unix second *now*.

    Raises BadgeError: ``badge.open-attestation`` for one that cannot be read, ``badge.foreign.…`` for another kind.
    """
    kind = recognise(document)
    if kind is Kind.OPEN_ATTESTATION_2:
        return _read_2(document, now)
    if kind is Kind.OPEN_ATTESTATION_3:
        return _read_3(document, now)
    raise refusal(kind) if kind.foreign else _broken("this is no OpenAttestation document")


def _read_2(document: JsonObject, now: int) -> Imported:
    data, proof = document.get("data"), document.get("signature")
    if not isinstance(data, Mapping) or not isinstance(proof, Mapping):
        raise _broken("it has no data, or no signature")
    hashes = [_hash_of({path: value}) for path, value in _flat(data)]
    hidden = _hidden(document.get("privacy"), "obfuscatedData")
    plain = _unsalted(data)
    issuers = [one for one in items(plain.get("issuers")) if isinstance(one, Mapping)]
    issuer = issuers[0] if issuers else {}
    looked = [*_integrity(hashes + hidden, proof, "proof")]
    signatures = [one for one in items(document.get("proof")) if isinstance(one, Mapping)]
    names = [(one.get("verificationMethod"), one.get("signature")) for one in signatures]
    looked += _signed(names, proof, [one.get("id") for one in issuers])
    looked += _asked_of_others(issuer.get("identityProof"), issuer.get("revocation"), signed=bool(signatures))
    return _imported(Kind.OPEN_ATTESTATION_2, document, (plain, issuer), looked, now)


def _read_3(document: JsonObject, now: int) -> Imported:
    proof = document.get("proof")
    if not isinstance(proof, Mapping):
        raise _broken("it has no proof")
    salts = _salts(proof.get("salts"))
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    covered = {path for path, _ in salts}
    values = dict(_flat(unsecured, brackets=True))
    hashes = [_hash_of({path: f"{salt}:{_shown(_at(unsecured, path))}"}) for path, salt in salts]
    looked = [*_integrity(hashes + _hidden(proof.get("privacy"), "obfuscated"), proof, "proofs")]
    if left_out := sorted(set(values) - covered):
        # A value without a salt is in no hash: anybody could have added it.
        looked[0] = Looked(Code.HASH_UNCOVERED, f"{', '.join(left_out)[:120]} is covered by no hash")
    metadata = _object(document, "openAttestationMetadata")
    method = _object(metadata, "proof")
    signed = "signature" in proof
    if signed:
        looked += _signed([(proof.get("key"), proof.get("signature"))], proof, [method.get("value")])
    looked += _asked_of_others(metadata.get("identityProof"), method.get("revocation"), signed=signed)
    return _imported(Kind.OPEN_ATTESTATION_3, document, (unsecured, _object(document, "issuer")), looked, now)


def _imported(
    kind: Kind, document: JsonObject, said: tuple[JsonObject, JsonObject], looked: Sequence[Looked], now: int
) -> Imported:
    """Return the import; *said* is the document without salts, and its issuer."""
    plain, issuer = said
    dates = [plain.get(name) for name in ("issuedOn", "validFrom", "issuanceDate")]
    issued_at = next((instant for one in dates if (instant := loose_instant(one)) is not None), None)
    ends = [plain.get(name) for name in ("expiresOn", "validUntil", "expirationDate")]
    expires = next((instant for one in ends if (instant := loose_instant(one)) is not None), None)
    return Imported(
        kind=kind,
        id=_text(plain, "id"),
        title=_text(plain, "name") or _text(plain, "description"),
        issuer=_text(issuer, "name"),
        issuer_id=_text(issuer, "id") or _text(issuer, "documentStore") or _text(issuer, "certificateStore"),
        issued_at=issued_at,
        expires=expires,
        looked=(*looked, time_looked(issued_at, expires, now)),
        document=document,
    )


# Hashes


def _integrity(hashes: list[str], proof: JsonObject, path: str) -> Iterator[Looked]:
    """Yield whether the values give the target hash, and whether the path leads from it to the root."""
    target, root = _hash(proof.get("targetHash")), _hash(proof.get("merkleRoot"))
    if target is None:
        raise _broken("its target hash is no hash")
    made = keccak256(_json(sorted(hashes)))
    yield Looked(Code.HASH_HOLDS if made == target else Code.HASH_DIFFERS)
    steps = items(proof.get(path, ()))
    if len(steps) > _MAX_STEPS:
        raise _broken(f"its path has more than {_MAX_STEPS} steps")
    at: bytes | None = target
    for step in steps:
        neighbour = _hash(step)
        at = keccak256(b"".join(sorted((at, neighbour)))) if at is not None and neighbour is not None else None
    yield Looked(Code.PATH_HOLDS if at is not None and at == root else Code.PATH_BROKEN)


def _flat(value: Json, path: str = "", *, brackets: bool = False) -> Iterator[tuple[str, Json]]:
    """Yield path and value of every leaf: ``a.b.0`` in version 2, ``a.b[0]`` in version 3."""
    below: list[tuple[str, Json]] = [(path, value)]
    count = 0
    while below:
        at, one = below.pop()
        if isinstance(one, Mapping):
            below += [(f"{at}.{name}" if at else name, member) for name, member in one.items()]
        elif isinstance(one, Sequence) and not isinstance(one, str):
            below += [
                (f"{at}[{position}]" if brackets else f"{at}.{position}" if at else str(position), member)
                for position, member in enumerate(one)
            ]
        else:
            count += 1
            if count > _MAX_VALUES:
                raise _broken(f"it has more than {_MAX_VALUES} values")
            yield at, one


def _at(document: JsonObject, path: str) -> Json:
    """Return the value at *path*; what the salts name and the document does not have is no document of theirs."""
    value: Json = document
    for step in _STEP.findall(path):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, Sequence) and not isinstance(value, str) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise _broken(f"it has a salt for {path[:80]!r} and nothing there")
    return value


def _shown(value: Json) -> str:
    """Return *value* as JavaScript writes it into a text: numbers in their one canonical form (RFC 8785, 3.2.2.3)."""
    try:
        return value if isinstance(value, str) else jcs.canonicalize(value).decode("utf-8")
    except CodecError as error:
        raise _broken("a number in it has no form of its own") from error


def _salts(value: Json) -> list[tuple[str, str]]:
    """Return path and salt of each value of a version 3 document."""
    if not isinstance(value, str) or len(value) > _MAX_SALTS:
        raise _broken("it has no salts")
    try:
        listed = strict_json.parse(base64.b64decode(value, validate=True), max_bytes=_MAX_SALTS)
    except (binascii.Error, ValueError, CodecError) as error:
        raise _broken("its salts cannot be read") from error
    found = []
    for one in items(listed):
        path, salt = (one.get("path"), one.get("value")) if isinstance(one, Mapping) else (None, None)
        if not isinstance(path, str) or not isinstance(salt, str):
            raise _broken("its salts cannot be read")
        found.append((path, salt))
    if len(found) > _MAX_VALUES or len({path for path, _ in found}) != len(found):
        raise _broken("its salts name one place twice, or too many")
    return found


def _unsalted(data: Json) -> JsonObject:
    """Return the data of a version 2 document without salts; texts that have none stay as they are."""

    def plain(value: Json) -> Json:
        if isinstance(value, Mapping):
            return {name: plain(member) for name, member in value.items()}
        if isinstance(value, str):
            match = _SALTED.fullmatch(value)
            return match[2] if match else value
        return [plain(one) for one in value] if isinstance(value, Sequence) else value

    found = plain(data)
    return found if isinstance(found, Mapping) else {}


def _hidden(privacy: Json, member: str) -> list[str]:
    found = privacy.get(member, ()) if isinstance(privacy, Mapping) else ()
    hashes = [_hash(one) for one in items(found)]
    if len(hashes) > _MAX_VALUES or None in hashes:
        raise _broken("a hidden value is no hash")
    return [one.hex() for one in hashes if one is not None]


def _hash_of(value: JsonObject) -> str:
    return keccak256(_json(value)).hex()


def _json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _hash(value: Json) -> bytes | None:
    match = _HASH.fullmatch(value) if isinstance(value, str) else None
    return bytes.fromhex(match[1]) if match else None


# Signatures, and what others would have to say


def _signed(signatures: list[tuple[Json, Json]], proof: JsonObject, owners: list[Json]) -> Iterator[Looked]:
    """Yield whether each signature over the root is by the account it names, and whether that is the issuer's."""
    root = _hash(proof.get("merkleRoot"))
    accounts = {_account(owner) for owner in owners} - {None}
    for name, written in signatures:
        account = _account(name)
        match = _SIGNATURE.fullmatch(written) if isinstance(written, str) else None
        if account is None or match is None or root is None:
            yield Looked(Code.SIGNATURE_UNCHECKED, "it is signed in a way that is not known here")
            continue
        digest = keccak256(_SIGNED + root)
        holds = ethereum_account.verify(PublicKey(KeyType.ETHEREUM_ACCOUNT, account), digest, bytes.fromhex(match[1]))
        yield Looked(Code.SIGNATURE_HOLDS if holds else Code.SIGNATURE_BROKEN)
        yield Looked(Code.ISSUER_KEY_HOLDS if account in accounts else Code.ISSUER_KEY_FOREIGN)


def _account(value: Json) -> bytes | None:
    match = _ETHR.fullmatch(value) if isinstance(value, str) else None
    return bytes.fromhex(match[1]) if match else None


def _asked_of_others(identity: Json, revocation: Json, *, signed: bool) -> Iterator[Looked]:
    if not signed:
        yield Looked(Code.STORE_UNASKED, "whether it was issued and is not revoked stands in a contract")
        yield Looked(Code.REVOCATION_UNKNOWN)
    elif isinstance(revocation, Mapping) and revocation.get("type") == "NONE":
        yield Looked(Code.REVOCATION_UNSTATED, "its issuer keeps no record of revocations")
    else:
        yield Looked(Code.REVOCATION_UNKNOWN)
    where = identity.get("location") or identity.get("identifier") if isinstance(identity, Mapping) else None
    if isinstance(where, str):
        yield Looked(Code.DOMAIN_UNASKED, f"{where[:100]} would vouch for the issuer")


def _object(holder: JsonObject, member: str) -> JsonObject:
    found = holder.get(member)
    return found if isinstance(found, Mapping) else {}


def _text(holder: JsonObject, member: str) -> str | None:
    value = holder.get(member)
    return value if isinstance(value, str) else None


def _broken(message: str) -> BadgeError:
    return BadgeError(f"the OpenAttestation document cannot be read: {message}", code="badge.open-attestation")
