"""Blockcerts certificates of version 2 and 3 imported: hash, Merkle path, root on its chain, and whose root it is.

The certificate without its proof has a canonical form (JSON-LD, RDFC-1.0); its SHA-256 must be the target hash, the
path must lead to the root, the transaction must carry the root, and it must have been sent by an address of the
issuer. The first two need nobody; the others are open where nobody could be asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from jikin.badges import issuing_address, merkle_proofs
from jikin.badges.foreign import Kind, is_merkle_2019
from jikin.badges.imported import Code, Imported, Looked, loose_instant, time_looked
from jikin.badges.issuing_address import IssuerAddress
from jikin.badges.merkle_proofs import Anchor, MerkleProof
from jikin.badges.transactions import Transaction, TransactionData
from jikin.codec import jsonld, rdfc, strict_json
from jikin.codec.contexts import Contexts
from jikin.credentials.structure import items, text_of
from jikin.dids.method import DidMethods, Fetch
from jikin.errors import (
    BadgeError,
    CanonicalizationError,
    ChainUnavailableError,
    CodecError,
    DidError,
    JikinError,
    UnavailableError,
    UnknownSuiteError,
    ValueRefusedError,
)
from jikin.proofs import securing
from jikin.proofs.suite import Suites
from jikin.values import Did, Json, JsonObject, PublicKey

MAX_PAGE_BYTES = 1 << 20
_MAX_INNER = 32
_PROOFS = ("proof", "signature")
# Why there is no canonical form without the document being at fault.
_NOT_THE_DOCUMENTS = frozenset(
    {"codec.unknown-context", "codec.context-missing", "codec.context-changed", "codec.work-limit"}
)
_ADDRESS = "ecdsa-koblitz-pubkey:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whom an import may ask. *chains* are sources of transactions by chain (CAIP-2); an absent one is not asked."""

    contexts: Contexts
    suites: Suites
    fetch: Fetch
    did_methods: DidMethods
    chains: Mapping[str, TransactionData] = field(default_factory=dict)


def read(document: JsonObject, asking: Asking, now: int) -> Imported:
    """Return what holds of a Blockcerts certificate, or of a presentation of several, at the Unix second *now*.

    Raises BadgeError: ``badge.blockcerts`` for a document without Merkle proof, ``badge.merkle-proof`` for one that
    cannot be read.
    """
    proof = merkle_proofs.of(document)
    if proof is None:
        raise BadgeError("this document has no Merkle proof of Blockcerts", code="badge.blockcerts")
    return _Reading(document, proof, asking, now).imported()


@dataclass(frozen=True, slots=True)
class _Issuer:
    """What an issuer says of itself: its page, and the document that names its keys (its DID document, or the page)."""

    page: JsonObject | None
    keys: JsonObject | None

    def key(self, method: Json) -> PublicKey | None:
        """Return the key that it calls *method*, None for none."""
        return issuing_address.key_called(self.keys, method) if self.keys and isinstance(method, str) else None


@dataclass(slots=True)
class _Reading:
    """One certificate under examination."""

    document: JsonObject
    proof: MerkleProof
    asking: Asking
    now: int
    depth: int = 1  # a presentation holds certificates, and these nothing more
    pages: dict[str, JsonObject | None] = field(default_factory=dict)
    looked: list[Looked] = field(default_factory=list)

    def imported(self) -> Imported:
        """Return the whole of what was found."""
        badge = _inner(self.document, "badge")
        issuer: Json = badge.get("issuer") if badge else self.document.get("issuer", self.document.get("holder"))
        issuer_id = _id(issuer)
        self._look_at_the_hash()
        self._add(Code.PATH_HOLDS if self.proof.leads_to_root else Code.PATH_BROKEN)
        transaction = self._look_at_the_chain()
        asked = self._issuer(issuer_id)
        self._look_at_the_issuing_address(transaction, asked)
        self._look_at_other_proofs(asked)
        issued_at, expires = self._look_at_the_time()
        self._look_at_the_revocation(asked)
        return Imported(
            kind=Kind.BLOCKCERTS_2 if "signature" in self.document else Kind.BLOCKCERTS_3,
            id=_id(self.document),
            title=text_of(badge.get("name")) or self._title(),
            issuer=text_of(_mapping(asked.page).get("name")) or text_of(_mapping(issuer).get("name")),
            issuer_id=issuer_id,
            issued_at=issued_at,
            expires=expires,
            looked=tuple(self.looked),
            document=self.document,
            inner=self._inside(),
        )

    def _title(self) -> str | None:
        claim = _inner(_inner(self.document, "credentialSubject"), "claim")
        return text_of(self.document.get("name")) or text_of(claim.get("name"))

    def _inside(self) -> tuple[Imported, ...]:
        inner: list[Imported] = []
        for one in items(self.document.get("verifiableCredential", ()))[: _MAX_INNER * self.depth]:
            proof = merkle_proofs.of(one) if isinstance(one, Mapping) else None
            if proof is not None and isinstance(one, Mapping):
                inner.append(_Reading(one, proof, self.asking, self.now, self.depth - 1, self.pages).imported())
        return tuple(inner)

    def _look_at_the_hash(self) -> None:
        unsecured = {name: value for name, value in self.document.items() if name not in _PROOFS}
        try:
            quads = jsonld.to_quads(unsecured, self.asking.contexts)
            digest = sha256(rdfc.canonicalize(quads).encode("utf-8")).digest()
        except CanonicalizationError as error:
            # What its contexts do not define would be left out of the hash, and anybody could change it.
            ours = error.code in _NOT_THE_DOCUMENTS
            self._add(Code.HASH_UNKNOWN if ours else Code.HASH_UNCOVERED, str(error))
            return
        self._add(Code.HASH_HOLDS if digest == self.proof.target else Code.HASH_DIFFERS)

    # Chain and issuer

    def _look_at_the_chain(self) -> Transaction | None:
        """Return the transaction that carries the root, None where none does or nobody could say."""
        if not self.proof.anchors:
            self._add(Code.CHAIN_ABSENT, "it names no transaction")
            return None
        # Several anchors are the same root written down in several places: one that holds is enough, the first counts.
        anchor = self.proof.anchors[0]
        if anchor.mock:
            self._add(Code.CHAIN_MOCK, "it was never issued on a chain")
            return None
        chain = anchor.chain or self._bitcoin_chain()
        source = self.asking.chains.get(chain or "")
        if source is None:
            self._add(Code.CHAIN_UNASKED, f"transaction {anchor.transaction} on {chain or 'an unnamed chain'}")
            return None
        return self._asked(source, anchor)

    def _asked(self, source: TransactionData, anchor: Anchor) -> Transaction | None:
        try:
            transaction = source.transaction(anchor.transaction)
        except ChainUnavailableError as error:
            self._add(Code.CHAIN_UNREACHABLE, str(error))
            return None
        if transaction is None:
            self._add(Code.CHAIN_ABSENT, f"the chain has no transaction {anchor.transaction}")
            return None
        if transaction.data != self.proof.root:
            self._add(Code.CHAIN_DIFFERS, "the transaction carries something else than the root")
            return None
        self._add(Code.CHAIN_ANCHORED, anchor.transaction)
        return transaction

    def _bitcoin_chain(self) -> str | None:
        """Return which Bitcoin a version 2 certificate means that does not say: its issuing address does."""
        address = self._stated_address()
        if address is None:
            return None
        if address.startswith(("1", "3")):
            return merkle_proofs.BITCOIN
        return merkle_proofs.BITCOIN_TEST if address.startswith(("m", "n", "2")) else None

    def _stated_address(self) -> str | None:
        stated = _inner(self.document, "verification")
        for member in ("publicKey", "creator"):
            value = stated.get(member)
            if isinstance(value, str) and value.startswith(_ADDRESS):
                return value.removeprefix(_ADDRESS)
        return None

    def _issuer(self, issuer_id: str | None) -> _Issuer:
        """Return what the issuer's page and DID document say; both None where they cannot be read."""
        if issuer_id is None:
            return _Issuer(None, None)
        if not issuer_id.startswith("did:"):
            page = self._page(issuer_id)
            return _Issuer(page, page)
        try:
            keys = self.asking.did_methods.resolve(Did(issuer_id), self.asking.fetch).document
        except (DidError, UnavailableError, ValueRefusedError):
            return _Issuer(None, None)
        for service in items(keys.get("service", ())):
            address = service.get("serviceEndpoint") if isinstance(service, Mapping) else None
            if isinstance(address, str) and "IssuerProfile" in items(_mapping(service).get("type")):
                return _Issuer(self._page(address), keys)
        return _Issuer(None, keys)

    def _look_at_the_issuing_address(self, transaction: Transaction | None, issuer: _Issuer) -> None:
        """Compare who sent the transaction with whom the issuer names; without a chain, what the certificate states."""
        if issuer.keys is None:
            self._add(Code.ISSUER_KEY_UNKNOWN, "the issuer's page cannot be read")
            return
        sender = transaction.sender if transaction else None
        claimed = sender or self._stated_address()
        if claimed is None:
            self._add(Code.ISSUER_KEY_UNKNOWN, "who sent the transaction was not asked")
            return
        listed = issuing_address.listed(issuer.page) if issuer.page else ()
        fitting = [one for one in listed if issuing_address.same(one.address, claimed)]
        if not fitting and not any(issuing_address.same(one, claimed) for one in self._method_addresses(issuer)):
            self._add(Code.ISSUER_KEY_FOREIGN, f"the issuer's page does not name the address {claimed[:80]}")
        elif fitting and (end := self._ended(fitting, transaction)):
            self._add(*end)
        elif sender is None:
            self._add(Code.ISSUER_KEY_UNKNOWN, "the issuer names the address; who sent the transaction was not asked")
        else:
            self._add(Code.ISSUER_KEY_HOLDS)

    def _ended(self, fitting: list[IssuerAddress], transaction: Transaction | None) -> tuple[Code, str] | None:
        """Return why an address no longer counts, None where it does.

        Only the chain's time frees an address that was given up: a date in the certificate is its maker's own word.
        """
        mined_at = transaction.mined_at if transaction else None
        if mined_at is not None:
            counts = any(one.counts_at(mined_at) for one in fitting)
            return None if counts else (Code.ISSUER_KEY_REVOKED, "the address did not count when the root was written")
        if any(one.until is None for one in fitting):
            return None
        stated = self._issued_at()
        if stated is not None and not any(one.counts_at(stated) for one in fitting):
            return Code.ISSUER_KEY_REVOKED, "the address did not count on the day the certificate states"
        return Code.ISSUER_KEY_UNKNOWN, "the address was given up since, and when the root was written was not asked"

    def _method_addresses(self, issuer: _Issuer) -> tuple[str, ...]:
        for proof in items(self.document.get("proof")):
            if isinstance(proof, Mapping) and is_merkle_2019(proof):
                key = issuer.key(proof.get("verificationMethod"))
                return issuing_address.addresses_of(key) if key else ()
        return ()

    # Signatures beside the Merkle proof

    def _look_at_other_proofs(self, issuer: _Issuer) -> None:
        proofs = [one for one in items(self.document.get("proof")) if isinstance(one, Mapping)]
        unsecured = {name: value for name, value in self.document.items() if name != "proof"}
        for proof in proofs:
            if is_merkle_2019(proof):
                continue
            key = issuer.key(proof.get("verificationMethod"))
            if key is None:
                self._add(Code.SIGNATURE_UNCHECKED, "the issuer's page does not show the key of the other signature")
            else:
                self._add(*self._signature(unsecured, proof, proofs, key))

    def _signature(
        self, unsecured: JsonObject, proof: JsonObject, proofs: list[JsonObject], key: PublicKey
    ) -> tuple[Code, str]:
        try:
            statement = securing.statement(unsecured, proof, proofs, self.asking.suites)
            holds = self.asking.suites.named(statement.algorithm).verify(statement, key)
        except (UnknownSuiteError, CanonicalizationError) as error:
            return Code.SIGNATURE_UNCHECKED, str(error)
        except JikinError as error:
            return Code.SIGNATURE_BROKEN, str(error)
        return (Code.SIGNATURE_HOLDS if holds else Code.SIGNATURE_BROKEN), ""

    # Time and revocation

    def _issued_at(self) -> int | None:
        for member in ("issuedOn", "validFrom", "issuanceDate"):
            if (instant := loose_instant(self.document.get(member))) is not None:
                return instant
        return None

    def _look_at_the_time(self) -> tuple[int | None, int | None]:
        issued_at = self._issued_at()
        ends = [self.document.get(name) for name in ("expires", "validUntil", "expirationDate")]
        stated = [end for end in ends if end is not None]
        expires = loose_instant(stated[0]) if stated else None
        if stated and expires is None:
            self._add(Code.TIME_UNREADABLE, "its end cannot be read")
        else:
            self.looked.append(time_looked(issued_at, expires, self.now))
        return issued_at, expires

    def _look_at_the_revocation(self, issuer: _Issuer) -> None:
        if "credentialStatus" in self.document:
            self._add(Code.REVOCATION_UNKNOWN, "its status list is not read here")
            return
        stated = _inner(_inner(self.document, "badge"), "issuer").get("revocationList")
        address = _mapping(issuer.page).get("revocationList") or stated
        if not isinstance(address, str):
            # Without the issuer's page nobody can say that there is no list.
            self._add(Code.REVOCATION_UNSTATED if issuer.page else Code.REVOCATION_UNKNOWN)
            return
        page = self._page(address)
        if page is None:
            self._add(Code.REVOCATION_UNKNOWN, "the list of revoked certificates cannot be read")
            return
        for entry in items(page.get("revokedAssertions", ())):
            if _id(entry) is not None and _id(entry) == _id(self.document):
                self._add(Code.REVOCATION_REVOKED, text_of(_mapping(entry).get("revocationReason")) or "")
                return
        self._add(Code.REVOCATION_NONE)

    def _page(self, address: str) -> JsonObject | None:
        """Return the JSON object at *address*, None where there is none or nobody answers; each is asked for once."""
        if address not in self.pages:
            try:
                data = self.asking.fetch.get(address, max_bytes=MAX_PAGE_BYTES)
                value = strict_json.parse(data, max_bytes=MAX_PAGE_BYTES, max_depth=32)
            except (UnavailableError, CodecError):
                value = None
            self.pages[address] = value if isinstance(value, Mapping) else None
        return self.pages[address]

    def _add(self, code: Code, detail: str = "") -> None:
        self.looked.append(Looked(code, detail))


def _mapping(value: Json) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _inner(holder: JsonObject, member: str) -> JsonObject:
    return _mapping(holder.get(member))


def _id(value: Json) -> str | None:
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) and found else None
