"""Keys with a signer on another host, asked over HTTP (docs/spec/remote-signer.md).

The signer is handed what is to be signed and what for, never a bare digest: it can refuse what it would not sign. Both
prove that they know one token, and every signature is verified here before it is handed on.
"""

from __future__ import annotations

import base64
import json
import os
import re
import ssl
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from jikin.codec import multikey, strict_json
from jikin.errors import CodecError, ProofError, SettingsError, SignerUnavailableError, ValueRefusedError
from jikin.proofs.signers.checked import SIGNING, account_signature, checked
from jikin.proofs.signers.remote_protocol import HEADER, MIN_TOKEN, NONCE_BYTES, Purpose, Question, check_answer
from jikin.values import Address, Json, JsonObject, PublicKey, keccak256

_MAX_ANSWER = 16 * 1024
_LOCAL = frozenset({"localhost", "127.0.0.1"})
_PATH = re.compile(r"/(?:[A-Za-z0-9._~-]+/)*[A-Za-z0-9._~-]+")
_REFUSED = frozenset({401, 403, 404})


class _Line:
    """A connection that is opened when it is first needed, kept, and closed with whoever had it."""

    def __init__(self) -> None:
        self._made: httpx.Client | None = None

    def client(self, tls: ssl.SSLContext | None, timeout_seconds: float) -> httpx.Client:
        if self._made is None:
            # No proxy of the environment: the way to a key is the configured one.
            self._made = httpx.Client(verify=tls or True, timeout=timeout_seconds, trust_env=False)
            weakref.finalize(self, self._made.close)
        return self._made


@dataclass(frozen=True, slots=True)
class Door:
    """The way to one key: *url* names it, *token* gives the common token, *clock* the Unix second.

    *tls* replaces the system's trusted authorities; *timeout_seconds* bounds every question.
    """

    url: str
    token: Callable[[], str] = field(repr=False)
    clock: Callable[[], int] = field(repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    timeout_seconds: float = 10.0
    _line: _Line = field(default_factory=_Line, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse with SettingsError (``signer.reference``) an address that is none, or none to send secrets to."""
        parts = urlsplit(self.url)
        local = parts.scheme == "http" and parts.hostname in _LOCAL
        fits = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username or parts.password)
        if not fits or not _PATH.fullmatch(parts.path) or not (local or parts.scheme == "https"):
            raise SettingsError(
                "a reference to a remote key cannot be read",
                code="signer.reference",
                hint="right would be https://HOST/keys/NAME; http only on this machine",
            )

    def public(self) -> JsonObject:
        """Return what the signer says of the key; raises SignerUnavailableError."""
        return self._ask("GET", b"")

    def sign(self, purpose: Purpose, message: bytes) -> bytes:
        """Return the signature over *message* for *purpose*; raises SignerUnavailableError, ``signer.refused``."""
        asked: JsonObject = {"purpose": purpose.value, "message": _encode(message)}
        answer = self._ask("POST", json.dumps(asked, separators=(",", ":")).encode("ascii"))
        return _decode(answer.get("signature"))

    def _ask(self, method: str, body: bytes) -> JsonObject:
        token = self.token()
        if len(token) < MIN_TOKEN:
            raise SettingsError(f"the signer's token has fewer than {MIN_TOKEN} characters", code="signer.token-short")
        question = Question(method, urlsplit(self.url).path, os.urandom(NONCE_BYTES), self.clock(), body)
        headers = {HEADER: question.header(token), "Content-Type": "application/json", "Accept": "application/json"}
        status, stated, answer = self._exchange(method, headers, body)
        try:
            check_answer(stated, token, nonce=question.nonce, status=status, body=answer)
        except ProofError as error:
            # Also a signer that does not know *us* cannot prove who it is: nothing that it says is believed.
            raise SignerUnavailableError(
                f"what answers at {self._host} is not the signer, or knows another token (HTTP {status})",
                code="signer.token",
                hint="compare the tokens of both sides, and their clocks",
            ) from error
        document = _object(answer)
        if status == httpx.codes.OK:
            return document
        detail = document.get("detail")
        raise SignerUnavailableError(
            f"the signer at {self._host} answers {status}: {str(detail)[:200]}",
            code="signer.refused" if status in _REFUSED else "signer.unreachable",
        )

    def _exchange(self, method: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str, bytes]:
        try:
            client = self._line.client(self.tls, self.timeout_seconds)
            with client.stream(method, self.url, headers=dict(headers), content=body) as response:
                answer = b""
                for part in response.iter_bytes():
                    answer += part
                    if len(answer) > _MAX_ANSWER:
                        raise SignerUnavailableError(
                            f"the signer at {self._host} answers more than {_MAX_ANSWER} bytes"
                        )
                return response.status_code, response.headers.get(HEADER, ""), answer
        except httpx.HTTPError as error:
            raise SignerUnavailableError(
                f"the signer at {self._host} does not answer: {type(error).__name__}"
            ) from error

    @property
    def _host(self) -> str:
        return urlsplit(self.url).netloc


@dataclass(frozen=True, slots=True)
class RemoteSigner:
    """A Signer whose Ed25519 or P-256 key a remote signer has."""

    door: Door
    public_key: PublicKey

    @classmethod
    def open(cls, door: Door) -> RemoteSigner:
        """Return the signer behind *door*.

        Raises SignerUnavailableError, SettingsError (``signer.kind``) for a key that signs no certificates.
        """
        try:
            public = multikey.decode(str(door.public().get("publicKeyMultibase")))
        except CodecError as error:
            raise SettingsError(f"the remote key at {door.url} is no Multikey", code="signer.kind") from error
        if public.type not in SIGNING:
            raise SettingsError(
                f"a {public.type.value} key signs no certificates here; right would be Ed25519 or P-256",
                code="signer.kind",
            )
        return cls(door, public)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over *message*; raises SignerUnavailableError."""
        return checked(self.public_key, message, self.door.sign(Purpose.ASSERTION, message), self.door.url)


@dataclass(frozen=True, slots=True)
class RemoteAccount:
    """An AccountSigner whose key a remote signer has."""

    door: Door
    address: Address

    @classmethod
    def open(cls, door: Door) -> RemoteAccount:
        """Return the account behind *door*; raises as ``RemoteSigner.open``."""
        try:
            return cls(door, Address.parse(str(door.public().get("address"))))
        except ValueRefusedError as error:
            raise SettingsError(f"the remote key at {door.url} is no account", code="signer.kind") from error

    def sign_keccak(self, message: bytes) -> bytes:
        """Return r ‖ s ‖ v over keccak-256 of *message*; the signer sees the message and may refuse it."""
        # EIP-191: what begins so is never a transaction.
        purpose = Purpose.TYPED_DATA if message.startswith(b"\x19") else Purpose.TRANSACTION
        return account_signature(self.address, keccak256(message), self.door.sign(purpose, message), self.door.url)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(value: Json) -> bytes:
    try:
        text = value if isinstance(value, str) else ""
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise SignerUnavailableError("the signer's signature is no base64url") from error


def _object(body: bytes) -> JsonObject:
    try:
        document = strict_json.parse(body, max_bytes=_MAX_ANSWER)
    except CodecError as error:
        raise SignerUnavailableError("the signer's answer is no JSON") from error
    if not isinstance(document, Mapping):
        raise SignerUnavailableError("the signer's answer is no JSON object")
    return document
