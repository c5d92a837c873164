"""Invented records for trying out: the sample cells of a credential type, with fresh digits where values are unique."""

from __future__ import annotations

import secrets

from jikin.credentials.types import CredentialType


def record(kind: CredentialType) -> dict[str, str]:
    """Return a record of nobody; two of them differ, and each can be issued."""
    return {
        key: _fresh(column.sample.ko) if column.rules.get("x-unique") is True else column.sample.ko
        for key, column in kind.columns.items()
    }


def _fresh(sample: str) -> str:
    return "".join(secrets.choice("0123456789") if sign.isdigit() else sign for sign in sample)
