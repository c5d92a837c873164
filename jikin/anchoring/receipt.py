"""The receipt that travels beside a credential: where its leaf stands in an anchored tree (statements, line 5).

A receipt is **not signed, and a hint**: trusted from it are index, path, salt, full and the hashes of absent proofs,
because they must lead to a root that the registry knows. Chain and registry come from the verifier's pins, the issuer
from the credential, size, time and block from the registry's slot; where the receipt says otherwise it is foreign.

On request it stands in the credential itself, as a further member of ``proof`` of the type ``AnchorReceipt``. That is
no issuer proof: it enters neither the anchor digest nor anything that is signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jikin.anchoring import digest as digests
from jikin.anchoring.acts import LeafKind
from jikin.anchoring.chain import AnchorSlot, RegistryPins
from jikin.anchoring.digest import Proof, ProofHash
from jikin.anchoring.json_members import Reader
from jikin.anchoring.merkle import check_index, check_size, path_length, root_from_path
from jikin.anchoring.statements import leaf
from jikin.errors import AnchorError
from jikin.values import Address, ChainId, Digest, Form, IssuerId, Json, JsonObject

VERSION = 1
PROOF_TYPE = "AnchorReceipt"
_MEMBERS = (
    *("v", "chain", "registry", "issuerId", "root", "treeSize", "index", "path"),
    *("salt", "full", "absentProofs", "block", "time"),
)
_PROOF_MEMBERS = ("form", "alg", "signed", "sig")
_CODE = "anchor.receipt"
_MAX_ABSENT = 8
_MAX_ALGORITHM = 64


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt, version 1. *salt* is a secret of the holder: it opens the status note and identifies the leaf."""

    chain: ChainId
    registry: Address
    issuer_id: IssuerId
    root: Digest
    tree_size: int
    index: int
    path: tuple[Digest, ...]
    salt: bytes = field(repr=False)
    block: int
    time: int
    full: bytes = digests.NOTHING
    absent_proofs: tuple[ProofHash, ...] = ()

    def __post_init__(self) -> None:
        """Refuse with AnchorError what can lead to no root."""
        check_index(self.index, self.tree_size)
        if len(self.path) != path_length(self.index, self.tree_size):
            raise AnchorError(
                f"the path of leaf {self.index} of {self.tree_size} has {path_length(self.index, self.tree_size)} "
                f"nodes, got {len(self.path)}",
                code="anchor.receipt.path",
            )
        if len(self.salt) != 32 or len(self.full) != 32:
            raise AnchorError("salt and full are 32 bytes each", code="anchor.receipt.salt")

    def to_json(self) -> JsonObject:
        """Return the JSON form; every member is present, hexadecimal in lower case."""
        return {
            "v": VERSION,
            "chain": str(self.chain),
            "registry": str(self.registry),
            "issuerId": self.issuer_id.hex(),
            "root": self.root.hex(),
            "treeSize": self.tree_size,
            "index": self.index,
            "path": [step.hex() for step in self.path],
            "salt": "0x" + self.salt.hex(),
            "full": "0x" + self.full.hex(),
            "absentProofs": [_proof_json(proof) for proof in self.absent_proofs],
            "block": self.block,
            "time": self.time,
        }

    @classmethod
    def parse(cls, value: Json) -> Receipt:
        """Read the JSON form; raises AnchorError (``anchor.receipt.<member>``) for what ``to_json`` cannot write."""
        read = Reader(_CODE, value, _MEMBERS)
        read.version(VERSION)
        tree_size, index = read.number("treeSize"), read.number("index")
        check_size(tree_size)
        check_index(index, tree_size)
        return cls(
            chain=read.chain("chain"),
            registry=read.address("registry"),
            issuer_id=IssuerId(read.bytes32("issuerId")),
            root=Digest(read.bytes32("root")),
            tree_size=tree_size,
            index=index,
            path=tuple(Digest(step) for step in read.digests("path", 32)),
            salt=read.bytes32("salt"),
            full=read.bytes32("full"),
            absent_proofs=tuple(_proof(entry) for entry in read.listed("absentProofs", _MAX_ABSENT)),
            block=read.number("block"),
            time=read.number("time"),
        )

    def to_proof(self) -> JsonObject:
        """Return the receipt as it stands among the proofs of a credential: its JSON form with the type."""
        return {"type": PROOF_TYPE, **self.to_json()}

    @classmethod
    def parse_proof(cls, proof: JsonObject) -> Receipt:
        """Read what ``to_proof`` writes; raises AnchorError as ``parse``, also for a proof of another type."""
        if not is_receipt(proof):
            raise AnchorError(f"a receipt among proofs is of the type {PROOF_TYPE}", code=f"{_CODE}.type")
        return cls.parse({name: member for name, member in proof.items() if name != "type"})

    def root_for(self, leaf: Digest) -> Digest:
        """Return the root to which *leaf* leads by this receipt's index, size and path."""
        return root_from_path(leaf, self.index, self.tree_size, self.path)

    def root_of(self, proofs: Sequence[Proof], context: Digest) -> Digest:
        """Return the root to which a credential with these issuer *proofs* leads under the issuer's *context*.

        Of several possible orders of present and absent proofs the one that leads to the receipt's own root is taken,
        else the one with the absent proofs last: the caller sees a root that is not the receipt's, a foreign receipt.
        Raises AnchorError when the proofs cannot be hashed.
        """
        first: Digest | None = None
        for digest in digests.possible_digests(proofs, self.absent_proofs, self.full):
            root = self.root_for(leaf(LeafKind.CREDENTIAL, context, self.salt, digest))
            if root == self.root:
                return root
            first = first or root
        if first is None:
            raise AnchorError("a credential without any proof has no anchor digest", code="anchor.proofs")
        return first

    def disagreement(self, pins: RegistryPins, issuer_id: IssuerId, slot: AnchorSlot) -> str | None:
        """Return the first member that says otherwise than pins, credential or registry slot; None if all agree."""
        pairs: tuple[tuple[str, object, object], ...] = (
            ("chain", self.chain, pins.chain),
            ("registry", self.registry, pins.registry),
            ("issuerId", self.issuer_id, issuer_id),
            ("treeSize", self.tree_size, slot.tree_size),
            ("block", self.block, slot.block),
            ("time", self.time, slot.time),
        )
        return next((name for name, said, true in pairs if said != true), None)


def is_receipt(proof: JsonObject) -> bool:
    """Say whether a member of ``proof`` is a receipt, and so no issuer proof."""
    return proof.get("type") == PROOF_TYPE


def _proof_json(proof: ProofHash) -> JsonObject:
    return {
        "form": proof.form.value,
        "alg": proof.algorithm,
        "signed": proof.signed.hex(),
        "sig": proof.signature.hex(),
    }


def _proof(value: Json) -> ProofHash:
    read = Reader(_CODE, value, _PROOF_MEMBERS, inside="absentProofs")
    form, algorithm = read.number("form", max(known.value for known in Form) + 1), read.raw("alg")
    if form == 0 or not isinstance(algorithm, str) or not 0 < len(algorithm) <= _MAX_ALGORITHM:
        raise AnchorError(
            "an absent proof has a form of 1 to 5 and the name of its algorithm", code=f"{_CODE}.absentProofs"
        )
    return ProofHash(Form(form), algorithm, Digest(read.bytes32("signed")), Digest(read.bytes32("sig")))
