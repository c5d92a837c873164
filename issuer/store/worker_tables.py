"""The table of workers: who is at work on this office now, where several may be (PostgreSQL)."""

from __future__ import annotations

from sqlalchemy import Column, Double, Table, Text

from issuer.store.schema import id_column, metadata

workers = Table(
    "workers",
    metadata,
    id_column(),
    Column("executor_id", Text, nullable=False, unique=True),  # a fresh one for every process that begins to work
    Column("began_at", Double, nullable=False),  # Unix seconds by the database's own clock, as in the next column
    Column("beat_at", Double, nullable=False),
)
