"""The table of findings: every code a verification can report, with its outcome and default weight. Data, and whole.

``Code`` is an enumeration, so no check can report a code that is not here, and a check cannot choose an outcome: it
follows from the code. Policies set weights and nothing else. ``docs/findings.md`` is generated from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jikin.verification.report import Outcome, Weight


class Question(StrEnum):
    """What a finding answers; the value is the first word of its code."""

    MODEL = "model"
    TIME = "time"
    PROOF = "proof"
    KEY = "key"
    ISSUER = "issuer"
    ANCHOR = "anchor"
    STATUS = "status"
    NUMBER = "number"
    CHAIN = "chain"
    REGISTRY = "registry"
    PRESENTATION = "presentation"


class Code(StrEnum):
    """The codes, part of the public interface."""

    MODEL_VALID = "model.valid"
    MODEL_MALFORMED = "model.malformed"
    MODEL_SCHEMA = "model.schema"
    MODEL_SCHEMA_UNCHECKED = "model.schema-unchecked"
    MODEL_RESOURCE = "model.resource"
    MODEL_RESOURCE_UNCHECKED = "model.resource-unchecked"
    MODEL_ISSUER_QUOTED = "model.issuer-quoted"
    MODEL_UNDEFINED_TERM = "model.undefined-term"
    MODEL_UNKNOWN_CONTEXT = "model.unknown-context"
    MODEL_TOO_COSTLY = "model.too-costly"

    TIME_VALID = "time.valid"
    TIME_EXPIRED = "time.expired"
    TIME_NOT_YET_VALID = "time.not-yet-valid"

    PROOF_VALID = "proof.valid"
    PROOF_MISMATCH = "proof.mismatch"
    PROOF_MALFORMED = "proof.malformed"
    PROOF_MISSING = "proof.missing"
    PROOF_PURPOSE = "proof.purpose"
    PROOF_EXPIRED = "proof.expired"
    PROOF_UNKNOWN_SUITE = "proof.unknown-suite"
    PROOF_UNCHECKED = "proof.unchecked"
    PROOF_OUTDATED_SUITE = "proof.outdated-suite"
    PROOF_SECOND_MISSING = "proof.second-missing"
    PROOF_BASE = "proof.base"

    KEY_VALID = "key.valid"
    KEY_RETIRED = "key.retired"
    KEY_COMPROMISED = "key.compromised"
    KEY_NOT_YET_ADDED = "key.not-yet-added"
    KEY_UNREGISTERED = "key.unregistered"
    KEY_UNBOUND = "key.unbound"
    KEY_EDGE = "key.edge"
    KEY_UNCONFIRMED = "key.unconfirmed"
    KEY_UNKNOWN = "key.unknown"
    KEY_DISAGREEMENT = "key.disagreement"
    KEY_CERTIFICATE = "key.certificate"
    KEY_CERTIFICATE_PERIOD = "key.certificate-period"
    KEY_CERTIFICATE_UNTRUSTED = "key.certificate-untrusted"

    ISSUER_ACCREDITED = "issuer.accredited"
    ISSUER_UNREGISTERED = "issuer.unregistered"
    ISSUER_UNACCREDITED = "issuer.unaccredited"
    ISSUER_INVALIDATED = "issuer.invalidated"
    ISSUER_TYPE_NOT_APPROVED = "issuer.type-not-approved"
    ISSUER_TYPE_UNKNOWN = "issuer.type-unknown"
    ISSUER_EDGE = "issuer.edge"
    ISSUER_UNKNOWN = "issuer.unknown"

    ANCHOR_PRESENT = "anchor.present"
    ANCHOR_FOREIGN = "anchor.foreign"
    ANCHOR_ABSENT = "anchor.absent"
    ANCHOR_SEALED = "anchor.sealed"
    ANCHOR_MISSING_RECEIPT = "anchor.missing-receipt"
    ANCHOR_NOT_PROMISED = "anchor.not-promised"
    ANCHOR_UNREACHABLE = "anchor.unreachable"
    ANCHOR_CREATED_LATER = "anchor.created-later"
    ANCHOR_LATER = "anchor.later"

    STATUS_VALID = "status.valid"
    STATUS_REVOKED = "status.revoked"
    STATUS_SUSPENDED = "status.suspended"
    STATUS_REPLACED = "status.replaced"
    STATUS_MISSING = "status.missing"
    STATUS_STALE = "status.stale"
    STATUS_SUPERSEDED = "status.superseded"
    STATUS_CONTRADICTION = "status.contradiction"
    STATUS_UNFOLDED = "status.unfolded"
    STATUS_UNLISTED = "status.unlisted"
    STATUS_UNREADABLE = "status.unreadable"
    STATUS_UNREACHABLE = "status.unreachable"
    STATUS_NOT_STATED = "status.not-stated"
    STATUS_LIST_TOO_SHORT = "status.list-too-short"
    STATUS_LIST_ID = "status.list-id"
    STATUS_INDEX_NUMBER = "status.index-number"
    STATUS_ENDED_LATER = "status.ended-later"
    STATUS_NOT_FINAL = "status.not-final"
    STATUS_REASON = "status.reason"
    STATUS_REASON_UNAVAILABLE = "status.reason-unavailable"

    NUMBER_FOUND = "number.found"
    NUMBER_NOT_FOUND = "number.not-found"
    NUMBER_UNREADABLE = "number.unreadable"
    NUMBER_UNREACHABLE = "number.unreachable"

    CHAIN_PROVEN = "chain.proven"
    CHAIN_UNPROVEN = "chain.unproven"
    CHAIN_UNVOUCHED = "chain.unvouched"
    CHAIN_CONTRADICTION = "chain.contradiction"
    CHAIN_UNREACHABLE = "chain.unreachable"
    CHAIN_DISAGREE = "chain.disagree"
    CHAIN_SPLIT_VIEW = "chain.split-view"
    REGISTRY_MISMATCH = "registry.mismatch"
    REGISTRY_NONE = "registry.none"

    PRESENTATION_VALID = "presentation.valid"
    PRESENTATION_MALFORMED = "presentation.malformed"
    PRESENTATION_ALTERED = "presentation.altered"
    PRESENTATION_UNSIGNED = "presentation.unsigned"
    PRESENTATION_NOT_SIGNED = "presentation.not-signed"
    PRESENTATION_PURPOSE = "presentation.purpose"
    PRESENTATION_CHALLENGE = "presentation.challenge"
    PRESENTATION_DOMAIN = "presentation.domain"
    PRESENTATION_EXPIRED = "presentation.expired"
    PRESENTATION_UNKNOWN_SUITE = "presentation.unknown-suite"
    PRESENTATION_KEY_UNKNOWN = "presentation.key-unknown"
    PRESENTATION_KEY_UNBOUND = "presentation.key-unbound"
    PRESENTATION_HOLDER = "presentation.holder"
    PRESENTATION_BOUND = "presentation.bound"
    PRESENTATION_UNBOUND = "presentation.unbound"
    PRESENTATION_UNKNOWN_KIND = "presentation.unknown-kind"
    PRESENTATION_EMPTY = "presentation.empty"

    @property
    def question(self) -> Question:
        """Return the question that the code answers."""
        return Question(self.value.partition(".")[0])


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code stands for.

    *facts* are what every finding of this code carries for its sentence, *perhaps* what it may carry.
    """

    outcome: Outcome
    meaning: str
    weight: Weight = Weight.REQUIRED
    facts: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()


_P, _F, _U = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
_NOTE = Weight.ADVISORY
_ENDED = ("effective", "recorded")
_VOUCHERS = ("witnesses", "nodes", "pin")  # who vouches for a block; its number is the fact of that name

FINDINGS: Mapping[Code, Rule] = {
    Code.MODEL_VALID: Rule(_P, "The document is a credential and its terms are defined."),
    Code.MODEL_MALFORMED: Rule(_F, "The document breaks the credential model; the detail names the member."),
    Code.MODEL_SCHEMA: Rule(_F, "The document breaks the schema of the credential type it states, or one it pins."),
    Code.MODEL_SCHEMA_UNCHECKED: Rule(_U, "A schema that it names is not at hand, or cannot be evaluated.", _NOTE),
    Code.MODEL_RESOURCE: Rule(_F, "A related resource has another digest than the document states."),
    Code.MODEL_RESOURCE_UNCHECKED: Rule(_U, "A related resource is not at hand to compare its digest.", _NOTE),
    Code.MODEL_ISSUER_QUOTED: Rule(_U, "The iss of an envelope, its own or its list's, is in quotation marks.", _NOTE),
    Code.MODEL_UNDEFINED_TERM: Rule(_F, "A term or type has no definition, so the signature would not cover it."),
    Code.MODEL_UNKNOWN_CONTEXT: Rule(_U, "A JSON-LD context is not in the catalogue; contexts are never downloaded."),
    Code.MODEL_TOO_COSTLY: Rule(_U, "Canonicalising the document would cost more than the limit."),
    Code.TIME_VALID: Rule(_P, "The instant asked about lies between validFrom and validUntil."),
    Code.TIME_EXPIRED: Rule(_F, "validUntil has passed.", facts=("until",)),
    Code.TIME_NOT_YET_VALID: Rule(_F, "validFrom is still to come.", facts=("from",)),
    Code.PROOF_VALID: Rule(_P, "The signature is by the key it names and covers the document."),
    Code.PROOF_MISMATCH: Rule(_F, "The signature does not fit document and key: one of them was changed."),
    Code.PROOF_MALFORMED: Rule(_F, "The proof is not one: a member is missing or cannot be decoded."),
    Code.PROOF_MISSING: Rule(_F, "The document carries no proof at all."),
    Code.PROOF_PURPOSE: Rule(_F, "The proof or its key was made for another purpose than to assert."),
    Code.PROOF_EXPIRED: Rule(_F, "The proof itself says that it has expired.", facts=("until",)),
    Code.PROOF_UNKNOWN_SUITE: Rule(_U, "The proof is of a kind that this installation does not know."),
    Code.PROOF_UNCHECKED: Rule(_U, "The signature could not be checked because its key is not known."),
    Code.PROOF_OUTDATED_SUITE: Rule(_U, "The policy relies on this cryptosuite only until then.", facts=("until",)),
    Code.PROOF_SECOND_MISSING: Rule(_U, "The policy demands a second signature of another kind, and it is not there."),
    Code.PROOF_BASE: Rule(_U, "The proof is the holder's own base proof; what is shown is derived from it."),
    Code.KEY_VALID: Rule(_P, "The key was the issuer's when the credential was anchored.", perhaps=("authority",)),
    Code.KEY_RETIRED: Rule(_F, "The key was retired before the credential was anchored.", facts=("since",)),
    Code.KEY_COMPROMISED: Rule(_F, "The key counts as stolen since before the anchoring.", facts=("since",)),
    Code.KEY_NOT_YET_ADDED: Rule(_F, "The credential was anchored before the key was registered.", facts=("since",)),
    Code.KEY_UNREGISTERED: Rule(_F, "The issuer is registered, and the key is none of its registered keys."),
    Code.KEY_UNBOUND: Rule(_F, "The key does not belong to the issuer that the credential names."),
    Code.KEY_EDGE: Rule(_U, "The anchoring lies within a minute of an edge of the key's window.", facts=("since",)),
    Code.KEY_UNCONFIRMED: Rule(_U, "The issuer's DID document names the key; the registry could not be asked."),
    Code.KEY_UNKNOWN: Rule(_U, "Whose key it is could not be found out."),
    Code.KEY_DISAGREEMENT: Rule(_U, "Registry and DID document disagree about the key; the registry counts.", _NOTE),
    Code.KEY_CERTIFICATE: Rule(_F, "The X.509 certificate of the key is not the issuer's, or none to sign with."),
    Code.KEY_CERTIFICATE_PERIOD: Rule(
        _U, "The certificates of the key were not valid at the time that counts.", facts=("from", "until")
    ),
    Code.KEY_CERTIFICATE_UNTRUSTED: Rule(_U, "The certificate of the key leads to no authority that is trusted here."),
    Code.ISSUER_ACCREDITED: Rule(_P, "The issuer was accredited and approved for this type when it was anchored."),
    Code.ISSUER_UNREGISTERED: Rule(_F, "The registry does not know the issuer."),
    Code.ISSUER_UNACCREDITED: Rule(_F, "The issuer was not accredited at that time.", facts=("from", "until")),
    Code.ISSUER_INVALIDATED: Rule(_F, "The accreditor invalidated what this issuer anchored since.", facts=("since",)),
    Code.ISSUER_TYPE_NOT_APPROVED: Rule(_F, "The issuer's approved profile does not hold this credential type."),
    Code.ISSUER_TYPE_UNKNOWN: Rule(_U, "The credential states no type that this installation knows."),
    Code.ISSUER_EDGE: Rule(_U, "The time lies within a minute of an edge of the accreditation.", facts=("since",)),
    Code.ISSUER_UNKNOWN: Rule(_U, "Whether the issuer is accredited could not be found out."),
    Code.ANCHOR_PRESENT: Rule(_P, "The credential stands in a tree anchored by its issuer.", facts=("at",)),
    Code.ANCHOR_FOREIGN: Rule(_F, "The receipt belongs to another credential, issuer, registry or chain."),
    Code.ANCHOR_ABSENT: Rule(_U, "The receipt leads to a root that the issuer never anchored."),
    Code.ANCHOR_SEALED: Rule(_U, "It was anchored where anchoring had ended: another registry follows.", facts=("at",)),
    Code.ANCHOR_MISSING_RECEIPT: Rule(_U, "An anchor is demanded and there is no receipt to find it by."),
    Code.ANCHOR_NOT_PROMISED: Rule(_U, "There is no receipt; neither issuer nor policy demands an anchor.", _NOTE),
    Code.ANCHOR_UNREACHABLE: Rule(_U, "Whether it is anchored could not be found out."),
    Code.ANCHOR_CREATED_LATER: Rule(_U, "A proof says it was made after the credential was anchored.", facts=("at",)),
    Code.ANCHOR_LATER: Rule(_U, "It was anchored only after the instant asked about.", facts=("at",)),
    Code.STATUS_VALID: Rule(_P, "The status list says neither revoked nor suspended nor replaced."),
    Code.STATUS_REVOKED: Rule(_F, "The issuer revoked it.", perhaps=_ENDED),
    Code.STATUS_SUSPENDED: Rule(_F, "The issuer suspended it; this may be lifted.", perhaps=_ENDED),
    Code.STATUS_REPLACED: Rule(_F, "The issuer replaced it by a corrected one.", perhaps=(*_ENDED, "replacement")),
    Code.STATUS_MISSING: Rule(_F, "A credential that can be revoked states no status list."),
    Code.STATUS_STALE: Rule(_U, "The status was read at a block that is older than the policy allows.", facts=("at",)),
    Code.STATUS_SUPERSEDED: Rule(_U, "A newer state of the list was seen here than the one shown.", facts=("at",)),
    Code.STATUS_UNFOLDED: Rule(_U, "The states are as published last; the changes behind them were not read.", _NOTE),
    Code.STATUS_CONTRADICTION: Rule(_U, "Sources about the status list disagree: provably, for everybody."),
    Code.STATUS_UNLISTED: Rule(_U, "The issuer never opened the status list that the credential names."),
    Code.STATUS_UNREADABLE: Rule(_U, "The status entry or its list cannot be read or relied on."),
    Code.STATUS_UNREACHABLE: Rule(_U, "The status could not be asked for."),
    Code.STATUS_NOT_STATED: Rule(_U, "The credential states no status list; nothing shows whether it stands.", _NOTE),
    Code.STATUS_LIST_TOO_SHORT: Rule(_U, "The status list has fewer entries than 131,072 to hide in.", _NOTE),
    Code.STATUS_LIST_ID: Rule(_U, "The status list calls itself by another name than its address.", _NOTE),
    Code.STATUS_INDEX_NUMBER: Rule(_U, "The place in the status list is written as a number, not as a text.", _NOTE),
    Code.STATUS_ENDED_LATER: Rule(_U, "It held at the instant asked about and ended later.", _NOTE, ("effective",)),
    Code.STATUS_NOT_FINAL: Rule(_P, "Its end can still be annulled; from a day on it cannot.", _NOTE, ("final",)),
    Code.STATUS_REASON: Rule(_P, "The issuer's note to the holder says why.", _NOTE, ("reason",)),
    Code.STATUS_REASON_UNAVAILABLE: Rule(_U, "The issuer's note with the reason could not be read.", _NOTE),
    Code.NUMBER_FOUND: Rule(_P, "The issuer's record of the number was found; the rest says whether it holds."),
    Code.NUMBER_NOT_FOUND: Rule(_U, "No issuer shows a certificate of this number."),
    Code.NUMBER_UNREADABLE: Rule(_U, "The record of the number cannot be read, or is of another number."),
    Code.NUMBER_UNREACHABLE: Rule(_U, "The issuer's records could not be asked."),
    Code.CHAIN_PROVEN: Rule(
        _P, "What the registry says was proven as of a block that others vouch for.", _NOTE, ("at",), _VOUCHERS
    ),
    Code.CHAIN_UNPROVEN: Rule(_U, "The node's answers, or the pack's, do not hold against the block vouched for."),
    Code.CHAIN_UNVOUCHED: Rule(_U, "Nobody whom the policy accepts vouches for the block."),
    Code.CHAIN_CONTRADICTION: Rule(_U, "Those who vouch for blocks contradict each other."),
    Code.CHAIN_UNREACHABLE: Rule(_U, "The chain does not answer."),
    Code.CHAIN_DISAGREE: Rule(_U, "Two nodes of the chain contradict each other, and nobody can tell which is right."),
    Code.CHAIN_SPLIT_VIEW: Rule(_U, "Witnesses cosigned two histories of the chain; both notes are the proof."),
    Code.REGISTRY_MISMATCH: Rule(_U, "Another chain, address or contract answered than the pinned registry."),
    Code.REGISTRY_NONE: Rule(_U, "No registry is set up here to ask."),
    Code.PRESENTATION_VALID: Rule(_P, "The holder's signature fits and was made for this request."),
    Code.PRESENTATION_MALFORMED: Rule(_F, "What was presented breaks the model; the detail names the member."),
    Code.PRESENTATION_ALTERED: Rule(_F, "The holder's signature does not fit: something was changed."),
    Code.PRESENTATION_UNSIGNED: Rule(_F, "Nobody signed the presentation, and a signature is demanded."),
    Code.PRESENTATION_NOT_SIGNED: Rule(_U, "Nobody signed the presentation, and none was asked for.", _NOTE),
    Code.PRESENTATION_PURPOSE: Rule(_F, "The signature or its key was made for another purpose than to present."),
    Code.PRESENTATION_CHALLENGE: Rule(_F, "It was made for another request, or for none: its challenge differs."),
    Code.PRESENTATION_DOMAIN: Rule(_F, "It was made for somebody else: its domain differs."),
    Code.PRESENTATION_EXPIRED: Rule(_F, "The holder's signature says that it has expired.", facts=("until",)),
    Code.PRESENTATION_UNKNOWN_SUITE: Rule(_U, "The holder's signature is of a kind that is not known here."),
    Code.PRESENTATION_KEY_UNKNOWN: Rule(_U, "Whose key the holder's signature is by could not be found out."),
    Code.PRESENTATION_KEY_UNBOUND: Rule(_F, "The DID that signed does not have the key it names."),
    Code.PRESENTATION_HOLDER: Rule(_F, "The holder it names is not the one that signed it."),
    Code.PRESENTATION_BOUND: Rule(_P, "Every credential is made out to the one that presents it."),
    Code.PRESENTATION_UNBOUND: Rule(_F, "A credential is made out to somebody else, or to no key at all."),
    Code.PRESENTATION_UNKNOWN_KIND: Rule(_U, "It holds a credential of a kind that is not read here."),
    Code.PRESENTATION_EMPTY: Rule(_U, "It holds no credential.", _NOTE),
}
