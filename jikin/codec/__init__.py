"""Bytes and text: JSON, JCS, JSON-LD to canonical N-Quads, multibase, multikey, base45, bit strings."""
