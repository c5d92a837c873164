"""Tasks, changes and approvals as a file for auditors: with the registry's events it shows that two persons decided.

The file has what was signed and by which key, never a name, a reason or a certificate number. Of a status change the
hash of its notes is enough: the subject is computed from it (STATEMENTS 8).
"""

from __future__ import annotations

from collections.abc import Sequence

from issuer.approving import Approval, Officer
from issuer.office import Office
from issuer.store import institutions, issue_tasks, seen, tasks
from issuer.store.institutions import Institution
from issuer.store.tasks import StoredTask
from jikin.codec import jcs
from jikin.values import Json, JsonObject, sha256

VERSION = 1


def export(office: Office, institution: Institution) -> JsonObject:
    """Return officers' keys by number, status tasks with their changes, issue tasks with their manifests."""
    pins = office.chain.registry.pins
    with office.database.read() as connection:
        officers = institutions.every_officer(connection, institution.id)
        status = tasks.every(connection, institution.id)
        published = seen.published_at(connection, [one.task.id for one in status])
        issues = issue_tasks.every(connection, institution.id)
        status_json: list[Json] = [
            _status(one, tasks.approvals_of(connection, one.task.id), published.get(one.task.id)) for one in status
        ]
        issue_json: list[Json] = [
            {
                "task": one.name,
                "uid": one.task.uid.hex(),
                "state": one.state.value,
                "manifest": dict(one.task.manifest),
                "usedAt": one.task.used_at,
                "approvals": _approvals(issue_tasks.approvals_of(connection, one.task.id)),
            }
            for one in issues
        ]
    return {
        "type": "Approvals",
        "v": VERSION,
        "chain": str(pins.chain),
        "registry": str(pins.registry),
        "issuerId": institution.issuer_id.hex(),
        "officers": [_officer(one) for one in officers],
        "status": status_json,
        "issue": issue_json,
    }


def _officer(officer: Officer) -> JsonObject:
    return {
        "officer": officer.id,
        "roles": int(officer.roles),
        "multikey": officer.multikey,
        "passkeys": [{"passkey": one.id, "publicKey": one.public_key.hex()} for one in officer.passkeys],
        "removedAt": officer.removed_at,
    }


def _status(stored: StoredTask, approvals: Sequence[Approval], published: tuple[int, int] | None) -> JsonObject:
    task = stored.task
    return {
        "task": task.id,
        "uid": task.uid.hex(),
        "state": stored.state.value,
        "listId": task.list_id.hex(),
        "changes": task.changes.hex(),
        "notesHash": sha256(jcs.canonicalize([dict(note) for note in task.notes])).hex(),
        "alone": task.break_glass,
        "block": None if published is None else published[0],
        "approvals": _approvals(approvals),
    }


def _approvals(given: Sequence[Approval]) -> list[Json]:
    return [
        {
            "officer": one.officer_id,
            "part": one.part,
            "kind": one.kind,
            "at": one.at,
            "expires": one.expires,
            "signature": one.signature.hex(),
            "passkey": None if one.assertion is None else one.assertion.passkey_id,
            "authenticatorData": None if one.assertion is None else one.assertion.authenticator_data.hex(),
            "clientData": None if one.assertion is None else one.assertion.client_data.hex(),
        }
        for one in given
    ]
