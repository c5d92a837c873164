"""The tables of what holders and applicants ask for: offers, copies, applications, second factors."""

from __future__ import annotations
