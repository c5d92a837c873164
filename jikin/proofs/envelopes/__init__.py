"""Enveloping proofs: one file per format, and the steps they share."""
