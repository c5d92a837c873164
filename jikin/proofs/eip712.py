"""EthereumEip712Signature2021: credentials signed by an Ethereum account (W3C CCG, "Ethereum EIP712 Signature 2021").

What is signed is the document itself, with the proof's options in it as ``proof``, as EIP-712 typed data: a wallet can
show its owner what is being signed. The types, the domain and the primary type travel in the proof, as ``eip712``
(``types``), in older proofs as ``eip712Domain`` (``messageSchema``); a proof without them was made with generated types
and the default domain. Contexts are not read, so a document's terms are not covered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from jikin.errors import ProofError
from jikin.proofs import ethereum_account, type_generation, typed_data
from jikin.proofs.data_integrity import check, members
from jikin.proofs.suite import ProofOptions
from jikin.proofs.typed_data import TypedData
from jikin.values import Form, Json, JsonObject, KeyType, PublicKey, SignedStatement, Signer

NAME = "EthereumEip712Signature2021"
CONTEXT = "https://w3id.org/security/suites/eip712sig-2021/v1"
_PRIMARY_TYPE = "Document"
_DEFAULT_DOMAIN: JsonObject = {"name": NAME}
# Where the typed data's parts stand, and what the types are called there.
_PARTS = {"eip712": "types", "eip712Domain": "messageSchema"}
_VALUE = re.compile(r"0x([0-9a-f]{130})")


class EthereumEip712Signature2021:
    """The one way for an account without a Data Integrity key to issue; anchored as form 4 (digest, r ‖ s ‖ v)."""

    name = NAME
    proof_type = NAME
    key_types = frozenset({KeyType.ETHEREUM_ACCOUNT, KeyType.SECP256K1})
    defines_terms = False

    def __init__(self, domain: JsonObject = _DEFAULT_DOMAIN) -> None:
        """Take the EIP-712 *domain* of new proofs; existing proofs bring their own."""
        self._domain = domain

    def create_proof(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> JsonObject:
        """Return the proof object for *unsecured*, signed by the account *signer*.

        Raises ProofError: ``proof.eip712…`` for a document that has no EIP-712 types, ``proof.malformed`` for a signer
        of the wrong kind.
        """
        return self.sign(unsecured, options, signer)[0]

    def sign(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> tuple[JsonObject, SignedStatement]:
        """Return the proof object for *unsecured* and what it states; raises as ``create_proof`` does."""
        if signer.public_key.type is not KeyType.ETHEREUM_ACCOUNT:
            raise ProofError(f"{NAME} is signed by an account, got a key of kind {signer.public_key.type.value}")
        if options.mandatory_pointers:
            raise ProofError(f"{NAME} shows a document whole: it knows no mandatory pointers")
        stated = members(NAME, options, proof_type=NAME)
        typed = _generated(_message(unsecured, stated), self._domain)
        digest = typed.digest()
        signature = signer.sign(digest)
        if not ethereum_account.is_canonical(signature):
            raise ProofError("the signer returned no signature r ‖ s ‖ v of 65 bytes with a low s")
        parts: JsonObject = {
            "types": typed_data.types_json(typed.types, typed.domain),
            "domain": typed.domain,
            "primaryType": typed.primary_type,
        }
        proof = {**stated, "eip712": parts, "proofValue": f"0x{signature.hex()}"}
        return proof, SignedStatement(Form.EIP712, NAME, digest, signature)

    def statement(self, unsecured: JsonObject, proof: JsonObject) -> SignedStatement:
        """Return the digest that *proof* signs (32 bytes) and its signature (65 bytes), which is not judged.

        Raises ProofError: ``proof.malformed``; ``proof.eip712…`` for typed data that does not cover the document.
        """
        check(proof, NAME, proof_type=NAME)
        value = proof.get("proofValue")
        digits = _VALUE.fullmatch(value) if isinstance(value, str) else None
        signature = bytes.fromhex(digits[1]) if digits else b""
        if not ethereum_account.is_canonical(signature):
            raise ProofError("proofValue is 0x and 130 hexadecimal digits in lower case: r, a low s, and v (1b or 1c)")
        if "canonicalizationHash" in proof:
            raise ProofError("a canonicalizationHash is not read, so nothing could vouch for it")
        options = {name: member for name, member in proof.items() if name not in ("proofValue", *_PARTS)}
        message = _message(unsecured, options)
        places = [name for name in _PARTS if name in proof]
        if len(places) > 1:
            raise ProofError(f"the proof has both {' and '.join(places)}", code="proof.eip712.types")
        typed = _stated(message, proof[places[0]], _PARTS[places[0]]) if places else _generated(message)
        return SignedStatement(Form.EIP712, NAME, typed.digest(), signature)

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*: an account, or a secp256k1 key."""
        if statement.form is not Form.EIP712 or statement.algorithm != NAME:
            return False
        return ethereum_account.verify(key, statement.signed, statement.signature)


def _message(unsecured: JsonObject, options: JsonObject) -> JsonObject:
    """Return what is signed: the document with the proof's *options* as its ``proof``."""
    if "proof" in unsecured:
        raise ProofError(
            f"{NAME} signs no earlier proofs along: its own options stand in their place", code="proof.chain"
        )
    return {**unsecured, "proof": options}


def _generated(message: JsonObject, domain: JsonObject = _DEFAULT_DOMAIN) -> TypedData:
    types = type_generation.generate(message, _PRIMARY_TYPE)
    # Read back, so that nothing is signed that a reader would refuse.
    return typed_data.read(typed_data.types_json(types, domain), domain, _PRIMARY_TYPE, message)


def _stated(message: JsonObject, parts: Json, types: str) -> TypedData:
    """Return the typed data of which the proof states *parts*: its *types*, domain and primaryType, nothing else."""
    wanted = {types, "domain", "primaryType"}
    if not isinstance(parts, Mapping) or set(parts) != wanted:
        right = ", ".join(sorted(wanted))
        raise ProofError(f"typed data is stated in a proof by {right}", code="proof.eip712.types")
    return typed_data.read(parts[types], parts["domain"], parts["primaryType"], message)
