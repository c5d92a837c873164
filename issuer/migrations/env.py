"""Run by Alembic inside the connection that ``Database.migrate`` hands over; there is no other way to run it."""

from __future__ import annotations

from alembic import context

from issuer.store import personal, schema

if not personal.MODULES:  # importing it brings every module's tables into the metadata
    raise AssertionError("no tables")
connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=schema.metadata, render_as_batch=True)
context.run_migrations()
