"""An issuing office for tests: the real one, on a chain in memory or a Hardhat node; cheap keys, invented people."""

from __future__ import annotations

import copy
import functools
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import issuer.migrations
from issuer import accrediting, app, approving, importing, jobs, revoking
from issuer.accrediting import NewInstitution
from issuer.approving import Officer, Role
from issuer.office import Office
from issuer.settings import Settings
from issuer.steps import go_through
from issuer.store import batches
from issuer.store.batches import Batch, Credential, Origin, SourceRow
from issuer.store.institutions import Institution
from issuer.store.tasks import StoredTask
from jikin.anchoring.chain import RegistryWriter
from jikin.anchoring.memory import MemoryChain
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.status.array import State
from jikin.values import Address, CertificateNumber
from jikin.values.settings import Secret
from tests.blank_database import lay

TYPE = "national-technical-qualification"
HEADER = "수검번호,성명,영문성명,생년월일,종목코드,합격일"
DOMAIN = "certs.exam.example"
START = 1_790_000_000  # 2026-09-21T13:33:20Z
NAMES = ("김하늘", "이도윤", "박서연", "최지우", "정민준", "한가온", "오예린", "문시우")
NEW = NewInstitution(DOMAIN, "한국견본공단", "Sample Agency of Korea", "KR12", (TYPE,), "견본직인")


def row(number: int, **changes: str) -> str:
    """Return one good row of a result list; *changes* replace cells by column key."""
    cells = {
        "exam_number": f"2602-{number:06d}",
        "name_ko": NAMES[number % len(NAMES)],
        "name_en": "Kim Ha-neul",
        "birth_date": f"19{80 + number % 20}-04-17",
        "qualification_code": "7875",
        "passed_on": "2026-05-29",
    } | changes
    return ",".join(cells.values())


def rows(count: int, first: int = 1) -> bytes:
    """Return a result list of *count* good rows as UTF-8."""
    return "\n".join([HEADER, *(row(number) for number in range(first, first + count))]).encode()


class Clock:
    """Unix seconds that move when somebody waits."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class MemoryDoor:
    """The office's door to a chain in memory."""

    def __init__(self) -> None:
        self.chain: MemoryChain

    @property
    def registry(self) -> MemoryChain:
        return self.chain

    def writer(self, account: Address, unlock: Callable[[], object]) -> RegistryWriter:
        return self.chain.writer(account)

    def balance_wei(self, account: Address) -> int | None:
        return None

    def is_contract(self, account: Address) -> bool:
        return False


def settings(folder: Path, **changes: object) -> Settings:
    """Return settings with cheap key files and a quick look at the chain."""
    plain = Settings(data=folder, passphrase=Secret("견본 암호"), key_cost=12, poll_seconds=0.05, lang="en")
    return replace(plain, **changes)


@dataclass
class Bureau:
    """An accredited institution in its office, two officers, and the chain under it."""

    office: Office
    institution: Institution
    chain: MemoryChain
    clock: Clock
    officers: dict[str, tuple[Officer, Ed25519Signer]]

    def hire(self, name: str, roles: Role = approving.ALL_ROLES) -> Officer:
        signer = Ed25519Signer.generate()
        officer = accrediting.add_officer(self.office, self.institution, name, roles, signer.public_key)
        self.officers[name] = (officer, signer)
        return officer

    def accept(self, data: bytes, key: str = "list 1", suite: str = "eddsa-rdfc-2022") -> Batch:
        """Take a result list in, as the command does."""
        looked = self.preview(data)
        return importing.accept(
            self.office.database, self.institution, looked, key=key, suite=suite, now=self.office.clock()
        )

    def preview(self, data: bytes) -> importing.Preview:
        def issued(hashes: Iterable[bytes]) -> set[bytes]:
            with self.office.database.read() as connection:
                return batches.issued_hashes(connection, self.institution.id, hashes)

        kind = self.office.types.named(TYPE)
        return importing.preview(data, kind, self.office.limits, today=self.office.today, issued=issued)

    def run(self, batch: Batch, until: str | None = None) -> Batch:
        """Run the steps of the batch's job in this thread; stop before the step called *until*."""
        steps = list(itertools.takewhile(lambda step: step.__name__ != until, jobs.ISSUE.steps))
        go_through(steps, lambda step: step(self.office, batch.id) or 0)
        return self.batch(batch.id)

    def issue(self, data: bytes, key: str = "list 1") -> Batch:
        return self.run(self.accept(data, key))

    def batch(self, batch_id: int) -> Batch:
        with self.office.database.read() as connection:
            return batches.by_id(connection, batch_id)

    def credentials(self, batch: Batch) -> tuple[Credential, ...]:
        with self.office.database.read() as connection:
            return batches.credentials_of(connection, batch.id)

    def numbers(self, batch: Batch) -> list[CertificateNumber]:
        return [CertificateNumber(one.number) for one in self.credentials(batch)]

    def request(
        self,
        numbers: Iterable[CertificateNumber],
        state: State = State.REVOKED,
        reason: str = "issued-in-error",
        *,
        by: str = "park",
        effective: int | None = None,
        alone: bool = False,
    ) -> StoredTask:
        officer, signer = self.officers[by]
        asked = revoking.Request(list(numbers), state, reason, effective, alone=alone)
        (task,) = revoking.request(self.office, self.institution, officer, signer, asked)
        return task

    def approve(self, task: StoredTask, by: str = "lee") -> StoredTask:
        officer, signer = self.officers[by]
        return revoking.approve(self.office, officer, signer, task.task.id)


def single(bureau: Bureau, number: int, origin: Origin = Origin.OFFER, **changes: str) -> Batch:
    """Take in one certificate that a program asks for."""
    (row,) = bureau.preview(rows(1, first=number)).rows
    record: Mapping[str, str] = {**(row.record or {}), **changes}  # type: ignore[dict-item]
    hashed = importing.record_hash(TYPE, record)
    with bureau.office.database.write() as connection:
        return batches.add(
            connection,
            institution_id=bureau.institution.id,
            type=TYPE,
            suite="eddsa-rdfc-2022",
            idempotency_key=f"single {number}",
            source_digest=hashed,
            source=[SourceRow(1, "good", dict(record), hashed)],
            at=bureau.office.clock(),
            origin=origin,
        )


# Settings that have no part in what is founded.
_LATER = {"claim_wait_seconds", "wallet_url", "verifier_url", "dev_tokens"}


def open_bureau(folder: Path, **changes: object) -> Bureau:
    """Return a bureau on a fresh chain in memory; waiting moves the clock and mines a block.

    An office with the same institution is founded once; after that it is copied, with its keys, its two officers and
    its chain. One on a database server is founded each time.
    """
    if changes.get("database"):
        return _found(folder, NEW, changes)
    shaping = tuple(sorted((name, value) for name, value in changes.items() if name not in _LATER))
    return _founded(NEW, shaping).again(folder, changes)


def _open(folder: Path, changes: Mapping[str, object], clock: Clock) -> tuple[Office, MemoryDoor]:
    door = MemoryDoor()

    def sleep(seconds: float) -> None:
        time.sleep(0)
        clock.now += max(1, round(seconds))
        door.chain.mine()

    if "database" not in changes:
        lay(folder / "office.db", issuer.migrations)
    return app.build(settings(folder, **changes), chain=door, clock=clock, sleep=sleep), door


def _found(folder: Path, new: NewInstitution, changes: Mapping[str, object]) -> Bureau:
    clock = Clock()
    office, door = _open(folder, changes, clock)
    door.chain = MemoryChain(clock, accreditor=accrediting.ensure_accreditor(office))
    institution = accrediting.prepare(office, new)
    accrediting.register(office, institution)
    bureau = Bureau(office, office.institution(), door.chain, clock, {})
    bureau.hire("park")
    bureau.hire("lee")
    return bureau


@dataclass(frozen=True)
class _Founded:
    """An office as it was founded: its folders and files with their modes, and the bureau that was closed then."""

    folders: Mapping[Path, int]
    files: Mapping[Path, tuple[int, bytes]]
    bureau: Bureau

    def again(self, folder: Path, changes: Mapping[str, object]) -> Bureau:
        """Return the same bureau in *folder*; nothing that happens there reaches another one."""
        for name, mode in self.folders.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / name).chmod(mode)
        for name, (mode, content) in self.files.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(mode)
        first, clock = self.bureau, Clock(self.bureau.clock.now)
        office, door = _open(folder, changes, clock)
        # A lock cannot be copied, and the clock is the new one.
        door.chain = copy.deepcopy(
            first.chain, {id(first.chain._lock): threading.RLock(), id(first.chain._clock): clock}
        )
        # Opening a key file takes longer than everything else here.
        office.keys._signers.update(first.office.keys._signers)
        office.keys._accounts.update(first.office.keys._accounts)
        return Bureau(office, office.institution(), door.chain, clock, dict(first.officers))


@functools.cache
def _founded(new: NewInstitution, shaping: tuple[tuple[str, object], ...]) -> _Founded:
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "office"
        bureau = _found(folder, new, dict(shaping))
        with bureau.office:
            pass
        found = {path.relative_to(folder): path for path in [folder, *sorted(folder.rglob("*"))]}
        return _Founded(
            {name: path.stat().st_mode for name, path in found.items() if path.is_dir()},
            {name: (path.stat().st_mode, path.read_bytes()) for name, path in found.items() if path.is_file()},
            bureau,
        )
