"""Leases of workers. Their times come from the database's clock: the only one that workers on several hosts share."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Double, delete, func, insert, literal_column, select, update

from issuer.store.worker_tables import workers


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker as the table knows it: since when it works, and how many seconds ago it last said so."""

    executor_id: str
    began_at: int
    silent_seconds: float


def _now(connection: Connection) -> ColumnElement[float]:
    """Return the moment at which the statement runs, as Unix seconds: not that at which its transaction began."""
    if connection.dialect.name == "postgresql":
        return func.date_part("epoch", func.clock_timestamp(), type_=Double)
    return literal_column("(julianday('now') - 2440587.5) * 86400.0", Double)


def begin(connection: Connection, executor_id: str) -> None:
    """Note that the worker begins; an executor id begins once."""
    now = _now(connection)
    connection.execute(insert(workers).values(executor_id=executor_id, began_at=now, beat_at=now))


def beat(connection: Connection, executor_id: str, expiry_seconds: float) -> bool:
    """Renew the worker's lease; False when it is gone or has expired: its work may be another's by now."""
    now = _now(connection)
    renewed = connection.execute(
        update(workers)
        .where(workers.c.executor_id == executor_id, workers.c.beat_at >= now - expiry_seconds)
        .values(beat_at=now)
        .returning(workers.c.id)
    )
    return renewed.one_or_none() is not None


def end(connection: Connection, executor_id: str) -> None:
    """Forget the worker."""
    connection.execute(delete(workers).where(workers.c.executor_id == executor_id))


def forget_expired(connection: Connection, expiry_seconds: float) -> tuple[str, ...]:
    """Forget the workers that have said nothing for *expiry_seconds*; return their executor ids."""
    late = workers.c.beat_at < _now(connection) - expiry_seconds
    return tuple(row.executor_id for row in connection.execute(delete(workers).where(late).returning(workers)))


def every(connection: Connection) -> tuple[Lease, ...]:
    """Return every worker, the longest at work first."""
    silent = (_now(connection) - workers.c.beat_at).label("silent")
    found = connection.execute(select(workers, silent).order_by(workers.c.id))
    return tuple(Lease(row.executor_id, int(row.began_at), max(0.0, float(row.silent))) for row in found)
