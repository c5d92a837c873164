"""Which columns hold personal data, over every table of the office: one list of modules, so that none is forgotten."""

from __future__ import annotations

from types import ModuleType

from issuer.store import console_tables, embargo_tables, holder_tables, schema, tables, worker_tables
from issuer.store.schema import PERSONAL

# A module whose tables belong to the office's schema is one line here.
MODULES: tuple[ModuleType, ...] = (tables, console_tables, holder_tables, embargo_tables, worker_tables)


def personal_columns() -> dict[str, dict[str, str]]:
    """Return, by table, the columns that hold personal data and what they hold."""
    found: dict[str, dict[str, str]] = {}
    for table in schema.metadata.sorted_tables:
        marked = {column.name: str(column.info[PERSONAL]) for column in table.columns if PERSONAL in column.info}
        if marked:
            found[table.name] = marked
    return found
