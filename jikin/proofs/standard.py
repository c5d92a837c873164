"""The cryptosuites of a standard installation: a new one is one file and one line here; envelopes lie beside."""

from __future__ import annotations

from jikin.codec.contexts import Contexts
from jikin.proofs.bbs_2023 import Bbs2023
from jikin.proofs.ecdsa_jcs_2019 import EcdsaJcs2019
from jikin.proofs.ecdsa_rdfc_2019 import EcdsaRdfc2019
from jikin.proofs.ecdsa_sd_2023 import EcdsaSd2023
from jikin.proofs.ed25519_signature_2020 import Ed25519Signature2020
from jikin.proofs.eddsa_jcs_2022 import EddsaJcs2022
from jikin.proofs.eddsa_rdfc_2022 import EddsaRdfc2022
from jikin.proofs.eip712 import EthereumEip712Signature2021
from jikin.proofs.envelopes.standard import standard_envelopes
from jikin.proofs.mldsa44_jcs_2024 import Mldsa44Jcs2024
from jikin.proofs.mldsa44_rdfc_2024 import Mldsa44Rdfc2024
from jikin.proofs.suite import Suites


def standard_suites(contexts: Contexts) -> Suites:
    """Return the suites and the envelope formats; *contexts* are those that signed documents may name."""
    return Suites(
        (
            EddsaRdfc2022(contexts),
            EddsaJcs2022(),
            EcdsaRdfc2019(contexts),
            EcdsaJcs2019(),
            EcdsaSd2023(contexts),
            Bbs2023(contexts),
            Mldsa44Jcs2024(),
            Mldsa44Rdfc2024(contexts),
            Ed25519Signature2020(contexts),
            EthereumEip712Signature2021(),
        ),
        standard_envelopes(),
    )
