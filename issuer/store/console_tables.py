"""The tables of the officers' console: passkeys, sessions, invitations."""

from __future__ import annotations
