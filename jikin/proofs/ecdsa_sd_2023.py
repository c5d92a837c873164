"""ecdsa-sd-2023: the holder shows a part of a document (W3C Data Integrity ECDSA Cryptosuites 1.0, section 3.6).

The issuer signs what is mandatory as a whole, and every other N-Quad by itself with a key made for this one proof. The
issuer's signature covers that key, so whoever is shown some of the statements knows that they belong together.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jikin.codec import jsonld
from jikin.codec.contexts import Contexts
from jikin.errors import ProofError
from jikin.proofs import ecdsa_sd_value as values
from jikin.proofs import p256, selection
from jikin.proofs.data_integrity import check, members
from jikin.proofs.ecdsa_sd_value import HMAC_KEY_BYTES, BaseValue, DerivedValue
from jikin.proofs.p256 import P256Signer
from jikin.proofs.securing import split
from jikin.proofs.suite import DATA_INTEGRITY, ProofOptions
from jikin.proofs.transformation import Rdf
from jikin.values import Form, JsonObject, KeyType, PublicKey, SignedStatement, Signer, sha256

_MANDATORY, _SHOWN = "mandatory", "shown"


@dataclass(frozen=True, slots=True)
class EcdsaSdStatement(SignedStatement):
    """What a proof of ecdsa-sd-2023 states. *signed*: proof hash ‖ one-time public key ‖ mandatory hash (99 bytes).

    *base* tells the issuer's proof, which is for the holder alone, from a derived one. *messages* are the N-Quads that
    are not mandatory, *signatures* theirs by *one_time_key*. *fits* is False where the proof speaks of other blank
    nodes, indexes or numbers of statements than the document has: one of them was changed.
    """

    base: bool
    fits: bool
    one_time_key: PublicKey
    messages: tuple[bytes, ...] = field(repr=False)
    signatures: tuple[bytes, ...] = field(repr=False)


def _new_hmac_key() -> bytes:
    return secrets.token_bytes(HMAC_KEY_BYTES)


class EcdsaSd2023:
    """Selective disclosure with P-256 keys. Whoever is shown two parts can tell that they are of one document."""

    name = "ecdsa-sd-2023"
    proof_type = DATA_INTEGRITY
    key_types = frozenset({KeyType.P256})
    defines_terms = True

    def __init__(
        self,
        contexts: Contexts,
        *,
        new_hmac_key: Callable[[], bytes] = _new_hmac_key,
        new_one_time_key: Callable[[], P256Signer] = P256Signer.generate,
    ) -> None:
        """Take the *contexts* that documents may name; the makers of keys are arguments for published vectors alone."""
        self._contexts = contexts
        self._rdf = Rdf(contexts)
        self._new_hmac_key = new_hmac_key
        self._new_one_time_key = new_one_time_key

    def create_proof(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> JsonObject:
        """Return the base proof for *unsecured*; raises as ``sign`` does."""
        return self.sign(unsecured, options, signer)[0]

    def sign(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> tuple[JsonObject, EcdsaSdStatement]:
        """Return the base proof for *unsecured*, signed by *signer*, and what it states.

        ``options.mandatory_pointers`` are what the holder always shows. Raises CanonicalizationError, ProofError for a
        signer of the wrong kind, ``proof.selection`` for a pointer that leads nowhere, ``proof.context`` for a document
        with contexts inside.
        """
        if signer.public_key.type is not KeyType.P256:
            raise ProofError(f"{self.name} signs with P-256 keys, got one of kind {signer.public_key.type.value}")
        if options.previous_proof:
            raise ProofError(f"{self.name} shows a part of a document, and cannot sign the proofs before it along")
        selection.check_one_context(unsecured)
        configuration = self._rdf.new_configuration(unsecured, members(self.name, options))
        hmac_key, pointers = self._new_hmac_key(), options.mandatory_pointers
        mandatory = self._grouped(unsecured, hmac_key, {_MANDATORY: pointers}).groups[_MANDATORY]
        messages = _messages(mandatory.non_matching)
        public_key, signatures = self._sign_once(messages)
        signed = self._signed(configuration, public_key, mandatory.matching.values())
        signature = signer.sign(signed)
        if len(signature) != p256.SIGNATURE_BYTES:
            raise ProofError(f"the signer returned {len(signature)} bytes instead of {p256.SIGNATURE_BYTES}")
        value = BaseValue(signature, public_key, hmac_key, signatures, pointers)
        proof = {**self._rdf.published(configuration), "proofValue": value.to_text()}
        return proof, self._statement(signed, value, messages, fits=True)

    def statement(self, unsecured: JsonObject, proof: JsonObject) -> EcdsaSdStatement:
        """Return what *proof*, base or derived, states of *unsecured* (section 3.5.9); no signature is judged.

        Raises CanonicalizationError, ProofError for a malformed proof or one for another ``@context``.
        """
        check(proof, self.name)
        value = values.read(proof)
        options = {name: member for name, member in proof.items() if name != "proofValue"}
        document, configuration = self._rdf.configurations(unsecured, options)
        if isinstance(value, BaseValue):
            return self._base_statement(document, configuration, value)
        return self._derived_statement(document, configuration, value)

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the base signature of *statement* is by *key*, and all others by the key that it covers."""
        if not isinstance(statement, EcdsaSdStatement) or statement.form is not Form.ECDSA_SD:
            return False
        if statement.algorithm != self.name or not statement.fits:
            return False
        if len(statement.messages) != len(statement.signatures):
            return False
        signed = zip(statement.messages, statement.signatures, strict=True)
        return p256.verify(key, statement.signed, statement.signature) and p256.verify_all(
            statement.one_time_key, signed
        )

    def derive(self, document: JsonObject, pointers: Sequence[str], options: Mapping[str, bytes]) -> JsonObject:
        """Return what *document* shows by *pointers* and by the issuer's mandatory ones, with a derived proof (3.6.6).

        Other proofs of *document* are left out: they hold of the whole. Raises ProofError: ``proof.base`` where there
        is not exactly one base proof of this suite, ``proof.selection`` for a pointer that leads nowhere or for nothing
        to show, ``proof.option`` for *options*, of which there are none; CanonicalizationError.
        """
        if options:
            raise ProofError(f"{self.name} takes no option {min(options)[:80]!r}", code="proof.option")
        unsecured, proof, value = self._base_proof(document)
        combined = (*value.mandatory_pointers, *pointers)
        if not combined:
            raise ProofError("nothing is selected, and nothing is mandatory", code="proof.selection")
        whole = self._grouped(unsecured, value.hmac_key, {_MANDATORY: value.mandatory_pointers, _SHOWN: combined})
        mandatory, shown = whole.groups[_MANDATORY], whole.groups[_SHOWN]
        if len(value.signatures) != len(mandatory.non_matching):
            found = f"{len(value.signatures)} signatures for {len(mandatory.non_matching)} statements"
            raise ProofError(f"the base proof has {found}", code="proof.base")
        signature_of = dict(zip(mandatory.non_matching, value.signatures, strict=True))
        derived = DerivedValue(
            base_signature=value.base_signature,
            public_key=value.public_key,
            signatures=tuple(signature_of[index] for index in shown.matching if index in signature_of),
            label_map=whole.label_map(_SHOWN),
            mandatory_indexes=tuple(place for place, index in enumerate(shown.matching) if index in mandatory.matching),
        )
        return {**(shown.document or {}), "proof": {**self._rdf.published(proof), "proofValue": derived.to_text()}}

    def _base_proof(self, document: JsonObject) -> tuple[JsonObject, JsonObject, BaseValue]:
        """Return *document* without its proofs, its one base proof, and what that holds."""
        unsecured, proofs = split(document)
        own = [proof for proof in proofs if proof.get("cryptosuite") == self.name]
        if len(own) != 1:
            raise ProofError(
                f"the document has {len(own)} proofs of {self.name}; right would be one", code="proof.base"
            )
        (proof,) = own
        check(proof, self.name)
        value = values.read(proof)
        if not isinstance(value, BaseValue):
            raise ProofError("the proof is a derived one; only the issuer's own shows more or less", code="proof.base")
        if "previousProof" in proof:
            raise ProofError("the proof signs another along, which a part would not show", code="proof.base")
        self._rdf.configurations(unsecured, proof)  # refuses a proof for another @context
        return unsecured, proof, value

    def _base_statement(self, document: JsonObject, configuration: JsonObject, value: BaseValue) -> EcdsaSdStatement:
        groups = {_MANDATORY: value.mandatory_pointers}
        try:
            mandatory = self._grouped(document, value.hmac_key, groups).groups[_MANDATORY]
        except ProofError:  # what is mandatory is not there, so this is not the document that was signed
            return self._statement(self._signed(configuration, value.public_key, ()), value, (), fits=False)
        signed = self._signed(configuration, value.public_key, mandatory.matching.values())
        return self._statement(signed, value, _messages(mandatory.non_matching), fits=True)

    def _derived_statement(
        self, document: JsonObject, configuration: JsonObject, value: DerivedValue
    ) -> EcdsaSdStatement:
        quads = jsonld.to_quads(document, self._contexts)
        shown = selection.relabel(quads, selection.given_labels(value.label_map))
        indexes = frozenset(value.mandatory_indexes)
        mandatory = [nquad for index, nquad in enumerate(shown.nquads) if index in indexes]
        others = {index: nquad for index, nquad in enumerate(shown.nquads) if index not in indexes}
        fits = len(shown.labels) == len(value.label_map) and len(mandatory) == len(indexes)
        signed = self._signed(configuration, value.public_key, mandatory)
        return self._statement(signed, value, _messages(others), fits=fits)

    def _grouped(self, document: JsonObject, hmac_key: bytes, groups: Mapping[str, Sequence[str]]) -> selection.Grouped:
        labels = selection.hmac_labels(hmac_key)
        return selection.canonicalize_and_group(document, self._contexts, labels, groups)

    def _sign_once(self, messages: Sequence[bytes]) -> tuple[PublicKey, tuple[bytes, ...]]:
        """Return a fresh public key and its signatures. Its private half ends here.

        Whoever had it could add statements of his own to every part that is shown.
        """
        if len(messages) > values.MAX_SIGNATURES:
            raise ProofError(f"at most {values.MAX_SIGNATURES} statements are signed one by one, got {len(messages)}")
        key = self._new_one_time_key()
        return key.public_key, tuple(key.sign(message) for message in messages)

    def _signed(self, configuration: JsonObject, public_key: PublicKey, mandatory: Iterable[str]) -> bytes:
        """Return what the base signature is over (sections 3.4.17 and 3.5.1)."""
        proof_hash = sha256(self._rdf.canonical(configuration, "sha256"))
        return proof_hash + values.multikey(public_key) + sha256("".join(mandatory).encode("utf-8"))

    def _statement(
        self, signed: bytes, value: values.Value, messages: tuple[bytes, ...], *, fits: bool
    ) -> EcdsaSdStatement:
        return EcdsaSdStatement(
            form=Form.ECDSA_SD,
            algorithm=self.name,
            signed=signed,
            signature=value.base_signature,
            base=isinstance(value, BaseValue),
            fits=fits and len(messages) == len(value.signatures),
            one_time_key=value.public_key,
            messages=messages,
            signatures=value.signatures,
        )


def _messages(nquads: Mapping[int, str]) -> tuple[bytes, ...]:
    return tuple(nquad.encode("utf-8") for nquad in nquads.values())
