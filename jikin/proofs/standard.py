"""The cryptosuites of a standard installation: a new one is one file and one line here."""

from __future__ import annotations

from jikin.codec.contexts import Contexts
from jikin.proofs.eddsa_jcs_2022 import EddsaJcs2022
from jikin.proofs.eddsa_rdfc_2022 import EddsaRdfc2022
from jikin.proofs.suite import Suites


def standard_suites(contexts: Contexts) -> Suites:
    """Return the suites; *contexts* are those that signed documents may name."""
    return Suites(
        (
            EddsaRdfc2022(contexts),
            EddsaJcs2022(),
        )
    )
