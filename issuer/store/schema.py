"""What every table of the office is made of: one MetaData, ordered integer keys, references named after their table."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column of its own INTEGER type.
ID = BigInteger().with_variant(Integer, "sqlite")
PERSONAL = "personal"


def id_column() -> Column[int]:
    """Return the key column of a table."""
    return Column("id", ID, primary_key=True, autoincrement=True)


def to(table: str, *, nullable: bool = False, index: bool = False) -> Column[int]:
    """Return the column that refers to a row of *table*."""
    one = {"batches": "batch", "status_lists": "status_list"}.get(table, table.removesuffix("s"))
    return Column(f"{one}_id", ID, ForeignKey(f"{table}.id"), nullable=nullable, index=index)
