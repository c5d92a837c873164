"""Whose key: one file per DID method, the DID document, and the doors to the web."""
