"""The envelope formats of a standard installation: a new one is one file and one line here."""

from __future__ import annotations

from jikin.proofs.envelope import EnvelopeFormat
from jikin.proofs.envelopes.json_serialization import JsonSerialization
from jikin.proofs.envelopes.jwt_vc import JwtVc
from jikin.proofs.envelopes.sd_jwt_vc import SdJwtVc
from jikin.proofs.envelopes.vc_cose import VcCose
from jikin.proofs.envelopes.vc_jwt import VcJwt
from jikin.proofs.envelopes.vc_sd_jwt import VcSdJwt


def standard_envelopes() -> tuple[EnvelopeFormat, ...]:
    """Return the formats in the order in which they are asked; no two of them recognise the same bytes."""
    return (SdJwtVc(), VcSdJwt(), VcJwt(), JwtVc(), VcCose(), JsonSerialization())
