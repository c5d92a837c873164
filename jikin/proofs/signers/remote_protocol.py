"""What an office and a remote signer say to each other (docs/spec/remote-signer.md): who asks, and who answers.

Both know one token. It never travels: each side proves it by a MAC over what it says. The answer's MAC covers the
question's nonce, so nobody between them can change a message, answer in the signer's place, or use an answer again.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from jikin.errors import ProofError

HEADER = "Jikin-Signer"
NONCE_BYTES = 16
CLOCKS_APART_SECONDS = 60
MAX_MESSAGE_BYTES = 256 * 1024
MIN_TOKEN = 32  # characters
_QUESTION = re.compile(r"nonce=([0-9a-f]{32}), time=(0|[1-9][0-9]{0,11}), mac=([0-9a-f]{64})")
_ANSWER = re.compile(r"mac=([0-9a-f]{64})")


class Purpose(StrEnum):
    """What a signature is wanted for; a key signs for the purposes it was given, and for nothing else."""

    ASSERTION = "assertion"  # certificates, lists and records of an institution
    TRANSACTION = "transaction"  # a transaction of EIP-1559 to the registry
    TYPED_DATA = "typed-data"  # EIP-712 in the registry's domain


def _str(text: str) -> bytes:
    data = text.encode("utf-8")
    return len(data).to_bytes(2, "big") + data


@dataclass(frozen=True, slots=True)
class Question:
    """One request as its MAC covers it; *time* in Unix seconds, *path* as it is asked for."""

    method: str
    path: str
    nonce: bytes
    time: int
    body: bytes

    def mac(self, token: str) -> str:
        """Return HMAC-SHA-256(token, "JKS1" ‖ str(method) ‖ str(path) ‖ nonce ‖ u64 time ‖ H(body))."""
        said = b"JKS1" + _str(self.method) + _str(self.path) + self.nonce + self.time.to_bytes(8, "big")
        return _mac(token, said + hashlib.sha256(self.body).digest())

    def header(self, token: str) -> str:
        """Return the value of the header that proves it."""
        return f"nonce={self.nonce.hex()}, time={self.time}, mac={self.mac(token)}"

    @classmethod
    def read(cls, header: str, token: str, *, method: str, path: str, body: bytes) -> Self:
        """Return the question if *header* proves that its sender knows *token*; raises ProofError (``signer.token``).

        Whether its time and nonce are fresh is for the signer to say.
        """
        match = _QUESTION.fullmatch(header)
        if match is None:
            raise ProofError(f"the request has no {HEADER} header that can be read", code="signer.token")
        question = cls(method, path, bytes.fromhex(match[1]), int(match[2]), body)
        if not hmac.compare_digest(question.mac(token), match[3]):
            raise ProofError("the request is by nobody who knows the token", code="signer.token")
        return question


def answer_header(token: str, nonce: bytes, status: int, body: bytes) -> str:
    """Return the header of an answer: mac=HMAC-SHA-256(token, "JKS2" ‖ nonce ‖ u16 status ‖ H(body))."""
    return f"mac={_answer_mac(token, nonce, status, body)}"


def check_answer(header: str, token: str, *, nonce: bytes, status: int, body: bytes) -> None:
    """Raise ProofError (``signer.token``) unless *header* proves that the answer is by who knows *token*."""
    match = _ANSWER.fullmatch(header)
    if match is None or not hmac.compare_digest(_answer_mac(token, nonce, status, body), match[1]):
        raise ProofError("the answer is by nobody who knows the token", code="signer.token")


def _answer_mac(token: str, nonce: bytes, status: int, body: bytes) -> str:
    return _mac(token, b"JKS2" + nonce + status.to_bytes(2, "big") + hashlib.sha256(body).digest())


def _mac(token: str, said: bytes) -> str:
    return hmac.new(token.encode("utf-8"), said, hashlib.sha256).hexdigest()
