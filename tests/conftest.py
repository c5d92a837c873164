"""How property tests run: without a deadline per example, because a slow minute is no defect; `make fuzz` runs more."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("patient", _PATIENT)
settings.register_profile("fuzz", _PATIENT, max_examples=2000)
settings.load_profile("patient")
