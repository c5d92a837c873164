"""bbs-2023: the holder shows a part of a document, and two parts cannot be told to be of one (W3C vc-di-bbs 1.0).

The issuer signs all N-Quads at once; a derived proof shows some of them and proves that there is a signature over them
and others, without showing it. A credential can be bound to a holder's secret, and shown under pseudonyms, one for each
verifier: see ``bbs_2023_holder``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jikin.codec import jsonld
from jikin.codec.contexts import Contexts
from jikin.errors import ProofError
from jikin.proofs import bbs_2023_holder as holders
from jikin.proofs import bbs_2023_value as values
from jikin.proofs import selection
from jikin.proofs.bbs import proving, signing
from jikin.proofs.bbs.interface import Api, standard
from jikin.proofs.bbs.octets import scalar
from jikin.proofs.bbs.prover import Prover, RandomScalars, random_scalars
from jikin.proofs.bbs.proving import Presented, Pseudonym
from jikin.proofs.bbs.signer import MessagesSigner
from jikin.proofs.bbs.signing import Signed
from jikin.proofs.bbs_2023_value import HMAC_KEY_BYTES, BaseValue, DerivedValue, Feature
from jikin.proofs.data_integrity import check, members
from jikin.proofs.securing import split
from jikin.proofs.suite import DATA_INTEGRITY, ProofOptions
from jikin.proofs.transformation import Rdf
from jikin.values import Form, JsonObject, KeyType, PublicKey, SignedStatement, Signer, sha256

_MANDATORY, _SHOWN = "mandatory", "shown"
_APIS = {Feature.BASELINE: Api.PLAIN, Feature.HOLDER_BINDING: Api.BLIND, Feature.PSEUDONYM: Api.PSEUDONYM}


@dataclass(frozen=True, slots=True)
class BbsOptions(ProofOptions):
    """Options of a new proof that is bound to a holder.

    *commitment* is the holder's (``bbs_2023_holder.commit``). *pseudonyms*: it has the secret of pseudonyms as well;
    *nym_entropy* is the issuer's part of that secret, kept from an earlier credential of the holder (32 bytes), None
    for a fresh one.
    """

    commitment: bytes | None = None
    pseudonyms: bool = False
    nym_entropy: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class BbsStatement(SignedStatement):
    """What a proof of bbs-2023 states. *signed* is the BBS header: proof hash ‖ mandatory hash (64 bytes).

    It enters no anchor digest (STATEMENTS 3): what identified the signature would link all that is shown of it.
    *base* tells the issuer's proof, which is for the holder alone, from a derived one; *signature* is the BBS signature
    or the BBS proof. *messages* are the N-Quads that are not mandatory. *fits* is False where the proof speaks of other
    blank nodes, indexes or hashes than the document has: one of them was changed. *nym_domain* is what the pseudonym
    was made for, None where it must be said by whoever asked for it; *prover* holds a holder's secrets, for a base
    proof that is bound to them.
    """

    base: bool
    fits: bool
    value: values.Value = field(repr=False)
    messages: tuple[bytes, ...] = field(repr=False)
    nym_domain: bytes | None = None
    prover: Prover | None = field(default=None, repr=False)

    @property
    def pseudonym(self) -> bytes | None:
        """Return the pseudonym it is shown under, 48 bytes; None without."""
        return self.value.pseudonym if isinstance(self.value, DerivedValue) else None

    @property
    def presentation_header(self) -> bytes | None:
        """Return what the holder bound a derived proof to; None for a base proof."""
        return self.value.presentation_header if isinstance(self.value, DerivedValue) else None

    def for_domain(self, nym_domain: bytes) -> BbsStatement:
        """Return the statement as made for *nym_domain*: ``verify`` then says whether its pseudonym is."""
        return replace(self, nym_domain=nym_domain)

    def opened(self, options: Mapping[str, bytes]) -> BbsStatement:
        """Return a base proof's statement with the holder's secrets in *options*, so that it can be verified.

        Raises ProofError (``proof.option``) for options that are not those of its feature, ``proof.base`` for a derived
        proof.
        """
        if not isinstance(self.value, BaseValue):
            raise ProofError("a derived proof is verified without a secret", code="proof.base")
        holders.check_options(self.value.feature, options, domain=False)
        return replace(self, prover=holders.prover_of(self.value.feature, self.value.nym_entropy, options))


def _new_hmac_key() -> bytes:
    return secrets.token_bytes(HMAC_KEY_BYTES)


class Bbs2023:
    """Selective disclosure with BBS keys (BLS12-381-SHA-256)."""

    name = "bbs-2023"
    proof_type = DATA_INTEGRITY
    key_types = frozenset({KeyType.BLS12_381_G2})
    defines_terms = True

    def __init__(
        self,
        contexts: Contexts,
        *,
        new_hmac_key: Callable[[], bytes] = _new_hmac_key,
        random: RandomScalars = random_scalars,
    ) -> None:
        """Take the *contexts* that documents may name; the sources of randomness are arguments for vectors alone."""
        self._contexts = contexts
        self._rdf = Rdf(contexts)
        self._new_hmac_key = new_hmac_key
        self._random = random

    def create_proof(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> JsonObject:
        """Return the base proof for *unsecured*; raises as ``sign`` does."""
        return self.sign(unsecured, options, signer)[0]

    def sign(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> tuple[JsonObject, BbsStatement]:
        """Return the base proof for *unsecured*, signed by *signer*, and what it states.

        ``options.mandatory_pointers`` are what the holder always shows; with BbsOptions the proof is bound to a holder.
        Raises CanonicalizationError, ProofError for a signer of the wrong kind, ``proof.selection`` for a pointer that
        leads nowhere, ``proof.context`` for a document with contexts inside, ``proof.bbs`` for a commitment that does
        not hold or more than 2,048 statements.
        """
        if signer.public_key.type not in self.key_types or not isinstance(signer, MessagesSigner):
            kind = signer.public_key.type.value
            raise ProofError(f"{self.name} wants a BBS key that signs many messages at once, got one of kind {kind}")
        if options.previous_proof:
            raise ProofError(f"{self.name} shows a part of a document, and cannot sign the proofs before it along")
        selection.check_one_context(unsecured)
        configuration = self._rdf.new_configuration(unsecured, members(self.name, options))
        hmac_key, pointers = self._new_hmac_key(), options.mandatory_pointers
        mandatory = self._grouped(unsecured, hmac_key, {_MANDATORY: pointers}).groups[_MANDATORY]
        messages = _messages(mandatory.non_matching.values())
        header = self._header(configuration, mandatory.matching.values())
        feature, nym_entropy, signature = self._signature(options, signer, header, messages)
        public = signer.public_key.raw
        value = BaseValue(feature, signature, header, public, hmac_key, pointers, nym_entropy)
        proof = {**self._rdf.published(configuration), "proofValue": value.to_text()}
        values.read(proof)  # whatever the makers of keys and signatures return, nothing else leaves the house
        return proof, self._statement(header, value, messages, fits=True)

    def statement(self, unsecured: JsonObject, proof: JsonObject) -> BbsStatement:
        """Return what *proof*, base or derived, states of *unsecured* (section 3.3.8); no signature is judged.

        Raises CanonicalizationError, ProofError for a malformed proof or one for another ``@context``.
        """
        check(proof, self.name)
        value = values.read(proof)
        document, configuration = self._rdf.configurations(unsecured, _without_value(proof))
        if isinstance(value, BaseValue):
            return self._base_statement(document, configuration, value)
        return self._derived_statement(document, configuration, value)

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*.

        A base proof that is bound to a holder verifies ``opened`` with the secrets only, a pseudonym ``for_domain``.
        """
        if not isinstance(statement, BbsStatement) or statement.form is not Form.NONE:
            return False
        if statement.algorithm != self.name or not statement.fits or key.type not in self.key_types:
            return False
        if isinstance(statement.value, BaseValue):
            return _verify_base(statement, statement.value, key.raw)
        return _verify_derived(statement, statement.value, key.raw)

    def derive(self, document: JsonObject, pointers: Sequence[str], options: Mapping[str, bytes]) -> JsonObject:
        """Return what *document* shows by *pointers* and by the issuer's mandatory ones, with a derived proof (3.4.6).

        *options* by name: ``presentation_header`` (bound to the proof, at most 4,096 bytes), and for a credential bound
        to a holder ``holder_secret``, ``prover_nym``, ``prover_blind`` and ``nym_domain`` as its feature asks. Other
        proofs of *document* are left out: they hold of the whole. Raises ProofError: ``proof.base`` where there is not
        exactly one base proof of this suite, or where it is not of this document and these secrets, ``proof.selection``
        for a pointer that leads nowhere or for nothing to show, ``proof.option``; CanonicalizationError.
        """
        unsecured, proof, value = self._base_proof(document)
        holders.check_options(value.feature, options, domain=True)
        combined = (*value.mandatory_pointers, *pointers)
        if not combined:
            raise ProofError("nothing is selected, and nothing is mandatory", code="proof.selection")
        whole = self._grouped(unsecured, value.hmac_key, {_MANDATORY: value.mandatory_pointers, _SHOWN: combined})
        mandatory, shown = whole.groups[_MANDATORY], whole.groups[_SHOWN]
        _, configuration = self._rdf.configurations(unsecured, _without_value(proof))
        if self._header(configuration, mandatory.matching.values()) != value.header:
            raise ProofError("the base proof is not of this document", code="proof.base")
        selective = tuple(place for place, index in enumerate(mandatory.non_matching) if index in shown.matching)
        messages = _messages(mandatory.non_matching.values())
        made = self._prove(value, messages, selective, options)
        derived = DerivedValue(
            feature=value.feature,
            proof=made.proof,
            label_map=whole.label_map(_SHOWN),
            mandatory_indexes=tuple(place for place, index in enumerate(shown.matching) if index in mandatory.matching),
            selective_indexes=selective,
            presentation_header=options.get(holders.PRESENTATION_HEADER, b""),
            messages=None if value.feature is Feature.BASELINE else len(messages),
            pseudonym=made.pseudonym,
        )
        return {**(shown.document or {}), "proof": {**self._rdf.published(proof), "proofValue": derived.to_text()}}

    def _signature(
        self, options: ProofOptions, signer: MessagesSigner, header: bytes, messages: Sequence[bytes]
    ) -> tuple[Feature, int | None, bytes]:
        """Return the feature that *options* ask for, the issuer's part of the secret of pseudonyms, the signature."""
        commitment, pseudonyms, kept = None, False, None
        if isinstance(options, BbsOptions):
            commitment, pseudonyms, kept = options.commitment, options.pseudonyms, options.nym_entropy
        if commitment is None:
            if pseudonyms or kept is not None:
                raise ProofError("pseudonyms need the holder's commitment", code="proof.option")
            return Feature.BASELINE, None, signer.sign_messages(header, messages)
        if not pseudonyms:
            return Feature.HOLDER_BINDING, None, signer.sign_blindly(header, messages, commitment)
        entropy = self._random(1)[0] if kept is None else scalar(kept)
        return Feature.PSEUDONYM, entropy, signer.sign_blindly(header, messages, commitment, entropy)

    def _prove(
        self, value: BaseValue, messages: Sequence[bytes], selective: Sequence[int], options: Mapping[str, bytes]
    ) -> proving.Shown:
        interface = standard(_APIS[value.feature])
        prover = holders.prover_of(value.feature, value.nym_entropy, options)
        signed = Signed(value.signature, value.header, messages)
        if prover is not None and not signing.verify(interface, value.public_key, signed, prover):
            # With another secret a proof would come out, and nobody would accept it.
            raise ProofError("the base proof is not bound to these secrets", code="proof.base")
        return proving.prove(
            interface,
            value.public_key,
            signed,
            options.get(holders.PRESENTATION_HEADER, b""),
            selective,
            prover=prover,
            nym_domain=options.get(holders.NYM_DOMAIN),
            random=self._random,
        )

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
        return unsecured, proof, value

    def _base_statement(self, document: JsonObject, configuration: JsonObject, value: BaseValue) -> BbsStatement:
        mandatory = self._grouped(document, value.hmac_key, {_MANDATORY: value.mandatory_pointers}).groups[_MANDATORY]
        header = self._header(configuration, mandatory.matching.values())
        messages = _messages(mandatory.non_matching.values())
        return self._statement(header, value, messages, fits=header == value.header)

    def _derived_statement(self, document: JsonObject, configuration: JsonObject, value: DerivedValue) -> BbsStatement:
        quads = jsonld.to_quads(document, self._contexts)
        shown = selection.relabel(quads, selection.given_labels(value.label_map))
        indexes = frozenset(value.mandatory_indexes)
        mandatory = [nquad for index, nquad in enumerate(shown.nquads) if index in indexes]
        others = _messages(nquad for index, nquad in enumerate(shown.nquads) if index not in indexes)
        fits = (
            len(shown.labels) == len(value.label_map)
            and len(mandatory) == len(indexes)
            and len(others) == len(value.selective_indexes)
        )
        return self._statement(self._header(configuration, mandatory), value, others, fits=fits)

    def _grouped(self, document: JsonObject, hmac_key: bytes, groups: Mapping[str, Sequence[str]]) -> selection.Grouped:
        return selection.canonicalize_and_group(document, self._contexts, shuffled_labels(hmac_key), groups)

    def _header(self, configuration: JsonObject, mandatory: Iterable[str]) -> bytes:
        """Return what is shown with every part: proof hash, mandatory hash (section 3.4.3)."""
        return sha256(self._rdf.canonical(configuration, "sha256")) + sha256("".join(mandatory).encode("utf-8"))

    def _statement(
        self, header: bytes, value: values.Value, messages: tuple[bytes, ...], *, fits: bool
    ) -> BbsStatement:
        return BbsStatement(
            form=Form.NONE,
            algorithm=self.name,
            signed=header,
            signature=value.signature if isinstance(value, BaseValue) else value.proof,
            base=isinstance(value, BaseValue),
            fits=fits,
            value=value,
            messages=messages,
            nym_domain=value.nym_domain if isinstance(value, DerivedValue) else None,
        )


def _verify_base(statement: BbsStatement, value: BaseValue, public: bytes) -> bool:
    if value.public_key != public or (statement.prover is None) is not (value.feature is Feature.BASELINE):
        return False
    signed = Signed(statement.signature, statement.signed, statement.messages)
    return signing.verify(standard(_APIS[value.feature]), public, signed, statement.prover)


def _verify_derived(statement: BbsStatement, value: DerivedValue, public: bytes) -> bool:
    if len(value.selective_indexes) != len(statement.messages):
        return False
    pseudonym = None
    if value.pseudonym is not None:
        if statement.nym_domain is None:
            return False
        pseudonym = Pseudonym(value.pseudonym, statement.nym_domain)
    presented = Presented(
        statement.signature,
        statement.signed,
        value.presentation_header,
        dict(zip(value.selective_indexes, statement.messages, strict=True)),
        own=value.messages,
        pseudonym=pseudonym,
    )
    return proving.verify_proof(standard(_APIS[value.feature]), public, presented)


def shuffled_labels(key: bytes) -> selection.LabelMapFactory:
    """Return what numbers blank nodes b0, b1 … in the order of their HMACs under *key* (section 3.2.1).

    An HMAC as label would be the same in everything that is shown; a number is one that many credentials have.
    """
    keyed = selection.hmac_labels(key)

    def labels(names: Sequence[str]) -> selection.LabelMap:
        by_hmac = keyed(names)
        order = {label: number for number, label in enumerate(sorted(by_hmac.values()))}
        return {name: f"b{order[label]}" for name, label in by_hmac.items()}

    return labels


def _without_value(proof: JsonObject) -> JsonObject:
    return {name: member for name, member in proof.items() if name != "proofValue"}


def _messages(nquads: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(nquad.encode("utf-8") for nquad in nquads)
