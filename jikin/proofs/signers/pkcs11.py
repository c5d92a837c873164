"""Keys in a hardware token, through its PKCS#11 library: Ed25519 and P-256 to sign, secp256k1 as an Ethereum account.

The private half never leaves the token. A token hashes nothing here: P-256 is handed the SHA-256 of the message, an
account the keccak-256, Ed25519 the message itself. What comes back is verified before it is handed on: a token that is
broken, or another key under the same label, is noticed here and not by a holder.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from jikin.errors import SettingsError, SignerUnavailableError, ValueRefusedError
from jikin.proofs import ethereum_account
from jikin.proofs.signers.checked import SIGNING, account_signature, checked
from jikin.proofs.signers.pkcs11_uri import Pkcs11Uri
from jikin.values import Address, KeyType, PublicKey, keccak256, sha256

if TYPE_CHECKING:
    from pkcs11 import Session, Token

T = TypeVar("T")
Pin = Callable[[], str]

# EC_PARAMS in DER: the curve's object identifier, and for Ed25519 the name that older tokens write.
_CURVES: dict[bytes, KeyType] = {
    bytes.fromhex("06032b6570"): KeyType.ED25519,
    bytes.fromhex("130c656477617264733235353139"): KeyType.ED25519,
    bytes.fromhex("06082a8648ce3d030107"): KeyType.P256,
    bytes.fromhex("06052b8104000a"): KeyType.SECP256K1,
}
_OCTET_STRING = 0x04
_UNCOMPRESSED = 0x04
_ED25519_BYTES = 32
_POINT_BYTES = 65  # uncompressed


class _Token:
    """A token with one session, logged in when it is first needed and anew when the token lost it.

    A PIN that was refused is not tried again: after a few tries a token locks itself for good.
    """

    def __init__(self, module: Path, uri: Pkcs11Uri, pin: Pin, lock: threading.Lock) -> None:
        self._module = module
        self._uri = uri
        self._pin = pin
        self._lock = lock  # a session does one thing at a time, and opening the library anew ends all of its sessions
        self._session: Session | None = None
        self._refused: SettingsError | None = None
        self._keys: dict[tuple[str | None, bytes | None], tuple[Any, PublicKey]] = {}

    def public(self, label: str | None, id: bytes | None) -> PublicKey:
        """Return the public half of a key."""
        return self._tried(lambda: self._key(label, id)[1])

    def sign(self, label: str | None, id: bytes | None, data: bytes) -> bytes:
        """Return the raw signature of a key over *data*, r ‖ s on curves."""
        from pkcs11 import Mechanism

        def once() -> bytes:
            private, public = self._key(label, id)
            mechanism = Mechanism.EDDSA if public.type is KeyType.ED25519 else Mechanism.ECDSA
            return bytes(private.sign(data, mechanism=mechanism))

        return self._tried(once)

    def _tried(self, ask: Callable[[], T]) -> T:
        """Return what *ask* returns; a session that broke is opened anew once."""
        with self._lock:
            try:
                return self._asked(ask)
            except SignerUnavailableError:
                return self._asked(ask)

    def _asked(self, ask: Callable[[], T]) -> T:
        """Return what *ask* returns; after an error the session is forgotten, after a wrong PIN nothing is asked."""
        from pkcs11 import exceptions

        if self._refused is not None:
            raise self._refused
        try:
            return ask()
        except (exceptions.PinIncorrect, exceptions.PinLocked, exceptions.PinInvalid) as error:
            self._refused = SettingsError(
                f"the token {self._named} refuses the PIN",
                code="signer.pin",
                hint="it is not tried again before a restart: a token locks itself after a few wrong ones",
            )
            raise self._refused from error
        except (exceptions.PKCS11Error, RuntimeError) as error:
            self._forget()
            raise SignerUnavailableError(f"the token {self._named} does not answer: {type(error).__name__}") from error

    @property
    def _named(self) -> str:
        return repr(self._uri.token or self._uri.serial)

    def close(self) -> None:
        """End the session; the next question logs in anew."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        from pkcs11 import exceptions

        session, self._session = self._session, None
        self._keys.clear()
        if session is not None:
            with contextlib.suppress(exceptions.PKCS11Error, RuntimeError):
                session.close()

    def _opened(self) -> Session:
        from pkcs11 import exceptions

        if self._session is None:
            token = self._token()
            try:
                self._session = token.open(user_pin=self._pin())
            except exceptions.UserAlreadyLoggedIn:  # the login is the process's, and another session has it
                self._session = token.open()
        return self._session

    def _token(self) -> Token:
        import pkcs11
        from pkcs11 import exceptions

        if not self._module.is_file():
            raise SettingsError(
                f"the token's library {self._module} is not there",
                code="signer.module",
                hint="set pkcs11_module, or module-path in the reference",
            )
        wanted: dict[str, Any] = {"token_label": self._uri.token}
        if self._uri.serial is not None:
            wanted = {"token_serial": self._uri.serial.encode("utf-8")}
        library = pkcs11.lib(str(self._module))
        try:
            return library.get_token(**wanted)
        except exceptions.NoSuchToken:
            library.reinitialize()  # a token that was plugged in later is seen after that alone
            return library.get_token(**wanted)

    def _key(self, label: str | None, id: bytes | None) -> tuple[Any, PublicKey]:
        known = self._keys.get((label, id))
        if known is None:
            known = self._keys[label, id] = self._found(label, id)
        return known

    def generate(self, kind: KeyType, label: str, id: bytes | None) -> None:
        """Make a key pair that never leaves the token; raises SettingsError (``signer.exists``)."""
        self._tried(lambda: self._generate(kind, label, id))

    def _generate(self, kind: KeyType, label: str, id: bytes | None) -> None:
        from pkcs11 import Attribute, Mechanism
        from pkcs11 import KeyType as TokenKey

        self._forget()
        with self._token().open(user_pin=self._pin(), rw=True) as session:
            if list(session.get_objects({Attribute.LABEL: label})):
                raise SettingsError(f"the token {self._named} has a key called {label!r} already", code="signer.exists")
            curve = next(params for params, named in _CURVES.items() if named is kind)
            edwards = kind is KeyType.ED25519
            parameters = session.create_domain_parameters(
                TokenKey.EC_EDWARDS if edwards else TokenKey.EC, {Attribute.EC_PARAMS: curve}, local=True
            )
            parameters.generate_keypair(
                mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN if edwards else Mechanism.EC_KEY_PAIR_GEN,
                store=True,
                label=label,
                id=id,
                private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
            )

    def _found(self, label: str | None, id: bytes | None) -> tuple[Any, PublicKey]:
        from pkcs11 import Attribute, ObjectClass

        session, named = self._opened(), label or (id or b"").hex()
        wanted: dict[Attribute, object] = {}
        if label is not None:
            wanted[Attribute.LABEL] = label
        if id is not None:
            wanted[Attribute.ID] = id
        private = list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, **wanted}))
        public = list(session.get_objects({Attribute.CLASS: ObjectClass.PUBLIC_KEY, **wanted}))
        if len(private) != 1 or len(public) != 1:
            found = f"{len(private)} private and {len(public)} public keys"
            raise SettingsError(
                f"the token {self._named} has {found} called {named!r}; right would be one pair", code="signer.no-key"
            )
        kind = _CURVES.get(bytes(public[0][Attribute.EC_PARAMS]))
        if kind is None:
            raise SettingsError(
                f"the key {named!r} lies on another curve than Ed25519, P-256 or secp256k1", code="signer.kind"
            )
        return private[0], PublicKey(kind, _point(kind, bytes(public[0][Attribute.EC_POINT])))


_tokens: dict[tuple[Path, str | None, str | None], _Token] = {}
_locks: dict[Path, threading.Lock] = {}
_tokens_lock = threading.Lock()


def _token(uri: Pkcs11Uri, module: Path | None, pin: Pin) -> _Token:
    """Return the token of *uri*: one for all its keys, as its login counts for the whole process."""
    library = uri.module or module
    if library is None:
        raise SettingsError(
            "no library of the token is named",
            code="signer.module",
            hint="set pkcs11_module, or module-path in the reference",
        )
    with _tokens_lock:
        place = (library, uri.token, uri.serial)
        if place not in _tokens:
            _tokens[place] = _Token(library, uri, pin, _locks.setdefault(library, threading.Lock()))
        return _tokens[place]


def generate(uri: Pkcs11Uri, kind: KeyType, *, module: Path | None = None, pin: Pin) -> None:
    """Make the key that *uri* refers to, inside the token: Ed25519, P-256 or secp256k1; it cannot be taken out.

    Raises SettingsError (``signer.exists``, ``signer.kind``, ``signer.reference`` without a label), and as ``open``.
    """
    if kind not in _CURVES.values():
        raise SettingsError(
            f"a token makes no {kind.value} keys here; right would be Ed25519, P-256 or secp256k1", code="signer.kind"
        )
    if uri.object is None:
        raise SettingsError("a new key needs a label: object=LABEL", code="signer.reference")
    _token(uri, module, pin).generate(kind, uri.object, uri.id)


def forget_tokens() -> None:
    """Close every session: the next use of a key logs in anew, with the PIN as it is then."""
    with _tokens_lock:
        for token in _tokens.values():
            token.close()
        _tokens.clear()


@dataclass(frozen=True, slots=True)
class TokenSigner:
    """A Signer whose Ed25519 or P-256 key is in a token."""

    uri: Pkcs11Uri
    public_key: PublicKey
    _token: _Token = field(repr=False)

    @classmethod
    def open(cls, uri: Pkcs11Uri, *, module: Path | None = None, pin: Pin) -> TokenSigner:
        """Return the signer of the key that *uri* refers to; *pin* is asked once, where the token wants it.

        Raises SettingsError (``signer.module``, ``signer.pin``, ``signer.no-key``, ``signer.kind``),
        SignerUnavailableError.
        """
        token = _token(uri, module, pin)
        public = token.public(uri.object, uri.id)
        if public.type not in SIGNING:
            raise SettingsError(
                f"a {public.type.value} key signs no certificates here; right would be Ed25519 or P-256",
                code="signer.kind",
            )
        return cls(uri, public, token)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over *message*; raises SignerUnavailableError."""
        ed = self.public_key.type is KeyType.ED25519
        signature = self._token.sign(self.uri.object, self.uri.id, message if ed else sha256(message))
        return checked(self.public_key, message, signature, _named(self.uri))


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """An AccountSigner whose secp256k1 key is in a token."""

    uri: Pkcs11Uri
    address: Address
    _token: _Token = field(repr=False)

    @classmethod
    def open(cls, uri: Pkcs11Uri, *, module: Path | None = None, pin: Pin) -> TokenAccount:
        """Return the account of the key that *uri* refers to; raises as ``TokenSigner.open``."""
        token = _token(uri, module, pin)
        public = token.public(uri.object, uri.id)
        if public.type is not KeyType.SECP256K1:
            raise SettingsError(
                f"a {public.type.value} key is no account on the chain; right would be secp256k1", code="signer.kind"
            )
        return cls(uri, Address(ethereum_account.address_of(public.raw)), token)

    def sign_keccak(self, message: bytes) -> bytes:
        """Return r ‖ s ‖ v over keccak-256 of *message*, s in the lower half; raises SignerUnavailableError."""
        digest = keccak256(message)
        raw = self._token.sign(self.uri.object, self.uri.id, digest)
        return account_signature(self.address, digest, raw, _named(self.uri))


def _named(uri: Pkcs11Uri) -> str:
    return repr(uri.object or (uri.id or b"").hex())


def _point(kind: KeyType, raw: bytes) -> bytes:
    """Return an EC_POINT as Multikey carries it. Tokens write it bare, or as an OCTET STRING (PKCS#11 v3, 6.3.3)."""
    length = _ED25519_BYTES if kind is KeyType.ED25519 else _POINT_BYTES
    if len(raw) == length + 2 and raw[0] == _OCTET_STRING and raw[1] == length:
        raw = raw[2:]
    if len(raw) != length or (kind is not KeyType.ED25519 and raw[0] != _UNCOMPRESSED):
        raise ValueRefusedError(f"the token shows a {kind.value} key of {len(raw)} bytes; right would be {length}")
    if kind is KeyType.ED25519:
        return raw
    return bytes([2 + (raw[-1] & 1)]) + raw[1:33]
