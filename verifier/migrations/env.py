"""Run by Alembic inside the connection that ``Database.migrate`` hands over; there is no other way to run it."""

from __future__ import annotations

from alembic import context

from verifier.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
