"""The persisted steps of issuing and revoking: each is a question whose answer grows when the step becomes durable.

A question returns keys; a commit with which a key appears that was not there before is the step.
"""

from __future__ import annotations

ISSUING: dict[str, str] = {
    "the job is begun": "SELECT b.id * 1000 + b.attempt FROM batches b WHERE b.attempt > 0",
    "numbers and entries are reserved": "SELECT b.id FROM batches b WHERE b.state = 'reserved'",
    "some are signed": (
        "SELECT DISTINCT b.id FROM batches b JOIN credentials c ON c.batch_id = b.id "
        "WHERE b.state = 'reserved' AND c.state = 'signed'"
    ),
    "all are signed": "SELECT b.id FROM batches b WHERE b.state = 'signed'",
    "the tree is stored": "SELECT b.id FROM batches b WHERE b.state = 'planted'",
    "nonce and intent are stored": "SELECT t.id FROM transactions t WHERE t.batch_id IS NOT NULL",
    "the transaction is signed": "SELECT t.id FROM transactions t WHERE t.batch_id IS NOT NULL AND t.state = 'signed'",
    "the transaction is sent": "SELECT t.id FROM transactions t WHERE t.batch_id IS NOT NULL AND t.state = 'sent'",
    "the transaction is mined": "SELECT t.id FROM transactions t WHERE t.batch_id IS NOT NULL AND t.state = 'mined'",
    "the transaction is final": "SELECT t.id FROM transactions t WHERE t.batch_id IS NOT NULL AND t.state = 'final'",
    "the batch is anchored": "SELECT b.id FROM batches b WHERE b.state = 'anchored'",
    "some are verified": "SELECT b.id FROM batches b WHERE b.state = 'anchored' AND b.verified_to > 0",
    "all are verified": "SELECT b.id FROM batches b WHERE b.state = 'verified'",
    "the batch is released": "SELECT b.id FROM batches b WHERE b.state = 'released'",
}
REVOKING: dict[str, str] = {
    "the job is begun": "SELECT k.id * 1000 + k.attempt FROM tasks k WHERE k.attempt > 0",
    "the epoch is stored": "SELECT e.id FROM epochs e WHERE e.state = 'prepared'",
    "nonce and intent are stored": "SELECT t.id FROM transactions t WHERE t.epoch_id IS NOT NULL",
    "the transaction is signed": "SELECT t.id FROM transactions t WHERE t.epoch_id IS NOT NULL AND t.state = 'signed'",
    "the transaction is sent": "SELECT t.id FROM transactions t WHERE t.epoch_id IS NOT NULL AND t.state = 'sent'",
    "the transaction is mined": "SELECT t.id FROM transactions t WHERE t.epoch_id IS NOT NULL AND t.state = 'mined'",
    "the transaction is final": "SELECT t.id FROM transactions t WHERE t.epoch_id IS NOT NULL AND t.state = 'final'",
    "the epoch is published": "SELECT e.id FROM epochs e WHERE e.state = 'published'",
}
# An anchor and a status change in one transaction, of an institution with a joint operator.
_BOTH = "SELECT t.id FROM transactions t WHERE t.batch_id IS NOT NULL AND t.epoch_id IS NOT NULL"
TOGETHER: dict[str, str] = {
    "nonce and intent are stored": _BOTH,
    "the transaction is signed": f"{_BOTH} AND t.state = 'signed'",
    "the transaction is sent": f"{_BOTH} AND t.state = 'sent'",
    "the transaction is mined": f"{_BOTH} AND t.state = 'mined'",
    "the transaction is final": f"{_BOTH} AND t.state = 'final'",
}
POINTS: dict[str, str] = {
    **{f"issuing: {name}": question for name, question in ISSUING.items()},
    **{f"revoking: {name}": question for name, question in REVOKING.items()},
}
JOINT: dict[str, str] = {f"together: {name}": question for name, question in TOGETHER.items()}
# Killed in the moment before the step is durable, everything that led to it done; and in the moment after.
MOMENTS = ("before", "after")
