"""Disclosures of an SD-JWT, and the two directions between claims and what stands for them (RFC 9901, 4.2 and 7.1).

A claim that the holder may leave out is replaced by the digest of its disclosure; whoever gets the disclosure puts the
claim back. A digest that stands twice, a disclosure that nothing refers to, a name that is already there: each would
let somebody show a document that the issuer did not make, and each is refused.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from jikin.codec import multibase, strict_json
from jikin.errors import EnvelopeError, JsonError, MultibaseError
from jikin.proofs.envelopes.jws import write
from jikin.values import Json, JsonObject

Path: TypeAlias = "tuple[str | int | None, ...]"
"""Where a claim stands: names and places from the top down; None stands for every element of an array."""

HASHES: Mapping[str, str] = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
"""The values of ``_sd_alg`` that are known, and what hashlib calls them."""

DEFAULT_HASH = "sha-256"
MAX_DISCLOSURES = 2048
_SD, _ELEMENT, _SD_ALG = "_sd", "...", "_sd_alg"
_RESERVED = frozenset({_SD, _ELEMENT})
_SALT_BYTES = 16  # RFC 9901, section 9.3
_MAX_DEPTH = 64
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A claim (*name* and *value*), or an element of an array (*name* is None), with its salt; *text* is base64url."""

    text: str = field(repr=False)
    name: str | None
    value: Json = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Disclosure:
        """Return the disclosure that *text* is; raises EnvelopeError (``envelope.disclosure``)."""
        try:
            value = strict_json.parse(multibase.decode_base64url(text), max_bytes=_MAX_BYTES, max_depth=_MAX_DEPTH)
        except (MultibaseError, JsonError) as error:
            raise _refused(f"a disclosure cannot be read: {error}") from error
        if not isinstance(value, list) or len(value) not in (2, 3) or not isinstance(value[0], str):
            raise _refused("a disclosure is an array of salt, name and value, or of salt and value")
        name = value[1] if len(value) == 3 else None
        if len(value) == 3 and not isinstance(name, str):
            raise _refused("the name in a disclosure is a text")
        if name in _RESERVED:
            raise _refused(f"a disclosure cannot be called {name!r}", "reserved")
        return cls(text, name, value[-1])

    @classmethod
    def make(cls, name: str | None, value: Json, salt: str) -> Disclosure:
        """Return the disclosure of *value* with *salt*, which nobody may be able to guess."""
        members = [salt, value] if name is None else [salt, name, value]
        return cls(multibase.encode_base64url(write(members)), name, value)

    def digest(self, hash_name: str = DEFAULT_HASH) -> str:
        """Return what stands for it: the hash of its text, in base64url; *hash_name* is one of HASHES."""
        return digest(self.text, hash_name)


def digest(text: str, hash_name: str) -> str:
    """Return the hash of the ASCII *text* in base64url; *hash_name* is one of HASHES."""
    return multibase.encode_base64url(hashlib.new(HASHES[hash_name], text.encode("ascii")).digest())


def hash_of(payload: JsonObject) -> str:
    """Return the ``_sd_alg`` of *payload*, sha-256 where it states none; raises EnvelopeError for an unknown one."""
    name = payload.get(_SD_ALG, DEFAULT_HASH)
    if not isinstance(name, str):
        raise _refused("_sd_alg is a text", "algorithm")
    if name not in HASHES:
        raise EnvelopeError(
            f"_sd_alg is {name[:40]!r}; known are {', '.join(HASHES)}",
            code="envelope.unsupported",
        )
    return name


@dataclass(frozen=True, slots=True)
class Processed:
    """An SD-JWT put together: *claims* as disclosed, and where each disclosure (by its place) put its claim."""

    claims: JsonObject = field(repr=False)
    paths: tuple[Path, ...]


def process(payload: JsonObject, disclosures: Sequence[Disclosure]) -> Processed:
    """Return the claims of *payload* with *disclosures* in their places (RFC 9901, section 7.1, step 3 to 5).

    Raises EnvelopeError, ``envelope.disclosure`` and below it ``.twice``, ``.unreferenced``, ``.clash``, ``.reserved``,
    ``.algorithm``, ``.depth``; ``envelope.too-long`` for more than 2,048 of them.
    """
    opening = _Opening(disclosures, hash_of(payload))
    claims = opening.object({name: value for name, value in payload.items() if name != _SD_ALG}, ())
    if len(opening.paths) != len(disclosures):
        raise _refused("a disclosure is not referred to by what the issuer signed", "unreferenced")
    return Processed(claims, tuple(opening.paths[place] for place in range(len(disclosures))))


class _Opening:
    """One run of step 3: every digest is met once, every disclosure placed once."""

    def __init__(self, disclosures: Sequence[Disclosure], hash_name: str) -> None:
        if len(disclosures) > MAX_DISCLOSURES:
            raise EnvelopeError(f"an SD-JWT of more than {MAX_DISCLOSURES} disclosures", code="envelope.too-long")
        self.paths: dict[int, Path] = {}
        self._disclosures = disclosures
        self._by_digest = {one.digest(hash_name): place for place, one in enumerate(disclosures)}
        if len(self._by_digest) != len(disclosures):
            raise _refused("a disclosure is sent twice", "twice")
        self._met: set[str] = set()

    def object(self, value: Mapping[str, Json], path: Path) -> dict[str, Json]:
        self._check_depth(path)
        if _ELEMENT in value:
            raise _refused(f"{_ELEMENT!r} stands for an element of an array, alone in its object", "reserved")
        result = {name: self._value(inner, (*path, name)) for name, inner in value.items() if name != _SD}
        for disclosure, place in self._concealed(value):
            name = disclosure.name
            if name is None:
                raise _refused("_sd refers to a disclosure without name")
            if name in result or (not path and name == _SD_ALG):
                raise _refused(f"the claim {name[:80]!r} of a disclosure is there already", "clash")
            self.paths[place] = (*path, name)
            result[name] = self._value(disclosure.value, (*path, name))
        return result

    def _concealed(self, value: Mapping[str, Json]) -> list[tuple[Disclosure, int]]:
        if _SD not in value:
            return []
        digests = value[_SD]
        if not isinstance(digests, list):
            raise _refused("_sd is a list of digests")
        return [found for one in digests if (found := self._meet(one)) is not None]

    def _value(self, value: Json, path: Path) -> Json:
        if isinstance(value, Mapping):
            return self.object(value, path)
        if not isinstance(value, list):
            return value
        self._check_depth(path)
        result: list[Json] = []
        for inner in value:
            here = (*path, len(result))
            if not isinstance(inner, Mapping) or set(inner) != {_ELEMENT}:
                result.append(self._value(inner, here))
                continue
            found = self._meet(inner[_ELEMENT])
            if found is None:
                continue
            disclosure, place = found
            if disclosure.name is not None:
                raise _refused("an element of an array refers to a disclosure with a name")
            self.paths[place] = here
            result.append(self._value(disclosure.value, here))
        return result

    def _meet(self, value: Json) -> tuple[Disclosure, int] | None:
        if not isinstance(value, str):
            raise _refused("a digest is a text")
        if value in self._met:
            raise _refused("a digest stands twice in what the issuer signed", "twice")
        self._met.add(value)
        place = self._by_digest.get(value)
        return None if place is None else (self._disclosures[place], place)

    @staticmethod
    def _check_depth(path: Path) -> None:
        if len(path) >= _MAX_DEPTH:
            raise _refused(f"claims nested deeper than {_MAX_DEPTH} are not read", "depth")


def fresh_salt() -> str:
    """Return 128 random bits from the system, in base64url."""
    return multibase.encode_base64url(secrets.token_bytes(_SALT_BYTES))


def conceal(
    claims: JsonObject,
    disclosable: Collection[Path],
    *,
    decoys: int = 0,
    hash_name: str = DEFAULT_HASH,
    salt: Callable[[], str] = fresh_salt,
) -> tuple[dict[str, Json], tuple[Disclosure, ...]]:
    """Return the payload in which digests stand for the claims at the paths *disclosable*, and their disclosures.

    A path inside another makes both disclosable, one within the other. *decoys* are digests of nothing, added wherever
    a digest stands, so that their number says less; at most 256. Raises EnvelopeError: ``envelope.path`` for a path
    that leads nowhere, ``envelope.disclosure.reserved`` for a claim whose name SD-JWT keeps for itself.
    """
    if not 0 <= decoys <= 256 or hash_name not in HASHES:
        raise EnvelopeError(f"decoys are 0 to 256, the hash is one of {', '.join(HASHES)}", code="envelope.path")
    hiding = _Hiding(frozenset(disclosable), decoys, hash_name, salt)
    payload = hiding.object(claims, frozenset({()}), 0)
    if missed := hiding.disclosable - hiding.met:
        raise EnvelopeError(f"there is no claim at {shown(min(missed, key=shown))}", code="envelope.path")
    if hiding.disclosures or decoys:
        payload[_SD_ALG] = hash_name
    return payload, tuple(hiding.disclosures)


class _Hiding:
    """One run of concealing. Each claim is met with the ways to name it (by places, or None for every element)."""

    def __init__(self, disclosable: frozenset[Path], decoys: int, hash_name: str, salt: Callable[[], str]) -> None:
        self.disclosable = disclosable
        self.met: set[Path] = set()
        self.disclosures: list[Disclosure] = []
        self._beginnings = {path[:length] for path in disclosable for length in range(len(path) + 1)}
        self._decoys = decoys
        self._hash = hash_name
        self._salt = salt

    def object(self, value: Mapping[str, Json], paths: frozenset[Path], depth: int) -> dict[str, Json]:
        self._check_depth(depth)
        result: dict[str, Json] = {}
        digests: list[str] = []
        for name, inner in value.items():
            if name in _RESERVED or (name == _SD_ALG and depth == 0):
                raise _refused(f"a claim cannot be called {name!r} in an SD-JWT", "reserved")
            here = self._below(paths, name)
            kept = self._value(inner, here, depth + 1)
            if self._chosen(here):
                digests.append(self._disclose(name, kept))
            else:
                result[name] = kept
        if digests:
            # sorted: their order must not tell where the claims stood
            result[_SD] = sorted(digests + self._decoy_digests())
        return result

    def _value(self, value: Json, paths: frozenset[Path], depth: int) -> Json:
        if isinstance(value, Mapping):
            return self.object(value, paths, depth)
        if isinstance(value, str) or not isinstance(value, Sequence):
            return value
        self._check_depth(depth)
        result: list[Json] = []
        concealed = False
        for place, inner in enumerate(value):
            here = self._below(paths, place, None)
            kept = self._value(inner, here, depth + 1)
            if self._chosen(here):
                concealed = True
                kept = {_ELEMENT: self._disclose(None, kept)}
            result.append(kept)
        if concealed:
            for decoy in self._decoy_digests():
                result.insert(secrets.randbelow(len(result) + 1), {_ELEMENT: decoy})
        return result

    def _below(self, paths: frozenset[Path], *steps: str | int | None) -> frozenset[Path]:
        return frozenset((*path, step) for path in paths for step in steps if (*path, step) in self._beginnings)

    def _chosen(self, here: frozenset[Path]) -> bool:
        chosen = self.disclosable & here
        self.met |= chosen
        return bool(chosen)

    def _disclose(self, name: str | None, value: Json) -> str:
        disclosure = Disclosure.make(name, value, self._salt())
        self.disclosures.append(disclosure)
        return disclosure.digest(self._hash)

    def _decoy_digests(self) -> list[str]:
        return [digest(self._salt(), self._hash) for _ in range(self._decoys)]

    @staticmethod
    def _check_depth(depth: int) -> None:
        if depth >= _MAX_DEPTH:
            raise _refused(f"claims nested deeper than {_MAX_DEPTH} are not made disclosable", "depth")


def leads_to(claims: Json, path: Path) -> bool:
    """Say whether there is a claim at *path*."""
    if not path:
        return True
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        return isinstance(claims, Mapping) and step in claims and leads_to(claims[step], rest)
    if isinstance(claims, str) or not isinstance(claims, Sequence):
        return False
    if step is None:
        return any(leads_to(one, rest) for one in claims)
    return 0 <= step < len(claims) and leads_to(claims[step], rest)


def is_within(path: Path, of: Path) -> bool:
    """Say whether the claim at *path* is the one at *of* or stands inside it; in *of* None is every element."""
    return len(path) >= len(of) and _matches(path[: len(of)], of)


def leads_towards(path: Path, of: Path) -> bool:
    """Say whether the claim at *path* stands around the one at *of*."""
    return len(path) < len(of) and _matches(path, of[: len(path)])


def shown(path: Path) -> str:
    """Return *path* for a message, as JSON."""
    return write(list(path)).decode("utf-8")


def _matches(path: Path, pattern: Path) -> bool:
    return all(one == step or (step is None and isinstance(one, int)) for one, step in zip(path, pattern, strict=True))


def _refused(message: str, code: str = "") -> EnvelopeError:
    return EnvelopeError(message, code=f"envelope.disclosure.{code}" if code else "envelope.disclosure")
