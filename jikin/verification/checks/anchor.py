"""Since when does it exist? The receipt leads to a root, the registry says when that root was anchored.

A receipt is a hint: chain and registry come from the pins, the issuer from the credential, size, time and block from
the registry's slot (SECURITY 1.3). Whatever the receipt says otherwise makes it foreign.

A registry can be followed by another one (SECURITY 3.3). What was anchored here afterwards does not count. A receipt of
a registry before this one leads here by one hop, if it is pinned as an older one and the issuer anchored its root
again; the time that counts is then the later one, of this registry's own slot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jikin.anchoring.acts import LeafKind
from jikin.anchoring.chain import AnchorSlot, RegistryPins
from jikin.anchoring.older import Reanchored
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.statements import context_hash
from jikin.errors import AnchorError
from jikin.values import Did, Digest, format_instant
from jikin.verification.checks.case import Anchored, Anchoring, Case, Said
from jikin.verification.evidence import Evidence, Known, Missing
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
    older = older_registry(receipt, case.evidence.older)
    meant = pins if older is None else older
    if (other := _elsewhere(receipt, meant, issuer)) is not None:
        return _for_another(case, receipt, other)
    if case.reading.statements is None:
        return _unreachable("not all proofs can be read, and the anchor covers them all")
    if computed_root(case.reading, receipt, meant) != receipt.root:
        return _foreign("the receipt does not lead from this credential to its root")
    return _with_root(case, receipt, pins, issuer) if older is None else _through_hop(case, receipt, pins)


def older_registry(receipt: Receipt, older: Sequence[RegistryPins]) -> RegistryPins | None:
    """Return the pins of the *older* registry that *receipt* is of, None if it is of none of them."""
    return next((pins for pins in older if (pins.chain, pins.registry) == (receipt.chain, receipt.registry)), None)


def _for_another(case: Case, receipt: Receipt, what: str) -> Anchoring:
    """Judge a receipt for another *what*; one for the registry that follows is no forgery, and not checked here."""
    known = case.evidence.successor
    following = known.value if isinstance(known, Known) else None
    if what == "registry" and following is not None and following.registry == receipt.registry:
        return _unreachable(f"registry {receipt.registry} follows the one that is asked here, and is not pinned")
    return _foreign(f"the receipt is for another {what}")


def _on_record(case: Case, root: Digest) -> AnchorSlot | Anchoring:
    """Return the slot of *root*, or what follows from there being none."""
    fact = case.evidence.anchors.get(root, Missing("chain.unreachable", "the anchor was not asked for"))
    if isinstance(fact, Missing):
        return _unreachable(fact.detail)
    return _absent(f"root {root} is not on record") if fact.value is None else fact.value


def _with_root(case: Case, receipt: Receipt, pins: RegistryPins, issuer: Did) -> Anchoring:
    slot = _on_record(case, receipt.root)
    return slot if isinstance(slot, Anchoring) else _with_slot(case, receipt, pins, issuer, slot)


def _with_slot(case: Case, receipt: Receipt, pins: RegistryPins, issuer: Did, slot: AnchorSlot) -> Anchoring:
    if (member := receipt.disagreement(pins, issuer.issuer_id, slot)) is not None:
        return _foreign(f"{member} of the receipt is not what is on record")
    if slot.kind != LeafKind.CREDENTIAL:
        return _foreign(f"the root was anchored for leaves of kind {slot.kind}, not for credentials")
    return _counted(case, slot)


def _through_hop(case: Case, receipt: Receipt, pins: RegistryPins) -> Anchoring:
    """Judge a *receipt* of an older registry by the anchor of its root in the registry of *pins*."""
    fact = case.evidence.reanchored
    if isinstance(fact, Missing):
        return _unreachable(fact.detail)
    again = fact.value
    if again is None:
        return _absent(f"root {receipt.root} of an older registry was not anchored again in the one that is asked")
    if (member := again.disagreement(receipt, pins)) is not None:
        return _foreign(f"{member} of the older root is not that of the receipt, or of the registry that is asked")
    if again.root_under(pins) != again.root:
        return _foreign("the older root does not lead to the root in which it was anchored again")
    slot = _on_record(case, again.root)
    return slot if isinstance(slot, Anchoring) else _with_older(case, again, slot)


def _with_older(case: Case, again: Reanchored, slot: AnchorSlot) -> Anchoring:
    if (member := again.differs_from(slot)) is not None:
        return _foreign(f"{member} of the older root's anchor is not what is on record")
    return _counted(case, slot)


def _counted(case: Case, slot: AnchorSlot) -> Anchoring:
    if (ended := after_the_end(case.evidence, slot)) is not None:
        return ended
    return Anchoring(Anchored.YES, slot, tuple(_present(case, slot)))


def after_the_end(evidence: Evidence, slot: AnchorSlot) -> Anchoring | None:
    """Return why an anchor does not count where another registry had taken over by then; None: it counts.

    The contract takes anchors until somebody seals the issuer, so every reader compares the two slots (SECURITY 3.3).
    """
    successor = evidence.successor
    if isinstance(successor, Missing):
        return _unreachable(successor.detail)
    if successor.value is None or slot.time < successor.value.sealed_at:
        return None
    detail = (
        f"anchored in block {slot.block} at {format_instant(slot.time)}, and registry {successor.value.registry} "
        f"follows this one since {format_instant(successor.value.sealed_at)}"
    )
    return Anchoring(Anchored.NO, None, (Said(Code.ANCHOR_SEALED, detail, {"at": slot.time}, "chain", on_chain=True),))


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


def _absent(detail: str) -> Anchoring:
    return Anchoring(Anchored.NO, None, (Said(Code.ANCHOR_ABSENT, detail, source="chain", on_chain=True),))


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
