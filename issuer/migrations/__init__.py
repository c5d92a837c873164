"""Steps from one schema of the office database to the next, run by Alembic.

NEWEST is the last of them, written down so that a database that is up to date is recognised without Alembic.
"""

NEWEST = "0007"
