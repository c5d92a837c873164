"""Strangers' files are parsed in a process of their own, with limits on size, time and memory (security rules, 7).

A :class:`Confinement` starts one helper process (``worker``), which has no environment, no terminal and never looks at
a file itself: for each job it forks a child, the child limits itself, parses, answers and ends. A file that crashes,
fills or stalls its parser costs that child and gives a DocumentError; the next file meets a fresh one.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

from jikin.errors import DocumentError
from jikin.values import Json, JsonObject

_ROOT = Path(__file__).resolve().parents[2]
_START = "import sys; sys.path.insert(0, sys.argv[1]); from jikin.badges.worker import main; main()"
_GRACE_SECONDS = 5.0  # beyond a job's own limit: for starting the helper and passing data on
_MAX_HEAD = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use. *wall_seconds* count from its fork, *memory_bytes* are address space with libraries."""

    max_input_bytes: int = 64 << 20
    max_output_bytes: int = 160 << 20
    memory_bytes: int = 1 << 30
    cpu_seconds: int = 10
    wall_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a job found: a JSON object, and byte strings that it refers to by position."""

    meta: JsonObject
    blobs: tuple[bytes, ...] = field(repr=False)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the array of texts *name*, empty where the answer has none: a child that was taken over may lie."""
        value = self.meta.get(name)
        return tuple(str(text) for text in value) if isinstance(value, Sequence) and not isinstance(value, str) else ()

    def named(self) -> tuple[tuple[str, bytes], ...]:
        """Return the byte strings with their names; raises DocumentError when there is not one name each."""
        names = self.texts("names")
        if len(names) != len(self.blobs):
            raise DocumentError("the reader of this file gave no sound answer", code="document.crashed")
        return tuple(zip(names, self.blobs, strict=True))


class Confinement:
    """Runs jobs on strangers' bytes; use it as a context manager, for as many files as there are."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Keep the *limits* of every job; the helper process starts with the first one."""
        self.limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Confinement:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the helper process; another job would start a new one."""
        with self._lock:
            self._end()

    def run(self, job: str, data: bytes, arguments: Mapping[str, Json] | None = None) -> Answer:
        """Return what the job called *job* finds in *data*; raises DocumentError.

        Codes: those of the job, and ``document.too-large``, ``document.time-limit``, ``document.memory-limit`` and
        ``document.crashed`` for a parser that met its limits.
        """
        if len(data) > self.limits.max_input_bytes:
            raise DocumentError(
                f"the file has {len(data)} bytes; at most {self.limits.max_input_bytes} are read",
                code="document.too-large",
            )
        head: JsonObject = {
            "job": job,
            "arguments": dict(arguments or {}),
            "size": len(data),
            "limits": asdict(self.limits),
        }
        with self._lock:
            try:
                process = self._running()
                deadline = time.monotonic() + self.limits.wall_seconds + _GRACE_SECONDS
                _write(process, pack(head) + data)
                answer = self._read_answer(process, deadline)
            except (BrokenPipeError, EOFError, TimeoutError, ValueError, LookupError, TypeError) as error:
                self._end()
                late = isinstance(error, TimeoutError)
                raise DocumentError(
                    "the reader of this file did not answer in time" if late else "the reader of this file crashed",
                    code="document.time-limit" if late else "document.crashed",
                ) from error
        if "code" in answer.meta:
            hint = answer.meta.get("hint")
            raise DocumentError(
                str(answer.meta.get("message")),
                code=str(answer.meta["code"]),
                hint=hint if isinstance(hint, str) else None,
            )
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, str(_ROOT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C.UTF-8"},  # no secret of ours is within reach of a parser that was taken over
                cwd="/",
                bufsize=0,
                start_new_session=True,
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()

    def _read_answer(self, process: subprocess.Popen[bytes], deadline: float) -> Answer:
        size = int.from_bytes(_read(process, 4, deadline), "big")
        if size > _MAX_HEAD:
            raise ValueError("the answer's head is too long")
        head = json.loads(_read(process, size, deadline))
        sizes = [int(length) for length in head["sizes"]]
        if sum(sizes) > self.limits.max_output_bytes:
            raise ValueError("the answer is too long")
        if not isinstance(head["meta"], dict):
            raise TypeError("the answer holds no object")
        return Answer(head["meta"], tuple(_read(process, length, deadline) for length in sizes))


@contextmanager
def borrowed(confinement: Confinement | None) -> Iterator[Confinement]:
    """Yield *confinement*, or one made for the purpose and closed afterwards."""
    if confinement is not None:
        yield confinement
        return
    with Confinement() as own:
        yield own


def pack(head: Mapping[str, Json]) -> bytes:
    """Return a message's head as it goes through a pipe: its length in four bytes, then JSON."""
    data = json.dumps(head, ensure_ascii=False).encode("utf-8")
    return len(data).to_bytes(4, "big") + data


def _write(process: subprocess.Popen[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(_descriptor(process.stdin), view[: 1 << 20]) :]


def _descriptor(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise EOFError
    return stream.fileno()


def _read(process: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
    descriptor, parts, left = _descriptor(process.stdout), [], size
    while left:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(descriptor, min(left, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
