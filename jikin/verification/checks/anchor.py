"""Since when does it exist? The receipt leads to a root, the registry says when that root was anchored.

A receipt is a hint: chain and registry come from the pins, the issuer from the credential, size, time and block from
the registry's slot (SECURITY 1.3). Whatever the receipt says otherwise makes it foreign.
"""

from __future__ import annotations

from collections.abc import Iterator

from jikin.anchoring.acts import LeafKind
from jikin.anchoring.chain import AnchorSlot, RegistryPins
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.statements import context_hash
from jikin.errors import AnchorError
from jikin.values import Did, Digest, format_instant
from jikin.verification.checks.case import Anchored, Anchoring, Case, Said
from jikin.verification.evidence import Missing
from jikin.verification.findings import Code
from jikin.verification.policy import AnchorDemand
from jikin.verification.reading import Reading


def computed_root(reading: Reading, receipt: Receipt, pins: RegistryPins) -> Digest | None:
    """Return the root to which the document's own proofs lead by *receipt*, None where they lead to none.

    The leaf is hashed under the pinned registry and the issuer the credential names, not those the receipt names.
    """
    if reading.issuer is None or reading.statements is None:
        return None
    context = context_hash(pins.chain, pins.registry, reading.issuer.issuer_id)
    try:
        return receipt.root_of(reading.statements, context)
    except AnchorError:
        return None


def find(case: Case) -> Anchoring:
    """Return whether and when the credential was anchored, with what there is to say about it."""
    receipt, pins = case.evidence.receipt, case.evidence.pins
    if case.reading.receipt_fault is not None:
        return _foreign(case.reading.receipt_fault)
    if isinstance(receipt, Missing):
        return Anchoring(Anchored.UNKNOWN, None, (_without_receipt(case, receipt.detail),))
    if receipt.value is None:
        return Anchoring(Anchored.NO, None, (_without_receipt(case, "no receipt came with it"),))
    if pins is None:
        return _unreachable("there is a receipt and no registry to ask")
    return _with_receipt(case, receipt.value, pins)


def _without_receipt(case: Case, detail: str) -> Said:
    if isinstance(case.evidence.issuer, Missing) and case.policy.anchor is AnchorDemand.WHERE_PROMISED:
        return Said(Code.ANCHOR_UNREACHABLE, f"{detail}, and whether the issuer anchors everything is not known")
    promised = case.record is not None and case.record.anchors_all
    demanded = case.policy.anchor is AnchorDemand.ALWAYS or (
        case.policy.anchor is AnchorDemand.WHERE_PROMISED and promised
    )
    return Said(Code.ANCHOR_MISSING_RECEIPT if demanded else Code.ANCHOR_NOT_PROMISED, detail)


def _with_receipt(case: Case, receipt: Receipt, pins: RegistryPins) -> Anchoring:
    issuer = case.reading.issuer
    if issuer is None:
        return _foreign("the credential's issuer is no DID and anchors nothing")
    if (other := _elsewhere(receipt, pins, issuer)) is not None:
        return _foreign(f"the receipt is for another {other}")
    if case.reading.statements is None:
        return _unreachable("not all proofs can be read, and the anchor covers them all")
    root = computed_root(case.reading, receipt, pins)
    if root is None or root != receipt.root:
        return _foreign("the receipt does not lead from this credential to its root")
    fact = case.evidence.anchors.get(root, Missing("chain.unreachable", "the anchor was not asked for"))
    if isinstance(fact, Missing):
        return _unreachable(fact.detail)
    return _with_slot(case, receipt, pins, issuer, fact.value)


def _with_slot(case: Case, receipt: Receipt, pins: RegistryPins, issuer: Did, slot: AnchorSlot | None) -> Anchoring:
    if slot is None:
        said = Said(Code.ANCHOR_ABSENT, f"root {receipt.root} is not on record", source="chain", on_chain=True)
        return Anchoring(Anchored.NO, None, (said,))
    if (member := receipt.disagreement(pins, issuer.issuer_id, slot)) is not None:
        return _foreign(f"{member} of the receipt is not what is on record")
    if slot.kind != LeafKind.CREDENTIAL:
        return _foreign(f"the root was anchored for leaves of kind {slot.kind}, not for credentials")
    return Anchoring(Anchored.YES, slot, tuple(_present(case, slot)))


def _elsewhere(receipt: Receipt, pins: RegistryPins, issuer: Did) -> str | None:
    """Return which of chain, registry and issuer the receipt names otherwise, None if all agree."""
    pairs = (
        ("chain", receipt.chain, pins.chain),
        ("registry", receipt.registry, pins.registry),
        ("issuer", receipt.issuer_id, issuer.issuer_id),
    )
    return next((name for name, said, true in pairs if said != true), None)


def _unreachable(detail: str) -> Anchoring:
    return Anchoring(Anchored.UNKNOWN, None, (Said(Code.ANCHOR_UNREACHABLE, detail),))


def _foreign(detail: str) -> Anchoring:
    return Anchoring(Anchored.NO, None, (Said(Code.ANCHOR_FOREIGN, detail),))


def _present(case: Case, slot: AnchorSlot) -> Iterator[Said]:
    when = f"anchored in block {slot.block} at {format_instant(slot.time)}"
    facts = {"at": slot.time}
    if case.at is not None and slot.time > case.at:
        yield Said(Code.ANCHOR_LATER, f"{when}, after {format_instant(case.at)}", facts, "chain", on_chain=True)
    else:
        yield Said(Code.ANCHOR_PRESENT, when, facts, "chain", on_chain=True)
    created = [proof.created for proof in case.reading.sound_proofs if proof.created is not None]
    if created and max(created) > slot.time + case.policy.created_after_anchor_seconds:
        detail = f"{when}, and a proof says it was created at {format_instant(max(created))}"
        yield Said(Code.ANCHOR_CREATED_LATER, detail, facts, "chain", on_chain=True)
