"""What somebody would see of a certificate: all of it, or of an SD-JWT VC what they ask for and what is always open.

What is told to the holder is read from the very text that would be shown, never from what was meant to be in it.
"""

from __future__ import annotations

from collections.abc import Collection

from jikin.credentials import parsing
from jikin.credentials.types import CredentialTypes
from jikin.openid4vc.claims import ClaimPath
from jikin.proofs.envelopes import sd_jwt
from wallet import describing
from wallet.values import Held, Shown


def shown_of(held: Held, paths: Collection[ClaimPath], types: CredentialTypes) -> Shown:
    """Return what would be seen of *held* where the claims at *paths* are asked for.

    *types* are the credential types to recognise it by. Raises EnvelopeError for a path that leads nowhere,
    CredentialError for a certificate that is none without what is left out.
    """
    if held.envelope is None:
        return Shown(whole=True, fields=held.fields, issued_at=held.issued_at, valid_until=held.valid_until)
    issued = sd_jwt.read(held.envelope)
    seen = sd_jwt.read(sd_jwt.present(held.envelope, paths))
    credential = parsing.parse(seen.claims, types)
    disclosed = {disclosure.text for disclosure in seen.disclosures}
    hidden = [
        path
        for disclosure, path in zip(issued.disclosures, issued.paths, strict=True)
        if disclosure.text not in disclosed
    ]
    # What stands inside a hidden claim is hidden with it.
    outermost = [path for path in hidden if not any(path[:length] in hidden for length in range(1, len(path)))]
    return Shown(
        whole=False,
        fields=describing.claims_of(credential),
        hidden=describing.labels_of(credential.kind, outermost),
        kind=describing.kind_of(credential),
        issued_at=credential.valid_from,
        valid_until=credential.valid_until,
    )
