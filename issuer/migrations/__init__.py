"""Steps from one schema of the office database to the next, run by Alembic."""
