"""Proof packs of certificates in the vault: made when they are asked for, and anew before they are too old to help.

A pack shows offline how a certificate stood as of one block (docs/proof-packs.md). It holds nothing that the vault does
not hold already, and lies in the same record.
"""

from __future__ import annotations

from jikin.anchoring.header import Header
from jikin.anchoring.receipt import Receipt
from jikin.errors import JikinError, WalletError
from jikin.status.pack import Pack
from jikin.values import Json, JsonObject
from jikin.verification import packing
from jikin.verification import policy as policies
from jikin.verification.document import Document
from wallet.app import Wallet

_POLICY = "pack"
_LASTS = 7  # a pack is renewed when a seventh of what the policy allows has passed: it shall last where it is shown


def made(wallet: Wallet, issued: Json, receipt: JsonObject | None) -> bytes:
    """Return a fresh pack of the certificate *issued*, as of the newest block.

    Raises WalletError (``wallet.no-pack``) where no chain is set up, DocumentError for what a pack needs and could not
    be had, and what the chain raises.
    """
    if wallet.proving is None:
        raise WalletError(
            "proof packs need the chain, and this wallet has none set up",
            code="wallet.no-pack",
            hint="set JIKIN_RPC_URL and JIKIN_REGISTRY_FILE",
        )
    document = Document.of(issued, None if receipt is None else Receipt.parse(receipt))
    return packing.make(document, wallet.proving(), wallet.trusting()).to_bytes()


def renewed(wallet: Wallet, kept: bytes | None, issued: Json, receipt: JsonObject | None) -> bytes | None:
    """Return *kept* while it is young, else a fresh pack; while the chain cannot be asked the old one, if it is any."""
    if kept is not None and not is_due(wallet, kept):
        return kept
    try:
        return made(wallet, issued, receipt)
    except JikinError as error:
        wallet.tell("pack", error)
        return kept


def is_due(wallet: Wallet, kept: bytes) -> bool:
    """Say whether a pack is old enough to be made anew."""
    return wallet.clock() - as_of(kept) > policies.packaged(_POLICY).status_age_seconds // _LASTS


def as_of(kept: bytes) -> int:
    """Return the time of the pack's block (Unix seconds); raises DocumentError for what is no pack."""
    return Header.parse(Pack.parse(kept).header).block.time
