"""Signatures that came from elsewhere, looked at before they are handed on.

A token that is broken, another key under the same name, or a signer that lies is noticed here and not by a holder.
"""

from __future__ import annotations

from jikin.codec.accounts import ORDER
from jikin.errors import SignerUnavailableError
from jikin.proofs import ed25519, ethereum_account, p256
from jikin.values import Address, KeyType, PublicKey

SIGNING = (KeyType.ED25519, KeyType.P256)
_FIRST_V = 27


def checked(public: PublicKey, message: bytes, signature: bytes, named: str) -> bytes:
    """Return *signature* if it is over *message* by *public* (Ed25519 or P-256).

    Raises SignerUnavailableError (``signer.wrong-signature``) that calls the key *named*.
    """
    verify = ed25519.verify if public.type is KeyType.ED25519 else p256.verify
    if not verify(public, message, signature):
        raise _wrong(named)
    return signature


def account_signature(account: Address, digest: bytes, signature: bytes, named: str) -> bytes:
    """Return r ‖ s ‖ v by *account* over *digest* made of *signature*: r ‖ s, perhaps with v.

    Tokens know neither the lower half (EIP-2) nor v: −s fits as well as s, and of the two v one leads back to the
    account. Raises SignerUnavailableError (``signer.wrong-signature``).
    """
    if len(signature) not in (64, 65):
        raise _wrong(named)
    s = int.from_bytes(signature[32:64], "big")
    lower = signature[:32] + min(s, abs(ORDER - s)).to_bytes(32, "big")
    public = PublicKey(KeyType.ETHEREUM_ACCOUNT, account.raw)
    for v in (_FIRST_V, _FIRST_V + 1):
        if ethereum_account.verify(public, digest, lower + bytes([v])):
            return lower + bytes([v])
    raise _wrong(named)


def _wrong(named: str) -> SignerUnavailableError:
    return SignerUnavailableError(f"the signature is not by the key {named}", code="signer.wrong-signature")
