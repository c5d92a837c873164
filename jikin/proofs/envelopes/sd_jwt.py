"""SD-JWT: a JWT whose holder chooses what is shown, and the holder's signature under it (RFC 9901).

The issuer's JWT, the disclosures and perhaps a key-binding JWT, joined by tildes. The JSON serialisations are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from jikin.errors import EnvelopeError
from jikin.proofs.envelope import KeyBinding
from jikin.proofs.envelopes import disclosures as sd
from jikin.proofs.envelopes import jws
from jikin.proofs.envelopes.disclosures import Disclosure, Path
from jikin.proofs.envelopes.jws import Jws
from jikin.values import Json, JsonObject, Signer

KEY_BINDING_TYPE = "kb+jwt"
_MAX_CHARACTERS = 1 << 20
_MAX_TEXT = 2048
_MAX_INSTANT = 253_402_300_800  # the year 10000


@dataclass(frozen=True, slots=True)
class SdJwt:
    """An SD-JWT taken apart and put together; no signature has been looked at.

    *claims* are the issuer's with the disclosures in their places, *paths* say where each disclosure put its claim.
    *presented* is the text up to the last tilde: what a key binding signs. *binding* is the key-binding JWT, if any.
    """

    jwt: Jws
    disclosures: tuple[Disclosure, ...] = field(repr=False)
    paths: tuple[Path, ...] = field(repr=False)
    claims: JsonObject = field(repr=False)
    hash_name: str
    presented: str = field(repr=False)
    binding: str | None = field(repr=False)

    @property
    def key_binding(self) -> KeyBinding | None:
        """Return what the key-binding JWT says (RFC 9901, 4.3), None where none came.

        Raises EnvelopeError: ``envelope.key-binding`` for claims that cannot be right, else as ``jws.read``.
        """
        return None if self.binding is None else _key_binding(self.binding, self.presented, self.hash_name)


def read(data: str | bytes, what: str = "the SD-JWT") -> SdJwt:
    """Return the SD-JWT *data* (at most 1 MiB) taken apart, its claims put together (RFC 9901, section 7.1).

    Raises EnvelopeError: as ``jws.read`` for the issuer's JWT, as ``disclosures.process`` for the disclosures.
    """
    if len(data) > _MAX_CHARACTERS:
        raise EnvelopeError(f"{what} has more than {_MAX_CHARACTERS} characters", code="envelope.too-long")
    try:
        text = data if isinstance(data, str) else data.decode("ascii")
    except UnicodeDecodeError as error:
        raise EnvelopeError(f"{what} is no ASCII text") from error
    first, *parts = text.split("~")
    if not parts:
        raise EnvelopeError(f"{what} has a tilde behind the issuer's JWT and each disclosure")
    if len(parts) > sd.MAX_DISCLOSURES + 1:
        raise EnvelopeError(f"{what} has more than {sd.MAX_DISCLOSURES} disclosures", code="envelope.too-long")
    token = jws.read(first, f"the issuer's JWT of {what}")
    payload = token.claims()
    disclosures = tuple(Disclosure.parse(part) for part in parts[:-1])
    processed = sd.process(payload, disclosures)
    return SdJwt(
        jwt=token,
        disclosures=disclosures,
        paths=processed.paths,
        claims=processed.claims,
        hash_name=sd.hash_of(payload),
        presented=text[: len(text) - len(parts[-1])],
        binding=parts[-1] or None,
    )


def issue(
    claims: JsonObject,
    disclosable: Collection[Path],
    signer: Signer,
    header: JsonObject,
    *,
    decoys: int = 0,
    hash_name: str = sd.DEFAULT_HASH,
    salt: Callable[[], str] = sd.fresh_salt,
) -> str:
    """Return the SD-JWT of *claims* by *signer* with all its disclosures, for the holder.

    The claims at the paths *disclosable* can be left out later; *decoys* are digests of nothing. *header* holds ``typ``
    and what names the key. *salt* gives a fresh salt of at least 128 bits each time. Raises EnvelopeError as
    ``disclosures.conceal`` and ``jws.sign``.
    """
    payload, disclosures = sd.conceal(claims, disclosable, decoys=decoys, hash_name=hash_name, salt=salt)
    return _joined(jws.sign(jws.write(payload), signer, header), disclosures)


def present(issued: str, shown: Collection[Path]) -> str:
    """Return what of the SD-JWT *issued* shows the claims at the paths *shown* and, of what can be left out, no more.

    A claim is shown whole, and with it what stands around it. Raises EnvelopeError: ``envelope.path`` for a path that
    leads nowhere, ``envelope.key-binding`` for an SD-JWT that is bound already, else as ``read``.
    """
    whole = read(issued)
    if whole.binding is not None:
        raise EnvelopeError("this SD-JWT was presented already: it ends in a key binding", code="envelope.key-binding")
    for path in shown:
        if not sd.leads_to(whole.claims, path):
            raise EnvelopeError(f"there is no claim at {sd.shown(path)}", code="envelope.path")
    chosen = tuple(
        disclosure
        for disclosure, at in zip(whole.disclosures, whole.paths, strict=True)
        if any(sd.is_within(at, path) or sd.leads_towards(at, path) for path in shown)
    )
    return _joined(issued.split("~", 1)[0], chosen)


def bind(presented: str, signer: Signer, *, audience: str, nonce: str, now: int) -> str:
    """Return the SD-JWT *presented* with the holder's signature by *signer* under it (RFC 9901, section 4.3).

    *audience* is whom it is shown to, *nonce* theirs, *now* a Unix second. Raises EnvelopeError as ``read``, and
    ``envelope.key-binding`` where one is under it already.
    """
    read_first = read(presented)
    if read_first.binding is not None:
        raise EnvelopeError("this SD-JWT has a key binding already", code="envelope.key-binding")
    claims: dict[str, Json] = {
        "iat": now,
        "aud": audience,
        "nonce": nonce,
        "sd_hash": sd.digest(presented, read_first.hash_name),
    }
    return presented + jws.sign(jws.write(claims), signer, {"typ": KEY_BINDING_TYPE})


def _joined(token: str, disclosures: Sequence[Disclosure]) -> str:
    return "~".join([token, *(one.text for one in disclosures), ""])


def _key_binding(binding: str, presented: str, hash_name: str) -> KeyBinding:
    token = jws.read(binding, "the key-binding JWT")
    token.check_type(KEY_BINDING_TYPE)
    claims = token.claims()
    audience, nonce, hashed = (_text(claims, name) for name in ("aud", "nonce", "sd_hash"))
    issued_at = claims.get("iat")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float) or not 0 <= issued_at < _MAX_INSTANT:
        raise _unbound(f"iat of the key-binding JWT is a Unix second, got {str(issued_at)[:40]!r}")
    return KeyBinding(
        statement=token.statement,
        audience=audience,
        nonce=nonce,
        issued_at=int(issued_at),
        hash_fits=hashed == sd.digest(presented, hash_name),
    )


def _text(claims: JsonObject, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise _unbound(f"{name} of the key-binding JWT is a text of 1 to {_MAX_TEXT} characters")
    return value


def _unbound(message: str) -> EnvelopeError:
    return EnvelopeError(message, code="envelope.key-binding")
