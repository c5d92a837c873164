"""What was learned from outside, as values. The judgement looks at nothing else: no I/O, no clock.

Every fact is ``Known(value)`` or ``Missing(code, detail)``. ``Known(None)`` is an answer ("asked, and there is none"),
``Missing`` is no answer. The document itself is not evidence: it is what is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from jikin.anchoring.chain import (
    AnchorSlot,
    Block,
    IssuerRecord,
    KeyWindow,
    RegistryPins,
    StatusHead,
    Successor,
)
from jikin.anchoring.older import Reanchored
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.trusted import Voucher
from jikin.credentials.data_schemas import DataSchema
from jikin.credentials.profile import Profile
from jikin.proofs.certificates import Certified
from jikin.status.notes import SealedNote
from jikin.status.opening import OpenedEntry
from jikin.status.snapshot import StatusSnapshot
from jikin.status.token_list import TokenList
from jikin.values import DidUrl, Digest, JsonObject, PublicKey
from jikin.verification.seen_checkpoints import SeenCheckpoints

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A source answered; *source* says which ("chain", "did document", "mirror" …)."""

    value: T
    source: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """No source answered; *code* is an error code (``chain.unreachable``), *detail* a sentence for people."""

    code: str
    detail: str


Fact: TypeAlias = Known[T] | Missing


@dataclass(frozen=True, slots=True)
class KeyEvidence:
    """What is known of one proof's verification method.

    *documented*: the key in the DID document of the DID in the method's id (None: the document has no such method).
    *relationships*: how the DID document names it. *registered*: the key as the registry vouches for it under the
    credential's issuer, with its window (None: the registry has no such key).
    """

    documented: Fact[PublicKey | None]
    relationships: frozenset[str]
    registered: Fact[tuple[PublicKey, KeyWindow] | None]


_NO_TOKEN_LIST: Fact[TokenList | None] = Known(None)


@dataclass(frozen=True, slots=True)
class StatusEvidence:
    """What is known of one ``credentialStatus`` entry.

    *snapshot*: our own lists, folded from the chain's events (None: no such list of this issuer on the chain).
    *list_credential*: the W3C list as fetched and its proof checked, for issuers without registry entry.
    *token_list*: the IETF list as fetched and its signature checked, for such issuers' SD-JWT VCs.
    *note*: the encrypted note on the present state of this index, from a file that opens the status root on the chain
    (None: published, and there is none). *stated_effective*: since when an end counts, as the issuer's signed number
    record says (Unix seconds); it never counts before the note, nor after the epoch that recorded the end.
    *issuer_quoted*: the list came in an envelope whose ``iss`` stands in quotation marks. *certified*: the key of the
    certificates by which the list's signature was checked (None: it was checked by a key of a DID document).
    *opened*: the entry as a proof pack opens it, where the registry is one. *seen*: the newest head of that list that
    was ever seen here.
    """

    snapshot: Fact[StatusSnapshot | None]
    list_credential: Fact[JsonObject | None]
    note: Fact[SealedNote | None]
    stated_effective: int | None = None
    issuer_quoted: bool = False
    token_list: Fact[TokenList | None] = field(default_factory=lambda: _NO_TOKEN_LIST)
    certified: Certified | None = None
    opened: OpenedEntry | None = None
    seen: StatusHead | None = None


@dataclass(frozen=True, slots=True)
class SchemaEvidence:
    """What is known of one ``credentialSchema`` entry that is not of a credential type known here.

    *schema*: the one that the operator has, or the one with the digest that the credential states. *valid_from* and
    *valid_until* (Unix seconds) are the dates of the credential it came in, if it came in one.
    """

    schema: Fact[DataSchema]
    valid_from: int | None = None
    valid_until: int | None = None


_UNPROVEN = "state-proof"  # the family of codes of StateProofError
_NO_RECEIPT: Fact[Receipt | None] = Known(None)
_NO_SUCCESSOR: Fact[Successor | None] = Known(None)
_NOT_REANCHORED: Fact[Reanchored | None] = Known(None)
_ALL_DEFINED: Fact[str | None] = Known(None)
_NO_CERTIFICATE: Fact[Certified | None] = Known(None)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything gathered for one document.

    Keys of *keys* are verification methods, of *anchors* computed roots, of *status* positions in ``credentialStatus``
    (0 for a single entry), of *schemas* positions in ``credentialSchema``, of *resources* ids of ``relatedResource``
    whose digest no published edition has settled; their value says whether the digest fits. *block* is the block as of
    which the chain was asked. *receipt* is the one that was handed in, else the one the issuer publishes (None: it was
    asked for and there is none). *trusted* are the keys (DIDs or verification methods) that a configured trust entry
    accepts for the issuer; empty: whatever its own DID document says; None: there is no entry. *terms* is None, or says
    which term of the document has no definition; it is gathered where no proof's canonical form already depends on it.
    *certified* is the key of the certificates in the document's envelope (``x5c``), which lead to a root trusted here
    and name the issuer (None: its key is not known by certificates); whether they were valid is for the judge.
    *voucher* says who vouches for *block*, as of which every answer of the registry was proven (None: nobody does, and
    the node was taken at its word).
    *successor* is the registry that follows the pinned one (None: none is named); it is asked for where there is a
    receipt. *older* are the registries before the pinned one, pinned too, *reanchored* says where the root of a receipt
    of one of them was anchored again (None: the issuer says nowhere). *checkpoints*:
    the newest that witnesses vouch for, and whether two histories came to light.
    """

    pins: RegistryPins | None  # None: no registry is configured
    block: Fact[Block]
    issuer: Fact[IssuerRecord | None]
    profile: Fact[Profile | None]
    keys: Mapping[DidUrl, KeyEvidence] = field(default_factory=dict)
    anchors: Mapping[Digest, Fact[AnchorSlot | None]] = field(default_factory=dict)
    status: Mapping[int, StatusEvidence] = field(default_factory=dict)
    receipt: Fact[Receipt | None] = field(default_factory=lambda: _NO_RECEIPT)
    trusted: tuple[str, ...] | None = None
    terms: Fact[str | None] = field(default_factory=lambda: _ALL_DEFINED)
    schemas: Mapping[int, SchemaEvidence] = field(default_factory=dict)
    resources: Mapping[str, Fact[bool]] = field(default_factory=dict)
    certified: Fact[Certified | None] = field(default_factory=lambda: _NO_CERTIFICATE)
    successor: Fact[Successor | None] = field(default_factory=lambda: _NO_SUCCESSOR)
    older: tuple[RegistryPins, ...] = ()
    reanchored: Fact[Reanchored | None] = field(default_factory=lambda: _NOT_REANCHORED)
    voucher: Voucher | None = None
    checkpoints: SeenCheckpoints = field(default_factory=SeenCheckpoints)

    def unproven(self) -> str | None:
        """Return why an answer of the registry does not hold against the block vouched for, None if all do."""
        facts: list[object] = [self.block, self.issuer, self.profile, self.successor, *self.anchors.values()]
        facts += [key.registered for key in self.keys.values()]
        facts += [status.snapshot for status in self.status.values()]
        missing = (fact for fact in facts if isinstance(fact, Missing) and fact.code.startswith(_UNPROVEN))
        return next((fact.detail for fact in missing), None)
